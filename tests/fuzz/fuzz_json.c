/*
 * JSON as it is read in place, held against jansson: what the one takes as a whole value the other takes, as the same kind, with the same members.
 * The same bytes as an Envelope in JSON, as a message of the protocol before Flow 1.5, as text with secrets in it, and as a string of the writer,
 * which must read back as it was.
 */
#include "base/json.h"
#include "base/json_read.h"
#include "base/text.h"
#include "decode/json_form.h"
#include "decode/legacy.h"
#include "decode/redact.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEEP = 100, BUDGET = 8 << 20 };

static void demand(bool good)
{
	if (!good)
		abort();
}

static bool same_kind(enum json_read_kind kind, const json_t *ref)
{
	switch (kind) {
	case JSON_READ_OBJECT: return json_is_object(ref);
	case JSON_READ_ARRAY: return json_is_array(ref);
	case JSON_READ_STRING: return json_is_string(ref);
	case JSON_READ_NUMBER: return json_is_number(ref);
	case JSON_READ_TRUE: return json_is_true(ref);
	case JSON_READ_FALSE: return json_is_false(ref);
	case JSON_READ_NULL: return json_is_null(ref);
	default: return false;
	}
}

static void same(const struct json_value *v, const json_t *ref);

/* Members in order; of a key that comes twice jansson has one, so that objects are only gone through. */
static void same_members(const struct json_value *v, const json_t *ref)
{
	struct json_walk w = json_walk(v->text);
	struct json_value member;
	struct slice key;
	size_t count = 0;
	while (json_next(&w, &key, &member)) {
		if (json_is_array(ref))
			same(&member, json_array_get(ref, count));
		count++;
	}
	demand(!w.bad && !w.cut && json_walk_whole(&w));
	demand(json_is_array(ref) ? count == json_array_size(ref) : count >= json_object_size(ref));
}

static void same(const struct json_value *v, const json_t *ref)
{
	struct buf text = { 0 };
	int64_t integer;
	demand(ref && same_kind(v->kind, ref) && !v->cut);
	if (v->kind == JSON_READ_STRING) {
		json_unescape(&text, json_inner(v));
		demand(text.len == json_string_length(ref) && (!text.len || memcmp(text.at, json_string_value(ref), text.len) == 0));
	} else if (json_is_integer(ref)) {
		demand(json_read_integer(v, &integer) && integer == json_integer_value(ref));
	} else if (v->kind == JSON_READ_OBJECT || v->kind == JSON_READ_ARRAY) {
		same_members(v, ref);
	}
	buf_release(&text);
}

static void against_jansson(struct slice text)
{
	struct json_value v = json_read(text);
	json_error_t error;
	json_t *ref = json_loadb((const char *)text.at, text.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
	if (ref && v.kind != JSON_READ_NONE)
		same(&v, ref);
	json_decref(ref);
}

static void as_messages(struct slice text)
{
	struct arena a;
	struct json_form form;
	struct envelope e;
	arena_init(&a, BUDGET);
	json_form_read(&a, text, &form);
	legacy_read(&a, text, &e);
	arena_release(&a);
}

/* No byte gets lost or comes twice where secrets are looked for. */
static void as_secrets(struct slice text)
{
	struct buf out = { 0 };
	size_t from = 0, start, end;
	while (redact_next(text, from, &start, &end)) {
		demand(start >= from && end >= start && end <= text.len && end > from);
		from = end;
	}
	redact_add(&out, text);
	demand(redact_needed(text) || slice_eq(buf_slice(&out), text));
	buf_release(&out);
}

static void as_string(struct slice text)
{
	struct buf out = { 0 }, back = { 0 };
	struct json j = json_to(&out);
	json_slice(&j, text);
	struct json_value v = json_read(buf_slice(&out));
	demand(v.kind == JSON_READ_STRING && !v.cut && v.text.len == out.len);
	json_unescape(&back, json_inner(&v));
	demand(!text_is_utf8(text) || slice_eq(buf_slice(&back), text));
	for (size_t i = 0; i < out.len; i++)
		demand(out.at[i] >= ' ' && out.at[i] != 0x7f);
	buf_release(&out);
	buf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	against_jansson(text);
	as_messages(text);
	as_secrets(text);
	as_string(text);
	return 0;
}
