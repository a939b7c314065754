/* The dissection tree: places, types, JSON, tokens, fields without a schema, faults, cut messages, the
 * budget. */
#include "decode/dissect.h"
#include "tests/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { BUDGET = 4 << 20 };

struct fixture {
	struct schema *schema;
	struct dissection d;
	struct buf m; /* the message */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	f->schema = schema_new();
	dissection_init(&f->d, f->schema, BUDGET);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	dissection_release(&f->d);
	schema_free(f->schema);
	buf_release(&f->m);
	free(f);
	return 0;
}

static void assert_slice(struct slice s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	assert_memory_equal(s.at, text, s.len);
}

static struct node *child(const struct node *n, const char *name)
{
	assert_non_null(n);
	struct node *c = node_child(n, name);
	if (!c)
		fail_msg("no child %s", name);
	return c;
}

static void put_text(struct buf *out, uint32_t number, const char *text)
{
	put_bytes(out, number, slice_str(text));
}

/* command, id, data{type_url, value} */
static void put_simple(struct buf *out, const char *command, const char *url, struct slice value)
{
	struct buf any = { 0 };
	if (url[0])
		put_text(&any, 1, url);
	put_bytes(&any, 2, value);
	put_text(out, 1, command);
	put_text(out, 4, "5");
	put_bytes(out, 6, buf_slice(&any));
	buf_release(&any);
}

static struct node *payload_of(struct fixture *f, const char *type, const struct buf *bytes)
{
	type_id t = type ? schema_type_named(f->schema, slice_str(type)) : 0;
	assert_true(!type || t);
	dissect_payload(&f->d, t, buf_slice(bytes));
	return f->d.root;
}

static void test_query(void **state)
{
	struct fixture *f = *state;
	struct buf q = { 0 };
	put_text(&q, 1, "{\"b\":1,\"a\":[true,null,\"x\\u00e9\"]}");
	put_text(&q, 2, "entities");
	put_number(&q, 4, 100);
	put_number(&q, 8, 1);
	put_simple(&f->m, "query", "type.googleapis.com/openiap.QueryRequest", buf_slice(&q));
	put_number(&f->m, 3, 0xffffffffffffffff);
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len);
	assert_null(node_fault(f->d.root));
	assert_string_equal(f->d.root->type, "Envelope");
	assert_slice(child(f->d.root, "command")->text, "query");
	assert_int_equal(child(f->d.root, "command")->offset, 0);
	assert_int_equal(child(f->d.root, "command")->length, 7);
	assert_int_equal(child(f->d.root, "command")->value_offset, 2);
	assert_int_equal(child(f->d.root, "seq")->integer, -1);
	assert_string_equal(child(f->d.root, "seq")->type, "int32");
	struct node *any = child(f->d.root, "data");
	assert_string_equal(any->type, "Any");
	assert_slice(child(any, "type_url")->text, "type.googleapis.com/openiap.QueryRequest");
	struct node *value = child(any, "value");
	assert_ptr_equal(value, f->d.payload);
	assert_string_equal(value->type, "QueryRequest");
	assert_string_equal(schema_name(f->schema, f->d.type), "QueryRequest");
	assert_false(f->d.type_by_command);
	assert_memory_equal(f->m.at + value->value_offset, q.at, q.len);
	assert_int_equal(value->value_length, q.len);
	struct node *text = child(value, "query");
	assert_int_equal(text->offset, value->value_offset);
	struct node *object = text->child;
	assert_int_equal(object->kind, NODE_OBJECT);
	assert_int_equal(object->name.len, 0);
	assert_true(object->from_text);
	assert_int_equal(object->offset, text->offset);
	assert_slice(object->child->name, "b");
	assert_slice(object->child->text, "1");
	struct node *array = child(object, "a");
	assert_int_equal(child(array, "0")->kind, NODE_BOOL);
	assert_int_equal(child(array, "0")->integer, 1);
	assert_int_equal(child(array, "1")->kind, NODE_NULL);
	assert_slice(child(array, "2")->text, "x\xc3\xa9");
	assert_int_equal(child(value, "top")->integer, 100);
	assert_int_equal(child(value, "explain")->integer, 1);
	assert_int_equal(child(value, "explain")->kind, NODE_BOOL);
	buf_release(&q);
}

