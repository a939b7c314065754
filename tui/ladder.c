/*
 * Building a ladder.
 *
 *	REST     of threads whose first message is forgotten, what is left: no chain leads there     only if there are such
 *	KEYS     the ids (trace, correlation, work item) of the threads it was asked for     only to extend
 *	SCAN     all records: those of the connection, or threads with one of the ids         not for plain threads
 *	WALK     the messages of the threads, along their chains                             not for a connection
 *	ORDER    by number, which is the order of time
 *	ROWS     a row a message; stream messages of a thread share the row of the first one; broken rules and news between
 *	ENDS     the columns
 *
 * Each phase is cut into slices. What is found is n only: texts are read when a row is drawn.
 */
#include "tui/ladder.h"

#include "tui/related.h"

enum { STAMPS = 64 };

enum phase { PHASE_REST, PHASE_KEYS, PHASE_SCAN, PHASE_WALK, PHASE_ORDER, PHASE_ROWS, PHASE_ENDS, PHASE_DONE };

struct ladder {
	const struct session *session;
	struct ladder_spec spec;
	uint32_t until;
	uint64_t stamp;
	enum phase phase;
	struct numbers threads; /* of the spec, and the related ones */
	struct related related; /* ids of the threads it was asked for */
	uint32_t at;            /* REST, SCAN: the next record; WALK: the next message, 0: the next thread */
	size_t thread;          /* WALK: which one */
	struct numbers messages, conns;
	uint64_t left_out;
	size_t next;   /* ROWS: the next message */
	uint32_t news; /* and the next news */
	struct ladder_row *row;
	size_t rows, row_cap;
	struct ladder_fold *fold;
	uint32_t folds, fold_cap;
	uint32_t *slot; /* thread → fold + 1: open addressing, a power of two and at least twice the folds */
	uint32_t slots;
	struct ladder_end end[LADDER_ENDS];
	unsigned ends;
	struct ladder_conn *conn; /* as conns */
};

void ladder_spec_release(struct ladder_spec *s)
{
	numbers_release(&s->threads);
	numbers_release(&s->unfolded);
}

void ladder_spec_copy(struct ladder_spec *to, const struct ladder_spec *from)
{
	struct numbers threads = to->threads, unfolded = to->unfolded;
	numbers_copy(&threads, &from->threads);
	numbers_copy(&unfolded, &from->unfolded);
	*to = *from;
	to->threads = threads;
	to->unfolded = unfolded;
}

/* Changes when something comes, or changes, on one of the connections. */
static uint64_t stamp_of(const struct ladder *l)
{
	uint64_t stamp = 0;
	for (size_t i = 0; i < l->conns.count && i < STAMPS; i++) {
		const struct session_conn *c = session_conn(l->session, l->conns.at[i]);
		if (!c)
			continue;
		stamp += c->messages[0] + c->messages[1] + c->gaps + c->closed;
		for (int r = 0; r < RULES; r++)
			stamp += session_conn_broken(c, (enum rule)r);
	}
	return stamp;
}

struct ladder *ladder_new(const struct session *s, const struct ladder_spec *spec, uint32_t until)
{
	struct ladder *l = xcalloc(1, sizeof *l);
	l->session = s;
	l->until = until;
	ladder_spec_copy(&l->spec, spec);
	numbers_copy(&l->threads, &spec->threads);
	bool cut = l->threads.count && !session_record(s, l->threads.at[0]);
	l->phase = spec->conn ? PHASE_SCAN : cut ? PHASE_REST : spec->extend ? PHASE_KEYS : PHASE_WALK;
	l->at = spec->conn || cut ? session_first(s) : 0;
	if (spec->conn)
		numbers_put(&l->conns, spec->conn);
	return l;
}

void ladder_free(struct ladder *l)
{
	if (!l)
		return;
	ladder_spec_release(&l->spec);
	numbers_release(&l->threads);
	numbers_release(&l->messages);
	numbers_release(&l->conns);
	related_release(&l->related);
	free(l->row);
	free(l->fold);
	free(l->slot);
	free(l->conn);
	free(l);
}

/* Messages. */

/* Of threads that have lost their first message some of what is left tells the ids. */
static void take_keys(struct ladder *l)
{
	for (size_t i = 0; i < l->threads.count; i++)
		related_add(&l->related, l->session, l->threads.at[i]);
	for (size_t i = 0; i < l->messages.count && i < RELATED_FROM; i++)
		related_add(&l->related, l->session, l->messages.at[i]);
	l->phase = PHASE_SCAN;
	l->at = session_first(l->session);
}

static void add_message(struct ladder *l, uint32_t n)
{
	if (l->messages.count == LADDER_MAX)
		l->left_out++;
	else
		numbers_add(&l->messages, n);
}

/* A message of a thread. */
static void take_message(struct ladder *l, uint32_t n, const struct record *r)
{
	add_message(l, n);
	numbers_put(&l->conns, r->conn);
}

