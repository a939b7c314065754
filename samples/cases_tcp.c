/*
 * Cases about TCP and about captures that lack something: the messages are good, the packets
 * that carry them are special.
 */
#include "samples/gen_cases.h"

#include "samples/gen_talk.h"

enum { SECOND = 1000000 };

/* Appends the next queryreply with JSON results of at least that many bytes, framed. */
static void pack_long_reply(struct buf *out, struct talk *t, const char *rid, size_t size)
{
	struct buf results = { 0 };
	buf_add_byte(&results, '[');
	for (unsigned n = 0; results.len < size; n++)
		buf_addf(&results, "%s{\"_id\":\"%08x\",\"name\":\"Document %u\",\"_type\":\"order\"}", n ? "," : "", n * 7919, n);
	buf_add(&results, slice_of("]", 2));
	struct message m = talk_message(t, S2C, "queryreply", BODY(QueryResponse, query_response, .results = (char *)results.at), rid);
	message_frame(out, &m);
	buf_release(&results);
}

void case_port_reuse(struct pcap_file *f)
{
	struct talk first, second;
	talk_start(&first, f);
	talk_finish(&first);
	pcap_file_wait(f, 90 * SECOND);
	talk_init(&second, f, 1);
	second.random++;
	second.tcp.end[C2S].seq += 0x01000000;
	second.tcp.end[S2C].seq += 0x03000000;
	talk_begin(&second);
	talk_finish(&second);
}

void case_half_close(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct id id = talk_ask(&t);
	tcp_finish(&t.tcp, C2S);
	talk_answer(&t, id.text);
	tcp_finish(&t.tcp, S2C);
}

void case_reset(struct pcap_file *f)
{
	struct talk t;
	struct buf bytes = { 0 };
	talk_start(&t, f);
	talk_query(&t);
	struct message m = talk_message(&t, C2S, "insertone",
					BODY(InsertOneRequest, insert_one_request, .collectionname = "entities",
					     .item = "{\"name\":\"half of this never leaves\"}"),
					NULL);
	message_frame(&bytes, &m);
	talk_send_bytes(&t, C2S, slice_head(buf_slice(&bytes), bytes.len / 2));
	tcp_reset(&t.tcp, C2S);
	buf_release(&bytes);
}

/* The server has gone: its host refuses two connections, and then is gone itself. */
void case_refused(struct pcap_file *f)
{
	struct talk t;
	struct tcp other;
	talk_start(&t, f);
	talk_finish(&t);
	for (unsigned number = 2; number <= 3; number++) {
		pcap_file_wait(f, SECOND);
		tcp_init(&other, f, number, false);
		tcp_refuse(&other);
	}
	tcp_init(&other, f, 4, false);
	for (unsigned wait = 1; wait <= 4; wait *= 2) {
		pcap_file_wait(f, wait * SECOND);
		tcp_ask(&other);
	}
}

void case_keepalive(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_query(&t);
	for (int way = C2S; way <= S2C; way++) {
		pcap_file_wait(f, 60 * SECOND);
		tcp_keepalive(&t.tcp, way);
	}
	talk_finish(&t);
}

void case_joined_late(struct pcap_file *f)
{
	struct talk t;
	struct buf bytes = { 0 };
	talk_init(&t, f, 1);
	t.seq[C2S] = 21;
	t.seq[S2C] = 36;
	pack_long_reply(&bytes, &t, "k3y0fbefor", 6000);
	tcp_send(&t.tcp, S2C, slice_skip(buf_slice(&bytes), 2 * tcp_room(&t.tcp)));
	buf_release(&bytes);
	talk_answer(&t, "a1so3arly9");
	talk_query(&t);
	talk_finish(&t);
}

void case_gap(struct pcap_file *f)
{
	struct talk t;
	struct buf bytes = { 0 };
	talk_start(&t, f);
	talk_query(&t);
	struct message m = talk_message(&t, C2S, "noop", NULL, NULL);
	message_frame(&bytes, &m);
	pcap_file_wait(f, SECOND);
	tcp_lose(&t.tcp, C2S, buf_slice(&bytes));
	buf_release(&bytes);
	talk_query(&t);
	talk_finish(&t);
}

void case_gap_inside(struct pcap_file *f)
{
	struct talk t;
	struct buf bytes = { 0 };
	talk_start(&t, f);
	struct id id = talk_ask(&t);
	pack_long_reply(&bytes, &t, id.text, 8000);
	size_t room = tcp_room(&t.tcp);
	struct slice rest = slice_skip(buf_slice(&bytes), 2 * room);
	tcp_send(&t.tcp, S2C, slice_head(buf_slice(&bytes), 2 * room));
	tcp_lose(&t.tcp, S2C, slice_head(rest, room));
	tcp_send(&t.tcp, S2C, slice_skip(rest, room));
	buf_release(&bytes);
	talk_finish(&t);
}

