/*
 * A message arrives: what it is, which record it gets, which rules it breaks by itself and by its seq. Its thread is thread.c's to find.
 *
 * An arrival is made for each message, from its bytes or from what a draft gathered of them; arrival_take() brings it into the session and then
 * tells the listener.
 */
#include "base/hash.h"
#include "decode/session_state.h"
#include "decode/token.h"

#include <ctype.h>

/* Field by field, but for the Envelope, which whoever reads it fills in whole. */
void arrival_init(struct arrival *a, struct session *s, const struct piece *p)
{
	a->conn = session_conn_state(s, p->conn);
	a->info = p->conn;
	a->dir = p->dir;
	a->bytes = p->bytes;
	a->encoding = p->encoding;
	a->exchange = p->encoding == ENCODING_JSON || p->encoding == ENCODING_PAYLOAD ? p->exchange : 0;
	a->reply = p->reply;
	a->method = p->method;
	a->cut = p->cut;
	a->gap = p->gap;
	a->after_gap = p->after_gap;
	a->unmasked = p->unmasked;
	a->rid_key = 0;
	a->data_len = 0;
}

/* Where the id table will be looked at: told to the cache while other things are done. */
void arrival_prepare(struct session *s, struct arrival *a)
{
	uint32_t conn = a->info->number;
	a->id_key = idtable_key(s->ids, conn, a->dir, false, a->e.id);
	idtable_prefetch(s->ids, a->id_key);
	if (!a->e.rid.len)
		return;
	a->rid_key = idtable_key(s->ids, conn, !a->dir, false, a->e.rid);
	idtable_prefetch(s->ids, a->rid_key);
}

static bool same_folded(struct slice a, struct slice b)
{
	for (size_t i = 0; i < a.len && a.len == b.len; i++)
		if (tolower(a.at[i]) != tolower(b.at[i]))
			return false;
	return a.len == b.len;
}

static struct slice without_end(struct slice s, const char *end)
{
	size_t n = strlen(end);
	if (s.len > n && same_folded(slice_skip(s, s.len - n), slice_str(end)))
		s.len -= n;
	return s;
}

/* The last word of a type_url. */
static struct slice type_in(struct slice url)
{
	size_t from = url.len;
	while (from && url.at[from - 1] != '/' && url.at[from - 1] != '.')
		from--;
	return slice_skip(url, from);
}

bool arrival_by_itself(const struct session *s, const struct arrival *a)
{
	return a->r->command > schema_commands(s->schema) && same_folded(a->e.command, type_in(a->e.type_url));
}

/* Do a command and a type that the schema does not have go together? By the rule of names, or because both are the same word. */
static bool names_agree(struct slice command, struct slice url)
{
	struct slice type = type_in(url);
	struct slice asked = without_end(command, "reply"), answered = without_end(type, "response");
	bool reply = asked.len < command.len && answered.len < type.len;
	return same_folded(command, type) || same_folded(command, without_end(type, "request")) || (reply && same_folded(asked, answered));
}

/* Does a message of that form name the type of its payload? */
static bool has_url(const struct arrival *a)
{
	return a->encoding == ENCODING_ENVELOPE || a->encoding == ENCODING_JSON;
}

/* What the payload is, and the rules about it (protocol.md, "Command and message"). */
static void take_type(struct session *s, struct arrival *a)
{
	const struct command_info *info = schema_command_info(s->schema, a->r->command);
	type_id by_command = info ? info->type : 0, by_url = 0;
	if (info && info->reply_type && a->e.rid.len)
		by_command = info->reply_type;
	a->r->has_data = a->e.has_data;
	if (!a->e.has_data) {
		a->r->type = 0;
		return;
	}
	if (a->encoding == ENCODING_PAYLOAD) {
		a->r->type = schema_type_of_method(s->schema, a->method, a->reply);
		return;
	}
	if (schema_url_is(s->schema, by_command, a->e.type_url))
		by_url = by_command;
	else if (a->e.type_url.len)
		by_url = schema_type_of_url(s->schema, a->e.type_url);
	else if (!a->cut && has_url(a))
		session_break(s, a->conn, a->r, RULE_TYPE_MISSING);
	bool other = info && info->reply_type && by_url == info->type, both = by_url && by_command;
	if (a->e.type_url.len && a->e.command.len && !a->cut && by_url != by_command && !other &&
	    (both || !names_agree(a->e.command, a->e.type_url)))
		session_break(s, a->conn, a->r, RULE_TYPE_MISMATCH);
	a->r->type = by_url ? by_url : a->encoding == ENCODING_LEGACY ? 0 : by_command;
}

