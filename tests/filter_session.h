/*
 * A small session to ask display filters about: one connection, ten messages, made by hand. For tests only, hence whole in a header.
 *
 *	1  query         request with JSON in its text          6  watch          two paths
 *	2  queryreply    0.25 s later                           7  mycommand      not in the protocol; its id has a line break
 *	3  popworkitemreply  answers nothing in the capture     8  signin         jwt and password; Envelope.jwt and traceid too
 *	4  uploadreply   with a float                           9  query          seq of message 1 again, no payload
 *	5  noop                                                10  error          answers message 9
 */
#ifndef TESTS_FILTER_SESSION_H
#define TESTS_FILTER_SESSION_H

#include "decode/session.h"
#include "tests/mutate.h"

#define FILTER_SESSION_START INT64_C(1763844000000000000) /* 2025-11-22T20:40:00Z */
enum { FILTER_SESSION_MESSAGES = 10 };

struct filter_session {
	struct session *session;
	struct sink sink;
	struct conn_info conn;
	int64_t time;
	struct buf payload, envelope;
	struct buf bytes[FILTER_SESSION_MESSAGES + 2]; /* of each message, by n, and of one more */
};

static inline void fs_text(struct filter_session *f, uint32_t number, const char *text)
{
	put_bytes(&f->payload, number, slice_str(text));
}

struct fs_head {
	const char *command, *type, *id, *rid, *jwt, *traceid;
	uint32_t seq, priority;
	enum dir dir;
};

/* The payload so far goes out in an Envelope. */
static inline void fs_send(struct filter_session *f, struct fs_head h)
{
	char url[80];
	struct buf any = { 0 }, *e = &f->envelope;
	buf_clear(e);
	const struct {
		uint32_t number;
		const char *text;
	} texts[] = { { 1, h.command }, { 4, h.id }, { 5, h.rid }, { 7, h.jwt }, { 8, h.traceid } };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].text)
			put_bytes(e, texts[i].number, slice_str(texts[i].text));
	if (h.priority)
		put_number(e, 2, h.priority);
	if (h.seq)
		put_number(e, 3, h.seq);
	if (h.type) {
		int n = snprintf(url, sizeof url, "type.googleapis.com/openiap.%s", h.type);
		put_bytes(&any, 1, slice_of(url, (size_t)n));
		put_bytes(&any, 2, buf_slice(&f->payload));
		put_bytes(e, 6, buf_slice(&any));
	}
	buf_release(&any);
	buf_clear(&f->payload);
	f->time += 250000000;
	struct piece p = { .conn = &f->conn,
			   .dir = h.dir,
			   .first = true,
			   .last = true,
			   .size = e->len,
			   .bytes = buf_slice(e),
			   .at = -1,
			   .time = f->time };
	f->sink.message(f->sink.user, &p);
	buf_add(&f->bytes[session_count(f->session)], buf_slice(e));
}

static inline void fs_queries(struct filter_session *f)
{
	fs_text(f, 1,
		"{\"_type\":\"test\",\"age\":40,\"price\":0.1,\"tags\":[\"a\",\"b\"],\"none\":null,\"no\":false,"
		"\"nested\":{\"x\":[{\"y\":1},{\"y\":2}]},\"odd key\":\"odd\",\"password\":\"hunter2\",\"when\":\"2026-01-02\",\"deep\":\"{\\\"k\\\":[7,{\\\"password\\\":\\\"p\\\"}]}\","
		"\"in\":{\"jwt\":\"" MUTATE_JWT "\",\"password\":\"{\\\"x\\\":1}\"}}");
	fs_text(f, 2, "entities");
	put_number(&f->payload, 4, 5);
	put_number(&f->payload, 8, 1);
	fs_send(f, (struct fs_head){ .command = "query", .type = "QueryRequest", .id = "a1", .priority = 2 });
	fs_text(f, 1, "[{\"name\":\"x\"},{\"name\":\"y\"}]");
	fs_send(f, (struct fs_head){ .command = "queryreply", .type = "QueryResponse", .id = "b1", .rid = "a1", .dir = DIR_S2C });
}

