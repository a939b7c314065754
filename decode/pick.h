/*
 * Fields of messages by their names in the display filter, for those who want their values and not only an answer: columns.
 *
 * All fields that are wanted are looked up once; each message is then looked at as a whole, so that its view and its tree are made once,
 * and only if a field needs them.
 */
#ifndef DECODE_PICK_H
#define DECODE_PICK_H

#include "decode/dissect.h"
#include "decode/filter.h"

struct picks;

/* A value of a field. Borrowed until the next one. */
struct pick {
	enum filter_type type;      /* WORDS come as one value each */
	int64_t number;             /* NUMBER, YES_NO; SECONDS and TIME in ns */
	struct slice text;          /* WORD, WORDS, TEXT, SECRET */
	const struct endpoint *end; /* ADDRESS, */
	bool port;                  /* whose port belongs to it */
	const struct node *node;    /* DATA */
};

struct picks *picks_new(bool show_secrets);
void picks_free(struct picks *p);
/* One more field, with or without the prefix openiap. False if there is none of that name: *error, cleared first, then has a sentence and
 * behind line breaks the name with the fault marked, harmless for a terminal. */
bool picks_add(struct picks *p, const char *name, struct buf *error);
size_t picks_count(const struct picks *p);
/* The i-th name (from 0), as it was given. */
const char *picks_name(const struct picks *p, size_t i);
/* Looks at message n, which must be kept; bytes as for filter_match. start: time of the first packet. */
void picks_look(struct picks *p, const struct session *s, uint32_t n, struct slice bytes, int64_t start);
/* Tells the values that the i-th field has in the message looked at, in their order. */
void picks_values(struct picks *p, size_t i, void (*take)(void *user, const struct pick *v), void *user);

#endif
