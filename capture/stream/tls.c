/*
 * The record layer of TLS.
 *
 *	| type 1 | version 2 | length 2 | body: plain, or sealed |
 *
 * A direction is in step (the next byte begins a record), passes over the rest of a record that was partly lost (`skip`), or searches
 * for the next record that its keys open (`searching`). What has come of an incomplete record stands in `front`.
 *
 * A record that can't be opened yet, for want of a secret or of the other direction's hello, stays at the front; what comes after it,
 * gaps and the end included, is kept for later and played again in its order. The key log wakes the layer.
 *
 * Secrets come one by one. While a direction waits for one, the other is held even if its own are there, so that what is inside comes
 * in the order in which it was sent: an answer before its request would be blamed, and a call of gRPC needs the path in its request.
 * Directions go apart where that would take too long or too much.
 *
 * A loss is told to the layer inside only when the next record shows that data were in it: a gap in a certificate costs nothing.
 */
#include "capture/stream/tls.h"

#include "base/buf.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "capture/stream/detect.h"
#include "capture/stream/later.h"
#include "capture/stream/tls_session.h"

#include <stdlib.h>

enum {
	SMALLEST = 22,         /* bytes of a sealed record with a byte in it, at least (TLS 1.3) */
	CANDIDATES_MAX = 64,   /* likely records that a search tries, each under so many numbers */
	FAILURES_MAX = 8,      /* records in a row that don't open, then the keys count as wrong */
	ALERTS_MAX = 4,        /* alerts told of a connection */
	FATAL = 2,
};

static const int64_t PATIENCE = 3 * (int64_t)NS_PER_S; /* until it is told that a key is waited for, and directions go apart */

struct side {
	struct buf front;
	struct later later;
	bool waits, ended, end_told;
	enum tls_opened needs; /* what it waits for */
	int64_t since, time;   /* it waits since; of what is being read */
	uint64_t skip;
	bool searching;
	unsigned lost;         /* records that may be missing before the next one */
	bool harmed;           /* something is missing that the layer inside was not told about … */
	enum tls_epoch harmed_in; /* … since this epoch */
	uint64_t searched;
	unsigned candidates;   /* that the search tried in vain */
	unsigned failures;
	bool dead;             /* this direction is given up */
};

struct tls {
	struct layer layer;
	const struct stream *stream;
	enum transport forced;
	struct keylog *keylog;
	struct keylog_waiter waiter;
	uint64_t keys_seen;    /* revision of the key log */
	struct tls_session session;
	struct layer *inner;   /* NULL until there are data */
	struct side side[2];
	uint64_t came;         /* items that were kept for later */
	bool holds;            /* a direction waits for nothing but the other one's secret … */
	int64_t held_since;    /* … since */
	bool apart;            /* a direction does not wait for the other one's secret any more */
	unsigned alerts;
	bool dead, told;       /* given up; somebody was told why nothing is shown */
	bool told_waiting;
};

enum taken { TAKEN, WAITS, NO_RECORD };

static const char no_handshake[] = "TLS whose handshake is not whole in the capture, and which cannot be decrypted without";

static uint32_t body_len(struct slice record)
{
	return (uint32_t)record.at[3] << 8 | record.at[4];
}

/* Can a record begin so, as far as the bytes go? */
static bool could_be_record(struct slice in)
{
	return (in.len < 1 || (in.at[0] >= TLS_CHANGE_CIPHER_SPEC && in.at[0] <= TLS_HEARTBEAT)) && (in.len < 2 || in.at[1] == 3) &&
	       (in.len < 3 || in.at[2] <= 4) && (in.len < TLS_HEADER || body_len(in) <= TLS_RECORD_MAX);
}

/* The whole record at the front; empty if more bytes are needed. */
static struct slice record_at_front(struct slice in)
{
	if (in.len < TLS_HEADER || in.len < TLS_HEADER + (size_t)body_len(in))
		return (struct slice){ 0 };
	return slice_head(in, TLS_HEADER + (size_t)body_len(in));
}

bool tls_begins(struct slice in)
{
	return could_be_record(in) && (in.len < 1 || in.at[0] == TLS_HANDSHAKE) && (in.len < TLS_HEADER || body_len(in) >= 4) &&
	       (in.len < TLS_BEGINS || in.at[5] == 1 || in.at[5] == 2);
}

