/*
 * The view of an Envelope, field by field, and the probe: it must never turn away the front of a good Envelope, and must turn away what
 * is none. (That the view agrees with protobuf-c on anything is test_agree's.)
 */
#include "messages.h"

static struct slice text(const char *s)
{
	return slice_str(s);
}

static void assert_same(const struct envelope *a, const struct envelope *b)
{
	assert_true(slice_eq(a->command, b->command));
	assert_true(slice_eq(a->id, b->id));
	assert_true(slice_eq(a->rid, b->rid));
	assert_true(slice_eq(a->jwt, b->jwt));
	assert_true(slice_eq(a->traceid, b->traceid));
	assert_true(slice_eq(a->spanid, b->spanid));
	assert_true(slice_eq(a->type_url, b->type_url));
	assert_true(slice_eq(a->value, b->value));
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->has_data, b->has_data);
}

static const struct envelope full = {
	.command = { (const uint8_t *)"query", 5 },
	.id = { (const uint8_t *)"mhimi07bg", 9 },
	.rid = { (const uint8_t *)"17", 2 },
	.jwt = { (const uint8_t *)"a.b.c", 5 },
	.traceid = { (const uint8_t *)"trace", 5 },
	.spanid = { (const uint8_t *)"span", 4 },
	.type_url = { (const uint8_t *)"type.googleapis.com/openiap.QueryRequest", 40 },
	.value = { (const uint8_t *)"\x0a\x01x", 3 },
	.priority = 2,
	.seq = 300,
	.has_data = true,
};

static bool read_exact(struct slice s, struct envelope *out, uint8_t **keep)
{
	*keep = exact_copy(s);
	return envelope_read(slice_of(*keep, s.len), out);
}

static void test_full(void **state)
{
	struct buf b = { 0 };
	struct envelope e;
	uint8_t *at;
	(void)state;
	put_as_encoder(&b, &full);
	assert_true(read_exact(buf_slice(&b), &e, &at));
	assert_same(&e, &full);
	assert_true(e.id.at > at && e.spanid.at + e.spanid.len == at + b.len); /* borrowed, not copied */
	free(at);
	buf_release(&b);
}

static void test_empty(void **state)
{
	struct envelope e = full, none = { 0 };
	(void)state;
	assert_true(envelope_read((struct slice){ NULL, 0 }, &e));
	assert_same(&e, &none);
}

