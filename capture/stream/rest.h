/* REST: Envelopes as JSON in the bodies of HTTP requests to /api/v2 and of their responses. http1.c reads the heads. */
#ifndef CAPTURE_STREAM_REST_H
#define CAPTURE_STREAM_REST_H

#include "capture/stream/layer.h"

/* What the head says of a body. */
struct rest_head {
	uint32_t exchange;   /* number of the request on its connection, and of its response; 0 where that is not known */
	uint64_t announced;  /* its length; UINT64_MAX if the head does not tell */
	unsigned status;     /* of a response; 0: it is a request */
	struct slice coding; /* value of Content-Encoding; borrowed during the call */
	bool guess;          /* a response to a request that is not in sight: it may be somebody else's */
};

/* The body of one direction, from its head to its end. All zero: no body is under way. */
struct rest_body {
	struct rest_head head;
	bool open, coded, unreadable, after_gap;
	uint64_t size; /* of what came so far */
	struct buf bytes;
	int64_t at; /* place of bytes in the capture file, -1 if they don't stand there in one run */
};

/* True if a request with that target is REST: its path ends in /api/v2. */
bool rest_target(struct slice target);
/* A head was read and its body begins. */
void rest_begin(struct rest_body *b, const struct stream *s, enum dir dir, const struct rest_head *head, int64_t time);
/* Bytes of the body, its transfer coding taken off. More than limits->message of them are dropped, and counted as over-long. */
void rest_feed(struct rest_body *b, const struct stream *s, enum dir dir, struct chunk c);
/* The body is complete. A JSON object goes to the sink, whole; anything else is counted and told. False if it was a guess, and
 * a wrong one; that is left to the caller to tell. */
bool rest_end(struct rest_body *b, const struct stream *s, enum dir dir, int64_t time);
/* Nothing more of it comes: what there is goes to the sink as a cut message. gap: bytes are missing from the capture. */
void rest_cut(struct rest_body *b, const struct stream *s, enum dir dir, int64_t time, bool gap);
void rest_release(struct rest_body *b);

#endif
