/* What the files of the dissector share; not for others. */
#ifndef DECODE_DISSECT_PART_H
#define DECODE_DISSECT_PART_H

#include "base/json_read.h"
#include "decode/dissect.h"
#include "decode/wire.h"

/* The faults that the end of the capture and the end of the budget make. */
extern const char dissect_cut[], dissect_spent[];

/* A field as it was read. Of a WIRE_LENGTH field that the end of the capture cuts, the bytes that are there. */
struct part {
	struct wire_field field;
	uint64_t missing; /* bytes of the value that the capture lacks */
};

/* The bytes of the whole field, its tag included. */
static inline struct slice part_whole(const struct part *p)
{
	return slice_of(p->field.bytes.at + p->field.bytes.len - p->field.size, p->field.size);
}

/* True once the budget is spent: the tree has its last node then, and nothing more is to be added. */
static inline bool dissect_full(const struct dissection *d)
{
	return !d->spare;
}

/* Nodes (dissect_node.c). A new last child of parent: `whole` and `value` are its place in the message, and value its text. NULL when
 * the budget is spent. */
struct node *node_add(struct dissection *d, struct node *parent, enum node_kind kind, struct slice whole, struct slice value);
/* A copy of text for a node below parent, with a NUL behind it; {NULL, 0} when the budget is spent. */
struct slice node_keep(struct dissection *d, struct node *parent, struct slice text);
/* Marks a string or bytes of which the capture lacks the end. */
void node_cut(struct node *n, uint64_t missing);

/* Trees (dissect.c). Begins one with its root, a message without a name; false if the budget does not reach for that. */
bool dissect_begin(struct dissection *d, struct slice bytes);
/* Adds the node that says that the capture ends, where it does (cut_in). */
void dissect_finish(struct dissection *d, uint64_t missing);

/* Adds the fields of a message to its node n; `bytes` are the message, or its front where `missing` more bytes
 * of it were not captured. type NULL: without a schema. depth: that of the message, the outermost is 1. */
void dissect_fields(struct dissection *d, struct node *n, const ProtobufCMessageDescriptor *type, struct slice bytes, uint64_t missing,
		    int depth);
/* Adds a field that the schema does not have. */
void dissect_unknown(struct dissection *d, struct node *parent, const struct part *p, int depth);
/* Adds the JSON that the string n holds; nothing if it holds none, or more than is worth showing. */
void dissect_json(struct dissection *d, struct node *n);
/* Adds `text` to the string n under that name, if it is a JSON object; NULL if it is none. */
struct node *dissect_json_object(struct dissection *d, struct node *n, const char *name, struct slice text);
/* Adds header and claims of the JSON web token that the string n holds; nothing if it holds none. */
void dissect_jwt(struct dissection *d, struct node *n);

/* Adds a member of a JSON object in the message, or an element of an array (with its index for a key), with all that is in it; each
 * has its own place. NULL when the budget is spent. */
struct node *dissect_member(struct dissection *d, struct node *parent, struct slice key, const struct json_value *v);
/* Where a member stands: its key with the quotes, its value, and what is between them. */
struct slice dissect_member_place(struct slice key, const struct json_value *v);
/* Adds the JSON that the text of the string n holds, if it is JSON, as one root without a name; its nodes have n's place. */
void dissect_text_within(struct dissection *d, struct node *n);
/* Adds what stands behind the members of the outermost object and can't be read. */
void dissect_text_rest(struct dissection *d, const struct json_walk *w);

#endif
