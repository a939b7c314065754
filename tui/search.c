/*
 * The search: which position comes next, and when to pause.
 *
 * Positions are whatever a view counts, mostly its rows; the view says whether one matches (view_ops.matches).
 */
#include "tui/search.h"

#include "tui/clock.h"
#include "tui/view.h"

enum { SLICE_MS = 8, ROWS = 32 };

static void advance(struct search *s)
{
	if (s->backward) {
		s->wrapped |= s->at == s->first;
		s->at = s->at == s->first ? s->end - 1 : s->at - 1;
	} else {
		s->wrapped |= s->at + 1 == s->end;
		s->at = s->at + 1 == s->end ? s->first : s->at + 1;
	}
}

void search_start(struct search *s, struct view *v, uint64_t first, uint64_t end, uint64_t from, bool backward)
{
	s->view = v;
	s->backward = backward;
	s->wrapped = false;
	s->first = first;
	s->end = end;
	s->edge = first + end;
	s->left = end > first ? end - first : 0;
	s->at = from < first || from >= end ? first : from;
	s->running = true;
	if (s->left)
		advance(s);
}

bool search_extend(struct search *s, uint64_t first, uint64_t end)
{
	bool behind = end > s->end;
	s->at = behind ? s->end : first;
	s->left = behind ? end - s->end : first < s->first ? s->first - first : 0;
	s->first = first < s->first ? first : s->first;
	s->end = behind ? end : s->end;
	s->backward = false;
	return s->running = s->left > 0;
}

void search_shift(struct search *s, uint64_t by)
{
	s->first += by;
	s->end += by;
	s->at += by;
}

enum search_result search_step(struct search *s)
{
	int64_t until = clock_ms() + SLICE_MS;
	do {
		for (int i = 0; i < ROWS; i++) {
			if (!s->left) {
				s->running = false;
				return SEARCH_NOTHING;
			}
			s->left--;
			if (view_matches(s->view, s->at, &s->pattern)) {
				s->running = false;
				return SEARCH_FOUND;
			}
			advance(s);
		}
	} while (clock_ms() < until);
	return SEARCH_RUNNING;
}

int search_percent(const struct search *s)
{
	uint64_t all = s->end - s->first;
	return all ? (int)((double)(all - s->left) * 100 / (double)all) : 100;
}

void search_clear(struct search *s)
{
	buf_clear(&s->pattern.text);
	s->view = NULL;
	s->running = false;
}

void search_release(struct search *s)
{
	pattern_release(&s->pattern);
}
