/*
 * The report "threads": a row each, in the order of their first messages. Each row costs a look at the bytes of its request, and of the
 * error where it failed, to say what it is about.
 */
#include "decode/forms.h"
#include "export/report_part.h"

enum column {
	THREAD,
	TIME,
	CONN,
	COMMAND,
	GIST,
	STATE,
	LATENCY,
	FIRST_LATENCY,
	AGE,
	TO_SERVER,
	TO_CLIENT,
	MESSAGES,
	RULES_BROKEN,
	COLUMNS
};

static const struct report_column columns[COLUMNS] = {
	[THREAD] = { "Thread", "thread", CELL_COUNT, 0, "number of its first message" },
	[TIME] = { "Time", "time", CELL_TIME, 0, "time of its first message" },
	[CONN] = { "Conn", "conn", CELL_COUNT, 0, "connection number" },
	[COMMAND] = { "Command", "command", CELL_TEXT, 24, "command of the request; of the first message where there is none" },
	[GIST] = { "Gist", "gist", CELL_TEXT, 60, "what it is about; if it failed, the error first" },
	[STATE] = { "State", "state", CELL_TEXT, 0, "single, open, streaming, done, failed, unanswered, broken, unsure, or no request" },
	[LATENCY] = { "Latency", "latency", CELL_SPAN, 0, "from the request to the final reply" },
	[FIRST_LATENCY] = { NULL, "latency_first", CELL_SPAN, 0, "from the request to the first message back" },
	[AGE] = { "Waits", "waits", CELL_SPAN, 0, "of an open one: from the request to the last packet of the capture" },
	[TO_SERVER] = { "To server", "bytes_c2s", CELL_BYTES, 0, "bytes of its messages from the client to the server" },
	[TO_CLIENT] = { "To client", "bytes_s2c", CELL_BYTES, 0, "and back" },
	[MESSAGES] = { "Messages", "messages", CELL_COUNT, 0, "messages in it" },
	[RULES_BROKEN] = { "Rules", "rules", CELL_TEXT, 0, "rules that its messages break, the worst first" },
};

struct texts {
	struct buf gist, rules, scratch;
};

static void add_gist(struct texts *t, const struct session *s, uint32_t n)
{
	const struct record *r = session_record(s, n);
	struct form form;
	if (!r)
		return;
	form_init(&form);
	form_read(&form, s, r, session_bytes(s, n, &t->scratch));
	if (t->gist.len)
		buf_add_str(&t->gist, "  ");
	form_add_gist(&t->gist, session_schema(s), r, &form.e);
	form_release(&form);
}

static void add_rules(struct buf *out, uint32_t rules)
{
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--) {
		for (int r = 0; rules >> r; r++) {
			if (!(rules >> r & 1) || (int)rule_info((enum rule)r)->severity != severity)
				continue;
			if (out->len)
				buf_add_byte(out, ' ');
			buf_add_str(out, rule_info((enum rule)r)->name);
		}
	}
}

static void write_row(struct report_writer *w, const struct report_source *from, const struct thread_info *t, struct texts *texts)
{
	const struct session *s = from->session;
	bool open = t->state == THREAD_OPEN || t->state == THREAD_STREAMING;
	uint32_t shown = t->request ? t->request : t->first;
	const struct record *r = session_record(s, shown);
	buf_clear(&texts->gist);
	buf_clear(&texts->rules);
	if (t->state == THREAD_FAILED && t->reply != shown)
		add_gist(texts, s, t->reply);
	add_gist(texts, s, shown);
	add_rules(&texts->rules, t->rules);
	const struct report_cell row[COLUMNS] = {
		[THREAD] = cell_number(t->first),
		[TIME] = { .known = true, .number = t->time },
		[CONN] = cell_number(r->conn),
		[COMMAND] = cell_text(session_command_name(s, r)),
		[GIST] = cell_text(buf_slice(&texts->gist)),
		[STATE] = cell_text(slice_str(thread_state_name(t->state))),
		[LATENCY] = cell_span(t->latency_last),
		[FIRST_LATENCY] = cell_span(t->latency_first),
		[AGE] = cell_span(open ? from->counts->last_time - t->time : -1),
		[TO_SERVER] = cell_number(t->bytes[DIR_C2S]),
		[TO_CLIENT] = cell_number(t->bytes[DIR_S2C]),
		[MESSAGES] = cell_number(t->messages),
		[RULES_BROKEN] = cell_text(buf_slice(&texts->rules)),
	};
	report_row(w, row);
}

static void rows(struct report_writer *w, const struct report_source *from)
{
	const struct session *s = from->session;
	struct texts texts = { 0 };
	struct thread_info t;
	for (uint32_t i = 0; i < session_threads(s); i++) {
		uint32_t n = session_thread_at(s, i);
		if (!session_record(s, n))
			continue;
		session_thread(s, n, &t);
		if (session_record(s, t.request ? t.request : n))
			write_row(w, from, &t, &texts);
	}
	buf_release(&texts.gist);
	buf_release(&texts.rules);
	buf_release(&texts.scratch);
}

const struct report report_threads = {
	.name = "threads",
	.sentence = "requests with all that answers them, and messages that stand alone",
	REPORT_COLUMNS(columns),
	.bytes = true,
	.rows = rows,
};
