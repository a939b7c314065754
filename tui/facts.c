/*
 * Reading messages again for the screen.
 *
 * The session keeps no text of a message, so each row in sight costs a look at its bytes; the Envelope's
 * view reads them in place.
 */
#include "tui/facts.h"

#include "tui/mask.h"

enum { BUDGET = 32 << 20 /* of a dissection */ };

void facts_room_release(struct facts_room *room)
{
	buf_release(&room->bytes);
	form_release(&room->form);
}

bool facts_read(struct facts *out, const struct session *s, uint32_t n, struct facts_room *room)
{
	*out = (struct facts){ .n = n, .record = session_record(s, n) };
	if (!out->record)
		return false;
	out->command = session_command_name(s, out->record);
	out->bytes = session_bytes(s, n, &room->bytes);
	if (!room->form.arena.budget)
		form_init(&room->form);
	form_read(&room->form, s, out->record, out->bytes);
	out->envelope = room->form.e;
	return true;
}

void facts_add_gist(struct buf *out, const struct session *s, const struct facts *f)
{
	form_add_gist(out, session_schema(s), f->record, &f->envelope);
}

/* Which bytes are secret is found out only where the pattern is. */
bool facts_match(const struct facts *f, const struct session *s, bool show_secrets, const struct pattern *p)
{
	struct dissection d;
	struct mask mask = { 0 };
	size_t at = pattern_find(p, f->bytes, 0);
	if (at == SIZE_MAX || show_secrets)
		return at != SIZE_MAX;
	dissection_init(&d, session_schema(s), BUDGET);
	form_dissect(&d, f->record, f->bytes);
	mask_set(&mask, d.root, f->bytes);
	while (at != SIZE_MAX && mask_has_any(&mask, at, at + p->text.len))
		at = pattern_find(p, f->bytes, at + 1);
	mask_release(&mask);
	dissection_release(&d);
	return at != SIZE_MAX;
}

void facts_add_transport(struct buf *out, enum transport t, bool tls, int width)
{
	const char *name = transport_name(t), *whole = "+tls";
	bool fits = strlen(name) + strlen(whole) <= (size_t)width;
	buf_addf(out, "%s%s", name, !tls ? "" : fits ? whole : "+");
}

enum ink facts_ink(const struct record *r)
{
	static const enum ink inks[] = {
		[ROLE_SINGLE] = INK_PLAIN,  [ROLE_REQUEST] = INK_REQUEST, [ROLE_REPLY] = INK_REPLY,
		[ROLE_STREAM] = INK_STREAM, [ROLE_EVENT] = INK_EVENT,
	};
	if (r->rules & 1u << RULE_ERROR_REPLY)
		return INK_ERROR;
	return r->role < sizeof inks / sizeof *inks ? inks[r->role] : INK_PLAIN;
}

enum ink facts_severity_ink(int severity)
{
	return severity == SEVERITY_ERROR ? INK_ERROR : severity == SEVERITY_WARNING ? INK_WARNING : INK_NOTE;
}

enum ink facts_add_rules(struct buf *out, uint32_t rules)
{
	size_t from = out->len;
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--)
		for (int r = 0; r < RULES; r++) {
			if (!(rules & 1u << r) || rule_info((enum rule)r)->severity != (enum severity)severity)
				continue;
			if (out->len > from)
				buf_add_byte(out, ' ');
			buf_add_str(out, rule_info((enum rule)r)->name);
		}
	return facts_severity_ink(rules_worst(rules));
}

struct order_key facts_rules_key(uint32_t rules)
{
	return order_key_number(rules ? (rules_worst(rules) + 1) * 64 + __builtin_popcount(rules) : 0);
}
