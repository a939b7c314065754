/* The payload of a message as a JSON value: the key "data" of ndjson and json. */
#ifndef EXPORT_DATA_H
#define EXPORT_DATA_H

#include "base/json.h"
#include "decode/dissect.h"

struct data_options {
	bool show_secrets;
	bool full_bytes; /* bytes fields whole, however long */
};

/* Writes d's payload as an object, null if there is none. Keys are the names of the .proto, or the numbers of
 * fields that it does not have, in the order of the numbers; only what is on the wire. Elements of a repeated
 * field are gathered in one array; of a singular field given twice the last counts, and sub-messages are merged
 * (protobuf's encoding guide, "Last One Wins"). A payload that can't be read to its end has what could be read,
 * and a key "fault" with a sentence. A payload that is text is written as the JSON that it holds, else as a string. */
void export_data(struct json *j, const struct dissection *d, const struct data_options *o);
/* Nodes in a row: the fields of a message, or the occurrences of one. */
struct run {
	const struct node **at;
	size_t len;
};

/* All fields that could be read of a message that came in these parts, by number, those of one number in the order of the wire. at is to be
 * freed. */
struct run data_fields(struct run parts);
/* Writes one node with all that is in it. */
void export_node(struct json *j, const struct node *n, const struct data_options *o);

#endif
