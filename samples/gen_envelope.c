/*
 * Packs a struct message into an openiap.Envelope with the generated protobuf-c code. The
 * generated structs want pointers to writable text, so message_pack works on a copy of the
 * message, which it owns while it packs.
 */
#include "samples/gen_envelope.h"

#include <openssl/evp.h>

static void pack(struct buf *out, const ProtobufCMessage *m)
{
	size_t size = protobuf_c_message_get_packed_size(m);
	protobuf_c_message_pack(m, buf_reserve(out, size));
	out->len += size;
}

void message_pack(struct buf *out, const struct message *m)
{
	struct message copy = *m;
	struct buf payload = { 0 };
	Google__Protobuf__Any any;
	Openiap__Envelope e;
	google__protobuf__any__init(&any);
	openiap__envelope__init(&e);
	if (m->body)
		pack(&payload, m->body);
	else
		buf_add(&payload, m->raw);
	any.type_url = copy.type_url;
	any.value = (ProtobufCBinaryData){ payload.len, payload.at };
	e.command = copy.command;
	e.priority = copy.priority;
	e.seq = copy.seq;
	e.id = copy.id;
	e.rid = copy.rid;
	e.data = copy.has_data ? &any : NULL;
	e.jwt = copy.jwt;
	e.traceid = copy.traceid;
	e.spanid = copy.spanid;
	pack(out, &e.base);
	buf_release(&payload);
}

void length_pack(struct buf *out, uint32_t length)
{
	for (int shift = 0; shift < 32; shift += 8)
		buf_add_byte(out, (uint8_t)(length >> shift));
}

void message_frame(struct buf *out, const struct message *m)
{
	struct buf envelope = { 0 };
	message_pack(&envelope, m);
	length_pack(out, (uint32_t)envelope.len);
	buf_add(out, buf_slice(&envelope));
	buf_release(&envelope);
}

void base64_pack(struct buf *out, struct slice s)
{
	uint8_t *at = buf_reserve(out, (s.len + 2) / 3 * 4 + 1);
	out->len += (size_t)EVP_EncodeBlock(at, s.at, (int)s.len);
}

/* base64url without padding (RFC 7515, 2). */
static void base64url_pack(struct buf *out, struct slice s)
{
	size_t start = out->len;
	base64_pack(out, s);
	while (out->len > start && out->at[out->len - 1] == '=')
		out->len--;
	for (uint8_t *c = out->at + start; c < out->at + out->len; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
}

void jwt_pack(struct buf *out, const char *user, long expires)
{
	struct buf claims = { 0 };
	buf_addf(&claims, "{\"data\":{\"username\":\"%s\"},\"iat\":%ld,\"exp\":%ld}", user, expires - 3600, expires);
	base64url_pack(out, slice_str("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
	buf_add_byte(out, '.');
	base64url_pack(out, buf_slice(&claims));
	buf_add_byte(out, '.');
	base64url_pack(out, slice_str("no signature, a sample only"));
	buf_release(&claims);
}
