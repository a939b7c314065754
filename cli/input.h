/* What is read: files, interfaces or what the proxy passes, and the secrets of TLS. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "cli/chooser.h"
#include "export/rewriter.h"

struct input {
	struct source *source;   /* the capture takes it over; it may still be asked */
	struct keylog *keylog;   /* NULL: nothing waits for keys */
	struct chooser *chooser; /* of a what-if; NULL */
};

/* Opens what the options name, which refer to the key log from then on. False, after a message on standard error, if it can't be opened. */
bool input_open(struct input *in, struct options *o);
/* Opens the key log file, if there is to be one: after input_open, and when root has been given up. False as above. */
bool input_open_keylog(struct input *in, const struct options *o);
/* Frees all but a source that a capture has taken over. */
void input_release(struct input *in, bool taken);

/* Are they files that can be opened as often as one likes? */
bool input_is_files(const struct input *in, const struct options *o);
/* Opens the same files and keys once more. False, with a sentence in `error`, if one of them is no longer to be had. */
bool input_open_again(const struct options *o, struct second_reading *out, char *error, size_t room);

#endif
