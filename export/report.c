/*
 * Writing reports.
 *
 * A row is an array of cells; a column says what its cells are. In text, numbers stand to the right and have units, and a column is as wide
 * as the widest cell of the first ROWS_MEASURED rows: those are held back until it is known, later ones are written as they come, so
 * that a report of millions of rows takes no memory for them. Held rows are kept as written text, cells one behind the other, with their
 * lengths and widths beside it.
 */
#include "export/report.h"

#include "base/amount.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "decode/redact.h"
#include "export/report_part.h"

enum { ROWS_MEASURED = 1000, COLUMNS_MAX = 32 };

struct held_cell {
	uint32_t len;
	int width;
};

struct report_writer {
	const struct report *report;
	const struct report_source *from;
	bool ndjson, measured, failed;
	FILE *out;
	int width[COLUMNS_MAX];
	int owed; /* spaces behind the last cell of the line, if another one comes */
	unsigned rows;
	struct buf held, text, line; /* cells of rows held back: lengths and widths, text; the line being made */
	struct buf redacted;         /* the text of a cell without its secrets */
};

static const struct report *const reports[] = {
	&report_summary, &report_commands, &report_connections,  &report_threads,   &report_rules,
	&report_streams, &report_traces,   &report_correlations, &report_workitems,
};

const struct report *report_at(size_t i)
{
	return i < sizeof reports / sizeof *reports ? reports[i] : NULL;
}

const struct report *report_named(const char *name)
{
	for (size_t i = 0; report_at(i); i++)
		if (strcmp(report_at(i)->name, name) == 0)
			return report_at(i);
	return NULL;
}

static void write_line(struct report_writer *w)
{
	if (!w->failed && fwrite(w->line.at, 1, w->line.len, w->out) < w->line.len)
		w->failed = true;
	buf_clear(&w->line);
}

static bool to_the_right(const struct report_column *c)
{
	return c->kind != CELL_TEXT && c->kind != CELL_BOOL;
}

static void add_bytes(struct buf *out, uint64_t n, const char *unit)
{
	amount_add_size(out, n);
	if (n < 1000)
		buf_add_byte(out, ' ');
	buf_add_str(out, unit);
}

/* The text of a cell, without the secrets of JSON in it. Borrowed until the next. */
static struct slice text_of(struct report_writer *w, const struct report_cell *cell)
{
	return w->from->show_secrets ? cell->text : redact_text(cell->text, &w->redacted);
}

/* Appends the cell to w->text; returns the columns it takes. */
static int add_cell(struct report_writer *w, const struct report_column *c, const struct report_cell *cell)
{
	const struct report_source *from = w->from;
	struct buf *out = &w->text;
	size_t begin = out->len;
	if (!cell->known) {
		buf_add_byte(out, '-');
		return 1;
	}
	if (cell->about)
		buf_add_byte(out, '~');
	switch (c->kind) {
	case CELL_TEXT: return text_add_fit(out, text_of(w, cell), c->most ? c->most : INT16_MAX);
	case CELL_COUNT: amount_add_grouped(out, (uint64_t)cell->number); break;
	case CELL_BYTES: add_bytes(out, (uint64_t)cell->number, "B"); break;
	case CELL_RATE: add_bytes(out, (uint64_t)cell->number, "B/s"); break;
	case CELL_SPAN: when_add_span(out, cell->number); break;
	case CELL_TIME: time_format_add(out, from->time, from->utc, cell->number, from->first_time); break;
	case CELL_BOOL: buf_add_str(out, cell->number ? "yes" : "no"); break;
	case CELL_NUMBERS: amount_add_grouped(out, cell->text.len / sizeof(uint32_t)); break;
	}
	return text_columns(slice_of(out->at + begin, out->len - begin));
}

static void add_spaces(struct buf *out, int n)
{
	if (n <= 0)
		return;
	memset(buf_reserve(out, (size_t)n), ' ', (size_t)n);
	out->len += (size_t)n;
}

/* One cell of a line, two spaces after the one before; the last of a line has none behind it. */
static void place(struct report_writer *w, unsigned column, struct slice text, int width)
{
	const struct report_column *c = &w->report->column[column];
	int room = w->width[column] > width ? w->width[column] - width : 0;
	bool right = to_the_right(c);
	add_spaces(&w->line, (w->line.len ? 2 + w->owed : 0) + (right ? room : 0));
	w->owed = right ? 0 : room;
	buf_add(&w->line, text);
}

static void end_line(struct report_writer *w)
{
	while (w->line.len && w->line.at[w->line.len - 1] == ' ')
		w->line.len--;
	buf_add_byte(&w->line, '\n');
	write_line(w);
}

