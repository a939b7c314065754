/*
 * Messages that are no Envelope in protobuf arrive: JSON text of REST one by one, of the legacy protocol after its parts were joined,
 * bare payloads of gRPC that are whole and small.
 *
 * A text comes in one piece, whole or cut, since nothing can be read from its middle. The view is read by forms.c; from there on
 * it goes the way of every message.
 */
#include "decode/session_state.h"

static uint64_t keep_bytes(struct session *s, const struct piece *p)
{
	struct store_draft draft = { 0 };
	if (!s->options.keep || s->options.no_bytes)
		return 0;
	if (!p->cut)
		return store_add(s->store, p->bytes, p->at);
	store_piece(s->store, &draft, p->bytes, p->at);
	uint64_t place = store_finish(s->store, &draft, true);
	store_draft_release(&draft);
	return place;
}

static void take(struct session *s, const struct piece *p)
{
	struct arrival a;
	arrival_init(&a, s, p);
	form_take(&s->form, p);
	a.e = s->form.e;
	a.good = a.readable = s->form.good;
	a.has_seq = s->form.has_seq;
	arrival_prepare(s, &a);
	if (session_is_stump(s, &a, p))
		return;
	session_stay_bounded(s);
	uint64_t place = keep_bytes(s, p);
	arrival_take(s, &a, p, place, true);
}

/* Of a message without its first part nothing is shown: what the part would say of it is missing. */
static void take_joined(struct session *s, const struct piece *last, struct legacy_whole *w)
{
	struct piece p = *last;
	p.bytes = buf_slice(&w->text);
	p.size = w->size;
	p.time = w->time;
	p.at = -1;
	p.cut = w->cut;
	p.gap = w->gap;
	p.after_gap = w->after_gap;
	p.unmasked = w->unmasked;
	if (w->headless)
		session_stump(s, &p);
	else
		take(s, &p);
	buf_release(&w->text);
}

static void take_all_joined(struct session *s, struct conn_state *c, const struct piece *last, bool end)
{
	struct legacy_whole w;
	while (legacy_done(c->legacy[last->dir], &s->legacy, end, &w))
		take_joined(s, last, &w);
}

void formed_message(struct session *s, const struct piece *p)
{
	struct conn_state *c = session_conn_state(s, p->conn);
	struct legacy_part part = { p->bytes, p->cut, p->gap, p->after_gap, p->unmasked, p->time };
	bool joins = p->encoding == ENCODING_LEGACY && legacy_take(&c->legacy[p->dir], &s->legacy, &part);
	if (p->encoding == ENCODING_LEGACY)
		take_all_joined(s, c, p, false);
	if (!joins)
		take(s, p);
}

void formed_closed(struct session *s, struct conn_state *c, struct conn_info *info, int64_t time)
{
	for (int dir = 0; dir < 2; dir++) {
		struct piece p = {
			.conn = info,
			.dir = (enum dir)dir,
			.encoding = ENCODING_LEGACY,
			.first = true,
			.last = true,
			.at = -1,
			.time = time,
		};
		take_all_joined(s, c, &p, true);
	}
}
