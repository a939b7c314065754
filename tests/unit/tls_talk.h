/*
 * For tests of the TLS layer: two ends of OpenSSL's TLS that talk through memory, every byte of which becomes a script, with the key log
 * that they write and the messages they send.
 */
#ifndef TESTS_UNIT_TLS_TALK_H
#define TESTS_UNIT_TLS_TALK_H

#include "tests/unit/stream_play.h"

#include "capture/keylog.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

struct tls_kind {
	int version;
	const char *suite; /* NULL: the default */
	const char *server_groups;
	bool early, cbc;
};

struct tls_talk {
	struct recorder r;
	struct script s;
	struct buf keys; /* the key log */
	SSL_CTX *ctx[2]; /* by the direction in which it sends: [DIR_C2S] is the client's */
	SSL *end[2];
	SSL_SESSION *session; /* of the client, for the next connection */
	unsigned said[2];
};

static inline void talk_key(const SSL *ssl, const char *line)
{
	struct tls_talk *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	buf_add_str(&t->keys, line);
	buf_add_byte(&t->keys, '\n');
}

static inline int talk_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_talk *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	SSL_SESSION_free(t->session);
	t->session = session;
	return 1;
}

static inline int talk_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen, const unsigned char *in, unsigned int inlen,
			    void *user)
{
	(void)ssl;
	(void)inlen;
	(void)user;
	*out = in + 1;
	*outlen = in[0];
	return SSL_TLSEXT_ERR_OK;
}

/* A key and a certificate signed with it. */
static inline void talk_certify(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	assert_non_null(key);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"openiap.example", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static inline void talk_set_kind(SSL_CTX *ctx, const struct tls_kind *kind)
{
	SSL_CTX_set_min_proto_version(ctx, kind->version);
	SSL_CTX_set_max_proto_version(ctx, kind->version);
	if (kind->suite && kind->version == TLS1_3_VERSION)
		assert_int_equal(SSL_CTX_set_ciphersuites(ctx, kind->suite), 1);
	else if (kind->suite)
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, kind->suite), 1);
}

