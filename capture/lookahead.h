/*
 * Reading ahead: a second thread runs the pipeline from the source to the sink, the caller's thread hands on what came of it.
 *
 * Order and content of what the sink is told are those of one thread. Blocks of kept calls (capture/events.h) pass between the two; when
 * BLOCKS of them wait, the second thread does, so that memory is bounded however slow the sink is.
 */
#ifndef CAPTURE_LOOKAHEAD_H
#define CAPTURE_LOOKAHEAD_H

#include "capture/capture.h"

struct lookahead;

/* What there is to say of the pipeline when a block is handed over. */
struct lookahead_state {
	struct capture_counts counts;
	uint64_t done, total; /* as source_progress */
};

/* The pipeline; only the second thread calls these once lookahead_start() has been called. */
struct lookahead_work {
	void *user;
	enum capture_status (*step)(void *user); /* handles some packets */
	void (*finish)(void *user);              /* closes all connections */
	void (*state)(void *user, struct lookahead_state *out);
};

struct lookahead *lookahead_new(const struct lookahead_work *work);
/* The sink that the pipeline is to tell in place of `to`. */
struct sink lookahead_sink(struct lookahead *a, const struct sink *to);
/* Packets of the source stay where they are until they have been handed on. The source must not be used after lookahead_free. */
void lookahead_lend(struct lookahead *a, struct source *source);
/* Starts the second thread. Unless `thread` says that there is to be one, the first packets are looked at before: where they are large, or there are
 * few, it does not pay, and lookahead_step does its work; and so it does where no thread can be started. */
void lookahead_start(struct lookahead *a, bool thread);
/* Hands one block on, and waits for it a hundredth of a second at most. MORE, or what the source said once all that was before is
 * handed on (END, DAMAGED), which sticks. */
enum capture_status lookahead_step(struct lookahead *a, const struct sink *to);
/* Lets the second thread come to its end, no matter how far it has read, and hands on all that it still has to say. Call once. */
void lookahead_finish(struct lookahead *a, const struct sink *to);
/* The pipeline as it was behind the last call that was handed on, or some calls later. */
const struct lookahead_state *lookahead_state(const struct lookahead *a);
/* Ends the second thread, if lookahead_finish has not. What it has to say goes nowhere. */
void lookahead_free(struct lookahead *a);

#endif
