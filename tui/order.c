/*
 * Filtering and sorting the rows of a list.
 *
 *	candidates --pick--> fresh --sort--> row, by place
 *	                       \--append (not sorted) --^
 *
 * Rows that the filter lets through come in their own order, except where a row is made of several candidates and a late one of
 * them is the first to match; `has` keeps a row from coming twice. A few fresh rows are put among the sorted ones one by one, more
 * of them are sorted and merged (tui/order_sort.h), and not before as much time has passed as that took a few times over, so that
 * rows that trickle in at the end of ten million do not keep the processor busy. The same goes for rows that stand where they no longer belong,
 * since what they are sorted by has changed: now and then all are sorted anew.
 */
#include "tui/order_part.h"

#include "base/xalloc.h"
#include "tui/clock.h"
#include "tui/order_sort.h"

#include <stdlib.h>
#include <string.h>

enum {
	LOOK_AT_CLOCK = 32,
	FEW = 64,
	REST = 4, /* times the work */
	WORTH_TELLING = 100000,
	STALE_MS = 1000, /* rows that have changed are not sorted anew sooner */
};

struct order_key order_key_number(int64_t n)
{
	return (struct order_key){ { (uint64_t)n ^ (uint64_t)1 << 63 } };
}

static uint64_t eight_bytes(struct slice text)
{
	uint64_t part = 0;
	for (size_t i = 0; i < 8; i++) {
		uint8_t c = i < text.len ? text.at[i] : 0;
		part = part << 8 | (c >= 'A' && c <= 'Z' ? c | 0x20u : c);
	}
	return part;
}

struct order_key order_key_text(struct slice text)
{
	struct order_key k;
	for (size_t i = 0; i < 4; i++)
		k.part[i] = eight_bytes(slice_skip(text, 8 * i < text.len ? 8 * i : text.len));
	return k;
}

void order_init(struct order *o, const struct order_source *source)
{
	*o = (struct order){ .source = *source, .column = ORDER_NONE };
}

static void drop_sort(struct order *o)
{
	order_sort_free(o->sort);
	o->sort = NULL;
	o->renewing = false;
}

void order_release(struct order *o)
{
	drop_sort(o);
	free(o->row);
	free(o->has);
	free(o->fresh);
}

static uint64_t stamp_now(const struct order *o)
{
	return o->source.stamp && o->column != ORDER_NONE ? o->source.stamp(o->source.user, o->column) : 0;
}

/* Rows that are gone from between others. */
static uint64_t forgotten(const struct order *o)
{
	return o->source.forgotten ? o->source.forgotten(o->source.user) : 0;
}

static bool is_kept(const struct order *o, uint64_t row)
{
	return !o->source.is_kept || o->source.is_kept(o->source.user, row);
}

/* Has what the rows are sorted by changed, so that they may be sorted anew by now? */
static bool is_stale(const struct order *o)
{
	return o->ready && o->column != ORDER_NONE && !o->sort && !o->again && clock_ms() >= o->stale_rest && stamp_now(o) != o->stamp;
}

/* Forgets all rows, and looks at the candidates from the beginning. */
static void begin(struct order *o)
{
	uint64_t end;
	drop_sort(o);
	o->source.rows(o->source.user, &o->first, &end);
	o->has_from = o->first;
	if (o->filter)
		o->source.candidates(o->source.user, &o->start, &end);
	else
		o->start = o->first;
	o->next = o->start;
	o->end = end;
	o->count = o->fresh_count = 0;
	o->rest_until = 0;
	o->again = false;
	if (o->has)
		memset(o->has, 0, o->has_size);
	o->forgotten = forgotten(o);
	o->ready = o->filter || o->forgotten;
	o->kept = o->ready || o->column != ORDER_NONE;
	o->stamp = stamp_now(o);
	order_recheck_begin(o);
}

void order_set_filter(struct order *o, struct filter *f)
{
	o->filter = f;
	begin(o);
}

static void add(uint32_t **rows, size_t *count, size_t *cap, uint64_t row)
{
	if (*count == *cap) {
		*cap = *cap < 1024 ? 1024 : *cap + *cap / 2;
		*rows = xreallocarray(*rows, *cap, sizeof **rows);
	}
	(*rows)[(*count)++] = (uint32_t)row;
}

void order_add_fresh(struct order *o, uint64_t row)
{
	add(&o->fresh, &o->fresh_count, &o->fresh_cap, row);
}

bool order_sorts(const struct order *o)
{
	return o->sort || o->again || !o->ready || is_stale(o);
}

