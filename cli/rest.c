/*
 * What had been captured by the end.
 *
 *	     the end is asked for        most_ms                 + COUNT_MS
 *	─────────────┼───── read ───────────┼─────── counted ───────┼ "or more"
 *
 * The kernel hands packets over a moment after they came, so that the last ones are not there yet. Packets later than the end are not wanted: with
 * the first of them all is read, and so it is when nothing comes for a while. That is waited for twice: where the whole machine stands still, as a
 * virtual one may, the first wait and the kernel's are over at once. And some steps are made however late it is, where others had the processor.
 */
#include "cli/rest.h"

#include "base/when.h"
#include "cli/signals.h"
#include "tui/clock.h"

#include <poll.h>

enum { PACKETS = 4096, STEPS = 8, REST_MS = 1000, LEAVING_MS = 300, COUNT_MS = 300 };

const struct rest_patience REST_AT_SIGNAL = { REST_MS, 50 }, REST_AT_LEAVING = { LEAVING_MS, 30 };

struct rest {
	struct capture *capture;
	enum capture_status status;
	int64_t until; /* what was captured later is not wanted */
	int waits;     /* in vain, one after the other */
	bool all;
};

static struct rest rest_of(struct capture *c)
{
	return (struct rest){ c, CAPTURE_MORE, when_now(), 0, false };
}

/* Some packets, read or only counted. */
static void step(struct rest *r, bool count, int quiet_ms)
{
	struct pollfd p = { .fd = source_fd(capture_source(r->capture)), .events = POLLIN };
	uint64_t before = capture_counts(r->capture).source.packets;
	r->waits = r->status == CAPTURE_WAIT && poll(&p, 1, quiet_ms) == 0 ? r->waits + 1 : 0;
	r->status = count ? capture_leave(r->capture, PACKETS, r->until) : capture_step(r->capture, PACKETS);
	struct capture_counts c = capture_counts(r->capture);
	if (c.source.packets != before)
		r->waits = 0;
	bool reads = r->status == CAPTURE_MORE || r->status == CAPTURE_WAIT;
	r->all = !reads || c.last_time >= r->until || r->waits == 2;
}

enum capture_status rest_read(struct capture *c, const struct rest_patience *p)
{
	const volatile sig_atomic_t *again = signals_next();
	struct rest r = rest_of(c);
	int64_t begun = clock_ms();
	for (int steps = 0; !r.all && !*again && (steps < STEPS || clock_ms() - begun < p->most_ms); steps++)
		step(&r, false, p->quiet_ms);
	enum capture_status status = r.status;
	for (begun = clock_ms(); !r.all && clock_ms() - begun < COUNT_MS;)
		step(&r, true, p->quiet_ms);
	return status;
}
