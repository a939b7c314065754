/*
 * The gist of a message.
 *
 * One table says which fields tell what a message is about, best first; a message shows the first few of them that it has, until the line
 * is long enough. Fields are found by name through the descriptors, so a new message with a collectionname needs no line here. Secrets
 * are not in the table.
 */
#include "decode/gist.h"

#include "base/amount.h"
#include "base/json_read.h"
#include "base/text.h"
#include "decode/redact.h"
#include "decode/wire.h"

enum { SHOWN = 3, COLUMNS = 60 };

/* Names of fields that tell something. Each is compared with many names of a message, so their lengths are at hand. */
/* clang-format off */
#define NAME(text) { (const uint8_t *)(text), sizeof(text) - 1 }
/* clang-format on */
static const struct slice telling[] = {
	NAME("collectionname"), NAME("queuename"), NAME("exchangename"), NAME("filename"),  NAME("wiq"),
	NAME("agent"),          NAME("username"),  NAME("command"),      NAME("operation"), NAME("name"),
	NAME("message"),        NAME("query"),     NAME("aggregates"),   NAME("item"),      NAME("document"),
	NAME("workitem"),       NAME("user"),      NAME("agentid"),      NAME("podname"),   NAME("packageid"),
	NAME("correlationId"),  NAME("paths"),     NAME("id"),           NAME("_id"),       NAME("ids"),
	NAME("checksum"),       NAME("data"),      NAME("result"),       NAME("results"),   NAME("xpath"),
	NAME("state"),          NAME("version"),
};
#undef NAME
enum { TELLING = sizeof telling / sizeof *telling };

const char *gist_field(size_t i)
{
	return i < TELLING ? (const char *)telling[i].at : NULL;
}

static int rank(struct slice name)
{
	for (int i = 0; i < TELLING; i++)
		if (name.len == telling[i].len && slice_eq(name, telling[i]))
			return i;
	return TELLING;
}

struct part {
	const ProtobufCFieldDescriptor *field; /* NULL in JSON */
	struct slice value;
	int rank;
	bool cut;
	bool escaped; /* the inside of a JSON string */
};

/* Keeps the SHOWN best parts, best first. */
static void offer(struct part best[SHOWN], struct part p)
{
	for (int i = 0; i < SHOWN; i++) {
		if (p.rank < best[i].rank) {
			struct part worse = best[i];
			best[i] = p;
			p = worse;
		}
	}
}

/* A field at the front of `rest`, which may end within its value. */
static bool next_field(struct slice *rest, struct wire_field *f, bool *cut)
{
	uint64_t length;
	struct slice at = *rest;
	*cut = false;
	if (wire_next(rest, f) == WIRE_FIELD)
		return true;
	size_t n = wire_header(at, f, &length);
	if (!n || f->type != WIRE_LENGTH)
		return false;
	f->bytes = slice_skip(at, n);
	*rest = (struct slice){ NULL, 0 };
	*cut = true;
	return true;
}

static void add_text(struct buf *out, struct slice value, int columns)
{
	struct slice head = slice_head(value, 4 * (size_t)columns);
	/* A character that the cut went through is not shown. */
	while (head.len < value.len && head.len > 0 && (value.at[head.len] & 0xc0) == 0x80)
		head.len--;
	bool cut = head.len < value.len;
	struct buf shown = { 0 };
	size_t before = out->len;
	int used = text_add_fit(out, redact_text(head, &shown), columns);
	if (cut && used < columns && out->len > before)
		buf_add_str(out, "…");
	buf_release(&shown);
}

static void add_part(struct buf *out, size_t start, const struct schema *schema, const struct part *p);

/* start: where the gist begins in out. */
static void add_parts(struct buf *out, size_t start, const struct schema *schema, const ProtobufCMessageDescriptor *type,
		      struct slice value, int most)
{
	struct part best[SHOWN];
	struct wire_field f;
	bool cut;
	for (int i = 0; i < SHOWN; i++)
		best[i] = (struct part){ .rank = TELLING };
	while (next_field(&value, &f, &cut)) {
		const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, f.number);
		if (field && f.type == WIRE_LENGTH && f.bytes.len && !schema_is_secret(field))
			offer(best, (struct part){ field, f.bytes, rank(slice_str(field->name)), cut, false });
	}
	for (int i = 0; i < most && best[i].field; i++) {
		if (text_columns(slice_skip(buf_slice(out), start)) >= COLUMNS)
			return;
		if (i)
			buf_add_str(out, " ");
		add_part(out, start, schema, &best[i]);
	}
}

static void add_bytes(struct buf *out, size_t n, const char *words)
{
	buf_addf(out, "%zu ", n);
	amount_add_words(out, n, words);
}

static void add_part(struct buf *out, size_t start, const struct schema *schema, const struct part *p)
{
	if (p->field->type == PROTOBUF_C_TYPE_MESSAGE)
		add_parts(out, start, schema, p->field->descriptor, p->value, 2);
	else if (p->field->type == PROTOBUF_C_TYPE_STRING)
		add_text(out, p->value, COLUMNS);
	else
		add_bytes(out, p->value.len, "byte");
}

void gist_add(struct buf *out, const struct schema *schema, type_id type, struct slice value)
{
	const ProtobufCMessageDescriptor *d = schema_descriptor(schema, type);
	if (d)
		add_parts(out, out->len, schema, d, value, SHOWN);
	else if (value.len)
		add_bytes(out, value.len, "byte[s] of an unknown type");
}

/* A member's value as it is shown: a text without its quotes, an object as it is written. */
static struct slice shown_value(const struct json_value *v)
{
	return v->kind == JSON_READ_STRING ? json_inner(v) : v->text;
}

static void add_member(struct buf *out, const struct part *p)
{
	struct buf plain = { 0 };
	struct slice head = slice_head(p->value, 8 * COLUMNS);
	if (p->escaped)
		json_unescape(&plain, head);
	add_text(out, p->escaped ? buf_slice(&plain) : head, COLUMNS);
	buf_release(&plain);
}

void gist_add_json(struct buf *out, struct slice text)
{
	struct part best[SHOWN];
	struct json_walk w = json_walk(text);
	struct json_value v;
	struct slice key;
	size_t start = out->len;
	for (int i = 0; i < SHOWN; i++)
		best[i] = (struct part){ .rank = TELLING };
	while (json_next(&w, &key, &v)) {
		bool wordy = v.kind == JSON_READ_STRING || v.kind == JSON_READ_OBJECT || v.kind == JSON_READ_ARRAY;
		if (w.object && wordy && shown_value(&v).len && !schema_secret_name(key))
			offer(best, (struct part){ .value = shown_value(&v), .rank = rank(key), .escaped = v.kind == JSON_READ_STRING });
	}
	if (!best[0].value.len)
		add_text(out, text, COLUMNS);
	for (int i = 0; i < SHOWN && best[i].value.len && text_columns(slice_skip(buf_slice(out), start)) < COLUMNS; i++) {
		if (i)
			buf_add_byte(out, ' ');
		add_member(out, &best[i]);
	}
}
