/* gRPC calls (gRPC over HTTP/2): each message has 5 bytes in front of it, a flag that says whether it is compressed and a big-endian
 * length, and runs across DATA frames as they come. A call is one HTTP/2 stream. */
#ifndef CAPTURE_STREAM_GRPC_H
#define CAPTURE_STREAM_GRPC_H

#include "capture/stream/layer.h"

enum { GRPC_PREFIX = 5 };

struct grpc_call;

/* What the calls of one connection share; the others begin as 0. */
struct grpc_conn {
	const struct stream *stream; /* must outlive it */
	uint64_t setups;             /* SetupStreams so far: each but the first is a conversation of its own (conversation.h) */
	uint64_t packed;             /* bytes of compressed messages that wait to be complete */
};

/* A call whose path is not known: what begins like an Envelope at the beginning of a DATA frame makes it a SetupStream. */
struct grpc_call *grpc_call_new(struct grpc_conn *conn, uint32_t http2_stream);
/* The path of a call is known: it is one of /openiap.FlowService, or somebody else's, which is passed over. Returns whether it is
 * ours. Of several paths the first counts. */
bool grpc_call_path(struct grpc_call *c, struct slice path, int64_t time);
/* What is to be told of the call now is told with this. */
const struct stream *grpc_call_stream(struct grpc_call *c, int64_t time);
/* What a call is worth to whoever can't follow all of them. */
enum grpc_worth { GRPC_NOTHING, GRPC_UNARY, GRPC_SETUP };
enum grpc_worth grpc_call_worth(const struct grpc_call *c);
/* Frees the call; grpc_call_end() for both directions comes first. */
void grpc_call_free(struct grpc_call *c);

/* A DATA frame with `length` bytes of data begins, and its data as it comes. */
void grpc_call_frame(struct grpc_call *c, enum dir dir, uint32_t length);
void grpc_call_data(struct grpc_call *c, enum dir dir, struct chunk chunk);
/* n bytes of data are missing from the capture; 0: their number is not known. */
void grpc_call_gap(struct grpc_call *c, enum dir dir, uint64_t n, int64_t time);
/* Data of it may have been passed over unread, at a place that is not known: that no message came is no fault then. */
void grpc_call_lose(struct grpc_call *c, enum dir dir);
/* The server's grpc-status, and what it says about it: grpc-message, its escapes undone, or nothing. */
void grpc_call_status(struct grpc_call *c, uint32_t status, struct slice message, int64_t time);
/* The status of the server's answer as HTTP has it: with another than 200 it is no gRPC, and what it says is passed over. */
void grpc_call_http_status(struct grpc_call *c, uint32_t status, int64_t time);
/* Nothing more comes in that direction; further calls for it do nothing. `answered`: it is the call's end by its rules, not the
 * connection's or the capture's, so that a unary call that has no reply failed. */
void grpc_call_end(struct grpc_call *c, enum dir dir, bool answered, int64_t time);
/* True when both directions have ended. */
bool grpc_call_ended(const struct grpc_call *c);

/* Could the first bytes of a DATA frame's data be a prefix and an Envelope? */
enum probe grpc_begins(const struct stream *s, struct slice data);

#endif