struct find tls_find(struct slice in, bool final)
{
	for (size_t at = 0; at < in.len; at++) {
		struct slice rest = slice_skip(in, at);
		if (!could_be_record(rest) || (rest.len >= TLS_HEADER && !body_len(rest)))
			continue;
		struct slice record = record_at_front(rest), next = slice_skip(rest, record.len);
		if (!final && (!record.len || next.len < TLS_HEADER))
			return (struct find){ FIND_MORE, at };
		if (record.len && could_be_record(next) && (next.len >= TLS_HEADER || !next.len))
			return (struct find){ FIND_FOUND, at };
	}
	return (struct find){ FIND_NONE, in.len };
}

/* Telling. */

static void add_name(struct buf *out, const char *what, const struct buf *name)
{
	if (!name->len)
		return;
	buf_addf(out, "%s%s", out->len ? ", " : "", what);
	buf_add(out, buf_slice(name));
}

static void tell(struct tls *t, enum news_kind kind, enum dir dir, int64_t time, const char *text, const char *hint)
{
	struct buf detail = { 0 };
	if (text == t->session.refused)
		add_name(&detail, "", &t->session.refused_name);
	add_name(&detail, "SNI ", &t->session.sni);
	add_name(&detail, "ALPN ", &t->session.alpn);
	if (hint)
		buf_addf(&detail, "%s%s", detail.len ? "; " : "", hint);
	struct news n = { kind, t->stream->conn, dir, time, 0, text, buf_slice(&detail) };
	t->stream->sink->news(t->stream->sink->user, &n);
	buf_release(&detail);
}

/* A connection is counted once, as what it was given up for, or (NULL) not at all. */
static void give_up_as(struct tls *t, enum dir dir, uint64_t *count, const char *text, const char *hint)
{
	if (t->dead)
		return;
	t->dead = t->told = true;
	if (count)
		(*count)++;
	tell(t, NEWS_NOT_OURS, dir, t->side[dir].time, text, hint);
}

static void give_up(struct tls *t, enum dir dir, const char *text)
{
	give_up_as(t, dir, t->inner ? NULL : &t->stream->counts->not_ours, text, NULL);
}

/* No more of this direction is read; of the other one it is. */
static void give_up_side(struct tls *t, enum dir dir, const char *text)
{
	t->side[dir].dead = t->told = true;
	t->stream->counts->tls_given_up++;
	tell(t, NEWS_NOT_OURS, dir, t->side[dir].time, text, NULL);
}

static void give_up_for_keys(struct tls *t, enum dir dir, uint64_t *count)
{
	give_up_as(t, dir, count, "TLS, no keys",
		   "node --tls-keylog=FILE, or SSLKEYLOGFILE=FILE for many other programs, writes them, --keylog FILE reads them");
}

static void tell_alert(struct tls *t, enum dir dir, struct slice body)
{
	static const struct { uint8_t code; const char *text; } alerts[] = {
		{ 10, "TLS alert: unexpected message" }, { 20, "TLS alert: bad record MAC" }, { 40, "TLS alert: handshake failure" },
		{ 42, "TLS alert: bad certificate" }, { 43, "TLS alert: unsupported certificate" },
		{ 44, "TLS alert: certificate revoked" }, { 45, "TLS alert: certificate expired" },
		{ 46, "TLS alert: certificate not accepted" }, { 47, "TLS alert: illegal parameter" },
		{ 48, "TLS alert: unknown certificate authority" }, { 49, "TLS alert: access denied" },
		{ 50, "TLS alert: decode error" }, { 51, "TLS alert: decrypt error" }, { 70, "TLS alert: protocol version" },
		{ 71, "TLS alert: insufficient security" }, { 80, "TLS alert: internal error" },
		{ 86, "TLS alert: inappropriate fallback" }, { 109, "TLS alert: missing extension" },
		{ 110, "TLS alert: unsupported extension" }, { 112, "TLS alert: unrecognized name" },
		{ 115, "TLS alert: unknown PSK identity" }, { 116, "TLS alert: certificate required" },
		{ 120, "TLS alert: no application protocol" },
	};
	bool closing = body.len == 2 && (body.at[1] == 0 || body.at[1] == 90);
	if (body.len != 2 || closing || t->alerts++ >= ALERTS_MAX)
		return;
	const char *text = body.at[0] == FATAL ? "TLS alert: fatal, of an unknown kind" : "TLS alert: a warning";
	for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
		if (alerts[i].code == body.at[1])
			text = alerts[i].text;
	t->told = true;
	tell(t, NEWS_NOTE, dir, t->side[dir].time, text, NULL);
}

