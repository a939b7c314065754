/*
 * The display filter: Wireshark's grammar over the names of -T ndjson (docs/filter.md).
 *
 * A filter is made from text once and then asked about one message after the other. It reads of a message only what it must: the
 * record, or the Envelope's own fields, or the payload. A question leaves nothing behind but scratch memory, so whoever goes through
 * many messages can stop after any of them and go on later.
 */
#ifndef DECODE_FILTER_H
#define DECODE_FILTER_H

#include "decode/session.h"

struct filter;

/* What has to be read of a message, each more than the one before: its record, the view of its Envelope, its dissection. */
enum filter_need { FILTER_INDEX, FILTER_ENVELOPE, FILTER_PAYLOAD };

enum filter_type {
	FILTER_NUMBER,
	FILTER_SECONDS,
	FILTER_TIME,
	FILTER_YES_NO,
	FILTER_WORD,  /* one of a list of words */
	FILTER_WORDS, /* some of a list */
	FILTER_TEXT,
	FILTER_ADDRESS,
	FILTER_SECRET, /* text that may be asked for but, without show_secrets, not compared */
	FILTER_DATA    /* the payload; its fields are data.NAME */
};

/* A field that can be asked for. Static. */
struct filter_field {
	const char *name;
	enum filter_type type;
	enum filter_need need;
	const char *sentence;
};

/* The i-th field (from 0), NULL behind the last: for help, completion and documents. */
const struct filter_field *filter_field_at(size_t i);
/* "number", "seconds", "text" … */
const char *filter_type_name(enum filter_type t);
/* The i-th other name for a field that Wireshark's users know, and the field's; NULL behind the last. */
const char *filter_alias_at(size_t i, const char **name);
/* The i-th word that a WORD or WORDS field can have (a command can have others too); NULL behind the last, and for other fields. */
const char *filter_word_at(const struct filter_field *field, const struct schema *schema, int i);

/*
 * A filter, to be freed with filter_free. An empty text matches every message. NULL if the text is no filter: *error, which is
 * cleared first, then has a sentence, and behind line breaks the text and a line that marks the place in it; harmless for a terminal,
 * without a line break at the end.
 */
struct filter *filter_new(const char *text, bool show_secrets, struct buf *error);
void filter_free(struct filter *f);

/* Where it can match something, but is hardly what was meant: a command that the protocol does not have and that is near to one that it has,
 * part of a word that no word has. A sentence and the mark, as *error of filter_new; the filter's. NULL: nothing is odd. */
const char *filter_doubt(struct filter *f);

/* The most that a message may need to be read for it. */
enum filter_need filter_needs(const struct filter *f);
/* Does a message that matches do so for ever? Not where it depends on what becomes known later (struct session_revision). */
bool filter_lasting(const struct filter *f);
/* Is there a field in it whose value only he knows who sees both directions of a connection? */
bool filter_needs_pair(const struct filter *f);
/* The name of a field in it whose value only he knows who sees all messages, of both directions; NULL: none. */
const char *filter_needs_all(const struct filter *f);
/* The time of the first packet, from which `rel` counts; 0 until it is set. */
void filter_set_start(struct filter *f, int64_t time);
/* Does message n match? False if its record is forgotten. bytes: of its Envelope, as far as captured; empty: they are read with
 * session_bytes if needed. */
bool filter_match(struct filter *f, const struct session *s, uint32_t n, struct slice bytes);
/* How often a regular expression was given up, as the text was too long or the search too hard: that counts as no match. */
uint64_t filter_given_up(const struct filter *f);

#endif
