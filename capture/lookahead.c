/*
 * Reading ahead.
 *
 *	 second thread                    ring of blocks                     caller's thread
 *	source … layers ─> block under way ─> | full | full | free | ... ─> session, listeners
 *
 * The blocks from `first` on, `full` of them, belong to the caller's thread, the others to the second. Only these two numbers, and the
 * flags beside them, are shared, under one lock; it is taken once a block.
 *
 * Waking a thread that sleeps costs as much as some hundred messages. So whoever has to wait sleeps until the ring is half full, or half
 * empty; the caller's thread also until WAIT_NS have passed, because a slow disk must not keep what there is from the screen.
 *
 * Messages are not copied where they lie in the buffer that the file is read into: the pipeline lends the buffer to the block and gets
 * another one. It comes back with the block.
 *
 * Large packets have no second thread: there is little to do for each, and the bytes of one buffer stay in the cache where those of nine do not. The
 * first packets, which are handled before a thread is there, tell whether they are.
 *
 * The block in which the source ends has the status of the source. Behind it the second thread closes the connections; what that tells
 * comes in further blocks, for lookahead_finish().
 */
#include "capture/lookahead.h"

#include "base/when.h"
#include "base/xalloc.h"
#include "capture/events.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum {
	BLOCKS = 8,
	BLOCK = 128 << 10,    /* bytes of calls from which on a block is handed over; or when the file's buffer is full */
	BLOCK_KEPT = 1 << 20, /* memory of a block that is used again */
	SPARE = BLOCKS,       /* buffers that wait to be used again */
	WAIT_NS = 10000000,
	TRIAL_STEPS = 64,
	LARGE = 4 << 10, /* bytes of a packet, on the average */
};

struct lent {
	uint8_t *at;
	size_t cap;
};

struct block {
	struct buf calls;
	struct buf lent; /* struct lent: buffers that the calls of this block, or of those before, refer to */
	struct lookahead_state state;
	enum capture_status status; /* MORE, or how the source ended */
};

struct lookahead {
	struct lookahead_work work;
	struct events events;         /* the second thread's: what is kept since the last block */
	struct buf lent;              /* likewise */
	struct lookahead_state state; /* the caller's: of the last block */
	enum capture_status status;
	pthread_t thread;
	bool started, joined;
	bool alone;                 /* there is no second thread */
	enum capture_status ending; /* alone: how the source stands */
	pthread_mutex_t lock;       /* of all below; but blocks are whose turn it is */
	pthread_cond_t filled, freed;
	struct block block[BLOCKS];
	size_t first, full;
	struct lent spare[SPARE];
	size_t spares;
	bool stop, over; /* the caller wants no more; the second thread has no more */
};

struct lookahead *lookahead_new(const struct lookahead_work *work)
{
	struct lookahead *a = xcalloc(1, sizeof *a);
	pthread_condattr_t monotonic;
	a->work = *work;
	a->status = a->ending = CAPTURE_MORE;
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&a->filled, &monotonic);
	pthread_cond_init(&a->freed, NULL);
	pthread_condattr_destroy(&monotonic);
	return a;
}

struct sink lookahead_sink(struct lookahead *a, const struct sink *to)
{
	return events_sink(&a->events, to);
}

const struct lookahead_state *lookahead_state(const struct lookahead *a)
{
	return &a->state;
}

static void exchange(struct buf *a, struct buf *b)
{
	struct buf kept = *a;
	*a = *b;
	*b = kept;
}

/* Second thread: the file's buffer is full. */
static uint8_t *lend(void *user, uint8_t *used, size_t used_cap, size_t cap)
{
	struct lookahead *a = user;
	struct lent full = { used, used_cap }, fresh = { NULL, 0 };
	buf_add(&a->lent, slice_of(&full, sizeof full));
	pthread_mutex_lock(&a->lock);
	if (a->spares)
		fresh = a->spare[--a->spares];
	pthread_mutex_unlock(&a->lock);
	if (fresh.cap != cap) {
		free(fresh.at);
		fresh.at = xmalloc(cap);
	}
	a->events.stays = slice_of(fresh.at, cap);
	return fresh.at;
}

void lookahead_lend(struct lookahead *a, struct source *source)
{
	const struct byte_keeper keeper = { a, lend };
	a->events.stays = source_keep(source, &keeper);
}

/* Second thread: hands the block under way over. Waits while all blocks are full; false once the caller wants no more. */
static bool hand_over(struct lookahead *a, enum capture_status status)
{
	pthread_mutex_lock(&a->lock);
	if (a->full == BLOCKS)
		while (a->full > BLOCKS / 2)
			pthread_cond_wait(&a->freed, &a->lock);
	struct block *b = &a->block[(a->first + a->full) % BLOCKS];
	bool go_on = !a->stop;
	pthread_mutex_unlock(&a->lock);

	exchange(&b->calls, &a->events.calls);
	exchange(&b->lent, &a->lent);
	b->status = status;
	a->work.state(a->work.user, &b->state);

	pthread_mutex_lock(&a->lock);
	a->full++;
	if (a->full >= BLOCKS / 2 || status != CAPTURE_MORE)
		pthread_cond_signal(&a->filled);
	pthread_mutex_unlock(&a->lock);
	return go_on;
}

static bool is_end(enum capture_status status)
{
	return status == CAPTURE_END || status == CAPTURE_DAMAGED;
}

