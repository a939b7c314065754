/*
 * The length prefix: cutting at every position, gaps and joins at every position, lengths and messages that can't be, and finding a
 * boundary. The recorder of stream_play.h refuses every message that was not sent; here each row's place is watched besides.
 */
#include "capture/stream/length_prefix.h"

#include "capture/stream/detect.h"
#include "tests/unit/stream_play.h"

enum { ROWS_MAX = 200, WINDOW = 128 * 1024 };

static const bool both[2] = { true, true }, neither[2] = { false, false };

struct range {
	size_t from, to; /* of the wire of its direction, the length included */
};

struct talk {
	struct recorder r; /* first: it is the sink's user */
	struct script s;
	struct range range[2][SENT_MAX];
	struct row {
		enum dir dir;
		size_t message; /* which of those sent it is, or is a part of */
		bool cut, gap, after_gap;
	} rows[ROWS_MAX];
	size_t row_count;
};

static void on_message(void *user, const struct piece *p)
{
	struct talk *t = user;
	size_t next = t->r.next[p->dir];
	assert_int_equal(p->encoding, ENCODING_ENVELOPE);
	assert_ptr_equal(p->conn, &t->r.conn);
	assert_true(!p->gap || p->cut);
	assert_true(!p->after_gap || p->first);
	recorder_message(&t->r, p);
	if (p->first) {
		assert_true(t->row_count < ROWS_MAX);
		t->rows[t->row_count++] = (struct row){ .dir = p->dir, .after_gap = p->after_gap };
	}
	struct row *row = &t->rows[t->row_count - 1];
	if (!p->last)
		return;
	row->cut = p->cut;
	row->gap = p->gap;
	row->message = p->cut ? recorder_which(&t->r, p->dir, buf_slice(&t->r.under_way[p->dir]), false) : t->r.next[p->dir] - 1;
	assert_true(row->message >= next);
	assert_int_equal(p->size, t->r.sent[p->dir][row->message].len);
}

static void talk_init(struct talk *t)
{
	*t = (struct talk){ .s = { .count = 0 } };
	recorder_init(&t->r);
	t->r.script = &t->s;
	t->r.sink.message = on_message;
}

static void talk_release(struct talk *t)
{
	recorder_release(&t->r);
	script_release(&t->s);
}

static void again(struct talk *t)
{
	recorder_again(&t->r);
	t->row_count = 0;
}

/* Puts a length and bytes behind it into the script, as one step. `sent`: they are to be heard as a message. */
static void put(struct talk *t, enum dir dir, uint32_t length, struct slice bytes, bool sent)
{
	struct buf whole = { 0 };
	size_t from = t->s.wire[dir].len;
	length_write(&whole, length);
	buf_add(&whole, bytes);
	script_add(&t->s, dir, buf_slice(&whole));
	if (sent) {
		t->range[dir][t->r.sent_count[dir]] = (struct range){ from, t->s.wire[dir].len };
		recorder_sent(&t->r, dir, bytes);
	}
	buf_release(&whole);
}

static void say(struct talk *t, enum dir dir, unsigned seq, size_t filler)
{
	struct buf envelope = { 0 };
	envelope_write(&envelope, seq % 3 ? "query" : "insertone", seq, filler);
	put(t, dir, (uint32_t)envelope.len, buf_slice(&envelope), true);
	buf_release(&envelope);
}

/* An Envelope of exactly that size, at least 16 bytes: with a traceid at its end. */
static void say_sized(struct talk *t, enum dir dir, unsigned seq, size_t size)
{
	struct buf e = { 0 };
	buf_addf(&e, "\x0a\x04%s\x18%c", "ping", (int)(seq % 127 + 1));
	size_t room = size - e.len - 4;
	buf_addf(&e, "\x42%c%c%c", (int)(room & 0x7f) | 0x80, (int)(room >> 7 & 0x7f) | 0x80, (int)(room >> 14 & 0x7f));
	for (size_t i = 0; i < room; i++)
		buf_add_byte(&e, (uint8_t)("\x0a\x04ping\x18"[i * 5 % 7]));
	assert_int_equal(e.len, size);
	put(t, dir, (uint32_t)e.len, buf_slice(&e), true);
	buf_release(&e);
}

static void play_all(struct talk *t, const bool synced[2], size_t most, size_t cut)
{
	again(t);
	struct layer *l = length_prefix_new(&t->r.stream, synced);
	play(&t->s, l, most, cut);
	play_end(l);
}

