/*
 * Cases over gRPC (HTTP/2, RFC 9113): each call of a method on a stream of its own, its request and its reply bare in a message with a
 * prefix of five bytes. Header fields are written out, with no table (RFC 7541, section 6.2.2), since only what they say counts.
 */
#include "samples/gen_cases.h"

#include "base/xalloc.h"
#include "samples/gen_talk.h"

#include <stdlib.h>

enum frame_type { H2_DATA, H2_HEADERS, H2_SETTINGS = 4 };
enum { END_STREAM = 1, ACKNOWLEDGES = 1, END_HEADERS = 4 };

static void frame_add(struct buf *out, enum frame_type type, uint8_t flags, uint32_t stream, struct slice payload)
{
	const uint8_t head[] = {
		(uint8_t)(payload.len >> 16), (uint8_t)(payload.len >> 8), (uint8_t)payload.len, (uint8_t)type, flags,
		(uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream,
	};
	buf_add(out, slice_of(head, sizeof(head)));
	buf_add(out, payload);
}

/* A field of a header block; name and value of less than 127 bytes. */
static void field_add(struct buf *block, const char *name, const char *value)
{
	buf_add_byte(block, 0);
	buf_add_byte(block, (uint8_t)strlen(name));
	buf_add_str(block, name);
	buf_add_byte(block, (uint8_t)strlen(value));
	buf_add_str(block, value);
}

/* A message of that type, its first text "sample" if it has one, with the prefix of gRPC. */
static void message_add(struct buf *out, const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *m = xcalloc(1, type->sizeof_message);
	protobuf_c_message_init(type, m);
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &type->fields[i];
		if (f->type != PROTOBUF_C_TYPE_STRING || f->label == PROTOBUF_C_LABEL_REPEATED)
			continue;
		char *text = "sample";
		memcpy((uint8_t *)m + f->offset, &text, sizeof(text));
		break;
	}
	size_t n = protobuf_c_message_get_packed_size(m);
	const uint8_t prefix[] = { 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	buf_add(out, slice_of(prefix, sizeof(prefix)));
	protobuf_c_message_pack(m, buf_reserve(out, n));
	out->len += n;
	free(m);
}

/* HEADERS with these fields and DATA with a message, as one segment. */
static void send_half(struct talk *t, enum way way, uint32_t stream, const struct buf *block, const ProtobufCMessageDescriptor *type)
{
	struct buf out = { 0 }, data = { 0 }, end = { 0 };
	message_add(&data, type);
	frame_add(&out, H2_HEADERS, END_HEADERS, stream, buf_slice(block));
	frame_add(&out, H2_DATA, way == C2S ? END_STREAM : 0, stream, buf_slice(&data));
	if (way == S2C) {
		field_add(&end, "grpc-status", "0");
		frame_add(&out, H2_HEADERS, END_HEADERS | END_STREAM, stream, buf_slice(&end));
	}
	talk_send_bytes(t, way, buf_slice(&out));
	buf_release(&out);
	buf_release(&data);
	buf_release(&end);
}

static void ask(struct talk *t, uint32_t stream, const ProtobufCMethodDescriptor *method)
{
	struct buf block = { 0 }, path = { 0 };
	buf_addf(&path, "/openiap.FlowService/%s", method->name);
	field_add(&block, ":method", "POST");
	field_add(&block, ":scheme", "http");
	field_add(&block, ":path", buf_cstr(&path));
	field_add(&block, ":authority", "openiap.example");
	field_add(&block, "content-type", "application/grpc");
	field_add(&block, "te", "trailers");
	send_half(t, C2S, stream, &block, method->input);
	buf_release(&block);
	buf_release(&path);
}

static void answer(struct talk *t, uint32_t stream, const ProtobufCMethodDescriptor *method)
{
	struct buf block = { 0 };
	field_add(&block, ":status", "200");
	field_add(&block, "content-type", "application/grpc");
	send_half(t, S2C, stream, &block, method->output);
	buf_release(&block);
}

static void shake_hands(struct talk *t)
{
	struct buf hello = { 0 }, settings = { 0 };
	frame_add(&settings, H2_SETTINGS, 0, 0, (struct slice){ NULL, 0 });
	buf_add_str(&hello, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	buf_add(&hello, buf_slice(&settings));
	tcp_open(&t->tcp);
	talk_send_bytes(t, C2S, buf_slice(&hello));
	frame_add(&settings, H2_SETTINGS, ACKNOWLEDGES, 0, (struct slice){ NULL, 0 });
	talk_send_bytes(t, S2C, buf_slice(&settings));
	buf_release(&hello);
	buf_release(&settings);
}

/* Two calls at a time, of which the second is answered first. */
void case_grpc_unary(struct pcap_file *f)
{
	const ProtobufCServiceDescriptor *s = &openiap__flow_service__descriptor;
	struct talk t;
	talk_init(&t, f, 1);
	shake_hands(&t);
	for (unsigned i = 1; i < s->n_methods; i += 2) {
		unsigned n = i + 1 < s->n_methods ? 2 : 1;
		for (unsigned k = i; k < i + n; k++)
			ask(&t, 2 * k - 1, &s->methods[k]);
		for (unsigned k = i + n; k-- > i;)
			answer(&t, 2 * k - 1, &s->methods[k]);
	}
	tcp_close(&t.tcp, C2S);
}
