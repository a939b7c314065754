/*
 * Several sources as one.
 *
 * Each input has at most one packet in hand, which stays where its source put it until the source is asked again. Inputs with a packet stand
 * in a heap by its time; those that have none now are asked at each turn:
 *
 *	READY ──handed out──> ASKED ──packet──> READY
 *	                       │ └──nothing now: stays ASKED
 *	                       └──end or damage──> OVER
 *
 * A file always has its next packet, so that files come strictly by time. An interface may be silent for long: it is waited for only
 * MERGE_PATIENCE_MS, so that packets of several interfaces are in order but for what comes later than that.
 *
 * Whoever waits polls one descriptor. It is readable when one of the inputs that are ASKED has something, not for what others have besides the packet
 * in hand, and when the time is over for which a silent one is waited for.
 */
#include "capture/merge.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum state { ASKED, READY, OVER };

struct input {
	struct source *source;
	struct packet packet;
	enum state state;
	bool live, watched; /* watched: by epoll */
	int64_t since;      /* ASKED: since when it has had nothing, monotonic ms; 0: not asked in vain yet */
};

struct merge {
	struct input *inputs;
	size_t count, asked;
	size_t *heap, ready;         /* numbers of inputs with a packet, the earliest first */
	size_t handed;               /* whose packet is in the caller's hands; count: none */
	const struct input *damaged; /* the first of those that are */
	uint64_t broken;             /* how many are */
	int *fds, epoll, timer;
	bool timed; /* the timer is set */
};

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void watch(struct merge *m, struct input *in, bool wanted)
{
	struct epoll_event e = { .events = EPOLLIN };
	int fd = source_fd(in->source);
	if (in->live && fd >= 0 && in->watched != wanted)
		epoll_ctl(m->epoll, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &e);
	in->watched = wanted;
}

/* The timer ends in so many ms, at once for 0; never if that is negative. */
static void set_timer(struct merge *m, int64_t ms)
{
	struct itimerspec t = { .it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 + 1 } };
	if (ms < 0)
		t = (struct itimerspec){ 0 };
	if (ms >= 0 || m->timed)
		timerfd_settime(m->timer, 0, &t, NULL);
	m->timed = ms >= 0;
}

struct merge *merge_new(struct source *const *sources, size_t count)
{
	struct merge *m = xcalloc(1, sizeof *m);
	m->inputs = xcalloc(count, sizeof *m->inputs);
	m->heap = xcalloc(count, sizeof *m->heap);
	m->fds = xcalloc(count, sizeof *m->fds);
	m->count = m->asked = m->handed = count;
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	m->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	epoll_ctl(m->epoll, EPOLL_CTL_ADD, m->timer, &(struct epoll_event){ .events = EPOLLIN });
	for (size_t i = 0; i < count; i++) {
		m->inputs[i] = (struct input){ .source = sources[i], .live = source_is_live(sources[i]) };
		m->fds[i] = source_file(sources[i]);
		watch(m, &m->inputs[i], true);
	}
	return m;
}

void merge_free(struct merge *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		source_free(m->inputs[i].source);
	if (m->epoll >= 0)
		close(m->epoll);
	if (m->timer >= 0)
		close(m->timer);
	free(m->inputs);
	free(m->heap);
	free(m->fds);
	free(m);
}

/* Of packets of the same time that of the earlier input comes first. */
static bool before(const struct merge *m, size_t a, size_t b)
{
	int64_t x = m->inputs[a].packet.time, y = m->inputs[b].packet.time;
	return x < y || (x == y && a < b);
}

static void swap(struct merge *m, size_t a, size_t b)
{
	size_t kept = m->heap[a];
	m->heap[a] = m->heap[b];
	m->heap[b] = kept;
}

