/* Names of files that are uploaded and downloaded: where the protocol says them, and what of them is fit for a folder. */
#ifndef EXPORT_FILENAME_H
#define EXPORT_FILENAME_H

#include "decode/session.h"

enum { FILENAME_LONGEST = 180 }; /* bytes; leaves room for endings within the 255 that file systems take */

/* Sets *out to the file name that a message gives, as sent but for secrets, cut to a few kilobytes: that of an UploadRequest, a DownloadRequest or a
 * DownloadResponse. Leaves it as it is where the message has none. bytes: its Envelope. */
void filename_of_message(struct buf *out, const struct schema *schema, const struct record *r, struct slice bytes);
/* The same for a thread whose messages' bytes are kept: that of the reply, else of the request, else nothing. */
void filename_of_thread(struct buf *out, const struct session *s, const struct thread_info *t);

/* Appends the name so that it can only be a file in one folder: of a path its last part; control characters, what is not UTF-8, what turns
 * text around, and characters that file systems or shells take for something else as '_'; no dots or spaces at the front, no hyphen
 * there, no dots or spaces at the end; at most FILENAME_LONGEST bytes of whole characters. Appends nothing if nothing is left. */
void filename_add_safe(struct buf *out, struct slice name);

#endif
