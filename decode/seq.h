/*
 * Sequence numbers of one direction of a connection (protocol.md, "Envelope": seq starts at 0, +1 for each message; the receiver puts a
 * message back in order if no more than 100 wait for it, and disconnects otherwise).
 */
#ifndef DECODE_SEQ_H
#define DECODE_SEQ_H

#include "decode/rules.h"

#include <stdbool.h>
#include <stddef.h>

enum { SEQ_WAIT = 100, SEQ_HOLES = 128 }; /* more holes than SEQ_WAIT messages can have between them */

enum hole_state {
	HOLE_OPEN,    /* the numbers may still come */
	HOLE_EXCUSED, /* the capture may lack them: nobody is blamed */
	HOLE_LOST,    /* they came too late, or never */
};

/* Numbers from … to - 1 were not seen. */
struct seq_hole {
	int64_t from, to;
	uint32_t n; /* the message that showed the hole; parts of one hole have the same */
	uint8_t state;
	bool told; /* RULE_SEQ_GAP was said of n */
};

struct seq {
	bool begun;
	bool joined;    /* what came before the first message is not known */
	uint8_t excuse; /* numbers in order for which it lasts that bytes are missing from the capture before them; 0: none are */
	uint16_t holes, room;
	struct seq_hole *hole; /* ascending: first those that nobody is to be blamed for any more, then the open ones */
	int64_t base, high;    /* all numbers in base … high - 1 were seen, but for the holes; high is expected next */
};

/* A rule of an earlier message that changes now, if the message still breaks the one it was. */
struct seq_change {
	uint32_t n;
	enum rule rule, was;
};

struct seq_verdict {
	uint32_t rules; /* of this message: bit set */
	struct seq_change change[SEQ_HOLES];
	size_t changes;
};

/* Frees what it holds; a struct of zeros is a valid empty one. */
void seq_release(struct seq *s);
/* The usual case, quickly: the number is the one expected next and nothing is missing before it. False if it is anything else, which is
 * then seq_message's. */
static inline bool seq_in_order(struct seq *s, int64_t number)
{
	if (!s->begun || s->holes || number != s->high)
		return false;
	s->high++;
	s->excuse -= s->excuse > 0;
	return true;
}
/* Is a number missing that may still come? The receiver waits for it before it goes on. */
static inline bool seq_waits(const struct seq *s)
{
	return s->holes && s->hole[s->holes - 1].state == HOLE_OPEN;
}
/* Message n has this number. start_seen: the capture has the beginning of the connection. */
void seq_message(struct seq *s, int64_t number, uint32_t n, bool start_seen, struct seq_verdict *out);
/* Messages of this direction may be missing from the capture here. */
void seq_capture_gap(struct seq *s);
/* The connection has ended: what is still missing never came. */
void seq_end(struct seq *s, struct seq_verdict *out);

#endif
