/* The WebSocket side of a conversation: the HTTP upgrade and frames (RFC 6455). */
#ifndef SAMPLES_GEN_WS_H
#define SAMPLES_GEN_WS_H

#include "base/buf.h"
#include "samples/gen_tcp.h"

enum ws_opcode { WS_CONTINUATION, WS_TEXT, WS_BINARY, WS_CLOSE = 8, WS_PING, WS_PONG };
enum { WS_FIN = 0x80 };

/* Appends the client's request to upgrade /ws/v2; its key is made from the seed. */
void ws_request(struct buf *out, uint32_t seed);
/* Appends the server's answer to the request of that seed: 101 with the right Sec-WebSocket-Accept. */
void ws_accept(struct buf *out, uint32_t seed);
/* Appends one frame: `first` is an opcode, with WS_FIN for the last fragment of a message; the mask is
 * applied if it is not 0. */
void ws_frame(struct buf *out, unsigned first, uint32_t mask, struct slice payload);

#endif
