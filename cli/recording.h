/* -w on the command line: opening what is written, hearing on its behalf, and what is said of it. */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include "cli/options.h"
#include "export/recorder.h"

struct recording {
	struct recorder *recorder;      /* NULL: nothing is written */
	struct session_listener before; /* who else hears; each may be NULL */
	struct packet_watcher watcher;
	const char *path;
};

/* Opens the file if -w asks for one. at_once: for live sources. False, after a message on standard error, if it can't be. */
bool recording_open(struct recording *r, const struct options *o, bool at_once);
void recording_release(struct recording *r);
/* The listener that hears for it and for `other`, of which it keeps a copy. */
struct session_listener recording_listener(struct recording *r, const struct session_listener *other);
/* The capture has ended: writes the rest, and says what could not be written. Returns an errno, 0 for none. */
int recording_finish(struct recording *r, const struct capture *c);

#endif