/* All that was sent came in one row each, and there is nothing to say. */
static void assert_fine(const struct talk *t)
{
	recorder_assert_all(&t->r);
	assert_int_equal(t->row_count, t->r.sent_count[0] + t->r.sent_count[1]);
	assert_int_equal(t->r.news.len, 0);
	assert_int_equal(t->r.cut[0] + t->r.cut[1] + t->r.counts.cut + t->r.counts.skipped + t->r.counts.overlong, 0);
	for (size_t i = 0; i < t->row_count; i++)
		assert_false(t->rows[i].after_gap);
}

/* --- cutting ----------------------------------------------------------------------------------------------------------------- */

static void cut_anywhere(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (unsigned i = 0; i < 8; i++)
		say(&t, i & 1, i, i * i * 3);
	put(&t, DIR_C2S, 6, slice_str("\x0a\x04noop"), true);
	put(&t, DIR_C2S, 3, slice_str("\x0a\x01x"), true);
	say(&t, DIR_C2S, 9, 100);
	for (size_t cut = 0; cut < script_len(&t.s); cut++) {
		play_all(&t, both, SIZE_MAX, cut);
		assert_fine(&t);
	}
	for (size_t most = 1; most < 300; most = most * 3 / 2 + 1) {
		play_all(&t, both, most, 0);
		assert_fine(&t);
	}
	talk_release(&t);
}

/* Messages joined in one segment: each stands where it lies in the capture. */
static void joined_messages(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (unsigned i = 0; i < 20; i++)
		say(&t, DIR_S2C, i, i * 3);
	t.s.steps[0].to = t.s.wire[DIR_S2C].len;
	t.s.count = 1;
	for (size_t cut = 0; cut < script_len(&t.s); cut++) {
		bool in_body = false;
		for (size_t i = 0; i < 20; i++)
			in_body = in_body || (cut > t.range[DIR_S2C][i].from + 4 && cut < t.range[DIR_S2C][i].to);
		play_all(&t, both, SIZE_MAX, cut);
		assert_fine(&t);
		assert_int_equal(t.r.in_place[DIR_S2C], in_body ? 19 : 20);
	}
	play_all(&t, both, 1, 0);
	assert_int_equal(t.r.in_place[DIR_S2C], 0);
	talk_release(&t);
}

/* Around the length from which on messages are handed on in pieces, and the bytes that a probe wants. */
static void sizes(void **state)
{
	(void)state;
	static const size_t edges[] = { PROBE_BYTES, LENGTH_PREFIX_PASS, 65536 };
	struct talk t;
	talk_init(&t);
	for (unsigned i = 0; i < 9; i++)
		say_sized(&t, i & 1, i, edges[i / 3] + i % 3 - 1);
	for (size_t i = 0, begin = 0; i < 9; begin += t.s.steps[i].to - t.s.steps[i].from, i++) {
		for (size_t near = 0; near < PROBE_BYTES + 10; near++) {
			play_all(&t, both, SIZE_MAX, begin + near);
			assert_fine(&t);
		}
	}
	say_sized(&t, DIR_C2S, 9, 1 << 20);
	for (size_t most = 1; most < 3000000; most = most * 9 + 1) {
		play_all(&t, both, most, 0);
		assert_fine(&t);
	}
	talk_release(&t);
}

/* A large message is handed on as it comes, and nothing waits for its end. */
static void large_comes_in_pieces(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say_sized(&t, DIR_C2S, 1, 900000);
	struct layer *l = length_prefix_new(&t.r.stream, both);
	for (size_t at = 0; at < 800000; at += 50000) {
		play_bytes(&t.s, l, DIR_C2S, at, at + 50000);
		assert_int_equal(t.r.under_way[DIR_C2S].len, at + 50000 - 4);
	}
	play_end(l);
	assert_int_equal(t.r.cut[DIR_C2S], 1);
	assert_int_equal(t.r.counts.cut, 1);
	assert_true(t.rows[0].cut && !t.rows[0].gap);
	talk_release(&t);
}

/* The connection ends at every position. */
static void ends_anywhere(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say(&t, DIR_C2S, 1, 20);
	say(&t, DIR_C2S, 2, 30);
	say_sized(&t, DIR_C2S, 3, LENGTH_PREFIX_PASS + 100);
	for (size_t end = 0; end <= t.s.wire[DIR_C2S].len; end += end < 300 ? 1 : 97) {
		for (size_t most = 1; most < 100000; most += 77777) {
			again(&t);
			struct layer *l = length_prefix_new(&t.r.stream, both);
			for (size_t at = 0; at < end; at += most)
				play_bytes(&t.s, l, DIR_C2S, at, end - at < most ? end : at + most);
			play_end(l);
			size_t whole = 0;
			while (whole < 3 && t.range[DIR_C2S][whole].to <= end)
				whole++;
			size_t in = whole < 3 ? end - t.range[DIR_C2S][whole].from : 0;
			assert_int_equal(t.r.got[DIR_C2S], (1 << whole) - 1);
			assert_int_equal(t.r.counts.cut, in > 0);
			assert_int_equal(t.r.cut[DIR_C2S], in > 4);
			assert_int_equal(recorder_heard(&t.r, "cut"), in > 0 && in <= 4);
		}
	}
	talk_release(&t);
}

