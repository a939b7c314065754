/*
 * Streams: a row for each upload and download, in the order in which they began (tui/transfers.h). A row's number is the transfer's.
 */
#include "base/amount.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "decode/streams.h"
#include "export/filename.h"
#include "tui/app.h"
#include "tui/blocks.h"
#include "tui/clock.h"
#include "tui/dialogs.h"
#include "tui/stream_save.h"
#include "tui/transfers.h"

#include <stdlib.h>

enum { SAVE_WORK = 16 };

struct streams_view {
	struct view view;
	struct transfers transfers;
	struct buf name;          /* of the row that is drawn */
	struct stream_save *save; /* under way; NULL */
	uint32_t wanted;          /* thread whose file is to be saved, while the folder is asked for */
	struct buf folder;        /* into which it goes */
};

/* A row. */
struct row {
	const struct transfer *stream;
	struct thread_info info;
	const struct record *begin, *last;
	bool upload;
	struct slice name;
};

static struct streams_view *self(struct view *v)
{
	return (struct streams_view *)v;
}

static uint64_t size_of(const struct row *r)
{
	return r->info.stream_total;
}

static enum ink draw_time(struct cell *c)
{
	const struct row *r = c->row;
	struct view *v = c->view;
	app_add_time(v->app, c->text, r->begin->time, view_time_above(v, r->begin->time), c->width);
	return INK_PLAIN;
}

static enum ink draw_conn(struct cell *c)
{
	buf_addf(c->text, "%u", ((const struct row *)c->row)->begin->conn);
	return INK_PLAIN;
}

static enum ink draw_direction(struct cell *c)
{
	bool up = ((const struct row *)c->row)->upload;
	buf_add_str(c->text, c->width < 8 ? up ? "up" : "down" : up ? "upload" : "download");
	return INK_STREAM;
}

static enum ink draw_file(struct cell *c)
{
	const struct row *r = c->row;
	buf_add(c->text, r->name);
	return INK_STRONG;
}

static enum ink draw_size(struct cell *c)
{
	amount_add_grouped(c->text, ((const struct row *)c->row)->info.stream_bytes);
	return INK_PLAIN;
}

static enum ink draw_announced(struct cell *c)
{
	const struct row *r = c->row;
	if (size_of(r))
		amount_add_grouped(c->text, size_of(r));
	return size_of(r) && r->info.stream & STREAM_ENDED && size_of(r) != r->info.stream_bytes ? INK_WARNING : INK_DIM;
}

/* A bar and a number where there is room for both. */
static enum ink draw_progress(struct cell *c)
{
	const struct row *r = c->row;
	uint64_t percent = size_of(r) ? (uint64_t)((double)r->info.stream_bytes * 100 / (double)size_of(r)) : 0;
	bool ended = r->info.stream & STREAM_ENDED;
	int bar = c->width - 5;
	if (!size_of(r) && !ended)
		return INK_DIM;
	percent = !size_of(r) || percent > 100 ? 100 : percent;
	buf_addf(c->text, "%3u%%", (unsigned)percent);
	if (bar > 2) {
		buf_add_byte(c->text, ' ');
		blocks_add_bar(c->text, percent, 100, bar);
	}
	return ended ? INK_REPLY : INK_STREAM;
}

static enum ink draw_chunks(struct cell *c)
{
	amount_add_short(c->text, ((const struct row *)c->row)->info.chunks);
	return INK_PLAIN;
}

static int64_t took(const struct row *r)
{
	return r->last->time > r->begin->time ? r->last->time - r->begin->time : 0;
}

static enum ink draw_took(struct cell *c)
{
	when_add_span(c->text, took(c->row));
	return INK_PLAIN;
}

static uint64_t rate(const struct row *r)
{
	return took(r) ? (uint64_t)((double)r->info.stream_bytes / ((double)took(r) / NS_PER_S)) : 0;
}

static enum ink draw_rate(struct cell *c)
{
	if (!took(c->row))
		return INK_DIM;
	amount_add_size(c->text, rate(c->row));
	buf_add_str(c->text, "B/s");
	return INK_PLAIN;
}

static enum ink draw_checksum(struct cell *c)
{
	const struct row *r = c->row;
	unsigned bits = r->info.stream;
	buf_add_str(c->text, bits & STREAM_ENDED ? stream_checksum_word(bits) : "…");
	if (!(bits & STREAM_CHECKED) || bits & STREAM_UNSURE)
		return INK_DIM;
	return bits & STREAM_MATCHES ? INK_REPLY : INK_ERROR;
}

static enum ink draw_state(struct cell *c)
{
	enum thread_state state = ((const struct row *)c->row)->info.state;
	buf_add_str(c->text, thread_state_name(state));
	return state == THREAD_FAILED      ? INK_ERROR
	       : state == THREAD_BROKEN    ? INK_WARNING
	       : state == THREAD_STREAMING ? INK_STREAM
					   : INK_PLAIN;
}

