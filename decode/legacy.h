/*
 * The protocol before Flow 1.5 (protocol.md, "Transports"): JSON objects in WebSocket text messages, {id, replyto, command, data, count,
 * index, priority …}; data is a string, JSON most of the time. A long message is sent as `count` parts with the same id.
 */
#ifndef DECODE_LEGACY_H
#define DECODE_LEGACY_H

#include "base/arena.h"
#include "base/bound.h"
#include "base/buf.h"
#include "decode/dissect.h"
#include "decode/envelope.h"

/* Reads a whole message as an Envelope: rid from replyto, value the text of data. False if it is no whole JSON
 * object or a field holds what it can't; *out then has what could be read. Borrows from the text or the arena. */
bool legacy_read(struct arena *a, struct slice text, struct envelope *out);
/* The command that a message means: clients write it in any case, replies in lower case. Borrows from the command or the arena. */
struct slice legacy_command(struct arena *a, struct slice command);
/* Dissects it; d->payload is the string `data`, with the JSON that it holds below it. */
void dissect_legacy(struct dissection *d, struct slice text, uint64_t total);
/* What a member of the JSON in a message's data says, as it is written; empty if it is not there or no string. */
struct slice legacy_member(struct slice value, const char *name);

/* Joining parts. The parts of one message come in order, those of several may interleave. */

enum { LEGACY_OPEN = BOUND(64, 6), LEGACY_BYTES = 64 << 20 };

/* What is shared by all connections. */
struct legacy_counts {
	uint64_t bytes;    /* held in parts */
	uint64_t given_up; /* messages given up for the bounds: LEGACY_OPEN of a direction, LEGACY_BYTES of all */
};

/* One text message of the connection. */
struct legacy_part {
	struct slice text;
	bool cut, gap, after_gap, unmasked; /* as in struct piece, */
	int64_t time;                       /* and that */
};

/* A message that was put together, or of which no more comes. */
struct legacy_whole {
	struct buf text; /* the object of its first part, with all the data; cut off behind the data that is there, if cut */
	uint64_t size;   /* of the whole; if cut, of what is known of it, always more than the text */
	int64_t time;    /* of the part that came last */
	bool cut, gap, after_gap, unmasked;
	bool headless; /* its first part was not captured */
};

struct legacy_parts; /* of one direction */

/* NULL-safe. The parts held are dropped. */
void legacy_parts_free(struct legacy_parts *parts);
/* Takes a text message if it is a part of a longer one; false if it is a message by itself, or is shown as one for want of room. What
 * was given up for it is done. *parts is made when it is first needed. */
bool legacy_take(struct legacy_parts **parts, struct legacy_counts *counts, const struct legacy_part *p);
/* The next message that is done; false if there is none. `end`: nothing more comes, and what is left is done too. out->text is the
 * caller's to release. */
bool legacy_done(struct legacy_parts *parts, struct legacy_counts *counts, bool end, struct legacy_whole *out);

#endif
