/*
 * The Envelope as JSON, as REST carries it (protocol.md, "Transports"): its fields by name; data is {type_url, value}, and value a
 * Buffer object {"type":"Buffer","data":[bytes]}, an array of bytes, or base64. null stands for a field that is not there.
 */
#ifndef DECODE_JSON_FORM_H
#define DECODE_JSON_FORM_H

#include "base/arena.h"
#include "base/json_read.h"
#include "decode/dissect.h"
#include "decode/envelope.h"

struct json_form {
	struct envelope e; /* value: the payload as protobuf bytes */
	bool has_seq;
	struct slice payload; /* where the text has the payload: the value of data.value as it is written; empty for none */
	bool unread;          /* that is no array of bytes and no base64, or not to its end, which was captured */
};

/* Reads it. False if the text is no whole JSON object, or a field holds what it can't; *out then has what could be read. Slices borrow
 * from the text, or from the arena where they had to be decoded; when its budget is spent the result is false. */
bool json_form_read(struct arena *a, struct slice text, struct json_form *out);
/* Dissects it, as dissect_envelope does. Nodes have their place in the text; those of the payload have `apart` set, and the place of the
 * value that they were decoded from. */
void dissect_json_form(struct dissection *d, struct slice text, uint64_t total);

/* The text of a string, or of a number as it is written; empty for null. False for anything else. Borrows from the value or the
 * arena. */
bool json_form_text(struct arena *a, const struct json_value *v, struct slice *out);
/* An integer that fits in int32_t; 0 for null. */
bool json_form_int(const struct json_value *v, int32_t *out);

#endif
