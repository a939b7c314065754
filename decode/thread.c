/*
 * Threads: which message answers which (protocol.md, "Envelope", "Streams"; design.md, "Threads").
 *
 * A thread is a chain of records, from its first message through record.next; the first message's record stands for the thread. It is a
 * request most of the time; where the capture shows an answer before the request, or no request at all, it is that answer.
 *
 * Which request a rid names is found in thread_find.c. An event names the watch or queue that was registered, by what the registration's
 * reply said. While a thread is open it hangs in its connection's list, through the links `reply` and `request` of its first record, which
 * are free until then.
 */
#include "decode/session_state.h"

#include "base/xalloc.h"

#include <stdlib.h>

enum { PINGS = 64 /* open threads among which a ping is looked for that a pong without a rid answers */ };

static void set_state(struct session *s, uint32_t n, struct record *first, enum thread_state state)
{
	bool was = thread_is_open(first);
	if (first->state != state)
		session_revise(s, n, true);
	first->state = (uint8_t)state & 15;
	if (was && !thread_is_open(first))
		thread_open_remove(s, first, n);
}

static void count_message(struct tally *t, const struct record *r)
{
	t->bytes[r->dir] += r->size;
	t->messages++;
	t->rules |= r->rules;
	t->events += r->role == ROLE_EVENT;
}

static uint32_t new_tally(struct session *s, struct tally **out)
{
	uint32_t number = s->free_tally;
	if (number) {
		*out = tally_at(s, number);
		s->free_tally = (*out)->messages;
		**out = (struct tally){ 0 };
		return number;
	}
	*out = chunks_add(&s->tallies);
	return (uint32_t)s->tallies.count;
}

/* The tally of a thread of more than two messages; made from its first two when the third comes. One that begins with a stream message,
 * since the request is not there, has one from the start. */
static struct tally *tally_of(struct session *s, struct record *first)
{
	struct tally *t = tally_at(s, first->tally);
	if (t || (!first->next && first->role != ROLE_STREAM))
		return t;
	const struct record *second = record_at(s, first->next);
	first->tally = new_tally(s, &t);
	count_message(t, first);
	if (second) {
		count_message(t, second);
		if (second->dir != first->dir)
			t->first_answer = first->next;
	}
	return t;
}

/* The message joins the thread that begins with message `head`, which may be forgotten. */
static void join(struct session *s, struct arrival *a, uint32_t head)
{
	struct record *first = record_at(s, head);
	a->r->thread = head;
	if (!first)
		return;
	struct tally *t = tally_of(s, first);
	struct record *last = record_at(s, first->last ? first->last : head);
	if (last)
		last->next = a->n;
	first->last = a->n;
	if (!t)
		return;
	count_message(t, a->r);
	if (!t->first_answer && a->r->dir != first->dir)
		t->first_answer = a->n;
}

/* As long as messages of its stream come it can have no reply: it waits from the last of them on, and so is the newest that waits. */
static void wait_anew(struct session *s, struct conn_state *c, struct record *first, uint32_t n)
{
	if (!s->options.no_reply)
		return;
	thread_open_remove(s, first, n);
	thread_open_add(s, c, n);
}

static int64_t waits_since(const struct session *s, const struct record *first)
{
	const struct record *last = record_at(s, first->last);
	return last ? last->time : first->time;
}

/* A stream message of a thread: begin, data, end. */
static void see_stream(struct session *s, struct arrival *a, uint32_t head, struct record *first)
{
	struct tally *t = tally_of(s, first);
	if (thread_is_open(first)) {
		set_state(s, head, first, a->r->command == s->known.endstream ? THREAD_OPEN : THREAD_STREAMING);
		wait_anew(s, a->conn, first, head);
	}
	if (t)
		thread_stream_message(s, a, first, t);
}

/* Of the oldest, if there are too many, nothing will be said: its request may still be behind a packet that is late or lost. */
static void wait_for_request(struct session *s, struct arrival *a)
{
	struct conn_state *c = a->conn;
	if (c->waiting_count == WAITING_MAX) {
		memmove(c->waiting, c->waiting + 1, --c->waiting_count * sizeof *c->waiting);
		s->counts.replies_unjudged++;
	}
	if (!c->waiting)
		c->waiting = xcalloc(WAITING_MAX, sizeof *c->waiting);
	c->waiting[c->waiting_count++] = a->n;
}

