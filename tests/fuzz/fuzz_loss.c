/*
 * Nobody is blamed for what the capture lost. The input is a good conversation of one connection, over TCP or in a WebSocket, and then what became of its
 * packets on their way into the capture: lost, doubled, late, cut off, sent again overlapping. Then no message breaks a rule but capture-gap; every message that is
 * shown whole was sent; and every one whose bytes are all in the capture is shown, but where they were in a packet that was cut off: those are given up
 * at once, and may come once more.
 *
 * The first byte says which it is (0 and 1, 2, or more times 48), and how many bytes of the talk follow, of which each is a request, a reply, or a stream; the rest is a byte a packet.
 */
#include "capture/capture.h"
#include "capture/net/link.h"
#include "capture/pcapng_write.h"
#include "tests/session_check.h"
#include "tests/session_feed.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES = 96, PACKETS = 512, OPEN = 16, STEP_NS = 1000000, SYN = 2, ACK = 16, FIN_ACK = 17, HEADS = 40, SCRIPT = 48 };
#define ASK "GET /ws/v2 HTTP/1.1\r\nHost: a\r\n"
#define UPGRADE "Connection: Upgrade\r\nUpgrade: websocket\r\n"
#define GRANT "HTTP/1.1 101 Switching Protocols\r\n"
enum { LENGTH = 4, MASK = 4, SHORT_FRAME = 125 };
enum had { NOT_THERE, THERE, CUT_OFF };
enum fate { KEPT, KEPT_TOO, KEPT_AS_WELL, LOST, DOUBLED, LATE, AGAIN, SHORT };

struct message {
	enum dir dir;
	size_t from, to; /* in the stream of its direction, with what frames it */
	struct buf envelope;
};

/* A packet before anything happened to it, or as the capture has it. */
struct segment_sent {
	enum dir dir;
	uint8_t flags;
	size_t from, to; /* bytes of the stream */
	size_t acked;    /* of the other direction */
	size_t captured; /* bytes of them */
};

struct talk {
	bool websocket, apart; /* lengths have a frame of their own, as the Node package sends them */
	struct buf stream[2];
	struct message message[MESSAGES];
	size_t messages;
	struct segment_sent sent[PACKETS], seen[PACKETS];
	size_t sents, seens;
	int32_t seq[2];
	unsigned open[OPEN]; /* ids of requests without a reply */
	size_t opens;
	unsigned ids;
	uint8_t *had[2]; /* for each byte of a stream, whether the capture has it (enum had) */
};

static void demand(const char *why)
{
	if (!why)
		return;
	fprintf(stderr, "%s\n", why);
	abort();
}

static void send_segment(struct talk *t, enum dir dir, uint8_t flags, size_t from, size_t to)
{
	if (t->sents < PACKETS)
		t->sent[t->sents++] = (struct segment_sent){ dir, flags, from, to, t->stream[!dir].len, to - from };
}

/* What is in the stream from there on, in one to three segments. */
static void send_from(struct talk *t, enum dir dir, size_t from, unsigned cut)
{
	const struct buf *stream = &t->stream[dir];
	size_t parts = 1 + cut % 3, step = (stream->len - from) / parts + 1;
	for (; from < stream->len; from += step)
		send_segment(t, dir, ACK, from, from + step < stream->len ? from + step : stream->len);
}

/* Puts bytes into the stream: in a binary frame, masked if it is the client's, if this is a WebSocket. */
static void put(struct talk *t, enum dir dir, struct slice bytes)
{
	struct buf *stream = &t->stream[dir];
	uint8_t mask[MASK] = { 0 };
	bool masked = t->websocket && dir == DIR_C2S, is_short = bytes.len <= SHORT_FRAME;
	if (t->websocket) {
		buf_add_byte(stream, 0x82);
		buf_add_byte(stream, (uint8_t)((masked ? 0x80 : 0) | (is_short ? bytes.len : SHORT_FRAME + 1)));
		if (!is_short)
			buf_add(stream, slice_of((uint8_t[]){ (uint8_t)(bytes.len >> 8), (uint8_t)bytes.len }, 2));
	}
	if (masked) {
		memcpy(mask, (uint8_t[]){ 0x5a, (uint8_t)t->messages, 0xc3, (uint8_t)bytes.len }, MASK);
		buf_add(stream, slice_of(mask, MASK));
	}
	for (size_t i = 0; i < bytes.len; i++)
		buf_add_byte(stream, bytes.at[i] ^ mask[i % MASK]);
}

