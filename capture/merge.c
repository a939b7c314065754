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
 */
#include "capture/merge.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum state { ASKED, READY, OVER };

struct input {
	struct source *source;
	struct packet packet;
	enum state state;
	bool live;
	int64_t since; /* ASKED: since when it has had nothing, monotonic ms; 0: not asked in vain yet */
};

struct merge {
	struct input *inputs;
	size_t count, asked;
	size_t *heap, ready;         /* numbers of inputs with a packet, the earliest first */
	size_t handed;               /* whose packet is in the caller's hands; count: none */
	const struct input *damaged; /* the first of those that are */
	uint64_t broken;             /* how many are */
	int *fds, epoll;
};

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void watch(struct merge *m, size_t i)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = i };
	int fd = source_fd(m->inputs[i].source);
	if (m->inputs[i].live && fd >= 0)
		epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &e);
}

struct merge *merge_new(struct source *const *sources, size_t count)
{
	struct merge *m = xcalloc(1, sizeof *m);
	m->inputs = xcalloc(count, sizeof *m->inputs);
	m->heap = xcalloc(count, sizeof *m->heap);
	m->fds = xcalloc(count, sizeof *m->fds);
	m->count = m->asked = m->handed = count;
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < count; i++) {
		m->inputs[i] = (struct input){ .source = sources[i], .live = source_is_live(sources[i]) };
		m->fds[i] = source_file(sources[i]);
		watch(m, i);
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
	int fd = source_fd(in->source);
	in->state = OVER;
	m->asked--;
	m->broken += damaged;
	if (damaged && !m->damaged)
		m->damaged = in;
	if (in->live && fd >= 0)
		epoll_ctl(m->epoll, EPOLL_CTL_DEL, fd, NULL);
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

/* Asks all that have no packet. True if one of them has to be waited for. */
static bool ask_all(struct merge *m)
{
	bool wait = false;
	int64_t now = m->asked ? now_ms() : 0;
	for (size_t i = 0; i < m->count && m->asked; i++) {
		struct input *in = &m->inputs[i];
		if (in->state != ASKED)
			continue;
		ask(m, i);
		wait = wait || (in->state == ASKED && (!in->live || now - in->since < MERGE_PATIENCE_MS));
	}
	return wait;
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
	if (m->asked && ask_all(m))
		return SOURCE_WAIT;
	if (m->ready) {
		m->handed = heap_take(m);
		*out = m->inputs[m->handed].packet;
		return SOURCE_PACKET;
	}
	return m->asked ? SOURCE_WAIT : m->damaged ? SOURCE_DAMAGED : SOURCE_END;
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
