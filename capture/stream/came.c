/*
 * Runs of bytes that came at the same time, the oldest first. Whoever gathers bytes for a search looks at them rarely: so trimming in front, which
 * moves the others, costs little.
 */
#include "capture/stream/came.h"

struct run {
	size_t bytes;
	int64_t time;
};

static struct run run_at(const struct came *c, size_t at)
{
	struct run run;
	memcpy(&run, c->runs.at + at, sizeof run);
	return run;
}

bool came_add(struct came *c, size_t bytes, int64_t time)
{
	struct run run = { bytes, time };
	bool timed = true;
	if (!bytes)
		return true;
	c->bytes += bytes;
	if (c->runs.len) {
		struct run last = run_at(c, c->runs.len - sizeof last);
		if (last.time == time || c->runs.len / sizeof run >= CAME_MAX) {
			timed = last.time == time;
			c->runs.len -= sizeof last;
			run = (struct run){ last.bytes + bytes, last.time };
		}
	}
	buf_add(&c->runs, slice_of(&run, sizeof run));
	return timed;
}

void came_keep(struct came *c, size_t bytes)
{
	size_t gone = 0;
	for (; gone < c->runs.len && c->bytes > bytes; gone += sizeof(struct run)) {
		struct run run = run_at(c, gone);
		if (c->bytes - run.bytes < bytes) {
			run.bytes -= c->bytes - bytes;
			c->bytes = bytes;
			memcpy(c->runs.at + gone, &run, sizeof run);
			break;
		}
		c->bytes -= run.bytes;
	}
	buf_consume(&c->runs, gone);
}

size_t came_first(const struct came *c, int64_t *time)
{
	if (!c->runs.len)
		return 0;
	struct run run = run_at(c, 0);
	*time = run.time;
	return run.bytes;
}

void came_move(struct came *to, struct came *from)
{
	buf_add(&to->runs, buf_slice(&from->runs));
	to->bytes += from->bytes;
	buf_clear(&from->runs);
	from->bytes = 0;
}

void came_release(struct came *c)
{
	buf_release(&c->runs);
	c->bytes = 0;
}
