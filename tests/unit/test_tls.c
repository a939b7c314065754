/* TLS: derivations against published vectors, conversations of OpenSSL's own ends read along in every version, suite and turn, keys that
 * come late or never, and bytes that are missing. */
#include "capture/stream/tls.h"

#include "capture/stream/detect.h"
#include "capture/stream/tls_hello.h"
#include "capture/stream/tls_record.h"
#include "tests/unit/tls_talk.h"

#include <locale.h>
#include <stdio.h>

static const struct tls_kind tls13 = { .version = TLS1_3_VERSION, .suite = "TLS_AES_128_GCM_SHA256" };
static const struct tls_kind tls12 = { .version = TLS1_2_VERSION, .suite = "ECDHE-ECDSA-AES256-GCM-SHA384" };

static size_t unhex(const char *text, uint8_t *out)
{
	size_t n = 0;
	for (; *text; text += *text == ' ' ? 1 : 2) {
		unsigned byte;
		if (*text != ' ' && sscanf(text, "%2x", &byte) == 1)
			out[n++] = (uint8_t)byte;
	}
	return n;
}

static void check_expansion(const char *secret, const char *label, const char *want)
{
	uint8_t s[64], w[64], got[64];
	size_t sn = unhex(secret, s), wn = unhex(want, w);
	assert_true(tls_expand_label("SHA256", slice_of(s, sn), label, got, wn));
	assert_memory_equal(got, w, wn);
}

/* RFC 8448, section 3. */
static void test_expansion(void **state)
{
	(void)state;
	const char *server = "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38";
	const char *client = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
	check_expansion(server, "key", "3fce516009c21727d0f2e4e86ee403bc");
	check_expansion(server, "iv", "5d313eb2671276ee13000b30");
	check_expansion(client, "key", "17422dda596ed5d9acd890e3c63f5051");
	check_expansion(client, "iv", "5b78923dee08579033e523d9");
	assert_false(tls_expand_label("NOHASH", slice_str("x"), "key", (uint8_t[16]){ 0 }, 16));
}

/* The client's first application data of RFC 8448, section 3: 50 bytes that count up. */
static void test_record(void **state)
{
	(void)state;
	uint8_t secret[64], record[128], out[128];
	size_t sn = unhex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5", secret), len;
	size_t rn = unhex("17 03 03 00 43 a2 3f 70 54 b6 2c 94 d0 af fa fe 82 28 ba 55 cb ef ac ea 42 f9 14 aa 66 bc ab 3f 2b 98 19 a8"
			  "a5 b4 6b 39 5b d5 4a 9a 20 44 1e 2b 62 97 4e 1f 5a 62 92 a2 97 70 14 bd 1e 3d ea e6 3a ee bb 21 69 49 15 e4",
			  record);
	struct tls_keys *k = tls_keys_from_secret(tls_suite(0x1301), slice_of(secret, sn));
	assert_non_null(k);
	assert_true(tls_open(k, 0, slice_of(record, rn), out, &len));
	assert_int_equal(len, 51);
	for (uint8_t i = 0; i < 50; i++)
		assert_int_equal(out[i], i);
	assert_int_equal(out[50], 23);
	assert_false(tls_open(k, 1, slice_of(record, rn), out, &len));
	for (size_t n = 0; n < rn; n++)
		assert_false(tls_open(k, 0, slice_of(record, n), out, &len));
	tls_keys_free(k);
	assert_null(tls_keys_from_secret(tls_suite(0x1302), slice_of(secret, sn)));
}

/* The vector for P_SHA256 that the TLS working group published. */
static void test_prf(void **state)
{
	(void)state;
	uint8_t secret[32], seed[32], want[32], got[32];
	size_t n = unhex("9bbe436ba940f017b17652849a71db35", secret), sn = unhex("a0ba9f936cda311827a6f796ffd5198c", seed);
	size_t wn = unhex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a", want);
	assert_true(tls_prf("SHA256", slice_of(secret, n), "test label", slice_of(seed, 7), slice_of(seed + 7, sn - 7), got, wn));
	assert_memory_equal(got, want, wn);
}

/* A layer for what was said; keys: those in the key log from the start. */
static struct layer *listen(struct tls_talk *t, struct keylog **k, bool keys)
{
	*k = keylog_new();
	if (keys)
		keylog_feed(*k, buf_slice(&t->keys));
	recorder_again(&t->r);
	return tls_new(&t->r.stream, TRANSPORT_UNKNOWN, *k);
}

static void play_all(struct tls_talk *t, size_t most, size_t cut)
{
	struct keylog *k;
	struct layer *l = listen(t, &k, true);
	play(&t->s, l, most, cut);
	play_end(l);
	keylog_free(k);
	recorder_assert_all(&t->r);
	assert_int_equal(t->r.news.len, 0);
	assert_true(t->r.conn.tls && t->r.conn.transport == TRANSPORT_TCP);
	assert_int_equal(t->r.counts.tls_waiting, 0);
	assert_int_equal(t->r.counts.tls_bad + t->r.counts.not_ours + t->r.counts.skipped, 0);
}

/* Whole, byte by byte, and cut at every `step`th position. */
static void play_every_way(struct tls_talk *t, size_t step)
{
	play_all(t, SIZE_MAX, 0);
	play_all(t, 1, 0);
	for (size_t cut = 1; cut < script_len(&t->s); cut += step)
		play_all(t, SIZE_MAX, cut);
}

static void test_suites(void **state)
{
	(void)state;
	static const struct tls_kind kinds[] = {
		{ .version = TLS1_3_VERSION, .suite = "TLS_AES_128_GCM_SHA256" },
		{ .version = TLS1_3_VERSION, .suite = "TLS_AES_256_GCM_SHA384" },
		{ .version = TLS1_3_VERSION, .suite = "TLS_CHACHA20_POLY1305_SHA256" },
		{ .version = TLS1_2_VERSION, .suite = "ECDHE-ECDSA-AES128-GCM-SHA256" },
		{ .version = TLS1_2_VERSION, .suite = "ECDHE-ECDSA-AES256-GCM-SHA384" },
		{ .version = TLS1_2_VERSION, .suite = "ECDHE-ECDSA-CHACHA20-POLY1305" },
	};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct tls_talk t;
		talk_open(&t, &kinds[i]);
		talk_chat(&t);
		play_every_way(&t, i % 3 ? 41 : 1);
		talk_release(&t);
	}
}

/* Messages over several records, several messages in one, and many records in one chunk. */
static void test_records(void **state)
{
	(void)state;
	struct tls_talk t;
	struct buf many = { 0 };
	talk_open(&t, &tls13);
	SSL_set_max_send_fragment(t.end[DIR_C2S], 512);
	for (int i = 0; i < 5; i++)
		talk_message(&t, DIR_C2S, 700, &many);
	assert_int_equal(SSL_write(t.end[DIR_C2S], many.at, (int)many.len), many.len);
	talk_carry(&t, DIR_C2S);
	buf_release(&many);
	play_every_way(&t, 7);
	talk_release(&t);
}