static void expect_type(struct fixture *f, const char *command, const char *url, const char *rid, const char *type, bool by_command)
{
	buf_clear(&f->m);
	put_simple(&f->m, command, url, slice_str(""));
	if (rid)
		put_text(&f->m, 5, rid);
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len);
	assert_int_equal(f->d.type_by_command, by_command);
	assert_non_null(f->d.payload);
	assert_string_equal(f->d.payload->type, type ? type : "message");
	assert_int_equal(f->d.type, type ? schema_type_named(f->schema, slice_str(type)) : 0);
}

static void test_types(void **state)
{
	struct fixture *f = *state;
	expect_type(f, "query", "type.googleapis.com/openiap.QueryRequest", NULL, "QueryRequest", false);
	expect_type(f, "query", "openiap.CountRequest", NULL, "CountRequest", false);
	expect_type(f, "query", "", NULL, "QueryRequest", true);
	expect_type(f, "QUERYreply", "", "1", "QueryResponse", true);
	expect_type(f, "query", "type.googleapis.com/openiap.Nonsense", NULL, "QueryRequest", true);
	expect_type(f, "getelement", "", NULL, "GetElementRequest", true);
	expect_type(f, "getelement", "", "7", "GetElementResponse", true);
	expect_type(f, "frobnicate", "openiap.Frob", NULL, NULL, true);
	expect_type(f, "endstream", "", "3", "EndStream", true);
}

static void test_no_payload(void **state)
{
	struct fixture *f = *state;
	put_text(&f->m, 1, "pong");
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len);
	assert_null(f->d.payload);
	assert_string_equal(schema_name(f->schema, f->d.type), "PingResponse");
	put_text(&f->m, 6, "");
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len);
	assert_non_null(f->d.payload);
	assert_string_equal(f->d.payload->type, "PingResponse");
	assert_int_equal(f->d.payload->offset, f->m.len);
	assert_int_equal(f->d.payload->length, 0);
	dissect_envelope(&f->d, slice_of(NULL, 0), 0);
	assert_null(f->d.payload);
	assert_null(f->d.root->child);
	assert_null(node_fault(f->d.root));
}

/* An Any in two parts, before the command, is one. */
static void test_merged_any(void **state)
{
	struct fixture *f = *state;
	put_bytes(&f->m, 6, slice_of("\x12\x02\x08\x07", 4));
	put_bytes(&f->m, 6, slice_of("\x0a\x15openiap.CountResponse", 23));
	put_text(&f->m, 1, "countreply");
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len);
	assert_null(node_fault(f->d.root));
	assert_string_equal(f->d.payload->type, "CountResponse");
	assert_int_equal(child(f->d.payload, "result")->integer, 7);
	assert_int_equal(f->d.payload->value_offset, 4);
}

static void test_secrets(void **state)
{
	struct fixture *f = *state;
	put_text(&f->m, 1, "allan");
	put_text(&f->m, 2, "{\"tricky\":1}");
	put_text(&f->m, 3, MUTATE_JWT);
	put_text(&f->m, 6, "{\"password\":\"x\",\"jwt\":{\"$in\":[\"y\",7]},\"user\":\"z\"}");
	struct node *root = payload_of(f, "SigninRequest", &f->m);
	assert_false(child(root, "username")->secret);
	assert_true(child(root, "password")->secret);
	assert_null(child(root, "password")->child);
	struct node *jwt = child(root, "jwt"), *claims = child(jwt, "claims");
	assert_true(jwt->secret);
	assert_slice(child(child(jwt, "header"), "alg")->text, "HS256");
	assert_slice(child(child(claims, "data"), "username")->text, "allan");
	assert_false(child(child(claims, "data"), "username")->secret);
	assert_slice(child(claims, "iat")->text, "1764000000");
	assert_string_equal(child(claims, "exp")->type, "NumericDate");
	assert_true(child(claims, "exp")->integer == 1764003600 * INT64_C(1000000000));
	struct node *agent = child(root, "agent")->child;
	assert_true(child(agent, "password")->secret);
	struct node *in = child(child(agent, "jwt"), "$in");
	assert_true(child(in, "0")->secret && child(in, "1")->secret);
	assert_false(child(agent, "user")->secret);
}

