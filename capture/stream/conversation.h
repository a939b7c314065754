/* A conversation of its own within a connection: to the sink it is a connection like any other, with a number of its own. */
#ifndef CAPTURE_STREAM_CONVERSATION_H
#define CAPTURE_STREAM_CONVERSATION_H

#include "capture/stream/layer.h"

struct conversation;

/* start_seen: the capture has its beginning. `carrier` must outlive it; what is known of its connection is taken over. */
struct conversation *conversation_new(const struct stream *carrier, bool start_seen, int64_t time);
/* Frees it; the sink has been told of its end, or will never be. */
void conversation_free(struct conversation *c);
/* What a message or news of it is told with, now: it is renewed from the carrier. The first time a note is told besides. */
const struct stream *conversation_stream(struct conversation *c, int64_t time);
/* Tells the sink of its end; CONN_OPEN: whatever became of the carrier. */
void conversation_end(struct conversation *c, enum conn_end end, int64_t time);

#endif
