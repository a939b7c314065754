/*
 * Reading ahead: a second thread runs the pipeline from the source to the sink, the caller's thread hands on what came of it.
 *
 * Order and content of what the sink is told are those of one thread. Blocks of kept calls (capture/events.h) pass between the two; when
 * BLOCKS of them wait, the second thread does, so that memory is bounded however slow the sink is.
 */
#ifndef CAPTURE_AHEAD_H
#define CAPTURE_AHEAD_H

#include "capture/capture.h"

struct ahead;

/* What there is to say of the pipeline when a block is handed over. */
struct ahead_state {
	struct capture_counts counts;
	uint64_t done, total; /* as source_progress */
};

/* The pipeline; only the second thread calls these once ahead_start() has been called. */
struct ahead_work {
	void *user;
	enum capture_status (*step)(void *user); /* handles some packets */
	void (*finish)(void *user);              /* closes all connections */
	void (*state)(void *user, struct ahead_state *out);
};

struct ahead *ahead_new(const struct ahead_work *work);
/* The sink that the pipeline is to tell. `probe` as in struct sink. */
struct sink ahead_sink(struct ahead *a, enum probe (*probe)(struct slice head, uint64_t length));
/* Packets of the source stay where they are until they have been handed on. The source must not be used after ahead_free. */
void ahead_lend(struct ahead *a, struct source *source);
/* Starts the second thread; false if there can be none: then *a is only to be freed. */
bool ahead_start(struct ahead *a);
/* Hands one block on, and waits for it a hundredth of a second at most. MORE, or what the source said once all that was before is
 * handed on (END, DAMAGED), which sticks. */
enum capture_status ahead_step(struct ahead *a, const struct sink *to);
/* Lets the second thread come to its end, no matter how far it has read, and hands on all that it still has to say. Call once. */
void ahead_finish(struct ahead *a, const struct sink *to);
/* The pipeline as it was behind the last call that was handed on, or some calls later. */
const struct ahead_state *ahead_state(const struct ahead *a);
/* Ends the second thread, if ahead_finish has not. What it has to say goes nowhere. */
void ahead_free(struct ahead *a);

#endif
