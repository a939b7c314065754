/*
 * TLS of the proxy.
 *
 * Towards clients it shows a certificate that was given, or one that is made at the start and forgotten at the end. Towards targets it
 * verifies as any client does, unless told not to. Of the protocols that ALPN can choose only the one is offered whose bytes the
 * pair carries: nothing is translated.
 */
#include "capture/proxy/tls_side.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static const unsigned char alpn_http1[] = "\x08http/1.1", alpn_http2[] = "\x02h2";

static bool fail(char *why, size_t why_size, const char *what)
{
	unsigned long first = ERR_peek_error(); /* of several, those behind it say where, it says why */
	const char *reason = ERR_SYSTEM_ERROR(first) ? strerror(ERR_GET_REASON(first)) : ERR_reason_error_string(first);
	snprintf(why, why_size, "%s: %s", what, reason ? reason : "unknown error");
	ERR_clear_error();
	return false;
}

/* Is it the address of a host, not its name? Then it is written to `out` without the zone that one of IPv6 can have ("fe80::1%eth0"). */
static bool is_address(const char *host, char out[INET6_ADDRSTRLEN])
{
	uint8_t bytes[16];
	size_t n = strcspn(host, "%");
	if (n >= INET6_ADDRSTRLEN)
		return false;
	memcpy(out, host, n);
	out[n] = 0;
	return inet_pton(AF_INET, out, bytes) == 1 || inet_pton(AF_INET6, out, bytes) == 1;
}

static void add_name(struct buf *names, const struct proxy_address *a)
{
	char address[INET6_ADDRSTRLEN];
	if (proxy_is_pipe(a) || !*a->host)
		return;
	if (is_address(a->host, address))
		buf_addf(names, ",IP:%s", address);
	else
		buf_addf(names, ",DNS:%s", a->host);
}

static bool add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	bool done = e && X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	return done;
}

static bool fill(X509 *x, EVP_PKEY *key, const char *names)
{
	uint64_t serial = 0;
	X509_NAME *name = X509_get_subject_name(x);
	if (RAND_bytes((unsigned char *)&serial, sizeof serial) != 1)
		return false;
	return X509_set_version(x, 2) && ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1 | 1) &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -3600) && X509_gmtime_adj(X509_getm_notAfter(x), 30 * 86400) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"envscope proxy", -1, -1, 0) &&
	       X509_set_issuer_name(x, name) && X509_set_pubkey(x, key) && add_extension(x, NID_basic_constraints, "critical,CA:TRUE") &&
	       add_extension(x, NID_subject_alt_name, names) && X509_sign(x, key, EVP_sha256());
}

static void take_fingerprint(struct tls_identity *id)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	X509_digest(id->cert, EVP_sha256(), digest, &n);
	for (unsigned i = 0; i < n && i < 32; i++)
		snprintf(id->fingerprint + 3 * i, 4, i + 1 < n ? "%02X:" : "%02X", digest[i]);
}

bool tls_identity_make(struct tls_identity *id, const struct proxy_options *o, char *why, size_t why_size)
{
	struct buf names = { 0 };
	buf_add_str(&names, "DNS:localhost,IP:127.0.0.1,IP:::1");
	for (size_t i = 0; i < o->count; i++) {
		add_name(&names, &o->pairs[i].listen);
		add_name(&names, &o->pairs[i].target);
	}
	id->key = EVP_EC_gen("P-256");
	id->cert = X509_new();
	bool done = id->key && id->cert && fill(id->cert, id->key, buf_cstr(&names));
	buf_release(&names);
	if (!done)
		return fail(why, why_size, "a certificate can't be made");
	take_fingerprint(id);
	return true;
}

void tls_identity_forget_key(struct tls_identity *id)
{
	EVP_PKEY_free(id->key);
	id->key = NULL;
}

void tls_identity_release(struct tls_identity *id)
{
	X509_free(id->cert);
	tls_identity_forget_key(id);
	*id = (struct tls_identity){ 0 };
}