/* May the request be an upload of the same end, that comes behind messages of its stream though its seq is before theirs? */
static bool may_come_behind(const struct arrival *a)
{
	return a->r->role == ROLE_STREAM && seq_waits(&a->conn->seq[a->dir]);
}

/* May the capture lack what the rid names? That was sent by the other end; or by the same one, if it is an upload or what an error gives up. */
static bool may_lack_named(const struct session *s, const struct arrival *a)
{
	bool may_be_own = a->r->role == ROLE_STREAM || a->r->command == s->known.error;
	return a->conn->lack[!a->dir].any || (may_be_own && a->conn->lack[a->dir].any);
}

/* Nothing that can be answered was seen with that id. Who is to blame? Not the sender, if the capture may lack it. */
static void rid_unknown(struct session *s, struct arrival *a)
{
	if (a->cut) /* of its rid too there may be only a part */
		return;
	if (!a->info->start_seen)
		session_break(s, a->conn, a->r, RULE_RID_UNKNOWN_JOINED);
	else if (may_lack_named(s, a))
		return;
	else if (a->info->settled[a->dir] && !may_come_behind(a))
		session_break(s, a->conn, a->r, RULE_RID_UNKNOWN);
	else
		wait_for_request(s, a);
}

static void orphan(struct session *s, struct arrival *a, const struct id_entry *e)
{
	a->r->thread = a->n;
	a->r->state = THREAD_ORPHAN;
	if (e) /* it names a message, if an odd one */
		return;
	if (a->e.rid.len)
		rid_unknown(s, a);
	bool added; /* not if a message of its own end has that id, one whose stream it can't be */
	idtable_find_or_add(s->ids, may_come_behind(a) ? thread_own_key(s, a) : a->rid_key, a->n, ID_ORPHAN, true, &added);
}

/* What a registration's reply and its events have in common: the watch's id, the queue's name. */
static struct slice registered_name(const struct arrival *a, bool watch)
{
	if (a->encoding == ENCODING_LEGACY)
		return legacy_member(a->e.value, watch ? "id" : "queuename");
	return payload_bytes(a->e.value, 1);
}

/* A registration's reply names what events will name: the watch's id (WatchResponse.id = 1), the queue (queuename = 1). */
static void see_registration(struct session *s, struct arrival *a, uint32_t head)
{
	bool watch = a->r->command == s->known.watchreply || a->r->command == s->known.watch;
	if (!watch && a->r->command != s->known.registerqueue && a->r->command != s->known.registerqueuereply &&
	    a->r->command != s->known.registerexchangereply)
		return;
	struct slice name = registered_name(a, watch);
	if (!name.len)
		return;
	uint64_t key = idtable_key(s->ids, a->r->conn, watch, true, name);
	struct id_entry *e = idtable_find(s->ids, key);
	if (e)
		e->n = head;
	else
		idtable_add(s->ids, key, head, watch ? ID_WATCH : ID_QUEUE, true)->of = (uint16_t)a->r->conn;
}

/* Did the end that asked give its stream up, or was it a message of the stream that failed? That is no reply: the other end may still send one. */
static bool given_up(const struct session *s, const struct arrival *a, const struct record *first)
{
	const struct record *reply = record_at(s, first->reply);
	if (session_event_of(s, first->reply))
		return true;
	return reply && reply->dir == first->dir && reply->dir != a->r->dir && first->role == ROLE_REQUEST;
}

/* May the reply be that to another request of the same id, which the capture lacks? */
static bool may_be_anothers(const struct arrival *a, const struct record *first)
{
	bool lacks = first->state == THREAD_ORPHAN ? a->conn->lack[!a->dir].any : lacks_since(a->conn, !a->dir, first);
	return lacks || !a->info->settled[a->dir];
}

static void final_reply(struct session *s, struct arrival *a, struct id_entry *e, uint32_t head, struct record *first)
{
	bool failed = a->r->command == s->known.error;
	if (!thread_is_open(first) && first->state != THREAD_SINGLE && first->state != THREAD_ORPHAN) {
		if (given_up(s, a, first))
			first->reply = a->n;
		else if (!may_be_anothers(a, first))
			session_break(s, a->conn, a->r, RULE_REPLY_DUPLICATE);
		return;
	}
	thread_stream_reply(s, a, first);
	if (first->state == THREAD_ORPHAN && first->reply && !may_be_anothers(a, first))
		session_break(s, a->conn, a->r, RULE_REPLY_DUPLICATE);
	set_state(s, head, first, first->state == THREAD_ORPHAN ? THREAD_ORPHAN : failed ? THREAD_FAILED : THREAD_DONE);
	first->reply = a->n;
	if (e)
		e->open = false;
	if (!failed)
		see_registration(s, a, head);
}