/* The layer inside. */

static struct layer *inner_of(struct tls *t)
{
	if (!t->inner) {
		t->stream->conn->transport = TRANSPORT_UNKNOWN;
		t->inner = detect_new(t->stream, t->forced, NULL);
	}
	return t->inner;
}

/* Bytes are missing, and with them `lost` records more. */
static void harm(struct tls *t, enum dir dir, uint64_t lost)
{
	struct side *s = &t->side[dir];
	unsigned most = t->stream->limits->tls_lost;
	if (!s->harmed)
		s->harmed_in = t->session.way[dir].state.epoch;
	s->harmed = true;
	s->lost = lost < most - s->lost ? s->lost + (unsigned)lost : most;
	tls_session_lose(&t->session, dir);
}

/* Bytes that the capture has can't be read, so that nobody is to be blamed for what may be in them: `lost` records. Of several in a row
 * the first is told. */
static void harm_and_tell(struct tls *t, enum dir dir, uint64_t lost, uint64_t bytes, const char *text)
{
	if (!t->dead && !t->side[dir].harmed)
		stream_news(t->stream, NEWS_SKIPPED, dir, t->side[dir].time, bytes, text);
	harm(t, dir, lost);
}

/* The record with this number was opened: tells the layer inside if data can be missing before it. In TLS 1.2 the record before the
 * data is the Finished. */
static void mend(struct tls *t, enum dir dir, uint64_t seq)
{
	struct side *s = &t->side[dir];
	enum tls_epoch epoch = t->session.way[dir].state.epoch;
	uint64_t first = tls_session_is_1_3(&t->session, dir) ? 0 : 1;
	bool harmless = s->harmed_in < TLS_EPOCH_DATA && (epoch < TLS_EPOCH_DATA || seq <= first);
	if (s->harmed && !harmless)
		layer_gap(inner_of(t), dir, 0, s->time);
	s->harmed = false;
	s->lost = s->failures = 0;
	s->searched = 0;
	s->candidates = 0;
}

/* Records. */

static void take_data(struct tls *t, enum dir dir, struct slice bytes)
{
	if (t->side[!dir].waits) /* what this answers may be among what waits */
		t->stream->conn->settled[dir] = false;
	if (bytes.len)
		layer_feed(inner_of(t), dir, (struct chunk){ bytes, -1, t->side[dir].time });
}

static void take_handshake(struct tls *t, enum dir dir, struct slice bytes)
{
	tls_session_handshake(&t->session, dir, bytes);
	if (t->session.refused)
		give_up(t, dir, t->session.refused);
}

static void take_opened(struct tls *t, enum dir dir, uint8_t type, struct slice bytes)
{
	if (type == TLS_APPLICATION_DATA)
		take_data(t, dir, bytes);
	else if (type == TLS_HANDSHAKE)
		take_handshake(t, dir, bytes);
	else if (type == TLS_ALERT)
		tell_alert(t, dir, bytes);
	else if (type == TLS_CHANGE_CIPHER_SPEC)
		tls_session_change_cipher(&t->session, dir);
}

static void set_waits(struct tls *t, enum dir dir, bool waits)
{
	t->side[dir].waits = t->stream->conn->held[dir] = waits;
}

static enum taken wait_for(struct tls *t, enum dir dir, enum tls_opened why)
{
	struct side *s = &t->side[dir];
	if (why == TLS_NEEDS_SECRET && !t->keylog) {
		give_up_for_keys(t, dir, &t->stream->counts->tls_no_keys);
		return WAITS;
	}
	if (!s->waits)
		s->since = s->time;
	set_waits(t, dir, true);
	s->needs = why;
	if (t->keylog)
		keylog_wait(t->keylog, &t->waiter);
	return WAITS;
}

/* A record in step did not open: the next ones are tried with other numbers. */
static enum taken take_failure(struct tls *t, enum dir dir, struct slice record)
{
	struct side *s = &t->side[dir];
	t->stream->counts->tls_bad++;
	harm_and_tell(t, dir, 1, record.len, "a TLS record that does not open");
	if (++s->failures >= FAILURES_MAX)
		give_up_side(t, dir, "TLS records do not open: these are not their keys, or they are damaged");
	return TAKEN;
}