static inline void talk_init(struct tls_talk *t, const struct tls_kind *kind)
{
	*t = (struct tls_talk){ .s = { .count = 0 } };
	recorder_init(&t->r);
	t->r.limits.tls_wait = t->r.limits.tls_wait_all = 1 << 20;
	t->r.limits.tls_lost = 1024;
	for (int d = 0; d < 2; d++) {
		t->ctx[d] = SSL_CTX_new(d == DIR_C2S ? TLS_client_method() : TLS_server_method());
		assert_non_null(t->ctx[d]);
		SSL_CTX_set_app_data(t->ctx[d], t);
		talk_set_kind(t->ctx[d], kind);
	}
	talk_certify(t->ctx[DIR_S2C]);
	SSL_CTX_set_keylog_callback(t->ctx[DIR_C2S], talk_key);
	SSL_CTX_set_session_cache_mode(t->ctx[DIR_C2S], SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
	SSL_CTX_sess_set_new_cb(t->ctx[DIR_C2S], talk_session);
	SSL_CTX_set_session_id_context(t->ctx[DIR_S2C], (const unsigned char *)"test", 4);
	SSL_CTX_set_alpn_protos(t->ctx[DIR_C2S], (const unsigned char *)"\x08http/1.1\x02h2", 12);
	SSL_CTX_set_alpn_select_cb(t->ctx[DIR_S2C], talk_alpn, NULL);
	if (kind->server_groups)
		assert_int_equal(SSL_CTX_set1_groups_list(t->ctx[DIR_S2C], (char *)(uintptr_t)kind->server_groups), 1);
	if (kind->early)
		SSL_CTX_set_max_early_data(t->ctx[DIR_S2C], 16384);
}

static inline void talk_hang_up(struct tls_talk *t)
{
	for (int d = 0; d < 2; d++) {
		if (t->end[d])
			SSL_set_shutdown(t->end[d], SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
		SSL_free(t->end[d]);
		t->end[d] = NULL;
	}
}

/* A new connection; what the last one sent is forgotten, but not its keys and session. */
static inline void talk_dial(struct tls_talk *t)
{
	talk_hang_up(t);
	script_release(&t->s);
	recorder_release(&t->r);
	struct stream_limits limits = t->r.limits;
	recorder_init(&t->r);
	t->r.limits = limits;
	t->said[0] = t->said[1] = 0;
	for (int d = 0; d < 2; d++) {
		t->end[d] = SSL_new(t->ctx[d]);
		SSL_set_bio(t->end[d], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	}
	SSL_set_tlsext_host_name(t->end[DIR_C2S], "openiap.example");
	SSL_set_connect_state(t->end[DIR_C2S]);
	SSL_set_accept_state(t->end[DIR_S2C]);
	if (t->session)
		SSL_set_session(t->end[DIR_C2S], t->session);
}

static inline void talk_release(struct tls_talk *t)
{
	talk_hang_up(t);
	SSL_SESSION_free(t->session);
	SSL_CTX_free(t->ctx[0]);
	SSL_CTX_free(t->ctx[1]);
	recorder_release(&t->r);
	script_release(&t->s);
	buf_release(&t->keys);
}

/* What one end has written goes into the script and to the other end. */
static inline bool talk_carry(struct tls_talk *t, enum dir dir)
{
	char *bytes;
	long n = BIO_get_mem_data(SSL_get_wbio(t->end[dir]), &bytes);
	if (n <= 0)
		return false;
	script_add(&t->s, dir, slice_of(bytes, (size_t)n));
	assert_int_equal(BIO_write(SSL_get_rbio(t->end[!dir]), bytes, (int)n), n);
	assert_int_equal(BIO_reset(SSL_get_wbio(t->end[dir])), 1);
	return true;
}

/* Lets an end read what has come. */
static inline void talk_read(struct tls_talk *t, enum dir reader)
{
	char bytes[20000];
	while (SSL_read(t->end[reader], bytes, sizeof bytes) > 0)
		;
}

/* Both ends go on until neither has anything to write. */
static inline void talk_shake(struct tls_talk *t)
{
	bool more = true;
	for (int i = 0; more && i < 20; i++) {
		more = false;
		for (int d = 0; d < 2; d++) {
			if (SSL_is_init_finished(t->end[d]))
				talk_read(t, (enum dir)d);
			else
				SSL_do_handshake(t->end[d]);
			more = talk_carry(t, (enum dir)d) || more;
		}
	}
}

/* A conversation whose handshake is done. */
static inline void talk_open(struct tls_talk *t, const struct tls_kind *kind)
{
	talk_init(t, kind);
	talk_dial(t);
	talk_shake(t);
}

/* A message with its length, as one write; it is what the recorder waits for. */
static inline void talk_message(struct tls_talk *t, enum dir dir, size_t filler, struct buf *out)
{
	struct buf envelope = { 0 };
	envelope_write(&envelope, "query", t->said[dir]++, filler);
	recorder_sent(&t->r, dir, buf_slice(&envelope));
	length_write(out, envelope.len);
	buf_add(out, buf_slice(&envelope));
	buf_release(&envelope);
}

/* Bytes as one write. */
static inline void talk_put(struct tls_talk *t, enum dir dir, struct slice bytes)
{
	assert_int_equal(SSL_write(t->end[dir], bytes.at, (int)bytes.len), bytes.len);
	assert_true(talk_carry(t, dir));
	talk_read(t, !dir);
}

static inline void talk_say(struct tls_talk *t, enum dir dir, size_t filler)
{
	struct buf whole = { 0 };
	talk_message(t, dir, filler, &whole);
	talk_put(t, dir, buf_slice(&whole));
	buf_release(&whole);
}

/* A few messages each way. */
static inline void talk_chat(struct tls_talk *t)
{
	for (unsigned i = 0; i < 3; i++) {
		talk_say(t, DIR_C2S, 20 + 90 * i);
		talk_say(t, DIR_S2C, 30 + 70 * i);
	}
}

#endif
