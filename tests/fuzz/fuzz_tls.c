/*
 * TLS, fed, torn apart and ended in any way. Bytes alone would never open under any key, so that the target seals: it has the secrets of one
 * client random, which the key log has too. The first byte says:
 *
 *	bit 0  TLS 1.3, else 1.2
 *	bit 1  both hellos come first
 *	bit 2  the key log has the secrets from the start, else they come one by one
 *	bit 3  there is a key log at all
 *	bit 4  the layer is woken when a secret comes, else it finds that itself
 *	5 to 7 which secret comes first
 *
 * When the secrets come makes no difference to what is told, nor to its order: but for how much may wait.
 *
 * Events are those of fuzz_stream.h, and one more: 2 in bits 1 and 2 is a sealed record. The byte behind its head says in its lower half
 * which type the record has, in its upper half under which secret: how many KeyUpdates later, or 15 for the handshake's.
 */
#include "capture/stream/tls.h"

#include "capture/stream/tls_session.h"
#include "tests/fuzz/event_mutate.h"
#include "tests/fuzz/fuzz_stream.h"

#include <openssl/evp.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { KEY = 16, TAG = 16, EXPLICIT = 8, UPDATES = 4, HANDSHAKE = 15, EPOCHS = 16, SUITE_1_3 = 0x1301, SUITE_1_2 = 0xc02f };
enum { IS_1_3 = 1, WITH_HELLOS = 2, KEYS_FIRST = 4, WITH_KEYLOG = 8, WOKEN = 16, LINES = 5, MUCH = 1 << 24 };

struct sealer {
	bool is_1_3;
	uint64_t seq[2][EPOCHS];
};

/* Gives a line of the key log. All random bytes are 'r', those of the secrets 'c' for the client's data, 's' for the server's, 'C' and 'S' in the
 * handshake, 'm' for the master secret. */
static void give_key(struct keylog *k, unsigned i)
{
	static const struct {
		const char *label;
		char digits[3];
		int bytes;
	} lines[LINES] = {
		{ "CLIENT_RANDOM", "6d", 48 },
		{ "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "43", 32 },
		{ "SERVER_HANDSHAKE_TRAFFIC_SECRET", "53", 32 },
		{ "CLIENT_TRAFFIC_SECRET_0", "63", 32 },
		{ "SERVER_TRAFFIC_SECRET_0", "73", 32 },
	};
	struct buf text = { 0 };
	buf_addf(&text, "%s ", lines[i].label);
	for (int n = 0; n < TLS_RANDOM; n++)
		buf_add_str(&text, "72");
	buf_add_byte(&text, ' ');
	for (int n = 0; n < lines[i].bytes; n++)
		buf_add_str(&text, lines[i].digits);
	buf_add_byte(&text, '\n');
	keylog_feed(k, buf_slice(&text));
	buf_release(&text);
}

static void keys_of_1_3(enum dir dir, unsigned epoch, uint8_t *key, uint8_t *iv)
{
	struct tls_secret s = { .len = 32 };
	uint8_t data = dir == DIR_C2S ? 'c' : 's', handshake = dir == DIR_C2S ? 'C' : 'S';
	memset(s.bytes, epoch == HANDSHAKE ? handshake : data, s.len);
	for (unsigned updates = epoch == HANDSHAKE ? 0 : epoch % UPDATES; updates; updates--)
		s = tls_secret_updated(tls_suite(SUITE_1_3), &s);
	fuzz_check(tls_expand_label("SHA256", slice_of(s.bytes, s.len), "key", key, KEY));
	fuzz_check(tls_expand_label("SHA256", slice_of(s.bytes, s.len), "iv", iv, TLS_IV));
}

static void keys_of_1_2(enum dir dir, uint8_t *key, uint8_t *iv)
{
	uint8_t master[TLS_MASTER], random[TLS_RANDOM], block[2 * KEY + 8];
	memset(master, 'm', sizeof master);
	memset(random, 'r', sizeof random);
	fuzz_check(tls_prf("SHA256", slice_of(master, sizeof master), "key expansion", slice_of(random, sizeof random),
			   slice_of(random, sizeof random), block, sizeof block));
	memcpy(key, block + dir * KEY, KEY);
	memcpy(iv, block + 2 * KEY + dir * 4, 4);
}

static void fill(struct buf *b, uint8_t byte, size_t n)
{
	while (n--)
		buf_add_byte(b, byte);
}

/* AES-128-GCM: the text and its tag to `out`. */
static void seal(const uint8_t *key, const uint8_t *nonce, struct slice aad, struct slice text, struct buf *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;
	size_t at = out->len;
	fill(out, 0, text.len + TAG);
	fuzz_check(EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, nonce) == 1);
	fuzz_check(EVP_EncryptUpdate(c, NULL, &n, aad.at, (int)aad.len) == 1);
	fuzz_check(!text.len || EVP_EncryptUpdate(c, out->at + at, &n, text.at, (int)text.len) == 1);
	fuzz_check(EVP_EncryptFinal_ex(c, out->at + at + text.len, &n) == 1);
	fuzz_check(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, out->at + at + text.len) == 1);
	EVP_CIPHER_CTX_free(c);
}

