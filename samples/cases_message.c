/*
 * Cases about a single message: its type, its id, its bytes. Each is a signin, the message in
 * question (answered where it is a request), and an ordinary query after it, which shows that
 * the reader is still in step.
 */
#include "samples/gen_cases.h"

#include "samples/gen_talk.h"

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)

static struct message query_message(struct talk *t)
{
	static const Openiap__QueryRequest query = { .base = PROTOBUF_C_MESSAGE_INIT(&openiap__query_request__descriptor),
						     .collectionname = "entities",
						     .query = "{\"_type\":\"order\"}" };
	return talk_message(t, C2S, "query", &query.base, NULL);
}

static void send_and_answer(struct talk *t, const struct message *m)
{
	talk_send(t, C2S, m);
	talk_answer(t, m->id);
}

void case_type_mismatch(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct id id = talk_say(&t, C2S, "query", BODY(CountRequest, count_request, .collectionname = "entities", .query = "{}"), NULL);
	talk_answer(&t, id.text);
	talk_finish(&t);
}

void case_type_missing(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct message m = query_message(&t);
	SET(m.type_url, "");
	send_and_answer(&t, &m);
	talk_finish(&t);
}

/* Five fields, of every wire type that is in use: 1: 150, 2: "warp 9", 3: { 1: "abc" }, 4: 64 bits, 5: 32
 * bits. */
static const char strange[] = "\x08\x96\x01"
			      "\x12\x06warp 9"
			      "\x1a\x05\x0a\x03"
			      "abc"
			      "\x21\x18\x2d\x44\x54\xfb\x21\x09\x40"
			      "\x2d\xd0\x0f\x49\x40";

static struct message strange_message(struct talk *t, enum way way, const char *command, const char *type, const char *rid)
{
	struct message m = talk_message(t, way, command, NULL, rid);
	m.has_data = true;
	m.raw = BYTES(strange);
	SET(m.type_url, type);
	return m;
}

void case_unknown_command(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct message m = strange_message(&t, C2S, "teleport", TYPE_PREFIX "openiap.TeleportRequest", NULL);
	talk_send(&t, C2S, &m);
	m = strange_message(&t, S2C, "teleportreply", TYPE_PREFIX "openiap.TeleportResponse", m.id);
	talk_send(&t, S2C, &m);
	talk_finish(&t);
}

void case_unknown_type(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct message m = query_message(&t);
	SET(m.type_url, TYPE_PREFIX "openiap.SearchRequest");
	send_and_answer(&t, &m);
	talk_finish(&t);
}

void case_id_missing(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct message m = talk_message(&t, C2S, "noop", NULL, NULL);
	SET(m.id, "");
	talk_send(&t, C2S, &m);
	talk_finish(&t);
}

void case_id_duplicate(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct id id = talk_ask(&t);
	talk_answer(&t, id.text);
	struct message m = talk_message(&t, C2S, "noop", NULL, NULL);
	SET(m.id, id.text);
	talk_send(&t, C2S, &m);
	talk_finish(&t);
}

void case_no_data(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_noop(&t);
	struct id id = talk_say(&t, C2S, "ping", NULL, NULL);
	talk_say(&t, S2C, "pong", NULL, id.text);
	id = talk_say(&t, C2S, "listcollections", NULL, NULL);
	talk_say(&t, S2C, "listcollectionsreply", NULL, id.text);
	talk_finish(&t);
}

static void length_alone(struct pcap_file *f, uint32_t length)
{
	struct talk t;
	struct buf prefix = { 0 };
	talk_start(&t, f);
	talk_query(&t);
	length_pack(&prefix, length);
	talk_send_bytes(&t, C2S, buf_slice(&prefix));
	buf_release(&prefix);
	talk_query(&t);
	talk_finish(&t);
}

void case_zero_length(struct pcap_file *f)
{
	length_alone(f, 0);
}

void case_over_long(struct pcap_file *f)
{
	length_alone(f, 0x7fffffff);
}

void case_length_off(struct pcap_file *f)
{
	static const int off[] = { 1, -1, 4 };
	struct talk t;
	talk_start(&t, f);
	for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
		struct message m = talk_message(&t, C2S, "noop", NULL, NULL);
		struct buf envelope = { 0 }, bytes = { 0 };
		message_pack(&envelope, &m);
		length_pack(&bytes, (uint32_t)((int)envelope.len + off[i]));
		buf_add(&bytes, buf_slice(&envelope));
		talk_send_bytes(&t, C2S, buf_slice(&bytes));
		talk_noop(&t);
		buf_release(&envelope);
		buf_release(&bytes);
	}
	talk_finish(&t);
}

