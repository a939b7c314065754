/*
 * The forms in which messages come (enum encoding): one way to read the view of each, and one to show it. The bytes of a message are
 * those of its form: an Envelope in protobuf, the JSON text of REST and of the legacy protocol, or a bare payload of gRPC.
 */
#ifndef DECODE_FORMS_H
#define DECODE_FORMS_H

#include "decode/dissect.h"
#include "decode/session.h"

/* A view, with the memory for what had to be decoded to have it. */
struct form {
	struct envelope e;    /* borrows from the bytes and from the arena until the next read or release */
	struct slice command; /* e.command, in lower case where any is allowed */
	bool good;            /* whole and valid in its form */
	bool has_seq;         /* e.seq means something */
	struct arena arena;
};

void form_init(struct form *f);
void form_release(struct form *f);
/* Reads a message as it arrives, all of it or its captured front in one piece. */
void form_take(struct form *f, const struct piece *p);
/* Reads it again from its bytes; without the command where that is not in them (a bare payload). */
void form_read_plain(struct form *f, enum encoding encoding, struct slice bytes);
/* Reads it again from its bytes; its command also where those can no longer be had. */
void form_read(struct form *f, const struct session *s, const struct record *r, struct slice bytes);
/* The token in the payload of a message that was read; empty if its type has none. */
struct slice form_token(const struct envelope *e, const struct session *s, const struct record *r);
/* Dissects it. bytes must live as long as the tree is used. */
void form_dissect(struct dissection *d, const struct record *r, struct slice bytes);
/* The same where only the payload matters; the form was read from these bytes. Of an Envelope that is whole the tree is that of its payload
 * alone, and places are within that. */
void form_dissect_payload(struct dissection *d, const struct record *r, struct slice bytes, const struct form *f);
/* The node of which the children are the payload's fields: the message in the Any, or the JSON that a text is; NULL for none. */
const struct node *form_payload(const struct dissection *d);
/* The type of what it carries: of its payload, or where there is none of what goes with the command. 0 if that is not known. */
type_id form_type(const struct schema *schema, const struct record *r);
/* Appends what its payload is about. */
void form_add_gist(struct buf *out, const struct schema *schema, const struct record *r, const struct envelope *e);

#endif
