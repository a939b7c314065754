/* Units of HTTP/2: a frame, or a header block with all its frames (RFC 9113, section 4.3), which nothing may come in between. */
#ifndef CAPTURE_PROXY_UNIT_H
#define CAPTURE_PROXY_UNIT_H

#include "base/buf.h"
#include "capture/stream/http2_frame.h"

enum { UNIT_PRIORITY = 5 };

enum unit_status { UNIT_WHOLE, UNIT_MORE, UNIT_BAD /* no HTTP/2, or more than the limit */ };

struct unit {
	struct http2_frame first;
	struct slice bytes;
};

/* Reads the unit at the front of `in`, of at most `most` bytes. */
enum unit_status unit_read(struct slice in, size_t most, struct unit *out);
/* The payload of its first frame without padding (section 6.1); false if that is longer than the frame. */
bool unit_data(const struct unit *u, struct slice *data);
/* Of HEADERS: appends the header block, and says which priority stands in front of it (empty: none). False if it can't be one. */
bool unit_block(const struct unit *u, struct slice *priority, struct buf *block);
/* Appends a frame. */
void unit_add(struct buf *out, enum http2_type type, uint8_t flags, uint32_t stream, struct slice payload);

#endif
