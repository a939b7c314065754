/* What can be asked of envscope instead of a capture: help, versions, what there is to choose from. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "cli/options.h"

/* Answers o->action, which is not ACTION_RUN, on standard output; what is wrong is said on standard error. */
enum exit_status answer_write(const struct options *o);

#endif
