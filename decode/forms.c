/*
 * Which reader goes with which form. All of them give an Envelope; what a form does not have is empty in it.
 */
#include "decode/forms.h"

#include "decode/gist.h"
#include "decode/json_form.h"
#include "decode/legacy.h"
#include "decode/wire.h"

#include <ctype.h>

/* More than twice a message's limit: its text may be decoded at one level and copied at another. */
enum { FORM_BUDGET = 256 << 20, FORM_KEEP = 1 << 20 };

void form_init(struct form *f)
{
	*f = (struct form){ .good = false };
	arena_init(&f->arena, FORM_BUDGET);
}

void form_release(struct form *f)
{
	arena_release(&f->arena);
}

/* Memory of a large message is given back before the next. */
static void clear(struct form *f)
{
	if (f->arena.used > FORM_KEEP)
		arena_release(&f->arena);
	else if (f->arena.used)
		arena_clear(&f->arena);
}

static void read_json(struct form *f, struct slice bytes)
{
	struct json_form json;
	f->good = json_form_read(&f->arena, bytes, &json);
	f->e = json.e;
	f->has_seq = json.has_seq;
}

void form_read_plain(struct form *f, enum encoding encoding, struct slice bytes)
{
	clear(f);
	f->has_seq = false;
	switch (encoding) {
	case ENCODING_JSON: read_json(f, bytes); break;
	case ENCODING_LEGACY: f->good = legacy_read(&f->arena, bytes, &f->e); break;
	case ENCODING_PAYLOAD:
		f->e = (struct envelope){ .value = bytes, .has_data = true };
		f->good = true;
		break;
	default:
		f->good = envelope_read(bytes, &f->e) && bytes.len > 0;
		f->has_seq = f->good || f->e.id.len > 0;
		break;
	}
	f->command = encoding == ENCODING_LEGACY ? legacy_command(&f->arena, f->e.command) : f->e.command;
}

/* The command that stands for a method: "Query" is query, its response queryreply. */
static struct slice command_of(struct form *f, struct slice method, bool reply)
{
	static const char end[] = "reply";
	size_t n = method.len + (reply ? sizeof end - 1 : 0);
	uint8_t *at = arena_take(&f->arena, n + 1);
	if (!at)
		return (struct slice){ NULL, 0 };
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(i < method.len ? tolower(method.at[i]) : end[i - method.len]);
	return slice_of(at, n);
}

void form_take(struct form *f, const struct piece *p)
{
	form_read_plain(f, p->encoding, p->bytes);
	if (p->encoding != ENCODING_PAYLOAD)
		return;
	f->command = f->e.command = p->failed ? slice_str("error") : command_of(f, p->method, p->reply);
	f->e.has_data = !p->failed;
}

void form_read(struct form *f, const struct session *s, const struct record *r, struct slice bytes)
{
	form_read_plain(f, (enum encoding)r->encoding, bytes);
	bool lost = !bytes.len && r->size;
	if (r->encoding != ENCODING_PAYLOAD && !lost)
		return;
	f->command = f->e.command = session_command_name(s, r);
	f->e.has_data = r->has_data;
}

struct slice form_token(const struct envelope *e, const struct session *s, const struct record *r)
{
	uint32_t field = schema_jwt_field(session_schema(s), r->type);
	if (r->encoding == ENCODING_LEGACY)
		return legacy_member(e->value, "jwt");
	return field ? payload_bytes(e->value, field) : (struct slice){ NULL, 0 };
}

/* A call that failed has no payload, which is not the same as an empty one. */
static void dissect_bare(struct dissection *d, const struct record *r, struct slice bytes)
{
	dissect_payload_front(d, r->type, bytes, r->size);
	if (!r->has_data)
		d->payload = NULL;
}

void form_dissect(struct dissection *d, const struct record *r, struct slice bytes)
{
	switch (r->encoding) {
	case ENCODING_JSON: dissect_json_form(d, bytes, r->size); break;
	case ENCODING_LEGACY: dissect_legacy(d, bytes, r->size); break;
	case ENCODING_PAYLOAD: dissect_bare(d, r, bytes); break;
	default: dissect_envelope(d, bytes, r->size);
	}
}

void form_dissect_payload(struct dissection *d, const struct record *r, struct slice bytes, const struct form *f)
{
	bool by_command;
	if (r->encoding != ENCODING_ENVELOPE || !f->good || bytes.len != r->size) {
		form_dissect(d, r, bytes);
		return;
	}
	dissect_payload(d, envelope_payload_type(d->schema, &f->e, &by_command), f->e.value);
	if (!f->e.has_data)
		d->payload = NULL;
}

const struct node *form_payload(const struct dissection *d)
{
	const struct node *n = d->payload;
	return n && n->kind == NODE_STRING && n->child && n->child->from_text ? n->child : n;
}

type_id form_type(const struct schema *schema, const struct record *r)
{
	const struct command_info *info = schema_command_info(schema, r->command);
	if (r->type || r->has_data || !info)
		return r->type;
	return r->has_rid && info->reply_type ? info->reply_type : info->type;
}

void form_add_gist(struct buf *out, const struct schema *schema, const struct record *r, const struct envelope *e)
{
	if (r->encoding == ENCODING_LEGACY)
		gist_add_json(out, e->value);
	else
		gist_add(out, schema, r->type, e->value);
}
