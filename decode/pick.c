/*
 * Values of fields, found as the display filter finds them: its table says where (filter_fields.c), its paths lead through the payload
 * (filter_path.c), and its look at a message keeps what was read of it. A filter that matches everything lends the memory for it all.
 */
#include "decode/pick.h"

#include "base/xalloc.h"
#include "decode/filter_part.h"

#include <stdlib.h>

struct column {
	char *name;
	const struct field *field;
	struct path *path;
};

struct picks {
	struct filter *filter;
	struct column *column;
	size_t count;
	struct look look;
};

/* Whoever wants the values of a path. */
struct taker {
	void (*take)(void *user, const struct pick *v);
	void *user;
};

struct picks *picks_new(bool show_secrets)
{
	struct buf error = { 0 };
	struct picks *p = xcalloc(1, sizeof *p);
	p->filter = filter_new("", show_secrets, &error);
	buf_release(&error);
	return p;
}

void picks_free(struct picks *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		free(p->column[i].name);
	free(p->column);
	filter_free(p->filter);
	free(p);
}

bool picks_add(struct picks *p, const char *name, struct buf *error)
{
	struct slice text = slice_str(name);
	struct parser parser = { .f = p->filter, .text = text, .error = error };
	size_t skip = slice_starts(text, "openiap.") ? strlen("openiap.") : 0;
	struct path *path;
	buf_clear(error);
	const struct field *field = parse_name(&parser, slice_skip(text, skip), skip, &path);
	if (!field)
		return false;
	p->column = xreallocarray(p->column, p->count + 1, sizeof *p->column);
	p->column[p->count++] = (struct column){ xstrdup(name), field, path };
	return true;
}

size_t picks_count(const struct picks *p)
{
	return p->count;
}

const char *picks_name(const struct picks *p, size_t i)
{
	return p->column[i].name;
}

void picks_look(struct picks *p, const struct session *s, uint32_t n, struct slice bytes, int64_t start)
{
	filter_set_start(p->filter, start);
	p->look = (struct look){ .f = p->filter, .s = s, .n = n, .r = session_record(s, n), .bytes = bytes, .has_bytes = bytes.len > 0 };
}

static void take_numbers(struct look *l, const struct field *f, const struct taker *t)
{
	int64_t v[2];
	int n = f->number(l, v);
	for (int i = 0; i < n; i++)
		t->take(t->user, &(struct pick){ .type = f->pub.type, .number = v[i] });
}

static void take_text(const struct field *f, struct slice text, const struct taker *t)
{
	if (text.len)
		t->take(t->user, &(struct pick){ .type = f->pub.type, .text = text });
}

static void take_word(struct look *l, const struct field *f, const struct taker *t)
{
	struct slice sent = f->sent ? f->sent(l) : slice_of(NULL, 0);
	int word = f->word(l);
	if (sent.len)
		take_text(f, sent, t);
	else if (word >= 0)
		take_text(f, slice_str(f->words(l->f->schema, word)), t);
	else if (word == WORD_OTHER)
		take_text(f, f->text(l), t);
}

static void take_words(struct look *l, const struct field *f, const struct taker *t)
{
	uint32_t set = f->set(l);
	for (int i = 0; set >> i; i++)
		if (set >> i & 1)
			take_text(f, slice_str(f->words(l->f->schema, i)), t);
}

static void take_ends(struct look *l, const struct field *f, const struct taker *t)
{
	const struct endpoint *e[2];
	int n = f->ends(l, e);
	for (int i = 0; i < n; i++)
		if (e[i]->family)
			t->take(t->user, &(struct pick){ .type = FILTER_ADDRESS, .end = e[i], .port = f->textual });
}

static bool take_node(void *user, const struct node *n)
{
	const struct taker *t = user;
	t->take(t->user, &(struct pick){ .type = FILTER_DATA, .node = n });
	return false;
}

static void take_data(struct look *l, const struct column *c, struct taker *t)
{
	struct path_walk w = { .tree = &l->f->dissection, .leaf = take_node, .user = t };
	bool by_schema = l->r->encoding != ENCODING_LEGACY;
	if (!l->r->has_data || (c->path && by_schema && !c->path->types[l->r->type]))
		return;
	const struct node *payload = look_payload(l);
	if (payload && c->path)
		path_walk(c->path, payload, &w);
	else if (payload)
		take_node(t, payload);
}

void picks_values(struct picks *p, size_t i, void (*take)(void *user, const struct pick *v), void *user)
{
	const struct column *c = &p->column[i];
	struct taker t = { take, user };
	struct look *l = &p->look;
	if (!l->r)
		return;
	switch (c->field->pub.type) {
	case FILTER_WORD: take_word(l, c->field, &t); break;
	case FILTER_WORDS: take_words(l, c->field, &t); break;
	case FILTER_ADDRESS: take_ends(l, c->field, &t); break;
	case FILTER_TEXT:
	case FILTER_SECRET: take_text(c->field, c->field->text(l), &t); break;
	case FILTER_DATA: take_data(l, c, &t); break;
	default: take_numbers(l, c->field, &t);
	}
}
