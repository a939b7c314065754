/*
 * Finding the request that a message answers.
 *
 * A rid names a message of the other direction. Stream messages may name one of their own direction, where that is an upload. Where a
 * transport pairs request and reply by itself (HTTP, streams of HTTP/2), the exchange is an id of its own, and finds the request of a reply
 * that has no rid, or one that names nothing. Of several open requests with the same id each is found through the one that took the id after it.
 */
#include "decode/session_state.h"

enum { NAMESAKES = 64 /* open requests with one id among which the answered one is looked for */ };

bool thread_answerable(const struct session *s, const struct id_entry *e)
{
	const struct record *r = e ? record_at(s, e->n) : NULL;
	return e && e->kind == ID_MESSAGE && (!r || r->role == ROLE_REQUEST || r->role == ROLE_SINGLE);
}

/* The entry of the request that a stream message answers: a download of the other side, or an upload of the sender's own. */
static struct id_entry *find_stream(struct session *s, uint32_t conn, enum dir dir, struct slice rid, struct id_entry *other)
{
	const struct record *r = other ? record_at(s, other->n) : NULL;
	if (thread_answerable(s, other) && r && r->command == s->known.download)
		return other;
	struct id_entry *own = idtable_find(s->ids, idtable_key(s->ids, conn, dir, false, rid));
	r = own ? record_at(s, own->n) : NULL;
	bool upload = thread_answerable(s, own) && r && r->command == s->known.upload;
	bool orphan = !other && own && own->kind == ID_ORPHAN && r && r->dir == dir; /* of the same stream */
	return upload || orphan ? own : other;
}

/* The entry of what an error ends: a request of the other side, or an upload or download that its own side gives up. */
static struct id_entry *find_failed(struct session *s, const struct arrival *a, struct id_entry *other)
{
	struct id_entry *own = thread_answerable(s, other) ? NULL : idtable_find(s->ids, thread_own_key(s, a));
	const struct record *r = thread_answerable(s, own) ? record_at(s, own->n) : NULL;
	bool streams = r && (r->command == s->known.upload || r->command == s->known.download);
	return streams && thread_is_open(r) ? own : other;
}

uint64_t thread_own_key(const struct session *s, const struct arrival *a)
{
	return idtable_key(s->ids, a->r->conn, a->dir, false, a->e.rid);
}

uint64_t thread_exchange_key(const struct session *s, const struct arrival *a)
{
	uint8_t id[5] = { 0 }; /* begins with NUL, as no id does */
	for (int i = 0; i < 4; i++)
		id[i + 1] = (uint8_t)(a->exchange >> 8 * i);
	return idtable_key(s->ids, a->r->conn, a->reply ? !a->dir : a->dir, false, slice_of(id, sizeof id));
}

uint64_t thread_namesake_key(const struct session *s, uint32_t conn, enum dir dir, uint32_t n)
{
	uint8_t id[6] = { 0 }; /* begins with NUL, as no id does, and is longer than that of an exchange */
	for (int i = 0; i < 4; i++)
		id[i + 2] = (uint8_t)(n >> 8 * i);
	return idtable_key(s->ids, conn, dir, false, slice_of(id, sizeof id));
}

/* Is a message of this command by that a reply to the request? */
static bool replies_to(const struct session *s, struct slice reply, const struct record *request)
{
	struct slice asked = session_command_name(s, request);
	bool ends = reply.len == asked.len || slice_is(slice_skip(reply, asked.len), "reply");
	return reply.len >= asked.len && ends && slice_eq(slice_head(reply, asked.len), asked);
}

/* Of the open requests that have that id, the one that the message answers: by its command, and of several the oldest, since answers are
 * taken to come in the order of their requests. */
static struct id_entry *namesake(struct session *s, struct slice command, struct id_entry *e)
{
	const struct record *r = record_at(s, e->n);
	if (!r || !(r->rules >> RULE_ID_DUPLICATE & 1))
		return e;
	bool fits = thread_is_open(r) && replies_to(s, command, r);
	struct id_entry *found = e;
	for (int i = 0; i < NAMESAKES && r && r->rules >> RULE_ID_DUPLICATE & 1; i++) {
		e = idtable_find(s->ids, thread_namesake_key(s, r->conn, (enum dir)r->dir, e->n));
		r = e ? record_at(s, e->n) : NULL;
		if (!r || !thread_is_open(r) || (fits && !replies_to(s, command, r)))
			continue;
		fits = fits || replies_to(s, command, r);
		found = e;
	}
	return found;
}

struct id_entry *thread_find_request(struct session *s, struct arrival *a)
{
	struct id_entry *other = a->e.rid.len ? idtable_find(s->ids, a->rid_key) : NULL;
	if (other && other->kind == ID_MESSAGE)
		other = namesake(s, session_command_name(s, a->r), other);
	if (!other && a->exchange && a->reply) {
		uint64_t key = thread_exchange_key(s, a);
		if (!a->e.rid.len)
			a->rid_key = key;
		return idtable_find(s->ids, key);
	}
	if (a->r->command == s->known.error && a->e.rid.len)
		return find_failed(s, a, other);
	return a->r->role == ROLE_STREAM ? find_stream(s, a->r->conn, a->dir, a->e.rid, other) : other;
}

uint32_t thread_of_stream(struct session *s, uint32_t conn, enum dir dir, const struct envelope *view)
{
	struct id_entry *other = idtable_find(s->ids, idtable_key(s->ids, conn, !dir, false, view->rid));
	if (other && other->kind == ID_MESSAGE)
		other = namesake(s, view->command, other);
	const struct id_entry *e = find_stream(s, conn, dir, view->rid, other);
	const struct record *r = e ? record_at(s, e->n) : NULL;
	return r ? r->thread : 0;
}
