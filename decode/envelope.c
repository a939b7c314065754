/*
 * Reading an Envelope in place, and telling from a few bytes whether one could begin there.
 *
 * The view agrees with protobuf_c_message_unpack in every case: the last of several values wins; an Any given twice is merged (a
 * type_url that the later one lacks, or a value that it leaves empty, is the earlier one's); a known field in a wrong wire type
 * makes the message bad.
 */
#include "decode/envelope.h"

#include "decode/wire.h"

#include <strings.h>

enum { COMMAND = 1, PRIORITY, SEQ, ID, RID, DATA, JWT, TRACEID, SPANID, LATER_MOST = 2047 /* the highest number in a tag of two bytes */ };

/* A varint of up to three bytes: returns the bytes it took, 0 if it is longer or cut. */
static inline size_t short_number(const uint8_t *at, size_t left, uint32_t *value)
{
	if (left >= 1 && at[0] < 0x80) {
		*value = at[0];
		return 1;
	}
	if (left >= 2 && at[1] < 0x80) {
		*value = (at[0] & 0x7fu) | (uint32_t)at[1] << 7;
		return 2;
	}
	if (left >= 3 && at[2] < 0x80) {
		*value = (at[0] & 0x7fu) | (at[1] & 0x7fu) << 7 | (uint32_t)at[2] << 14;
		return 3;
	}
	return 0;
}

/* An Any as nearly all are: a short type_url, then a value up to the end. False if it is another, and nothing is done. */
static inline bool any_read_common(const uint8_t *at, size_t left, struct envelope *out)
{
	uint32_t length;
	if (left < 2 || at[0] != (1 << 3 | WIRE_LENGTH) || at[1] >= 0x80 || (size_t)at[1] + 2 >= left)
		return false;
	const uint8_t *value = at + 2 + at[1];
	left -= 2 + (size_t)at[1];
	size_t n = short_number(value + 1, left - 1, &length);
	if (value[0] != (2 << 3 | WIRE_LENGTH) || !n || !length || length != left - 1 - n)
		return false;
	out->has_data = true;
	out->type_url = slice_of(at + 2, at[1]);
	out->value = slice_of(value + 1 + n, length);
	return true;
}

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

/* Where the text of a field with that tag (number and wire type in one byte) goes; NULL for any other. */
static struct slice *text_field(struct envelope *e, unsigned tag)
{
#define TEXT(number, field) [number << 3 | WIRE_LENGTH] = offsetof(struct envelope, field) + 1
	static const uint8_t behind[128] = {
		TEXT(COMMAND, command), TEXT(ID, id), TEXT(RID, rid), TEXT(JWT, jwt), TEXT(TRACEID, traceid), TEXT(SPANID, spanid),
	};
#undef TEXT
	return behind[tag] ? (struct slice *)(void *)((char *)e + behind[tag] - 1) : NULL;
}

/* A field as in nearly all Envelopes: returns the bytes it took, 0 if it is another. */
static inline size_t field_read_common(const uint8_t *at, size_t left, struct envelope *e)
{
	uint32_t number;
	size_t n = short_number(at + 1, left - 1, &number), head = 1 + n;
	if (at[0] >= 0x80 || !n)
		return 0;
	if (at[0] == (SEQ << 3 | WIRE_VARINT)) {
		e->seq = (int32_t)number;
		return head;
	}
	if (at[0] == (PRIORITY << 3 | WIRE_VARINT)) {
		e->priority = (int32_t)number;
		return head;
	}
	if (number > left - head)
		return 0;
	struct slice *text = text_field(e, at[0]);
	if (text)
		*text = slice_of(at + head, number);
	else if (at[0] != (DATA << 3 | WIRE_LENGTH) || !any_read_common(at + head, number, e))
		return 0;
	return head + number;
}

/* Takes fields off the front of *rest as long as each is a common one: quicker than wire_next, which gets all others. */
static void read_common(struct slice *rest, struct envelope *e)
{
	const uint8_t *at = rest->at;
	size_t left = rest->len, n;
	while (left >= 2 && (n = field_read_common(at, left, e))) {
		at += n;
		left -= n;
	}
	*rest = slice_of(at, left);
}

