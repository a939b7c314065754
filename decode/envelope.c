/*
 * Reading an Envelope in place, and telling from a few bytes whether one could begin there.
 *
 * The view agrees with protobuf_c_message_unpack in every case: the last of several values wins; an Any given twice is merged (a
 * type_url that the later one lacks, or a value that it leaves empty, is the earlier one's); a known field in a wrong wire type
 * makes the message bad.
 */
#include "decode/envelope.h"

#include "decode/wire.h"

enum { COMMAND = 1, PRIORITY, SEQ, ID, RID, DATA, JWT, TRACEID, SPANID };

static bool any_read(struct slice bytes, struct envelope *out)
{
	struct wire_field f;
	struct slice url = { 0 }, value = { 0 };
	enum wire_status status;
	while ((status = wire_next(&bytes, &f)) == WIRE_FIELD) {
		if (f.number != 1 && f.number != 2)
			continue;
		if (f.type != WIRE_LENGTH)
			return false;
		*(f.number == 1 ? &url : &value) = f.bytes;
	}
	out->has_data = true;
	if (url.at)
		out->type_url = url;
	if (value.len)
		out->value = value;
	return status == WIRE_END;
}

/* Where the text of a field goes; NULL for the fields that are no text. */
static struct slice *text_field(struct envelope *e, uint32_t number)
{
	switch (number) {
	case COMMAND: return &e->command;
	case ID: return &e->id;
	case RID: return &e->rid;
	case JWT: return &e->jwt;
	case TRACEID: return &e->traceid;
	case SPANID: return &e->spanid;
	default: return NULL;
	}
}

/* Field by field: quicker than clearing so many bytes in one stroke. */
static void envelope_clear(struct envelope *e)
{
	const struct slice none = { NULL, 0 };
	e->command = e->id = e->rid = e->jwt = e->traceid = e->spanid = e->type_url = e->value = none;
	e->priority = e->seq = 0;
	e->has_data = false;
}

bool envelope_read(struct slice bytes, struct envelope *out)
{
	struct wire_field f;
	enum wire_status status;
	f.number_value = 0;
	envelope_clear(out);
	while ((status = wire_next(&bytes, &f)) == WIRE_FIELD) {
		if (!f.number || f.number > SPANID)
			continue;
		if (f.type != (f.number == PRIORITY || f.number == SEQ ? WIRE_VARINT : WIRE_LENGTH))
			return false;
		if (f.number == PRIORITY)
			out->priority = (int32_t)f.number_value;
		else if (f.number == SEQ)
			out->seq = (int32_t)f.number_value;
		else if (f.number != DATA)
			*text_field(out, f.number) = f.bytes;
		else if (!any_read(f.bytes, out))
			return false;
	}
	return status == WIRE_END;
}

/* Letters, digits, '-', '.', '_': a bit each for the characters from 0 to 127. */
static bool command_char(uint8_t c)
{
	static const uint64_t set[4] = { 0x03ff600000000000u, 0x07fffffe87fffffeu };
	return set[c >> 6] >> (c & 63) & 1;
}

/* The fields after the command, as far as they are in sight; `left` bytes remain of the message. */
static enum probe probe_fields(struct slice in, uint64_t left, bool all_in_sight)
{
	int seen = 0;
	while (in.len) {
		struct wire_field f;
		uint64_t length;
		size_t n = wire_header(in, &f, &length);
		bool to_end = in.len == left;
		if (!n)
			return in.len >= 10 || to_end ? PROBE_NO : seen ? PROBE_STRONG : PROBE_MORE;
		bool number = f.number == PRIORITY || f.number == SEQ;
		if (!f.number || f.number > 15 || (f.number <= SPANID && (f.type == WIRE_VARINT) != number))
			return PROBE_NO;
		if (f.type != WIRE_VARINT && f.type != WIRE_LENGTH)
			return PROBE_NO;
		if (f.type == WIRE_VARINT) {
			size_t m = wire_varint(slice_skip(in, n), 10, &length);
			if (!m)
				return in.len - n >= 10 || to_end ? PROBE_NO : seen ? PROBE_STRONG : PROBE_MORE;
			length = m;
		}
		if (length > left - n)
			return PROBE_NO;
		seen += f.number <= SPANID;
		left -= n + length;
		in = slice_skip(in, length > in.len ? in.len : n + (size_t)length);
	}
	return seen || (all_in_sight && left == 0) ? PROBE_STRONG : left ? PROBE_MORE : PROBE_WEAK;
}

enum probe envelope_probe(struct slice head, uint64_t length)
{
	if (length < 3)
		return PROBE_NO;
	if (head.len > length)
		head.len = (size_t)length;
	if (head.len > 0 && head.at[0] != (COMMAND << 3 | WIRE_LENGTH))
		return PROBE_NO;
	if (head.len < 2)
		return PROBE_MORE;
	size_t n = head.at[1];
	if (n == 0 || n > 64 || n + 2 > length)
		return PROBE_NO;
	for (size_t i = 2; i < head.len && i < n + 2; i++)
		if (!command_char(head.at[i]))
			return PROBE_NO;
	if (head.len < n + 2)
		return PROBE_MORE;
	enum probe p = probe_fields(slice_skip(head, n + 2), length - n - 2, head.len == length);
	return p == PROBE_MORE && head.len >= PROBE_BYTES ? PROBE_WEAK : p;
}
