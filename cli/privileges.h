/* Giving up root once the devices are open. */
#ifndef CLI_PRIVILEGES_H
#define CLI_PRIVILEGES_H

#include <stdbool.h>

/* Becomes `user` for good, with that user's groups. NULL: if this is root by way of sudo and `live` says that a device was opened, the user who
 * called sudo; else nobody changes. Who is not root then has no capabilities any more. False, after a message on standard error, if that can't be: then nothing must go on as root. */
bool privileges_drop(const char *user, bool live);

#endif
