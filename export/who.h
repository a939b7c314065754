/* Who is at the client's end of the connections that are open, learnt from the signins as they pass; for what is printed in constant
 * memory, where no bytes are kept to read them again (decode/identity.h does that). */
#ifndef EXPORT_WHO_H
#define EXPORT_WHO_H

#include "decode/identity.h"

enum { WHO_CONNECTIONS = 4096 }; /* known at a time; a newer one takes the place of an older one */

struct who {
	struct who_slot *slot; /* by connection number, modulo; NULL until the first signin */
};

/* `struct who w = { 0 };` is a valid empty one. */
void who_release(struct who *w);
/* To be called for every message: it looks at those of a signin. bytes: of its Envelope. */
void who_hear(struct who *w, const struct session *s, const struct record *r, struct slice bytes);
/* What is known of a connection; NULL for nothing. Borrowed until the next call of who_hear. */
const struct identity *who_of(const struct who *w, uint32_t conn);

#endif
