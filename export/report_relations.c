/*
 * The reports "traces", "correlations" and "workitems": a row for each id, in the order of their first messages. They join what lies on
 * different connections.
 *
 * A relation has its messages; which of them belong to one request is found by the steps. What the payloads say (queues, the state of a work
 * item) is read again, from messages that name the id only.
 */
#include "decode/forms.h"
#include "export/report_part.h"
#include "export/steps.h"

enum { TREE_BUDGET = 1 << 20, ID_COLUMNS = 40, STEPS_COLUMNS = 160 };

/* A relation on its way into its row. */
struct story {
	const struct session *session;
	struct relation relation;
	struct steps steps;
	const struct record *first, *last; /* by time, which is not their order where one waited behind a gap */
	struct buf text, scratch;
	struct form form;
	struct dissection d;
};

static void story_init(struct story *st, const struct session *s)
{
	*st = (struct story){ .session = s };
	form_init(&st->form);
	dissection_init(&st->d, session_schema(s), TREE_BUDGET);
	st->d.shallow = true;
}

static void story_release(struct story *st)
{
	buf_release(&st->text);
	buf_release(&st->scratch);
	form_release(&st->form);
	dissection_release(&st->d);
}

static void begin(struct story *st, struct relation r)
{
	st->relation = r;
	steps_clear(&st->steps);
	st->first = st->last = session_record(st->session, r.n[0]);
	for (uint32_t i = 1; i < r.count; i++) {
		const struct record *next = session_record(st->session, r.n[i]);
		st->first = next->time < st->first->time ? next : st->first;
		st->last = next->time > st->last->time ? next : st->last;
	}
	buf_clear(&st->text);
}

/* The payload of message n, dissected; NULL for none. Good until the next. */
static const struct node *payload(struct story *st, uint32_t n)
{
	const struct record *r = session_record(st->session, n);
	struct slice bytes = r ? session_bytes(st->session, n, &st->scratch) : (struct slice){ NULL, 0 };
	if (!bytes.len)
		return NULL;
	form_read(&st->form, st->session, r, bytes);
	form_dissect_payload(&st->d, r, bytes, &st->form);
	return form_payload(&st->d);
}

static struct slice text_of(const struct node *message, const char *field)
{
	const struct node *n = message ? node_child(message, field) : NULL;
	return n && n->kind == NODE_STRING ? n->text : (struct slice){ NULL, 0 };
}

static struct report_cell steps_cell(struct story *st)
{
	buf_clear(&st->text);
	steps_text(&st->text, &st->steps);
	return cell_text(buf_slice(&st->text));
}

static struct report_cell messages_cell(const struct story *st)
{
	return (struct report_cell){ .known = true, .text = slice_of(st->relation.n, st->relation.count * sizeof *st->relation.n) };
}

static int64_t lasted(const struct story *st)
{
	return st->last->time - st->first->time;
}

/* Calls row for each relation, and left_out with the number of times that an id was too many. */
static void each(struct report_writer *w, const struct session *s, enum relation_kind kind,
		 void (*row)(struct report_writer *, struct story *), void (*left_out)(struct report_writer *, uint64_t))
{
	struct relations *r = relations_new(s, kind);
	struct story st;
	story_init(&st, s);
	for (uint32_t i = 0; i < relations_count(r); i++) {
		begin(&st, relations_at(r, i));
		row(w, &st);
	}
	if (relations_left_out(r))
		left_out(w, relations_left_out(r));
	story_release(&st);
	relations_free(r);
}

/* Traces. */

enum trace_column { T_ID, T_TIME, T_LASTED, T_COUNT, T_CONNS, T_FAILED, T_STEPS, T_MESSAGES, T_COLUMNS };

