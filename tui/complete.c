/*
 * Completion looks at no more than the last two or three words: behind `FIELD ==` and its like stand words of that field, anywhere else
 * names of fields.
 */
#include "tui/complete.h"

#include "base/xalloc.h"

#include <stdlib.h>

void completion_release(struct completion *c)
{
	free(c->candidate);
	buf_release(&c->common);
	*c = (struct completion){ 0 };
}

static bool is_name(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

/* Where the word begins that ends at `end`. */
static size_t word_start(struct slice text, size_t end)
{
	while (end && is_name(text.at[end - 1]))
		end--;
	return end;
}

static size_t back_over(struct slice text, size_t end, const char *letters)
{
	while (end && strchr(letters, text.at[end - 1]))
		end--;
	return end;
}

static const struct filter_field *field_named(struct slice name)
{
	const struct filter_field *f;
	for (size_t i = 0; (f = filter_field_at(i)); i++)
		if (slice_eq(name, slice_str(f->name)))
			return f;
	return NULL;
}

/* Where the field of a list that is open, `FIELD in {A B `, ends; `at` if none is. */
static size_t before_list(struct slice text, size_t at)
{
	size_t open = at;
	while (open && text.at[open - 1] != '{' && text.at[open - 1] != '}')
		open--;
	if (!open || text.at[open - 1] == '}')
		return at;
	size_t end = back_over(text, open - 1, " "), in = word_start(text, end);
	return slice_eq(slice_head(slice_skip(text, in), end - in), slice_str("in")) ? back_over(text, in, " ") : at;
}

/* The field that the word at byte `at` is held against; NULL if the word is no value. */
static const struct filter_field *field_before(struct slice text, size_t at)
{
	size_t end = back_over(text, at, " "), list = before_list(text, at);
	size_t name = back_over(text, end, "=!<>");
	if (list < at)
		end = list;
	else if (name == end)
		return NULL;
	else
		end = back_over(text, name, " ");
	name = word_start(text, end);
	return field_named(slice_head(slice_skip(text, name), end - name));
}

/* Rules can share a name. */
static bool has(const struct completion *c, const char *name)
{
	size_t i = 0;
	while (i < c->count && strcmp(c->candidate[i].word, name) != 0)
		i++;
	return i < c->count;
}

static void add(struct completion *c, struct slice word, const char *name, const char *sentence)
{
	struct slice all = slice_str(name);
	size_t same = 0;
	if (!slice_eq(slice_head(all, word.len), word) || has(c, name))
		return;
	if (c->count == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 32;
		c->candidate = xreallocarray(c->candidate, c->cap, sizeof *c->candidate);
	}
	if (!c->count)
		buf_add(&c->common, all);
	while (same < c->common.len && same < all.len && c->common.at[same] == all.at[same])
		same++;
	c->common.len = same;
	c->candidate[c->count++] = (struct candidate){ name, sentence };
}

void completion_make(struct completion *c, struct slice text, size_t at, const struct schema *schema)
{
	const struct filter_field *f;
	const char *word_of_field, *name, *alias;
	c->from = word_start(text, at);
	c->length = at - c->from;
	c->count = 0;
	buf_clear(&c->common);
	struct slice word = slice_head(slice_skip(text, c->from), c->length);
	const struct filter_field *of = field_before(text, c->from);
	for (int i = 0; of && (word_of_field = filter_word_at(of, schema, i)); i++)
		add(c, word, word_of_field, NULL);
	for (size_t i = 0; !of && (f = filter_field_at(i)); i++)
		add(c, word, f->name, f->sentence);
	for (size_t i = 0; !of && word.len && (alias = filter_alias_at(i, &name)); i++)
		add(c, word, alias, name);
}
