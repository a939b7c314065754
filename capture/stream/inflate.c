/*
 * Inflating the messages of one direction, on zlib.
 *
 * All messages are one endless deflate stream, of which the sender takes the last four bytes of every message off, and inflate
 * only ever lacks input. But a sender may also end a message with a final block (RFC 7692, section 7.2.3.4). zlib then reports the
 * end of the stream; if more bytes come, they are a stream of their own that still refers to the window of the one before, so that
 * the window is carried over by hand. That costs a copy of the window, so that only a few a message are allowed.
 *
 * What comes out is written to a buffer on the stack, piece by piece: a message that inflates to a thousand times its size costs
 * time in proportion to what was sent, and no memory.
 */
#include "capture/stream/inflate.h"

#include "base/xalloc.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

enum { WINDOW_MIN = 9, WINDOW_MAX = 15, FINAL_BLOCKS = 16 };

struct inflater {
	z_stream z;
	bool ended;            /* behind a final block */
	unsigned final_blocks; /* in this message */
};

/* A window of 2^8 is read with one of 2^9, since zlib writes that when it is asked for the smaller. */
struct inflater *inflater_new(int window_bits)
{
	struct inflater *f = xcalloc(1, sizeof(*f));
	int bits = window_bits == 0 || window_bits > WINDOW_MAX ? WINDOW_MAX : window_bits < WINDOW_MIN ? WINDOW_MIN : window_bits;
	f->z.zalloc = xalloc_for_zlib;
	f->z.zfree = xfree_for_zlib;
	inflateInit2(&f->z, -bits);
	return f;
}

void inflater_free(struct inflater *f)
{
	if (!f)
		return;
	inflateEnd(&f->z);
	free(f);
}

void inflater_clear(struct inflater *f)
{
	inflateReset(&f->z);
	f->ended = false;
	f->final_blocks = 0;
}

/* A new deflate stream in the window of the one that ended. */
static void carry_over(struct inflater *f)
{
	uint8_t window[1 << WINDOW_MAX];
	uInt len = 0;
	inflateGetDictionary(&f->z, window, &len);
	inflateReset(&f->z);
	if (len)
		inflateSetDictionary(&f->z, window, len);
	f->ended = false;
}

/* One call of inflate. False if it fails. */
static bool step(struct inflater *f, inflate_out *out, void *user)
{
	uint8_t piece[INFLATE_PIECE];
	if (f->ended)
		carry_over(f);
	f->z.next_out = piece;
	f->z.avail_out = sizeof(piece);
	int status = inflate(&f->z, Z_SYNC_FLUSH);
	size_t n = sizeof(piece) - f->z.avail_out;
	if (n)
		out(user, slice_of(piece, n));
	if (status == Z_STREAM_END) {
		f->ended = true;
		return ++f->final_blocks <= FINAL_BLOCKS;
	}
	return status == Z_OK || status == Z_BUF_ERROR;
}

bool inflater_feed(struct inflater *f, struct slice in, inflate_out *out, void *user)
{
	while (in.len) {
		struct slice part = slice_head(in, 1u << 30);
		f->z.next_in = part.at;
		f->z.avail_in = (uInt)part.len;
		do {
			if (!step(f, out, user))
				return false;
		} while (f->z.avail_in || (!f->z.avail_out && !f->ended));
		in = slice_skip(in, part.len);
	}
	return true;
}

/* data_type, as zlib.h explains it: 128 at the end of a block, the low bits those left over of the last byte. */
bool inflater_end_message(struct inflater *f, inflate_out *out, void *user)
{
	static const uint8_t tail[] = { 0x00, 0x00, 0xff, 0xff };
	f->final_blocks = 0;
	if (f->ended)
		return true;
	return inflater_feed(f, slice_of(tail, sizeof(tail)), out, user) && (f->z.data_type & 128) && !(f->z.data_type & 7);
}