static size_t take_rest(struct ladder *l, size_t work)
{
	for (; work && l->at <= l->until; work--, l->at++) {
		const struct record *r = session_record(l->session, l->at);
		if (r && numbers_has(&l->spec.threads, r->thread) && !session_record(l->session, r->thread))
			take_message(l, l->at, r);
	}
	if (l->at > l->until) {
		l->phase = l->spec.extend ? PHASE_KEYS : PHASE_WALK;
		l->at = 0;
	}
	return work;
}

/* It is related: with its thread, or alone, if the first message of that is forgotten. */
static void take_related(struct ladder *l, uint32_t n, const struct record *r)
{
	numbers_put(&l->threads, r->thread);
	if (!session_record(l->session, r->thread) && !numbers_has(&l->spec.threads, r->thread))
		take_message(l, n, r);
}

static size_t scan(struct ladder *l, size_t work)
{
	for (; work && l->at <= l->until; work--, l->at++) {
		const struct record *r = session_record(l->session, l->at);
		if (r && l->spec.conn && r->conn == l->spec.conn)
			add_message(l, l->at);
		else if (r && !l->spec.conn && related_has(&l->related, l->session, l->at))
			take_related(l, l->at, r);
	}
	if (l->at > l->until) {
		l->phase = l->spec.conn ? PHASE_ORDER : PHASE_WALK;
		l->at = 0;
	}
	return work;
}