static enum taken take_sealed(struct tls *t, enum dir dir, struct slice record)
{
	struct side *s = &t->side[dir];
	uint8_t plain[TLS_RECORD_MAX], type = 0;
	size_t len = 0;
	uint64_t seq = 0;
	enum tls_opened o = tls_session_open(&t->session, dir, record, s->lost, plain, &len, &type, &seq);
	switch (o) {
	case TLS_OPENED:
		mend(t, dir, seq);
		take_opened(t, dir, type, slice_of(plain, len));
		return TAKEN;
	case TLS_REFUSED_EARLY:
		return TAKEN;
	case TLS_NEEDS_HELLO:
	case TLS_NEEDS_SECRET:
		return wait_for(t, dir, o);
	case TLS_NO_HANDSHAKE:
		give_up(t, dir, no_handshake);
		return WAITS;
	case TLS_FAILED:
		break;
	}
	return NO_RECORD;
}

static enum taken take_change_cipher(struct tls *t, enum dir dir)
{
	enum tls_opened o = tls_session_change_cipher(&t->session, dir);
	if (o == TLS_NEEDS_HELLO)
		return wait_for(t, dir, o);
	if (o == TLS_NO_HANDSHAKE)
		give_up(t, dir, no_handshake);
	return TAKEN;
}

/* Is a record sealed, going by its type and what has been? */
static bool is_sealed(const struct tls *t, enum dir dir, struct slice record)
{
	uint8_t type = record.at[0];
	if (t->session.way[dir].state.epoch == TLS_EPOCH_PLAIN)
		return type == TLS_APPLICATION_DATA;
	bool plain_in_1_3 = type == TLS_CHANGE_CIPHER_SPEC || (type == TLS_ALERT && record.len == TLS_HEADER + 2);
	return !(plain_in_1_3 && tls_session_is_1_3(&t->session, dir));
}

/* Takes a whole record. NO_RECORD: it does not open. */
static enum taken take_record(struct tls *t, enum dir dir, struct slice record)
{
	struct side *s = &t->side[dir];
	struct slice body = slice_skip(record, TLS_HEADER);
	bool sealed = is_sealed(t, dir, record);
	bool change = record.at[0] == TLS_CHANGE_CIPHER_SPEC && body.len == 1 && body.at[0] == 1;
	if (!sealed && change)
		return take_change_cipher(t, dir);
	if (sealed || s->searching || (s->harmed && record.at[0] == TLS_HANDSHAKE)) {
		enum taken k = take_sealed(t, dir, record);
		if (sealed || s->searching || k != NO_RECORD)
			return k;
	}
	take_opened(t, dir, record.at[0], body);
	return TAKEN;
}

/* Steps. Each takes from the front of `in`, says how much in *n, and is false if it can't go on with what is there. */

static bool step_search(struct tls *t, enum dir dir, struct slice in, bool final, size_t *n)
{
	struct side *s = &t->side[dir];
	for (*n = 0; *n < in.len; ++*n) {
		struct slice rest = slice_skip(in, *n), record;
		if (!could_be_record(rest))
			continue;
		record = record_at_front(rest);
		if (!record.len && !final)
			return false;
		enum taken k = record.len ? take_record(t, dir, record) : NO_RECORD;
		if (k == WAITS)
			return false;
		if (k == TAKEN) {
			s->searching = false;
			*n += record.len;
			return true;
		}
		s->candidates += record.len > 0;
		if (s->candidates > CANDIDATES_MAX)
			return true;
	}
	return true;
}

/* step_search, with what was passed over counted and limited. */
static bool search(struct tls *t, enum dir dir, struct slice in, bool final, size_t *n)
{
	struct side *s = &t->side[dir];
	bool on = step_search(t, dir, in, final, n);
	if (!s->searching || t->dead)
		return on;
	s->searched += *n;
	t->stream->counts->skipped += *n;
	if (s->searched > t->stream->limits->scan || s->candidates > CANDIDATES_MAX)
		give_up_side(t, dir, "TLS in which no record opens any more behind a gap");
	return on;
}