void case_wrap(struct pcap_file *f)
{
	struct talk t;
	talk_init(&t, f, 1);
	t.tcp.end[C2S].seq = UINT32_MAX - 60;
	t.tcp.end[S2C].seq = UINT32_MAX - 200;
	talk_begin(&t);
	talk_query(&t);
	talk_finish(&t);
}

void case_ipv6(struct pcap_file *f)
{
	struct talk t;
	struct buf bytes = { 0 };
	talk_init(&t, f, 1);
	tcp_init(&t.tcp, f, 1, true);
	talk_begin(&t);
	struct id id = talk_ask(&t);
	pack_long_reply(&bytes, &t, id.text, 5000);
	talk_send_bytes(&t, S2C, buf_slice(&bytes));
	buf_release(&bytes);
	talk_finish(&t);
}

static void put_be16_into(struct buf *out, size_t v)
{
	buf_add_byte(out, (uint8_t)(v >> 8));
	buf_add_byte(out, (uint8_t)v);
}

/* Ethernet and IPv4 between two hosts around `len` bytes of that protocol. */
static void put_outer(struct buf *out, uint8_t proto, size_t len)
{
	buf_add(out, slice_of("\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\x00\x45\x00", 16));
	put_be16_into(out, 20 + len);
	buf_add(out, slice_of("\0\0\x40\0\x40", 5));
	buf_add_byte(out, proto);
	buf_add(out, slice_of("\0\0\xc6\x33\x64\x01\xc6\x33\x64\x02", 10));
}

static void wrap_vxlan(struct buf *out, struct slice frame)
{
	put_outer(out, 17, 16 + frame.len);
	buf_add(out, slice_of("\xc0\x01\x12\xb5", 4));
	put_be16_into(out, 16 + frame.len);
	buf_add(out, slice_of("\0\0\x08\0\0\0\0\0\x2a\0", 10));
	buf_add(out, frame);
}

/* Mirrored by a switch: ERSPAN II in GRE. */
static void wrap_erspan(struct buf *out, struct slice frame)
{
	put_outer(out, 47, 16 + frame.len);
	buf_add(out, slice_of("\x10\0\x88\xbe\0\0\0\x01\x10\0\0\x01\0\0\0\x01", 16));
	buf_add(out, frame);
}

void case_tunnels(struct pcap_file *f)
{
	static void (*const kinds[])(struct buf * out, struct slice frame) = { wrap_vxlan, wrap_erspan };
	for (unsigned i = 0; i < 2; i++) {
		struct talk t;
		f->wrap = kinds[i];
		talk_init(&t, f, i + 1);
		talk_begin(&t);
		talk_query(&t);
		talk_finish(&t);
	}
	f->wrap = NULL;
}

void case_big(struct pcap_file *f)
{
	struct talk t;
	struct buf bytes = { 0 };
	talk_start(&t, f);
	struct id id = talk_ask(&t);
	pack_long_reply(&bytes, &t, id.text, 300000);
	talk_send_bytes(&t, S2C, buf_slice(&bytes));
	buf_release(&bytes);
	talk_finish(&t);
}

static void plain_http(struct tcp *t)
{
	tcp_open(t);
	tcp_send(t, C2S, slice_str("GET /index.html HTTP/1.1\r\nHost: openiap.example:8080\r\nAccept: */*\r\n\r\n"));
	tcp_send(t, S2C,
		 slice_str("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n"
			   "<p>Nothing here.</p>"));
	tcp_close(t, C2S);
}

static void random_bytes(struct tcp *t)
{
	uint32_t state = 0xdecafbad;
	uint8_t bytes[700];
	tcp_open(t);
	for (int way = C2S; way <= S2C; way++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(random_next(&state) >> 9);
		tcp_send(t, way, slice_of(bytes, sizeof(bytes)));
	}
	tcp_close(t, C2S);
}

static void ssh_banner(struct tcp *t)
{
	tcp_open(t);
	tcp_send(t, S2C, slice_str("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));
	tcp_send(t, C2S, slice_str("SSH-2.0-OpenSSH_9.6\r\n"));
	tcp_close(t, C2S);
}

void case_noise(struct pcap_file *f)
{
	static void (*const write[])(struct tcp *) = { plain_http, random_bytes, ssh_banner };
	for (unsigned i = 0; i < sizeof(write) / sizeof(write[0]); i++) {
		struct tcp t;
		tcp_init(&t, f, i + 1, false);
		write[i](&t);
		pcap_file_wait(f, SECOND);
	}
}