/* The client of the legacy protocol answers events: that ends nothing. */
static bool answers_event(struct session *s, struct arrival *a, const struct id_entry *e)
{
	const struct record *r = e && e->kind == ID_MESSAGE ? record_at(s, e->n) : NULL;
	if (!r || r->role != ROLE_EVENT)
		return false;
	join(s, a, r->thread);
	a->r->request = e->n;
	return true;
}

/* An error may name not the request of a stream but the message of it that failed. It ends the stream, and is no reply to the request. */
static bool fails_stream(struct session *s, struct arrival *a, const struct id_entry *e)
{
	const struct record *r = e && e->kind == ID_MESSAGE ? record_at(s, e->n) : NULL;
	struct record *first = r && a->r->command == s->known.error && r->role == ROLE_STREAM ? record_at(s, r->thread) : NULL;
	if (!first)
		return false;
	join(s, a, r->thread);
	a->r->request = e->n;
	if (thread_is_open(first))
		final_reply(s, a, NULL, r->thread, first);
	return true;
}

/* A message with a rid, or the reply of an exchange. */
static void answer(struct session *s, struct arrival *a)
{
	struct id_entry *e = thread_find_request(s, a);
	if (answers_event(s, a, e) || fails_stream(s, a, e))
		return;
	if (!e || (e->kind == ID_MESSAGE && !thread_answerable(s, e))) {
		orphan(s, a, e);
	} else {
		const struct record *named = record_at(s, e->n);
		join(s, a, named ? named->thread : e->n);
		if (e->kind == ID_ORPHAN)
			rid_unknown(s, a);
	}
	struct record *first = record_at(s, a->r->thread);
	if (!first)
		return;
	if (a->r->role == ROLE_STREAM)
		see_stream(s, a, a->r->thread, first);
	else
		final_reply(s, a, e && e->kind == ID_MESSAGE ? e : NULL, a->r->thread, first);
}

/* Answers of that thread no longer wait for their request. */
static void stop_waiting(struct session *s, struct conn_state *c, uint32_t head)
{
	size_t kept = 0;
	for (size_t i = 0; i < c->waiting_count; i++) {
		const struct record *r = record_at(s, c->waiting[i]);
		if (r && r->thread != head)
			c->waiting[kept++] = c->waiting[i];
	}
	c->waiting_count = kept;
}

/* The answers came before the request that they name: the thread has it now. */
static void adopt(struct session *s, struct arrival *a, struct id_entry *e)
{
	struct record *first = record_at(s, e->n);
	e->kind = ID_MESSAGE;
	e->n = a->n;
	a->r->thread = a->n;
	if (!first)
		return;
	uint32_t head = first->thread;
	const struct record *reply = record_at(s, first->reply);
	join(s, a, head);
	stop_waiting(s, a->conn, head);
	struct tally *t = tally_at(s, first->tally);
	if (t)
		t->request = a->n;
	if (reply) {
		first->state = reply->command == s->known.error ? THREAD_FAILED : THREAD_DONE;
		first->request = a->n;
	} else { /* only stream messages so far */
		first->state = t && t->stream & STREAM_ENDED ? THREAD_OPEN : THREAD_STREAMING;
		thread_open_add(s, a->conn, head);
	}
	session_revise(s, head, true);
}

static void begin_thread(struct session *s, struct arrival *a)
{
	a->r->thread = a->n;
	bool answered = a->r->role == ROLE_REQUEST || a->r->command == s->known.ping;
	a->r->state = answered ? THREAD_OPEN : THREAD_SINGLE;
	if (answered)
		thread_open_add(s, a->conn, a->n);
}

/* A pong need not have a rid: then it answers the oldest ping of the other end that waits. */
static bool answers_ping(struct session *s, struct arrival *a)
{
	uint32_t n = a->r->command == s->known.pong ? a->conn->oldest : 0;
	for (int i = 0; i < PINGS && n; i++) {
		struct record *r = record_at(s, n);
		if (r->command == s->known.ping && r->dir != a->dir) {
			a->r->role = ROLE_REPLY;
			join(s, a, n);
			final_reply(s, a, NULL, n, r);
			return true;
		}
		n = r->request;
	}
	return false;
}

