/* The length prefix: 4 bytes little-endian, then that many bytes of message (protocol: TCP socket, named pipe, WebSocket). */
#ifndef CAPTURE_STREAM_LENGTH_PREFIX_H
#define CAPTURE_STREAM_LENGTH_PREFIX_H

#include "capture/stream/layer.h"

enum { LENGTH_PREFIX_PASS = 16384 }; /* messages longer than that are handed on in pieces as they come */

/* A layer that cuts messages. synced[dir]: the first byte of that direction begins a length; otherwise the first boundary is
 * searched for. `s` must outlive it. */
struct layer *length_prefix_new(const struct stream *s, const bool synced[2]);
/* From here on messages of that direction come in frames that break the rule of masks, or do not. */
void length_prefix_set_unmasked(struct layer *l, enum dir dir, bool unmasked);

/* Where no message of `size` bytes can begin with these: could one, without doubt, whose length is right or wrong by a few bytes? */
bool length_prefix_nearly(const struct stream *s, struct slice bytes, uint64_t size);

enum find_status { FIND_NONE, FIND_MORE, FIND_FOUND };

struct find {
	enum find_status status;
	size_t offset; /* FOUND: of the boundary; else: bytes before it hold none and can be dropped */
};

/* Searches bytes for the beginning of a length-prefixed message. `final`: no more bytes will follow these (a gap, the end), so that a
 * candidate is judged by what is there. */
struct find length_prefix_find(const struct stream *s, struct slice in, bool final);
/* Which end sent the messages, each behind its length, at the front of bytes, as far as one of them shows it. */
enum sender length_prefix_sender(const struct stream *s, struct slice in);

#endif
