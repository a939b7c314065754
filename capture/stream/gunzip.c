/*
 * Inflating what lies in memory as a whole.
 *
 * "deflate" is the zlib format by the book, but some senders leave zlib's header out; a zlib header is told by its method and its
 * check bits. What comes out goes through a piece on the stack, so that a small body that inflates to a thousand times its
 * size takes no more memory than is allowed.
 */
#include "capture/stream/gunzip.h"

#include "base/xalloc.h"

#define ZLIB_CONST
#include <zlib.h>

enum { PIECE = 16384, WINDOW = 15, ANY_HEADER = 32, METHOD_DEFLATE = 8, MEMBERS = 64 };

static bool has_header(struct slice in)
{
	if (in.len < 2 || (in.at[0] == 0x1f && in.at[1] == 0x8b))
		return true;
	return (in.at[0] & 15) == METHOD_DEFLATE && (in.at[0] << 8 | in.at[1]) % 31 == 0;
}

/* One call of inflate; false when no more than `most` bytes are to come out and more did. */
static bool step(z_stream *z, uint64_t *most, struct buf *out, int *status)
{
	uint8_t piece[PIECE];
	z->next_out = piece;
	z->avail_out = sizeof(piece);
	*status = inflate(z, Z_NO_FLUSH);
	struct slice got = slice_of(piece, sizeof(piece) - z->avail_out);
	bool fits = got.len <= *most;
	buf_add(out, fits ? got : slice_head(got, (size_t)*most));
	*most -= fits ? got.len : *most;
	return fits;
}

/* A gzip body may be several members, one behind the other (RFC 1952, section 2.2). */
static enum gunzip run(z_stream *z, struct slice in, uint64_t most, struct buf *out)
{
	int status = Z_OK, members = 0;
	while (true) {
		if (!z->avail_in && in.len) {
			struct slice part = slice_head(in, 1u << 30);
			z->next_in = part.at;
			z->avail_in = (uInt)part.len;
			in = slice_skip(in, part.len);
		}
		if (!step(z, &most, out, &status))
			return GUNZIP_OVERLONG;
		if (status == Z_STREAM_END) {
			bool more = z->avail_in > 1 && z->next_in[0] == 0x1f && z->next_in[1] == 0x8b;
			if (!more || ++members == MEMBERS)
				return GUNZIP_WHOLE;
			inflateReset(z);
		} else if (status == Z_BUF_ERROR || (status == Z_OK && !z->avail_in && !in.len && z->avail_out)) {
			return GUNZIP_CUT;
		} else if (status != Z_OK) {
			return GUNZIP_BAD;
		}
	}
}

enum gunzip gunzip(struct slice in, uint64_t most, struct buf *out)
{
	z_stream z = { .zalloc = xalloc_for_zlib, .zfree = xfree_for_zlib };
	if (inflateInit2(&z, has_header(in) ? WINDOW + ANY_HEADER : -WINDOW) != Z_OK)
		return GUNZIP_BAD;
	enum gunzip result = run(&z, in, most, out);
	inflateEnd(&z);
	return result;
}
