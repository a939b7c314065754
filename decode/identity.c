/*
 * The identity of a client: what its signin says of the program, and what the reply to it says of the user. Both messages are read again, as long
 * as the session has them; what they said is kept by the session when it forgets them.
 */
#include "decode/identity.h"

#include "decode/forms.h"
#include "decode/redact.h"

enum { BUDGET = 256 * 1024, LONGEST = 256 };

void identity_release(struct identity *i)
{
	buf_release(&i->agent);
	buf_release(&i->version);
	buf_release(&i->user);
}

size_t identity_memory(const struct identity *i)
{
	return i ? sizeof *i + i->agent.cap + i->version.cap + i->user.cap : 0;
}

static void add_text(struct buf *out, const struct node *message, const char *field)
{
	const struct node *n = message && !out->len ? node_child(message, field) : NULL;
	if (n && n->kind == NODE_STRING)
		redact_add(out, slice_head(n->text, LONGEST));
}

static void read_request(struct identity *i, const struct node *payload)
{
	add_text(&i->agent, payload, "agent");
	add_text(&i->agent, payload, "clientagent"); /* in the protocol before Flow 1.5 */
	add_text(&i->version, payload, "version");
	add_text(&i->version, payload, "clientversion");
}

static void read_reply(struct identity *i, const struct node *payload)
{
	const struct node *user = payload ? node_child(payload, "user") : NULL;
	add_text(&i->user, user, "name");
	add_text(&i->user, user, "username");
}

void identity_clear(struct identity *i)
{
	buf_clear(&i->agent);
	buf_clear(&i->version);
	buf_clear(&i->user);
}

void identity_take(struct identity *i, const struct session *s, const struct record *r, struct slice bytes)
{
	struct dissection d;
	dissection_init(&d, session_schema(s), BUDGET);
	d.shallow = true;
	form_dissect(&d, r, bytes);
	if (r->role == ROLE_REPLY)
		read_reply(i, form_payload(&d));
	else
		read_request(i, form_payload(&d));
	dissection_release(&d);
}

static void read_again(struct identity *i, const struct session *s, uint32_t n)
{
	struct buf scratch = { 0 };
	const struct record *r = session_record(s, n);
	struct slice bytes = r ? session_bytes(s, n, &scratch) : (struct slice){ NULL, 0 };
	if (bytes.len)
		identity_take(i, s, r, bytes);
	buf_release(&scratch);
}

void identity_read(struct identity *i, const struct session *s, const struct session_conn *c)
{
	identity_clear(i);
	read_again(i, s, c->signin);
	read_again(i, s, c->signin_reply);
	if (c->who && !session_record(s, c->signin)) {
		buf_add(&i->agent, buf_slice(&c->who->agent));
		buf_add(&i->version, buf_slice(&c->who->version));
	}
	if (c->who && !session_record(s, c->signin_reply))
		buf_add(&i->user, buf_slice(&c->who->user));
}
