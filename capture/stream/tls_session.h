/*
 * The state of a TLS connection that a reader follows: what the handshakes said, and in each direction the keys in force and the
 * number of the next record.
 */
#ifndef CAPTURE_STREAM_TLS_SESSION_H
#define CAPTURE_STREAM_TLS_SESSION_H

#include "capture/keylog.h"
#include "capture/message.h"
#include "capture/stream/tls_crypto.h"

enum { TLS_CHANGE_CIPHER_SPEC = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_APPLICATION_DATA = 23, TLS_HEARTBEAT = 24 };

/* In what a direction is at a time. TLS 1.2 knows the first and the last only. */
enum tls_epoch { TLS_EPOCH_PLAIN, TLS_EPOCH_EARLY, TLS_EPOCH_HANDSHAKE, TLS_EPOCH_DATA };

enum tls_opened {
	TLS_OPENED,
	TLS_REFUSED_EARLY, /* early data that the server refused: to be passed over */
	TLS_NEEDS_HELLO,   /* the other direction has not come far enough */
	TLS_NEEDS_SECRET,  /* the key log has no secret for it */
	TLS_NO_HANDSHAKE,  /* this direction's own hello was not seen */
	TLS_FAILED,        /* not authentic under the keys */
};

/* Between ClientHello and ServerHello, in the order in which connections negotiate again (TLS 1.2). */
struct tls_negotiation {
	unsigned number;     /* from 1 */
	bool client, server; /* whose hello was seen */
	uint8_t client_random[TLS_RANDOM], server_random[TLS_RANDOM];
	uint16_t version;
	const struct tls_suite *suite;
	bool early_offered, early_accepted;
	bool extensions; /* EncryptedExtensions was seen */
};

/* The keys of a direction. */
struct tls_state {
	enum tls_epoch epoch;
	unsigned number;          /* of the negotiation they come from */
	uint64_t seq;             /* of the next record */
	struct tls_secret secret; /* TLS 1.3 */
	struct tls_keys *keys;    /* NULL until they are needed */
	bool may_fail;            /* refused early data may come */
};

struct tls_way {
	struct tls_state state;
	unsigned hellos;    /* negotiations of which this direction's hello was seen */
	bool retry;         /* the server's last hello was a HelloRetryRequest */
	bool deaf;          /* part of a plain handshake message is lost: its end can't be told */
	struct buf message; /* of the handshake, not whole yet */
	uint64_t skip;      /* bytes left of a message that does not matter */
};

enum { TLS_NEGOTIATIONS = 4 };

struct tls_session {
	struct keylog *keylog;                                /* NULL: there are no secrets */
	enum dir client;                                      /* the direction of the ClientHello */
	struct tls_negotiation negotiation[TLS_NEGOTIATIONS]; /* a ring */
	struct tls_way way[2];
	unsigned revision;       /* grows with whatever the other direction may wait for */
	struct buf sni, alpn;    /* names that were seen, harmless for a terminal; ALPN: those offered, then the one chosen */
	const char *refused;     /* a static sentence: why this can't be decrypted with any key */
	struct buf refused_name; /* of the cipher suite */
};

void tls_session_init(struct tls_session *s, struct keylog *keylog);
void tls_session_release(struct tls_session *s);
/* TLS 1.3 rules in that direction by now. */
bool tls_session_is_1_3(const struct tls_session *s, enum dir dir);
/* Takes bytes of handshake messages, in plain. */
void tls_session_handshake(struct tls_session *s, enum dir dir, struct slice bytes);
/* A ChangeCipherSpec in plain, or (TLS 1.2) opened. TLS_OPENED, NEEDS_HELLO or NO_HANDSHAKE. */
enum tls_opened tls_session_change_cipher(struct tls_session *s, enum dir dir);
/* Opens a protected record (header and body). `lost`: up to so many records may be missing before it, and the keys may have changed
 * in them. On TLS_OPENED *seq is its number, *len bytes are at out (room for the record), of the content type *type; else
 * nothing has changed. */
enum tls_opened tls_session_open(struct tls_session *s, enum dir dir, struct slice record, unsigned lost, uint8_t *out, size_t *len,
				 uint8_t *type, uint64_t *seq);
/* Part of the stream is missing: a handshake message that is under way can't be told any more. */
void tls_session_lose(struct tls_session *s, enum dir dir);

#endif