/* Bytes are shown in another writing, hexadecimal or base64, in which a part of them can't be hidden: with a secret key in them all are. */
static void test_secret_bytes(void **state)
{
	static const char with[] = "\0{\"a\":1,\"password\":\"x\"}\xff", without[] = "\0{\"a\":1,\"passwords\":\"x\"}\xff";
	struct fixture *f = *state;
	put_bytes(&f->m, 1, slice_of(with, sizeof with - 1));
	put_bytes(&f->m, 66, slice_of(with, sizeof with - 1));
	put_bytes(&f->m, 67, slice_of(without, sizeof without - 1));
	struct node *root = payload_of(f, "Stream", &f->m);
	assert_int_equal(child(root, "data")->kind, NODE_BYTES);
	assert_true(child(root, "data")->secret);
	assert_true(child(root, "66")->secret);
	assert_false(child(root, "67")->secret);
	buf_clear(&f->m);
	put_bytes(&f->m, 1, slice_of(without, sizeof without - 1));
	assert_false(child(payload_of(f, "Stream", &f->m), "data")->secret);
}

/* An Any that is not the payload's, or no longer: what is secret in it is not known. */
static void test_secret_any(void **state)
{
	struct fixture *f = *state;
	struct buf inner = { 0 };
	put_simple(&f->m, "signin", "openiap.SigninRequest", slice_str("\x12\x01x"));
	put_bytes(&f->m, 6, slice_str("\x12\x03\x12\x01y"));
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len);
	struct node *first = child(child(f->d.root, "data"), "value");
	assert_true(first != f->d.payload && first->secret);
	assert_false(f->d.payload->secret);
	assert_slice(child(f->d.payload, "password")->text, "y");
	put_text(&inner, 1, "openiap.SigninRequest");
	put_bytes(&inner, 2, slice_str("\x12\x01x"));
	buf_clear(&f->m);
	put_simple(&f->m, "signin", "google.protobuf.Any", buf_slice(&inner));
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len);
	assert_string_equal(f->d.payload->type, "Any");
	assert_true(child(f->d.payload, "value")->secret);
	buf_release(&inner);
}

static void test_shallow(void **state)
{
	struct fixture *f = *state;
	f->d.shallow = true;
	put_text(&f->m, 3, MUTATE_JWT);
	put_text(&f->m, 6, "{}");
	put_text(&f->m, 66, "{}");
	struct node *root = payload_of(f, "SigninRequest", &f->m);
	assert_null(child(root, "jwt")->child);
	assert_null(child(root, "agent")->child);
	assert_null(child(root, "66")->child);
	assert_true(child(root, "jwt")->secret);
}

static void test_no_token(void **state)
{
	static const char *const texts[] = { "", ".", "..", "a.b.c", "e30", "e30.e30", "W10.e30.x", "e3*.e30.x", "{}" };
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		buf_clear(&f->m);
		put_text(&f->m, 3, texts[i]);
		assert_null(child(payload_of(f, "SigninRequest", &f->m), "jwt")->child);
	}
	buf_clear(&f->m);
	put_text(&f->m, 3, "e30.eyJleHAiOjFlMzAwLCJuYmYiOiJ4In0.x"); /* {"exp":1e300,"nbf":"x"} */
	struct node *claims = child(child(payload_of(f, "SigninRequest", &f->m), "jwt"), "claims");
	assert_null(child(claims, "exp")->type);
	assert_null(child(claims, "nbf")->type);
}

