/*
 * Protobuf by hand, as much of it as the inputs need: fields are appended to a buf, and an Envelope with
 * its length prefix is put around a payload. As in proto3, a number that is 0 and a text that is empty are
 * left out.
 */
#ifndef BENCH_ENVELOPE_WRITER_H
#define BENCH_ENVELOPE_WRITER_H

#include "base/buf.h"

enum { ID_LENGTH = 9 };

struct envelope {
	const char *command;
	const char *type; /* "QueryRequest"; goes into the Any's type_url */
	uint32_t priority, seq;
	struct slice id, rid;
};

/* Appends field number as a varint, unless value is 0. */
void put_number(struct buf *out, uint32_t field, uint64_t value);
/* Appends field number as length and bytes, unless bytes is empty. */
void put_bytes(struct buf *out, uint32_t field, struct slice bytes);
/* Appends the length prefix and the Envelope, with payload as the value of its Any. */
void put_envelope(struct buf *out, const struct envelope *e, struct slice payload);

#endif
