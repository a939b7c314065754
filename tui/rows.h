/*
 * The rows of the Messages view: messages, and between them what is no message (news), in the order of time.
 *
 * Message n is the n-th message, news k the k-th news (from 0), which came after `after[k]` messages. Both
 * only ever grow at the end, so the row of each is fixed: news k stands at row after[k] + k, and in between
 * the messages follow each other. Nothing is copied; a row is found by binary search.
 */
#ifndef TUI_ROWS_H
#define TUI_ROWS_H

#include <stdbool.h>
#include <stdint.h>

struct rows {
	uint32_t messages, news;
	uint32_t (*after)(const void *user, uint32_t k);
	const void *user;
};

/* What stands at a row: message n, or (n 0) news k. */
struct row_at {
	uint32_t n, news;
};

static inline uint64_t rows_count(const struct rows *r)
{
	return (uint64_t)r->messages + r->news;
}

struct row_at rows_at(const struct rows *r, uint64_t row);
/* The row of message n. */
uint64_t rows_of_message(const struct rows *r, uint32_t n);

#endif
