/*
 * Suggestions for misspelt names: the one that fewest slips of the pen lead to. A slip is a letter too many, one too few, a wrong one, or
 * two that changed places; about one in three letters may be wrong.
 */
#include "base/suggest.h"

#include <ctype.h>

enum { LONGEST = 40 };

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Optimal string alignment of a and b, neither longer than LONGEST, case ignored. */
static int slips(struct slice a, struct slice b)
{
	int row[3][LONGEST + 1];
	for (size_t j = 0; j <= b.len; j++)
		row[0][j] = (int)j;
	for (size_t i = 1; i <= a.len; i++) {
		int *now = row[i % 3], *before = row[(i + 2) % 3], *older = row[(i + 1) % 3];
		now[0] = (int)i;
		for (size_t j = 1; j <= b.len; j++) {
			int same = tolower(a.at[i - 1]) == tolower(b.at[j - 1]);
			now[j] = least(least(before[j] + 1, now[j - 1] + 1), before[j - 1] + !same);
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
				now[j] = least(now[j], older[j - 2] + 1);
		}
	}
	return row[a.len % 3][b.len];
}

void suggestion_offer(struct suggestion *s, const char *name)
{
	struct slice offered = slice_str(name);
	if (!s->typed.len || s->typed.len > LONGEST || offered.len > LONGEST)
		return;
	int distance = slips(s->typed, offered), most = 1 + (int)s->typed.len / 3;
	if (distance > most || distance >= (int)offered.len || (s->best && distance >= s->distance))
		return;
	s->best = name;
	s->distance = distance;
}