/* --- what can't be ----------------------------------------------------------------------------------------------------------- */

/* A length of 0 is a message without bytes, as it was sent; its neighbours are not touched. */
static void zero_length(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_C2S, 0, slice_of(NULL, 0), true);
	say(&t, DIR_C2S, 1, 20);
	put(&t, DIR_C2S, 0, slice_of(NULL, 0), true);
	say(&t, DIR_C2S, 2, 20);
	for (size_t cut = 0; cut < script_len(&t.s); cut++) {
		play_all(&t, both, cut ? SIZE_MAX : 1, cut);
		assert_fine(&t);
	}
	talk_release(&t);
}

/* One message that is no Envelope is the sender's fault and shown; after two in a row the boundary is not believed any more. */
static void not_an_envelope(void **state)
{
	(void)state;
	for (int bad = 1; bad <= 3; bad++) {
		struct talk t;
		talk_init(&t);
		say(&t, DIR_S2C, 1, 20);
		for (int i = 0; i < bad; i++)
			put(&t, DIR_S2C, 30, slice_str("thirty bytes that are none of "), i == 0);
		say(&t, DIR_S2C, 2, 20);
		say(&t, DIR_S2C, 3, 20);
		for (size_t cut = 0; cut < script_len(&t.s); cut++) {
			play_all(&t, both, cut ? SIZE_MAX : 1, cut);
			recorder_assert_all(&t.r);
			assert_int_equal(t.r.counts.skipped, (bad - 1) * 34);
			assert_int_equal(recorder_heard(&t.r, "skipped"), bad > 1);
		}
		talk_release(&t);
	}
}

/* Zeros without end are no row of messages. */
static void zeros(void **state)
{
	(void)state;
	uint8_t none[4000] = { 0 };
	for (size_t most = 1; most < 5000; most += 700) {
		struct talk t;
		talk_init(&t);
		say(&t, DIR_C2S, 1, 20);
		recorder_sent(&t.r, DIR_C2S, slice_of(NULL, 0));
		script_add(&t.s, DIR_C2S, slice_of(none, sizeof(none)));
		say(&t, DIR_C2S, 2, 20);
		play_all(&t, both, most, 0);
		recorder_assert_all(&t.r);
		assert_int_equal(t.r.counts.skipped, sizeof(none) - 4);
		talk_release(&t);
	}
}

/* A length beyond the limit: told, and the next message is found. What lies between is skipped, and counted. */
/* The length that can't be is told as a message of its four bytes, which nobody can read. */
static void over_long(void **state)
{
	(void)state;
	static const uint32_t lengths[] = { (1 << 20) + 1, 0x7fffffff, 0xffffffff, 0x1e000000 };
	for (size_t i = 0; i < 4; i++) {
		struct talk t;
		talk_init(&t);
		say(&t, DIR_C2S, 1, 20);
		const uint8_t prefix[] = { (uint8_t)lengths[i], (uint8_t)(lengths[i] >> 8), (uint8_t)(lengths[i] >> 16),
					   (uint8_t)(lengths[i] >> 24) };
		recorder_sent(&t.r, DIR_C2S, slice_of(prefix, sizeof prefix));
		put(&t, DIR_C2S, lengths[i], slice_str("what was thought to be so long"), false);
		say(&t, DIR_C2S, 2, 20);
		say(&t, DIR_C2S, 3, 20);
		for (size_t cut = 0; cut < script_len(&t.s); cut++) {
			play_all(&t, both, cut ? SIZE_MAX : 1, cut);
			recorder_assert_all(&t.r);
			assert_int_equal(t.r.counts.overlong, 1);
			assert_int_equal(t.r.counts.skipped, 34);
			assert_int_equal(t.r.counts.cut, 0);
			assert_true(recorder_heard(&t.r, "c2s overlong "));
			assert_true(recorder_heard(&t.r, "c2s skipped 34"));
			assert_int_equal(recorder_heard(&t.r, "would be 30 if it were big-endian"), i == 3);
		}
		talk_release(&t);
	}
}

/* Six messages, the lengths of `wrong` behind the first (or, with `first`, from the first on) off by so many bytes. What is to be heard is what the
 * lengths say. */
