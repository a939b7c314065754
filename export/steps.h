/* What happened in a relation, in few words: its requests and events in order, "1 pushworkitem → 2 popworkitem → 2 updateworkitem". */
#ifndef EXPORT_STEPS_H
#define EXPORT_STEPS_H

#include "decode/relations.h"

enum { STEPS_MAX = 64, STEP_NOTE = 32 };

/* A request with what answers it, or a message that is none of these, such as an event. */
struct step {
	uint32_t n;      /* the message that stands for it */
	uint32_t thread; /* of a request; 0 for one that stands by itself */
	uint32_t conn;
	struct slice command; /* lives as long as the session */
	bool failed;          /* the request was answered by an error */
	char note[STEP_NOTE]; /* what else is known of it: the state of a work item; "" */
	uint8_t note_len;
};

struct steps {
	struct step step[STEPS_MAX];
	uint32_t count, more; /* kept; and messages that belong to none of these */
	uint32_t connections; /* different ones, of the messages of those kept */
	uint32_t failed;      /* requests answered by an error, of those kept */
};

/* Begins anew; a zeroed one has begun. */
void steps_clear(struct steps *st);
/* Takes up the next message of the relation. Returns its step; NULL if there are too many. */
struct step *steps_add(struct steps *st, const struct session *s, uint32_t n);
/* Notes what is known of the step, instead of what was before. */
void step_note(struct step *step, struct slice text);
/* Appends them all, harmless. */
void steps_text(struct buf *out, const struct steps *st);

#endif
