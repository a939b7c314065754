/*
 * Streams within threads (protocol.md, "Streams"): beginstream, n × stream, endstream, then the final reply; an error ends it at any point.
 *
 * What is wrong with a stream is said of the message that shows it: a message in the wrong place, the endstream for size and checksum,
 * the final reply (or the request, where none came) for a stream that never ended. Nothing is said where the capture lacks packets
 * of that direction, or where messages came out of order, since the receiver puts them in order before it looks; nor of size and
 * checksum where a message of the stream is at fault by itself.
 */
#include "decode/session_state.h"

#define OUT_OF_ORDER (1u << RULE_SEQ_GAP | 1u << RULE_SEQ_REORDERED | 1u << RULE_SEQ_DUPLICATE | 1u << RULE_SEQ_LATE | 1u << RULE_SEQ_START)

/* What such a message has of the stream, its receiver may know or not. */
#define UNREADABLE (1u << RULE_DECODE | 1u << RULE_TYPE_MISMATCH)

enum { BEGIN_CHECKSUM = 1, BEGIN_STAT = 2, STAT_SIZE = 14, STREAM_DATA = 1 };

/* Does the receiver look at it when it comes? Not if it waits for another message before this one, or had waited for this one. */
static bool in_order(const struct arrival *a)
{
	return !(a->r->rules & OUT_OF_ORDER) && !seq_waits(&a->conn->seq[a->dir]);
}

/* May the sender be blamed for the order of what is seen? */
static bool order_is_known(const struct arrival *a, const struct record *first)
{
	return !lacks_since(a->conn, a->dir, first) && first->state != THREAD_ORPHAN && in_order(a) && !a->cut;
}

static void tell(struct session *s, uint32_t thread, struct slice bytes)
{
	if (s->listener.stream)
		s->listener.stream(s->listener.user, thread, bytes);
}

static void begin(struct session *s, struct arrival *a, struct tally *t, bool known)
{
	if (t->stream & STREAM_BEGUN) {
		if (known)
			session_break(s, a->conn, a->r, RULE_STREAM_ORDER);
		return;
	}
	t->stream |= STREAM_BEGUN;
	/* An int32, which that of a file of 2 GiB or more wraps to below 0. */
	t->stream_total = (uint32_t)payload_number(payload_bytes(a->e.value, BEGIN_STAT), STAT_SIZE);
	t->track = streams_begin(s->streams, a->r->conn, a->dir, payload_bytes(a->e.value, BEGIN_CHECKSUM));
	tell(s, a->r->thread, (struct slice){ NULL, 0 });
}

static void pass_data(struct session *s, uint32_t thread, const struct tally *t, struct slice bytes)
{
	streams_data(s->streams, t->track, bytes);
	if (bytes.len)
		tell(s, thread, bytes);
}

/* The data of a whole message; that of a large one went through the tap before. */
static struct slice data_of(const struct session *s, const struct arrival *a)
{
	bool is_stream = a->r->type == schema_command_info(s->schema, s->known.stream)->type;
	return a->whole && is_stream ? payload_bytes(a->e.value, STREAM_DATA) : (struct slice){ NULL, 0 };
}

static void count_data(struct tally *t, const struct arrival *a, struct slice bytes)
{
	t->chunks++;
	t->stream_bytes += a->whole ? bytes.len : a->data_len;
}

static void data(struct session *s, struct arrival *a, struct tally *t, bool known)
{
	struct slice bytes = data_of(s, a);
	count_data(t, a, bytes);
	if (t->stream & STREAM_BEGUN && !(t->stream & STREAM_ENDED))
		pass_data(s, a->r->thread, t, bytes);
	else if (known)
		session_break(s, a->conn, a->r, RULE_STREAM_ORDER);
}

/* Both checksums are kept, to be told. */
static void wrong_checksum(struct session *s, struct arrival *a, const struct stream_mismatch *mismatch)
{
	session_break(s, a->conn, a->r, RULE_STREAM_CHECKSUM);
	if (s->mismatches.count == MISMATCHES_MAX)
		return;
	*(struct stream_mismatch *)chunks_add(&s->mismatches) = *mismatch;
}