static void say_off(struct talk *t, int off, int wrong, bool first, size_t filler)
{
	size_t from[6], size[6];
	for (int i = 0; i < 6; i++) {
		struct buf e = { 0 };
		envelope_write(&e, i % 3 ? "query" : "insertone", (unsigned)i, filler);
		from[i] = t->s.wire[DIR_C2S].len + 4;
		size[i] = e.len + (i >= !first && i < wrong + !first ? (size_t)off : 0);
		put(t, DIR_C2S, (uint32_t)size[i], buf_slice(&e), false);
		buf_release(&e);
	}
	for (int i = 0; i < 6; i++)
		recorder_sent(&t->r, DIR_C2S, slice_of(t->s.wire[DIR_C2S].at + from[i], size[i]));
}

/* Lengths that are a little wrong, one or several in a row: each costs its own message, and the next is found in its end or behind it. */
static void length_off(void **state)
{
	(void)state;
	static const size_t fillers[] = { 20, 300, 16366 };
	for (int off = -3; off <= 8; off++) {
		for (int wrong = 1; wrong < 10; wrong++) {
			struct talk t;
			talk_init(&t);
			say_off(&t, off, wrong % 3 + 1, false, fillers[wrong / 4]);
			for (size_t cut = 0; cut < script_len(&t.s); cut += cut < 600 ? 1 : 997) {
				play_all(&t, both, cut ? SIZE_MAX : 1, cut);
				recorder_assert_all(&t.r);
				assert_int_equal(t.r.counts.skipped, off < 0 ? -off * (wrong % 3 + 1) : 0);
				assert_int_equal(t.r.counts.overlong + t.r.counts.cut, 0);
				assert_int_equal(recorder_heard(&t.r, "the length of the message before is wrong"), off != 0);
			}
			talk_release(&t);
		}
	}
}

/* Joined in its middle with its ends taken for each other, in pieces of that many bytes. */
static void check_mirrored(struct talk *t, size_t first, size_t most, bool turns)
{
	again(t);
	t->r.conn.guessed = true;
	t->r.conn.ends[DIR_C2S].port = 2;
	struct layer *l = detect_new(&t->r.stream, TRANSPORT_UNKNOWN, NULL);
	play_mirrored(&t->s, l, &t->r.conn, first, most);
	play_end(l);
	assert_int_equal(t->r.conn.transport, TRANSPORT_TCP);
	assert_int_equal(t->r.conn.turned, turns);
	assert_int_equal(t->r.conn.ends[turns].port, 2);
	assert_int_equal(t->row_count, t->s.count - first);
	for (size_t i = 0; turns && i < t->row_count; i++)
		assert_int_equal(t->rows[i].dir, t->s.steps[first + i].dir);
}

static void say_command(struct talk *t, enum dir dir, const char *command, unsigned seq, size_t filler)
{
	struct buf envelope = { 0 };
	envelope_write(&envelope, command, seq, filler);
	put(t, dir, (uint32_t)envelope.len, buf_slice(&envelope), true);
	buf_release(&envelope);
}

/* The first command that only one of the ends sends says who is the client; a ping does not. */
static void ends_from_commands(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (unsigned i = 0; i < 20; i += 2) {
		say_command(&t, DIR_C2S, "query", i, 60);
		say_command(&t, DIR_S2C, i % 4 ? "queryreply" : "queueevent", i + 1, 60);
	}
	for (size_t first = 0; first < 4; first++)
		for (size_t most = 200; most < 1000; most += 37)
			check_mirrored(&t, first, most, true);
	talk_release(&t);
	talk_init(&t);
	t.s.count = 0;
	say_command(&t, DIR_C2S, "ping", 0, 60);
	recorder_sent(&t.r, DIR_S2C, buf_slice(&t.r.sent[DIR_C2S][0])); /* and so it is heard as the other end's */
	check_mirrored(&t, 0, SIZE_MAX / 2, false);
	talk_release(&t);
}

/* What tells nothing need not have come whole. */
static void ends_from_part(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say_command(&t, DIR_C2S, "ping", 0, 5000);
	recorder_sent(&t.r, DIR_S2C, buf_slice(&t.r.sent[DIR_C2S][0])); /* and so it is heard as the other end's */
	for (size_t most = 200; most < 5000; most += 377)
		check_mirrored(&t, 0, most, false);
	talk_release(&t);
}

