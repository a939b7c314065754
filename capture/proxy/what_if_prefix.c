/* What-ifs where each Envelope stands behind its length (socket, tcp, pipe). */
#include "capture/proxy/what_if_part.h"

enum { PREFIX = 4 };

static void feed(struct what_if *w, struct slice in)
{
	size_t at = 0;
	buf_add(&w->gathered, in);
	while (!w->through) {
		struct slice rest = slice_skip(buf_slice(&w->gathered), at);
		struct cursor c = cursor_of(rest);
		uint64_t size = cursor_le32(&c);
		if (c.short_ || (size <= WHAT_IF_HELD && size > c.rest.len))
			break;
		if (size > WHAT_IF_HELD) {
			what_if_give_up(
				w,
				"what-if: a message of more than 4 MiB, or no message: from here on all of this connection passes unchanged");
			break;
		}
		struct piece message = { .encoding = ENCODING_ENVELOPE, .bytes = slice_head(c.rest, (size_t)size) };
		what_if_message(w, (struct held){ .kind = HELD_WIRE }, slice_head(rest, PREFIX + (size_t)size), &message);
		at += PREFIX + (size_t)size;
	}
	buf_consume(&w->gathered, at);
}

const struct framing what_if_prefix = { .transport = TRANSPORT_TCP, .feed = feed };
