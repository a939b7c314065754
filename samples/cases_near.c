/*
 * Cases that nearly break a rule and break none (or only what else they are named for): each stands on the good side of a line that
 * one of the other cases crosses.
 */
#include "samples/gen_cases.h"

#include "samples/gen_stream.h"
#include "samples/gen_ws.h"

enum { MOST_WAITING = 100 };

/* One message is held back until 100 others wait for it: the most that a receiver keeps. */
void case_near_overflow(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_query(&t);
	struct message late = talk_message(&t, C2S, "noop", NULL, NULL);
	for (int i = 0; i < MOST_WAITING; i++)
		talk_noop(&t);
	talk_send(&t, C2S, &late);
	talk_finish(&t);
}

void case_seq_gap_open(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_query(&t);
	t.seq[C2S]++;
	talk_noop(&t);
}

/* Joined between two messages, so that the seqs do not begin with 0. */
void case_near_start(struct pcap_file *f)
{
	struct talk t;
	talk_init(&t, f, 1);
	t.seq[C2S] = 12;
	t.seq[S2C] = 9;
	talk_query(&t);
	talk_finish(&t);
}

/* The same seqs and ids on two connections at a time, ids that begin alike, and one in other letters. */
void case_near_ids(struct pcap_file *f)
{
	static const char *const ids[] = { "a", "ab", "A", "00", "a " };
	struct talk t[2];
	for (unsigned k = 0; k < 2; k++) {
		talk_init(&t[k], f, k + 1);
		t[k].decimal_ids = true;
		talk_begin(&t[k]);
	}
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		for (int k = 0; k < 2; k++) {
			struct message m = talk_message(&t[k], C2S, "count",
							BODY(CountRequest, count_request, .collectionname = "entities"), NULL);
			SET(m.id, ids[i]);
			talk_send(&t[k], C2S, &m);
			talk_say(&t[k], S2C, "countreply", BODY(CountResponse, count_response, .result = 3), ids[i]);
		}
	}
	for (int k = 0; k < 2; k++)
		talk_finish(&t[k]);
}

/* A type_url without host, one with another host, a getelement that answers one, a payload of no bytes. */
void case_near_types(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct message m = talk_message(&t, C2S, "count", BODY(CountRequest, count_request, .collectionname = "entities"), NULL);
	SET(m.type_url, "openiap.CountRequest");
	talk_send(&t, C2S, &m);
	struct id id = { "" };
	SET(id.text, m.id);
	m = talk_message(&t, S2C, "countreply", BODY(CountResponse, count_response, .result = 0), id.text);
	SET(m.type_url, "types.openiap.example/openiap.CountResponse");
	talk_send(&t, S2C, &m);
	id = talk_say(&t, C2S, "getelement", BODY(GetElementRequest, get_element_request, .xpath = "/a/b"), NULL);
	talk_say(&t, S2C, "getelement", BODY(GetElementResponse, get_element_response, .xpath = "/a/b"), id.text);
	id = talk_say(&t, C2S, "dropcollection", BODY(DropCollectionRequest, drop_collection_request, .collectionname = "old"), NULL);
	talk_say(&t, S2C, "dropcollectionreply", BODY(DropCollectionResponse, drop_collection_response), id.text);
	talk_finish(&t);
}

/* Replies in another order than the requests, one after 300 other messages, and one after the client has said goodbye. */
void case_near_replies(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct id first = talk_ask(&t), second = talk_ask(&t), last = talk_ask(&t);
	talk_answer(&t, second.text);
	for (int i = 0; i < 300; i++)
		talk_noop(&t);
	talk_answer(&t, first.text);
	tcp_finish(&t.tcp, C2S);
	talk_answer(&t, last.text);
	tcp_finish(&t.tcp, S2C);
}

/* An error that answers nothing, since the server reports a fault of its own. */
void case_near_error(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_say(&t, S2C, "error", BODY(ErrorResponse, error_response, .message = "The server restarts in a minute", .code = 503), NULL);
	talk_finish(&t);
}