static void *read_ahead(void *user)
{
	struct lookahead *a = user;
	enum capture_status status = CAPTURE_MORE;
	bool go_on = true;
	while (go_on && !is_end(status)) {
		status = a->work.step(a->work.user);
		if (a->events.calls.len >= BLOCK || a->lent.len)
			go_on = hand_over(a, CAPTURE_MORE);
	}
	hand_over(a, status == CAPTURE_WAIT ? CAPTURE_MORE : status);
	a->work.finish(a->work.user);
	hand_over(a, CAPTURE_MORE);
	pthread_mutex_lock(&a->lock);
	a->over = true;
	pthread_cond_signal(&a->filled);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Handles packets until the file's buffer has been full, but not many. True if they are so large that a second thread does not pay, or all there are. */
static bool try_alone(struct lookahead *a)
{
	for (int i = 0; i < TRIAL_STEPS && !is_end(a->ending) && !a->lent.len && a->events.calls.len < BLOCK; i++)
		a->ending = a->work.step(a->work.user);
	a->work.state(a->work.user, &a->state);
	const struct source_counts *n = &a->state.counts.source;
	return is_end(a->ending) || n->bytes > LARGE * n->packets;
}

/* Signals are the caller's. */
static bool start_thread(struct lookahead *a)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool good = pthread_create(&a->thread, NULL, read_ahead, a) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return good;
}

void lookahead_start(struct lookahead *a, bool thread)
{
	a->started = true;
	a->alone = (!thread && try_alone(a)) || !start_thread(a);
}

static struct timespec soon(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t ns = t.tv_nsec + WAIT_NS;
	return (struct timespec){ t.tv_sec + ns / NS_PER_S, ns % NS_PER_S };
}

/* Caller's thread: the next block, waited for until `until`; NULL if there is none. */
static struct block *take(struct lookahead *a, const struct timespec *until)
{
	pthread_mutex_lock(&a->lock);
	if (!a->full)
		while (a->full < BLOCKS / 2 && !a->over && pthread_cond_timedwait(&a->filled, &a->lock, until) == 0)
			;
	struct block *b = a->full ? &a->block[a->first] : NULL;
	pthread_mutex_unlock(&a->lock);
	return b;
}

/* Under the lock, if there is a second thread: buffers that nothing refers to any more. */
static void take_back(struct lookahead *a, struct buf *lent)
{
	for (size_t at = 0; at < lent->len; at += sizeof(struct lent)) {
		struct lent l;
		memcpy(&l, lent->at + at, sizeof l);
		if (a->spares < SPARE)
			a->spare[a->spares++] = l;
		else
			free(l.at);
	}
	buf_clear(lent);
}

static void give_back(struct lookahead *a, struct block *b)
{
	if (b->calls.cap > BLOCK_KEPT)
		buf_release(&b->calls);
	pthread_mutex_lock(&a->lock);
	take_back(a, &b->lent);
	a->first = (a->first + 1) % BLOCKS;
	a->full--;
	if (a->full <= BLOCKS / 2)
		pthread_cond_signal(&a->freed);
	pthread_mutex_unlock(&a->lock);
}

/* Hands a block on. False if there is none. */
static bool hand_on(struct lookahead *a, const struct sink *to)
{
	struct timespec until = soon();
	struct block *b = take(a, &until);
	if (!b)
		return false;
	a->state = b->state;
	a->status = b->status;
	events_tell(&b->calls, to);
	give_back(a, b);
	return true;
}

/* Without a second thread: hands on what there is. */
static void hand_on_alone(struct lookahead *a, const struct sink *to)
{
	a->work.state(a->work.user, &a->state);
	events_tell(&a->events.calls, to);
	take_back(a, &a->lent);
}

static void step_alone(struct lookahead *a, const struct sink *to)
{
	if (!is_end(a->ending))
		a->ending = a->work.step(a->work.user);
	hand_on_alone(a, to);
	a->status = is_end(a->ending) ? a->ending : CAPTURE_MORE;
}

enum capture_status lookahead_step(struct lookahead *a, const struct sink *to)
{
	if (a->status == CAPTURE_MORE && a->alone)
		step_alone(a, to);
	else if (a->status == CAPTURE_MORE)
		hand_on(a, to);
	return a->status;
}

static bool is_over(struct lookahead *a)
{
	pthread_mutex_lock(&a->lock);
	bool over = a->over && !a->full;
	pthread_mutex_unlock(&a->lock);
	return over;
}

void lookahead_finish(struct lookahead *a, const struct sink *to)
{
	a->joined = true;
	if (a->alone) {
		a->work.finish(a->work.user);
		hand_on_alone(a, to);
		return;
	}
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_mutex_unlock(&a->lock);
	while (!is_over(a))
		hand_on(a, to);
	pthread_join(a->thread, NULL);
}

static void ignore_message(void *user, const struct piece *p)
{
	(void)user;
	(void)p;
}

static void ignore_news(void *user, const struct news *n)
{
	(void)user;
	(void)n;
}

static void ignore_closed(void *user, struct conn_info *conn, int64_t time)
{
	(void)user;
	(void)conn;
	(void)time;
}

void lookahead_free(struct lookahead *a)
{
	static const struct sink nowhere = { NULL, ignore_message, ignore_news, ignore_closed, NULL, NULL };
	if (!a)
		return;
	if (a->started && !a->joined)
		lookahead_finish(a, &nowhere);
	for (size_t i = 0; i < BLOCKS; i++) {
		buf_release(&a->block[i].calls);
		buf_release(&a->block[i].lent);
	}
	while (a->spares)
		free(a->spare[--a->spares].at);
	buf_release(&a->events.calls);
	buf_release(&a->lent);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->filled);
	pthread_cond_destroy(&a->freed);
	free(a);
}