/* An event hangs under the registration that its first field names (WatchEvent.id = 1, QueueEvent.queuename = 1). A rid, which none has, makes it
 * no reply. */
static void event(struct session *s, struct arrival *a)
{
	bool watch = a->r->command == s->known.watchevent, judged = a->info->settled[a->dir] || !a->info->start_seen;
	struct slice name = registered_name(a, watch);
	const struct id_entry *e = name.len ? idtable_find(s->ids, idtable_key(s->ids, a->r->conn, watch, true, name)) : NULL;
	if (a->e.rid.len && judged && !idtable_find(s->ids, a->rid_key))
		rid_unknown(s, a);
	if (e)
		join(s, a, e->n);
	else
		begin_thread(s, a);
}

/* The id was that of message `before`, which is not forgotten if it still waits for its answer. */
static void id_duplicate(struct session *s, struct arrival *a, uint32_t before)
{
	const struct record *r = record_at(s, before);
	session_break(s, a->conn, a->r, RULE_ID_DUPLICATE);
	if (r && thread_is_open(r) && a->r->role == ROLE_REQUEST)
		idtable_add(s->ids, thread_namesake_key(s, a->r->conn, a->dir, a->n), before, ID_MESSAGE, true);
}

/* Is it the request of the answers that wait for one of its id? Stream messages of its own end can only be those of an upload. */
static bool is_awaited(const struct session *s, const struct arrival *a, const struct id_entry *e)
{
	const struct record *r = record_at(s, e->n);
	bool asks = a->r->role == ROLE_REQUEST || a->r->role == ROLE_SINGLE;
	return e->kind == ID_ORPHAN && asks && (!r || r->dir != a->r->dir || a->r->command == s->known.upload);
}

/* The message's own id: is it new, was it awaited? */
static bool take_id(struct session *s, struct arrival *a)
{
	if (!a->e.id.len) {
		if (!a->cut && a->has_seq && !(a->encoding == ENCODING_JSON && a->r->command == s->known.noop))
			session_break(s, a->conn, a->r, RULE_ID_MISSING);
		return false;
	}
	bool added;
	struct id_entry *e = idtable_find_or_add(s->ids, a->id_key, a->n, ID_MESSAGE, a->r->role == ROLE_REQUEST, &added);
	if (added)
		return false;
	if (is_awaited(s, a, e)) {
		adopt(s, a, e);
		return true;
	}
	uint32_t before = e->kind == ID_MESSAGE ? e->n : 0;
	e->kind = ID_MESSAGE;
	e->n = a->n;
	e->open = a->r->role == ROLE_REQUEST;
	if (before)
		id_duplicate(s, a, before);
	return false;
}

/* The request of an exchange can be answered without its id. */
static bool take_exchange(struct session *s, struct arrival *a)
{
	if (!a->exchange || a->reply || a->r->role != ROLE_REQUEST)
		return false;
	uint64_t key = thread_exchange_key(s, a);
	struct id_entry *e = idtable_find(s->ids, key);
	if (e && e->kind == ID_ORPHAN) {
		adopt(s, a, e);
		return true;
	}
	if (!e)
		idtable_add(s->ids, key, a->n, ID_MESSAGE, true);
	return false;
}

/* The legacy protocol has no queueevent: what a queue brings to the client comes under the command with which it was sent. */
static bool delivers(const struct session *s, const struct arrival *a)
{
	return a->encoding == ENCODING_LEGACY && a->dir == DIR_S2C && a->r->command == s->known.queuemessage;
}