/* Field by field: quicker than clearing so many bytes in one stroke. */
static void envelope_clear(struct envelope *e)
{
	const struct slice none = { NULL, 0 };
	e->command = e->id = e->rid = e->jwt = e->traceid = e->spanid = e->type_url = e->value = none;
	e->priority = e->seq = 0;
	e->has_data = false;
}

/* The data run beyond the bytes, as those of a message that was cut do: the type of what they hold stands in front of it. */
static void any_read_front(struct slice bytes, struct envelope *out)
{
	struct wire_field f;
	uint64_t length;
	size_t head = wire_header(bytes, &f, &length);
	if (!head || f.number != DATA || f.type != WIRE_LENGTH)
		return;
	bytes = slice_skip(bytes, head);
	if (wire_next(&bytes, &f) != WIRE_FIELD || f.number != 1 || f.type != WIRE_LENGTH)
		return;
	out->has_data = true;
	out->type_url = f.bytes;
}

bool envelope_read(struct slice bytes, struct envelope *out)
{
	struct wire_field f;
	enum wire_status status;
	f.number_value = 0;
	envelope_clear(out);
	while (read_common(&bytes, out), (status = wire_next(&bytes, &f)) == WIRE_FIELD) {
		if (!f.number || f.number > SPANID)
			continue;
		if (f.type != (f.number == PRIORITY || f.number == SEQ ? WIRE_VARINT : WIRE_LENGTH))
			return false;
		if (f.number == PRIORITY)
			out->priority = (int32_t)f.number_value;
		else if (f.number == SEQ)
			out->seq = (int32_t)f.number_value;
		else if (f.number != DATA)
			*text_field(out, f.number << 3 | WIRE_LENGTH) = f.bytes;
		else if (!any_read(f.bytes, out))
			return false;
	}
	if (status != WIRE_END)
		any_read_front(bytes, out);
	return status == WIRE_END;
}

/* Characters of a command. */
static const bool command_char[256] = {
	['-'] = true, ['.'] = true, ['_'] = true, ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
};

/* Could the field be one of an Envelope? Those that a later version of the protocol has come behind ones that are known, in any form. */
static bool field_can_be(const struct wire_field *f, int seen)
{
	if (f->number > SPANID)
		return f->number <= (seen ? LATER_MOST : 15);
	return f->number && f->type == (f->number == PRIORITY || f->number == SEQ ? WIRE_VARINT : WIRE_LENGTH);
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
		if (!field_can_be(&f, seen))
			return PROBE_NO;
		if (f.type == WIRE_64BIT || f.type == WIRE_32BIT) {
			length = f.type == WIRE_64BIT ? 8 : 4;
		} else if (f.type == WIRE_VARINT) {
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
		if (!command_char[head.at[i]])
			return PROBE_NO;
	if (head.len < n + 2)
		return PROBE_MORE;
	enum probe p = probe_fields(slice_skip(head, n + 2), length - n - 2, head.len == length);
	return p == PROBE_MORE && head.len >= PROBE_BYTES ? PROBE_WEAK : p;
}

/* Commands are the same in capitals (decode/schema.h). */
static bool is_word(struct slice name, const char *word)
{
	return name.len == strlen(word) && strncasecmp((const char *)name.at, word, name.len) == 0;
}

static bool is_one_of(struct slice name, const char *const *names)
{
	while (*names && !is_word(name, *names))
		names++;
	return *names != NULL;
}

enum sender envelope_sender(struct slice head)
{
	static const char *const of_either[] = {
		"noop", "ping", "pong", "error", "getelement", "beginstream", "stream", "endstream", NULL
	};
	static const char *const of_server[] = { "watchevent", "queueevent", "queueclosed", "refreshtoken", NULL };
	struct cursor c = cursor_of(head);
	uint8_t tag = cursor_u8(&c);
	struct slice command = cursor_take(&c, cursor_u8(&c));
	if (c.short_ || tag != (COMMAND << 3 | WIRE_LENGTH) || !command.len || is_one_of(command, of_either))
		return SENDER_UNKNOWN;
	bool reply = command.len > 5 && is_word(slice_skip(command, command.len - 5), "reply");
	return reply || is_one_of(command, of_server) ? SENDER_SERVER : SENDER_CLIENT;
}