static void test_time(void **state)
{
	struct fixture *f = *state;
	struct buf t = { 0 };
	put_number(&t, 1, 1764000000);
	put_number(&t, 2, 500);
	put_bytes(&f->m, 5, buf_slice(&t));
	put_number(&t, 2, 1000000000);
	put_bytes(&f->m, 6, buf_slice(&t));
	buf_clear(&t);
	put_number(&t, 1, (uint64_t)1 << 62);
	put_bytes(&f->m, 6, buf_slice(&t));
	struct node *root = payload_of(f, "Workitem", &f->m);
	struct node *next = child(root, "nextrun");
	assert_int_equal(next->kind, NODE_TIME);
	assert_true(next->integer == 1764000000 * INT64_C(1000000000) + 500);
	assert_int_equal(child(next, "nanos")->integer, 500);
	assert_int_equal(next->next->kind, NODE_MESSAGE);
	assert_int_equal(next->next->next->kind, NODE_MESSAGE);
	assert_string_equal(next->next->type, "Timestamp");
	buf_release(&t);
}

static const struct node *json_of(struct fixture *f, struct slice text)
{
	buf_clear(&f->m);
	put_bytes(&f->m, 1, text);
	struct node *n = child(payload_of(f, "QueryResponse", &f->m), "results");
	assert_true(slice_eq(n->text, text));
	return n->child;
}

static void test_json_numbers(void **state)
{
	static const char *const same[] = { "0", "-1", "9223372036854775807", "-9223372036854775808", "0.1", "1e+300", "2.5" };
	struct fixture *f = *state;
	char text[64];
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		int n = snprintf(text, sizeof text, "[%s]", same[i]);
		assert_slice(json_of(f, slice_of(text, (size_t)n))->child->text, same[i]);
	}
	const struct node *big = json_of(f, slice_str("[9223372036854775808, 3]"))->child;
	assert_true(big->real == 9223372036854775808.0);
	assert_slice(big->next->text, "3");
	assert_null(json_of(f, slice_str("[1e999]")));
}