static bool step_record(struct tls *t, enum dir dir, struct slice in, size_t *n)
{
	struct side *s = &t->side[dir];
	*n = 0;
	if (!could_be_record(in)) {
		if (!t->session.way[dir].hellos)
			give_up(t, dir, no_handshake);
		harm_and_tell(t, dir, t->stream->limits->tls_lost, 0, "bytes where a TLS record was to begin that are none");
		s->searching = true;
		return true;
	}
	struct slice record = record_at_front(in);
	if (!record.len)
		return false;
	enum taken k = take_record(t, dir, record);
	if (k == WAITS)
		return false;
	if (k == NO_RECORD)
		take_failure(t, dir, record);
	*n = record.len;
	return true;
}

static bool step_skip(struct side *s, struct slice in, size_t *n)
{
	*n = s->skip < in.len ? (size_t)s->skip : in.len;
	s->skip -= *n;
	return true;
}

/* Takes what can be taken from the front; returns how much. */
static size_t run(struct tls *t, enum dir dir, struct slice in, bool final)
{
	struct side *s = &t->side[dir];
	size_t at = 0, n = 0;
	for (bool on = true; on && at < in.len && !t->dead && !s->dead; at += n) {
		struct slice rest = slice_skip(in, at);
		if (s->skip)
			on = step_skip(s, rest, &n);
		else if (s->searching)
			on = search(t, dir, rest, final, &n);
		else
			on = step_record(t, dir, rest, &n);
	}
	return at;
}

static void run_front(struct tls *t, enum dir dir, bool final)
{
	struct side *s = &t->side[dir];
	set_waits(t, dir, false);
	size_t n = run(t, dir, buf_slice(&s->front), final);
	buf_consume(&s->front, n);
}

static void take_bytes(struct tls *t, enum dir dir, struct slice bytes)
{
	struct side *s = &t->side[dir];
	if (s->front.len) {
		buf_add(&s->front, bytes);
		run_front(t, dir, false);
		return;
	}
	size_t n = run(t, dir, bytes, false);
	if (!t->dead && !s->dead)
		buf_add(&s->front, slice_skip(bytes, n));
}

/* n bytes are missing at this place, 0: nobody knows how many. False if it has to wait. */
static bool take_gap(struct tls *t, enum dir dir, uint64_t n)
{
	struct side *s = &t->side[dir];
	run_front(t, dir, true);
	if (s->waits)
		return false;
	if (!t->session.way[dir].hellos)
		give_up(t, dir, no_handshake);
	if (t->dead || s->dead)
		return true;
	bool headed = !s->searching && !s->skip && s->front.len >= TLS_HEADER;
	if (headed)
		s->skip = TLS_HEADER + body_len(buf_slice(&s->front)) - s->front.len;
	buf_clear(&s->front);
	if (headed)
		harm(t, dir, 1);
	if (n && n <= s->skip) {
		s->skip -= n;
		return true;
	}
	harm(t, dir, n ? (n - s->skip) / SMALLEST + 1 : t->stream->limits->tls_lost);
	s->skip = 0;
	s->searching = true;
	return true;
}

/* Waiting. */

static void forget_later(struct tls *t, struct side *s)
{
	t->stream->counts->tls_waiting -= later_release(&s->later);
}

/* Has this direction to wait, for something of its own or for the other one? */
static bool is_stopped(const struct tls *t, enum dir dir)
{
	const struct side *s = &t->side[dir], *other = &t->side[!dir];
	if (t->dead || s->dead)
		return false;
	return s->waits || (other->waits && other->needs == TLS_NEEDS_SECRET && !t->apart);
}

static bool has_room(const struct tls *t, enum dir dir, size_t cost)
{
	const struct stream_limits *limits = t->stream->limits;
	return t->side[dir].later.items.len + cost <= limits->tls_wait && t->stream->counts->tls_waiting + cost <= limits->tls_wait_all;
}

static void put_later(struct tls *t, enum dir dir, struct later_item item)
{
	item.place = t->came++;
	later_put(&t->side[dir].later, &item);
	t->stream->counts->tls_waiting += later_cost(&item);
}