/* Sorts all rows that have places anew. */
static void sort_all(struct order *o)
{
	o->stamp = stamp_now(o);
	uint32_t *rows = xreallocarray(NULL, o->count + 1, sizeof *rows);
	o->sort = order_sort_new(&o->source, o->column, rows, o->count, o->row, NULL, 0);
	o->took = 0;
	o->again = false;
}

void order_set_column(struct order *o, int column)
{
	o->column = column;
	if (!o->ready || (!o->filter && !o->forgotten && column == ORDER_NONE)) {
		begin(o);
		return;
	}
	drop_sort(o);
	o->again = true;
}

bool order_enter(struct order *o, uint64_t row)
{
	size_t at = (size_t)(row - o->has_from);
	if (row < o->has_from || row > UINT32_MAX)
		return false;
	if (at / 8 >= o->has_size) {
		size_t size = (at / 8 + 1) * 3 / 2 + 64;
		o->has = xreallocarray(o->has, size, 1);
		memset(o->has + o->has_size, 0, size - o->has_size);
		o->has_size = size;
	}
	bool new = !(o->has[at / 8] >> at % 8 & 1);
	o->has[at / 8] |= (uint8_t)(1u << at % 8);
	return new;
}

/* Puts a row among others in their own order. */
static void insert(struct order *o, uint64_t row)
{
	add(&o->row, &o->count, &o->cap, row);
	size_t at = o->count - 1;
	while (at && o->row[at - 1] > row) /* a late one: near the end */
		at--;
	memmove(o->row + at + 1, o->row + at, (o->count - 1 - at) * sizeof *o->row);
	o->row[at] = (uint32_t)row;
}

static void take(struct order *o, uint64_t row)
{
	if (o->filter && !order_enter(o, row))
		return;
	if (o->column != ORDER_NONE || o->sort || o->again)
		order_add_fresh(o, row);
	else
		insert(o, row);
}

static void candidates(const struct order *o, uint64_t *first, uint64_t *end)
{
	(o->filter ? o->source.candidates : o->source.rows)(o->source.user, first, end);
}

static bool has_candidates(const struct order *o)
{
	uint64_t first, end;
	candidates(o, &first, &end);
	return o->next < end;
}

/* Looks at candidates until the time is over; true if there were any. */
static bool look(struct order *o, int64_t until)
{
	uint64_t row, first;
	bool any = false;
	candidates(o, &first, &o->end);
	o->next = o->next < first ? first : o->next;
	for (unsigned i = 0; o->next < o->end; o->next++, any = true) {
		if (i++ % LOOK_AT_CLOCK == 0 && clock_ms() >= until)
			break;
		row = o->next;
		if (o->filter ? o->source.pick(o->source.user, o->next, o->filter, &row) : is_kept(o, row))
			take(o, row);
	}
	return any;
}

static struct order_entry entry_of(const struct order *o, uint32_t row)
{
	struct order_entry e = { .row = row };
	if (o->column != ORDER_NONE)
		e.key = o->source.key(o->source.user, row, o->column);
	return e;
}