static void test_json_shapes(void **state)
{
	static const char *const none[] = {
		"", " ", "5", "\"x\"", "null", "{", "[1,]", "{}x", "[] []", "x{}", "{\"a\":\"\\ud800\"}", "[\xff]", "]", "{\"a\"}",
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_null(json_of(f, slice_str(none[i])));
	assert_int_equal(json_of(f, slice_str(" \t\r\n{} \n"))->kind, NODE_OBJECT);
	const struct node *n = json_of(f, slice_str("{\"z\":1,\"\":{\"]\":\"}\"},\"a\":\"\\u0000!\"}"));
	assert_slice(n->child->name, "z");
	assert_slice(n->child->next->name, "");
	assert_slice(n->child->next->child->text, "}");
	assert_int_equal(n->last->text.len, 2);
	assert_memory_equal(n->last->text.at, "\0!", 2);
}

static void nest(struct buf *out, const char *open, const char *close, size_t depth)
{
	buf_clear(out);
	for (size_t i = 0; i < depth; i++)
		buf_add_str(out, open);
	for (size_t i = 0; i < depth; i++)
		buf_add_str(out, close);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_json_limits(void **state)
{
	struct fixture *f = *state;
	struct buf text = { 0 };
	nest(&text, "[", "]", 64);
	assert_non_null(json_of(f, buf_slice(&text)));
	nest(&text, "[", "]", 65);
	assert_null(json_of(f, buf_slice(&text)));
	nest(&text, "{\"a\":", "}", 65);
	assert_null(json_of(f, buf_slice(&text)));
	double start = seconds();
	nest(&text, "[", "]", 1000000);
	assert_null(json_of(f, buf_slice(&text)));
	nest(&text, "[],", "", 1000000);
	text.at[0] = '[';
	text.at[text.len - 1] = ']';
	assert_null(json_of(f, buf_slice(&text)));
	assert_true(seconds() - start < 1);
	buf_clear(&text);
	buf_add_str(&text, "[\"");
	memset(buf_reserve(&text, 8 << 20), 'x', 8 << 20);
	text.len += 8 << 20;
	buf_add_str(&text, "\"]");
	assert_null(json_of(f, buf_slice(&text)));
	buf_release(&text);
}

static void test_unknown(void **state)
{
	struct fixture *f = *state;
	put_number(&f->m, 1, 150);
	put_text(&f->m, 2, "text\n");
	put_text(&f->m, 3, "");
	put_bytes(&f->m, 4, slice_of("\x08\x96\x01\x12\x01z", 6));
	put_bytes(&f->m, 5, slice_of("\x00\xff", 2));
	buf_add(&f->m, slice_of("\x35\x01\x02\x03\x04\x39\x01\x02\x03\x04\x05\x06\x07\x08", 14));
	put_text(&f->m, 8, "[1]");
	put_bytes(&f->m, 8, slice_of("\x02\x00", 2));
	struct node *root = payload_of(f, NULL, &f->m), *n = root->child;
	assert_null(node_fault(root));
	assert_slice(n->name, "1");
	assert_int_equal(n->kind, NODE_UINT);
	assert_int_equal(n->integer, 150);
	assert_string_equal(n->type, "varint");
	assert_true(n->unknown);
	assert_int_equal(child(root, "2")->kind, NODE_STRING);
	assert_int_equal(child(root, "3")->kind, NODE_STRING);
	n = child(root, "4");
	assert_int_equal(n->kind, NODE_MESSAGE);
	assert_int_equal(child(n, "1")->integer, 150);
	assert_slice(child(n, "2")->text, "z");
	assert_int_equal(child(root, "5")->kind, NODE_BYTES);
	assert_int_equal(child(root, "6")->integer, 0x04030201);
	assert_string_equal(child(root, "6")->type, "fixed32");
	assert_true(child(root, "7")->integer == 0x0807060504030201);
	assert_int_equal(child(root, "8")->child->kind, NODE_ARRAY);
	assert_int_equal(root->last->kind, NODE_BYTES); /* a field number of 0 is no message */
}

static void test_unknown_in_known(void **state)
{
	struct fixture *f = *state;
	put_number(&f->m, 99, 5);
	put_text(&f->m, 2, "c");
	struct node *root = payload_of(f, "QueryRequest", &f->m);
	assert_true(child(root, "99")->unknown);
	assert_false(child(root, "collectionname")->unknown);
}

/* Each level of `depth` messages holds the next in the same field. */
static void nest_message(struct buf *out, uint32_t number, size_t depth)
{
	struct buf inner = { 0 };
	buf_clear(out);
	for (size_t i = 1; i < depth; i++) {
		buf_clear(&inner);
		put_bytes(&inner, number, buf_slice(out));
		buf_clear(out);
		buf_add(out, buf_slice(&inner));
	}
	buf_release(&inner);
}

static void test_depth(void **state)
{
	struct fixture *f = *state;
	const ProtobufCMessageDescriptor *type = schema_descriptor(f->schema,
								   schema_type_named(f->schema, slice_str("StripeSubscription")));
	nest_message(&f->m, 4, 100);
	assert_null(node_fault(payload_of(f, "StripeSubscription", &f->m)));
	assert_true(schema_valid(type, buf_slice(&f->m)));
	nest_message(&f->m, 4, 101);
	assert_string_equal(node_fault(payload_of(f, "StripeSubscription", &f->m)), "messages nested too deep");
	assert_false(schema_valid(type, buf_slice(&f->m)));
	nest_message(&f->m, 4, 20000);
	assert_non_null(node_fault(payload_of(f, "StripeSubscription", &f->m)));
	nest_message(&f->m, 1, 20000);
	assert_null(node_fault(payload_of(f, NULL, &f->m)));
}

static void test_faults(void **state)
{
	struct fixture *f = *state;
	put_text(&f->m, 1, "{}");
	put_number(&f->m, 2, 5); /* collectionname as a varint */
	put_number(&f->m, 4, 9);
	buf_add(&f->m, slice_of("\x1a\x7f\x41", 3)); /* 127 bytes, of which one is there */
	struct node *root = payload_of(f, "QueryRequest", &f->m), *bad = child(root, "collectionname");
	assert_int_equal(bad->kind, NODE_BAD);
	assert_string_equal(bad->fault, "not the wire type of this field");
	assert_int_equal(bad->offset, 4);
	assert_int_equal(bad->length, 2);
	assert_int_equal(child(root, "top")->integer, 9);
	assert_int_equal(root->last->kind, NODE_BAD);
	assert_int_equal(root->last->offset, 8);
	assert_int_equal(root->last->length, 3);
	assert_string_equal(root->last->fault, "no field of a message can be read here");
	assert_int_equal(root->last->integer, 0);
	assert_false(root->last->secret);
	buf_clear(&f->m);
	buf_add(&f->m, slice_of("\x9b\x06\x08\x01\x9c\x06", 6)); /* a group 99 that is balanced: protobuf-c refuses it, so the tree does */
	assert_null(protobuf_c_message_unpack(schema_descriptor(f->schema, schema_type_named(f->schema, slice_str("QueryRequest"))), NULL,
					      f->m.len, f->m.at));
	assert_string_equal(node_fault(payload_of(f, "QueryRequest", &f->m)), "a group (wire type 3 or 4), which proto3 does not have");
	buf_clear(&f->m);
	buf_add(&f->m, slice_of("\x12\x7f\x41", 3)); /* the rest begins with a password */
	assert_true(payload_of(f, "SigninRequest", &f->m)->child->secret);
}

/* A fault in a message inside leaves what stands behind it. */
static void test_fault_inside(void **state)
{
	struct fixture *f = *state;
	put_simple(&f->m, "query", "openiap.QueryRequest", slice_of("\x0f", 1));
	put_text(&f->m, 8, "trace");
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len);
	assert_slice(child(f->d.root, "traceid")->text, "trace");
	assert_non_null(node_fault(f->d.payload));
	buf_clear(&f->m);
	put_text(&f->m, 1, "query");
	put_text(&f->m, 6, "\x0f");
	put_text(&f->m, 8, "trace");
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len);
	assert_slice(child(f->d.root, "traceid")->text, "trace");
	assert_non_null(node_fault(child(f->d.root, "data")));
	assert_null(f->d.payload);
}

