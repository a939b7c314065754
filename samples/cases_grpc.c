/*
 * Cases over gRPC (HTTP/2, RFC 9113): each call of a method on a stream of its own, its request and its reply bare in a message with a
 * prefix of five bytes; and SetupStreams, several on a connection. Header fields are written out, with no table (RFC 7541, section 6.2.2), since only what they say counts.
 */
#include "samples/gen_cases.h"

#include "base/xalloc.h"
#include "samples/gen_talk.h"

#include <stdlib.h>

enum frame_type { H2_DATA, H2_HEADERS, H2_RST_STREAM = 3, H2_SETTINGS };
enum { END_STREAM = 1, ACKNOWLEDGES = 1, END_HEADERS = 4 };

static void frame_add(struct buf *out, enum frame_type type, uint8_t flags, uint32_t stream, struct slice payload)
{
	const uint8_t head[] = {
		(uint8_t)(payload.len >> 16), (uint8_t)(payload.len >> 8), (uint8_t)payload.len,   (uint8_t)type,   flags,
		(uint8_t)(stream >> 24),      (uint8_t)(stream >> 16),     (uint8_t)(stream >> 8), (uint8_t)stream,
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

/* One SetupStream of several on a connection: its seqs, ids and frames are its own. */
struct setup {
	struct talk *t; /* whose connection it is on */
	struct talk own;
	uint32_t stream;
};

static void setup_headers(struct setup *s, enum way way)
{
	struct buf block = { 0 }, out = { 0 };
	if (way == C2S) {
		field_add(&block, ":method", "POST");
		field_add(&block, ":path", "/openiap.FlowService/SetupStream");
	} else {
		field_add(&block, ":status", "200");
	}
	frame_add(&out, H2_HEADERS, END_HEADERS, s->stream, buf_slice(&block));
	talk_send_bytes(s->t, way, buf_slice(&out));
	buf_release(&block);
	buf_release(&out);
}

static struct id setup_say(struct setup *s, enum way way, const char *command, const ProtobufCMessage *body, const char *rid)
{
	struct message m = talk_message(&s->own, way, command, body, rid);
	struct buf envelope = { 0 }, data = { 0 }, out = { 0 };
	struct id id;
	message_pack(&envelope, &m);
	const uint8_t prefix[] = { 0, 0, 0, (uint8_t)(envelope.len >> 8), (uint8_t)envelope.len };
	buf_add(&data, slice_of(prefix, sizeof(prefix)));
	buf_add(&data, buf_slice(&envelope));
	frame_add(&out, H2_DATA, 0, s->stream, buf_slice(&data));
	talk_send_bytes(s->t, way, buf_slice(&out));
	buf_release(&envelope);
	buf_release(&data);
	buf_release(&out);
	SET(id.text, m.id);
	return id;
}

static void setup_begin(struct setup *s, struct talk *t, uint32_t stream)
{
	*s = (struct setup){ .t = t, .own = *t, .stream = stream };
	s->own.decimal_ids = true;
	setup_headers(s, C2S);
	struct id id = setup_say(s, C2S, "signin",
				 BODY(SigninRequest, signin_request, .username = "anna", .password = "sample", .agent = "sample"), NULL);
	setup_headers(s, S2C);
	setup_say(s, S2C, "signinreply",
		  BODY(SigninResponse, signin_response, .user = PART(User, user, .name = "Anna", .username = "anna")), id.text);
}

static struct id setup_ask(struct setup *s)
{
	return setup_say(s, C2S, "count", BODY(CountRequest, count_request, .collectionname = "entities"), NULL);
}

static void setup_answer(struct setup *s, const char *rid)
{
	setup_say(s, S2C, "countreply", BODY(CountResponse, count_response, .result = 3), rid);
}

/* Each SetupStream begins with seq 0 and uses the same ids; the second is given up with a request open, and its client comes back. */
void case_grpc_setups(struct pcap_file *f)
{
	static const uint8_t cancelled[] = { 0, 0, 0, 8 };
	struct setup one, two, three;
	struct buf reset = { 0 };
	struct talk t;
	talk_init(&t, f, 1);
	shake_hands(&t);
	setup_begin(&one, &t, 1);
	setup_begin(&two, &t, 3);
	struct id first = setup_ask(&one);
	setup_answer(&two, setup_ask(&two).text);
	setup_answer(&one, first.text);
	setup_ask(&two);
	frame_add(&reset, H2_RST_STREAM, 0, two.stream, slice_of(cancelled, sizeof(cancelled)));
	talk_send_bytes(&t, C2S, buf_slice(&reset));
	setup_begin(&three, &t, 5);
	setup_answer(&three, setup_ask(&three).text);
	setup_answer(&one, setup_ask(&one).text);
	tcp_close(&t.tcp, C2S);
	buf_release(&reset);
}
