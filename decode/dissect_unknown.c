/*
 * Fields without a schema: those that the descriptor lacks, and whole payloads of an unknown type.
 *
 * The wire tells only a number and one of four wire types. What is length-delimited is a guess: text if it is
 * printable, else a message if its bytes are fields from the first to the last, else bytes. A guess may be
 * wrong (short text can look like a message), so text comes first, and the guess goes only so deep. What has something like a token in it is taken for a
 * secret: its field may have got another number by damage.
 */
#include "decode/dissect_part.h"

#include "base/text.h"
#include "decode/redact.h"
#include "decode/token.h"

#include <stdio.h>

enum { GUESS_DEPTH = 32 };

/* Is it a message, as far as one can tell without its type? */
static bool is_message(struct slice bytes)
{
	struct wire_field f;
	enum wire_status status;
	while ((status = wire_next(&bytes, &f)) == WIRE_FIELD)
		if (!f.number)
			return false;
	return status == WIRE_END;
}

static void set_content(struct dissection *d, struct node *n, const struct part *p, int depth)
{
	struct slice bytes = p->field.bytes;
	if (text_is_printable(bytes)) {
		n->kind = NODE_STRING;
		n->type = "string";
		if (!p->missing && !d->shallow)
			dissect_json(d, n);
	} else if (!p->missing && depth < GUESS_DEPTH && is_message(bytes)) {
		n->kind = NODE_MESSAGE;
		n->type = "message";
		dissect_fields(d, n, NULL, bytes, 0, depth + 1);
	} else {
		n->kind = NODE_BYTES;
		n->type = "bytes";
	}
	n->secret = n->kind != NODE_MESSAGE && (token_inside(bytes) || (n->kind == NODE_BYTES && redact_found(bytes)));
	if (p->missing)
		node_cut(n, p->missing);
}

static const char *type_name(uint8_t wire)
{
	return wire == WIRE_VARINT ? "varint" : wire == WIRE_64BIT ? "fixed64" : "fixed32";
}

void dissect_unknown(struct dissection *d, struct node *parent, const struct part *p, int depth)
{
	char name[12];
	struct node *n = node_add(d, parent, NODE_UINT, part_whole(p), p->field.bytes);
	if (!n)
		return;
	int len = snprintf(name, sizeof name, "%u", (unsigned)p->field.number);
	n->name = node_keep(d, parent, slice_of(name, (size_t)len));
	n->number = p->field.number;
	n->unknown = true;
	if (p->field.type == WIRE_LENGTH) {
		set_content(d, n, p, depth);
		return;
	}
	n->type = type_name(p->field.type);
	n->integer = (int64_t)p->field.number_value;
}