static enum role role_of(const struct session *s, const struct arrival *a)
{
	enum command_kind kind = names_kind(&s->names, a->r->command);
	bool asks = kind == COMMAND_REQUEST && a->r->command != s->known.ping && !arrival_by_itself(s, a);
	bool event = kind == COMMAND_EVENT || delivers(s, a);
	if (event &&
	    (a->encoding == ENCODING_ENVELOPE || !a->e.rid.len)) /* the client of the legacy protocol answers events by their command */
		return ROLE_EVENT;
	if (a->exchange && a->reply && kind != COMMAND_STREAM)
		return ROLE_REPLY;
	if (a->e.rid.len)
		return kind == COMMAND_STREAM ? ROLE_STREAM : ROLE_REPLY;
	if (kind == COMMAND_STREAM)
		return ROLE_STREAM;
	bool exchange = a->exchange && a->encoding != ENCODING_ENVELOPE && a->r->command == s->known.noop;
	/* it can't be read up to its id, or has none, and what response is its own is not known: whatever answers it can't be told */
	bool nameless = a->encoding == ENCODING_ENVELOPE ? !a->has_seq : a->encoding == ENCODING_JSON && !a->exchange && !a->e.id.len;
	return (asks && a->e.command.len && !nameless) || exchange ? ROLE_REQUEST : ROLE_SINGLE;
}

void thread_message(struct session *s, struct arrival *a)
{
	a->r->role = (uint8_t)role_of(s, a) & 7;
	bool adopted = take_id(s, a) || take_exchange(s, a);
	if (adopted)
		return;
	if (a->r->role == ROLE_EVENT)
		event(s, a);
	else if (a->e.rid.len || (a->exchange && a->reply))
		answer(s, a);
	else if (!answers_ping(s, a))
		begin_thread(s, a);
}

/* Nobody is blamed for an answer that the capture may lack, or for the end of a stream that it may lack. */
static bool may_lack_answer(const struct conn_state *c, const struct record *first, bool streaming)
{
	enum dir dir = (enum dir)first->dir;
	bool lacks = lacks_since(c, !dir, first) || (streaming && lacks_since(c, dir, first));
	return first->cut || lacks || c->pub->info.end == CONN_FORGOTTEN;
}

/* The connection ended with the thread open. The request had no reply: is that to be said? */
static void close_thread(struct session *s, struct conn_state *c, uint32_t n, struct record *first, int64_t time)
{
	const struct record *request = first->role == ROLE_REQUEST || first->role == ROLE_SINGLE ? first : NULL;
	bool ping = first->command == s->known.ping;
	bool streaming = first->state == THREAD_STREAMING, unsure = may_lack_answer(c, first, streaming);
	set_state(s, n, first, ping ? THREAD_SINGLE : unsure ? THREAD_UNSURE : streaming ? THREAD_BROKEN : THREAD_UNANSWERED);
	thread_stream_closed(s, c, n, first, time);
	bool told = first->rules >> RULE_NO_REPLY & 1;
	bool due = first->command != s->known.noop && !(ping && first->transport == TRANSPORT_REST);
	if (request && due && !told && !may_lack_answer(c, first, false))
		session_break_late(s, c, n, ping ? RULE_NO_REPLY_PING : RULE_NO_REPLY, RULES, time);
	if (s->listener.over)
		s->listener.over(s->listener.user, n, time);
}

/* Answers may be there that can't be read yet: then the request, and those behind it, are looked at later. */
static bool may_be_answered(const struct conn_state *c, const struct record *request)
{
	return c->info && c->info->held[!request->dir];
}

void thread_overdue(struct session *s, struct conn_state *c, int64_t time)
{
	const struct record *last = record_at(s, c->overdue);
	uint32_t n = last ? last->request : c->oldest;
	for (const struct record *r = record_at(s, n); r && time - waits_since(s, r) > s->options.no_reply && !may_be_answered(c, r);
	     r = record_at(s, n)) {
		bool told = r->rules >> RULE_NO_REPLY & 1;
		c->overdue = n;
		if (r->role == ROLE_REQUEST && r->command != s->known.noop && !r->cut && !lacks_since(c, !r->dir, r) && !told)
			session_break_late(s, c, n, RULE_NO_REPLY, RULES, time);
		n = r->request;
	}
}

void thread_conn_closed(struct session *s, struct conn_state *c, int64_t time)
{
	struct record *first;
	if (!c->pub->closed && s->options.no_reply)
		thread_overdue(s, c, time);
	while (c->pub->closed && (first = record_at(s, c->open)))
		close_thread(s, c, c->open, first, time);
	for (size_t i = 0; i < c->waiting_count; i++)
		if (!c->lack[0].any && !c->lack[1].any)
			session_break_late(s, c, c->waiting[i], RULE_RID_UNKNOWN, RULES, time);
	c->waiting_count = 0;
	free(c->waiting);
	c->waiting = NULL;
}