/* The same in one segment, and from the first message of a connection on, so that what it carries must be told by that. */
static void first_length_off(void **state)
{
	(void)state;
	for (int off = -3; off <= 8; off++) {
		struct talk t;
		talk_init(&t);
		say_off(&t, off, 3, true, 20);
		t.s.steps[0].to = t.s.wire[DIR_C2S].len;
		t.s.count = 1;
		for (size_t cut = 0; cut < script_len(&t.s); cut++) {
			again(&t);
			t.r.conn.start_seen = true;
			struct layer *l = detect_new(&t.r.stream, TRANSPORT_UNKNOWN, NULL);
			play(&t.s, l, cut ? SIZE_MAX : 1, cut);
			play_end(l);
			recorder_assert_all(&t.r);
			assert_true(recorder_heard(&t.r, off == 1 ? "wrong: 1 too large" : off == -1 ? "wrong: 1 too small" : ""));
		}
		talk_release(&t);
	}
}

/* An Envelope that is longer than we take is nobody's fault. */
static void over_long_envelope(void **state)
{
	(void)state;
	struct talk t;
	struct buf body = { 0 };
	talk_init(&t);
	t.r.limits.message = 20000;
	buf_add_str(&body, "\x0a\x05query\x22\xa8\xea\x01");
	while (body.len < 30011)
		buf_add_byte(&body, 'x');
	say(&t, DIR_C2S, 1, 20);
	put(&t, DIR_C2S, (uint32_t)body.len, buf_slice(&body), false);
	say(&t, DIR_C2S, 2, 20);
	for (size_t cut = 0; cut < script_len(&t.s); cut += cut < 300 ? 1 : 997) {
		play_all(&t, both, cut ? SIZE_MAX : 1, cut);
		recorder_assert_all(&t.r);
		assert_int_equal(t.r.counts.overlong, 1);
	}
	buf_release(&body);
	talk_release(&t);
}

/* A message that does not look like one is not believed to be very long. */
static void doubtful_and_long(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	t.r.limits.message = 64 << 20;
	say(&t, DIR_C2S, 1, 20);
	put(&t, DIR_C2S, (1 << 20) + 1, slice_str("\x0a\x04pi"), false);
	say(&t, DIR_C2S, 2, 20);
	say(&t, DIR_C2S, 3, 20);
	for (size_t most = 1; most < 2000; most += 333) {
		play_all(&t, both, most, 0);
		recorder_assert_all(&t.r);
		assert_int_equal(t.r.counts.skipped, 8);
	}
	talk_release(&t);
}

/* Garbage of any length between two messages, as a sender that lost its way would send it. */
static void garbage(void **state)
{
	(void)state;
	uint64_t seed = 0x2545f4914f6cdd1du;
	for (size_t n = 4; n < 300; n += 1 + n / 8) {
		struct talk t;
		struct buf noise = { 0 };
		talk_init(&t);
		for (size_t i = 0; i < n; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			buf_add_byte(&noise, (uint8_t)(seed >> 30) | 0x80); /* so that no length is plausible */
		}
		say(&t, DIR_C2S, 1, 20);
		recorder_sent(&t.r, DIR_C2S, slice_head(buf_slice(&noise), 4));
		script_add(&t.s, DIR_C2S, buf_slice(&noise));
		say(&t, DIR_C2S, 2, 20);
		say(&t, DIR_C2S, 3, 20);
		for (size_t most = 1; most < 1000; most += 111) {
			play_all(&t, both, most, 0);
			recorder_assert_all(&t.r);
			assert_int_equal(t.r.counts.skipped, n);
		}
		buf_release(&noise);
		talk_release(&t);
	}
}

/* --- gaps -------------------------------------------------------------------------------------------------------------------- */

struct loss {
	enum dir dir;
	size_t from, to; /* these bytes of its wire are missing */
	bool known;      /* their number is told */
};

static void play_loss(struct talk *t, const bool synced[2], struct loss loss, size_t most)
{
	again(t);
	struct layer *l = length_prefix_new(&t->r.stream, synced);
	size_t len = t->s.wire[loss.dir].len;
	for (size_t at = 0, to; at < len; at = to) {
		if (at == loss.from && loss.to > at) {
			to = loss.to;
			if (at > 0)
				layer_gap(l, loss.dir, loss.known ? to - at : 0, 1);
			continue;
		}
		size_t end = at < loss.from ? loss.from : len;
		to = end - at < most ? end : at + most;
		play_bytes(&t->s, l, loss.dir, at, to);
	}
	play_end(l);
}

/* What the rows must be like: all messages of which nothing is missing, in order; parts of others; marked where something is
 * missing in front of them. */