void case_near_priority(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	for (int32_t priority = 0; priority <= 3; priority++) {
		struct message m = talk_message(&t, C2S, "noop", NULL, NULL);
		m.priority = priority;
		talk_send(&t, C2S, &m);
	}
	talk_finish(&t);
}

/* A frame of the client whose mask is all zeros: masked all the same. */
void case_near_mask(struct pcap_file *f)
{
	static const uint8_t head[] = { WS_FIN | WS_BINARY, 0x80, 0, 0, 0, 0 };
	struct talk t;
	struct buf bytes = { 0 }, frame = { 0 };
	talk_init(&t, f, 1);
	t.websocket = true;
	talk_begin(&t);
	struct message m = talk_message(&t, C2S, "noop", NULL, NULL);
	message_frame(&bytes, &m);
	buf_add(&frame, slice_of(head, sizeof head));
	frame.at[1] |= (uint8_t)bytes.len;
	buf_add(&frame, buf_slice(&bytes));
	tcp_send(&t.tcp, C2S, buf_slice(&frame));
	buf_release(&bytes);
	buf_release(&frame);
	talk_finish(&t);
}

/* A segment that the capture shows after the one behind it, and one that comes twice. */
void case_near_gap(struct pcap_file *f)
{
	struct talk t;
	struct buf bytes[2] = { { 0 }, { 0 } };
	struct message m;
	talk_start(&t, f);
	for (int i = 0; i < 2; i++) {
		m = talk_message(&t, C2S, "noop", NULL, NULL);
		message_frame(&bytes[i], &m);
	}
	uint32_t from = t.tcp.end[C2S].seq;
	t.tcp.end[C2S].seq += (uint32_t)bytes[0].len;
	tcp_send(&t.tcp, C2S, buf_slice(&bytes[1]));
	for (int i = 0; i < 2; i++) {
		t.tcp.end[C2S].seq = from;
		tcp_send(&t.tcp, C2S, buf_slice(&bytes[0]));
	}
	t.tcp.end[C2S].seq += (uint32_t)bytes[1].len;
	buf_release(&bytes[0]);
	buf_release(&bytes[1]);
	talk_finish(&t);
}

static void empty_download(struct talk *t)
{
	struct file empty;
	file_init(&empty, "empty.txt", 0, 43);
	struct id id = talk_download(t, &empty);
	talk_stream(t, S2C, id.text, &empty);
	talk_downloadreply(t, id.text, &empty);
	file_release(&empty);
}

/* A file of no bytes; one whose checksum is told in capitals; one with a message of something else between its chunks. */
void case_near_stream(struct pcap_file *f)
{
	struct talk t;
	struct file file;
	talk_start(&t, f);
	empty_download(&t);
	file_init(&file, "photo.jpg", 2 * CHUNK + 1, 47);
	for (char *c = file.sha256; *c; c++)
		*c = (char)(*c >= 'a' ? *c - 'a' + 'A' : *c);
	struct id id = talk_download(&t, &file);
	talk_beginstream(&t, S2C, id.text, file.sha256, file.bytes.len);
	for (size_t i = 0; i < file_chunks(&file); i++) {
		talk_chunk(&t, S2C, id.text, &file, i);
		talk_query(&t);
	}
	talk_endstream(&t, S2C, id.text);
	talk_downloadreply(&t, id.text, &file);
	file_release(&file);
	talk_finish(&t);
}

/* Tokens that expire a minute later, one that is no token at all, and one without a time. */
void case_near_token(struct pcap_file *f)
{
	static const char *const odd[] = { "not-a-token", "e30.e30.c2lnbmF0dXJl" };
	struct talk t;
	struct buf jwt = { 0 };
	talk_start(&t, f);
	jwt_pack(&jwt, "anna", SAMPLE_START + 60);
	buf_add_byte(&jwt, 0);
	for (size_t i = 0; i < 3; i++) {
		struct message m = talk_message(&t, C2S, "count", BODY(CountRequest, count_request, .collectionname = "entities"), NULL);
		SET(m.jwt, i ? odd[i - 1] : (const char *)jwt.at);
		talk_send(&t, C2S, &m);
		talk_say(&t, S2C, "countreply", BODY(CountResponse, count_response, .result = 1), m.id);
	}
	buf_release(&jwt);
	talk_finish(&t);
}