static const struct report_column trace_columns[T_COLUMNS] = {
	[T_ID] = { "Trace", "traceid", CELL_TEXT, ID_COLUMNS, "the traceid that its messages name; … for those beyond the limit" },
	[T_TIME] = { "Time", "time", CELL_TIME, 0, "time of its first message" },
	[T_LASTED] = { "Lasted", "duration", CELL_SPAN, 0, "from its first message to its last" },
	[T_COUNT] = { "Messages", "count", CELL_COUNT, 0, "messages that name it" },
	[T_CONNS] = { "Conns", "connections", CELL_COUNT, 0, "connections that they went over" },
	[T_FAILED] = { "Errors", "errors", CELL_COUNT, 0, "requests of it that were answered by an error" },
	[T_STEPS] = { "Steps", "steps", CELL_TEXT, STEPS_COLUMNS, "its requests and events in order: connection and command" },
	[T_MESSAGES] = { NULL, "messages", CELL_NUMBERS, 0, "numbers of its messages" },
};

static void trace_row(struct report_writer *w, struct story *st)
{
	for (uint32_t i = 0; i < st->relation.count; i++)
		steps_add(&st->steps, st->session, st->relation.n[i]);
	const struct report_cell row[T_COLUMNS] = {
		[T_ID] = cell_text(st->relation.key),
		[T_TIME] = { .known = true, .number = st->first->time },
		[T_LASTED] = cell_span(lasted(st)),
		[T_COUNT] = cell_number(st->relation.count),
		[T_CONNS] = cell_number(st->steps.connections),
		[T_FAILED] = cell_number(st->steps.failed),
		[T_STEPS] = steps_cell(st),
		[T_MESSAGES] = messages_cell(st),
	};
	report_row(w, row);
}

static void traces_left_out(struct report_writer *w, uint64_t n)
{
	const struct report_cell row[T_COLUMNS] = { [T_ID] = cell_text(slice_str("…")), [T_COUNT] = cell_number(n) };
	report_row(w, row);
}

static void trace_rows(struct report_writer *w, const struct report_source *from)
{
	each(w, from->session, RELATION_TRACE, trace_row, traces_left_out);
}

const struct report report_traces = {
	.name = "traces",
	.sentence = "messages that share a traceid, whichever connection they went over",
	REPORT_COLUMNS(trace_columns),
	.bytes = true,
	.rows = trace_rows,
};

/* Correlations. */

enum correlation_column { C_ID, C_TIME, C_QUEUE, C_REPLYTO, C_FROM, C_TO, C_STATE, C_LATENCY, C_COUNT, C_STEPS, C_MESSAGES, C_COLUMNS };

static const struct report_column correlation_columns[C_COLUMNS] = {
	[C_ID] = { "Correlation", "correlationId", CELL_TEXT, ID_COLUMNS,
		   "the correlationId that its messages name; … for those beyond the limit" },
	[C_TIME] = { "Time", "time", CELL_TIME, 0, "time of its first message" },
	[C_QUEUE] = { "Queue", "queue", CELL_TEXT, 32, "the queue, or else the exchange, that the call was sent to" },
	[C_REPLYTO] = { "Reply to", "replyto", CELL_TEXT, 32, "the queue that an answer is to go to" },
	[C_FROM] = { "From", "from", CELL_COUNT, 0, "connection that sent the call" },
	[C_TO] = { "To", "to", CELL_COUNT, 0, "connection that the call was delivered to, the first of several" },
	[C_STATE] = { "State", "state", CELL_TEXT, 0,
		      "sent, delivered (an event brought it), replied (something was sent to the queue for answers), or answered (that was delivered)" },
	[C_LATENCY] = { "Latency", "latency", CELL_SPAN, 0, "from the first message of the call to the last that its state tells of" },
	[C_COUNT] = { "Messages", "count", CELL_COUNT, 0, "messages that name it" },
	[C_STEPS] = { "Steps", "steps", CELL_TEXT, STEPS_COLUMNS, "its requests and events in order: connection and command" },
	[C_MESSAGES] = { NULL, "messages", CELL_NUMBERS, 0, "numbers of its messages" },
};

enum call_state { CALL_UNKNOWN, CALL_SENT, CALL_DELIVERED, CALL_REPLIED, CALL_ANSWERED };

/* A call through a queue: one end sends it, the server delivers it, and the same may happen to an answer. */
struct call {
	struct buf queue, replyto;
	uint32_t from, to;
	enum call_state state;
	int64_t reached; /* when the state was */
};