void case_bad_utf8(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct message m = talk_message(&t, C2S, "query",
					BODY(QueryRequest, query_request, .collectionname = "entit\xc3(es\xff",
					     .query = "{\"name\":\"\x1b[2J\x1b]0;another title\x07\"}"),
					NULL);
	SET(m.id, "id\x1b[31m\xfe");
	SET(m.traceid, "\x1b[?1049h\x90\x9c");
	talk_send(&t, C2S, &m);
	talk_say(&t, S2C, "queryreply",
		 BODY(QueryResponse, query_response,
		      .results = "[\"overlong \xc0\xaf surrogate \xed\xa0\x80 control \xc2\x9b"
				 "2J backwards \xe2\x80\xae cut \xf0\x9f\"]"),
		 m.id);
	talk_finish(&t);
}

void case_wide_text(struct pcap_file *f)
{
	static char *const texts[][2] = {
		{ "\xe6\xbc\xa2\xe5\xad\x97",
		  "{\"name\":\"\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88 \xed\x95\x9c\xea\xb8\x80 \xef\xbc\xa1\xef\xbc\xa2\"}" }, /* wide */
		{ "e\xcc\x81te\xcc\x81",
		  "{\"name\":\"a\xcc\x8a\xcc\xa7\xcc\xb6 \xe0\xb8\xaa\xe0\xb8\xa7\xe0\xb8\xb1\xe0\xb8\xaa\xe0\xb8\x94\xe0\xb8\xb5 \xe0\xa4\xa8\xe0\xa4\xae\xe0\xa4\xb8\xe0\xa5\x8d\xe0\xa4\xa4\xe0\xa5\x87\"}" }, /* combining */
		{ "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
		  "{\"name\":\"\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7 12 \xd7\xa2\xd7\x95\xd7\x9c\xd7\x9d\"}" }, /* from right to left */
		{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
		  "{\"name\":\"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb family\"}" }, /* joined */
		{ "\xe2\x9d\xa4\xef\xb8\x8f",
		  "{\"name\":\"1\xef\xb8\x8f\xe2\x83\xa3 \xe2\x98\x8e\xef\xb8\x8e \xf0\x9f\x9a\x80\"}" }, /* variations */
		{ "\xf0\x9f\x87\xa9\xf0\x9f\x87\xb0",
		  "{\"name\":\"\xf0\x9f\x87\xaf\xf0\x9f\x87\xb5 \xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd flags and tones\"}" },
		{ "zero\xe2\x80\x8bwidth", "{\"name\":\"soft\xc2\xadhyphen \xef\xbb\xbfmark\"}" },
	};
	struct talk t;
	talk_start(&t, f);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct id id = talk_say(&t, C2S, "query",
					BODY(QueryRequest, query_request, .collectionname = texts[i][0], .query = texts[i][1]), NULL);
		talk_say(&t, S2C, "queryreply", BODY(QueryResponse, query_response, .results = "[]"), id.text);
	}
	talk_finish(&t);
}

void case_decode_error(struct pcap_file *f)
{
	struct talk t;
	struct buf bytes = { 0 };
	talk_start(&t, f);
	length_pack(&bytes, 40);
	buf_add_byte(&bytes, 0x07);
	while (bytes.len < 4 + 40)
		buf_add_byte(&bytes, (uint8_t)talk_random(&t));
	talk_send_bytes(&t, C2S, buf_slice(&bytes));
	buf_release(&bytes);
	talk_finish(&t);
}

void case_payload_error(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct id id = talk_ask(&t);
	struct message m = talk_message(&t, S2C, "queryreply", NULL, id.text);
	m.has_data = true;
	m.raw = BYTES("\x0a\xff\x01[{\"name\":\"cut sh");
	SET(m.type_url, TYPE_PREFIX "openiap.QueryResponse");
	talk_send(&t, S2C, &m);
	talk_finish(&t);
}

void case_priority_range(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	for (int32_t priority = 7; priority >= -1; priority -= 8) {
		struct message m = query_message(&t);
		m.priority = priority;
		send_and_answer(&t, &m);
	}
	talk_finish(&t);
}
