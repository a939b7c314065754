/*
 * Records of one direction are read, in the order of their bytes.
 *
 * A direction is in step (the next byte begins a record), passes over the rest of a record that was partly lost (`skip`), or searches
 * for the next record that its keys open (`searching`). What has come of an incomplete record stands in `front`, and so does one that can't
 * be opened yet.
 *
 * A loss is told to the layer inside only when the next record shows that data were in it: a gap in a certificate costs nothing. It is told with the
 * time at which it was known, for what it cuts came before that.
 */
#include "capture/stream/tls_part.h"

#include "capture/stream/detect.h"
#include "capture/stream/tls_record.h"

enum {
	SMALLEST = 22,        /* bytes of a sealed record with a byte in it, at least (TLS 1.3) */
	CANDIDATES_MAX = 64,  /* likely records that a search tries, each under so many numbers */
	TRIED_MAX = 32 << 20, /* bytes of them, each counted for each number, and TRIAL besides */
	TRIAL = 256,
	FAILURES_MAX = 8, /* records in a row that don't open, then the keys count as wrong */
};

enum taken { TAKEN, WAITS, NO_RECORD };

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
void tls_harm(struct tls *t, enum dir dir, uint64_t lost)
{
	struct side *s = &t->side[dir];
	unsigned most = t->stream->limits->tls_lost;
	if (!s->harmed) {
		s->harmed_in = t->session.way[dir].state.epoch;
		s->harmed_at = s->time;
	}
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
	tls_harm(t, dir, lost);
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
		layer_gap(inner_of(t), dir, 0, s->harmed_at);
	s->harmed = false;
	s->lost = s->failures = 0;
	s->searched = s->passed = 0;
	s->candidates = 0;
	s->tried = 0;
}

/* Has a search tried enough? */
static bool tried_all(const struct side *s)
{
	return s->candidates > CANDIDATES_MAX || s->tried > TRIED_MAX;
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
		tls_give_up(t, dir, t->session.refused);
}

static void take_opened(struct tls *t, enum dir dir, uint8_t type, struct slice bytes)
{
	if (type == TLS_APPLICATION_DATA)
		take_data(t, dir, bytes);
	else if (type == TLS_HANDSHAKE)
		take_handshake(t, dir, bytes);
	else if (type == TLS_ALERT)
		tls_tell_alert(t, dir, bytes);
	else if (type == TLS_CHANGE_CIPHER_SPEC)
		tls_session_change_cipher(&t->session, dir);
}

void tls_set_waits(struct tls *t, enum dir dir, bool waits)
{
	uint8_t *held = &t->stream->conn->held[dir];
	t->side[dir].waits = waits;
	*held = (uint8_t)(waits ? *held | HELD_FOR_SECRET : *held & ~HELD_FOR_SECRET);
}

static enum taken wait_for(struct tls *t, enum dir dir, enum tls_opened why)
{
	struct side *s = &t->side[dir];
	if (why == TLS_NEEDS_SECRET && !t->keylog) {
		tls_give_up_for_keys(t, dir, &t->stream->counts->tls_no_keys);
		return WAITS;
	}
	if (!s->waits)
		s->since = s->time;
	tls_set_waits(t, dir, true);
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
		tls_give_up_side(t, dir, "TLS records do not open: these are not their keys, or they are damaged");
	return TAKEN;
}

/* How many numbers a record may be ahead: so many records are missing at most, or were passed over. */
static unsigned ahead(const struct tls *t, const struct side *s)
{
	unsigned most = t->stream->limits->tls_lost;
	uint64_t passed = s->passed / SMALLEST;
	return passed < most - s->lost ? s->lost + (unsigned)passed : most;
}