static void end(struct session *s, struct arrival *a, const struct record *first, struct tally *t, bool known)
{
	if (!(t->stream & STREAM_BEGUN) || t->stream & STREAM_ENDED) {
		if (known)
			session_break(s, a->conn, a->r, RULE_STREAM_ORDER);
		return;
	}
	struct stream_mismatch mismatch = { .n = a->n };
	unsigned bits = streams_end(s->streams, t->track, &mismatch);
	t->track = 0;
	t->stream |= (uint8_t)(STREAM_ENDED | bits);
	const struct record *reply = thread_is_open(first) ? NULL : record_at(s, first->reply);
	if (reply && reply->rules >> RULE_STREAM_INCOMPLETE & 1)
		session_break_late(s, a->conn, first->reply, RULE_STREAM_ORDER, RULE_STREAM_INCOMPLETE, a->r->time);
	if (bits & STREAM_UNSURE || !known)
		return;
	if (bits & STREAM_CHECKED && !(bits & STREAM_MATCHES))
		wrong_checksum(s, a, &mismatch);
	if (t->stream_total && t->stream_bytes != t->stream_total)
		session_break(s, a->conn, a->r, RULE_STREAM_SIZE);
}

/* An error has ended the thread. Who sent it must send no more of the stream; the other end may not have seen it yet. */
static void behind_error(struct session *s, struct arrival *a, const struct record *first, struct tally *t, bool known)
{
	const struct record *error = record_at(s, first->reply);
	if (a->r->command == s->known.stream)
		count_data(t, a, data_of(s, a));
	if (known && error && error->dir == a->r->dir)
		session_break(s, a->conn, a->r, RULE_STREAM_ORDER);
}

void thread_stream_message(struct session *s, struct arrival *a, struct record *first, struct tally *t)
{
	bool known = order_is_known(a, first);
	if (first->state == THREAD_FAILED) {
		behind_error(s, a, first, t, known);
		return;
	}
	if (a->r->command == s->known.beginstream)
		begin(s, a, t, known);
	else if (a->r->command == s->known.stream)
		data(s, a, t, known);
	else
		end(s, a, first, t, known);
	if (!known || a->r->rules & UNREADABLE)
		streams_unsure(s->streams, t->track);
}

/* An upload or download is answered though nothing of its stream came. */
static bool stream_is_missing(const struct session *s, const struct arrival *a, const struct record *first)
{
	bool streams = first->encoding == ENCODING_ENVELOPE && (first->command == s->known.download || first->command == s->known.upload);
	return streams && a->r->command != s->known.error && order_is_known(a, first) && !lacks_since(a->conn, !a->dir, first) &&
	       a->info->settled[a->dir];
}

/* Has all of the stream come that the sender of the reply had received? What an upload still lacks may be missing from the capture only. */
static bool end_is_due(const struct session *s, const struct arrival *a, const struct record *first)
{
	return in_order(a) && (first->command != s->known.upload || a->info->settled[a->dir]);
}

void thread_stream_reply(struct session *s, struct arrival *a, const struct record *first)
{
	struct tally *t = tally_at(s, first->tally);
	if (!t || !(t->stream & STREAM_BEGUN)) {
		if (first->next == a->n && stream_is_missing(s, a, first))
			session_break(s, a->conn, a->r, RULE_STREAM_INCOMPLETE);
		return;
	}
	if (t->stream & STREAM_ENDED)
		return;
	if (a->r->command == s->known.error) {
		streams_drop(s->streams, t->track);
		t->track = 0;
		t->stream |= STREAM_ENDED | STREAM_UNSURE;
	} else if (!streams_is_unsure(s->streams, t->track) && end_is_due(s, a, first)) {
		session_break(s, a->conn, a->r, RULE_STREAM_INCOMPLETE);
	}
}

void thread_stream_closed(struct session *s, struct conn_state *c, uint32_t n, struct record *first, int64_t time)
{
	struct tally *t = tally_at(s, first->tally);
	if (!t || !(t->stream & STREAM_BEGUN) || t->stream & STREAM_ENDED)
		return;
	bool lacks = lacks_since(c, DIR_C2S, first) || lacks_since(c, DIR_S2C, first);
	if (!streams_is_unsure(s->streams, t->track) && !lacks && c->pub->info.end != CONN_FORGOTTEN)
		session_break_late(s, c, n, RULE_STREAM_INCOMPLETE, RULES, time);
	streams_drop(s->streams, t->track);
	t->track = 0;
}

void thread_stream_tap(void *draft, struct slice bytes)
{
	struct draft *d = draft;
	struct session *s = d->session;
	struct envelope e = scan_envelope(&d->scan);
	uint32_t thread = thread_of_stream(s, d->conn->pub->info.number, d->dir, &e);
	struct record *first = record_at(s, thread);
	struct tally *t = first ? tally_at(s, first->tally) : NULL;
	if (t && t->stream & STREAM_BEGUN && !(t->stream & STREAM_ENDED))
		pass_data(s, thread, t, bytes);
}