static int choose(const unsigned char *ours, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len)
{
	unsigned char *chosen;
	if (SSL_select_next_proto(&chosen, out_len, ours, 1u + ours[0], in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static int choose_http1(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len, void *user)
{
	(void)ssl, (void)user;
	return choose(alpn_http1, out, out_len, in, in_len);
}

static int choose_http2(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len, void *user)
{
	(void)ssl, (void)user;
	return choose(alpn_http2, out, out_len, in, in_len);
}

static SSL_CTX *new_context(const SSL_METHOD *method)
{
	SSL_CTX *c = SSL_CTX_new(method);
	if (!c)
		return NULL;
	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF); /* tickets serve those who come again, and are kept by them */
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	return c;
}

/* A file with a key. Not by way of stdio, whose buffers keep what was in them. */
static BIO *open_pem(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		ERR_raise(ERR_LIB_SYS, errno);
	return fd < 0 ? NULL : BIO_new_fd(fd, BIO_CLOSE);
}

/* The next certificate. What stands in front of it may be a key: the memory in which it was read is wiped. */
static X509 *next_certificate(BIO *in)
{
	unsigned char *der = NULL;
	long size = 0;
	if (PEM_bytes_read_bio_secmem(&der, &size, NULL, PEM_STRING_X509_TRUSTED, in, NULL, NULL) != 1)
		return NULL;
	const unsigned char *at = der;
	X509 *x = d2i_X509_AUX(NULL, &at, size);
	OPENSSL_secure_clear_free(der, (size_t)size);
	return x;
}

/* The first is ours, what follows leads to whom clients trust. True if nothing but certificates, or what is none, was found to the end. */
static bool use_certificates(SSL_CTX *c, const char *path)
{
	BIO *in = open_pem(path);
	X509 *x = in ? next_certificate(in) : NULL;
	bool done = x && SSL_CTX_use_certificate(c, x) == 1;
	for (X509_free(x); done && (x = next_certificate(in)); X509_free(x))
		done = SSL_CTX_add1_chain_cert(c, x) == 1;
	done = done && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	if (done)
		ERR_clear_error();
	BIO_free(in);
	return done;
}

static bool use_key(SSL_CTX *c, const char *path)
{
	BIO *in = open_pem(path);
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;
	bool done = key && SSL_CTX_use_PrivateKey(c, key) == 1;
	EVP_PKEY_free(key);
	BIO_free(in);
	return done;
}

static bool use_files(SSL_CTX *c, const struct proxy_options *o, char *why, size_t why_size)
{
	char what[512];
	snprintf(what, sizeof what, "--cert: %s can't be used as PEM", o->cert);
	if (!use_certificates(c, o->cert))
		return fail(why, why_size, what);
	snprintf(what, sizeof what, "--key: %s can't be used as PEM", o->key ? o->key : o->cert);
	if (!use_key(c, o->key ? o->key : o->cert))
		return fail(why, why_size, what);
	return true;
}

SSL_CTX *tls_server_context(const struct proxy_options *o, const struct tls_identity *made, enum proxy_family f, char *why, size_t why_size)
{
	SSL_CTX *c = new_context(TLS_server_method());
	if (!c) {
		fail(why, why_size, "TLS can't be used");
		return NULL;
	}
	SSL_CTX_set_alpn_select_cb(c, f == PROXY_HTTP2 ? choose_http2 : choose_http1, NULL);
	bool done = o->cert ? use_files(c, o, why, why_size)
			    : (SSL_CTX_use_certificate(c, made->cert) == 1 && SSL_CTX_use_PrivateKey(c, made->key) == 1) ||
				      fail(why, why_size, "the certificate can't be used");
	if (done)
		return c;
	SSL_CTX_free(c);
	return NULL;
}

SSL_CTX *tls_client_context(const struct proxy_options *o, enum proxy_family f, char *why, size_t why_size)
{
	char what[512];
	const unsigned char *protocol = f == PROXY_HTTP2 ? alpn_http2 : alpn_http1;
	SSL_CTX *c = new_context(TLS_client_method());
	bool done = c && SSL_CTX_set_alpn_protos(c, protocol, 1u + protocol[0]) == 0;
	if (done && !o->insecure)
		SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	snprintf(what, sizeof what, o->cacert ? "--cacert: %s can't be used as PEM" : "TLS can't be used", o->cacert);
	if (done && (o->cacert ? SSL_CTX_load_verify_locations(c, o->cacert, NULL) : SSL_CTX_set_default_verify_paths(c)) == 1)
		return c;
	fail(why, why_size, what);
	SSL_CTX_free(c);
	return NULL;
}

SSL *tls_client_new(SSL_CTX *c, const struct proxy_address *target, int fd)
{
	SSL *ssl = SSL_new(c);
	char address[INET6_ADDRSTRLEN];
	bool done = ssl && SSL_set_fd(ssl, fd) == 1;
	if (done && is_address(target->host, address)) /* which has no place in a server name (RFC 6066, section 3) */
		done = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address) == 1;
	else if (done)
		done = SSL_set1_host(ssl, target->host) == 1 && SSL_set_tlsext_host_name(ssl, (char *)(uintptr_t)target->host) == 1;
	if (done) {
		SSL_set_connect_state(ssl);
		return ssl;
	}
	SSL_free(ssl);
	return NULL;
}

SSL *tls_server_new(SSL_CTX *c, int fd)
{
	SSL *ssl = SSL_new(c);
	if (!ssl || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}

/* What OpenSSL's words mean for who reads them. */
static const char *meaning(int reason)
{
	static const struct {
		int reason;
		const char *meaning;
	} known[] = {
		{ SSL_R_WRONG_VERSION_NUMBER, "what it sends is no TLS" },
		{ SSL_R_UNEXPECTED_EOF_WHILE_READING, "it closed the connection without ending TLS" },
		{ SSL_R_HTTP_REQUEST, "it speaks HTTP without TLS" },
		{ SSL_R_TLSV1_ALERT_UNKNOWN_CA, "it does not trust the certificate that it is shown" },
		{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "it does not accept the certificate that it is shown" },
		{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "it does not accept the certificate that it is shown" },
		{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "it wants a certificate of its client, which envscope has none of" },
		{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "it speaks none of TLS 1.2 and 1.3" },
		{ SSL_R_UNSUPPORTED_PROTOCOL, "it speaks none of TLS 1.2 and 1.3" },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].reason == reason)
			return known[i].meaning;
	return NULL;
}

bool tls_add_reason(struct buf *out)
{
	unsigned long error = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(error), *means = reason ? meaning(ERR_GET_REASON(error)) : NULL;
	ERR_clear_error();
	buf_add_str(out, means ? means : reason ? reason : "the connection ended");
	if (means)
		buf_addf(out, " (%s)", reason);
	return reason;
}

/* Of a certificate for another name, or from another time, nobody can vouch for more. */
static bool lacks_voucher(long verified)
{
	return verified == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || verified == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
	       verified == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT || verified == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	       verified == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

bool tls_add_refusal(struct buf *out, SSL *ssl)
{
	long verified = SSL_get_verify_result(ssl);
	if (verified == X509_V_OK || SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE)
		return false;
	buf_addf(out, "%s (%s--insecure accepts any)", X509_verify_cert_error_string(verified),
		 lacks_voucher(verified) ? "--cacert FILE names who vouches for it, " : "");
	return true;
}
