/*
 * The report "streams": a row for each upload and download whose beginstream was seen, in the order of their threads' first messages.
 *
 * Size and checksum are what the session found as the data passed; times come from the stream messages in the thread's chain; the name is
 * read again from the request and the reply.
 */
#include "decode/streams.h"
#include "export/filename.h"
#include "export/report_part.h"

enum column { THREAD, CONN, NAME, DIRECTION, SIZE, ANNOUNCED, CHUNKS, TIME, DURATION, RATE, CHECKSUM, STATE, COLUMNS };

static const struct report_column columns[COLUMNS] = {
	[THREAD] = { "Thread", "thread", CELL_COUNT, 0, "number of its thread's first message" },
	[CONN] = { "Conn", "conn", CELL_COUNT, 0, "connection number" },
	[NAME] = { "File", "file", CELL_TEXT, 48, "its name: of a download as the reply says, else as the request does" },
	[DIRECTION] = { "Direction", "direction", CELL_TEXT, 0, "upload or download" },
	[SIZE] = { "Bytes", "size", CELL_COUNT, 0, "bytes of data seen" },
	[ANNOUNCED] = { "Announced", "announced", CELL_COUNT, 0, "bytes that beginstream's stat announces" },
	[CHUNKS] = { "Chunks", "chunks", CELL_COUNT, 0, "stream messages" },
	[TIME] = { "Begun", "time", CELL_TIME, 0, "time of its first stream message" },
	[DURATION] = { "Took", "duration", CELL_SPAN, 0, "from its first stream message to its last" },
	[RATE] = { "Throughput", "throughput", CELL_RATE, 0, "bytes of data in that time" },
	[CHECKSUM] = { "Checksum", "checksum", CELL_TEXT, 0,
		       "right, wrong, not told (beginstream announced none), or unsure: the capture or the order of messages does not let one tell" },
	[STATE] = { "State", "state", CELL_TEXT, 0, "of its thread" },
};

/* The first and the last stream message of a thread. */
static void find_ends(const struct session *s, uint32_t n, const struct record **first, const struct record **last)
{
	*first = *last = NULL;
	for (const struct record *r = session_record(s, n); r; r = session_record(s, r->next)) {
		if (r->role != ROLE_STREAM)
			continue;
		*first = *first ? *first : r;
		*last = r;
	}
}

static struct report_cell rate(uint64_t bytes, int64_t ns)
{
	return ns > 0 ? cell_number((uint64_t)((double)bytes / ((double)ns / 1e9))) : (struct report_cell){ 0 };
}

static void write_row(struct report_writer *w, const struct session *s, const struct thread_info *t, struct buf *name)
{
	const struct record *first, *last;
	find_ends(s, t->first, &first, &last);
	if (!first)
		return;
	const struct record *request = session_record(s, t->request);
	bool up = request ? first->dir == request->dir : first->dir == DIR_C2S;
	filename_of_thread(name, s, t);
	const struct report_cell row[COLUMNS] = {
		[THREAD] = cell_number(t->first),
		[CONN] = cell_number(first->conn),
		[NAME] = cell_text(buf_slice(name)),
		[DIRECTION] = cell_text(slice_str(up ? "upload" : "download")),
		[SIZE] = cell_number(t->stream_bytes),
		[ANNOUNCED] = { .known = t->stream_total > 0, .number = (int64_t)t->stream_total },
		[CHUNKS] = cell_number(t->chunks),
		[TIME] = { .known = true, .number = first->time },
		[DURATION] = cell_span(last->time - first->time),
		[RATE] = rate(t->stream_bytes, last->time - first->time),
		[CHECKSUM] = cell_text(slice_str(stream_checksum_word(t->stream))),
		[STATE] = cell_text(slice_str(thread_state_name(t->state))),
	};
	report_row(w, row);
}

static void rows(struct report_writer *w, const struct report_source *from)
{
	const struct session *s = from->session;
	struct buf name = { 0 };
	struct thread_info t;
	for (uint32_t i = 0; i < session_threads(s); i++) {
		const struct record *first = session_record(s, session_thread_at(s, i));
		if (!first || !first->tally)
			continue;
		session_thread(s, session_thread_at(s, i), &t);
		if (t.stream & STREAM_BEGUN)
			write_row(w, s, &t, &name);
	}
	buf_release(&name);
}

const struct report report_streams = {
	.name = "streams",
	.sentence = "files that were uploaded and downloaded, and whether they came whole",
	REPORT_COLUMNS(columns),
	.bytes = true,
	.rows = rows,
};
