/* The view of an Envelope: its nine fields, read from the raw bytes without copying. */
#ifndef DECODE_ENVELOPE_H
#define DECODE_ENVELOPE_H

#include "base/slice.h"
#include "capture/message.h"

/* All slices borrow from the bytes that were read; absent fields are empty or 0 (proto3). */
struct envelope {
	struct slice command, id, rid, jwt, traceid, spanid;
	struct slice type_url, value; /* of the Any */
	int32_t priority, seq;
	bool has_data; /* the Any is there, empty or not */
};

/* Reads an Envelope. False if protobuf_c_message_unpack would refuse it; *out then holds what stood before the fault,
 * and the type_url of data that run beyond the end. */
bool envelope_read(struct slice bytes, struct envelope *out);

/* Could an Envelope of `length` bytes begin with these? Pure; the probe that capture/ is handed (struct sink). STRONG: a command
 * that is a plausible name, and every field after it that is in sight can be one of an Envelope; WEAK: plausible but too little
 * in sight to be sure; MORE: too few bytes to tell. */
enum probe envelope_probe(struct slice head, uint64_t length);

/* Which end sends an Envelope that begins with these, as far as its command tells? Pure, and handed to capture/ too. Replies and events are a
 * server's, requests a client's; streams, errors and what stands alone come from either end. */
enum sender envelope_sender(struct slice head);

#endif
