/* Who is at the other end of a connection: agent and user from its signin, else its address. Read from the
 * session when a row needs it, and remembered for a few connections. */
#ifndef TUI_PEERS_H
#define TUI_PEERS_H

#include "decode/identity.h"

enum { PEERS = 64 };

struct peer {
	uint32_t conn, signin, signin_reply; /* what the name was made from; conn 0: nothing yet */
	struct buf name;
};

struct peers {
	struct peer slot[PEERS];
	struct identity who; /* of the one whose name is made */
};

void peers_release(struct peers *p);
/* "nodeapi alice", as sent (not harmless yet); borrowed until the next call. Empty if the connection is not
 * known. */
struct slice peers_name(struct peers *p, const struct session *s, uint32_t conn);

#endif