static void end_inner(struct tls *t, enum dir dir)
{
	struct side *s = &t->side[dir];
	if (s->end_told)
		return;
	s->end_told = true;
	if (!s->dead && !t->dead)
		run_front(t, dir, true);
	if (s->front.len || s->skip)
		harm(t, dir, 1);
	if (t->inner && (s->harmed || s->dead || t->dead))
		layer_gap(t->inner, dir, 0, s->time);
	if (t->inner)
		layer_end(t->inner, dir, s->time);
	s->dead = true;
	set_waits(t, dir, false);
}

/* False if it has to wait once more. */
static bool take_item(struct tls *t, enum dir dir, const struct later_item *item)
{
	t->side[dir].time = item->time;
	if (item->kind == LATER_GAP)
		return take_gap(t, dir, item->size);
	if (item->kind == LATER_END)
		end_inner(t, dir);
	else
		take_bytes(t, dir, item->bytes);
	return true;
}

/* The direction whose next item came first among those that can be taken; false if there is none. */
static bool next_item(const struct tls *t, enum dir *dir, struct later_item *next)
{
	bool found = false;
	for (int d = 0; d < 2; d++) {
		struct later_item item;
		if (t->side[d].dead || is_stopped(t, (enum dir)d) || !later_first(&t->side[d].later, &item) || (found && item.place > next->place))
			continue;
		found = true;
		*dir = (enum dir)d;
		*next = item;
	}
	return found;
}

/* Tries the records that wait once more. What completed such a record came when the waiting began. */
static void retry(struct tls *t)
{
	for (int d = 0; d < 2; d++)
		if (t->side[d].waits && !t->dead) {
			t->side[d].time = t->side[d].since;
			run_front(t, (enum dir)d, false);
		}
}

/* Takes all that can be taken, as long as one direction tells what the other waits for. */
static void resume(struct tls *t)
{
	const int64_t now[2] = { t->side[0].time, t->side[1].time };
	unsigned before = t->session.revision;
	struct later_item item;
	enum dir dir;
	retry(t);
	while (!t->dead && (next_item(t, &dir, &item) || before != t->session.revision)) {
		if (before != t->session.revision) {
			before = t->session.revision;
			retry(t);
		} else if (take_item(t, dir, &item)) {
			later_take(&t->side[dir].later);
		}
	}
	for (int d = 0; d < 2; d++) {
		t->stream->counts->tls_waiting -= later_trim(&t->side[d].later);
		t->side[d].time = now[d];
	}
}

static void go_apart(struct tls *t)
{
	t->apart = true;
	resume(t);
}

/* What comes in a direction that is stopped. */
static void keep(struct tls *t, enum dir dir, struct later_item item)
{
	size_t cost = later_cost(&item);
	if (!has_room(t, dir, cost))
		go_apart(t);
	if (!is_stopped(t, dir) && take_item(t, dir, &item))
		return;
	if (has_room(t, dir, cost) || item.kind == LATER_END)
		put_later(t, dir, item);
	else
		give_up_for_keys(t, dir, &t->stream->counts->tls_overflow);
}

/* Are there secrets that were not there before? */
static void look_for_keys(struct tls *t)
{
	uint64_t revision = t->keylog ? keylog_revision(t->keylog) : 0;
	if (revision != t->keys_seen)
		resume(t);
	t->keys_seen = revision;
}

/* Both can wait for long, then the one's secret comes a moment before the other's: the time counts since only one waits, and where the
 * other one waits too once it has tried, they are together again. */
static void go_apart_in_time(struct tls *t, int64_t time)
{
	bool holds = t->side[0].waits != t->side[1].waits && !t->apart;
	if (holds && !t->holds)
		t->held_since = time;
	t->holds = holds;
	if (holds && time - t->held_since >= PATIENCE)
		go_apart(t);
}

static void lose_patience(struct tls *t, int64_t time)
{
	if (!t->keylog)
		return;
	go_apart_in_time(t, time);
	for (int d = 0; d < 2; d++) {
		struct side *s = &t->side[d];
		if (t->told_waiting || !s->waits || time - s->since < PATIENCE || !keylog_is_growing(t->keylog))
			continue;
		t->told_waiting = true;
		tell(t, NEWS_NOTE, (enum dir)d, time, "TLS, waiting for keys that the key log does not have yet", NULL);
	}
}

