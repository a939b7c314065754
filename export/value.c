/*
 * Values as text: one function a kind of node, and the limit on long ones.
 *
 * A text is cut before anything else is done with it, so that the head of a large one costs little; secrets in
 * what is left are hidden even when the cut goes through them.
 */
#include "export/value.h"

#include "base/amount.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "decode/redact.h"

#include <math.h>

enum { FIELD_MAX = (1 << 29) - 1 }; /* the highest number of a field that protobuf allows */

/* At most n bytes from the front, and no character cut in two. */
static struct slice head_of(struct slice s, size_t n)
{
	if (s.len <= n)
		return s;
	for (int back = 0; back < 3 && n && (s.at[n] & 0xc0) == 0x80; back++)
		n--;
	return slice_head(s, n);
}

static void add_rest(struct buf *out, size_t shown, size_t all)
{
	if (shown < all)
		buf_addf(out, "… (%zu bytes)", all);
}

static void add_string(struct buf *out, const struct node *n, bool show_secrets, size_t most)
{
	struct slice text = head_of(n->text, most);
	const char *quote = n->from_text || !n->text.len ? "\"" : "";
	struct buf redacted = { 0 };
	buf_add_str(out, quote);
	text_add_safe(out, show_secrets ? text : redact_text(text, &redacted));
	buf_add_str(out, quote);
	add_rest(out, most, n->text.len);
	buf_release(&redacted);
}

void node_add_plain(struct buf *out, const struct node *n, bool show_secrets)
{
	if (n->secret && !show_secrets)
		redact_note(out, n->text.len);
	else if (show_secrets)
		buf_add(out, n->text);
	else
		redact_add(out, n->text);
}

static void add_hex(struct buf *out, struct slice bytes, size_t most)
{
	struct slice head = slice_head(bytes, most);
	buf_add_hex(out, head);
	add_rest(out, head.len, bytes.len);
}

static void add_real(struct buf *out, const struct node *n)
{
	struct json j = json_to(out);
	if (!isfinite(n->real))
		buf_addf(out, "%f", n->real);
	else if (n->kind == NODE_FLOAT)
		json_float(&j, (float)n->real);
	else
		json_double(&j, n->real);
}

static void add_number(struct buf *out, const struct node *n)
{
	buf_add(out, n->text);
	if (!n->type)
		return;
	buf_add_str(out, " (");
	when_add_iso(out, n->integer);
	buf_add_str(out, ")");
}

static void add_size(struct buf *out, const struct node *n)
{
	size_t count = 0;
	for (const struct node *c = n->child; c; c = c->next)
		count += c->kind != NODE_BAD;
	bool object = n->kind == NODE_OBJECT;
	buf_addf(out, "%c%zu ", object ? '{' : '[', count);
	amount_add_words(out, count, object ? "key" : "element");
	buf_add_byte(out, object ? '}' : ']');
}

static void add_bad(struct buf *out, const struct node *n, size_t most)
{
	buf_addf(out, "[%s", n->fault);
	if (n->integer) {
		buf_addf(out, ", %lld ", (long long)n->integer);
		amount_add_words(out, (uint64_t)n->integer, "byte[ is|s are] missing");
	}
	if (n->text.len) {
		buf_add_str(out, ": ");
		add_hex(out, n->text, most);
	}
	buf_add_str(out, "]");
}

void node_add_head(struct buf *out, const struct node *n, bool show_secrets, size_t most)
{
	if (n->secret && !show_secrets) {
		redact_note(out, n->text.len);
		return;
	}
	switch (n->kind) {
	case NODE_STRING: add_string(out, n, show_secrets, most); break;
	case NODE_BYTES: add_hex(out, n->text, most); break;
	case NODE_INT: buf_add_integer(out, n->integer); break;
	case NODE_UINT: buf_add_number(out, (uint64_t)n->integer, 1); break;
	case NODE_BOOL: buf_add_str(out, n->integer ? "true" : "false"); break;
	case NODE_FLOAT:
	case NODE_DOUBLE: add_real(out, n); break;
	case NODE_NUMBER: add_number(out, n); break;
	case NODE_TIME: when_add_iso(out, n->integer); break;
	case NODE_OBJECT:
	case NODE_ARRAY: add_size(out, n); break;
	case NODE_NULL: buf_add_str(out, "null"); break;
	case NODE_BAD: add_bad(out, n, most); break;
	default: buf_add_str(out, n->type);
	}
}

void node_add_value(struct buf *out, const struct node *n, bool show_secrets)
{
	node_add_head(out, n, show_secrets, SIZE_MAX);
}

/* An Envelope without a command, or with an empty one? */
static bool lacks_command(const struct node *n)
{
	const struct node *c = n->child;
	while (c && !(slice_is(c->name, "command") && c->text.len))
		c = c->next;
	return !n->parent && n->kind == NODE_MESSAGE && slice_is(n->name, "envelope") && !c && !node_fault(n);
}

void node_add_remark(struct buf *out, const struct node *n)
{
	const char *remark = NULL;
	if (n->kind == NODE_STRING && n->number && !n->from_text && !n->fault && !text_is_utf8(n->text))
		remark = "not UTF-8: most receivers refuse it";
	else if (n->unknown && n->number > FIELD_MAX)
		remark = "beyond all field numbers: most receivers refuse it";
	else if (lacks_command(n))
		remark = "it has no command";
	if (remark)
		buf_addf(out, " [%s]", remark);
}
