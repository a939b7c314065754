/*
 * The scan against the readers of whole messages: for any message, fed whole, byte by byte, or cut at every position, it must tell
 * what envelope_read tells and judge the payload as schema_valid does. Only of messages that no encoder makes may it say that it is unsure.
 */
#include "messages.h"

#include "tests/scan_agree.h"

struct fixture {
	struct schema *schema;
	struct scan scan;
	uint64_t good, bad_payload, unreadable, unsure; /* messages */
	size_t every_cut;                               /* messages up to that size are cut at every position */
	bool sure;                                      /* no message may leave it unsure */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	f->schema = schema_new();
	f->every_cut = 2000;
	scan_init(&f->scan, f->schema);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	scan_release(&f->scan);
	schema_free(f->schema);
	free(f);
	return 0;
}

static void feed_exact(struct scan *s, struct slice piece)
{
	uint8_t *at = exact_copy(piece);
	scan_feed(s, slice_of(at, piece.len));
	free(at);
}

/* The scan has had the whole message. */
static void compare(struct fixture *f, struct slice message)
{
	const char *why = scan_agree(&f->scan, message);
	struct envelope e;
	if (why)
		fail_msg("%s", why);
	if (!envelope_read(message, &e))
		f->unreadable++;
	else if (scan_unsure(&f->scan))
		f->unsure++;
	else
		*(scan_good(&f->scan) ? &f->good : &f->bad_payload) += 1;
	assert_false(f->sure && f->unsure);
}

static void whole(struct fixture *f, struct slice message)
{
	scan_begin(&f->scan, message.len);
	feed_exact(&f->scan, message);
	compare(f, message);
}

static void byte_by_byte(struct fixture *f, struct slice message)
{
	scan_begin(&f->scan, message.len);
	for (size_t i = 0; i < message.len; i++)
		feed_exact(&f->scan, slice_of(message.at + i, 1));
	compare(f, message);
}

static void in_two(struct fixture *f, struct slice message, size_t at)
{
	scan_begin(&f->scan, message.len);
	feed_exact(&f->scan, slice_head(message, at));
	feed_exact(&f->scan, slice_skip(message, at));
	compare(f, message);
}

static void check(void *user, struct slice message)
{
	struct fixture *f = user;
	whole(f, message);
	byte_by_byte(f, message);
	size_t step = message.len <= f->every_cut ? 1 : message.len / 50;
	for (size_t i = 0; i <= message.len; i += step)
		in_two(f, message, i);
}

static void test_samples(void **state)
{
	struct fixture *f = *state;
	f->sure = true;
	unsigned messages = samples_each(check, f);
	assert_true(messages > 200);
	assert_true(f->good && f->bad_payload && f->unreadable);
}

static void some_envelope(struct fixture *f, struct buf *out, type_id type, uint64_t *seed)
{
	struct buf payload = { 0 };
	const struct command_info *c = schema_command_info(f->schema, (uint16_t)(1 + chance(seed, schema_commands(f->schema))));
	const ProtobufCMessageDescriptor *d = schema_descriptor(f->schema, chance(seed, 3) && c->type ? c->type : type);
	put_message(&payload, d, seed, 0);
	put_envelope(out, c->name, d->name, buf_slice(&payload), seed);
	buf_release(&payload);
}

/* As an encoder writes it: fields in their order, each once. */
static void ordered_envelope(struct fixture *f, struct buf *out, type_id type, uint64_t *seed)
{
	struct buf payload = { 0 };
	char url[80];
	const ProtobufCMessageDescriptor *d = schema_descriptor(f->schema, type);
	uint16_t command = (uint16_t)(1 + chance(seed, schema_commands(f->schema)));
	put_message(&payload, d, seed, 0);
	snprintf(url, sizeof url, "type.googleapis.com/%s", d->name);
	struct envelope e = { .command = slice_str(schema_command_info(f->schema, command)->name),
			      .id = slice_str("id"),
			      .rid = slice_str(chance(seed, 2) ? "rid" : ""),
			      .seq = 3,
			      .jwt = slice_str(chance(seed, 2) ? MUTATE_JWT : ""),
			      .has_data = true,
			      .type_url = slice_str(chance(seed, 3) ? url : ""),
			      .value = buf_slice(&payload) };
	put_as_encoder(out, &e);
	buf_release(&payload);
}

static void test_ordered(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 21;
	f->sure = true;
	for (unsigned round = 0; round < 6u * schema_types(f->schema); round++) {
		struct buf m = { 0 };
		ordered_envelope(f, &m, (type_id)(1 + round % schema_types(f->schema)), &seed);
		check(f, buf_slice(&m));
		buf_release(&m);
	}
	assert_int_equal(f->unreadable, 0);
	assert_true(f->good > 10000);
}