static void assert_rows(const struct talk *t, struct loss loss)
{
	uint64_t want = 0;
	size_t end = 0;
	for (size_t i = 0; i < t->r.sent_count[loss.dir]; i++) {
		struct range r = t->range[loss.dir][i];
		want |= (uint64_t)(r.to <= loss.from || r.from >= loss.to) << i;
	}
	if (t->r.got[loss.dir] != want)
		fail_msg("bytes %zu to %zu missing (%s): heard %llx, not %llx", loss.from, loss.to, loss.known ? "known" : "unknown",
			 (unsigned long long)t->r.got[loss.dir], (unsigned long long)want);
	for (size_t i = 0; i < t->row_count; i++) {
		const struct row *row = &t->rows[i];
		struct range r = t->range[loss.dir][row->message];
		bool missing = loss.from > 0 && loss.from < r.from && loss.to > end;
		if (row->after_gap != missing && (loss.known || !row->after_gap))
			fail_msg("bytes %zu to %zu missing (%s): row %zu marked %d", loss.from, loss.to, loss.known ? "known" : "unknown",
				 i, row->after_gap);
		assert_int_equal(row->cut, row->gap);
		assert_true(!row->gap || (loss.from > r.from && loss.from < r.to));
		end = r.to;
	}
}

static const size_t gap_sizes[] = { 1, 2, 3, 4, 5, 7, 30, 77, 150, 400 };

static void gap_anywhere(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (unsigned i = 0; i < 9; i++)
		say(&t, DIR_C2S, i, i * 17 % 90);
	put(&t, DIR_C2S, 6, slice_str("\x0a\x04noop"), true);
	say(&t, DIR_C2S, 10, 20);
	for (size_t k = 0; k < 2 * sizeof(gap_sizes) / sizeof(*gap_sizes); k++) {
		struct loss loss = { .known = k & 1, .from = 1 };
		for (; loss.from + gap_sizes[k / 2] <= t.s.wire[DIR_C2S].len; loss.from++) {
			loss.to = loss.from + gap_sizes[k / 2];
			for (size_t most = 1; most < 1000; most *= 13) {
				play_loss(&t, both, loss, most);
				assert_rows(&t, loss);
			}
			play_loss(&t, both, loss, SIZE_MAX);
			assert_rows(&t, loss);
		}
	}
	talk_release(&t);
}

/* Gaps of a known size inside a large message: what follows it needs no search. */
static void gap_in_a_large_message(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say(&t, DIR_S2C, 1, 20);
	say_sized(&t, DIR_S2C, 2, 40000);
	say(&t, DIR_S2C, 3, 20);
	struct range r = t.range[DIR_S2C][1];
	for (size_t from = r.from + 5; from < r.to; from += 631) {
		for (size_t n = 1; from + n <= r.to; n = n * 3 + 1) {
			struct loss loss = { DIR_S2C, from, from + n, true };
			play_loss(&t, both, loss, from % 2 ? 1000 : SIZE_MAX);
			assert_int_equal(t.r.got[DIR_S2C], 5);
			assert_int_equal(t.r.counts.skipped, 0);
			assert_int_equal(t.r.cut[DIR_S2C], 1);
			assert_false(t.rows[2].after_gap);
		}
	}
	talk_release(&t);
}

/* Several gaps of known sizes in one message, the last of which reaches beyond it. */
static void gaps_in_a_row(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say(&t, DIR_C2S, 1, 200);
	say(&t, DIR_C2S, 2, 50);
	say(&t, DIR_C2S, 3, 50);
	size_t second = t.range[DIR_C2S][1].from;
	for (size_t third = second - 5; third < second + 5; third++) {
		again(&t);
		struct layer *l = length_prefix_new(&t.r.stream, both);
		play_bytes(&t.s, l, DIR_C2S, 0, 50);
		layer_gap(l, DIR_C2S, 30, 1);
		play_bytes(&t.s, l, DIR_C2S, 80, 100);
		layer_gap(l, DIR_C2S, 10, 1);
		layer_gap(l, DIR_C2S, 10, 1);
		play_bytes(&t.s, l, DIR_C2S, 120, 130);
		layer_gap(l, DIR_C2S, third - 130, 1);
		play_bytes(&t.s, l, DIR_C2S, third, t.s.wire[DIR_C2S].len);
		play_end(l);
		assert_int_equal(t.r.got[DIR_C2S], third <= second ? 6 : 4);
		assert_int_equal(t.rows[0].gap, true);
		assert_int_equal(t.row_count, third <= second ? 3 : 2);
		assert_int_equal(t.rows[1].after_gap, third > second);
		assert_int_equal(t.r.counts.cut, 1);
	}
	talk_release(&t);
}

