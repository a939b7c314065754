/*
 * Names of the clients.
 *
 * A signin request tells the agent and maybe the user name, its reply tells who the user is. A name is made
 * again when the session knows of another signin.
 */
#include "tui/peers.h"

void peers_release(struct peers *p)
{
	for (int i = 0; i < PEERS; i++)
		buf_release(&p->slot[i].name);
	identity_release(&p->who);
}

/* The agent, and who has signed in by it. */
static void add_name(struct buf *out, struct identity *who)
{
	buf_add(out, buf_slice(&who->agent));
	buf_add_str(out, who->agent.len && who->user.len ? " " : "");
	buf_add(out, buf_slice(&who->user));
}

struct slice peers_name(struct peers *p, const struct session *s, uint32_t conn)
{
	const struct session_conn *c = session_conn(s, conn);
	if (!c)
		return (struct slice){ 0 };
	struct peer *slot = &p->slot[conn % PEERS];
	if (slot->conn != conn || slot->signin != c->signin || slot->signin_reply != c->signin_reply) {
		slot->conn = conn;
		slot->signin = c->signin;
		slot->signin_reply = c->signin_reply;
		buf_clear(&slot->name);
		identity_read(&p->who, s, c);
		add_name(&slot->name, &p->who);
		if (!slot->name.len)
			endpoint_add(&slot->name, &c->info.ends[DIR_C2S]);
	}
	return buf_slice(&slot->name);
}
