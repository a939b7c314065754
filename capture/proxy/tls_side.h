/* TLS of the proxy's two sides: as a server towards clients, as a client towards targets. */
#ifndef CAPTURE_PROXY_TLS_SIDE_H
#define CAPTURE_PROXY_TLS_SIDE_H

#include "capture/proxy/proxy.h"

#include <openssl/ssl.h>

/* Certificate and key for all encrypted listeners. */
struct tls_identity {
	X509 *cert;
	EVP_PKEY *key;
	char fingerprint[3 * 32]; /* SHA-256, "AB:CD:…" */
};

/* Makes a key (P-256) and a certificate for it, signed by itself, valid for 30 days, with the names and addresses of all pairs, localhost
 * and the loopback addresses. False with a sentence in why. */
bool tls_identity_make(struct tls_identity *id, const struct proxy_options *o, char *why, size_t why_size);
/* The key goes, certificate and fingerprint stay. */
void tls_identity_forget_key(struct tls_identity *id);
void tls_identity_release(struct tls_identity *id);

/* The context of an encrypted listener; with o->cert the chain in that file, else `made`. NULL with a sentence in why. */
SSL_CTX *tls_server_context(const struct proxy_options *o, const struct tls_identity *made, enum proxy_family f, char *why,
			    size_t why_size);
/* The context towards an encrypted target. NULL with a sentence in why. */
SSL_CTX *tls_client_context(const struct proxy_options *o, enum proxy_family f, char *why, size_t why_size);
/* A connection to the target on a connected socket: server name, and the name that its certificate must have. NULL if memory is out. */
SSL *tls_client_new(SSL_CTX *c, const struct proxy_address *target, int fd);
SSL *tls_server_new(SSL_CTX *c, int fd);
/* Appends what went wrong, a phrase, and empties OpenSSL's queue of errors. False if there was none in it: the connection just ended. */
bool tls_add_reason(struct buf *out);
/* Appends why the peer's certificate was not accepted, a phrase, and what can be done about it. False if it was, or nobody asked. */
bool tls_add_refusal(struct buf *out, SSL *ssl);

#endif
