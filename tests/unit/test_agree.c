/*
 * View, tree and protobuf-c agree (tests/agree.h): on every message of the samples, on good messages of every
 * type, and on a great many damaged ones. ENVSCOPE_AGREE sets how many of the last; the default takes seconds.
 *
 * No message of the protocol has a number in every form, nor repeated numbers; a descriptor made here has.
 */
#include "tests/agree.h"
#include "tests/mutate.h"

#include "capture/capture.h"
#include "decode/dissect_part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 100000 };

/* In a block of its very size, so that a read past its end is seen. */
static const char *held(struct agree *a, type_id type, struct slice bytes)
{
	uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
	assert_non_null(copy);
	if (bytes.len)
		memcpy(copy, bytes.at, bytes.len);
	struct slice exact = slice_of(copy, bytes.len);
	const char *why = type ? agree_payload(a, type, exact) : agree_envelope(a, exact);
	free(copy);
	return why;
}

static void check(struct agree *a, type_id type, struct slice bytes, uint64_t round)
{
	const char *why = held(a, type, bytes);
	if (!why)
		return;
	print_error("round %llu, %s: %s\n", (unsigned long long)round, type ? schema_name(a->schema, type) : "Envelope", why);
	for (size_t i = 0; i < bytes.len; i++)
		print_error("%02x", bytes.at[i]);
	print_error("\n");
	fail();
}

static const char *some_command(const struct schema *s, uint64_t *seed)
{
	return schema_command_info(s, (uint16_t)(1 + chance(seed, schema_commands(s))))->name;
}

/* One message, alone and in an Envelope, whole and damaged. */
static void one_round(struct agree *a, uint64_t round, struct buf *before, uint64_t *seed)
{
	struct buf payload = { 0 }, envelope = { 0 };
	type_id type = (type_id)(1 + round % schema_types(a->schema));
	const ProtobufCMessageDescriptor *descriptor = schema_descriptor(a->schema, type);
	put_message(&payload, descriptor, seed, 0);
	if (chance(seed, 4))
		mutate(&payload, buf_slice(before), seed);
	check(a, type, buf_slice(&payload), round);
	put_envelope(&envelope, some_command(a->schema, seed), descriptor->name, buf_slice(&payload), seed);
	if (chance(seed, 4))
		mutate(&envelope, buf_slice(before), seed);
	check(a, 0, buf_slice(&envelope), round);
	buf_release(before);
	*before = envelope;
	buf_release(&payload);
}

static void test_damaged(void **state)
{
	struct agree a;
	struct buf before = { 0 };
	uint64_t seed = 20261122;
	const char *wish = getenv("ENVSCOPE_AGREE");
	uint64_t rounds = wish ? strtoull(wish, NULL, 10) : ROUNDS;
	(void)state;
	agree_init(&a);
	for (uint64_t round = 0; round < rounds; round++)
		one_round(&a, round, &before, &seed);
	buf_release(&before);
	agree_release(&a);
}

/* Every good message must be taken: else the agreement above would be one of refusals. */
static void test_good(void **state)
{
	struct agree a;
	uint64_t seed = 1;
	(void)state;
	agree_init(&a);
	for (uint64_t round = 0; round < 5000; round++) {
		struct buf m = { 0 };
		type_id type = (type_id)(1 + round % schema_types(a.schema));
		put_message(&m, schema_descriptor(a.schema, type), &seed, 0);
		check(&a, type, buf_slice(&m), round);
		assert_true(schema_valid(schema_descriptor(a.schema, type), buf_slice(&m)));
		buf_release(&m);
	}
	agree_release(&a);
}

/* Each byte of one message cut off, and each byte set to each value. */
static void test_every_byte(void **state)
{
	struct agree a;
	struct buf m = { 0 };
	(void)state;
	agree_init(&a);
	uint64_t seed = 5;
	const uint8_t explain[] = { 8 << 3, 1, 1 << 3 | 2, 2, '{', '}', 4 << 3, 0x80, 1 };
	put_envelope(&m, "query", "openiap.QueryRequest", slice_of(explain, sizeof explain), &seed);
	for (size_t i = 0; i < m.len; i++) {
		uint8_t good = m.at[i];
		check(&a, 0, slice_head(buf_slice(&m), i), i);
		for (unsigned v = 0; v < 256; v++) {
			m.at[i] = (uint8_t)v;
			check(&a, 0, buf_slice(&m), i);
		}
		m.at[i] = good;
	}
	buf_release(&m);
	agree_release(&a);
}

/* A message with every scalar type, singular (fields 1 to 14) and repeated (15 to 28). */
enum { SCALARS = PROTOBUF_C_TYPE_ENUM + 1 };

struct numbers {
	ProtobufCMessage base;
	uint64_t single[SCALARS];
	size_t count[SCALARS];
	void *many[SCALARS];
};

struct numbers_type {
	ProtobufCMessageDescriptor descriptor;
	ProtobufCFieldDescriptor fields[2 * SCALARS];
	ProtobufCIntRange ranges[2];
};