enum {
	COLUMN_TIME,
	COLUMN_CONN,
	COLUMN_DIRECTION,
	COLUMN_FILE,
	COLUMN_SIZE,
	COLUMN_ANNOUNCED,
	COLUMN_PROGRESS,
	COLUMN_CHUNKS,
	COLUMN_TOOK,
	COLUMN_RATE,
	COLUMN_CHECKSUM,
	COLUMN_STATE
};

static const struct column columns[] = {
	[COLUMN_TIME] = { "Time", 8, 15, 0, 4, KIND_TEXT, draw_time, "when its first message came", false },
	[COLUMN_CONN] = { "Conn", 4, 4, 0, 3, KIND_NUMBER, draw_conn, "connection number", false },
	[COLUMN_DIRECTION] = { "Dir", 4, 8, 0, 0, KIND_TEXT, draw_direction, "upload (to the server) or download", false },
	[COLUMN_FILE] = { "File", 14, 30, 1, 0, KIND_TEXT, draw_file, "its name: of a download as the reply says, else as the request does",
			  true },
	[COLUMN_SIZE] = { "Bytes", 9, 13, 0, 0, KIND_NUMBER, draw_size, "bytes of data so far", true },
	[COLUMN_ANNOUNCED] = { "Of", 9, 13, 0, 6, KIND_NUMBER, draw_announced, "bytes that beginstream announces", true },
	[COLUMN_PROGRESS] = { "Done", 4, 16, 0, 2, KIND_TEXT, draw_progress, "how much of what was announced has come", true },
	[COLUMN_CHUNKS] = { "Chunks", 6, 6, 0, 5, KIND_NUMBER, draw_chunks, "stream messages", true },
	[COLUMN_TOOK] = { "Took", 6, 7, 0, 4, KIND_NUMBER, draw_took, "from its first message to its last", true },
	[COLUMN_RATE] = { "Rate", 8, 8, 0, 1, KIND_NUMBER, draw_rate, "bytes of data in that time", true },
	[COLUMN_CHECKSUM] = { "Checksum", 8, 9, 0, 0, KIND_TEXT, draw_checksum,
			      "right, wrong, not told, or unsure where the capture does not let one tell", true },
	[COLUMN_STATE] = { "State", 10, 10, 0, 1, KIND_TEXT, draw_state, "state of its thread", true },
};

static struct view *new_streams(struct app *a)
{
	struct streams_view *s = xcalloc(1, sizeof *s);
	s->view.ops = &view_streams;
	s->view.app = a;
	view_set_columns(&s->view, columns, sizeof columns / sizeof *columns);
	return &s->view;
}

static void free_streams(struct view *v)
{
	struct streams_view *s = self(v);
	stream_save_free(s->save);
	transfers_release(&s->transfers);
	buf_release(&s->name);
	buf_release(&s->folder);
	free(s);
}

/* Rows. */

/* Numbers of connections are not cut. */
static void fit(struct view *v)
{
	column_widen(&v->columns[COLUMN_CONN], &columns[COLUMN_CONN], app_last_conn(v->app));
}

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	transfers_range(&self(v)->transfers, first, end);
}

static bool read_row(struct view *v, uint64_t number, bool name, struct row *out)
{
	struct streams_view *s = self(v);
	const struct session *session = v->app->session;
	const struct transfer *stream = transfers_newest(&s->transfers, session, number);
	if (!stream)
		return false;
	*out = (struct row){ .stream = stream,
			     .begin = session_record(session, stream->begin),
			     .last = session_record(session, stream->last) };
	if (!out->begin || !out->last || !session_record(session, stream->thread))
		return false;
	session_thread(session, stream->thread, &out->info);
	const struct record *request = session_record(session, out->info.request);
	out->upload = request ? out->begin->dir == request->dir : out->begin->dir == DIR_C2S;
	buf_clear(&s->name);
	if (name)
		filename_of_thread(&s->name, session, &out->info);
	out->name = buf_slice(&s->name);
	return true;
}

static void draw_row(struct view *v, uint64_t number, int width, struct line *out)
{
	struct row r;
	if (read_row(v, number, true, &r))
		view_add_cells(v, &r, out);
	else
		line_add(out, INK_DIM, slice_str("  forgotten, for the memory limit"), width);
}

static struct order_key key(struct view *v, uint64_t number, int column)
{
	struct row r;
	if (!read_row(v, number, column == COLUMN_FILE, &r))
		return order_key_number(0);
	switch (column) {
	case COLUMN_CONN: return order_key_number(r.begin->conn);
	case COLUMN_DIRECTION: return order_key_number(r.upload);
	case COLUMN_FILE: return order_key_text(r.name);
	case COLUMN_SIZE: return order_key_number((int64_t)r.info.stream_bytes);
	case COLUMN_ANNOUNCED: return order_key_number((int64_t)size_of(&r));
	case COLUMN_CHUNKS: return order_key_number(r.info.chunks);
	case COLUMN_TOOK: return order_key_number(took(&r));
	case COLUMN_RATE: return order_key_number((int64_t)rate(&r));
	case COLUMN_CHECKSUM: return order_key_number(r.info.stream);
	case COLUMN_STATE: return order_key_number(r.info.state);
	case COLUMN_PROGRESS:
		return order_key_number(size_of(&r) ? (int64_t)((double)r.info.stream_bytes * 1000 / (double)size_of(&r)) : -1);
	default: return order_key_number(r.begin->time);
	}
}