/* Both directions are apart. */
static void gap_in_one_direction(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (unsigned i = 0; i < 4; i++)
		say(&t, i & 1, i, 50);
	struct layer *l = length_prefix_new(&t.r.stream, both);
	play_bytes(&t.s, l, DIR_C2S, 0, 20);
	play_bytes(&t.s, l, DIR_S2C, 0, 20);
	layer_gap(l, DIR_C2S, 0, 1);
	play_bytes(&t.s, l, DIR_S2C, 20, t.s.wire[DIR_S2C].len);
	play_bytes(&t.s, l, DIR_C2S, 30, t.s.wire[DIR_C2S].len);
	play_end(l);
	assert_int_equal(t.r.got[DIR_S2C], 3);
	assert_int_equal(t.r.got[DIR_C2S], 2);
	talk_release(&t);
}

/* --- joined in the middle ---------------------------------------------------------------------------------------------------- */

static void join_anywhere(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (unsigned i = 0; i < 9; i++)
		say(&t, DIR_C2S, i, i * 17 % 90);
	put(&t, DIR_C2S, 6, slice_str("\x0a\x04noop"), true);
	for (struct loss loss = { .known = true }; loss.to < t.s.wire[DIR_C2S].len; loss.to++) {
		for (size_t most = 1; most < 1000; most *= 13) {
			play_loss(&t, neither, loss, most);
			assert_rows(&t, loss);
			bool skipped = t.r.counts.skipped > 0;
			assert_int_equal(recorder_heard(&t.r, "skipped"), skipped);
		}
		play_loss(&t, neither, loss, SIZE_MAX);
		assert_rows(&t, loss);
	}
	talk_release(&t);
}

/* Joined in the middle, then a gap. */
static void join_and_gap(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (unsigned i = 0; i < 6; i++)
		say(&t, DIR_C2S, i, 20);
	size_t first = t.range[DIR_C2S][1].from;
	for (size_t join = 5; join < 60; join += 3) {
		for (size_t from = join + 1; from < 150; from++) {
			again(&t);
			struct layer *l = length_prefix_new(&t.r.stream, neither);
			play_bytes(&t.s, l, DIR_C2S, join, from);
			layer_gap(l, DIR_C2S, from & 1 ? 10 : 0, 1);
			play_bytes(&t.s, l, DIR_C2S, from + 10, t.s.wire[DIR_C2S].len);
			play_end(l);
			for (size_t i = 0; i < 6; i++) {
				struct range r = t.range[DIR_C2S][i];
				bool there = r.from >= join && (r.to <= from || r.from >= from + 10);
				assert_int_equal(t.r.got[DIR_C2S] >> i & 1, there);
			}
		}
	}
	assert_true(first < 150);
	talk_release(&t);
}

/* What was taken for the beginning of a very long message while searching, and is not: given up after a window of bytes, so that
 * neither memory nor the wait for the next good message grows with the length it claims. */
static void long_claim(void **state)
{
	(void)state;
	struct buf claim = { 0 };
	struct talk t;
	talk_init(&t);
	t.r.limits.message = 64 << 20;
	buf_addf(&claim, "\x0a\x04ping\x52%c%c%c%c", 0xf0, 0xff, 0xff, 0x1e); /* field 10, of nearly 64 MiB */
	length_write(&t.s.wire[DIR_C2S], 63 << 20);
	script_add(&t.s, DIR_C2S, buf_slice(&claim));
	t.s.steps[0].from = 0;
	struct recorder *r = &t.r;
	assert_int_equal(r->sink.probe(slice_of(t.s.wire[0].at + 4, claim.len), 63 << 20), PROBE_MORE);
	buf_clear(&claim);
	for (size_t i = 0; i < WINDOW; i++)
		buf_add_byte(&claim, 'x');
	script_add(&t.s, DIR_C2S, buf_slice(&claim));
	for (unsigned i = 0; i < 3; i++)
		say(&t, DIR_C2S, i, 50);
	for (size_t most = 1000; most < 1000000; most *= 7) {
		struct layer *l = length_prefix_new(&t.r.stream, neither);
		again(&t);
		play(&t.s, l, most, 0);
		recorder_assert_all(&t.r); /* before the end */
		play_end(l);
	}
	buf_release(&claim);
	talk_release(&t);
}

/* --- finding ----------------------------------------------------------------------------------------------------------------- */

static struct find find(const struct recorder *r, struct slice in, bool final)
{
	uint8_t *block = malloc(in.len ? in.len : 1);
	if (in.len)
		memcpy(block, in.at, in.len);
	struct find f = length_prefix_find(&r->stream, slice_of(block, in.len), final);
	free(block);
	return f;
}

