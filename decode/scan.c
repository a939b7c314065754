/*
 * The scan: a protobuf reader that can stop at any byte.
 *
 * It is always in one of two states: inside a value that is not looked into (skip > 0), or gathering the header of the next field (tag
 * and length; for numbers the value too). A stack of levels says which message a field belongs to and where that message ends. Level
 * 1 is the Envelope, 2 the Any, from 3 on the payload, checked against its descriptor as schema_valid does. What the payload is must be
 * known when it begins: a scan that learns better later, or meets what it can't check in passing, is unsure.
 */
#include "decode/scan.h"

#include "decode/dissect.h"
#include "decode/wire.h"

enum { ENVELOPE = 1, ANY, PAYLOAD };                                      /* levels */
enum { COMMAND = 1, PRIORITY, SEQ, ID, RID, DATA, JWT, TRACEID, SPANID }; /* fields */

void scan_init(struct scan *s, const struct schema *schema)
{
	*s = (struct scan){ .schema = schema };
}

void scan_release(struct scan *s)
{
	for (size_t i = 0; i < sizeof s->text / sizeof *s->text; i++)
		buf_release(&s->text[i]);
	buf_release(&s->value);
}

void scan_begin(struct scan *s, uint64_t size)
{
	for (size_t i = 0; i < sizeof s->text / sizeof *s->text; i++)
		buf_clear(&s->text[i]);
	buf_clear(&s->value);
	s->at = s->skip = s->value_from = s->value_to = 0;
	s->header_len = 0;
	s->keep = NULL;
	s->depth = 1;
	s->level[0] = (struct scan_level){ NULL, size };
	s->bad = s->bad_payload = s->unsure = s->has_data = s->has_value = false;
	s->type = 0;
	s->priority = s->seq = 0;
	s->tapping = false;
	s->tapped = 0;
}

static void skip(struct scan *s, uint64_t len, struct buf *keep)
{
	s->skip = len;
	s->keep = keep;
	if (keep)
		buf_clear(keep);
}

void scan_begin_payload(struct scan *s, type_id type, uint64_t size)
{
	scan_begin(s, size);
	s->has_data = true;
	s->value_to = size < SCAN_VALUE ? size : SCAN_VALUE;
	if (!type) {
		skip(s, size, NULL);
		return;
	}
	s->level[ANY - 1] = (struct scan_level){ NULL, size };
	s->level[PAYLOAD - 1] = (struct scan_level){ schema_descriptor(s->schema, type), size };
	s->depth = PAYLOAD;
}

/* The type of the payload, by what was read so far. */
static type_id payload_type(const struct scan *s)
{
	bool by_command;
	struct envelope e = { .command = buf_slice(&s->text[COMMAND]),
			      .rid = buf_slice(&s->text[RID]),
			      .type_url = buf_slice(&s->text[DATA]) };
	return envelope_payload_type(s->schema, &e, &by_command);
}

/* What is read is not valid. In a payload that is no reason not to read what follows it. */
static void fault(struct scan *s)
{
	if (s->depth < PAYLOAD) {
		s->bad = true;
		return;
	}
	s->bad_payload = true;
	s->header_len = 0;
	s->depth = ANY;
	skip(s, s->level[PAYLOAD - 1].end - s->at, NULL);
}

static void push(struct scan *s, const ProtobufCMessageDescriptor *type, uint64_t len)
{
	if (s->depth == SCAN_LEVELS)
		fault(s);
	else
		s->level[s->depth++] = (struct scan_level){ type, s->at + len };
}

static void in_envelope(struct scan *s, const struct wire_field *f, uint64_t len)
{
	if (!f->number || f->number > SPANID)
		skip(s, len, NULL);
	else if (f->type != (f->number == PRIORITY || f->number == SEQ ? WIRE_VARINT : WIRE_LENGTH))
		fault(s);
	else if (f->number == PRIORITY)
		s->priority = (int32_t)f->number_value;
	else if (f->number == SEQ)
		s->seq = (int32_t)f->number_value;
	else if (f->number != DATA)
		skip(s, len, &s->text[f->number]);
	else
		push(s, NULL, len);
	s->has_data = s->has_data || (s->depth == ANY && f->number == DATA);
}

/* The payload begins. */
static void begin_payload(struct scan *s, uint64_t len)
{
	s->unsure = s->unsure || s->has_value;
	s->has_value = true;
	buf_clear(&s->value);
	s->value_from = s->at;
	s->value_to = s->at + (len < SCAN_VALUE ? len : SCAN_VALUE);
	s->type = payload_type(s);
	if (s->type)
		push(s, schema_descriptor(s->schema, s->type), len);
	else
		skip(s, len, NULL);
}

static void in_any(struct scan *s, const struct wire_field *f, uint64_t len)
{
	bool url = f->number == 1, value = f->number == 2;
	if ((url || value) && f->type != WIRE_LENGTH)
		fault(s);
	else if (value)
		begin_payload(s, len);
	else
		skip(s, len, url ? &s->text[DATA] : NULL);
}