/* Numbers from the ends of their range, and one that is longer than 32 bits: the low half counts. */
static void test_numbers(void **state)
{
	static const struct {
		uint64_t wire;
		int32_t seq;
	} cases[] = {
		{ 0, 0 },
		{ 127, 127 },
		{ 128, 128 },
		{ INT32_MAX, INT32_MAX },
		{ 0x80000000u, INT32_MIN },
		{ UINT64_MAX, -1 },
		{ UINT32_MAX, -1 },
		{ (uint64_t)INT64_MIN, 0 },
		{ 0x100000005u, 5 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = { 0 };
		struct envelope e;
		put_number(&b, 3, cases[i].wire);
		put_number(&b, 2, cases[i].wire);
		assert_true(envelope_read(buf_slice(&b), &e));
		assert_int_equal(e.seq, cases[i].seq);
		assert_int_equal(e.priority, cases[i].seq);
		buf_release(&b);
	}
}

/* The last of several values counts; unknown fields do not. */
static void test_twice(void **state)
{
	struct buf b = { 0 };
	struct envelope e;
	(void)state;
	put_bytes(&b, 1, text("first"));
	put_number(&b, 3, 1);
	put_bytes(&b, 10, text("unknown"));
	put_number(&b, 1000, 7);
	put_number(&b, 3, 2);
	put_bytes(&b, 1, text("last"));
	put_bytes(&b, 4, text("id"));
	put_bytes(&b, 4, text(""));
	assert_true(envelope_read(buf_slice(&b), &e));
	assert_true(slice_is(e.command, "last"));
	assert_int_equal(e.seq, 2);
	assert_int_equal(e.id.len, 0);
	buf_release(&b);
}

/* An Any in parts: what a later part lacks is the earlier one's. */
static void test_any_twice(void **state)
{
	struct buf b = { 0 }, any = { 0 };
	struct envelope e;
	(void)state;
	put_bytes(&any, 1, text("url"));
	put_bytes(&any, 2, text("value"));
	put_bytes(&b, 6, buf_slice(&any));
	put_bytes(&b, 6, text(""));
	assert_true(envelope_read(buf_slice(&b), &e));
	assert_true(e.has_data && slice_is(e.type_url, "url") && slice_is(e.value, "value"));
	buf_clear(&any);
	put_bytes(&any, 2, text("other"));
	put_bytes(&b, 6, buf_slice(&any));
	assert_true(envelope_read(buf_slice(&b), &e));
	assert_true(slice_is(e.type_url, "url") && slice_is(e.value, "other"));
	buf_release(&b);
	buf_release(&any);
}

/* Every known field in every wrong wire type. */
static void test_wrong_types(void **state)
{
	(void)state;
	for (uint32_t number = 1; number <= 9; number++) {
		for (unsigned type = 0; type < 8; type++) {
			static const uint8_t zeros[8] = { 0 };
			struct buf b = { 0 };
			struct envelope e;
			bool right = type == (number == 2 || number == 3 ? WIRE_VARINT : WIRE_LENGTH);
			put_tag(&b, number, (enum wire_type)type);
			buf_add(&b, slice_of(zeros, type == WIRE_64BIT ? 8 : type == WIRE_32BIT ? 4 : 1));
			assert_int_equal(envelope_read(buf_slice(&b), &e), right);
			buf_release(&b);
		}
	}
}

/* Cut anywhere but between two fields it is bad, and holds what stood before; of its data the type, too. */
static void test_cut(void **state)
{
	struct buf b = { 0 };
	(void)state;
	put_as_encoder(&b, &full);
	unsigned good = 0;
	struct envelope whole;
	assert_true(envelope_read(buf_slice(&b), &whole));
	size_t typed = (size_t)(whole.type_url.at - buf_slice(&b).at) + whole.type_url.len;
	for (size_t n = 0; n < b.len; n++) {
		struct envelope e;
		uint8_t *at;
		good += read_exact(slice_head(buf_slice(&b), n), &e, &at);
		assert_true(e.command.len == 0 || slice_eq(e.command, full.command));
		assert_true(e.id.len == 0 || slice_eq(e.id, full.id));
		assert_true(e.spanid.len == 0);
		assert_true(slice_eq(e.type_url, n < typed ? slice_of(NULL, 0) : full.type_url));
		free(at);
	}
	assert_int_equal(good, 9); /* before each field */
	buf_release(&b);
}

static enum probe probe_exact(struct slice head, uint64_t length)
{
	uint8_t *at = exact_copy(head);
	enum probe p = envelope_probe(slice_of(at, head.len), length);
	free(at);
	return p;
}

/* Every prefix of a good Envelope: never NO, and no wish for more where there is no more or enough. */
static void check_prefixes(struct slice s)
{
	size_t most = s.len < 300 ? s.len : 300;
	for (size_t n = 0; n <= most; n++) {
		enum probe p = probe_exact(slice_head(s, n), s.len);
		if (p == PROBE_NO || (p == PROBE_MORE && (n >= PROBE_BYTES || n == s.len)))
			fail_msg("%zu of %zu bytes: %d", n, s.len, (int)p);
	}
	assert_int_equal(probe_exact(s, s.len), PROBE_STRONG);
}

static void test_probe_full(void **state)
{
	struct buf b = { 0 };
	(void)state;
	put_as_encoder(&b, &full);
	check_prefixes(buf_slice(&b));
	buf_release(&b);
}

/* Envelopes with any of their fields, of any length. */
static void test_probe_by_chance(void **state)
{
	uint64_t seed = 8;
	uint8_t filler[400];
	(void)state;
	memset(filler, 'x', sizeof filler);
	for (int round = 0; round < 3000; round++) {
		struct buf b = { 0 };
		struct envelope e = { 0 };
		e.command = slice_of(filler, 1 + chance(&seed, 64));
		struct slice *texts[] = { &e.id, &e.rid, &e.jwt, &e.traceid, &e.spanid, &e.type_url, &e.value };
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
			if (chance(&seed, 3))
				*texts[i] = slice_of(filler, chance(&seed, chance(&seed, 5) ? 20 : sizeof filler));
		e.seq = (int32_t)(chance(&seed, 3) ? chance(&seed, 1000) : (uint32_t)chance_number(&seed));
		e.priority = (int32_t)chance(&seed, 4) - (int32_t)(chance(&seed, 20) == 0);
		e.has_data = chance(&seed, 4) > 0;
		put_as_encoder(&b, &e);
		check_prefixes(buf_slice(&b));
		buf_release(&b);
	}
}

static void probe_sample(void *user, struct slice s)
{
	unsigned *odd = user;
	struct envelope e;
	if (envelope_read(s, &e) && e.command.len)
		check_prefixes(s);
	else
		(*odd)++;
}

static void test_probe_samples(void **state)
{
	unsigned odd = 0;
	(void)state;
	unsigned messages = samples_each(probe_sample, &odd);
	print_message("%u messages, %u that are no Envelopes\n", messages, odd);
	assert_true(messages > 200);
	assert_true(odd < 10);
}

static void test_sender(void **state)
{
	static const struct {
		const char *command;
		enum sender sender;
	} cases[] = {
		{ "query", SENDER_CLIENT },      { "signin", SENDER_CLIENT },     { "never-heard-of", SENDER_CLIENT },
		{ "queryreply", SENDER_SERVER }, { "queueevent", SENDER_SERVER }, { "refreshtoken", SENDER_SERVER },
		{ "noop", SENDER_UNKNOWN },      { "error", SENDER_UNKNOWN },     { "stream", SENDER_UNKNOWN },
		{ "QueryReply", SENDER_SERVER }, { "WATCHEVENT", SENDER_SERVER }, { "Ping", SENDER_UNKNOWN },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = { 0 };
		struct envelope e = { .command = slice_str(cases[i].command), .seq = 5 };
		put_as_encoder(&b, &e);
		assert_int_equal(envelope_sender(buf_slice(&b)), cases[i].sender);
		for (size_t n = 0; n < e.command.len + 2; n++)
			assert_int_equal(envelope_sender(slice_head(buf_slice(&b), n)), SENDER_UNKNOWN);
		buf_release(&b);
	}
	assert_int_equal(envelope_sender(slice_str("\x12\5query")), SENDER_UNKNOWN);
}

/* Who sends a command agrees with its kind in the schema: what neither end keeps to itself is named here. */
static void test_sender_of_kinds(void **state)
{
	static const enum sender senders[] = { SENDER_CLIENT, SENDER_SERVER, SENDER_UNKNOWN, SENDER_SERVER, SENDER_UNKNOWN };
	static const char either[] = " ping pong error getelement ", servers[] = " refreshtoken ";
	struct schema *schema = schema_new();
	(void)state;
	for (uint16_t i = 1; i <= schema_commands(schema); i++) {
		const struct command_info *info = schema_command_info(schema, i);
		struct buf b = { 0 }, word = { 0 };
		struct envelope e = { .command = slice_str(info->name) };
		buf_addf(&word, " %s ", info->name);
		enum sender want = strstr(either, buf_cstr(&word))    ? SENDER_UNKNOWN
				   : strstr(servers, buf_cstr(&word)) ? SENDER_SERVER
								      : senders[info->kind];
		put_as_encoder(&b, &e);
		if (envelope_sender(buf_slice(&b)) != want)
			fail_msg("%s", info->name);
		buf_release(&b);
		buf_release(&word);
	}
	schema_free(schema);
}

/* A length that the fields in sight do not have room in. */
static void test_probe_short(void **state)
{
	struct buf b = { 0 };
	(void)state;
	put_as_encoder(&b, &full);
	size_t no = 0;
	for (uint64_t length = 0; length < b.len; length++)
		no += probe_exact(buf_slice(&b), length) == PROBE_NO;
	assert_int_equal(no, b.len - 8); /* all but those that end with one of the first eight fields */
	assert_int_equal(probe_exact(buf_slice(&b), 2), PROBE_NO);
	buf_release(&b);
}

/* Fields of a later version of the protocol, of any wire type, behind those that are known. */
static void test_probe_later(void **state)
{
	static const struct later {
		const char *name;
		struct slice field;
		bool taken;
	} cases[] = {
#define BYTES(text) { (const uint8_t *)(text), sizeof(text) - 1 }
		{ "text 20", BYTES("\xa2\x01\x03x-1"), true },
		{ "64 bits 10", BYTES("\x51\x01\x02\x03\x04\x05\x06\x07\x08"), true },
		{ "32 bits 21", BYTES("\xad\x01\x01\x02\x03\x04"), true },
		{ "number 300", BYTES("\xe0\x12\x07"), true },
		{ "group 10", BYTES("\x53\x54"), false },
		{ "text 3000", BYTES("\xc2\xbb\x01\x01x"), false },
		{ "32 bits as a seq", BYTES("\x1d\x01\x02\x03\x04"), false },
#undef BYTES
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = { 0 };
		struct envelope e = { .command = slice_str("query"), .id = slice_str("a"), .seq = 3 };
		put_as_encoder(&b, &e);
		buf_add(&b, cases[i].field);
		if ((probe_exact(buf_slice(&b), b.len) == PROBE_STRONG) != cases[i].taken)
			fail_msg("%s", cases[i].name);
		if (cases[i].taken)
			check_prefixes(buf_slice(&b));
		buf_release(&b);
	}
}

static void test_probe_others(void **state)
{
	static const char *const texts[] = {
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /api/v2 HTTP/1.1\r\n",
		"HTTP/1.1 101 Switching Protocols\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01\x02\x40\x01\x00\x02\x3c\x03",
		"\x0a\x41",
		"\x0a\x03"
		"a b",
		"\x0a\x03"
		"ab\x80",
		"\x0a\x01x\x0a\x01x\x07xxxxxxxxx",
		"\x0a\x01x\x15\x01\x01\x01\x01",
		"\x0a\x01x\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80",
		"\x0a\x01x\x9a\x80\x80\x80\x80\x80\x80\x80\x80\x80",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (probe_exact(slice_str(texts[i]), 1000) != PROBE_NO)
			fail_msg("text %zu is taken", i);
	}
	assert_int_equal(probe_exact(slice_of("\x0a\x00", 2), 1000), PROBE_NO);
	assert_int_equal(probe_exact(slice_of("\x0a\x02x\x00", 4), 1000), PROBE_NO);
	assert_int_equal(probe_exact(slice_str("\x0a"), 1000), PROBE_MORE);
	assert_int_equal(probe_exact((struct slice){ NULL, 0 }, 100), PROBE_MORE);
	assert_int_equal(probe_exact((struct slice){ NULL, 0 }, 2), PROBE_NO);
}

/* Noise is refused; of noise that begins like an Envelope, nearly all. */
static void test_probe_noise(void **state)
{
	enum { ROUNDS = 200000 };
	uint64_t seed = 10;
	unsigned taken = 0, tagged = 0;
	uint8_t *noise = malloc(PROBE_BYTES);
	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < PROBE_BYTES; i++)
			noise[i] = (uint8_t)chance(&seed, 256);
		uint64_t length = PROBE_BYTES + chance(&seed, 1 << (10 + chance(&seed, 16)));
		taken += envelope_probe(slice_of(noise, PROBE_BYTES), length) != PROBE_NO;
		noise[0] = 0x0a;
		tagged += envelope_probe(slice_of(noise, PROBE_BYTES), length) != PROBE_NO;
	}
	free(noise);
	print_message("noise: %u of %u taken; begun with 0x0a: %u\n", taken, (unsigned)ROUNDS, tagged);
	assert_true(taken <= ROUNDS / 20000);
	assert_true(tagged <= ROUNDS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),          cmocka_unit_test(test_empty),        cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_twice),         cmocka_unit_test(test_any_twice),    cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_cut),           cmocka_unit_test(test_probe_full),   cmocka_unit_test(test_probe_by_chance),
		cmocka_unit_test(test_probe_samples), cmocka_unit_test(test_sender),       cmocka_unit_test(test_sender_of_kinds),
		cmocka_unit_test(test_probe_short),   cmocka_unit_test(test_probe_others), cmocka_unit_test(test_probe_noise),
		cmocka_unit_test(test_probe_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
