/* From numbers that are given out for ever, such as those of connections, to where what has the number lies. Numbers that are gone take no
 * memory but for 16 bytes a page of PLACES_PAGE of them: fit for a process that runs for months. */
#ifndef BASE_PLACES_H
#define BASE_PLACES_H

#include <stddef.h>
#include <stdint.h>

enum { PLACES_PAGE = 1024 };

struct places_page {
	uint32_t *at;   /* PLACES_PAGE places; NULL: all are 0 */
	uint32_t taken; /* of them not 0 */
};

struct places {
	struct places_page *page;
	size_t pages;    /* room in the directory */
	size_t used;     /* pages that are there */
	uint32_t *spare; /* one that was freed last, all 0 */
};

void places_init(struct places *p);
void places_release(struct places *p);
/* The number's place is `place`; 0: it has none any more. */
void places_set(struct places *p, uint32_t number, uint32_t place);
/* Bytes of memory in use. */
size_t places_memory(const struct places *p);

/* The place, 0 if it has none. */
static inline uint32_t places_at(const struct places *p, uint32_t number)
{
	size_t page = number / PLACES_PAGE;
	return page < p->pages && p->page[page].at ? p->page[page].at[number % PLACES_PAGE] : 0;
}

#endif
