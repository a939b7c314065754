/*
 * Key derivation and opening records, through OpenSSL's libcrypto.
 *
 *	TLS 1.3  traffic secret ── HKDF-Expand-Label "key", "iv" ──> key, 12 bytes of IV
 *	TLS 1.2  master secret ─── PRF "key expansion" ────────────> both keys, both fixed parts of the nonce
 *
 * The nonce of a record is the IV xor its sequence number; only TLS 1.2 with GCM puts the fixed 4 bytes before 8 that stand in
 * the record. All AEADs here have tags of 16 bytes. The additional data is the header as sent in 1.3, and in 1.2 the sequence number
 * and the header with the length of the plaintext.
 */
#include "capture/stream/tls_crypto.h"

#include "base/xalloc.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>

enum { TAG = 16, EXPLICIT = 8, KEY_MAX = 32, INFO_MAX = 64, AAD_1_2 = 13 };

static const struct tls_suite suites[] = {
	{ 0x1301, "TLS_AES_128_GCM_SHA256", 16, "SHA256", TLS_AES_128_GCM },
	{ 0x1302, "TLS_AES_256_GCM_SHA384", 32, "SHA384", TLS_AES_256_GCM },
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256", 32, "SHA256", TLS_CHACHA20_POLY1305 },
	{ 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", 16, "SHA256", TLS_AES_128_GCM },
	{ 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", 32, "SHA384", TLS_AES_256_GCM },
	{ 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", 16, "SHA256", TLS_AES_128_GCM },
	{ 0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", 32, "SHA384", TLS_AES_256_GCM },
	{ 0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256", 16, "SHA256", TLS_AES_128_GCM },
	{ 0x00a9, "TLS_PSK_WITH_AES_256_GCM_SHA384", 32, "SHA384", TLS_AES_256_GCM },
	{ 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 16, "SHA256", TLS_AES_128_GCM },
	{ 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 32, "SHA384", TLS_AES_256_GCM },
	{ 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 16, "SHA256", TLS_AES_128_GCM },
	{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 32, "SHA384", TLS_AES_256_GCM },
	{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 32, "SHA256", TLS_CHACHA20_POLY1305 },
	{ 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 32, "SHA256", TLS_CHACHA20_POLY1305 },
	{ 0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 32, "SHA256", TLS_CHACHA20_POLY1305 },
	{ 0x1304, "TLS_AES_128_CCM_SHA256", 16, "SHA256", TLS_NO_AEAD },
	{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", 16, "SHA256", TLS_NO_AEAD },
	{ 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", 32, "SHA256", TLS_NO_AEAD },
	{ 0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", 16, "SHA256", TLS_NO_AEAD },
	{ 0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", 32, "SHA256", TLS_NO_AEAD },
	{ 0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", 16, "SHA256", TLS_NO_AEAD },
	{ 0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", 32, "SHA256", TLS_NO_AEAD },
	{ 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", 16, "SHA256", TLS_NO_AEAD },
	{ 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", 32, "SHA256", TLS_NO_AEAD },
	{ 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", 16, "SHA256", TLS_NO_AEAD },
	{ 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", 32, "SHA256", TLS_NO_AEAD },
	{ 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", 16, "SHA256", TLS_NO_AEAD },
	{ 0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", 32, "SHA384", TLS_NO_AEAD },
	{ 0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", 16, "SHA256", TLS_NO_AEAD },
	{ 0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", 32, "SHA384", TLS_NO_AEAD },
};

struct tls_keys {
	EVP_CIPHER_CTX *cipher;
	bool is_1_3;
	size_t fixed; /* bytes of iv that are the fixed part of the nonce; all of them: the rest is none of the record's */
	uint8_t iv[TLS_IV];
};

const struct tls_suite *tls_suite(uint16_t id)
{
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

static const EVP_CIPHER *cipher_of(enum tls_aead aead)
{
	switch (aead) {
	case TLS_AES_128_GCM: return EVP_aes_128_gcm();
	case TLS_AES_256_GCM: return EVP_aes_256_gcm();
	case TLS_CHACHA20_POLY1305: return EVP_chacha20_poly1305();
	default: return NULL;
	}
}

static OSSL_PARAM octets(const char *name, struct slice s)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)s.at, s.len);
}

static OSSL_PARAM text(const char *name, const char *value)
{
	return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

static bool derive(const char *kdf_name, const OSSL_PARAM *params, uint8_t *out, size_t out_len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, kdf_name, NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool good = context && EVP_KDF_derive(context, out, out_len, params) > 0;
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return good;
}

/* The structure HkdfLabel, with an empty context. Returns its length. */
static size_t write_label(uint8_t info[INFO_MAX], const char *label, size_t out_len)
{
	static const char prefix[] = "tls13 ";
	size_t n = sizeof prefix - 1 + strlen(label);
	if (n + 4 > INFO_MAX)
		return 0;
	info[0] = (uint8_t)(out_len >> 8);
	info[1] = (uint8_t)out_len;
	info[2] = (uint8_t)n;
	memcpy(info + 3, prefix, sizeof prefix - 1);
	memcpy(info + 3 + sizeof prefix - 1, label, strlen(label));
	info[3 + n] = 0;
	return 4 + n;
}

bool tls_expand_label(const char *hash, struct slice secret, const char *label, uint8_t *out, size_t out_len)
{
	uint8_t info[INFO_MAX];
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	size_t n = write_label(info, label, out_len);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode), text(OSSL_KDF_PARAM_DIGEST, hash), octets(OSSL_KDF_PARAM_KEY, secret),
		octets(OSSL_KDF_PARAM_INFO, slice_of(info, n)),       OSSL_PARAM_construct_end(),
	};
	return n && derive("HKDF", params, out, out_len);
}

bool tls_prf(const char *hash, struct slice secret, const char *label, struct slice a, struct slice b, uint8_t *out, size_t out_len)
{
	OSSL_PARAM params[] = {
		text(OSSL_KDF_PARAM_DIGEST, hash), octets(OSSL_KDF_PARAM_SECRET, secret), octets(OSSL_KDF_PARAM_SEED, slice_str(label)),
		octets(OSSL_KDF_PARAM_SEED, a),    octets(OSSL_KDF_PARAM_SEED, b),        OSSL_PARAM_construct_end(),
	};
	return derive("TLS1-PRF", params, out, out_len);
}

struct tls_secret tls_secret_updated(const struct tls_suite *suite, const struct tls_secret *secret)
{
	struct tls_secret next = { .len = secret->len };
	if (!tls_expand_label(suite->hash, slice_of(secret->bytes, secret->len), "traffic upd", next.bytes, next.len))
		next.len = 0;
	return next;
}

static struct tls_keys *keys_new(const struct tls_suite *suite, bool is_1_3, const uint8_t *key, const uint8_t *iv, size_t fixed)
{
	struct tls_keys *k = xcalloc(1, sizeof *k);
	k->is_1_3 = is_1_3;
	k->fixed = fixed;
	memcpy(k->iv, iv, fixed);
	k->cipher = EVP_CIPHER_CTX_new();
	if (k->cipher && EVP_DecryptInit_ex(k->cipher, cipher_of(suite->aead), NULL, key, NULL) > 0)
		return k;
	tls_keys_free(k);
	return NULL;
}

struct tls_keys *tls_keys_from_secret(const struct tls_suite *suite, struct slice secret)
{
	uint8_t key[KEY_MAX], iv[TLS_IV];
	if (secret.len != (size_t)EVP_MD_get_size(EVP_get_digestbyname(suite->hash)) ||
	    !tls_expand_label(suite->hash, secret, "key", key, suite->key_len) || !tls_expand_label(suite->hash, secret, "iv", iv, TLS_IV))
		return NULL;
	return keys_new(suite, true, key, iv, TLS_IV);
}

struct tls_keys *tls_keys_from_master(const struct tls_suite *suite, struct slice master, const uint8_t client_random[TLS_RANDOM],
				      const uint8_t server_random[TLS_RANDOM], bool client)
{
	uint8_t block[2 * (KEY_MAX + TLS_IV)];
	size_t fixed = suite->aead == TLS_CHACHA20_POLY1305 ? TLS_IV : TLS_IV - EXPLICIT;
	size_t size = 2 * (suite->key_len + fixed);
	if (master.len != TLS_MASTER || !tls_prf(suite->hash, master, "key expansion", slice_of(server_random, TLS_RANDOM),
						 slice_of(client_random, TLS_RANDOM), block, size))
		return NULL;
	const uint8_t *ivs = block + 2 * suite->key_len;
	return client ? keys_new(suite, false, block, ivs, fixed) : keys_new(suite, false, block + suite->key_len, ivs + fixed, fixed);
}

void tls_keys_free(struct tls_keys *k)
{
	if (!k)
		return;
	EVP_CIPHER_CTX_free(k->cipher);
	free(k);
}

static void put_be64(uint8_t *out, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* The nonce; takes the part that stands in the record, if there is one. */
static void take_nonce(const struct tls_keys *k, uint64_t seq, struct cursor *body, uint8_t nonce[TLS_IV])
{
	uint8_t number[8];
	memcpy(nonce, k->iv, TLS_IV);
	if (k->fixed < TLS_IV) {
		struct slice part = cursor_take(body, EXPLICIT);
		if (part.len)
			memcpy(nonce + k->fixed, part.at, EXPLICIT);
		return;
	}
	put_be64(number, seq);
	for (int i = 0; i < 8; i++)
		nonce[TLS_IV - 8 + i] ^= number[i];
}

/* The additional data; returns its length. */
static int write_aad(const struct tls_keys *k, uint64_t seq, struct slice record, size_t plain_len, uint8_t aad[AAD_1_2])
{
	if (k->is_1_3) {
		memcpy(aad, record.at, TLS_HEADER);
		return TLS_HEADER;
	}
	put_be64(aad, seq);
	memcpy(aad + 8, record.at, 3);
	aad[11] = (uint8_t)(plain_len >> 8);
	aad[12] = (uint8_t)plain_len;
	return AAD_1_2;
}

bool tls_open(struct tls_keys *k, uint64_t seq, struct slice record, uint8_t *out, size_t *len)
{
	uint8_t nonce[TLS_IV], aad[AAD_1_2], tag[TAG];
	struct cursor body = cursor_of(slice_skip(record, TLS_HEADER));
	int n, rest;
	take_nonce(k, seq, &body, nonce);
	if (record.len < TLS_HEADER || body.short_ || body.rest.len < TAG || body.rest.len > TLS_RECORD_MAX)
		return false;
	*len = body.rest.len - TAG;
	struct slice sealed = cursor_take(&body, *len);
	int aad_len = write_aad(k, seq, record, *len, aad);
	memcpy(tag, body.rest.at, TAG);
	return EVP_DecryptInit_ex(k->cipher, NULL, NULL, NULL, nonce) > 0 &&
	       EVP_CIPHER_CTX_ctrl(k->cipher, EVP_CTRL_AEAD_SET_TAG, TAG, tag) > 0 &&
	       EVP_DecryptUpdate(k->cipher, NULL, &n, aad, aad_len) > 0 &&
	       (!*len || EVP_DecryptUpdate(k->cipher, out, &n, sealed.at, (int)*len) > 0) &&
	       EVP_DecryptFinal_ex(k->cipher, out + *len, &rest) > 0;
}
