/*
 * The capture as the screens drive it.
 *
 * A slice is short enough that a key press is never kept waiting where one could notice, and long enough
 * that looking at the clock and polling cost nothing beside the work.
 */
#include "tui/intake.h"

#include "tui/clock.h"

enum { SLICE_MS = 6, PACKETS = 512 };

static void finish(struct intake *i, enum intake_state state)
{
	i->state = state;
	capture_finish(i->capture);
}

void intake_step(struct intake *i)
{
	int64_t until = clock_ms() + SLICE_MS;
	while (i->state == INTAKE_READING && clock_ms() < until) {
		if (i->enough && i->enough(i->user)) {
			i->enough_read = true;
			finish(i, INTAKE_ENDED);
			return;
		}
		switch (capture_step(i->capture, i->enough ? 1 : PACKETS)) {
		case CAPTURE_MORE: break;
		case CAPTURE_WAIT: i->state = INTAKE_WAITING; break;
		case CAPTURE_END: finish(i, INTAKE_ENDED); break;
		case CAPTURE_DAMAGED: finish(i, INTAKE_DAMAGED); break;
		}
	}
}

void intake_end(struct intake *i, enum capture_status last)
{
	if (!intake_over(i))
		finish(i, last == CAPTURE_DAMAGED ? INTAKE_DAMAGED : INTAKE_ENDED);
}

bool intake_stop(struct intake *i)
{
	if (intake_over(i) || source_is_live(capture_source(i->capture)))
		return false;
	i->stopped = true;
	finish(i, INTAKE_ENDED);
	return true;
}

int intake_fd(const struct intake *i)
{
	return i->state == INTAKE_WAITING ? source_fd(capture_source(i->capture)) : -1;
}

void intake_wake(struct intake *i)
{
	if (i->state == INTAKE_WAITING)
		i->state = INTAKE_READING;
}