static const struct node *last_leaf(const struct node *n)
{
	const struct node *last = n;
	for (const struct node *c = n; c; c = node_after(c, n))
		if (!c->from_text && c->offset + c->length >= last->offset + last->length && c->kind == NODE_BAD)
			last = c;
	return last;
}

/* The front of a message, each length of it, in a block of that size. */
static void test_cut(void **state)
{
	struct fixture *f = *state;
	struct buf q = { 0 };
	put_text(&q, 1, "{\"name\":\"x\"}");
	put_text(&q, 2, "entities");
	put_number(&q, 4, 100000);
	put_simple(&f->m, "query", "openiap.QueryRequest", buf_slice(&q));
	put_text(&f->m, 7, MUTATE_JWT);
	for (size_t n = 0; n < f->m.len; n++) {
		uint8_t *front = malloc(n + 1);
		memcpy(front, f->m.at, n);
		dissect_envelope(&f->d, slice_of(front, n), f->m.len);
		const struct node *bad = last_leaf(f->d.root);
		assert_int_equal(bad->kind, NODE_BAD);
		assert_string_equal(bad->fault, "the capture ends here");
		assert_int_equal(bad->offset, n);
		assert_int_equal(bad->integer, f->m.len - n);
		size_t faults = 0;
		for (const struct node *c = f->d.root; c; c = node_after(c, f->d.root))
			faults += c->kind == NODE_BAD;
		assert_int_equal(faults, 1);
		if (n >= 7)
			assert_slice(child(f->d.root, "command")->text, "query");
		free(front);
	}
	buf_release(&q);
}

