/* What a report in HTML is made from: for export/html.c, which gathers it, and export/html_page.c, which writes it, only. */
#ifndef EXPORT_HTML_PART_H
#define EXPORT_HTML_PART_H

#include "base/bound.h"
#include "export/drawing.h"

enum {
	HTML_MESSAGES = BOUND(10000, 16),   /* messages shown; the rest is counted */
	HTML_FIELDS = BOUND(16 << 10, 512), /* bytes of the fields of one */
	HTML_BYTES = 48 << 20,              /* bytes of all their texts */
};

/* A message. Its line and its fields stand in html.texts, escaped already. */
struct html_message {
	uint32_t n, thread;
	uint32_t rules;
	enum role role;
	bool failed;
	size_t line, fields, end; /* where they begin and end */
};

struct html_thread {
	uint32_t first;
	struct thread_info info; /* as it was known last */
	uint32_t conn;
	struct slice command, gist; /* kept in the drawing's texts */
};

struct html_conn {
	uint32_t number;
	struct conn_facts info;
	uint64_t messages;
};

/* Counts of all messages, those that are not shown too. */
struct html_counts {
	uint64_t threads, conns;
	uint64_t worst[SEVERITY_ERROR + 1]; /* messages by the worst rule that they break */
	uint64_t broken[RULES];             /* and by rule */
	struct buf threads_met, conns_met;  /* a bit a number */
};

/* Items in the order of the number that is their first member. */
struct html_table {
	uint8_t *at;
	size_t count, cap, size;
};

struct html {
	struct drawing drawing; /* first: the printer's state is a drawing too */
	struct html_counts counts;
	struct html_message *message;
	size_t messages, cap;
	uint64_t left_out;
	struct buf texts;
	struct html_table threads, conns;
	int64_t first, last; /* times of the first and the last message */
};

/* The item with that number; NULL if there is none. */
void *html_find(const struct html_table *t, uint32_t number);
/* Appends the whole page. */
void html_page(struct buf *out, const struct html *h, const struct printer *p);

#endif
