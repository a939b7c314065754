/*
 * What had been captured by the end.
 *
 *	     the end is asked for        most_ms                 + COUNT_MS
 *	─────────────┼───── read ───────────┼─────── counted ───────┼ "or more"
 *
 * The kernel hands packets over a moment after they came, so that the last ones are not there yet. Packets later than the end are not wanted: with
 * the first of them all is read, and so it is when nothing comes for a while.
 */
#include "cli/rest.h"

#include "base/when.h"
#include "cli/signals.h"
#include "tui/clock.h"

#include <poll.h>

enum { PACKETS = 4096, REST_MS = 1000, LEAVING_MS = 300, COUNT_MS = 300 };

const struct rest_patience REST_AT_SIGNAL = { REST_MS, 100 }, REST_AT_LEAVING = { LEAVING_MS, 60 };

struct rest {
	struct capture *capture;
	enum capture_status status;
	int64_t until; /* what was captured later is not wanted */
	int64_t heard; /* when something came last, ms */
	bool all;
};

static struct rest rest_of(struct capture *c)
{
	return (struct rest){ c, CAPTURE_MORE, when_now(), clock_ms(), false };
}

/* Some packets, read or only counted. */
static void step(struct rest *r, bool count, int quiet_ms)
{
	struct pollfd p = { .fd = source_fd(capture_source(r->capture)), .events = POLLIN };
	uint64_t before = capture_counts(r->capture).source.packets;
	if (r->status == CAPTURE_WAIT)
		poll(&p, 1, quiet_ms);
	r->status = count ? capture_leave(r->capture, PACKETS, r->until) : capture_step(r->capture, PACKETS);
	struct capture_counts c = capture_counts(r->capture);
	r->heard = c.source.packets != before ? clock_ms() : r->heard;
	bool reads = r->status == CAPTURE_MORE || r->status == CAPTURE_WAIT;
	r->all = !reads || c.last_time >= r->until || clock_ms() - r->heard >= quiet_ms;
}

enum capture_status rest_read(struct capture *c, const struct rest_patience *p)
{
	const volatile sig_atomic_t *again = signals_next();
	struct rest r = rest_of(c);
	int64_t begun = clock_ms();
	while (!r.all && !*again && clock_ms() - begun < p->most_ms)
		step(&r, false, p->quiet_ms);
	enum capture_status status = r.status;
	for (begun = clock_ms(); !r.all && clock_ms() - begun < COUNT_MS;)
		step(&r, true, p->quiet_ms);
	return status;
}
