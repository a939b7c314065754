/* Which messages a what-if of the proxy changes: those that a display filter matches. */
#ifndef CLI_CHOOSER_H
#define CLI_CHOOSER_H

#include "cli/options.h"

struct chooser;

/* Prepares it if a what-if needs one, and hands it to o->proxy.what_if, which then refers to it and to o->only_filter. NULL if none is needed.
 * To be called before the proxy is opened: the relay's process has its copy. */
struct chooser *chooser_new(struct options *o);
/* NULL is allowed. */
void chooser_free(struct chooser *c);

#endif