/* A REST client may use several connections, and replies have no seq: of one connection's requests it can only be said whether a seq
 * goes back, and not even that where they are of several clients. */
static void take_rest_seq(struct session *s, struct arrival *a)
{
	struct seq_verdict v;
	struct seq *seq = &a->conn->seq[a->dir];
	bool back = seq->begun && a->e.seq < seq->high;
	a->r->seq = a->e.seq;
	a->r->has_seq = true;
	if (a->info->shared)
		return;
	a->conn->seq_of_rest = true;
	seq_capture_gap(seq); /* what is missing went over another connection */
	seq_message(seq, a->e.seq, a->n, a->info->start_seen, &v);
	if (back)
		session_break(s, a->conn, a->r, v.rules >> RULE_SEQ_DUPLICATE & 1 ? RULE_SEQ_DUPLICATE : RULE_SEQ_LATE);
}

/* Behind an upgrade the client begins anew. */
static void leave_rest(struct conn_state *c)
{
	if (!c->seq_of_rest)
		return;
	seq_release(&c->seq[DIR_C2S]);
	c->seq[DIR_C2S] = (struct seq){ .begun = false };
	c->seq_of_rest = false;
}

/* A seq that is not simply the next one. */
static void judge_seq(struct session *s, struct arrival *a, struct seq *seq)
{
	struct seq_verdict v;
	seq_message(seq, a->e.seq, a->n, a->info->start_seen, &v);
	for (int rule = 0; v.rules >> rule; rule++)
		if (v.rules >> rule & 1)
			session_break(s, a->conn, a->r, (enum rule)rule);
	session_changes(s, a->conn, &v, a->r->time);
}

static void take_seq(struct session *s, struct arrival *a)
{
	struct seq *seq = &a->conn->seq[a->dir];
	if (a->encoding != ENCODING_ENVELOPE) {
		if (a->has_seq)
			take_rest_seq(s, a);
		return;
	}
	leave_rest(a->conn);
	if (!a->has_seq) {
		seq_capture_gap(seq);
		return;
	}
	a->r->seq = a->e.seq;
	a->r->has_seq = true;
	if (a->after_gap) /* told of the message, since the news of it came before messages that lie before it */
		seq_capture_gap(seq);
	if (!seq_in_order(seq, a->e.seq))
		judge_seq(s, a, seq);
	if (a->cut) /* the gap that cut it may have taken whole messages after it too */
		seq_capture_gap(seq);
}

static void take_rules(struct session *s, struct arrival *a)
{
	if (!a->good && !a->cut && !a->after_gap)
		session_break(s, a->conn, a->r, RULE_DECODE);
	bool nameless = !a->good && !a->e.id.len, unpaired = a->encoding == ENCODING_JSON && a->dir == DIR_S2C && !a->e.rid.len;
	if ((nameless || unpaired) && !a->exchange) /* whoever can read it may answer it, and what it answers is not known */
		lack_begin(a->conn, a->dir, a->r->time);
	if (a->gap || a->after_gap)
		session_break(s, a->conn, a->r, RULE_CAPTURE_GAP);
	if (a->unmasked)
		session_break(s, a->conn, a->r, RULE_UNMASKED);
	if (a->e.priority < 0 || a->e.priority > 3)
		session_break(s, a->conn, a->r, RULE_PRIORITY_RANGE);
	if (a->r->command == s->known.error && (a->e.rid.len || (a->exchange && a->reply)))
		session_break(s, a->conn, a->r, RULE_ERROR_REPLY);
}

/* A payload that lies whole in the bytes: is it valid? (A draft's was checked as it came.) */
static bool payload_valid(const struct session *s, type_id type, const struct envelope *e)
{
	const ProtobufCMessageDescriptor *d = schema_descriptor(s->schema, type);
	return !d || schema_valid(d, e->value);
}

