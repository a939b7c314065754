/*
 * The gist of a message.
 *
 * One table says which fields tell what a message is about, best first; a message shows the first few of them that it has, until the line
 * is long enough. Fields are found by name through the descriptors, so a new message with a collectionname needs no line here. Secrets
 * are not in the table.
 */
#include "decode/gist.h"

#include "base/text.h"
#include "decode/redact.h"
#include "decode/wire.h"

enum { SHOWN = 3, COLUMNS = 60 };

/* Names of fields that tell something. */
static const char *const telling[] = {
	"collectionname", "queuename", "exchangename", "filename", "wiq", "agent", "username", "command", "operation", "name",
	"message", "query", "aggregates", "item", "document", "workitem", "user", "agentid", "podname", "packageid", "correlationId",
	"paths", "id", "_id", "ids", "checksum", "data", "result", "results", "xpath", "state", "version",
};
enum { TELLING = sizeof telling / sizeof *telling };

static int rank(const char *name)
{
	for (int i = 0; i < TELLING; i++)
		if (strcmp(telling[i], name) == 0)
			return i;
	return TELLING;
}

struct part {
	const ProtobufCFieldDescriptor *field;
	struct slice value;
	int rank;
	bool cut;
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
	if (redact_needed(head)) {
		redact_add(&shown, head);
		head = buf_slice(&shown);
	}
	int used = text_add_fit(out, head, columns);
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
			offer(best, (struct part){ field, f.bytes, rank(field->name), cut });
	}
	for (int i = 0; i < most && best[i].field; i++) {
		if (text_columns(slice_skip(buf_slice(out), start)) >= COLUMNS)
			return;
		if (i)
			buf_add_str(out, " ");
		add_part(out, start, schema, &best[i]);
	}
}

static void add_part(struct buf *out, size_t start, const struct schema *schema, const struct part *p)
{
	if (p->field->type == PROTOBUF_C_TYPE_MESSAGE)
		add_parts(out, start, schema, p->field->descriptor, p->value, 2);
	else if (p->field->type == PROTOBUF_C_TYPE_STRING)
		add_text(out, p->value, COLUMNS);
	else
		buf_addf(out, "%zu bytes", p->value.len);
}

void gist_add(struct buf *out, const struct schema *schema, type_id type, struct slice value)
{
	const ProtobufCMessageDescriptor *d = schema_descriptor(schema, type);
	if (d)
		add_parts(out, out->len, schema, d, value, SHOWN);
	else if (value.len)
		buf_addf(out, "%zu bytes of an unknown type", value.len);
}
