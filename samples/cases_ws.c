/*
 * Cases over WebSocket. A talk with `websocket` set puts each message into a binary frame of
 * its own; the cases about cutting make their frames by hand from the same length-prefixed
 * bytes.
 */
#include "samples/gen_cases.h"

#include "samples/gen_stream.h"
#include "samples/gen_ws.h"

static void begin(struct talk *t, struct pcap_file *f)
{
	talk_init(t, f, 1);
	t->websocket = true;
	talk_begin(t);
}

static void send_frame(struct talk *t, enum way way, unsigned first, uint32_t mask, struct slice payload)
{
	struct buf frame = { 0 };
	ws_frame(&frame, first, mask, payload);
	tcp_send(&t->tcp, way, buf_slice(&frame));
	buf_release(&frame);
}

void case_rust_ws(struct pcap_file *f)
{
	struct talk t;
	struct file file;
	talk_init(&t, f, 1);
	t.websocket = t.decimal_ids = true;
	talk_begin(&t);
	struct id watch = talk_say(&t, C2S, "watch", BODY(WatchRequest, watch_request, .collectionname = "entities"), NULL);
	talk_say(&t, S2C, "watchreply", BODY(WatchResponse, watch_response, .id = "watch-77"), watch.text);
	talk_say(&t, S2C, "watchevent",
		 BODY(WatchEvent, watch_event, .id = "watch-77", .operation = "insert", .document = "{\"_id\":\"9\"}"), NULL);
	file_init(&file, "log.txt", 3 * CHUNK - 100, 41);
	struct id id = talk_upload(&t, &file);
	talk_stream(&t, C2S, id.text, &file);
	talk_uploadreply(&t, id.text, &file);
	file_release(&file);
	talk_finish(&t);
}

/* The first reply in three fragments with a ping between, then two bytes of the next length prefix, then
 * all the rest. */
static void send_in_odd_pieces(struct talk *t, struct slice bytes, size_t first_reply)
{
	struct slice first = slice_head(bytes, first_reply), rest = slice_skip(bytes, first_reply);
	size_t half = first.len / 2;
	send_frame(t, S2C, WS_BINARY, 0, slice_head(first, half));
	send_frame(t, S2C, WS_FIN | WS_PING, 0, slice_str("are you there"));
	send_frame(t, C2S, WS_FIN | WS_PONG, talk_random(t), slice_str("are you there"));
	send_frame(t, S2C, WS_CONTINUATION, 0, slice_head(slice_skip(first, half), 10));
	send_frame(t, S2C, WS_FIN | WS_CONTINUATION, 0, slice_skip(first, half + 10));
	send_frame(t, S2C, WS_FIN | WS_BINARY, 0, slice_head(rest, 2));
	send_frame(t, S2C, WS_FIN | WS_BINARY, 0, slice_skip(rest, 2));
}

void case_ws_cuts(struct pcap_file *f)
{
	struct talk t;
	struct buf questions = { 0 }, answers = { 0 };
	size_t first_reply = 0;
	begin(&t, f);
	for (int32_t i = 0; i < 3; i++) {
		struct message m = talk_message(&t, C2S, "count",
						BODY(CountRequest, count_request, .collectionname = "entities", .query = "{}"), NULL);
		message_frame(&questions, &m);
		m = talk_message(&t, S2C, "countreply", BODY(CountResponse, count_response, .result = 100 + i), m.id);
		message_frame(&answers, &m);
		first_reply = first_reply ? first_reply : answers.len;
	}
	talk_send_bytes(&t, C2S, buf_slice(&questions));
	send_in_odd_pieces(&t, buf_slice(&answers), first_reply);
	buf_release(&questions);
	buf_release(&answers);
	talk_finish(&t);
}

void case_ws_unmasked(struct pcap_file *f)
{
	struct talk t;
	struct buf bytes = { 0 };
	begin(&t, f);
	talk_query(&t);
	struct message m = talk_message(&t, C2S, "noop", NULL, NULL);
	message_frame(&bytes, &m);
	send_frame(&t, C2S, WS_FIN | WS_BINARY, 0, buf_slice(&bytes));
	send_frame(&t, S2C, WS_FIN | WS_CLOSE, 0, slice_of("\x03\xea", 2));
	buf_release(&bytes);
	tcp_close(&t.tcp, S2C);
}

void case_ws_refused(struct pcap_file *f)
{
	struct talk t;
	struct buf request = { 0 };
	talk_init(&t, f, 1);
	tcp_open(&t.tcp);
	ws_request(&request, talk_random(&t));
	tcp_send(&t.tcp, C2S, buf_slice(&request));
	buf_release(&request);
	tcp_send(&t.tcp, S2C,
		 slice_str("HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n"
			   "Connection: close\r\n\r\nForbidden"));
	tcp_close(&t.tcp, S2C);
}