static void reach(struct call *c, enum call_state state, int64_t time)
{
	if (c->state >= state)
		return;
	c->state = state;
	c->reached = time;
}

/* The first message tells what the call is; the queue for answers may be told by a later one. */
static void learn_queues(struct call *c, const struct node *message)
{
	struct slice queue = text_of(message, "queuename"), exchange = text_of(message, "exchangename");
	if (c->state == CALL_UNKNOWN)
		buf_add(&c->queue, queue.len ? queue : exchange);
	if (!c->replyto.len)
		buf_add(&c->replyto, text_of(message, "replyto"));
}

/* A message that is no reply: sent by a client, or delivered to one. */
static void take_call(struct call *c, const struct node *message, const struct record *r)
{
	struct slice queue = text_of(message, "queuename");
	bool answer = c->state != CALL_UNKNOWN && c->replyto.len && slice_eq(queue, buf_slice(&c->replyto));
	bool sent = r->dir == DIR_C2S;
	learn_queues(c, message);
	if (answer) {
		reach(c, sent ? CALL_REPLIED : CALL_ANSWERED, r->time);
		return;
	}
	if (sent && !c->from)
		c->from = r->conn;
	if (!sent && !c->to)
		c->to = r->conn;
	reach(c, sent ? CALL_SENT : CALL_DELIVERED, r->time);
}

static void read_call(struct story *st, struct call *c)
{
	for (uint32_t i = 0; i < st->relation.count; i++) {
		const struct record *r = session_record(st->session, st->relation.n[i]);
		steps_add(&st->steps, st->session, st->relation.n[i]);
		if (r->role != ROLE_REPLY)
			take_call(c, payload(st, st->relation.n[i]), r);
	}
}

static void correlation_row(struct report_writer *w, struct story *st)
{
	static const char *const states[] = { "", "sent", "delivered", "replied", "answered" };
	struct call c = { .state = CALL_UNKNOWN };
	read_call(st, &c);
	const struct report_cell row[C_COLUMNS] = {
		[C_ID] = cell_text(st->relation.key),
		[C_TIME] = { .known = true, .number = st->first->time },
		[C_QUEUE] = cell_text(buf_slice(&c.queue)),
		[C_REPLYTO] = cell_text(buf_slice(&c.replyto)),
		[C_FROM] = { .known = c.from > 0, .number = c.from },
		[C_TO] = { .known = c.to > 0, .number = c.to },
		[C_STATE] = cell_text(slice_str(states[c.state])),
		[C_LATENCY] = cell_span(c.state > CALL_SENT && c.reached > st->first->time ? c.reached - st->first->time : -1),
		[C_COUNT] = cell_number(st->relation.count),
		[C_STEPS] = steps_cell(st),
		[C_MESSAGES] = messages_cell(st),
	};
	report_row(w, row);
	buf_release(&c.queue);
	buf_release(&c.replyto);
}

static void correlations_left_out(struct report_writer *w, uint64_t n)
{
	const struct report_cell row[C_COLUMNS] = { [C_ID] = cell_text(slice_str("…")), [C_COUNT] = cell_number(n) };
	report_row(w, row);
}

static void correlation_rows(struct report_writer *w, const struct report_source *from)
{
	each(w, from->session, RELATION_CORRELATION, correlation_row, correlations_left_out);
}

const struct report report_correlations = {
	.name = "correlations",
	.sentence = "calls through queues, from one client to another and back, by correlationId",
	REPORT_COLUMNS(correlation_columns),
	.bytes = true,
	.rows = correlation_rows,
};

/* Work items. */

enum workitem_column { W_ID, W_QUEUE, W_NAME, W_STATE, W_RETRIES, W_TIME, W_LASTED, W_CONNS, W_COUNT, W_STEPS, W_MESSAGES, W_COLUMNS };

