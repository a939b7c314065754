/*
 * Names of the clients.
 *
 * A signin request tells the agent and maybe the user name, its reply tells who the user is. A name is made
 * again when the session knows of another signin.
 */
#include "tui/peers.h"

#include "decode/forms.h"
#include "decode/redact.h"

enum { BUDGET = 64 * 1024 };

void peers_release(struct peers *p)
{
	for (int i = 0; i < PEERS; i++)
		buf_release(&p->slot[i].name);
}

/* The text of a string field, empty if there is none. */
static struct slice text_of(const struct node *message, const char *field)
{
	const struct node *n = message ? node_child(message, field) : NULL;
	return n && n->kind == NODE_STRING ? n->text : (struct slice){ 0 };
}

/* The one field, or else the other. */
static struct slice either(const struct node *message, const char *field, const char *other)
{
	struct slice text = text_of(message, field);
	return text.len ? text : text_of(message, other);
}

static void add_word(struct buf *out, struct slice word)
{
	if (!word.len)
		return;
	if (out->len)
		buf_add_byte(out, ' ');
	redact_add(out, slice_head(word, 256));
}

/* Appends fields of message n: The agent of the request, the user's name of the reply. */
static void add_fields(struct buf *out, const struct session *s, uint32_t n, bool reply)
{
	struct buf scratch = { 0 };
	struct dissection d;
	struct slice bytes = n && session_record(s, n) ? session_bytes(s, n, &scratch) : (struct slice){ 0 };
	dissection_init(&d, session_schema(s), BUDGET);
	if (bytes.len) {
		form_dissect(&d, session_record(s, n), bytes);
		const struct node *payload = form_payload(&d);
		const struct node *user = reply && payload ? node_child(payload, "user") : NULL;
		add_word(out, reply ? either(user, "name", "username") : either(payload, "agent", "clientagent"));
	}
	dissection_release(&d);
	buf_release(&scratch);
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
		add_fields(&slot->name, s, c->signin, false);
		add_fields(&slot->name, s, c->signin_reply, true);
		if (!slot->name.len)
			endpoint_add(&slot->name, &c->info.ends[DIR_C2S]);
	}
	return buf_slice(&slot->name);
}