static void heap_add(struct merge *m, size_t input)
{
	size_t i = m->ready++;
	m->heap[i] = input;
	for (; i && before(m, m->heap[i], m->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(m, i, (i - 1) / 2);
}

static size_t heap_take(struct merge *m)
{
	size_t first = m->heap[0];
	m->heap[0] = m->heap[--m->ready];
	for (size_t i = 0, child; (child = 2 * i + 1) < m->ready; i = child) {
		if (child + 1 < m->ready && before(m, m->heap[child + 1], m->heap[child]))
			child++;
		if (!before(m, m->heap[child], m->heap[i]))
			break;
		swap(m, i, child);
	}
	return first;
}

static void end_input(struct merge *m, struct input *in, bool damaged)
{
	in->state = OVER;
	m->asked--;
	m->broken += damaged;
	if (damaged && !m->damaged)
		m->damaged = in;
	watch(m, in, false);
}

static void ask(struct merge *m, size_t i)
{
	struct input *in = &m->inputs[i];
	switch (source_next(in->source, &in->packet)) {
	case SOURCE_PACKET:
		if (in->packet.at >= 0)
			in->packet.at |= (int64_t)i << FILES_BITS;
		in->state = READY;
		in->since = 0;
		m->asked--;
		heap_add(m, i);
		break;
	case SOURCE_WAIT:
		if (!in->since)
			in->since = now_ms();
		break;
	case SOURCE_END: end_input(m, in, false); break;
	case SOURCE_DAMAGED: end_input(m, in, true); break;
	}
}

/* Asks all that have no packet. Returns for how many ms one of them has to be waited for, -1 for none; a file that has not come to its next packet yet
 * is asked again at once. */
static int64_t ask_all(struct merge *m)
{
	int64_t now = m->asked ? now_ms() : 0, wait = -1;
	for (size_t i = 0; i < m->count && m->asked; i++) {
		struct input *in = &m->inputs[i];
		if (in->state != ASKED)
			continue;
		ask(m, i);
		int64_t left = in->live ? in->since + MERGE_PATIENCE_MS - now : 0;
		if (in->state == ASKED && (left > 0 || !in->live) && (wait < 0 || left < wait))
			wait = left;
	}
	return wait;
}

/* There is nothing now; in so many ms, if that is not negative, there is, or it is time to look again. */
static enum source_status wait_for(struct merge *m, int64_t ms)
{
	for (size_t i = 0; i < m->count; i++)
		watch(m, &m->inputs[i], m->inputs[i].state == ASKED);
	set_timer(m, ms);
	return SOURCE_WAIT;
}

enum source_status merge_next(struct merge *m, struct packet *out)
{
	if (m->handed < m->count) {
		struct input *in = &m->inputs[m->handed];
		in->state = ASKED;
		m->asked++;
		ask(m, m->handed);
		m->handed = m->count;
	}
	int64_t wait = ask_all(m);
	if (wait >= 0)
		return wait_for(m, m->ready || !wait ? wait : -1);
	if (m->ready) {
		m->handed = heap_take(m);
		*out = m->inputs[m->handed].packet;
		return SOURCE_PACKET;
	}
	return m->asked ? wait_for(m, -1) : m->damaged ? SOURCE_DAMAGED : SOURCE_END;
}

int merge_fd(const struct merge *m)
{
	return merge_is_live(m) ? m->epoll : source_fd(m->inputs[0].source);
}

const char *merge_error(const struct merge *m)
{
	return m->damaged ? source_error(m->damaged->source) : "";
}

bool merge_lost_part(const struct merge *m)
{
	return m->damaged && merge_is_live(m);
}

struct source_counts merge_counts(const struct merge *m)
{
	struct source_counts sum = { .broken = m->broken };
	for (size_t i = 0; i < m->count; i++) {
		struct source_counts c = source_counts(m->inputs[i].source);
		sum.dropped_kernel += c.dropped_kernel;
		sum.dropped_interface += c.dropped_interface;
		sum.filtered += c.filtered;
		sum.comments += c.comments;
		sum.secrets_dropped += c.secrets_dropped;
		sum.watched = sum.watched || c.watched;
	}
	return sum;
}

void merge_each_drops(const struct merge *m, void (*take)(void *user, const struct interface_drops *d), void *user)
{
	for (size_t i = 0; i < m->count; i++)
		source_each_drops(m->inputs[i].source, take, user);
}

void merge_progress(const struct merge *m, uint64_t *done, uint64_t *total)
{
	*done = *total = 0;
	for (size_t i = 0; i < m->count; i++) {
		uint64_t d, t;
		source_progress(m->inputs[i].source, &d, &t);
		*done += d;
		*total += t;
	}
}

bool merge_is_live(const struct merge *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->inputs[i].live)
			return true;
	return false;
}

struct files merge_files(const struct merge *m)
{
	return (struct files){ m->fds, m->count };
}
