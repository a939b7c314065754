/* Saving the file of one upload or download, from the messages that the session has, in slices. */
#ifndef TUI_STREAM_SAVE_H
#define TUI_STREAM_SAVE_H

#include "decode/session.h"

struct stream_save;

/* Begins to write the file of a thread (by its first message) into a folder, under the name that its messages give, made harmless; no file
 * that is there is overwritten (export/extract.h). NULL, and a sentence in error, if the folder can't be used. */
struct stream_save *stream_save_new(const struct session *s, uint32_t thread, const char *folder, char *error, size_t room);
/* Goes on, for about `work` messages; true as long as there is more. */
bool stream_save_step(struct stream_save *j, size_t work);
int stream_save_percent(const struct stream_save *j);
/* What became of it: "report.pdf: 180,000 bytes, checksum right". Only when there is nothing more to do. */
void stream_save_result(struct stream_save *j, struct buf *out);
void stream_save_free(struct stream_save *j);

#endif