/* A token that expired a day before, and a server that does not look. */
void case_token_ignored(struct pcap_file *f)
{
	struct talk t;
	struct buf jwt = { 0 };
	talk_start(&t, f);
	jwt_pack(&jwt, "anna", SAMPLE_START - 24 * 3600);
	buf_add_byte(&jwt, 0);
	struct message m = talk_message(&t, C2S, "count", BODY(CountRequest, count_request, .collectionname = "entities"), NULL);
	SET(m.jwt, (const char *)jwt.at);
	talk_send(&t, C2S, &m);
	talk_say(&t, S2C, "countreply", BODY(CountResponse, count_response, .result = 3), m.id);
	buf_release(&jwt);
	talk_finish(&t);
}

/* The capture shows the reply before the request that it acknowledges. */
void case_reply_first(struct pcap_file *f)
{
	struct talk t;
	struct buf bytes = { 0 };
	talk_start(&t, f);
	struct message m = talk_message(&t, C2S, "count", BODY(CountRequest, count_request, .collectionname = "entities"), NULL);
	message_frame(&bytes, &m);
	uint32_t asked = t.tcp.end[C2S].seq, answered = t.tcp.end[S2C].seq;
	t.tcp.end[C2S].seq += (uint32_t)bytes.len;
	talk_say(&t, S2C, "countreply", BODY(CountResponse, count_response, .result = 3), m.id);
	uint32_t behind = t.tcp.end[S2C].seq;
	t.tcp.end[C2S].seq = asked;
	t.tcp.end[S2C].seq = answered; /* the request can't acknowledge its reply */
	tcp_send(&t.tcp, C2S, buf_slice(&bytes));
	t.tcp.end[S2C].seq = behind;
	buf_release(&bytes);
	talk_finish(&t);
}

/* An id that is used again once its request was answered; each reply belongs to the request before it. */
void case_id_reused(struct pcap_file *f)
{
	struct talk t;
	struct id id;
	talk_start(&t, f);
	for (int i = 0; i < 3; i++) {
		struct message m = talk_message(&t, C2S, "count", BODY(CountRequest, count_request, .collectionname = "entities"), NULL);
		if (i)
			SET(m.id, id.text);
		else
			SET(id.text, m.id);
		talk_send(&t, C2S, &m);
		talk_say(&t, S2C, "countreply", BODY(CountResponse, count_response, .result = i), id.text);
	}
	talk_finish(&t);
}

void case_id_open(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct id id = talk_ask(&t);
	struct message m = talk_message(&t, C2S, "count", BODY(CountRequest, count_request, .collectionname = "entities"), NULL);
	SET(m.id, id.text);
	talk_send(&t, C2S, &m);
	talk_say(&t, S2C, "countreply", BODY(CountResponse, count_response, .result = 2), id.text);
	talk_answer(&t, id.text);
	talk_finish(&t);
}

void case_near_ping(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	for (int way = 0; way < 2; way++) {
		talk_say(&t, (enum way)way, "ping", NULL, NULL);
		talk_say(&t, (enum way)way, "ping", NULL, NULL);
		talk_say(&t, (enum way) !way, "pong", NULL, NULL);
		talk_say(&t, (enum way) !way, "pong", NULL, NULL);
	}
	talk_say(&t, C2S, "pong", NULL, NULL);
	talk_finish(&t);
}

void case_near_refused(struct pcap_file *f)
{
	struct talk t;
	struct file file;
	talk_start(&t, f);
	file_init(&file, "scan.tiff", 3 * CHUNK, 41);
	struct id id = talk_upload(&t, &file);
	talk_beginstream(&t, C2S, id.text, file.sha256, file.bytes.len);
	talk_chunk(&t, C2S, id.text, &file, 0);
	talk_say(&t, S2C, "error", BODY(ErrorResponse, error_response, .message = "Disk full", .code = 507), id.text);
	talk_chunk(&t, C2S, id.text, &file, 1);
	talk_chunk(&t, C2S, id.text, &file, 2);
	talk_endstream(&t, C2S, id.text);
	file_release(&file);
	talk_finish(&t);
}
