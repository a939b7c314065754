/*
 * What a sink is told, kept as a run of bytes, so that another sink can be told the same in the same order later, by another thread.
 *
 * Bytes are copied, but for those in `stays`, of which the caller says that they stay where they are until the call has been told.
 *
 * One side keeps: events_sink() is the sink of a pipeline. When it holds enough, the buf in events.calls is exchanged for an empty one.
 * The other side tells: events_tell() hands on what a buf holds. The sides share nothing but the bufs: of each connection the telling side
 * has its own copy, which is what it was when the pipeline told of it.
 */
#ifndef CAPTURE_EVENTS_H
#define CAPTURE_EVENTS_H

#include "capture/message.h"

struct events {
	struct buf calls; /* aligned to 8 bytes, as malloc aligns; a buf that is put here must be empty */
	struct slice stays;
};

/* A sink that keeps what it is told in e, which must outlive it. What is only asked is asked of `to` at once. */
struct sink events_sink(struct events *e, const struct sink *to);
/* Hands on what calls holds, in order, and empties it. Every connection that was told of is told of as closed in the end, in this or a
 * later buf; then its copy is freed. */
void events_tell(struct buf *calls, const struct sink *to);

#endif
