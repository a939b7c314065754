/*
 * The check: the rules that a capture breaks, for the CI of client libraries. Made from a session when everything is read, so that each
 * message is judged by what is known of it in the end.
 */
#ifndef EXPORT_CHECK_H
#define EXPORT_CHECK_H

#include "export/exporter.h"

enum check_format { CHECK_NONE, CHECK_TEXT, CHECK_JSON, CHECK_JUNIT };

/* "text", "json", "junit"; CHECK_NONE for anything else. */
enum check_format check_format_named(const char *name);

struct check_source {
	const struct session *session; /* with its records kept, and their bytes: without those less is told of what was seen */
	const char *file;              /* what was read, for the head of the document; "-" for standard input */
	int64_t first_time;            /* where relative times begin */
	enum time_format time;         /* of times in text */
	bool utc;
	const char *damage; /* why the capture could not be read to its end, a sentence; NULL if it could */
	uint32_t fail_on;   /* bit set of enum rule: what makes the check fail */
};

/* Adds to *rules what a word of --fail-on names: "error", "warning" or "note" for the rules of that severity and worse, or the name of a rule
 * (all its severities). False if it names nothing. */
bool check_add_fail_on(uint32_t *rules, const char *word);
/* True if a rule of fail_on was broken by any message, also one that was forgotten for the memory limit. */
bool check_fails(const struct check_source *from);
/* Writes the broken rules. False when it could not be written whole (errno says why). */
bool check_write(const struct check_source *from, enum check_format format, FILE *out);

#endif
