/*
 * What is on the screen is added up as far as the screen shows the session: a frozen screen has frozen sums of messages.
 */
#include "tui/sums.h"

#include "tui/clock.h"

enum { WORK = 2048 };

struct stats *sums_of(struct app *a)
{
	if (!a->stats)
		a->stats = stats_new(a->session, STATS_SHOWN);
	return a->stats;
}

bool sums_work(struct app *a, int64_t until)
{
	struct stats *st = sums_of(a);
	uint32_t before = stats_next(st);
	bool more;
	do
		more = stats_step(st, a->seen.messages, WORK);
	while (more && clock_ms() < until);
	return stats_next(st) != before;
}

const char *sums_doing(struct app *a, int *percent)
{
	uint32_t next = stats_next(sums_of(a)), first = session_first(a->session), end = a->seen.messages;
	if (next > end || end - next < WORK) /* what has just come is not worth telling */
		return NULL;
	*percent = next > first ? (int)((uint64_t)(next - first) * 100 / (end - first)) : 0;
	return "adding up";
}
