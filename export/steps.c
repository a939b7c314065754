/*
 * The steps of a relation. A request and what answers it are one step, under the command of the request, be it that only the reply names the
 * relation's id; events are steps of their own, each with its answer if it has one, since they hang under the thread of their registration.
 */
#include "export/steps.h"

#include "base/amount.h"
#include "base/text.h"

enum { COMMAND_COLUMNS = 40 };

void steps_clear(struct steps *st)
{
	st->count = st->more = st->connections = st->failed = 0;
}

static bool stands_alone(const struct record *r)
{
	return r->role == ROLE_EVENT || r->role == ROLE_SINGLE;
}

static struct step *of_thread(struct steps *st, uint32_t thread)
{
	for (uint32_t i = st->count; thread && i > 0; i--)
		if (st->step[i - 1].thread == thread)
			return &st->step[i - 1];
	return NULL;
}

static struct step *of_message(struct steps *st, uint32_t n)
{
	for (uint32_t i = st->count; i > 0; i--)
		if (st->step[i - 1].n == n)
			return &st->step[i - 1];
	return NULL;
}

static bool conn_is_new(const struct steps *st, uint32_t conn)
{
	for (uint32_t i = 0; i < st->count; i++)
		if (st->step[i].conn == conn)
			return false;
	return true;
}

static void fill_in(struct step *step, const struct session *s, uint32_t n, const struct record *r)
{
	struct thread_info t;
	*step = (struct step){ .n = n, .conn = r->conn, .command = session_command_name(s, r) };
	if (stands_alone(r))
		return;
	session_thread(s, r->thread, &t);
	const struct record *request = session_record(s, t.request);
	step->thread = r->thread;
	step->failed = t.state == THREAD_FAILED;
	if (request)
		step->command = session_command_name(s, request);
}

struct step *steps_add(struct steps *st, const struct session *s, uint32_t n)
{
	uint32_t event = session_event_of(s, n);
	const struct record *r = session_record(s, n = event ? event : n);
	struct step *step = !r ? NULL : stands_alone(r) ? of_message(st, n) : of_thread(st, r->thread);
	if (step || !r)
		return step;
	if (st->count == STEPS_MAX) {
		st->more++;
		return NULL;
	}
	st->connections += conn_is_new(st, r->conn);
	step = &st->step[st->count++];
	fill_in(step, s, n, r);
	st->failed += step->failed;
	return step;
}

void step_note(struct step *step, struct slice text)
{
	step->note_len = (uint8_t)(text.len < STEP_NOTE ? text.len : STEP_NOTE);
	if (step->note_len)
		memcpy(step->note, text.at, step->note_len);
}

static void add_step(struct buf *out, const struct step *step)
{
	buf_add_number(out, step->conn, 1);
	buf_add_byte(out, ' ');
	text_add_fit(out, step->command, COMMAND_COLUMNS);
	if (step->note_len) {
		buf_add_str(out, " (");
		text_add_safe(out, slice_of(step->note, step->note_len));
		buf_add_str(out, ")");
	}
	if (step->failed)
		buf_add_str(out, " failed");
}

void steps_text(struct buf *out, const struct steps *st)
{
	for (uint32_t i = 0; i < st->count; i++) {
		buf_add_str(out, i ? " → " : "");
		add_step(out, &st->step[i]);
	}
	if (!st->more)
		return;
	buf_add_str(out, " → … ");
	amount_add_counted(out, st->more, "more message");
}
