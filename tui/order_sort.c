/*
 * A merge sort that never keeps the keys of more than one run.
 *
 *	rows  |run 0 sorted|run 1 sorted|run 2 …          | + old, sorted before
 *	        ^head        ^head                            ^head
 *	out   |the least of the heads, again and again …
 *
 * A key costs a look at a record, or even at the bytes of a message, so each is made twice only: once to sort its run, once when it
 * is the head of its run. The heads are a heap. Keys that change meanwhile (a thread goes on) may put a row a little out of place;
 * nothing else depends on them.
 */
#include "tui/order_sort.h"

#include "base/xalloc.h"
#include "tui/clock.h"

#include <stdlib.h>
#include <string.h>

enum { RUN = 8192, LOOK_AT_CLOCK = 64 };

struct head {
	struct order_entry entry;
	const uint32_t *next, *end;
};

struct order_sort {
	struct order_source source;
	int column;
	uint32_t *rows;
	const uint32_t *from;
	size_t count, old_count;
	const uint32_t *old;
	size_t keyed, sorted; /* rows whose keys of the run under way are made; rows in sorted runs */
	struct order_entry *run;
	struct head *head; /* a heap, the least one first */
	size_t heads;
	bool merging;
	uint32_t *out;
	size_t out_count;
};

static int compare_keys(const struct order_key *a, const struct order_key *b)
{
	for (int i = 0; i < 4; i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return 0;
}

int order_compare(const struct order_entry *a, const struct order_entry *b)
{
	int keys = compare_keys(&a->key, &b->key);
	return keys ? keys : a->row < b->row ? -1 : a->row > b->row;
}

static int compare(const void *a, const void *b)
{
	return order_compare(a, b);
}

struct order_sort *order_sort_new(const struct order_source *source, int column, uint32_t *rows, size_t count, const uint32_t *from,
				  const uint32_t *old, size_t old_count)
{
	struct order_sort *s = xcalloc(1, sizeof *s);
	*s = (struct order_sort){
		.source = *source, .column = column, .rows = rows, .from = from, .count = count, .old = old, .old_count = old_count
	};
	s->run = xreallocarray(NULL, RUN, sizeof *s->run);
	return s;
}

void order_sort_free(struct order_sort *s)
{
	if (!s)
		return;
	free(s->rows);
	free(s->run);
	free(s->head);
	free(s->out);
	free(s);
}

static struct order_entry entry_of(const struct order_sort *s, uint32_t row)
{
	struct order_entry e = { .row = row };
	if (s->column != ORDER_NONE)
		e.key = s->source.key(s->source.user, row, s->column);
	return e;
}

/* Goes on with the run under way; sorts it when it has all its keys. */
static void step_run(struct order_sort *s)
{
	size_t end = s->count - s->sorted > RUN ? s->sorted + RUN : s->count;
	for (int i = 0; i < LOOK_AT_CLOCK && s->keyed < end; i++, s->keyed++)
		s->run[s->keyed - s->sorted] = entry_of(s, s->from[s->keyed]);
	if (s->keyed < end)
		return;
	qsort(s->run, end - s->sorted, sizeof *s->run, compare);
	for (size_t i = s->sorted; i < end; i++)
		s->rows[i] = s->run[i - s->sorted].row;
	s->sorted = end;
}

static void sink(struct order_sort *s, size_t i)
{
	struct head moved = s->head[i];
	for (size_t child; (child = 2 * i + 1) < s->heads; i = child) {
		if (child + 1 < s->heads && order_compare(&s->head[child + 1].entry, &s->head[child].entry) < 0)
			child++;
		if (order_compare(&moved.entry, &s->head[child].entry) <= 0)
			break;
		s->head[i] = s->head[child];
	}
	s->head[i] = moved;
}

static void add_head(struct order_sort *s, const uint32_t *from, const uint32_t *end)
{
	if (from < end)
		s->head[s->heads++] = (struct head){ entry_of(s, *from), from + 1, end };
}

static void begin_merge(struct order_sort *s)
{
	s->head = xreallocarray(NULL, s->count / RUN + 2, sizeof *s->head);
	for (size_t at = 0; at < s->count; at += RUN)
		add_head(s, s->rows + at, s->rows + (s->count - at > RUN ? at + RUN : s->count));
	if (s->old_count) /* else there may be no old rows to point to */
		add_head(s, s->old, s->old + s->old_count);
	for (size_t i = s->heads; i-- > 0;)
		sink(s, i);
	s->out = xreallocarray(NULL, s->count + s->old_count + 1, sizeof *s->out);
	s->merging = true;
}

static void step_merge(struct order_sort *s)
{
	for (int i = 0; i < LOOK_AT_CLOCK && s->heads; i++) {
		struct head *least = &s->head[0];
		s->out[s->out_count++] = least->entry.row;
		if (least->next < least->end)
			least->entry = entry_of(s, *least->next++);
		else
			*least = s->head[--s->heads];
		sink(s, 0);
	}
}

bool order_sort_step(struct order_sort *s, int64_t until)
{
	while (!s->merging || s->heads) {
		if (clock_ms() >= until)
			return false;
		if (s->sorted < s->count)
			step_run(s);
		else if (!s->merging)
			begin_merge(s);
		else
			step_merge(s);
	}
	return true;
}

int order_sort_percent(const struct order_sort *s)
{
	double all = 2 * (double)s->count + (double)s->old_count;
	return all > 0 ? (int)(((double)s->keyed + (double)s->out_count) * 100 / all) : 100;
}

uint32_t *order_sort_take(struct order_sort *s, size_t *count)
{
	uint32_t *out = s->out;
	*count = s->out_count;
	s->out = NULL;
	return out;
}