static uint32_t message(struct view *v, uint64_t number)
{
	const struct transfer *t = transfers_at(&self(v)->transfers, number);
	return t ? t->thread : 0;
}

static bool time_of(struct view *v, uint64_t number, int64_t *time)
{
	const struct transfer *t = transfers_at(&self(v)->transfers, number);
	const struct record *r = t ? session_record(v->app->session, t->begin) : NULL;
	if (r)
		*time = r->time;
	return r != NULL;
}

static const char *empty(struct view *v)
{
	bool looking = self(v)->transfers.next <= v->app->seen.messages;
	if (app_frozen_out(v->app))
		return app_frozen_out(v->app);
	if (looking)
		return "Looking for uploads and downloads …";
	if (session_first(v->app->session) > 1)
		return "No upload or download begins in the messages that are kept.";
	return app_over(v->app) ? "No upload or download begins in this capture." : "No upload or download has begun so far.";
}

/* Saving. */

static bool start_save(void *user, const char *folder, struct buf *why)
{
	struct streams_view *s = user;
	char error[256];
	s->save = stream_save_new(s->view.app->session, s->wanted, folder, error, sizeof error);
	if (!s->save)
		buf_add_str(why, error);
	buf_clear(&s->folder);
	buf_add_str(&s->folder, folder);
	return s->save != NULL;
}

/* Asks for the folder. */
static unsigned ask_folder(struct streams_view *s)
{
	struct row r;
	uint64_t number;
	struct buf what = { 0 };
	if (s->save || !view_row(&s->view, &number) || !read_row(&s->view, number, true, &r))
		return REDRAW;
	s->wanted = r.stream->thread;
	buf_add(&what, r.name);
	buf_add_str(&what, what.len ? ", " : "");
	amount_add_counted(&what, r.info.stream_bytes, "byte");
	unsigned reaction = app_open_dialog(s->view.app, dialog_folder_new(s->view.app, buf_slice(&what), start_save, s));
	buf_release(&what);
	return reaction;
}

static bool stop_save(struct view *v)
{
	struct streams_view *s = self(v);
	if (!s->save)
		return false;
	stream_save_free(s->save);
	s->save = NULL;
	app_notice(v->app, "Stopped; nothing was saved.");
	return true;
}

static void step_save(struct streams_view *s, int64_t until)
{
	struct buf text = { 0 };
	while (s->save && clock_ms() < until) {
		if (stream_save_step(s->save, SAVE_WORK))
			continue;
		stream_save_result(s->save, &text);
		if (text.len)
			app_notice(s->view.app, "Saved in %s: %s", buf_cstr(&s->folder), buf_cstr(&text));
		else
			app_notice(s->view.app, "Nothing was saved: none of its data can be read.");
		stream_save_free(s->save);
		s->save = NULL;
	}
	buf_release(&text);
}

static bool work(struct view *v, int64_t until)
{
	struct streams_view *s = self(v);
	uint32_t before = s->transfers.next;
	bool saving = s->save != NULL;
	while (transfers_step(&s->transfers, v->app->session, v->app->seen.messages) && clock_ms() < until)
		;
	step_save(s, until);
	return saving || s->transfers.next != before;
}

static const char *doing(struct view *v, int *percent)
{
	struct streams_view *s = self(v);
	uint32_t next = s->transfers.next, first = session_first(v->app->session), end = v->app->seen.messages;
	if (s->save) {
		*percent = stream_save_percent(s->save);
		return "saving";
	}
	if (next > end || end <= first)
		return NULL;
	*percent = next > first ? (int)((uint64_t)(next - first) * 100 / (end - first)) : 0;
	return "looking for streams";
}

static unsigned command(struct view *v, enum command c)
{
	uint32_t n = view_message(v);
	if (c == CMD_SAVE_FILE)
		return ask_folder(self(v));
	return c == CMD_OPEN && n ? app_open_message(v->app, n) : 0;
}

static bool matches(struct view *v, uint64_t number, const struct pattern *p)
{
	struct row r;
	struct buf text = { 0 };
	if (!read_row(v, number, true, &r))
		return false;
	columns_add_text(&text, v->columns, v->column_count, v, &r);
	bool found = pattern_in(p, buf_slice(&text));
	buf_release(&text);
	return found;
}

const struct view_ops view_streams = {
	.name = "Streams",
	.where = IN_STREAMS,
	.about = "Each row is an upload or a download: the file, how much of it has come, how fast, and whether its checksum is right.",
	.make = new_streams,
	.free = free_streams,
	.rows = rows,
	.draw_row = draw_row,
	.key = key,
	.message = message,
	.time = time_of,
	.empty = empty,
	.fit = fit,
	.command = command,
	.work = work,
	.stop = stop_save,
	.doing = doing,
	.matches = matches,
};