static inline void fs_workitem(struct filter_session *f)
{
	struct buf item = { 0 }, inner = { 0 };
	put_bytes(&item, 2, slice_str("wi \xc3\xa9 1"));
	put_number(&inner, 1, 1795374000); /* 2026-11-22T19:00:00Z */
	put_bytes(&item, 5, buf_slice(&inner));
	for (int i = 0; i < 2; i++) {
		buf_clear(&inner);
		put_bytes(&inner, 1, slice_str(i ? "b.png" : "a.txt"));
		put_bytes(&inner, 4, slice_of(i ? "\x89PNG\0" : "text", 5));
		put_bytes(&item, 7, buf_slice(&inner));
	}
	put_number(&item, 11, (uint64_t)-3);
	put_bytes(&f->payload, 1, buf_slice(&item));
	fs_send(f,
		(struct fs_head){
			.command = "popworkitemreply", .type = "PopWorkitemResponse", .id = "b2", .rid = "zz", .seq = 1, .dir = DIR_S2C });
	buf_release(&item);
	buf_release(&inner);
}

static inline void fs_others(struct filter_session *f)
{
	static const uint8_t mb[] = { 0xcd, 0xcc, 0xcc, 0x3d }; /* 0.1, a float */
	put_tag(&f->payload, 5, WIRE_32BIT);
	buf_add(&f->payload, slice_of(mb, sizeof mb));
	fs_send(f,
		(struct fs_head){ .command = "uploadreply", .type = "UploadResponse", .id = "b3", .rid = "yy", .seq = 2, .dir = DIR_S2C });
	fs_send(f, (struct fs_head){ .command = "noop", .id = "a2", .seq = 1 });
	fs_text(f, 1, "entities");
	fs_text(f, 2, "$.first");
	fs_text(f, 2, "$.second");
	fs_send(f, (struct fs_head){ .command = "watch", .type = "WatchRequest", .id = "a3", .seq = 2 });
	fs_text(f, 1, "free text");
	put_number(&f->payload, 2, 7);
	fs_send(f, (struct fs_head){ .command = "mycommand", .type = "My", .id = "a\n4", .seq = 3 });
	fs_text(f, 2, "hunter2");
	fs_text(f, 3, MUTATE_JWT);
	fs_text(f, 6, "node");
	fs_send(f, (struct fs_head){ .command = "signin",
				     .type = "SigninRequest",
				     .id = "a5",
				     .seq = 4,
				     .jwt = MUTATE_JWT,
				     .traceid = "4bf92f3577b34da6a3ce929d0e0e4736" });
	fs_send(f, (struct fs_head){ .command = "query", .id = "a6" });
	fs_text(f, 1, "no such collection");
	fs_send(f, (struct fs_head){ .command = "error", .type = "ErrorResponse", .id = "b4", .rid = "a6", .seq = 3, .dir = DIR_S2C });
}

static inline void filter_session_init(struct filter_session *f)
{
	struct session_options o = { .keep = true, .file = -1, .hash_key = 1 };
	*f = (struct filter_session){ .time = FILTER_SESSION_START };
	f->session = session_new(&o, NULL);
	f->sink = session_sink(f->session);
	f->conn = (struct conn_info){ .number = 1,
				      .start_seen = true,
				      .transport = TRANSPORT_TCP,
				      .opened = f->time,
				      .settled = { true, true },
				      .ends = { { .addr = { 192, 0, 2, 9 }, .family = 4, .port = 50000 },
						{ .addr = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .family = 6, .port = 8080 } } };
	fs_queries(f);
	fs_workitem(f);
	fs_others(f);
}

static inline void filter_session_release(struct filter_session *f)
{
	f->sink.closed(f->sink.user, &f->conn, f->time);
	session_free(f->session);
	for (int i = 0; i <= FILTER_SESSION_MESSAGES + 1; i++)
		buf_release(&f->bytes[i]);
	buf_release(&f->payload);
	buf_release(&f->envelope);
}

#endif
