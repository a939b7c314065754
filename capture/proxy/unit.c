/* Units of HTTP/2: cut, read, written. */
#include "capture/proxy/unit.h"

static bool opens_block(const struct http2_frame *f)
{
	return f->type == HTTP2_HEADERS || f->type == HTTP2_PUSH_PROMISE;
}

enum unit_status unit_read(struct slice in, size_t most, struct unit *out)
{
	size_t size = 0;
	struct http2_frame f;
	do {
		struct slice rest = slice_skip(in, size);
		if (rest.len < HTTP2_HEAD)
			return UNIT_MORE;
		f = http2_frame_read(rest);
		if (!size)
			out->first = f;
		if (!http2_frame_possible(&f) || (f.type == HTTP2_CONTINUATION) != (size > 0) || f.stream != out->first.stream)
			return UNIT_BAD;
		if (size + HTTP2_HEAD + f.length > most)
			return UNIT_BAD;
		if (rest.len < HTTP2_HEAD + f.length)
			return UNIT_MORE;
		size += HTTP2_HEAD + f.length;
	} while (opens_block(&out->first) && !(f.flags & HTTP2_END_HEADERS));
	out->bytes = slice_head(in, size);
	return UNIT_WHOLE;
}

bool unit_data(const struct unit *u, struct slice *data)
{
	*data = slice_head(slice_skip(u->bytes, HTTP2_HEAD), u->first.length);
	if (!(u->first.flags & HTTP2_PADDED))
		return true;
	size_t padding = data->len ? data->at[0] : 0;
	if (data->len < padding + 1)
		return false;
	*data = slice_head(slice_skip(*data, 1), data->len - 1 - padding);
	return true;
}

bool unit_block(const struct unit *u, struct slice *priority, struct buf *block)
{
	struct slice data, rest = slice_skip(u->bytes, HTTP2_HEAD + u->first.length);
	*priority = (struct slice){ 0 };
	if (!unit_data(u, &data))
		return false;
	if (u->first.flags & HTTP2_WITH_PRIORITY) {
		*priority = slice_head(data, UNIT_PRIORITY);
		data = slice_skip(data, UNIT_PRIORITY);
	}
	buf_add(block, data);
	while (rest.len >= HTTP2_HEAD) {
		struct http2_frame f = http2_frame_read(rest);
		buf_add(block, slice_head(slice_skip(rest, HTTP2_HEAD), f.length));
		rest = slice_skip(rest, HTTP2_HEAD + f.length);
	}
	return !(u->first.flags & HTTP2_WITH_PRIORITY) || priority->len == UNIT_PRIORITY;
}

void unit_add(struct buf *out, enum http2_type type, uint8_t flags, uint32_t stream, struct slice payload)
{
	uint8_t head[HTTP2_HEAD] = {
		(uint8_t)(payload.len >> 16), (uint8_t)(payload.len >> 8), (uint8_t)payload.len,   (uint8_t)type,  flags,
		(uint8_t)(stream >> 24),      (uint8_t)(stream >> 16),     (uint8_t)(stream >> 8), (uint8_t)stream
	};
	buf_add(out, slice_of(head, sizeof head));
	buf_add(out, payload);
}