static void numbers_type_init(struct numbers_type *t)
{
	memset(t, 0, sizeof *t);
	for (unsigned i = 0; i < 2 * SCALARS; i++) {
		unsigned n = i % SCALARS;
		ProtobufCFieldDescriptor *f = &t->fields[i];
		bool many = i >= SCALARS;
		*f = (ProtobufCFieldDescriptor){ .name = "number", .id = i + 1 };
		f->type = (ProtobufCType)n;
		f->label = many ? PROTOBUF_C_LABEL_REPEATED : PROTOBUF_C_LABEL_NONE;
		f->offset = (unsigned)(many ? offsetof(struct numbers, many) + n * sizeof(void *)
					    : offsetof(struct numbers, single) + n * sizeof(uint64_t));
		f->quantifier_offset = many ? (unsigned)(offsetof(struct numbers, count) + n * sizeof(size_t)) : 0;
	}
	t->ranges[0] = (ProtobufCIntRange){ 1, 0 };
	t->ranges[1] = (ProtobufCIntRange){ 0, 2 * SCALARS };
	t->descriptor = (ProtobufCMessageDescriptor){
		.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
		.name = "Numbers",
		.short_name = "Numbers",
		.sizeof_message = sizeof(struct numbers),
		.n_fields = 2 * SCALARS,
		.fields = t->fields,
		.n_field_ranges = 1,
		.field_ranges = t->ranges,
	};
}

/* Elements of a repeated number in one run; now and then with a byte that does not belong there. */
static void put_packed(struct buf *out, const ProtobufCFieldDescriptor *field, uint64_t *seed)
{
	struct buf run = { 0 };
	for (uint32_t left = chance(seed, 6); left; left--) {
		uint64_t v = chance_number(seed);
		if (field->type == PROTOBUF_C_TYPE_BOOL)
			buf_add_byte(&run, (uint8_t)(v & 1));
		else if (schema_wire_type(field) == WIRE_VARINT)
			put_varint(&run, v, seed);
		else
			buf_add(&run, slice_of(&v, schema_wire_type(field) == WIRE_64BIT ? 8 : 4));
	}
	if (chance(seed, 30) == 0)
		buf_add_byte(&run, (uint8_t)chance(seed, 256));
	put_bytes(out, field->id, buf_slice(&run));
	buf_release(&run);
}

/* As dissect_payload, for a type that the schema does not have. */
static const char *agree_on_type(struct agree *a, const ProtobufCMessageDescriptor *type, struct slice bytes)
{
	struct dissection *d = &a->tree;
	arena_clear(&a->memory);
	dissect_payload(d, 0, slice_of(NULL, 0));
	d->bytes = bytes;
	d->root->length = d->root->value_length = (uint32_t)bytes.len;
	d->root->text = bytes;
	dissect_fields(d, d->root, type, bytes, 0, 1);
	const ProtobufCMessage *ref = agree_unpack(a, type, bytes);
	const char *why = agree_places(d);
	if (why)
		return why;
	if ((ref != NULL) != schema_valid(type, bytes) || (ref != NULL) != (node_fault(d->root) == NULL))
		return "they differ on whether it is valid";
	return ref ? agree_message(a, (struct agree_nodes){ (const struct node *[]){ d->root }, 1 }, ref) : NULL;
}

static void test_numbers(void **state)
{
	struct agree a;
	struct numbers_type t;
	struct buf before = { 0 };
	uint64_t seed = 11, valid = 0;
	(void)state;
	agree_init(&a);
	numbers_type_init(&t);
	for (int round = 0; round < 50000; round++) {
		struct buf m = { 0 };
		put_message(&m, &t.descriptor, &seed, 0);
		for (uint32_t left = chance(&seed, 4); left; left--)
			put_packed(&m, &t.fields[SCALARS + chance(&seed, SCALARS)], &seed);
		if (chance(&seed, 3) == 0)
			mutate(&m, buf_slice(&before), &seed);
		const char *why = agree_on_type(&a, &t.descriptor, buf_slice(&m));
		if (why)
			fail_msg("round %d: %s", round, why);
		valid += node_fault(a.tree.root) == NULL;
		buf_release(&before);
		before = m;
	}
	assert_true(valid > 25000);
	buf_release(&before);
	agree_release(&a);
}

struct sample {
	struct agree *a;
	struct buf message[2]; /* one under way a direction */
	uint64_t messages;
};

static void take_piece(void *user, const struct piece *p)
{
	struct sample *s = user;
	struct buf *m = &s->message[p->dir];
	if (p->first)
		buf_clear(m);
	buf_add(m, p->bytes);
	if (!p->last)
		return;
	assert_false(p->cut);
	assert_int_equal(m->len, p->size);
	check(s->a, 0, buf_slice(m), s->messages++);
	assert_null(node_fault(s->a->tree.root));
}

static void no_news(void *user, const struct news *n)
{
	(void)user;
	(void)n;
}

static void no_end(void *user, struct conn_info *conn, int64_t time)
{
	(void)user;
	(void)conn;
	(void)time;
}

/* The number of messages in a sample; all must agree. */
static uint64_t read_sample(struct agree *a, const char *path)
{
	char error[256];
	struct sample s = { .a = a };
	struct sink sink = { &s, take_piece, no_news, no_end, envelope_probe, envelope_sender };
	struct source *source = source_open_file(path, NULL, error, sizeof error);
	assert_non_null(source);
	struct capture_options options = { 0 };
	struct capture *c = capture_new(source, &sink, &options);
	enum capture_status status;
	while ((status = capture_step(c, 1000)) == CAPTURE_MORE)
		;
	assert_int_equal(status, CAPTURE_END);
	capture_finish(c);
	capture_free(c);
	buf_release(&s.message[0]);
	buf_release(&s.message[1]);
	return s.messages;
}

static void test_samples(void **state)
{
	struct agree a;
	(void)state;
	agree_init(&a);
	assert_int_equal(read_sample(&a, "samples/tcp.pcap"), 35 + 44);
	assert_int_equal(read_sample(&a, "samples/ws.pcap"), 36 + 45);
	assert_int_equal(read_sample(&a, "samples/wsdeflate.pcap"), 35 + 44);
	agree_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),    cmocka_unit_test(test_every_byte), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_samples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
