/* Times as text. A time is nanoseconds since 1970-01-01 00:00 UTC in an int64_t. */
#ifndef BASE_WHEN_H
#define BASE_WHEN_H

#include "base/buf.h"

enum { NS_PER_S = 1000000000 };

/* What the system's clock says now. */
int64_t when_now(void);
/* "2026-11-22T20:43:36.062123456Z" */
void when_add_iso(struct buf *out, int64_t ns);
/* The same in local time: "2026-11-22T21:43:36.062123456+01:00" */
void when_add_local(struct buf *out, int64_t ns);
/* Reads a time in ISO 8601: "2026-11-22", or with a clock "2026-11-22T20:43", "…:36", "…:36.062123456", and behind that "Z" or an
 * offset such as "+01:00" (none: UTC). False if it is none, or beyond what an int64_t holds (years 1678 to 2261). */
bool when_read_iso(struct slice text, int64_t *ns);
/* "20:43:36.062123", in local time or UTC. */
void when_add_clock(struct buf *out, int64_t ns, bool utc);
/* A span in seconds with 9 decimals: "0.000120500", "-1.000000000". */
void when_add_seconds(struct buf *out, int64_t ns);
/* A span for people, at most 7 columns (8 if negative): "120µs", "3.4ms", "1.20s", "2m05s", "3h12m", "4d". */
void when_add_span(struct buf *out, int64_t ns);

#endif
