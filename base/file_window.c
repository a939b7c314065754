/*
 * Reading ahead.
 *
 *	place              next                    place + len
 *	  ├─────────────────┼──────────────────────────┤
 *	     was asked for        may be asked for
 *
 * Only a read that begins where the last one ended, or a little behind it, fills the window anew: a screen that looks here and there reads
 * what it looks at and no more.
 */
#include "base/file_window.h"

#include <string.h>
#include <unistd.h>

static bool has(const struct file_window *a, uint64_t place, size_t len)
{
	return place >= a->place && place - a->place <= a->len && a->len - (place - a->place) >= len;
}

static void fill(struct file_window *a, struct files f, uint64_t place)
{
	ssize_t n = pread(files_descriptor(f, place), a->bytes, sizeof a->bytes, (off_t)files_offset(place));
	a->place = place;
	a->len = n > 0 ? (size_t)n : 0;
}

bool file_window_read(struct file_window *a, struct files f, void *to, size_t len, uint64_t place)
{
	bool forward = place >= a->next && place - a->next <= WINDOW_STEP && len <= WINDOW_STEP;
	a->next = place + len;
	if (!has(a, place, len)) {
		if (forward)
			fill(a, f, place);
		if (!forward || !has(a, place, len))
			return files_read(f, to, len, place);
	}
	memcpy(to, a->bytes + (place - a->place), len);
	return true;
}
