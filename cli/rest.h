/* What had been captured by the time at which the end was asked for, and is yet to be read. */
#ifndef CLI_REST_H
#define CLI_REST_H

#include "capture/capture.h"

/* How long that may take, and how long is waited for more, in vain, twice, until it counts as all. */
struct rest_patience {
	int most_ms, quiet_ms;
};

/* A signal came: whoever writes into a pipe may have got the same one, and writes what it still had. */
extern const struct rest_patience REST_AT_SIGNAL;
/* Somebody has left the screens, and waits for the prompt. */
extern const struct rest_patience REST_AT_LEAVING;

/* Reads it, of a live source that can be read on. Where there is too much of it, or another signal comes, what is left is counted, for a moment, and
 * not handled (capture_counts.unread). Returns what the capture said last. */
enum capture_status rest_read(struct capture *c, const struct rest_patience *p);

#endif
