/* What the process gives up before it looks at anything from outside: docs/security.md. */
#ifndef CLI_HARDEN_H
#define CLI_HARDEN_H

#include <stdbool.h>

/* Standard descriptors that were closed are taken. No core dumps, no look into the memory by others of the same user, files for their owner only, no new privileges, no other programs run, and
 * none of the system calls that only administration needs. True if all of that holds; what can't be had on this kernel or machine is left out, and
 * the rest holds all the same. Stays for the life of the process and its children. */
bool harden(void);

#endif