static void add_be(struct buf *b, uint64_t n, int bytes)
{
	while (bytes--)
		buf_add_byte(b, (uint8_t)(n >> 8 * bytes));
}

static void seal_1_3(enum dir dir, uint64_t seq, unsigned epoch, uint8_t type, struct slice text, struct buf *record)
{
	uint8_t key[KEY], nonce[TLS_IV];
	struct buf inner = { 0 };
	keys_of_1_3(dir, epoch, key, nonce);
	for (int i = 0; i < 8; i++)
		nonce[TLS_IV - 1 - i] ^= (uint8_t)(seq >> 8 * i);
	buf_add(&inner, text);
	buf_add_byte(&inner, type);
	add_be(record, TLS_APPLICATION_DATA, 1);
	add_be(record, TLS_1_2, 2);
	add_be(record, inner.len + TAG, 2);
	struct buf aad = { 0 };
	buf_add(&aad, buf_slice(record));
	seal(key, nonce, buf_slice(&aad), buf_slice(&inner), record);
	buf_release(&aad);
	buf_release(&inner);
}

static void seal_1_2(enum dir dir, uint64_t seq, uint8_t type, struct slice text, struct buf *record)
{
	uint8_t key[KEY], nonce[TLS_IV];
	struct buf aad = { 0 };
	keys_of_1_2(dir, key, nonce);
	for (int i = 0; i < EXPLICIT; i++)
		nonce[TLS_IV - 1 - i] = (uint8_t)(seq >> 8 * i);
	add_be(&aad, seq, 8);
	add_be(&aad, type, 1);
	add_be(&aad, TLS_1_2, 2);
	add_be(&aad, text.len, 2);
	add_be(record, type, 1);
	add_be(record, TLS_1_2, 2);
	add_be(record, text.len + EXPLICIT + TAG, 2);
	add_be(record, seq, 8);
	seal(key, nonce, buf_slice(&aad), text, record);
	buf_release(&aad);
}

static void add_hello(struct buf *b, enum dir dir, bool is_1_3)
{
	struct buf body = { 0 };
	uint16_t suite = is_1_3 ? SUITE_1_3 : SUITE_1_2;
	add_be(&body, TLS_1_2, 2);
	fill(&body, 'r', TLS_RANDOM);
	add_be(&body, 0, 1);
	if (dir == DIR_C2S)
		add_be(&body, 2, 2);
	add_be(&body, suite, 2);
	if (dir == DIR_C2S)
		add_be(&body, 1, 1);
	add_be(&body, 0, 1);
	if (dir == DIR_S2C && is_1_3)
		add_be(&body, 0x0006002b00020304, 8);
	add_be(b, TLS_HANDSHAKE, 1);
	add_be(b, TLS_1_2, 2);
	add_be(b, body.len + 4, 2);
	add_be(b, dir == DIR_C2S ? 1 : 2, 1);
	add_be(b, body.len, 3);
	buf_add(b, buf_slice(&body));
	buf_release(&body);
}