static void write_headings(struct report_writer *w)
{
	for (unsigned i = 0; i < w->report->columns; i++) {
		const char *heading = w->report->column[i].heading;
		if (heading)
			place(w, i, slice_str(heading), text_columns(slice_str(heading)));
	}
	end_line(w);
}

/* The widths are known: writes the rows held back. */
static void let_go(struct report_writer *w)
{
	struct slice text = buf_slice(&w->text), cells = buf_slice(&w->held);
	w->measured = true;
	write_headings(w);
	while (cells.len) {
		for (unsigned i = 0; i < w->report->columns; i++) {
			struct held_cell cell;
			if (!w->report->column[i].heading)
				continue;
			memcpy(&cell, cells.at, sizeof cell);
			cells = slice_skip(cells, sizeof cell);
			place(w, i, slice_head(text, cell.len), cell.width);
			text = slice_skip(text, cell.len);
		}
		end_line(w);
	}
	buf_clear(&w->held);
	buf_clear(&w->text);
}

static void text_row(struct report_writer *w, const struct report_cell *cells)
{
	for (unsigned i = 0; i < w->report->columns; i++) {
		if (!w->report->column[i].heading)
			continue;
		size_t begin = w->text.len;
		int width = add_cell(w, &w->report->column[i], &cells[i]);
		if (w->measured) {
			place(w, i, slice_of(w->text.at + begin, w->text.len - begin), width);
			continue;
		}
		struct held_cell held = { (uint32_t)(w->text.len - begin), width };
		buf_add(&w->held, slice_of(&held, sizeof held));
		if (width > w->width[i])
			w->width[i] = width;
	}
	if (w->measured) {
		end_line(w);
		buf_clear(&w->text);
	} else if (++w->rows == ROWS_MEASURED) {
		let_go(w);
	}
}

static void json_numbers(struct json *j, struct slice numbers)
{
	uint32_t n;
	json_open(j, '[');
	for (; numbers.len >= sizeof n; numbers = slice_skip(numbers, sizeof n)) {
		memcpy(&n, numbers.at, sizeof n);
		json_uint(j, n);
	}
	json_close(j, ']');
}

static void json_cell(struct report_writer *w, struct json *j, enum cell_kind kind, const struct report_cell *cell)
{
	if (!cell->known) {
		json_none(j);
		return;
	}
	switch (kind) {
	case CELL_TEXT: json_slice(j, text_of(w, cell)); return;
	case CELL_BOOL: json_bool(j, cell->number != 0); return;
	case CELL_NUMBERS: json_numbers(j, cell->text); return;
	case CELL_COUNT:
	case CELL_BYTES:
	case CELL_RATE: json_int(j, cell->number); return;
	case CELL_SPAN: json_seconds(j, cell->number); return;
	case CELL_TIME: json_iso(j, cell->number); return;
	}
}

static void json_row(struct report_writer *w, const struct report_cell *cells)
{
	struct json j = json_to(&w->line);
	json_open(&j, '{');
	json_key(&j, "report");
	json_text(&j, w->report->name);
	for (unsigned i = 0; i < w->report->columns; i++) {
		const struct report_column *c = &w->report->column[i];
		if (!c->key)
			continue;
		json_key(&j, c->key);
		json_cell(w, &j, c->kind, &cells[i]);
	}
	json_close(&j, '}');
	buf_add_byte(&w->line, '\n');
	write_line(w);
}

void report_row(struct report_writer *w, const struct report_cell *cells)
{
	if (w->failed)
		return;
	if (w->ndjson)
		json_row(w, cells);
	else
		text_row(w, cells);
}

static void write_table(struct report_writer *w)
{
	for (unsigned i = 0; i < w->report->columns; i++)
		if (w->report->column[i].heading)
			w->width[i] = text_columns(slice_str(w->report->column[i].heading));
	w->report->rows(w, w->from);
	if (!w->ndjson && !w->measured && w->rows)
		let_go(w);
	if (!w->ndjson && !w->rows) {
		buf_add_str(&w->line, "none\n");
		write_line(w);
	}
}

bool report_write(const struct report *r, const struct report_source *from, bool ndjson, bool heading, FILE *out)
{
	struct report_writer w = { .report = r, .from = from, .ndjson = ndjson, .out = out };
	if (!ndjson && heading) {
		buf_addf(&w.line, "%s: %s\n", r->name, r->sentence);
		write_line(&w);
	}
	if (r->text && !ndjson) {
		r->text(&w.line, from);
		write_line(&w);
	} else {
		write_table(&w);
	}
	buf_release(&w.held);
	buf_release(&w.text);
	buf_release(&w.line);
	buf_release(&w.redacted);
	return !w.failed;
}
