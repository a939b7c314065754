/*
 * What -e and -E say: the columns of -T fields and -T csv, and how they are written.
 */
#ifndef EXPORT_FIELD_OPTIONS_H
#define EXPORT_FIELD_OPTIONS_H

#include "decode/pick.h"

enum { FIELDS_MAX = 256 };

enum occurrence { OCCURRENCE_ALL, OCCURRENCE_FIRST, OCCURRENCE_LAST };

struct field_options {
	const char *name[FIELDS_MAX]; /* -e */
	size_t count;
	bool bom;
	int header;                        /* 1 yes, 0 no, -1 as the format has it */
	char separator, aggregator, quote; /* each 0: as the format has it */
	enum occurrence occurrence;
	struct picks *picks; /* made of the names by field_options_ready */
};

/* Takes an argument of -E such as "header=y". False if it is none that there is. */
bool field_options_take(struct field_options *o, const char *setting);
/* The i-th setting of -E as the help shows it, and a sentence; NULL behind the last. */
const char *field_setting_at(size_t i, const char **sentence);
/* Its name alone; NULL behind the last. */
const char *field_setting_name(size_t i);
/* Looks the names up; without any, those that a table has by default, if `table`. False if one is no field, with *error as picks_add. */
bool field_options_ready(struct field_options *o, bool table, bool show_secrets, struct buf *error);
void field_options_release(struct field_options *o);

#endif
