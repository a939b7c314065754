/* The cryptography of TLS 1.2 and 1.3 as a reader with the secrets needs it: key derivation and opening records. Every primitive is
 * OpenSSL's. */
#ifndef CAPTURE_STREAM_TLS_CRYPTO_H
#define CAPTURE_STREAM_TLS_CRYPTO_H

#include "base/slice.h"

enum tls_aead { TLS_NO_AEAD, TLS_AES_128_GCM, TLS_AES_256_GCM, TLS_CHACHA20_POLY1305 };

enum {
	TLS_1_2 = 0x0303,
	TLS_1_3 = 0x0304,
	TLS_HEADER = 5,                /* bytes of a record's header */
	TLS_RECORD_MAX = 16384 + 2048, /* of its body: RFC 5246, section 6.2.3; RFC 8446 allows less */
	TLS_SECRET_MAX = 64,
	TLS_IV = 12,
	TLS_RANDOM = 32,
	TLS_MASTER = 48
};

/* A cipher suite (the registry of TLS Cipher Suites at IANA). */
struct tls_suite {
	uint16_t id;
	const char *name;
	size_t key_len;     /* bytes */
	const char *hash;   /* of the key derivation, as OpenSSL calls it */
	enum tls_aead aead; /* TLS_NO_AEAD: known by name, not decrypted */
};

/* NULL if it is not known. */
const struct tls_suite *tls_suite(uint16_t id);

/* A traffic secret of TLS 1.3. */
struct tls_secret {
	size_t len; /* 0: none */
	uint8_t bytes[TLS_SECRET_MAX];
};

/* HKDF-Expand-Label(secret, label, "", out_len) of RFC 8446, section 7.1. False if OpenSSL refuses it. */
bool tls_expand_label(const char *hash, struct slice secret, const char *label, uint8_t *out, size_t out_len);
/* PRF(secret, label, a + b) of RFC 5246, section 5, with that hash. False if OpenSSL refuses it. */
bool tls_prf(const char *hash, struct slice secret, const char *label, struct slice a, struct slice b, uint8_t *out, size_t out_len);
/* The secret behind this one after a KeyUpdate (RFC 8446, section 7.2). len 0 if OpenSSL refuses it. */
struct tls_secret tls_secret_updated(const struct tls_suite *suite, const struct tls_secret *secret);

/* What opens the records of one direction. */
struct tls_keys;

/* From a traffic secret of TLS 1.3 (RFC 8446, section 7.3); NULL if it can't be one of that suite. */
struct tls_keys *tls_keys_from_secret(const struct tls_suite *suite, struct slice secret);
/* From the master secret of TLS 1.2 (RFC 5246, section 6.3); client: for what the client sends. NULL if it has a wrong length. */
struct tls_keys *tls_keys_from_master(const struct tls_suite *suite, struct slice master, const uint8_t client_random[TLS_RANDOM],
				      const uint8_t server_random[TLS_RANDOM], bool client);
/* NULL is allowed. */
void tls_keys_free(struct tls_keys *k);
/* Opens a record, header and body, whose sequence number is seq (RFC 5246 section 6.2.3.3, RFC 5288, RFC 7905; RFC 8446 section 5.2).
 * True if it is authentic: *len bytes of plaintext are at out, which has room for the record. In TLS 1.3 they end in the content type
 * and zeros. False leaves anything at out. */
bool tls_open(struct tls_keys *k, uint64_t seq, struct slice record, uint8_t *out, size_t *len);

#endif