/* Whatever was done: keeps no more than is needed, and asks to be woken only if something waits. */
static void settle(struct tls *t)
{
	for (int d = 0; d < 2; d++) {
		struct side *s = &t->side[d];
		if (t->dead || s->dead) {
			buf_release(&s->front);
			forget_later(t, s);
			set_waits(t, (enum dir)d, false);
		}
	}
	if (!t->keylog)
		return;
	t->apart = t->apart && t->side[0].waits != t->side[1].waits;
	if (!t->side[0].waits && !t->side[1].waits)
		keylog_stop_waiting(&t->waiter);
}

static void wake(void *user, int64_t time)
{
	struct tls *t = user;
	look_for_keys(t);
	lose_patience(t, time);
	settle(t);
}

/* The layer. */

static void take(struct tls *t, enum dir dir, struct later_item item)
{
	if (t->side[0].waits || t->side[1].waits) {
		look_for_keys(t);
		lose_patience(t, item.time);
	}
	t->side[dir].time = item.time;
	unsigned before = t->session.revision;
	if (is_stopped(t, dir) || !take_item(t, dir, &item))
		keep(t, dir, item);
	if (before != t->session.revision)
		resume(t);
}

static void feed(struct layer *l, enum dir dir, struct chunk c)
{
	struct tls *t = (struct tls *)l;
	if (!t->dead && !t->side[dir].dead)
		take(t, dir, (struct later_item){ .kind = LATER_BYTES, .size = c.bytes.len, .time = c.time, .bytes = c.bytes });
	settle(t);
}

static void gap(struct layer *l, enum dir dir, uint64_t n, int64_t time)
{
	struct tls *t = (struct tls *)l;
	if (!t->dead && !t->side[dir].dead)
		take(t, dir, (struct later_item){ .kind = LATER_GAP, .size = n, .time = time });
	settle(t);
}

/* Programs write their secrets when they please, and a short connection is over by then. */
static bool may_come(const struct tls *t)
{
	bool waits = (t->side[0].waits && t->side[0].needs == TLS_NEEDS_SECRET) || (t->side[1].waits && t->side[1].needs == TLS_NEEDS_SECRET);
	return waits && !t->dead && t->keylog && keylog_may_grow(t->keylog);
}

/* Both directions have ended: why was nothing shown? */
static void tell_end(struct tls *t, enum dir dir)
{
	go_apart(t);
	for (int d = 0; d < 2; d++)
		if (t->side[d].waits && t->side[d].needs == TLS_NEEDS_SECRET)
			give_up_for_keys(t, (enum dir)d, &t->stream->counts->tls_no_keys);
	if (t->side[0].waits || t->side[1].waits)
		give_up(t, dir, no_handshake);
	else if (!t->inner && !t->told)
		give_up(t, dir, "TLS without any data in it");
	for (int d = 0; d < 2; d++)
		end_inner(t, (enum dir)d);
}

static void end(struct layer *l, enum dir dir, int64_t time)
{
	struct tls *t = (struct tls *)l;
	struct side *s = &t->side[dir];
	s->ended = true;
	take(t, dir, (struct later_item){ .kind = LATER_END, .time = time });
	if (t->side[!dir].ended && !may_come(t))
		tell_end(t, dir);
	settle(t);
}

static bool rests(struct layer *l, bool over, int64_t time)
{
	struct tls *t = (struct tls *)l;
	(void)time;
	if (!over && may_come(t))
		return true;
	tell_end(t, DIR_C2S);
	settle(t);
	return false;
}

static void free_tls(struct layer *l)
{
	struct tls *t = (struct tls *)l;
	keylog_stop_waiting(&t->waiter);
	layer_free(t->inner);
	for (int d = 0; d < 2; d++) {
		buf_release(&t->side[d].front);
		forget_later(t, &t->side[d]);
	}
	tls_session_release(&t->session);
	free(t);
}

static const struct layer_ops ops = { "tls", feed, gap, end, free_tls, NULL, rests };

struct layer *tls_new(const struct stream *s, enum transport forced, struct keylog *keylog)
{
	struct tls *t = xcalloc(1, sizeof *t);
	t->layer.ops = &ops;
	t->stream = s;
	t->forced = forced;
	t->keylog = keylog;
	t->waiter = (struct keylog_waiter){ .wake = wake, .user = t };
	tls_session_init(&t->session, keylog);
	s->conn->tls = true;
	s->conn->transport = TRANSPORT_TLS;
	return &t->layer;
}
