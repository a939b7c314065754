/*
 * Messages as exported PDUs.
 *
 *	| tag 2 | length 2 | value | … | end tag 0 | length 0 | message |
 */
#include "export/pdu.h"

#include "decode/wire.h"

enum tag {
	TAG_END = 0,
	TAG_DISSECTOR = 12,
	TAG_IPV4_SRC = 20,
	TAG_IPV4_DST = 21,
	TAG_IPV6_SRC = 22,
	TAG_IPV6_DST = 23,
	TAG_PORT_TYPE = 24,
	TAG_SRC_PORT = 25,
	TAG_DST_PORT = 26,
	TAG_DIRECTION = 35,
};
enum { PORT_TCP = 2, SENT = 0, RECEIVED = 1 };

static void add_be(struct buf *out, uint32_t v, unsigned bytes)
{
	while (bytes--)
		buf_add_byte(out, (uint8_t)(v >> 8 * bytes));
}

static void add_tag(struct buf *out, enum tag tag, struct slice value)
{
	add_be(out, tag, 2);
	add_be(out, (uint32_t)value.len, 2);
	buf_add(out, value);
}

static void add_tag_number(struct buf *out, enum tag tag, uint32_t v)
{
	add_be(out, tag, 2);
	add_be(out, 4, 2);
	add_be(out, v, 4);
}

static void add_address(struct buf *out, const struct endpoint *e, enum tag v4, enum tag v6)
{
	if (e->family == 4)
		add_tag(out, v4, slice_of(e->addr, 4));
	else if (e->family == 6)
		add_tag(out, v6, slice_of(e->addr, 16));
}

static void add_tags(struct buf *out, const char *dissector, const struct conn_facts *conn, enum dir dir)
{
	add_tag(out, TAG_DISSECTOR, slice_str(dissector));
	if (conn) {
		const struct endpoint *from = &conn->ends[dir], *to = &conn->ends[!dir];
		add_address(out, from, TAG_IPV4_SRC, TAG_IPV6_SRC);
		add_address(out, to, TAG_IPV4_DST, TAG_IPV6_DST);
		add_tag_number(out, TAG_PORT_TYPE, PORT_TCP);
		add_tag_number(out, TAG_SRC_PORT, from->port);
		add_tag_number(out, TAG_DST_PORT, to->port);
	}
	add_tag_number(out, TAG_DIRECTION, dir == DIR_C2S ? SENT : RECEIVED);
	add_tag(out, TAG_END, slice_of(NULL, 0));
}

static void add_varint(struct buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_add_byte(out, (uint8_t)(v | 0x80));
	buf_add_byte(out, (uint8_t)v);
}

/* A field with the default value is not written, as in proto3. */
static void add_number(struct buf *out, uint32_t field, int32_t v)
{
	if (!v)
		return;
	add_varint(out, field << 3 | WIRE_VARINT);
	add_varint(out, (uint64_t)(int64_t)v);
}

static void add_bytes(struct buf *out, uint32_t field, struct slice v)
{
	if (!v.len)
		return;
	add_varint(out, field << 3 | WIRE_LENGTH);
	add_varint(out, v.len);
	buf_add(out, v);
}

/* An Envelope for a message that came without one. */
static void add_envelope(struct buf *out, const struct envelope *e)
{
	struct buf any = { 0 };
	add_bytes(&any, 1, e->type_url);
	add_bytes(&any, 2, e->value);
	add_bytes(out, 1, e->command);
	add_number(out, 2, e->priority);
	add_number(out, 3, e->seq);
	add_bytes(out, 4, e->id);
	add_bytes(out, 5, e->rid);
	add_bytes(out, 6, buf_slice(&any));
	add_bytes(out, 7, e->jwt);
	add_bytes(out, 8, e->traceid);
	add_bytes(out, 9, e->spanid);
	buf_release(&any);
}

static void add_bare_payload(struct buf *out, const struct session *s, const struct record *r, struct slice bytes)
{
	struct form form;
	struct buf url = { 0 };
	const ProtobufCMessageDescriptor *type = schema_descriptor(session_schema(s), r->type);
	form_init(&form);
	form_read(&form, s, r, bytes);
	if (type && !form.e.type_url.len) {
		buf_addf(&url, "type.googleapis.com/%s", type->name);
		form.e.type_url = buf_slice(&url);
	}
	add_envelope(out, &form.e);
	form_release(&form);
	buf_release(&url);
}

uint32_t pdu_add(struct buf *out, const struct session *s, const struct record *r, struct slice bytes)
{
	const struct session_conn *conn = session_conn(s, r->conn);
	bool json = r->encoding == ENCODING_JSON || r->encoding == ENCODING_LEGACY;
	add_tags(out, json ? "json" : "openiap", conn ? &conn->info : NULL, (enum dir)r->dir);
	size_t begin = out->len;
	if (r->encoding == ENCODING_PAYLOAD)
		add_bare_payload(out, s, r, bytes);
	else
		buf_add(out, bytes);
	size_t whole = r->encoding == ENCODING_ENVELOPE && r->size > bytes.len ? r->size : out->len - begin;
	out->len = out->len < PDU_MAX ? out->len : PDU_MAX;
	return (uint32_t)(begin + whole);
}
