/*
 * Writing uploaded and downloaded files into a folder as they pass.
 *
 * Nothing from the wire decides where a file goes: it is written under a name of envscope's own in the folder, and in the end gets the name
 * that the messages give, made harmless (export/filename.h), with ".1", ".2" … behind it where there is such a file already, and then
 * ".partial" where the capture does not show that it came whole. No file that is there is ever overwritten or followed.
 */
#ifndef EXPORT_EXTRACT_H
#define EXPORT_EXTRACT_H

#include "base/bound.h"
#include "decode/session.h"

#include <stdio.h>

enum {
	EXTRACT_OPEN = BOUND(256, 8), /* files under way at a time; what is more is not written, and said so */
	/* requests whose stream may still begin, and files, at a time; the oldest requests give way, counted */
	EXTRACT_WAITING = BOUND(1024, 16),
};

struct extract;

/* Opens the folder, and makes it if it is not there (its parent must be). NULL, and a sentence in error, if that fails. */
struct extract *extract_new(const char *folder, char *error, size_t room);
/* Closes everything; files that were not finished go. */
void extract_free(struct extract *e);
/* Whose streams are heard: before the first message. The session keeps its records; bytes are not needed. */
void extract_set_session(struct extract *e, const struct session *s);
/* For the session's listener, with e as their user. */
void extract_message(void *user, uint32_t n, struct slice bytes);
void extract_stream(void *user, uint32_t thread, struct slice bytes);
/* Some of the thread's data came, but is not there any more. */
void extract_lack(struct extract *e, uint32_t thread);
/* The capture is over: finishes what is left. Then what was written stands in the lines of extract_write. */
void extract_finish(struct extract *e);
/* Writes a line for each file: name, bytes, whether the checksum is right. False when it could not be written whole (errno says why). */
bool extract_write(const struct extract *e, FILE *out);
/* The errno of the first file that could not be written; 0 if all could. */
int extract_error(const struct extract *e);

#endif