static size_t walk(struct ladder *l, size_t work)
{
	while (work && (l->at || l->thread < l->threads.count)) {
		if (!l->at)
			l->at = l->threads.at[l->thread++];
		const struct record *r = l->at <= l->until ? session_record(l->session, l->at) : NULL;
		if (r)
			take_message(l, l->at, r);
		l->at = r ? r->next : 0;
		work--;
	}
	if (!l->at && l->thread == l->threads.count)
		l->phase = PHASE_ORDER;
	return work;
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* The first news at or after message n. */
static uint32_t news_from(const struct session *s, uint32_t n)
{
	uint32_t low = 0, high = session_news_count(s);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct session_news *news = session_news_at(s, middle);
		if (!news || news->after < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void order(struct ladder *l)
{
	bool sorted = true;
	for (size_t i = 1; i < l->messages.count; i++)
		sorted = sorted && l->messages.at[i - 1] < l->messages.at[i];
	if (!sorted)
		qsort(l->messages.at, l->messages.count, sizeof *l->messages.at, ascending);
	l->news = !l->spec.conn && l->messages.count ? news_from(l->session, l->messages.at[0]) : 0;
	l->phase = PHASE_ROWS;
}

/* Rows. */

static void add_row(struct ladder *l, enum ladder_kind kind, uint32_t n, uint32_t at)
{
	if (l->rows == l->row_cap) {
		l->row_cap = l->row_cap ? 2 * l->row_cap : 64;
		l->row = xreallocarray(l->row, l->row_cap, sizeof *l->row);
	}
	l->row[l->rows++] = (struct ladder_row){ n, at, (uint8_t)kind };
}

static uint32_t *slot_of(const struct ladder *l, uint32_t thread)
{
	uint32_t i = (thread * 2654435761u) & (l->slots - 1);
	while (l->slot[i] && l->fold[l->slot[i] - 1].thread != thread)
		i = (i + 1) & (l->slots - 1);
	return &l->slot[i];
}

static void grow_folds(struct ladder *l)
{
	l->fold_cap = l->fold_cap ? 2 * l->fold_cap : 16;
	l->fold = xreallocarray(l->fold, l->fold_cap, sizeof *l->fold);
	free(l->slot);
	l->slots = 2 * l->fold_cap;
	l->slot = xcalloc(l->slots, sizeof *l->slot);
	for (uint32_t i = 0; i < l->folds; i++)
		*slot_of(l, l->fold[i].thread) = i + 1;
}

static void fold(struct ladder *l, uint32_t n, const struct record *r)
{
	if (l->folds == l->fold_cap)
		grow_folds(l);
	uint32_t *slot = slot_of(l, r->thread);
	if (!*slot) {
		l->fold[l->folds++] = (struct ladder_fold){ .thread = r->thread, .first = n };
		*slot = l->folds;
		add_row(l, LADDER_STREAM, n, l->folds - 1);
	}
	struct ladder_fold *f = &l->fold[*slot - 1];
	f->last = n;
	f->count++;
	f->bytes += r->size;
	if (rules_worst(r->rules) >= SEVERITY_WARNING && rules_worst(f->rules) < SEVERITY_WARNING)
		add_row(l, LADDER_RULES, n, *slot);
	f->rules |= r->rules;
}

static void add_single(struct ladder *l, uint32_t n, const struct record *r)
{
	add_row(l, LADDER_MESSAGE, n, 0);
	if (rules_worst(r->rules) >= SEVERITY_WARNING)
		add_row(l, LADDER_RULES, n, 0);
}

/* News of the ladder's connections before message n. */
static void add_news(struct ladder *l, uint32_t n)
{
	const struct session_news *news;
	for (; (news = session_news_at(l->session, l->news)) && news->after < n; l->news++)
		if (numbers_has(&l->conns, news->conn))
			add_row(l, LADDER_NEWS, news->after, l->news);
}

static size_t make_rows(struct ladder *l, size_t work)
{
	for (; work && l->next < l->messages.count; work--) {
		uint32_t n = l->messages.at[l->next++];
		const struct record *r = session_record(l->session, n);
		if (!r)
			continue;
		add_news(l, n);
		if (r->role == ROLE_STREAM && !l->spec.unfold && !numbers_has(&l->spec.unfolded, r->thread))
			fold(l, n, r);
		else
			add_single(l, n, r);
	}
	if (l->next == l->messages.count) {
		if (l->spec.conn)
			add_news(l, UINT32_MAX);
		l->phase = PHASE_ENDS;
	}
	return work;
}

/* Columns. */

static bool same_end(const struct ladder_end *e, const struct endpoint *at, bool server, bool apart)
{
	return e->server == server && e->at.family == at->family && memcmp(e->at.addr, at->addr, sizeof at->addr) == 0 &&
	       (e->at.port == at->port || (!server && !apart));
}

static uint8_t find_end(struct ladder *l, const struct session_conn *c, enum dir dir)
{
	const struct endpoint *at = &c->info.ends[dir];
	bool server = dir == DIR_S2C;
	unsigned i = 0;
	while (i < l->ends && !same_end(&l->end[i], at, server, l->spec.apart))
		i++;
	if (i == LADDER_ENDS)
		i = LADDER_ENDS - 2 + server;
	else if (i == l->ends)
		l->end[l->ends++] = (struct ladder_end){ *at, server, false, c->info.number };
	if (l->end[i].at.port != at->port || memcmp(l->end[i].at.addr, at->addr, sizeof at->addr) != 0)
		l->end[i].several = true;
	return (uint8_t)i;
}

static void make_ends(struct ladder *l)
{
	l->conn = xcalloc(l->conns.count ? l->conns.count : 1, sizeof *l->conn);
	for (size_t i = 0; i < l->conns.count; i++) {
		const struct session_conn *c = session_conn(l->session, l->conns.at[i]);
		l->conn[i].number = l->conns.at[i];
		for (int dir = 0; c && dir < 2; dir++)
			l->conn[i].end[dir] = find_end(l, c, dir ? DIR_S2C : DIR_C2S);
	}
	l->stamp = stamp_of(l);
	l->phase = PHASE_DONE;
}

bool ladder_step(struct ladder *l, size_t work)
{
	while (work && l->phase != PHASE_DONE) {
		switch (l->phase) {
		case PHASE_REST: work = take_rest(l, work); break;
		case PHASE_KEYS: take_keys(l); break;
		case PHASE_SCAN: work = scan(l, work); break;
		case PHASE_WALK: work = walk(l, work); break;
		case PHASE_ORDER: order(l); break;
		case PHASE_ROWS: work = make_rows(l, work); break;
		default: make_ends(l);
		}
	}
	return l->phase != PHASE_DONE;
}

int ladder_percent(const struct ladder *l)
{
	uint32_t first = session_first(l->session);
	if (l->phase == PHASE_SCAN && l->until > first)
		return (int)((uint64_t)(l->at - first) * 90 / (l->until - first));
	return l->phase < PHASE_SCAN ? 0 : l->phase == PHASE_DONE ? 100 : 90;
}

const struct ladder_spec *ladder_spec(const struct ladder *l)
{
	return &l->spec;
}

size_t ladder_rows(const struct ladder *l)
{
	return l->phase == PHASE_DONE ? l->rows : 0;
}

const struct ladder_row *ladder_row(const struct ladder *l, size_t i)
{
	return &l->row[i];
}

const struct ladder_fold *ladder_fold(const struct ladder *l, uint32_t i)
{
	return &l->fold[i];
}

size_t ladder_row_of(const struct ladder *l, uint32_t n)
{
	const struct record *r = session_record(l->session, n);
	uint32_t folded = r && l->slots && r->role == ROLE_STREAM ? *slot_of(l, r->thread) : 0;
	size_t low = 0, high = ladder_rows(l);
	if (folded)
		n = l->fold[folded - 1].first;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (l->row[middle].n <= n)
			low = middle + 1;
		else
			high = middle;
	}
	while (low && l->row[low - 1].kind >= LADDER_RULES)
		low--;
	return low ? low - 1 : 0;
}

unsigned ladder_ends(const struct ladder *l)
{
	return l->ends;
}

const struct ladder_end *ladder_end(const struct ladder *l, unsigned i)
{
	return &l->end[i];
}

const struct ladder_conn *ladder_conn(const struct ladder *l, uint32_t number)
{
	size_t i = numbers_place(&l->conns, number);
	return i < l->conns.count && l->conns.at[i] == number && l->conn ? &l->conn[i] : NULL;
}

uint32_t ladder_messages(const struct ladder *l)
{
	return (uint32_t)l->messages.count;
}

uint32_t ladder_threads(const struct ladder *l)
{
	return (uint32_t)l->threads.count;
}

uint64_t ladder_left_out(const struct ladder *l)
{
	return l->left_out;
}

bool ladder_is_old(const struct ladder *l, uint32_t until)
{
	return l->phase == PHASE_DONE && (l->stamp != stamp_of(l) || (l->spec.extend && until > l->until));
}