/* A message behind its length, which may have a frame of its own. */
static void say(struct talk *t, enum dir dir, const struct sent *m, unsigned cut)
{
	struct buf all = { 0 };
	if (t->messages == MESSAGES)
		return;
	struct message *out = &t->message[t->messages++];
	*out = (struct message){ .dir = dir, .from = t->stream[dir].len };
	feed_pack(&out->envelope, m, t->seq[dir]++);
	for (int i = 0; i < LENGTH; i++)
		buf_add_byte(&all, (uint8_t)(out->envelope.len >> 8 * i));
	buf_add(&all, buf_slice(&out->envelope));
	size_t first = t->apart ? LENGTH : all.len;
	put(t, dir, slice_head(buf_slice(&all), first));
	if (first < all.len)
		put(t, dir, slice_skip(buf_slice(&all), first));
	out->to = t->stream[dir].len;
	send_from(t, dir, out->from, cut);
	buf_release(&all);
}

/* The request to upgrade and the answer that grants it. */
static void shake_hands(struct talk *t, unsigned cut)
{
	buf_add_str(&t->stream[DIR_C2S], ASK UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
	send_from(t, DIR_C2S, 0, cut);
	buf_add_str(&t->stream[DIR_S2C], GRANT UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
	send_from(t, DIR_S2C, 0, cut >> 2);
}

static void ask(struct talk *t, unsigned cut)
{
	char id[16];
	if (t->opens == OPEN)
		return;
	t->open[t->opens++] = ++t->ids;
	snprintf(id, sizeof id, "q%u", t->ids);
	say(t, DIR_C2S,
	    &(struct sent){ .command = "query",
			    .id = id,
			    .type = "QueryRequest",
			    .payload = slice_str("\x12\x08"
						 "entities") },
	    cut);
}

static void answer(struct talk *t, size_t which, unsigned cut)
{
	char id[16], rid[16];
	if (!t->opens)
		return;
	which %= t->opens;
	snprintf(rid, sizeof rid, "q%u", t->open[which]);
	snprintf(id, sizeof id, "r%u", ++t->ids);
	t->open[which] = t->open[--t->opens];
	say(t, DIR_S2C,
	    &(struct sent){ .command = "queryreply", .id = id, .rid = rid, .type = "QueryResponse", .payload = slice_str("\n\x02[]") },
	    cut);
}

/* "abc" and "def", with their checksum. */
static void download(struct talk *t, unsigned cut)
{
	char id[6][16], rid[16];
	for (int i = 0; i < 6; i++)
		snprintf(id[i], sizeof id[i], "s%u", ++t->ids);
	snprintf(rid, sizeof rid, "d%u", ++t->ids);
	struct slice begin = slice_str("\n\x40"
				       "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721");
	say(t, DIR_C2S, &(struct sent){ .command = "download", .id = rid, .type = "DownloadRequest", .payload = slice_str("\n\x01x") },
	    cut);
	say(t, DIR_S2C, &(struct sent){ .command = "beginstream", .id = id[0], .rid = rid, .type = "BeginStream", .payload = begin }, cut);
	say(t, DIR_S2C,
	    &(struct sent){ .command = "stream",
			    .id = id[1],
			    .rid = rid,
			    .type = "Stream",
			    .payload = slice_str("\n\x03"
						 "abc") },
	    cut + 1);
	say(t, DIR_S2C,
	    &(struct sent){ .command = "stream",
			    .id = id[2],
			    .rid = rid,
			    .type = "Stream",
			    .payload = slice_str("\n\x03"
						 "def") },
	    cut);
	say(t, DIR_S2C, &(struct sent){ .command = "endstream", .id = id[3], .rid = rid, .type = "EndStream" }, cut);
	say(t, DIR_S2C,
	    &(struct sent){
		    .command = "downloadreply", .id = id[4], .rid = rid, .type = "DownloadResponse", .payload = slice_str("\n\x01x") },
	    cut);
}

static void talk(struct talk *t, struct slice script)
{
	char id[16];
	send_segment(t, DIR_C2S, SYN, 0, 0);
	send_segment(t, DIR_S2C, SYN | ACK, 0, 0);
	send_segment(t, DIR_C2S, ACK, 0, 0);
	if (t->websocket)
		shake_hands(t, (unsigned)script.len);
	for (size_t i = 0; i < script.len && t->messages + 2 * OPEN < MESSAGES; i++) {
		uint8_t how = script.at[i];
		switch (how & 7) {
		case 0:
		case 1:
		case 2: ask(t, how >> 3); break;
		case 3:
		case 4: answer(t, how >> 5, how >> 3); break;
		case 5:
			snprintf(id, sizeof id, "n%u", ++t->ids);
			say(t, DIR_C2S, &(struct sent){ .command = "noop", .id = id }, how >> 3);
			break;
		case 6: send_segment(t, how >> 3 & 1, ACK, t->stream[how >> 3 & 1].len, t->stream[how >> 3 & 1].len); break;
		default: download(t, how >> 3);
		}
	}
	while (t->opens)
		answer(t, 0, 0);
	for (int dir = 0; dir < 2; dir++)
		send_segment(t, (enum dir)dir, ACK, t->stream[dir].len, t->stream[dir].len);
	for (int dir = 0; dir < 2; dir++)
		send_segment(t, (enum dir)dir, FIN_ACK, t->stream[dir].len, t->stream[dir].len);
}

static void see(struct talk *t, size_t at, struct segment_sent s)
{
	if (t->seens == PACKETS)
		return;
	at = at < t->seens ? at : t->seens;
	memmove(&t->seen[at + 1], &t->seen[at], (t->seens - at) * sizeof *t->seen);
	t->seen[at] = s;
	t->seens++;
}

/* What becomes of the packets, of which none is more than 9 late, since later ones are given up; the three of the beginning and the two of the end, of which nothing hangs, pass. */
static void travel(struct talk *t, struct slice fates)
{
	size_t late[PACKETS] = { 0 };
	for (size_t i = 0; i < t->sents; i++) {
		struct segment_sent s = t->sent[i], again = s;
		uint8_t how = i >= 3 && i + 4 < t->sents && i - 3 < fates.len ? fates.at[i - 3] : 0;
		size_t back = 1 + (how >> 3 & 7), len = s.to - s.from;
		bool comes = true;
		switch ((enum fate)(how & 7)) {
		case LOST: comes = false; break;
		case DOUBLED: see(t, t->seens, s); break;
		case LATE:
			comes = false;
			late[i] = back + 1;
			break;
		case AGAIN:
			again.from -= again.from < back || s.flags != ACK || !len ? 0 : back;
			again.captured = again.to - again.from;
			break;
		case SHORT: again.captured = s.flags == ACK && len > back ? len - back : len; break;
		default: break;
		}
		if (comes)
			see(t, t->seens, again);
		for (size_t k = 0; k <= i; k++)
			if (late[k] && !--late[k])
				see(t, t->seens, t->sent[k]);
	}
	for (size_t k = 0; k < t->sents; k++)
		if (late[k])
			see(t, t->seens - 4, t->sent[k]);
}

static void be(struct buf *out, int bytes, uint32_t n)
{
	while (bytes--)
		buf_add_byte(out, (uint8_t)(n >> 8 * bytes));
}

/* IPv4 and TCP; sequence numbers begin near their wrap. */
static void add_packet(struct buf *file, const struct talk *t, const struct segment_sent *s, int64_t time)
{
	static const uint32_t zero[2] = { 0xffffff00, 0x7fffffff };
	struct buf p = { 0 };
	size_t len = s->to - s->from;
	be(&p, 4, 0x45000000 | (uint32_t)(HEADS + len));
	be(&p, 4, 0x4000);
	be(&p, 4, 0x40060000);
	be(&p, 4, 0xc0000201 + (s->dir != DIR_C2S));
	be(&p, 4, 0xc0000201 + (s->dir == DIR_C2S));
	be(&p, 4, s->dir == DIR_C2S ? 0x9c401f90 : 0x1f909c40);
	be(&p, 4, zero[s->dir] + (uint32_t)s->from + !(s->flags & SYN));
	be(&p, 4, s->flags & ACK ? zero[!s->dir] + 1 + (uint32_t)s->acked : 0);
	be(&p, 4, 0x50000000 | (uint32_t)s->flags << 16 | 0xffff);
	be(&p, 4, 0);
	buf_add(&p, slice_head(slice_skip(buf_slice(&t->stream[s->dir]), s->from), s->captured));
	pcap_add_packet(file, 9, time, buf_slice(&p), (uint32_t)(HEADS + len));
	buf_release(&p);
}

/* What of a stream is there once the capture has that packet. */
static void note(struct talk *t, const struct segment_sent *s)
{
	uint8_t *had = t->had[s->dir];
	for (size_t i = s->from; i < s->to; i++)
		if (had[i] == NOT_THERE)
			had[i] = i < s->from + s->captured ? THERE : CUT_OFF;
}

static bool all_there(const struct talk *t, enum dir dir, size_t from, size_t to)
{
	while (from < to && t->had[dir][from] == THERE)
		from++;
	return from == to;
}

/* Can it be told what this is? Not where the fronts of both heads are torn: then it is HTTP that is none of ours. */
static bool tells(const struct talk *t)
{
	return !t->websocket || all_there(t, DIR_C2S, 0, strlen(ASK UPGRADE)) || all_there(t, DIR_S2C, 0, strlen(GRANT));
}

static struct source *capture_of(struct talk *t, int *fd)
{
	struct buf file = { 0 };
	char path[64], error[256];
	pcap_add_header(&file, &(struct packet_interface){ .link = LINK_RAW, .snaplen = 65535, .digits = 9 });
	for (size_t i = 0; i < t->seens; i++) {
		const struct segment_sent *s = &t->seen[i];
		add_packet(&file, t, s, INT64_C(1767225600000000000) + (int64_t)i * STEP_NS);
		note(t, s);
	}
	*fd = memfd_create("fuzz", 0);
	demand(*fd >= 0 && write(*fd, file.at, file.len) == (ssize_t)file.len ? NULL : "no file");
	buf_release(&file);
	snprintf(path, sizeof path, "/proc/self/fd/%d", *fd);
	struct source *s = source_open_file(path, NULL, error, sizeof error);
	demand(s ? NULL : "no source");
	return s;
}

/* The message that was sent with these bytes, MESSAGES if none was. */
static size_t which(const struct talk *t, enum dir dir, struct slice bytes)
{
	size_t i = 0;
	for (; i < t->messages; i++) {
		const struct message *m = &t->message[i];
		if (m->dir == dir && slice_eq(buf_slice(&m->envelope), bytes))
			return i;
	}
	return MESSAGES;
}

static void check_shown(const struct talk *t, const struct session *s)
{
	bool shown[MESSAGES + 1] = { false };
	struct buf scratch = { 0 };
	for (uint32_t n = 1; n <= session_count(s); n++) {
		const struct record *r = session_record(s, n);
		struct slice bytes = session_bytes(s, n, &scratch);
		if (r->rules & ~(1u << RULE_CAPTURE_GAP))
			fprintf(stderr, "message %u: rules %x\n", n, r->rules);
		demand(r->rules & ~(1u << RULE_CAPTURE_GAP) ? "a sender is blamed for what the capture lost" : NULL);
		size_t i = r->cut ? MESSAGES : which(t, (enum dir)r->dir, bytes);
		demand(!r->cut && i == MESSAGES ? "a message is shown that nobody sent" : NULL);
		demand(i < MESSAGES && shown[i] ? "a message is shown twice" : NULL);
		shown[i] = true;
	}
	for (size_t i = 0; i < t->messages; i++) {
		const struct message *m = &t->message[i];
		if (all_there(t, m->dir, m->from, m->to) && !shown[i] && tells(t)) {
			fprintf(stderr, "message of bytes %zu to %zu in direction %d\n", m->from, m->to, m->dir);
			demand("a message whose bytes are all there is not shown");
		}
	}
	buf_release(&scratch);
}

static void read_capture(struct talk *t)
{
	int fd;
	struct source *source = capture_of(t, &fd);
	struct session_options so = { .keep = true, .file = -1, .files = source_files(source), .hash_key = 7 };
	struct session *session = session_new(&so, NULL);
	struct sink sink = session_sink(session);
	struct capture *c = capture_new(source, &sink, &(struct capture_options){ .threads = 1 });
	while (capture_step(c, 1000) == CAPTURE_MORE)
		;
	capture_finish(c);
	demand(session_check(session));
	check_shown(t, session);
	capture_free(c);
	session_free(session);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct talk t;
	if (!size)
		return 0;
	t = (struct talk){ .websocket = data[0] >= 2 * SCRIPT, .apart = data[0] >= 3 * SCRIPT };
	struct slice in = slice_of(data + 1, size - 1), script = slice_head(in, data[0] % SCRIPT);
	talk(&t, script);
	travel(&t, slice_skip(in, script.len));
	for (int d = 0; d < 2; d++)
		t.had[d] = xcalloc(t.stream[d].len + 1, 1);
	read_capture(&t);
	for (size_t i = 0; i < t.messages; i++)
		buf_release(&t.message[i].envelope);
	for (int d = 0; d < 2; d++) {
		free(t.had[d]);
		buf_release(&t.stream[d]);
	}
	return 0;
}