static const struct report_column workitem_columns[W_COLUMNS] = {
	[W_ID] = { "Item", "_id", CELL_TEXT, ID_COLUMNS, "the _id of the work item; … for those beyond the limit" },
	[W_QUEUE] = { "Queue", "wiq", CELL_TEXT, 24, "its queue" },
	[W_NAME] = { "Name", "name", CELL_TEXT, 32, "its name" },
	[W_STATE] = { "State", "state", CELL_TEXT, 20, "what the last message about it says it is in; deleted once it was" },
	[W_RETRIES] = { "Retries", "retries", CELL_COUNT, 0, "the same of its retries, where it is told" },
	[W_TIME] = { "Time", "time", CELL_TIME, 0, "time of its first message" },
	[W_LASTED] = { "Lasted", "duration", CELL_SPAN, 0, "from its first message to its last" },
	[W_CONNS] = { "Conns", "connections", CELL_COUNT, 0, "connections that they went over" },
	[W_COUNT] = { "Messages", "count", CELL_COUNT, 0, "messages that name it" },
	[W_STEPS] = { "Steps", "steps", CELL_TEXT, STEPS_COLUMNS, "its history: connection, command, and the state that the reply tells" },
	[W_MESSAGES] = { NULL, "messages", CELL_NUMBERS, 0, "numbers of its messages" },
};

struct item {
	struct buf queue, name, state;
	int64_t retries; /* -1: not told */
};

static void set_text(struct buf *out, struct slice text)
{
	if (!text.len)
		return;
	buf_clear(out);
	buf_add(out, text);
}

/* The work item of that _id in a message: in a field, in a list, or the message itself. */
static const struct node *find_item(const struct node *message, struct slice id)
{
	if (!message || slice_eq(text_of(message, "_id"), id))
		return message;
	for (const struct node *n = message->child; n; n = n->next)
		if (slice_eq(text_of(n, "_id"), id))
			return n;
	return NULL;
}

static void take_item(struct item *item, struct step *step, const struct node *n)
{
	const struct node *retries = node_child(n, "retries");
	struct slice state = text_of(n, "state");
	set_text(&item->queue, text_of(n, "wiq"));
	set_text(&item->name, text_of(n, "name"));
	set_text(&item->state, state);
	if (retries)
		item->retries = retries->kind == NODE_NUMBER ? (int64_t)retries->real : retries->integer;
	if (step && state.len)
		step_note(step, state);
}

static void read_item(struct story *st, struct item *item)
{
	for (uint32_t i = 0; i < st->relation.count; i++) {
		struct step *step = steps_add(&st->steps, st->session, st->relation.n[i]);
		const struct node *n = find_item(payload(st, st->relation.n[i]), st->relation.key);
		if (n)
			take_item(item, step, n);
		if (step && !step->failed && slice_starts(step->command, "deleteworkitem"))
			set_text(&item->state, slice_str("deleted"));
	}
}

static void workitem_row(struct report_writer *w, struct story *st)
{
	struct item item = { .retries = -1 };
	read_item(st, &item);
	const struct report_cell row[W_COLUMNS] = {
		[W_ID] = cell_text(st->relation.key),
		[W_QUEUE] = cell_text(buf_slice(&item.queue)),
		[W_NAME] = cell_text(buf_slice(&item.name)),
		[W_STATE] = cell_text(buf_slice(&item.state)),
		[W_RETRIES] = cell_span(item.retries),
		[W_TIME] = { .known = true, .number = st->first->time },
		[W_LASTED] = cell_span(lasted(st)),
		[W_CONNS] = cell_number(st->steps.connections),
		[W_COUNT] = cell_number(st->relation.count),
		[W_STEPS] = steps_cell(st),
		[W_MESSAGES] = messages_cell(st),
	};
	report_row(w, row);
	buf_release(&item.queue);
	buf_release(&item.name);
	buf_release(&item.state);
}

static void workitems_left_out(struct report_writer *w, uint64_t n)
{
	const struct report_cell row[W_COLUMNS] = { [W_ID] = cell_text(slice_str("…")), [W_COUNT] = cell_number(n) };
	report_row(w, row);
}

static void workitem_rows(struct report_writer *w, const struct report_source *from)
{
	each(w, from->session, RELATION_WORKITEM, workitem_row, workitems_left_out);
}

const struct report report_workitems = {
	.name = "workitems",
	.sentence = "the history of work items: pushed, popped, updated, by their _id",
	REPORT_COLUMNS(workitem_columns),
	.bytes = true,
	.rows = workitem_rows,
};