static void see_signin(struct arrival *a, const struct session *s)
{
	struct session_conn *c = a->conn->pub;
	bool reply = a->e.rid.len > 0; /* in the legacy protocol it has the command of the request */
	if (a->r->command == s->known.signin && !reply && !c->signin_reply)
		c->signin = a->n;
	else if (a->r->command == s->known.signinreply || (reply && a->r->command == s->known.signin)) {
		if (a->r->thread != a->n) /* of a request that the capture lacks, the one before is known: it was the same program */
			c->signin = a->r->thread;
		c->signin_reply = a->n;
	}
}

/* A message behind what is missing of its direction. It is not known to be one where messages can't be read, or told apart, for what is missing. */
static void end_lack(struct arrival *a)
{
	struct lack *l = &a->conn->lack[a->dir];
	bool reads_on = (a->encoding == ENCODING_ENVELOPE || a->encoding == ENCODING_LEGACY) && !a->info->deflated;
	if (l->any && l->until == INT64_MAX && reads_on && a->good && a->r->time > l->time)
		l->until = a->r->time;
}

static void count_arrival(struct session *s, struct arrival *a)
{
	struct session_conn *c = a->conn->pub;
	if (!c->first || a->r->time < c->first) /* what waited behind a gap has the time of its own packet */
		c->first = a->r->time;
	if (a->r->time > c->last)
		c->last = a->r->time;
	c->messages[a->dir]++;
	c->bytes[a->dir] += a->r->size;
	s->counts.messages++;
	s->counts.bytes += a->r->size;
	see_signin(a, s);
	if (s->options.keep && a->r->thread == a->n)
		*(uint32_t *)chunks_add(&s->threads) = a->n;
}

static int8_t clamped(int32_t priority)
{
	return (int8_t)(priority < INT8_MIN ? INT8_MIN : priority > INT8_MAX ? INT8_MAX : priority);
}

/* Looks when a token expires; the same token comes again and again, so the last answer is kept. */
static void take_token(struct session *s, struct arrival *a, struct slice token)
{
	uint64_t hash = hash_bytes(token, s->options.hash_key);
	if (hash != s->token) {
		s->token = hash;
		if (!token_expiry(token, &s->token_expiry))
			s->token_expiry = INT64_MAX;
	}
	if (s->token_expiry < a->r->time)
		session_break(s, a->conn, a->r, RULE_TOKEN_EXPIRED);
}

/* The tokens of a message: the Envelope's, and the payload's where its type has one. */
static void take_tokens(struct session *s, struct arrival *a)
{
	struct slice token = form_token(&a->e, s, a->r);
	if (a->e.jwt.len)
		take_token(s, a, a->e.jwt);
	if (token.len)
		take_token(s, a, token);
}

void arrival_take(struct session *s, struct arrival *a, const struct piece *p, uint64_t place, bool whole)
{
	a->r = chunks_add(&s->records);
	a->n = (uint32_t)s->records.count;
	*a->r = (struct record){
		.time = p->time,
		.place = place,
		.size = p->size < UINT32_MAX ? (uint32_t)p->size : UINT32_MAX,
		.conn = p->conn->number,
		.command = names_number(&s->names, a->encoding == ENCODING_LEGACY ? s->form.command : a->e.command),
		.dir = p->dir & 1,
		.encoding = p->encoding & 3,
		.cut = a->cut,
		.has_rid = a->e.rid.len > 0,
		.has_jwt = a->e.jwt.len > 0,
		.priority = clamped(a->e.priority),
		.transport = p->conn->transport & 15,
		.has_trace = a->e.traceid.len > 0,
		.tls = p->conn->tls,
		.length_alone = p->length_alone,
		.late = (p->conn->held[p->dir & 1] & HELD_FOR_BYTES) != 0,
	};
	take_type(s, a);
	if (whole && a->good && !a->cut)
		a->good = payload_valid(s, a->r->type, &a->e);
	a->whole = whole;
	take_rules(s, a);
	take_tokens(s, a);
	take_seq(s, a);
	if (s->options.no_reply)
		thread_overdue(s, a->conn, a->r->time);
	thread_message(s, a);
	end_lack(a);
	count_arrival(s, a);
	if (s->listener.message)
		s->listener.message(s->listener.user, a->n, a->bytes);
}