static void in_payload(struct scan *s, const struct wire_field *f, uint64_t len)
{
	const ProtobufCMessageDescriptor *type = s->level[s->depth - 1].type;
	const ProtobufCFieldDescriptor *field = schema_field(type, f->number);
	int wire = field ? schema_wire_type(field) : f->type;
	bool packed = field && field->label == PROTOBUF_C_LABEL_REPEATED && f->type == WIRE_LENGTH && wire != WIRE_LENGTH;
	s->unsure = s->unsure || packed;
	if (wire != f->type && !packed && field->type != PROTOBUF_C_TYPE_BOOL)
		fault(s);
	else if (field && field->type == PROTOBUF_C_TYPE_MESSAGE)
		push(s, field->descriptor, len);
	else
		skip(s, len, NULL);
	s->tapping = s->depth == PAYLOAD && s->skip && !s->tapped && field && f->number == 1 && strcmp(type->name, "openiap.Stream") == 0;
}

/* A header is complete; len: bytes of the value that follow it. */
static void take_field(struct scan *s, const struct wire_field *f, uint64_t len)
{
	if (len > s->level[s->depth - 1].end - s->at)
		fault(s);
	else if (s->depth == ENVELOPE)
		in_envelope(s, f, len);
	else if (s->depth == ANY)
		in_any(s, f, len);
	else
		in_payload(s, f, len);
}

/* One more byte of a header. */
static void take_header(struct scan *s, uint8_t byte)
{
	struct wire_field f = { 0 };
	uint64_t len;
	s->header[s->header_len++] = byte;
	s->at++;
	struct slice in = slice_of(s->header, s->header_len);
	size_t n = wire_header(in, &f, &len);
	if (!n) {
		if (s->header_len >= 10)
			fault(s);
		return;
	}
	struct slice value = slice_skip(in, n);
	size_t fixed = f.type == WIRE_64BIT ? 8 : f.type == WIRE_32BIT ? 4 : 0;
	if (f.type == WIRE_VARINT && !wire_varint(value, 10, &f.number_value)) {
		if (value.len >= 10)
			fault(s);
		return;
	}
	if (value.len < fixed)
		return;
	s->header_len = 0;
	take_field(s, &f, len);
}

/* Leaves the messages that end here. */
static void pop(struct scan *s)
{
	while (s->depth > 1 && !s->bad && !s->skip && s->at >= s->level[s->depth - 1].end) {
		if (s->header_len)
			fault(s);
		else
			s->depth--;
	}
}

/* Keeps what the bytes at s->at … hold of the payload's front. */
static void keep_value(struct scan *s, struct slice bytes)
{
	uint64_t from = s->value_from + s->value.len;
	if (from < s->value_to && from >= s->at && from - s->at < bytes.len)
		buf_add(&s->value, slice_head(slice_skip(bytes, (size_t)(from - s->at)), (size_t)(s->value_to - from)));
}

void scan_feed(struct scan *s, struct slice bytes)
{
	keep_value(s, bytes);
	while (bytes.len && !s->bad) {
		if (!s->skip) {
			uint64_t value_from = s->value_from;
			take_header(s, bytes.at[0]);
			bytes = slice_skip(bytes, 1);
			if (s->value_from != value_from)
				keep_value(s, bytes);
		} else {
			size_t n = s->skip < bytes.len ? (size_t)s->skip : bytes.len;
			if (s->keep && s->keep->len < SCAN_TEXT)
				buf_add(s->keep, slice_head(slice_head(bytes, n), SCAN_TEXT - s->keep->len));
			if (s->tapping) {
				s->tapped += n;
				if (s->tap)
					s->tap(s->tap_user, slice_head(bytes, n));
				s->tapping = n < s->skip;
			}
			s->skip -= n;
			s->at += n;
			bytes = slice_skip(bytes, n);
		}
		pop(s);
	}
	if (s->bad)
		s->at += bytes.len;
}

bool scan_readable(const struct scan *s)
{
	return !s->bad && s->depth == 1 && !s->skip && !s->header_len && s->at == s->level[0].end;
}

bool scan_good(const struct scan *s)
{
	return scan_readable(s) && !s->bad_payload;
}

bool scan_unsure(const struct scan *s)
{
	return scan_readable(s) && (s->unsure || (s->has_value && s->type != payload_type(s)));
}

/* The text of a field, if it was read to its end. */
static struct slice text_of(const struct scan *s, int number)
{
	bool under_way = s->skip && s->keep == &s->text[number];
	return under_way ? (struct slice){ NULL, 0 } : buf_slice(&s->text[number]);
}

struct envelope scan_envelope(const struct scan *s)
{
	return (struct envelope){
		.command = text_of(s, COMMAND),
		.id = text_of(s, ID),
		.rid = text_of(s, RID),
		.jwt = text_of(s, JWT),
		.traceid = text_of(s, TRACEID),
		.spanid = text_of(s, SPANID),
		.type_url = text_of(s, DATA),
		.value = buf_slice(&s->value),
		.priority = s->priority,
		.seq = s->seq,
		.has_data = s->has_data,
	};
}
