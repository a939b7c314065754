/*
 * Places: a directory of pages, each made with its first number and freed with its last.
 *
 * A flat array would be as quick, but keeps four bytes for each number that there ever was; after a hundred million short connections that
 * is most of what -M allows. A hash table would keep less for few old numbers among many, which is not how connections come and go. One page is
 * kept for the next: where one connection follows the other, a page would come and go with each.
 */
#include "base/places.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

void places_init(struct places *p)
{
	*p = (struct places){ 0 };
}

void places_release(struct places *p)
{
	for (size_t i = 0; i < p->pages; i++)
		free(p->page[i].at);
	free(p->page);
	free(p->spare);
	places_init(p);
}

static void grow(struct places *p, size_t page)
{
	size_t pages = p->pages ? p->pages : 16;
	while (pages <= page)
		pages *= 2;
	p->page = xreallocarray(p->page, pages, sizeof *p->page);
	memset(p->page + p->pages, 0, (pages - p->pages) * sizeof *p->page);
	p->pages = pages;
}

static void add_page(struct places *p, struct places_page *page)
{
	page->at = p->spare ? p->spare : xcalloc(PLACES_PAGE, sizeof *page->at);
	p->spare = NULL;
	p->used++;
}

/* The page, in which nothing is left, becomes the spare one. */
static void drop_page(struct places *p, struct places_page *page)
{
	free(p->spare);
	p->spare = page->at;
	page->at = NULL;
	p->used--;
}

void places_set(struct places *p, uint32_t number, uint32_t place)
{
	size_t index = number / PLACES_PAGE;
	if (places_at(p, number) == place)
		return;
	if (index >= p->pages)
		grow(p, index);
	struct places_page *page = &p->page[index];
	if (!page->at)
		add_page(p, page);
	uint32_t *at = &page->at[number % PLACES_PAGE];
	page->taken += (place != 0);
	page->taken -= (*at != 0);
	*at = place;
	if (!page->taken)
		drop_page(p, page);
}

size_t places_memory(const struct places *p)
{
	return p->pages * sizeof *p->page + (p->used + !!p->spare) * PLACES_PAGE * sizeof(uint32_t);
}