static void send_hellos(struct fuzz *f, struct layer **l, bool is_1_3)
{
	for (int dir = 0; dir < 2; dir++) {
		struct buf b = { 0 };
		add_hello(&b, (enum dir)dir, is_1_3);
		fuzz_feed(f, l, (enum dir)dir, buf_slice(&b));
		buf_release(&b);
	}
}

static void send_sealed(struct fuzz *f, struct sealer *s, struct layer **l, struct cursor *c)
{
	uint8_t event = cursor_u8(c);
	size_t n = fuzz_event_size(c, event);
	uint8_t how = cursor_u8(c);
	enum dir dir = event & 1;
	unsigned epoch = how >> 4;
	struct slice text = cursor_take(c, n < c->rest.len ? n : c->rest.len);
	struct buf record = { 0 };
	if (s->is_1_3)
		seal_1_3(dir, s->seq[dir][epoch], epoch, how & 15 ? (how & 15) + 9 : 0, text, &record);
	else
		seal_1_2(dir, s->seq[dir][0], (how & 15) + 9, text, &record);
	s->seq[dir][s->is_1_3 ? epoch : 0]++;
	fuzz_feed(f, l, dir, buf_slice(&record));
	buf_release(&record);
}

/* Gives the next lines of the key log, until `until` of them were given. */
static void give_keys(struct keylog *k, uint8_t how, unsigned *given, unsigned until)
{
	while (*given < until)
		give_key(k, ((how >> 5) + (*given)++) % LINES);
	if (how & WOKEN)
		keylog_wake(k, 1);
}

/* Secrets that come one by one come evenly over the input, but all before the connection is over: behind that they are waited for only where the
 * key log may grow. */
static void play_all(struct fuzz *f, struct layer **l, struct keylog *keylog, uint8_t how, struct slice in)
{
	struct sealer s = { .is_1_3 = how & IS_1_3 };
	struct cursor c = cursor_of(in);
	unsigned given = 0;
	if (keylog && how & KEYS_FIRST)
		give_keys(keylog, how, &given, LINES);
	if (how & WITH_HELLOS)
		send_hellos(f, l, s.is_1_3);
	while (c.rest.len) {
		bool ends = f->over[0] || f->over[1];
		unsigned due = ends ? LINES : (unsigned)((in.len - c.rest.len) * (LINES + 1) / in.len);
		if (keylog && given < due)
			give_keys(keylog, how, &given, due);
		if ((c.rest.at[0] >> 1 & 3) == 2)
			send_sealed(f, &s, l, &c);
		else
			fuzz_event(f, l, &c);
	}
	if (keylog)
		give_keys(keylog, how, &given, LINES);
}

static void play_within(struct fuzz *f, uint8_t how, struct slice in)
{
	struct keylog *keylog = how & WITH_KEYLOG ? keylog_new() : NULL;
	struct layer *l = tls_new(&f->stream, TRANSPORT_UNKNOWN, keylog);
	play_all(f, &l, keylog, how, in);
	fuzz_end(f, l);
	fuzz_check(!f->counts.tls_waiting);
	keylog_free(keylog);
}

static void play(struct fuzz *f, uint8_t how, struct slice in)
{
	f->limits.tls_wait = f->limits.tls_wait_all = MUCH;
	play_within(f, how, in);
}

/* With secrets that come first and with such that come late the same is told. */
static void keys_first_and_late(uint8_t how, struct slice in)
{
	struct fuzz f[2];
	for (int i = 0; i < 2; i++) {
		fuzz_init(&f[i], 0);
		play(&f[i], (uint8_t)(i ? how | KEYS_FIRST : how & ~KEYS_FIRST), in);
	}
	fuzz_same(&f[0], &f[1]);
	for (int i = 0; i < 2; i++)
		fuzz_release(&f[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f;
	if (!size)
		return 0;
	struct slice in = slice_of(data + 1, size - 1);
	fuzz_twice(play, data[0], in);
	if (data[0] & WITH_KEYLOG)
		keys_first_and_late(data[0], in);
	fuzz_init(&f, 0);
	play_within(&f, data[0], in);
	fuzz_release(&f);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct event_list list = { .front = 1, .sealed = true, .make = event_prefixed };
	return events_mutate(&list, data, size, max_size, seed);
}
