/* Who listens to the direction that a what-if does not change, for a chooser that has to know what a reply answers. */
#ifndef CAPTURE_PROXY_EAR_H
#define CAPTURE_PROXY_EAR_H

#include "capture/proxy/what_if_chooser.h"

struct ear;

/* For a connection as the chooser knows it: its messages in direction `dir` go to chooser->heard. Both are borrowed. */
struct ear *ear_new(const struct what_if_chooser *chooser, struct conn_info *conn, enum dir dir);
/* NULL is allowed. */
void ear_free(struct ear *e);
/* Bytes of either direction, in the order in which they came. */
void ear_feed(struct ear *e, enum dir dir, struct slice bytes);

#endif