/* The place among the sorted rows before which an entry belongs. */
static size_t place_for(const struct order *o, const struct order_entry *e, size_t high)
{
	size_t low = 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct order_entry other = entry_of(o, o->row[middle]);
		if (order_compare(&other, e) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int compare(const void *a, const void *b)
{
	return order_compare(a, b);
}

/* Puts a few fresh rows among the sorted ones, from the last to the first. */
static void insert_fresh(struct order *o)
{
	struct order_entry entry[FEW];
	size_t fresh = o->fresh_count, old = o->count;
	for (size_t i = 0; i < fresh; i++) {
		entry[i] = entry_of(o, o->fresh[i]);
		add(&o->row, &o->count, &o->cap, 0);
	}
	qsort(entry, fresh, sizeof *entry, compare);
	for (size_t i = fresh; i-- > 0;) {
		size_t at = place_for(o, &entry[i], old);
		memmove(o->row + at + i + 1, o->row + at, (old - at) * sizeof *o->row);
		o->row[at + i] = entry[i].row;
		old = at;
	}
	o->fresh_count = 0;
}

static void start_sort(struct order *o)
{
	o->sort = order_sort_new(&o->source, o->column, o->fresh, o->fresh_count, o->fresh, o->row, o->count);
	o->fresh = NULL;
	o->fresh_count = o->fresh_cap = 0;
	o->took = 0;
}

static void end_sort(struct order *o)
{
	free(o->row);
	o->row = order_sort_take(o->sort, &o->count);
	o->cap = o->count + 1;
	o->ready = true;
	drop_sort(o);
}

/* Sorts in what is fresh; true if places have changed. */
static bool sort_in(struct order *o, int64_t until)
{
	int64_t now = clock_ms();
	if (is_stale(o))
		o->again = o->renewing = true;
	if (o->again)
		sort_all(o);
	bool all_there = o->filter || o->next >= o->end;
	if (!o->sort && o->fresh_count && all_there && now >= o->rest_until) {
		if (o->fresh_count > FEW || !o->count) {
			start_sort(o);
		} else {
			insert_fresh(o);
			o->rest_until = clock_ms() + REST * (clock_ms() - now);
			return true;
		}
	}
	if (!o->sort)
		return false;
	bool done = order_sort_step(o->sort, until);
	o->took += clock_ms() - now;
	if (!done)
		return false;
	end_sort(o);
	o->rest_until = clock_ms() + REST * o->took;
	o->stale_rest = o->rest_until > now + STALE_MS ? o->rest_until : now + STALE_MS;
	return true;
}

/* Have rows come back, or have some gone? *first: the first one there is now. */
static bool rows_moved(const struct order *o, uint64_t *first)
{
	uint64_t end;
	o->source.rows(o->source.user, first, &end);
	if (*first < o->first)
		return true;
	return !o->sort && !o->again && (*first > o->first || forgotten(o) != o->forgotten);
}

/* Of rows those stay that are still there. */
static size_t rows_kept(const struct order *o, uint32_t *rows, size_t count, uint64_t first)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (rows[i] >= first && is_kept(o, rows[i]))
			rows[kept++] = rows[i];
	return kept;
}

/* The bits of rows before `first` go, by whole bytes. */
static void forget_bits(struct order *o, uint64_t first)
{
	uint64_t bytes = (first - o->has_from) / 8;
	size_t gone = bytes < o->has_size ? (size_t)bytes : o->has_size;
	o->has_from += 8 * bytes;
	if (!gone)
		return;
	memmove(o->has, o->has + gone, o->has_size - gone);
	memset(o->has + o->has_size - gone, 0, gone);
}

/* Rows that are gone leave; if rows have come back, or are gone from between others for the first time, all begins anew. */
static bool follow_rows(struct order *o)
{
	uint64_t first;
	if (!rows_moved(o, &first))
		return false;
	if (first < o->first || !o->kept) {
		begin(o);
		return true;
	}
	o->count = rows_kept(o, o->row, o->count, first);
	o->fresh_count = rows_kept(o, o->fresh, o->fresh_count, first);
	o->forgotten = forgotten(o);
	forget_bits(o, first);
	o->first = first;
	return true;
}

bool order_step(struct order *o, int64_t until)
{
	if (!o->kept && !forgotten(o))
		return false;
	size_t before = o->count;
	bool changed = follow_rows(o);
	look(o, until);
	changed |= order_recheck(o, until);
	changed |= sort_in(o, until);
	return changed || o->count != before;
}

bool order_busy(const struct order *o)
{
	uint64_t first;
	if (!o->kept)
		return forgotten(o);
	return o->sort || o->again || is_stale(o) || has_candidates(o) || (o->fresh_count && clock_ms() >= o->rest_until) ||
	       rows_moved(o, &first) || order_recheck_waits(o);
}

void order_stop(struct order *o)
{
	if (o->filter && o->next < o->end) {
		order_set_filter(o, NULL);
		return;
	}
	if (!o->sort && !o->again && !o->fresh_count)
		return;
	order_set_column(o, ORDER_NONE);
}

const char *order_doing(const struct order *o, int *percent)
{
	uint64_t all = o->end - o->start;
	if (!o->kept)
		return NULL;
	if (o->filter && o->next < o->end) {
		*percent = (int)((double)(o->next - o->start) * 100 / (double)all);
		return "filtering";
	}
	if (!o->sort || o->renewing || all < WORTH_TELLING)
		return NULL;
	*percent = order_sort_percent(o->sort);
	return "sorting";
}

void order_places(const struct order *o, uint64_t *first, uint64_t *end)
{
	*first = 0;
	*end = o->count;
	if (!o->ready)
		o->source.rows(o->source.user, first, end);
}

uint64_t order_row(const struct order *o, uint64_t place)
{
	uint64_t first, end;
	order_places(o, &first, &end);
	if (o->reverse)
		place = first + (end - 1 - place);
	return o->ready ? o->row[place] : place;
}

bool order_place(const struct order *o, uint64_t row, uint64_t *place)
{
	uint64_t first, end, at;
	order_places(o, &first, &end);
	for (at = o->ready ? 0 : row; o->ready && at < end && o->row[at] != row;)
		at++;
	if (at < first || at >= end)
		return false;
	*place = o->reverse ? first + (end - 1 - at) : at;
	return true;
}
