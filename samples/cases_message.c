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
	static const Openiap__QueryRequest query = { .base = PROTOBUF_C_MESSAGE_INIT(
							     &openiap__query_request__descriptor),
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
	struct id id =
		talk_say(&t, C2S, "query",
	                 BODY(CountRequest, count_request, .collectionname = "entities", .query = "{}"), NULL);
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

static struct message strange_message(struct talk *t, enum way way, const char *command, const char *type,
                                      const char *rid)
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