static void test_cut_content(void **state)
{
	struct fixture *f = *state;
	struct buf r = { 0 };
	put_text(&r, 1, "[1,2,3,4,5,6,7,8,9]");
	put_simple(&f->m, "queryreply", "openiap.QueryResponse", buf_slice(&r));
	dissect_envelope(&f->d, slice_head(buf_slice(&f->m), f->m.len - 9), f->m.len);
	assert_string_equal(f->d.payload->type, "QueryResponse");
	assert_null(f->d.payload->fault);
	struct node *results = child(f->d.payload, "results");
	assert_slice(results->text, "[1,2,3,4,5");
	assert_null(results->child);
	assert_string_equal(results->fault, "the capture ends here");
	assert_int_equal(results->integer, 9);
	assert_int_equal(results->next->kind, NODE_BAD);
	assert_null(child(f->d.root, "data")->next);
	/* a length beyond the end of the whole message is no cut */
	dissect_envelope(&f->d, slice_head(buf_slice(&f->m), f->m.len - 9), f->m.len - 1);
	assert_string_equal(node_fault(f->d.root), "no field of a message can be read here");
	buf_release(&r);
}

/* Whatever the budget: the tree is whole, or ends in one node that says so, and takes no more. */
static void test_budget(void **state)
{
	struct fixture *f = *state;
	struct buf q = { 0 };
	put_text(&q, 1, "{\"a\":[1,2,{\"b\":null}]}");
	put_number(&q, 77, 5);
	put_text(&q, 2, "c");
	put_simple(&f->m, "query", "openiap.QueryRequest", buf_slice(&q));
	put_text(&f->m, 7, MUTATE_JWT);
	bool whole = false;
	for (size_t budget = 0; budget < 8192; budget += 8) {
		struct dissection d;
		dissection_init(&d, f->schema, budget);
		dissect_envelope(&d, buf_slice(&f->m), f->m.len);
		const char *fault = d.root ? node_fault(d.root) : NULL;
		assert_true(d.root || budget < sizeof(struct node));
		assert_true(d.arena.used <= budget);
		if (fault)
			assert_string_equal(fault, "too many fields to show");
		whole = d.root && !fault;
		size_t faults = 0;
		for (const struct node *c = d.root; c; c = node_after(c, d.root))
			faults += c->kind == NODE_BAD;
		assert_int_equal(faults, d.root && fault ? 1 : 0);
		dissection_release(&d);
	}
	assert_true(whole);
	buf_release(&q);
}

/* Two hundred thousand elements: the time may not grow with their square. */
static void test_many(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < 200000; i++)
		put_text(&f->m, 1, "x");
	dissection_release(&f->d);
	dissection_init(&f->d, f->schema, (size_t)64 << 20);
	double start = seconds();
	struct node *root = payload_of(f, "DistinctResponse", &f->m);
	assert_true(seconds() - start < 2);
	size_t count = 0;
	for (const struct node *c = root->child; c; c = c->next)
		count += c->repeated;
	assert_int_equal(count, 200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_query, setup, teardown),
		cmocka_unit_test_setup_teardown(test_types, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_payload, setup, teardown),
		cmocka_unit_test_setup_teardown(test_merged_any, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secrets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secret_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secret_any, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shallow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_token, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json_shapes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_in_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fault_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_content, setup, teardown),
		cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