static enum taken take_sealed(struct tls *t, enum dir dir, struct slice record)
{
	struct side *s = &t->side[dir];
	uint8_t plain[TLS_RECORD_MAX], type = 0;
	size_t len = 0;
	uint64_t seq = 0;
	enum tls_opened o = tls_session_open(&t->session, dir, record, ahead(t, s), plain, &len, &type, &seq);
	switch (o) {
	case TLS_OPENED:
		mend(t, dir, seq);
		take_opened(t, dir, type, slice_of(plain, len));
		return TAKEN;
	case TLS_REFUSED_EARLY: return TAKEN;
	case TLS_NEEDS_HELLO:
	case TLS_NEEDS_SECRET: return wait_for(t, dir, o);
	case TLS_NO_HANDSHAKE: tls_give_up(t, dir, tls_no_handshake); return WAITS;
	case TLS_FAILED: s->tried += (ahead(t, s) + 1) * (uint64_t)(record.len + TRIAL); break;
	}
	return NO_RECORD;
}

static enum taken take_change_cipher(struct tls *t, enum dir dir)
{
	enum tls_opened o = tls_session_change_cipher(&t->session, dir);
	if (o == TLS_NEEDS_HELLO)
		return wait_for(t, dir, o);
	if (o == TLS_NO_HANDSHAKE)
		tls_give_up(t, dir, tls_no_handshake);
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
		if (!tls_could_be_record(rest))
			continue;
		record = tls_record_at_front(rest);
		if (!record.len && !final)
			return false;
		s->passed = s->searched + *n;
		enum taken k = record.len ? take_record(t, dir, record) : NO_RECORD;
		if (k == WAITS)
			return false;
		if (k == TAKEN) {
			s->searching = false;
			*n += record.len;
			return true;
		}
		s->candidates += record.len > 0;
		if (tried_all(s))
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
	if (s->searched > t->stream->limits->scan || tried_all(s))
		tls_give_up_side(t, dir, "TLS in which no record opens any more behind a gap");
	return on;
}

static bool step_record(struct tls *t, enum dir dir, struct slice in, size_t *n)
{
	struct side *s = &t->side[dir];
	*n = 0;
	if (!tls_could_be_record(in)) {
		if (!t->session.way[dir].hellos)
			tls_give_up(t, dir, tls_no_handshake);
		harm_and_tell(t, dir, 0, 0, "bytes where a TLS record was to begin that are none");
		s->searching = true;
		return true;
	}
	struct slice record = tls_record_at_front(in);
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

void tls_read_front(struct tls *t, enum dir dir, bool final)
{
	struct side *s = &t->side[dir];
	tls_set_waits(t, dir, false);
	size_t n = run(t, dir, buf_slice(&s->front), final);
	buf_consume(&s->front, n);
}

void tls_read_bytes(struct tls *t, enum dir dir, struct slice bytes)
{
	struct side *s = &t->side[dir];
	if (s->front.len) {
		buf_add(&s->front, bytes);
		tls_read_front(t, dir, false);
		return;
	}
	size_t n = run(t, dir, bytes, false);
	if (!t->dead && !s->dead)
		buf_add(&s->front, slice_skip(bytes, n));
}

/* n bytes are missing at this place, 0: nobody knows how many. False if it has to wait. */
bool tls_read_gap(struct tls *t, enum dir dir, uint64_t n)
{
	struct side *s = &t->side[dir];
	tls_read_front(t, dir, true);
	if (s->waits)
		return false;
	if (!t->session.way[dir].hellos)
		tls_give_up(t, dir, tls_no_handshake);
	if (t->dead || s->dead)
		return true;
	bool headed = !s->searching && !s->skip && s->front.len >= TLS_HEADER;
	if (headed)
		s->skip = TLS_HEADER + tls_body_len(buf_slice(&s->front)) - s->front.len;
	buf_clear(&s->front);
	if (headed)
		tls_harm(t, dir, 1);
	if (n && n <= s->skip) {
		s->skip -= n;
		return true;
	}
	tls_harm(t, dir, n ? (n - s->skip) / SMALLEST + 1 : t->stream->limits->tls_lost);
	s->skip = 0;
	s->searching = true;
	return true;
}