static void test_any_order(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 22;
	for (unsigned round = 0; round < 8u * schema_types(f->schema); round++) {
		struct buf m = { 0 };
		some_envelope(f, &m, (type_id)(1 + round % schema_types(f->schema)), &seed);
		check(f, buf_slice(&m));
		buf_release(&m);
	}
	print_message("good %llu, bad payload %llu, unsure %llu\n", (unsigned long long)f->good, (unsigned long long)f->bad_payload,
		      (unsigned long long)f->unsure);
	assert_true(f->good > f->unsure && f->unsure);
}

static void test_damaged(void **state)
{
	struct fixture *f = *state;
	struct buf before = { 0 };
	uint64_t seed = 23;
	for (unsigned round = 0; round < 60000; round++) {
		struct buf m = { 0 };
		if (round % 2)
			some_envelope(f, &m, (type_id)(1 + round % schema_types(f->schema)), &seed);
		else
			ordered_envelope(f, &m, (type_id)(1 + round % schema_types(f->schema)), &seed);
		mutate(&m, buf_slice(&before), &seed);
		whole(f, buf_slice(&m));
		byte_by_byte(f, buf_slice(&m));
		in_two(f, buf_slice(&m), chance(&seed, (uint32_t)m.len + 1));
		buf_release(&before);
		before = m;
	}
	buf_release(&before);
	assert_true(f->good > 10000 && f->bad_payload > 1000 && f->unreadable > 10000);
}

/* Texts and payloads around the sizes that are kept, in pieces that end around them. */
static void test_limits(void **state)
{
	static const size_t sizes[] = { 0, 1, SCAN_VALUE - 1, SCAN_VALUE, SCAN_VALUE + 1, SCAN_TEXT, SCAN_TEXT + 1, 30000 };
	struct fixture *f = *state;
	uint8_t *filler = malloc(30000);
	for (size_t i = 0; i < 30000; i++)
		filler[i] = (uint8_t)(i / 7);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct buf m = { 0 }, payload = { 0 };
		put_bytes(&payload, 1, slice_of(filler, sizes[i]));
		struct envelope e = { .command = slice_str("stream"),
				      .id = slice_of(filler, sizes[i]),
				      .has_data = true,
				      .jwt = slice_of(filler, sizes[i]),
				      .value = buf_slice(&payload) };
		put_as_encoder(&m, &e);
		check(f, buf_slice(&m));
		buf_release(&m);
		buf_release(&payload);
	}
	free(filler);
}

/* A message of which only the front comes: what was read to its end is known, the text under way is not. */
static void test_front(void **state)
{
	struct fixture *f = *state;
	struct buf m = { 0 };
	uint64_t seed = 24;
	ordered_envelope(f, &m, schema_type_named(f->schema, slice_str("QueryRequest")), &seed);
	for (size_t n = 0; n < m.len; n++) {
		struct envelope want;
		scan_begin(&f->scan, m.len);
		feed_exact(&f->scan, slice_head(buf_slice(&m), n));
		assert_false(scan_readable(&f->scan) || scan_good(&f->scan) || scan_unsure(&f->scan));
		envelope_read(slice_head(buf_slice(&m), n), &want);
		struct envelope got = scan_envelope(&f->scan);
		assert_null(scan_agree_view(&want, &got));
		assert_true(slice_starts(buf_slice(&m), "\x0a"));
		assert_true(got.has_data || !got.value.len);
	}
	buf_release(&m);
}

struct heard {
	struct buf bytes;
};

static void hear(void *user, struct slice bytes)
{
	struct heard *h = user;
	buf_add(&h->bytes, bytes);
}

/* The tap hears the data of a Stream, all of it and nothing else, however the message is cut. */
static void test_tap(void **state)
{
	struct fixture *f = *state;
	struct heard heard = { { 0 } };
	struct buf m = { 0 }, payload = { 0 };
	put_number(&payload, 5, 7);
	put_bytes(&payload, 1, slice_str("the data of a chunk"));
	put_bytes(&payload, 9, slice_str("unknown"));
	struct envelope e = { .command = slice_str("stream"), .id = slice_str("1"), .has_data = true, .value = buf_slice(&payload) };
	put_as_encoder(&m, &e);
	f->scan.tap = hear;
	f->scan.tap_user = &heard;
	for (size_t i = 0; i <= m.len; i++) {
		buf_clear(&heard.bytes);
		in_two(f, buf_slice(&m), i);
		assert_true(slice_is(buf_slice(&heard.bytes), "the data of a chunk"));
		assert_int_equal(f->scan.tapped, 19);
	}
	buf_clear(&heard.bytes);
	buf_clear(&m);
	e.command = slice_str("beginstream");
	put_as_encoder(&m, &e);
	byte_by_byte(f, buf_slice(&m));
	assert_int_equal(heard.bytes.len, 0);
	buf_release(&heard.bytes);
	buf_release(&m);
	buf_release(&payload);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_samples), TEST(test_ordered), TEST(test_any_order), TEST(test_damaged),
		TEST(test_limits),  TEST(test_front),   TEST(test_tap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