static void nothing_in_noise(void **state)
{
	(void)state;
	struct recorder r;
	struct buf noise = { 0 };
	uint64_t x = 88172645463325252u;
	recorder_init(&r);
	r.limits.message = 64 << 20;
	for (int round = 0; round < 40; round++) {
		buf_clear(&noise);
		for (int i = 0; i < 20000; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			buf_add_byte(&noise, (uint8_t)(round % 4 == 3 ? (x >> 20) % 12 : x >> 20));
		}
		struct find f = find(&r, buf_slice(&noise), false);
		assert_int_equal(f.status, FIND_MORE);
		assert_true(f.offset >= noise.len - 4 - PROBE_BYTES);
		assert_int_equal(find(&r, buf_slice(&noise), true).status, FIND_NONE);
	}
	assert_int_equal(find(&r, slice_str("GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"), true).status, FIND_NONE);
	assert_int_equal(find(&r, slice_str("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), true).status, FIND_NONE);
	assert_int_equal(find(&r, slice_of(NULL, 0), true).status, FIND_NONE);
	assert_int_equal(find(&r, slice_of(NULL, 0), false).offset, 0);
	buf_release(&noise);
}

/* A boundary is found as soon as enough is there, never at another place, and never dropped before. */
static void found_at_every_length(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	script_add(&t.s, DIR_C2S, slice_str("the end of\n a message"));
	size_t at = t.s.wire[0].len;
	say(&t, DIR_C2S, 1, 70);
	say(&t, DIR_C2S, 2, 20);
	size_t first_seen = 0;
	for (size_t n = 0; n <= t.s.wire[0].len; n++) {
		struct slice in = slice_of(t.s.wire[0].at, n);
		struct find f = find(&t.r, in, false), last = find(&t.r, in, true);
		assert_true(f.status != FIND_NONE && f.offset <= at && (f.status != FIND_FOUND || f.offset == at));
		assert_true(last.status == FIND_NONE || (last.status == FIND_FOUND && last.offset == at));
		if (f.status == FIND_FOUND && !first_seen)
			first_seen = n;
		assert_true(!first_seen || f.status == FIND_FOUND);
		assert_true(f.status != FIND_FOUND || last.status == FIND_FOUND);
	}
	assert_true(first_seen > 0 && first_seen < at + 24);
	talk_release(&t);
}

/* What follows a message that is there to its end speaks for it or against it. */
static void next_one_speaks(void **state)
{
	(void)state;
	static const struct {
		const char *next;
		size_t len;
		enum find_status status, final;
	} cases[] = {
		{ "", 0, FIND_FOUND, FIND_FOUND },
		{ "\x20\0\0\0", 4, FIND_FOUND, FIND_FOUND },
		{ "\x20\0\0\0\x0a\x04ping\x18\x01", 12, FIND_FOUND, FIND_FOUND },
		{ "\x20\0\0\0\x0a\x04pi", 8, FIND_FOUND, FIND_FOUND },
		{ "\x20\0\0\0\x0b\x04pi", 8, FIND_MORE, FIND_NONE },
		{ "\xff\xff\xff\xff\x0a\x04pi", 8, FIND_MORE, FIND_NONE },
	};
	struct talk t;
	talk_init(&t);
	say(&t, DIR_C2S, 1, 20);
	size_t len = t.s.wire[0].len;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		t.s.wire[0].len = len;
		buf_add(&t.s.wire[0], slice_of(cases[i].next, cases[i].len));
		assert_int_equal(find(&t.r, buf_slice(&t.s.wire[0]), false).status, cases[i].status);
		assert_int_equal(find(&t.r, buf_slice(&t.s.wire[0]), true).status, cases[i].final);
	}
	talk_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(joined_messages),
		cmocka_unit_test(sizes),
		cmocka_unit_test(large_comes_in_pieces),
		cmocka_unit_test(ends_anywhere),
		cmocka_unit_test(zero_length),
		cmocka_unit_test(not_an_envelope),
		cmocka_unit_test(zeros),
		cmocka_unit_test(over_long),
		cmocka_unit_test(length_off),
		cmocka_unit_test(first_length_off),
		cmocka_unit_test(ends_from_commands),
		cmocka_unit_test(ends_from_part),
		cmocka_unit_test(over_long_envelope),
		cmocka_unit_test(doubtful_and_long),
		cmocka_unit_test(garbage),
		cmocka_unit_test(gap_anywhere),
		cmocka_unit_test(gap_in_a_large_message),
		cmocka_unit_test(gaps_in_a_row),
		cmocka_unit_test(gap_in_one_direction),
		cmocka_unit_test(join_anywhere),
		cmocka_unit_test(join_and_gap),
		cmocka_unit_test(long_claim),
		cmocka_unit_test(nothing_in_noise),
		cmocka_unit_test(found_at_every_length),
		cmocka_unit_test(next_one_speaks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
