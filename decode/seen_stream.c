/* What was seen of a broken rule about a stream: its thread's sums, and the place of the message in the thread's chain. */
#include "base/bound.h"
#include "decode/seen_part.h"

#include "base/amount.h"
#include "decode/streams.h"

enum { CHAIN_MOST = BOUND(4096, 8), DIGITS_SHOWN = 16 };

/* Is there a message with that command in the thread before n? False also if the thread is too long to say. */
static bool came_before(const struct seen *x, const char *command)
{
	uint32_t n = x->r->thread;
	for (int i = 0; i < CHAIN_MOST && n && n != x->n; i++) {
		const struct record *r = session_record(x->session, n);
		if (!r)
			return false;
		if (slice_is(session_command_name(x->session, r), command))
			return true;
		n = r->next;
	}
	return false;
}

void seen_stream_order(struct seen *x)
{
	struct slice command = session_command_name(x->session, x->r);
	seen_text(x, command);
	if (came_before(x, "error"))
		buf_add_str(x->out, " came after the error that ended the stream");
	else if (came_before(x, "endstream"))
		buf_add_str(x->out, " came after endstream");
	else if (!came_before(x, "beginstream"))
		buf_add_str(x->out, " came before beginstream");
	else if (slice_is(command, "beginstream"))
		buf_add_str(x->out, " came a second time");
	else
		buf_add_str(x->out, " came before endstream");
}

static void add_data(struct seen *x, const struct thread_info *t)
{
	if (t->stream_total) {
		amount_add_grouped(x->out, t->stream_bytes);
		buf_add_str(x->out, " of ");
	}
	amount_add_counted(x->out, t->stream_total ? t->stream_total : t->stream_bytes, "byte[s] came, in ");
	amount_add_counted(x->out, t->chunks, "chunk");
}

void seen_stream_incomplete(struct seen *x)
{
	struct thread_info t;
	session_thread(x->session, x->r->thread, &t);
	if (!(t.stream & STREAM_BEGUN)) {
		buf_add_str(x->out, "nothing of the stream came before it");
		return;
	}
	add_data(x, &t);
	buf_add_str(x->out, ", and no endstream");
}

void seen_stream_size(struct seen *x)
{
	struct thread_info t;
	session_thread(x->session, x->r->thread, &t);
	amount_add_counted(x->out, t.stream_bytes, "byte[s] came, ");
	amount_add_counted(x->out, t.stream_total, "[was|were] announced");
}

void seen_stream_checksum(struct seen *x)
{
	const struct stream_mismatch *m = session_mismatch(x->session, x->n);
	if (!m)
		return;
	buf_add_str(x->out, "announced ");
	seen_text(x, slice_of(m->announced, DIGITS_SHOWN));
	buf_add_str(x->out, "…, but the data has ");
	for (int i = 0; i < DIGITS_SHOWN / 2; i++)
		buf_addf(x->out, "%02x", m->found[i]);
	buf_add_str(x->out, "…");
}
