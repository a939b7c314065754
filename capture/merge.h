/*
 * Several sources as one, by the time of their packets: rotated capture files, or several interfaces.
 *
 * The files of a ring or of a series thus become one capture, with the connections that cross them whole; and so do captures of the two ends
 * of a wire. The place of a packet (packet.at) has the number of its file in the bits from FILES_BITS on.
 */
#ifndef CAPTURE_MERGE_H
#define CAPTURE_MERGE_H

#include "base/files.h"
#include "capture/source.h"

struct merge;

enum { MERGE_PATIENCE_MS = 30 }; /* an interface or pipe that has had nothing for so long is not waited for */

/* Takes the sources over, which are 2 to FILES_MAX. */
struct merge *merge_new(struct source *const *sources, size_t count);
void merge_free(struct merge *m);
/* As source_next. A source that is damaged ends; SOURCE_DAMAGED is answered when all others have ended too. */
enum source_status merge_next(struct merge *m, struct packet *out);
int merge_fd(const struct merge *m);
const char *merge_error(const struct merge *m);
/* As source_lost_part. */
bool merge_lost_part(const struct merge *m);
/* Sums over all sources; packets and bytes are those handed out. */
struct source_counts merge_counts(const struct merge *m);
/* As source_each_drops. */
void merge_each_drops(const struct merge *m, void (*take)(void *user, const struct interface_drops *d), void *user);
void merge_progress(const struct merge *m, uint64_t *done, uint64_t *total);
bool merge_is_live(const struct merge *m);
/* The descriptors of the sources, in their order; live as long as the merge. */
struct files merge_files(const struct merge *m);

#endif