static void test_padding(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_init(&t, &tls13);
	talk_dial(&t);
	SSL_set_block_padding(t.end[DIR_C2S], 512);
	talk_shake(&t);
	talk_chat(&t);
	play_every_way(&t, 41);
	talk_release(&t);
}

static void test_retry(void **state)
{
	(void)state;
	struct tls_talk t;
	struct tls_kind kind = tls13;
	kind.server_groups = "P-384";
	talk_init(&t, &kind);
	SSL_CTX_set1_groups_list(t.ctx[DIR_C2S], "P-256:P-384");
	talk_dial(&t);
	talk_shake(&t);
	assert_true(t.s.count > 3);
	talk_chat(&t);
	play_every_way(&t, 41);
	talk_release(&t);
}

static void test_key_update(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_open(&t, &tls13);
	for (int i = 0; i < 3; i++) {
		talk_chat(&t);
		assert_int_equal(SSL_key_update(t.end[i & 1], i ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		SSL_do_handshake(t.end[i & 1]);
		talk_carry(&t, i & 1);
		talk_read(&t, !(i & 1));
	}
	talk_chat(&t);
	play_every_way(&t, 41);
	talk_release(&t);
}

static void test_renegotiation(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_open(&t, &tls12);
	for (int i = 0; i < 5; i++) {
		talk_chat(&t);
		assert_int_equal(SSL_renegotiate(t.end[DIR_S2C]), 1);
		SSL_do_handshake(t.end[DIR_S2C]);
		talk_carry(&t, DIR_S2C);
		talk_read(&t, DIR_C2S);
		talk_shake(&t);
		assert_false(SSL_renegotiate_pending(t.end[DIR_S2C]));
	}
	talk_chat(&t);
	play_every_way(&t, 97);
	talk_release(&t);
}

static void check_resumption(const struct tls_kind *kind)
{
	struct tls_talk t;
	talk_open(&t, kind);
	talk_chat(&t);
	assert_non_null(t.session);
	talk_dial(&t);
	talk_shake(&t);
	assert_true(SSL_session_reused(t.end[DIR_C2S]));
	talk_chat(&t);
	play_every_way(&t, 13);
	talk_release(&t);
}

static void test_resumption(void **state)
{
	(void)state;
	check_resumption(&tls12);
	check_resumption(&tls13);
}

/* 0-RTT: messages that come before the server's first byte. Refused ones are none. */
static void check_early(bool accepted)
{
	struct tls_talk t;
	struct tls_kind kind = tls13;
	struct buf early = { 0 };
	char in[4096];
	size_t n;
	kind.early = true;
	talk_open(&t, &kind);
	talk_dial(&t);
	if (!accepted)
		SSL_set_max_early_data(t.end[DIR_S2C], 0);
	if (accepted)
		talk_message(&t, DIR_C2S, 50, &early);
	else
		buf_add_str(&early, "these bytes are refused");
	assert_int_equal(SSL_write_early_data(t.end[DIR_C2S], early.at, early.len, &n), 1);
	talk_carry(&t, DIR_C2S);
	if (accepted)
		assert_int_equal(SSL_read_early_data(t.end[DIR_S2C], in, sizeof in, &n), SSL_READ_EARLY_DATA_SUCCESS);
	talk_carry(&t, DIR_S2C);
	SSL_do_handshake(t.end[DIR_C2S]);
	talk_carry(&t, DIR_C2S);
	if (accepted)
		assert_int_equal(SSL_read_early_data(t.end[DIR_S2C], in, sizeof in, &n), SSL_READ_EARLY_DATA_FINISH);
	talk_shake(&t);
	assert_int_equal(SSL_get_early_data_status(t.end[DIR_C2S]), accepted ? SSL_EARLY_DATA_ACCEPTED : SSL_EARLY_DATA_REJECTED);
	talk_chat(&t);
	play_every_way(&t, 13);
	buf_release(&early);
	talk_release(&t);
}

static void test_early_data(void **state)
{
	(void)state;
	check_early(true);
	check_early(false);
}

/* The secrets come when all is over but the end. */
static void check_late_keys(const struct tls_kind *kind, size_t most)
{
	struct tls_talk t;
	struct keylog *k;
	talk_open(&t, kind);
	talk_chat(&t);
	struct layer *l = listen(&t, &k, false);
	play(&t.s, l, most, 0);
	assert_true(t.r.got[0] == 0 && t.r.got[1] == 0);
	assert_true(most == SIZE_MAX || t.r.counts.tls_waiting > 0);
	keylog_feed(k, buf_slice(&t.keys));
	keylog_wake(k, 5);
	recorder_assert_all(&t.r);
	assert_string_equal(buf_cstr(&t.r.order), "cscscs");
	assert_int_equal(t.r.counts.tls_waiting, 0);
	play_end(l);
	assert_int_equal(t.r.news.len, 0);
	keylog_free(k);
	talk_release(&t);
}

static void test_late_keys(void **state)
{
	(void)state;
	check_late_keys(&tls13, SIZE_MAX);
	check_late_keys(&tls13, 1);
	check_late_keys(&tls12, SIZE_MAX);
	check_late_keys(&tls12, 1);
}

/* Without a wake, the next bytes look for the secrets themselves; each line of the key log may come at any time. */
static void test_keys_line_by_line(void **state)
{
	(void)state;
	struct tls_talk t;
	struct keylog *k;
	talk_open(&t, &tls13);
	talk_chat(&t);
	struct layer *l = listen(&t, &k, false);
	struct slice keys = buf_slice(&t.keys);
	for (size_t i = 0; i < t.s.count; i++) {
		const uint8_t *end = keys.len ? memchr(keys.at, '\n', keys.len) : NULL;
		size_t n = end ? (size_t)(end - keys.at) + 1 : keys.len;
		play_bytes(&t.s, l, t.s.steps[i].dir, t.s.steps[i].from, t.s.steps[i].to);
		keylog_feed(k, slice_head(keys, n));
		keys = slice_skip(keys, n);
	}
	play_end(l);
	recorder_assert_all(&t.r);
	assert_string_equal(buf_cstr(&t.r.order), "cscscs");
	keylog_free(k);
	talk_release(&t);
}

/* Puts the lines of the key log that begin with the label into one buffer, all others into the other. */
static void split_keys(const struct buf *keys, const char *label, struct buf *with, struct buf *without)
{
	for (struct slice rest = buf_slice(keys); rest.len;) {
		const uint8_t *end = memchr(rest.at, '\n', rest.len);
		struct slice line = slice_head(rest, (size_t)(end - rest.at) + 1);
		buf_add(slice_eq(slice_head(line, strlen(label)), slice_str(label)) ? with : without, line);
		rest = slice_skip(rest, line.len);
	}
}

/* A layer whose key log has all secrets but those of that label, which are left to come late. */
static struct layer *listen_without(struct tls_talk *t, struct keylog **k, const char *label, struct buf *late)
{
	struct buf others = { 0 };
	split_keys(&t->keys, label, late, &others);
	struct layer *l = listen(t, k, false);
	keylog_feed(*k, buf_slice(&others));
	buf_release(&others);
	return l;
}

enum late_end { KEY_COMES, KEY_IS_SEEN_BY_THE_NEXT_BYTES, TIME_PASSES, END_COMES };

/* One secret is missing while all is said. */
static void check_late_secret(const char *label, size_t most, enum late_end end)
{
	struct tls_talk t;
	struct keylog *k;
	struct buf late = { 0 };
	talk_open(&t, &tls13);
	talk_chat(&t);
	struct layer *l = listen_without(&t, &k, label, &late);
	assert_true(late.len > 0);
	play(&t.s, l, most, 0);
	assert_true(t.r.got[0] == 0 && t.r.got[1] == 0);
	if (end == TIME_PASSES) {
		keylog_wake(k, 4000000000);
		assert_true(t.r.order.len == 3 || strstr(label, "HANDSHAKE"));
	}
	if (end != END_COMES)
		keylog_feed(k, buf_slice(&late));
	if (end == KEY_IS_SEEN_BY_THE_NEXT_BYTES)
		layer_feed(l, strstr(label, "CLIENT") ? DIR_S2C : DIR_C2S, (struct chunk){ slice_of("\x17", 1), -1, 2 });
	keylog_wake(k, 5000000000);
	assert_true(end == END_COMES || t.r.order.len == 6);
	play_end(l);
	if (end == END_COMES)
		assert_true(recorder_heard(&t.r, "TLS, no keys") && (t.r.order.len == 3 || strstr(label, "HANDSHAKE")));
	else if (end != TIME_PASSES)
		assert_string_equal(buf_cstr(&t.r.order), "cscscs");
	assert_int_equal(t.r.counts.tls_waiting, 0);
	buf_release(&late);
	keylog_free(k);
	talk_release(&t);
}

/* Requests come before their answers, whichever secret is the last; the other direction is shown by itself only if it waits too long. */
static void test_late_secret(void **state)
{
	(void)state;
	static const char *const labels[] = { "CLIENT_HANDSHAKE", "SERVER_HANDSHAKE", "CLIENT_TRAFFIC", "SERVER_TRAFFIC" };
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		for (enum late_end end = KEY_COMES; end <= END_COMES; end++) {
			check_late_secret(labels[i], SIZE_MAX, end);
			check_late_secret(labels[i], 1, end);
		}
}

/* Both secrets are missing for long, then the server's comes a moment before the client's. */
static void test_secrets_a_moment_apart(void **state)
{
	(void)state;
	struct tls_talk t;
	struct keylog *k;
	struct buf with = { 0 }, without = { 0 };
	talk_open(&t, &tls13);
	talk_chat(&t);
	split_keys(&t.keys, "CLIENT_TRAFFIC", &with, &without);
	struct layer *l = listen(&t, &k, false);
	play(&t.s, l, SIZE_MAX, 0);
	for (int64_t s = 4; s < 8; s++)
		keylog_wake(k, s * 1000000000);
	keylog_feed(k, buf_slice(&without));
	keylog_wake(k, 8001000000);
	assert_int_equal(t.r.order.len, 0);
	keylog_feed(k, buf_slice(&with));
	keylog_wake(k, 8002000000);
	assert_string_equal(buf_cstr(&t.r.order), "cscscs");
	play_end(l);
	buf_release(&with);
	buf_release(&without);
	keylog_free(k);
	talk_release(&t);
}

/* Answers that are shown while requests wait for their secret can't be held against what is known of requests. */
static void test_unsettled(void **state)
{
	(void)state;
	struct tls_talk t;
	struct keylog *k;
	struct buf late = { 0 };
	talk_open(&t, &tls13);
	talk_chat(&t);
	struct layer *l = listen_without(&t, &k, "CLIENT_TRAFFIC", &late);
	t.r.conn.settled[0] = t.r.conn.settled[1] = true;
	play(&t.s, l, SIZE_MAX, 0);
	assert_true(t.r.conn.settled[DIR_S2C]);
	assert_true(t.r.conn.held[DIR_C2S] && !t.r.conn.held[DIR_S2C]);
	play_end(l);
	assert_string_equal(buf_cstr(&t.r.order), "sss");
	assert_false(t.r.conn.settled[DIR_S2C]);
	assert_false(t.r.conn.held[DIR_C2S]);
	buf_release(&late);
	keylog_free(k);
	talk_release(&t);
}

/* At its end a direction is found to need a secret, behind what looked like a record that is not whole: that holds nobody any more. */
static void test_waiting_at_its_end(void **state)
{
	(void)state;
	struct tls_talk t;
	struct keylog *k;
	struct buf with = { 0 }, without = { 0 }, client = { 0 }, server = { 0 };
	talk_open(&t, &tls13);
	size_t handshake = t.s.count;
	talk_say(&t, DIR_C2S, 50);
	talk_say(&t, DIR_S2C, 50);
	talk_say(&t, DIR_S2C, 51);
	split_keys(&t.keys, "CLIENT_TRAFFIC", &with, &without);
	split_keys(&without, "SERVER_TRAFFIC", &client, &server);
	struct layer *l = listen(&t, &k, false);
	keylog_feed(k, buf_slice(&server));
	for (size_t i = 0; i < handshake; i++)
		play_bytes(&t.s, l, t.s.steps[i].dir, t.s.steps[i].from, t.s.steps[i].to);
	layer_gap(l, DIR_C2S, 100, 1);
	layer_feed(l, DIR_C2S, (struct chunk){ slice_of("\x17\x03\x03\x3f\xff", 5), -1, 1 });
	play_bytes(&t.s, l, DIR_S2C, t.s.steps[handshake + 1].from, t.s.steps[handshake + 1].to);
	play_bytes(&t.s, l, DIR_C2S, t.s.steps[handshake].from, t.s.steps[handshake].to);
	layer_end(l, DIR_C2S, 1);
	play_bytes(&t.s, l, DIR_S2C, t.s.steps[handshake + 2].from, t.s.steps[handshake + 2].to);
	keylog_feed(k, buf_slice(&client));
	keylog_wake(k, 1);
	layer_end(l, DIR_S2C, 2);
	layer_free(l);
	assert_int_equal(t.r.got[DIR_S2C], 3);
	buf_release(&with);
	buf_release(&without);
	buf_release(&client);
	buf_release(&server);
	keylog_free(k);
	talk_release(&t);
}

/* The secrets come when the connection is over, or never. */
static void test_keys_behind_the_end(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		bool come = way & 1, grows = way & 2; /* or a pcapng may bring them */
		struct tls_talk t;
		talk_open(&t, &tls13);
		talk_chat(&t);
		struct keylog *k = keylog_new();
		assert_true(keylog_open(k, grows ? "/nonexistent/keys" : NULL, grows));
		if (!grows)
			keylog_expect(k);
		recorder_again(&t.r);
		struct layer *l = tls_new(&t.r.stream, TRANSPORT_UNKNOWN, k);
		play(&t.s, l, SIZE_MAX, 0);
		layer_end(l, DIR_C2S, 2);
		layer_end(l, DIR_S2C, 2);
		assert_true(layer_rests(l, false));
		assert_int_equal(t.r.news.len, 0);
		if (come) {
			keylog_feed(k, buf_slice(&t.keys));
			keylog_wake(k, 4);
			assert_string_equal(buf_cstr(&t.r.order), "cscscs");
		}
		assert_false(layer_rests(l, !come));
		assert_int_equal(recorder_heard(&t.r, "TLS, no keys"), !come);
		assert_int_equal(t.r.counts.tls_waiting, 0);
		layer_free(l);
		keylog_free(k);
		talk_release(&t);
	}
}

/* What is held for the other direction's secret does not outgrow what waits itself. */
static void test_held_limit(void **state)
{
	(void)state;
	struct tls_talk t;
	struct keylog *k;
	struct buf late = { 0 };
	talk_open(&t, &tls13);
	talk_say(&t, DIR_C2S, 10);
	for (int i = 0; i < 20; i++)
		talk_say(&t, DIR_S2C, 100);
	t.r.limits.tls_wait = 1000;
	struct layer *l = listen_without(&t, &k, "CLIENT_TRAFFIC", &late);
	play(&t.s, l, SIZE_MAX, 0);
	assert_int_equal(t.r.order.len, 20);
	assert_true(t.r.counts.tls_waiting <= 1000);
	assert_int_equal(t.r.counts.tls_overflow, 0);
	keylog_feed(k, buf_slice(&late));
	keylog_wake(k, 5);
	recorder_assert_all(&t.r);
	play_end(l);
	buf_release(&late);
	keylog_free(k);
	talk_release(&t);
}

/* One direction long before the other, as in a capture out of order. */
static void test_order(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_init(&t, &tls12);
	for (int first = 0; first < 2; first++) {
		struct keylog *k;
		talk_dial(&t);
		talk_shake(&t);
		talk_chat(&t);
		struct layer *l = listen(&t, &k, true);
		play_bytes(&t.s, l, first, 0, t.s.wire[first].len);
		layer_end(l, first, 2);
		play_bytes(&t.s, l, !first, 0, t.s.wire[!first].len);
		layer_end(l, !first, 2);
		layer_free(l);
		recorder_assert_all(&t.r);
		assert_int_equal(t.r.news.len, 0);
		keylog_free(k);
	}
	talk_release(&t);
}

static void test_no_keys(void **state)
{
	(void)state;
	for (int with_log = 0; with_log < 2; with_log++) {
		struct tls_talk t;
		struct keylog *k = with_log ? keylog_new() : NULL;
		talk_open(&t, &tls13);
		talk_chat(&t);
		struct layer *l = tls_new(&t.r.stream, TRANSPORT_UNKNOWN, k);
		play(&t.s, l, SIZE_MAX, 0);
		assert_int_equal(t.r.news.len != 0, !with_log);
		play_end(l);
		assert_true(recorder_heard(&t.r, "not ours 0 TLS, no keys: SNI openiap.example, ALPN http/1.1,h2; node --tls-keylog=FILE"));
		assert_true(t.r.conn.tls && t.r.conn.transport == TRANSPORT_TLS);
		assert_int_equal(t.r.counts.not_ours, 0);
		assert_int_equal(t.r.counts.tls_no_keys, 1);
		assert_int_equal(t.r.counts.tls_waiting, 0);
		keylog_free(k);
		talk_release(&t);
	}
}

/* Who has given a key log is told what is wrong with it, and not how to get one. */
static void test_no_keys_of_this(void **state)
{
	static const char other[] = "CLIENT_RANDOM 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff "
				    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
	static const char *const said[] = { "ALPN http/1.1,h2; the key log has none at all",
					    "ALPN http/1.1,h2; the key log has others, but not what opens this connection" };
	(void)state;
	for (int others = 0; others < 2; others++) {
		struct tls_talk t;
		struct keylog *k = keylog_new();
		talk_open(&t, &tls13);
		talk_chat(&t);
		assert_true(keylog_open(k, "/dev/null", false));
		if (others)
			keylog_feed(k, slice_str(other));
		struct layer *l = tls_new(&t.r.stream, TRANSPORT_UNKNOWN, k);
		play(&t.s, l, SIZE_MAX, 0);
		play_end(l);
		assert_true(recorder_heard(&t.r, said[others]));
		keylog_free(k);
		talk_release(&t);
	}
}

/* A file that the environment names need not be there. */
static void test_no_key_log(void **state)
{
	(void)state;
	for (int growing = 0; growing < 2; growing++) {
		struct tls_talk t;
		struct keylog *k = keylog_new();
		talk_open(&t, &tls13);
		talk_chat(&t);
		assert_int_equal(keylog_open(k, "/nonexistent/keys", growing), growing);
		struct layer *l = tls_new(&t.r.stream, TRANSPORT_UNKNOWN, k);
		play(&t.s, l, SIZE_MAX, 0);
		play_end(l);
		assert_true(recorder_heard(&t.r, "ALPN http/1.1,h2; the key log is not there, or can't be read"));
		keylog_free(k);
		talk_release(&t);
	}
}

static void test_wait_limit(void **state)
{
	(void)state;
	struct tls_talk t;
	struct keylog *k;
	talk_open(&t, &tls13);
	talk_chat(&t);
	t.r.limits.tls_wait = 600;
	struct layer *l = listen(&t, &k, false);
	play(&t.s, l, 100, 0);
	assert_true(recorder_heard(&t.r, "TLS, no keys"));
	assert_int_equal(t.r.counts.tls_overflow, 1);
	assert_int_equal(t.r.counts.tls_no_keys + t.r.counts.not_ours, 0);
	assert_int_equal(t.r.counts.tls_waiting, 0);
	keylog_feed(k, buf_slice(&t.keys));
	keylog_wake(k, 5);
	play_end(l);
	assert_true(t.r.got[0] == 0 && t.r.got[1] == 0);
	keylog_free(k);
	talk_release(&t);
}

/* In a live capture it is said when keys are long in coming, and they are still of use then. */
static void test_patience(void **state)
{
	(void)state;
	struct tls_talk t;
	struct keylog *k;
	talk_open(&t, &tls13);
	talk_chat(&t);
	struct layer *l = listen(&t, &k, false);
	assert_true(keylog_open(k, NULL, true));
	play(&t.s, l, SIZE_MAX, 0);
	keylog_wake(k, 2000000000);
	assert_int_equal(t.r.news.len, 0);
	keylog_wake(k, 4000000000);
	assert_true(recorder_heard(&t.r, "note 0 TLS, waiting for keys"));
	size_t told = t.r.news.len;
	keylog_wake(k, 8000000000);
	keylog_feed(k, buf_slice(&t.keys));
	keylog_wake(k, 9000000000);
	recorder_assert_all(&t.r);
	assert_int_equal(t.r.news.len, told);
	play_end(l);
	keylog_free(k);
	talk_release(&t);
}

static void test_wrong_keys(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_open(&t, &tls12);
	for (int i = 0; i < 4; i++)
		talk_chat(&t);
	uint8_t *last = &t.keys.at[t.keys.len - 2];
	*last = *last == '0' ? '1' : '0';
	struct keylog *k;
	struct layer *l = listen(&t, &k, true);
	play(&t.s, l, SIZE_MAX, 0);
	play_end(l);
	assert_true(recorder_heard(&t.r, "TLS records do not open"));
	assert_true(t.r.counts.tls_bad >= 8);
	assert_int_equal(t.r.counts.tls_given_up, 2);
	assert_true(t.r.got[0] == 0 && t.r.got[1] == 0);
	keylog_free(k);
	talk_release(&t);
}

/* Seven records in a row may be damaged: the next one is read. With eight the secrets count as wrong. */
static void test_failures(void **state)
{
	(void)state;
	for (unsigned bad = 7; bad <= 8; bad++) {
		struct tls_talk t;
		struct keylog *k;
		talk_open(&t, &tls13);
		size_t first = t.s.count;
		for (unsigned i = 0; i <= bad; i++)
			talk_say(&t, DIR_C2S, 100);
		for (size_t i = first; i < first + bad; i++)
			t.s.wire[DIR_C2S].at[t.s.steps[i].from + 20] ^= 1;
		struct layer *l = listen(&t, &k, true);
		play(&t.s, l, SIZE_MAX, 0);
		play_end(l);
		assert_int_equal(t.r.counts.tls_bad, bad);
		assert_int_equal(t.r.counts.tls_given_up, bad == 8);
		assert_int_equal(t.r.got[DIR_C2S], bad == 8 ? 0 : 1 << 7);
		keylog_free(k);
		talk_release(&t);
	}
}

/* A record whose bytes were damaged, in its header or behind it, costs what is in it, and no more. */
static void check_damaged_record(size_t at)
{
	struct tls_talk t;
	struct keylog *k;
	talk_open(&t, &tls13);
	talk_chat(&t);
	for (int i = 0; i < 2; i++)
		talk_say(&t, DIR_C2S, 100);
	t.s.wire[DIR_C2S].at[t.s.steps[t.s.count - 2].from + at] ^= at ? 1 : 0x80;
	struct layer *l = listen(&t, &k, true);
	play(&t.s, l, SIZE_MAX, 0);
	play_end(l);
	assert_int_equal(t.r.got[DIR_C2S], 0x17);
	assert_int_equal(t.r.got[DIR_S2C], 0x7);
	assert_int_equal(t.r.counts.tls_bad, at > 0);
	assert_true(recorder_heard(&t.r, "c2s skipped "));
	keylog_free(k);
	talk_release(&t);
}

static void test_damaged_record(void **state)
{
	(void)state;
	check_damaged_record(0);
	check_damaged_record(20);
}

/* Bytes that are no record, and behind them one whose number is further ahead than there can be records in so many bytes: it is not tried. */
static void test_numbers_behind_junk(void **state)
{
	(void)state;
	for (size_t junk = 22; junk <= 88; junk += 66) {
		struct tls_talk t;
		struct keylog *k;
		uint8_t zeros[88] = { 0 };
		talk_open(&t, &tls13);
		talk_chat(&t);
		size_t from = t.s.count;
		for (int i = 0; i < 4; i++)
			talk_say(&t, DIR_C2S, 100);
		size_t last = t.s.steps[t.s.count - 1].from;
		t.s.count = from;
		struct layer *l = listen(&t, &k, true);
		play(&t.s, l, SIZE_MAX, 0);
		layer_feed(l, DIR_C2S, (struct chunk){ slice_of(zeros, junk), -1, 1 });
		play_bytes(&t.s, l, DIR_C2S, last, t.s.wire[DIR_C2S].len);
		play_end(l);
		assert_int_equal(t.r.got[DIR_C2S], junk < 88 ? 0x7 : 0x47);
		keylog_free(k);
		talk_release(&t);
	}
}

static void check_refused(const struct tls_kind *kind, const char *text)
{
	struct tls_talk t;
	struct keylog *k;
	talk_open(&t, kind);
	assert_true(SSL_is_init_finished(t.end[DIR_C2S]));
	talk_chat(&t);
	struct layer *l = listen(&t, &k, true);
	play(&t.s, l, 100, 0);
	play_end(l);
	assert_true(recorder_heard(&t.r, text));
	assert_int_equal(t.r.counts.not_ours, 1);
	keylog_free(k);
	talk_release(&t);
}

static void test_refused(void **state)
{
	(void)state;
	check_refused(&(struct tls_kind){ .version = TLS1_2_VERSION, .suite = "ECDHE-ECDSA-AES128-SHA" },
		      "TLS with a cipher suite that cannot be decrypted: TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, SNI openiap.example");
	check_refused(&(struct tls_kind){ .version = TLS1_2_VERSION, .suite = "ECDHE-ECDSA-AES256-CCM8" },
		      "TLS with a cipher suite that cannot be decrypted: cipher suite 0xc0af");
	check_refused(&(struct tls_kind){ .version = TLS1_1_VERSION, .suite = "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0" }, "TLS before 1.2");
}

static void test_alert(void **state)
{
	(void)state;
	static const struct tls_kind *const kinds[] = { &tls12, &tls13 };
	for (int i = 0; i < 2; i++) {
		struct tls_talk t;
		struct keylog *k;
		talk_init(&t, kinds[i]);
		talk_dial(&t);
		SSL_set_verify(t.end[DIR_C2S], SSL_VERIFY_PEER, NULL);
		talk_shake(&t);
		struct layer *l = listen(&t, &k, true);
		play(&t.s, l, SIZE_MAX, 0);
		play_end(l);
		assert_true(recorder_heard(&t.r, "c2s note 0 TLS alert: unknown certificate authority: SNI openiap.example"));
		keylog_free(k);
		talk_release(&t);
	}
}

/* Of many alerts four are told, and that there may be more. */
static void test_many_alerts(void **state)
{
	(void)state;
	static const uint8_t unrecognized_name[] = { 21, 3, 3, 0, 2, 1, 112 };
	struct tls_talk t;
	struct keylog *k;
	talk_init(&t, &tls12);
	talk_dial(&t);
	struct layer *l = listen(&t, &k, true);
	play(&t.s, l, SIZE_MAX, 0);
	for (unsigned i = 0; i < 3; i++)
		layer_feed(l, DIR_S2C, (struct chunk){ slice_of(unrecognized_name, sizeof unrecognized_name), -1, 1 });
	assert_false(recorder_heard(&t.r, "further alerts"));
	for (unsigned i = 0; i < 1000; i++)
		layer_feed(l, DIR_S2C, (struct chunk){ slice_of(unrecognized_name, sizeof unrecognized_name), -1, 1 });
	unsigned told = 0;
	for (const char *at = buf_cstr(&t.r.news); (at = strstr(at, "TLS alert: unrecognized name")); at++)
		told++;
	assert_int_equal(told, 4);
	assert_true(recorder_heard(&t.r, "unrecognized name: further alerts of this connection are not told"));
	play_end(l);
	keylog_free(k);
	talk_release(&t);
}

/* Plays all but [from, to) of one direction's wire, which is missing there. */
static void play_without(struct tls_talk *t, struct layer *l, enum dir dir, size_t from, size_t to, bool number_known)
{
	for (size_t i = 0; i < t->s.count; i++) {
		const struct script_step *s = &t->s.steps[i];
		if (s->dir != dir || s->to <= from || s->from >= to) {
			play_bytes(&t->s, l, s->dir, s->from, s->to);
			continue;
		}
		if (s->from < from)
			play_bytes(&t->s, l, dir, s->from, from);
		if (s->from <= from)
			layer_gap(l, dir, number_known ? to - from : 0, 1);
		if (s->to > to)
			play_bytes(&t->s, l, dir, to, s->to);
	}
}

/* Takes bytes out of a direction's data: what was in records that are whole must come, and so must all of the other direction. */
static void check_gap(struct tls_talk *t, size_t first, enum dir dir, size_t from, size_t to, bool number_known)
{
	struct keylog *k;
	uint64_t want[2] = { UINT64_MAX >> (64 - t->r.sent_count[0]), UINT64_MAX >> (64 - t->r.sent_count[1]) };
	unsigned message = 0;
	for (size_t i = first; i < t->s.count; i++) {
		const struct script_step *s = &t->s.steps[i];
		if (s->dir == dir && s->from < to && s->to > from)
			want[dir] &= ~(UINT64_C(1) << message);
		message += s->dir == dir;
	}
	struct layer *l = listen(t, &k, true);
	play_without(t, l, dir, from, to, number_known);
	play_end(l);
	assert_true((t->r.got[dir] & want[dir]) == want[dir]);
	assert_true(t->r.got[!dir] == want[!dir]);
	keylog_free(k);
}

static void check_gaps(const struct tls_kind *kind)
{
	struct tls_talk t;
	talk_open(&t, kind);
	size_t first = t.s.count;
	for (unsigned i = 0; i < 6; i++) {
		talk_say(&t, DIR_C2S, 60);
		talk_say(&t, DIR_S2C, 60);
	}
	for (int d = 0; d < 2; d++) {
		size_t start = t.s.steps[first + (size_t)d].from, end = t.s.wire[d].len;
		for (size_t n = 1; n < 400; n = n * 3 + 1)
			for (size_t from = start; from + n + 300 < end; from += 5)
				check_gap(&t, first, d, from, from + n, from % 2 == 0);
	}
	talk_release(&t);
}

static void test_gaps(void **state)
{
	(void)state;
	check_gaps(&tls13);
	check_gaps(&tls12);
}

/* A record is missing from the middle of messages that take several. */
static void test_gap_inside_messages(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_open(&t, &tls13);
	SSL_set_max_send_fragment(t.end[DIR_C2S], 512);
	size_t start = t.s.wire[DIR_C2S].len;
	for (int i = 0; i < 6; i++)
		talk_say(&t, DIR_C2S, 1200);
	for (size_t from = start; from + 3 * 1300 < t.s.wire[DIR_C2S].len; from += 31) {
		struct keylog *k;
		struct layer *l = listen(&t, &k, true);
		play_without(&t, l, DIR_C2S, from, from + 300, from % 2);
		play_end(l);
		assert_true(t.r.got[DIR_C2S] & 0x20);
		assert_true(__builtin_popcountll(t.r.got[DIR_C2S]) >= 3);
		assert_true(t.r.got[DIR_C2S] != 0x3f);
		keylog_free(k);
	}
	talk_release(&t);
}

/* What a gap cuts has the time of the gap, however much later the next record comes. */
static void test_time_of_a_gap(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_open(&t, &tls13);
	SSL_set_max_send_fragment(t.end[DIR_C2S], 512);
	size_t from = t.s.wire[DIR_C2S].len + 600;
	talk_say(&t, DIR_C2S, 1200);
	talk_say(&t, DIR_C2S, 100);
	struct keylog *k;
	struct layer *l = listen(&t, &k, true);
	for (size_t i = 0; i < t.s.count && t.s.steps[i].from < from; i++)
		play_bytes(&t.s, l, t.s.steps[i].dir, t.s.steps[i].from, t.s.steps[i].to < from ? t.s.steps[i].to : from);
	layer_gap(l, DIR_C2S, 300, 2);
	layer_feed(l, DIR_C2S, (struct chunk){ slice_skip(buf_slice(&t.s.wire[DIR_C2S]), from + 300), -1, 9 });
	assert_int_equal(t.r.got[DIR_C2S], 2);
	assert_int_equal(t.r.time[DIR_C2S][1], 9);
	assert_int_equal(t.r.cut[DIR_C2S], 1);
	assert_int_equal(t.r.cut_time[DIR_C2S], 2);
	play_end(l);
	keylog_free(k);
	talk_release(&t);
}

/* HTTP, an upgrade, and a WebSocket message each way. */
static void talk_websocket(struct tls_talk *t)
{
	talk_put(t, DIR_C2S,
		 slice_str("GET /ws/v2 HTTP/1.1\r\nHost: openiap.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
	talk_put(t, DIR_S2C, slice_str("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
	for (int d = 0; d < 2; d++) {
		struct buf whole = { 0 }, frame = { 0 };
		talk_message(t, (enum dir)d, 60, &whole);
		frame_write(&frame, 0x82, d == DIR_C2S, buf_slice(&whole));
		talk_put(t, (enum dir)d, buf_slice(&frame));
		buf_release(&whole);
		buf_release(&frame);
	}
}

/* The client's whole second flight is missing, keys, Finished and all: nothing of its data is, and the first request is read. The secret for those
 * data may come late: what does not open under the handshake's waits for it. */
static void check_gap_before_data(const struct tls_kind *kind, const char *label)
{
	struct tls_talk t;
	struct keylog *k;
	struct buf late = { 0 };
	talk_open(&t, kind);
	size_t from = t.s.steps[0].to, to = t.s.wire[DIR_C2S].len;
	talk_websocket(&t);
	struct layer *l = listen_without(&t, &k, label, &late);
	play_without(&t, l, DIR_C2S, from, to, true);
	assert_true(!late.len || !t.r.order.len);
	keylog_feed(k, buf_slice(&late));
	play_end(l);
	recorder_assert_all(&t.r);
	assert_int_equal(t.r.news.len, 0);
	assert_int_equal(t.r.conn.transport, TRANSPORT_WS);
	buf_release(&late);
	keylog_free(k);
	talk_release(&t);
}

static void test_gap_before_data(void **state)
{
	(void)state;
	check_gap_before_data(&tls12, "NONE");
	check_gap_before_data(&tls13, "NONE");
	check_gap_before_data(&tls13, "CLIENT_TRAFFIC");
}

/* Gaps in the handshake: either what is missing does not matter, or it is said that the handshake is not whole. */
static void check_handshake_gaps(const struct tls_kind *kind)
{
	struct tls_talk t;
	unsigned whole = 0, runs = 0;
	talk_open(&t, kind);
	size_t shaken[2] = { t.s.wire[0].len, t.s.wire[1].len };
	talk_chat(&t);
	for (int d = 0; d < 2; d++) {
		for (size_t from = 0; from + 30 < shaken[d]; from += 11, runs++) {
			struct keylog *k;
			struct layer *l = listen(&t, &k, true);
			play_without(&t, l, d, from, from + 30, from % 2);
			play_end(l);
			bool all = t.r.got[0] == 7 && t.r.got[1] == 7;
			whole += all;
			assert_true(all || recorder_heard(&t.r, "handshake is not whole"));
			assert_int_equal(t.r.counts.tls_waiting, 0);
			keylog_free(k);
		}
	}
	assert_true(whole > 0 && whole < runs);
	talk_release(&t);
}

static void test_handshake_gaps(void **state)
{
	(void)state;
	check_handshake_gaps(&tls12);
	check_handshake_gaps(&tls13);
}

/* A gap while the keys are waited for. */
static void test_gap_while_waiting(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_open(&t, &tls13);
	size_t first = t.s.count;
	for (unsigned i = 0; i < 6; i++)
		talk_say(&t, DIR_C2S, 60);
	for (size_t from = t.s.steps[first].from + 3; from + 200 < t.s.wire[DIR_C2S].len; from += 7) {
		struct keylog *k;
		struct layer *l = listen(&t, &k, false);
		play_without(&t, l, DIR_C2S, from, from + 20, true);
		layer_end(l, DIR_C2S, 2);
		assert_int_equal(t.r.got[DIR_C2S], 0);
		keylog_feed(k, buf_slice(&t.keys));
		keylog_wake(k, 3);
		assert_true(t.r.got[DIR_C2S] & 0x20);
		assert_true(__builtin_popcountll(t.r.got[DIR_C2S]) >= 4);
		layer_end(l, DIR_S2C, 2);
		layer_free(l);
		keylog_free(k);
	}
	talk_release(&t);
}

/* Changes of keys that are missing with the bytes around them. */
static void test_gap_over_key_update(void **state)
{
	(void)state;
	struct tls_talk t;
	struct keylog *k;
	talk_open(&t, &tls13);
	talk_chat(&t);
	size_t from = t.s.wire[DIR_C2S].len;
	SSL_key_update(t.end[DIR_C2S], SSL_KEY_UPDATE_NOT_REQUESTED);
	SSL_do_handshake(t.end[DIR_C2S]);
	talk_carry(&t, DIR_C2S);
	size_t to = t.s.wire[DIR_C2S].len;
	talk_chat(&t);
	struct layer *l = listen(&t, &k, true);
	play_without(&t, l, DIR_C2S, from, to, true);
	play_end(l);
	recorder_assert_all(&t.r);
	keylog_free(k);
	talk_release(&t);
}

/* A direction that has lost its place, with `fakes` records behind it that look like some and do not open, then a message. */
static uint64_t got_behind_fakes(struct tls_talk *t, unsigned fakes, size_t size)
{
	struct keylog *k;
	struct layer *l = listen(t, &k, true);
	uint8_t fake[5 + 16384] = { 23, 3, 3, (uint8_t)(size >> 8), (uint8_t)size };
	size_t last = t->s.steps[t->s.count - 1].from;
	play_without(t, l, DIR_C2S, last, t->s.wire[DIR_C2S].len, false);
	for (unsigned i = 0; i < fakes; i++)
		layer_feed(l, DIR_C2S, (struct chunk){ slice_of(fake, 5 + size), -1, 1 });
	play_bytes(&t->s, l, DIR_C2S, last, t->s.wire[DIR_C2S].len);
	play_end(l);
	keylog_free(k);
	return t->r.got[DIR_C2S];
}

/* A search tries 64 records, or a few long ones, not for ever: each costs a thousand decryptions. */
static void test_candidates(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_open(&t, &tls13);
	talk_chat(&t);
	talk_say(&t, DIR_C2S, 100);
	assert_int_equal(got_behind_fakes(&t, 64, 40), 0xf);
	assert_false(recorder_heard(&t.r, "behind a gap"));
	assert_int_equal(t.r.counts.tls_given_up, 0);
	assert_int_equal(got_behind_fakes(&t, 1, 16384), 0xf);
	assert_int_equal(got_behind_fakes(&t, 2, 16384), 0x7);
	assert_int_equal(got_behind_fakes(&t, 65, 40), 0x7);
	assert_int_equal(t.r.counts.tls_given_up, 1);
	assert_true(recorder_heard(&t.r, "TLS in which no record opens any more behind a gap"));
	assert_int_equal(t.r.got[DIR_S2C], 0x7);
	talk_release(&t);
}

/* So many records of a byte are lost in one gap, and a message comes behind them. */
static void check_lost_records(unsigned lost, uint64_t want)
{
	struct tls_talk t;
	struct keylog *k;
	talk_open(&t, &tls13);
	talk_chat(&t);
	size_t from = t.s.wire[DIR_C2S].len;
	for (unsigned i = 0; i < lost; i++)
		assert_int_equal(SSL_write(t.end[DIR_C2S], "x", 1), 1);
	talk_carry(&t, DIR_C2S);
	size_t to = t.s.wire[DIR_C2S].len;
	talk_say(&t, DIR_C2S, 100);
	struct layer *l = listen(&t, &k, true);
	play_without(&t, l, DIR_C2S, from, to, true);
	play_end(l);
	assert_int_equal(t.r.got[DIR_C2S], want);
	assert_true((t.r.counts.skipped > 0) == (want == 0x7));
	keylog_free(k);
	talk_release(&t);
}

static void test_lost_records(void **state)
{
	(void)state;
	check_lost_records(1, 0xf);
	check_lost_records(1024, 0xf);
	check_lost_records(1025, 0x7);
}

/* Through the lowest layer, with what -d may say. */
static void test_detect(void **state)
{
	(void)state;
	static const enum transport forced[] = { TRANSPORT_UNKNOWN, TRANSPORT_TLS, TRANSPORT_TCP };
	struct tls_talk t;
	talk_open(&t, &tls13);
	talk_chat(&t);
	for (size_t i = 0; i < 9; i++) {
		struct keylog *k = keylog_new();
		keylog_feed(k, buf_slice(&t.keys));
		recorder_again(&t.r);
		t.r.conn.start_seen = i / 3 != 0;
		struct layer *l = detect_new(&t.r.stream, forced[i % 3], k);
		play(&t.s, l, i / 3 == 1 ? 1 : SIZE_MAX, 0);
		play_end(l);
		recorder_assert_all(&t.r);
		assert_int_equal(t.r.news.len, 0);
		keylog_free(k);
	}
	talk_release(&t);
}

/* Behind what is none of TLS, the handshake is found. */
static void test_behind_others(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_open(&t, &tls13);
	talk_chat(&t);
	for (int small = 0; small < 2; small++) {
		struct keylog *k = keylog_new();
		const struct chunk asked = { slice_of("\5\1\0\5\1\0\3\4flow\1\xbb", 14), -1, 1 };
		const struct chunk answered = { slice_of("\5\0\5\0\0\1\0\0\0\0\0\0", 12), -1, 1 };
		keylog_feed(k, buf_slice(&t.keys));
		recorder_again(&t.r);
		t.r.conn.start_seen = true;
		struct layer *l = detect_new(&t.r.stream, TRANSPORT_UNKNOWN, k);
		layer_feed(l, DIR_C2S, asked);
		layer_feed(l, DIR_S2C, answered);
		play(&t.s, l, small ? 100 : SIZE_MAX, 0);
		play_end(l);
		recorder_assert_all(&t.r);
		assert_int_equal(t.r.counts.skipped, 14 + 12);
		assert_int_equal(t.r.counts.not_ours, 0);
		keylog_free(k);
	}
	talk_release(&t);
}

static void test_joined(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_open(&t, &tls13);
	size_t first = t.s.count;
	talk_chat(&t);
	for (size_t skip = 0; skip < 40; skip++) {
		recorder_again(&t.r);
		struct layer *l = detect_new(&t.r.stream, skip % 3 == 2 ? TRANSPORT_TLS : TRANSPORT_UNKNOWN, NULL);
		for (size_t i = first; i < t.s.count; i++)
			play_bytes(&t.s, l, t.s.steps[i].dir, t.s.steps[i].from + (i == first ? skip : 0), t.s.steps[i].to);
		play_end(l);
		assert_true(recorder_heard(&t.r, "TLS of which the capture lacks the handshake"));
		assert_true(t.r.conn.tls && t.r.conn.transport == TRANSPORT_TLS);
		assert_int_equal(t.r.counts.not_ours, 1);
	}
	talk_release(&t);
}

/* The client's side from the beginning, the server's from its middle. */
static void test_half(void **state)
{
	(void)state;
	struct tls_talk t;
	struct keylog *k;
	talk_open(&t, &tls13);
	size_t from = t.s.wire[DIR_S2C].len;
	talk_chat(&t);
	struct layer *l = listen(&t, &k, true);
	play_bytes(&t.s, l, DIR_C2S, 0, t.s.wire[DIR_C2S].len);
	play_bytes(&t.s, l, DIR_S2C, from, t.s.wire[DIR_S2C].len);
	play_end(l);
	assert_true(recorder_heard(&t.r, "handshake is not whole"));
	keylog_free(k);
	l = listen(&t, &k, true);
	play_bytes(&t.s, l, DIR_C2S, 0, t.s.wire[DIR_C2S].len);
	play_end(l);
	assert_true(recorder_heard(&t.r, "handshake is not whole"));
	assert_int_equal(t.r.counts.tls_waiting, 0);
	keylog_free(k);
	talk_release(&t);
}

/* Only hellos, and nothing of use behind them. */
static void test_no_data(void **state)
{
	(void)state;
	struct tls_talk t;
	struct keylog *k;
	talk_init(&t, &tls13);
	talk_dial(&t);
	SSL_do_handshake(t.end[DIR_C2S]);
	talk_carry(&t, DIR_C2S);
	struct layer *l = listen(&t, &k, true);
	play(&t.s, l, SIZE_MAX, 0);
	play_end(l);
	assert_true(recorder_heard(&t.r, "TLS without any data in it: SNI openiap.example, ALPN http/1.1,h2"));
	keylog_free(k);
	talk_release(&t);
}

static void test_begins_and_find(void **state)
{
	(void)state;
	static const uint8_t hello[] = { 22, 3, 1, 2, 0, 1, 0 };
	static const uint8_t records[] = { 9, 9, 23, 3, 3, 0, 2, 1, 1, 23, 3, 3, 0, 1, 7 };
	for (size_t n = 0; n <= sizeof hello; n++)
		assert_true(tls_begins(slice_of(hello, n)));
	assert_false(tls_begins(slice_of(records + 2, 13)));
	assert_false(tls_begins(slice_str("GET / HTTP/1.1")));
	struct find f = tls_find(slice_of(records, sizeof records), false);
	assert_true(f.status == FIND_FOUND && f.offset == 2);
	f = tls_find(slice_of(records, 9), true);
	assert_true(f.status == FIND_FOUND && f.offset == 2);
	f = tls_find(slice_of(records, 9), false);
	assert_true(f.status == FIND_MORE && f.offset == 2);
	f = tls_find(slice_of(records, 8), true);
	assert_true(f.status == FIND_NONE && f.offset == 8);
}

static void test_hello_cuts(void **state)
{
	(void)state;
	struct tls_talk t;
	talk_init(&t, &tls13);
	talk_dial(&t);
	SSL_do_handshake(t.end[DIR_C2S]);
	talk_carry(&t, DIR_C2S);
	struct slice body = slice_skip(buf_slice(&t.s.wire[DIR_C2S]), 9);
	for (size_t n = 0; n <= body.len; n++) {
		uint8_t *block = malloc(n ? n : 1);
		struct tls_client_hello hello;
		struct tls_server_hello answer;
		memcpy(block, body.at, n);
		bool good = tls_client_hello(slice_of(block, n), &hello);
		tls_server_hello(slice_of(block, n), &answer);
		tls_accepts_early_data(slice_of(block, n));
		assert_true(n < body.len || (good && slice_is(hello.sni, "openiap.example") && hello.alpn.len == 12));
		free(block);
	}
	talk_release(&t);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expansion),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_prf),
		cmocka_unit_test(test_suites),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_renegotiation),
		cmocka_unit_test(test_resumption),
		cmocka_unit_test(test_early_data),
		cmocka_unit_test(test_late_keys),
		cmocka_unit_test(test_keys_line_by_line),
		cmocka_unit_test(test_late_secret),
		cmocka_unit_test(test_held_limit),
		cmocka_unit_test(test_keys_behind_the_end),
		cmocka_unit_test(test_secrets_a_moment_apart),
		cmocka_unit_test(test_unsettled),
		cmocka_unit_test(test_waiting_at_its_end),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_no_keys),
		cmocka_unit_test(test_no_key_log),
		cmocka_unit_test(test_no_keys_of_this),
		cmocka_unit_test(test_wait_limit),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_damaged_record),
		cmocka_unit_test(test_numbers_behind_junk),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_alert),
		cmocka_unit_test(test_many_alerts),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_gap_inside_messages),
		cmocka_unit_test(test_time_of_a_gap),
		cmocka_unit_test(test_gap_before_data),
		cmocka_unit_test(test_handshake_gaps),
		cmocka_unit_test(test_gap_while_waiting),
		cmocka_unit_test(test_gap_over_key_update),
		cmocka_unit_test(test_candidates),
		cmocka_unit_test(test_lost_records),
		cmocka_unit_test(test_detect),
		cmocka_unit_test(test_behind_others),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_half),
		cmocka_unit_test(test_no_data),
		cmocka_unit_test(test_begins_and_find),
		cmocka_unit_test(test_hello_cuts),
	};
	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
