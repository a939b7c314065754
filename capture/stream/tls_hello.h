/* What ClientHello and ServerHello say (RFC 8446, sections 4.1.2 and 4.1.3; RFC 5246, section 7.4.1), as far as reading along needs it. */
#ifndef CAPTURE_STREAM_TLS_HELLO_H
#define CAPTURE_STREAM_TLS_HELLO_H

#include "capture/stream/tls_crypto.h"

/* The slices borrow from the message. */
struct tls_client_hello {
	uint8_t random[TLS_RANDOM];
	struct slice sni;  /* the host name of server_name (RFC 6066); empty if there is none */
	struct slice alpn; /* the list of protocols (RFC 7301): each a length of one byte and a name */
	bool early_data;   /* 0-RTT data follow */
};

struct tls_server_hello {
	uint8_t random[TLS_RANDOM];
	uint16_t version; /* as negotiated: supported_versions counts more than the old field */
	uint16_t suite;
	bool compressed;
	bool retry;        /* it is a HelloRetryRequest: another ClientHello follows */
	struct slice alpn; /* as above, with one protocol; in TLS 1.3 it comes in EncryptedExtensions instead */
};

/* Read the body of a handshake message, without its 4 bytes of header. False if it can't be one. */
bool tls_client_hello(struct slice body, struct tls_client_hello *out);
bool tls_server_hello(struct slice body, struct tls_server_hello *out);
/* EncryptedExtensions: true if it accepts early data. */
bool tls_accepts_early_data(struct slice body);

#endif
