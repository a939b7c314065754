/*
 * What a ladder is extended by. The ids are few, so that they are compared one by one.
 */
#include "tui/related.h"

void related_release(struct related *r)
{
	for (unsigned i = 0; i < r->keys; i++)
		buf_release(&r->key[i].id);
	buf_release(&r->bytes);
	buf_release(&r->id);
	r->keys = 0;
}

static bool has_key(const struct related *r, enum relation_kind kind)
{
	for (unsigned i = 0; i < r->keys; i++)
		if (r->key[i].kind == kind && slice_eq(buf_slice(&r->key[i].id), buf_slice(&r->id)))
			return true;
	return false;
}

/* Reads the id of that kind of message n into r->id; false if it has none. */
static bool read_id(struct related *r, const struct session *s, enum relation_kind kind, uint32_t n)
{
	buf_clear(&r->id);
	return relation_id(s, kind, n, &r->bytes, &r->id);
}

static void add_message(struct related *r, const struct session *s, uint32_t n)
{
	for (enum relation_kind kind = 0; kind < RELATION_KINDS; kind++) {
		if (r->keys == RELATED_KEYS || !read_id(r, s, kind, n) || has_key(r, kind))
			continue;
		r->key[r->keys].kind = kind;
		buf_add(&r->key[r->keys++].id, buf_slice(&r->id));
	}
}

void related_add(struct related *r, const struct session *s, uint32_t thread)
{
	const struct record *record;
	for (int i = 0; i < RELATED_FROM && (record = session_record(s, thread)); i++, thread = record->next)
		add_message(r, s, thread);
}

bool related_has(struct related *r, const struct session *s, uint32_t n)
{
	for (enum relation_kind kind = 0; r->keys && kind < RELATION_KINDS; kind++)
		if (read_id(r, s, kind, n) && has_key(r, kind))
			return true;
	return false;
}
