/*
 * The legacy form: the view, the tree, and the joining of parts.
 *
 * Parts are joined as they are written, escapes and all: what stands between the quotes of one part's data goes behind that of the part
 * before. A surrogate pair that its sender cut in two, \ud83d at the end of one part and \ude80 at the beginning of the next, so
 * becomes whole by itself, and the result is a JSON text like that of a message that was never cut: the first part's object with all
 * the data in it. Only what stays alone then is U+FFFD.
 *
 * An assembly is a message under way, in a list, oldest first. Parts come in order of their index; when one is missing, what follows
 * can't be placed any more and is only counted. A text that is cut off before it could say whether it is a part is a message by
 * itself; an assembly without text stays behind (`told`), so that further parts of it are not taken for messages of their own.
 */
#include "decode/legacy.h"

#include "base/json_read.h"
#include "base/xalloc.h"
#include "decode/dissect_part.h"
#include "decode/json_form.h"

#include <ctype.h>
#include <stdlib.h>

enum { TEXT_MAX = INT32_MAX, ASSEMBLY_COST = 512, NOT_SAID = -1 };

/* The view. */

struct slice legacy_command(struct arena *a, struct slice command)
{
	size_t upper = 0;
	while (upper < command.len && !isupper(command.at[upper]))
		upper++;
	uint8_t *at = upper < command.len ? arena_take(a, command.len) : NULL;
	if (!at)
		return command;
	for (size_t i = 0; i < command.len; i++)
		at[i] = (uint8_t)tolower(command.at[i]);
	return slice_of(at, command.len);
}

static bool read_member(struct arena *a, struct slice key, const struct json_value *v, struct envelope *out)
{
	if (json_key_is(key, "command"))
		return json_form_text(a, v, &out->command);
	if (json_key_is(key, "id"))
		return json_form_text(a, v, &out->id);
	if (json_key_is(key, "replyto"))
		return json_form_text(a, v, &out->rid);
	if (json_key_is(key, "jwt"))
		return json_form_text(a, v, &out->jwt);
	if (json_key_is(key, "priority"))
		return json_form_int(v, &out->priority);
	if (!json_key_is(key, "data"))
		return true;
	bool good = json_form_text(a, v, &out->value);
	out->has_data = out->value.len > 0;
	return good;
}

bool legacy_read(struct arena *a, struct slice text, struct envelope *out)
{
	struct json_walk w = json_walk(text);
	struct json_value v;
	struct slice key;
	bool good = w.object;
	*out = (struct envelope){ .has_data = false };
	while (json_next(&w, &key, &v))
		if (!v.cut || json_key_is(key, "data"))
			good = read_member(a, key, &v, out) && good;
	return good && json_walk_whole(&w);
}

struct slice legacy_member(struct slice value, const char *name)
{
	struct json_walk w = json_walk(value);
	struct json_value v;
	struct slice key, found = { NULL, 0 };
	while (json_next(&w, &key, &v))
		if (v.kind == JSON_READ_STRING && json_key_is(key, name))
			found = json_inner(&v);
	return found;
}

/* The tree. */

void dissect_legacy(struct dissection *d, struct slice text, uint64_t total)
{
	uint64_t missing = total > text.len ? total - text.len : 0;
	struct json_value v;
	struct slice key;
	if (!dissect_begin(d, slice_head(text, TEXT_MAX)) || dissect_full(d))
		return;
	d->root->name = slice_str("message");
	d->root->type = "legacy JSON";
	struct json_walk w = json_walk(d->bytes);
	while (json_next(&w, &key, &v) && !dissect_full(d)) {
		struct node *n = dissect_member(d, d->root, key, &v);
		if (!n || !slice_is(n->name, "data") || n->kind != NODE_STRING)
			continue;
		d->payload = n;
		if (!v.cut)
			dissect_text_within(d, n);
	}
	if (missing && !d->cut_in)
		d->cut_in = d->root;
	else if (!missing)
		dissect_text_rest(d, &w);
	dissect_finish(d, missing);
}

/* Parts. */

struct assembly {
	struct assembly *next;
	struct buf id;           /* as it is written */
	struct buf text, behind; /* the object up to the end of its data so far; what follows the data */
	uint64_t cost;           /* bytes of memory that are counted for it */
	uint64_t lost;           /* bytes of data that could not be placed */
	int64_t time;            /* of the part that came last */
	int64_t expected, count; /* index of the part that comes next; how many there are */
	bool done, cut, gap, after_gap, unmasked, headless;
	bool told; /* was shown as a cut message already */
};

struct legacy_parts {
	struct assembly *first;
	size_t open;
};

/* What a text message says of itself as a part. */
struct head {
	struct slice id, before, data, behind; /* data: between its quotes; before and behind: the rest of the text */
	int64_t count, index;
	bool has_data;
};

static void set_data(struct head *h, struct slice text, const struct json_value *v)
{
	h->data = json_inner(v);
	h->before = slice_head(text, (size_t)(h->data.at - text.at));
	h->behind = slice_skip(text, h->before.len + h->data.len);
	h->has_data = true;
}

static struct head read_head(struct slice text)
{
	struct json_walk w = json_walk(text);
	struct head h = { .count = 1, .index = NOT_SAID };
	struct json_value v;
	struct slice key;
	while (json_next(&w, &key, &v)) {
		if (json_key_is(key, "data") && v.kind == JSON_READ_STRING)
			set_data(&h, text, &v);
		else if (json_key_is(key, "id") && v.kind == JSON_READ_STRING && !v.cut)
			h.id = json_inner(&v);
		else if (json_key_is(key, "count") && !v.cut)
			json_read_integer(&v, &h.count);
		else if (json_key_is(key, "index") && !v.cut)
			json_read_integer(&v, &h.index);
	}
	return h;
}

static void free_assembly(struct assembly *a)
{
	buf_release(&a->id);
	buf_release(&a->text);
	buf_release(&a->behind);
	free(a);
}

void legacy_parts_free(struct legacy_parts *parts)
{
	struct assembly *a = parts ? parts->first : NULL;
	while (a) {
		struct assembly *next = a->next;
		free_assembly(a);
		a = next;
	}
	free(parts);
}

static struct assembly *find(const struct legacy_parts *parts, struct slice id)
{
	struct assembly *a = parts ? parts->first : NULL;
	while (a && (a->done || !slice_eq(buf_slice(&a->id), id)))
		a = a->next;
	return a;
}

/* Makes room for one more message, or for more bytes: the oldest of this direction goes. */
static void give_up_oldest(struct legacy_parts *parts, struct legacy_counts *counts)
{
	struct assembly *a = parts->first;
	while (a && a->done)
		a = a->next;
	if (!a)
		return;
	parts->open--;
	counts->given_up += !a->told;
	a->done = a->cut = true;
}

/* What a message costs besides its data. */
static uint64_t cost_of(const struct head *h)
{
	return ASSEMBLY_COST + h->id.len + h->before.len + h->behind.len;
}

/* Can another message begin? If not, the oldest of this direction makes room for those that come later, and this one is counted. */
static bool has_room(struct legacy_parts *parts, struct legacy_counts *counts, const struct head *h)
{
	if (counts->bytes + cost_of(h) <= LEGACY_BYTES)
		return true;
	counts->given_up++;
	give_up_oldest(parts, counts);
	return false;
}

static struct assembly *begin(struct legacy_parts *parts, struct legacy_counts *counts, const struct head *h)
{
	if (parts->open == LEGACY_OPEN)
		give_up_oldest(parts, counts);
	struct assembly **link = &parts->first;
	while (*link)
		link = &(*link)->next;
	struct assembly *a = *link = xcalloc(1, sizeof *a);
	buf_add(&a->id, h->id);
	buf_add(&a->text, h->before);
	buf_add(&a->behind, h->behind);
	a->count = h->count;
	a->headless = h->index != 0;
	a->cost = cost_of(h);
	counts->bytes += a->cost;
	parts->open++;
	return a;
}

static void add_data(struct assembly *a, struct legacy_counts *counts, const struct head *h, const struct legacy_part *p)
{
	a->time = p->time;
	a->gap = a->gap || p->gap || p->after_gap;
	if (h->index != a->expected || a->cut || counts->bytes + h->data.len > LEGACY_BYTES) {
		a->cut = true;
		a->lost += h->data.len;
		return;
	}
	counts->bytes += h->data.len;
	a->cost += h->data.len;
	buf_add(&a->text, h->data);
	a->expected++;
	a->cut = p->cut;
}

static void drop(struct legacy_parts *parts, struct legacy_counts *counts, struct assembly *a)
{
	struct assembly **link = &parts->first;
	while (*link != a)
		link = &(*link)->next;
	*link = a->next;
	parts->open -= !a->done;
	counts->bytes -= a->cost;
	free_assembly(a);
}

/* The rest of a message that was told. */
static bool swallow(struct legacy_parts *parts, struct legacy_counts *counts, struct assembly *a, const struct head *h, bool cut)
{
	if (!cut && h->count <= 1)
		return false;
	if (!cut && h->index >= h->count - 1)
		drop(parts, counts, a);
	return true;
}

/* A text that is cut off before it could say how many there are. */
static void remember(struct legacy_parts **parts, struct legacy_counts *counts, const struct head *h)
{
	const struct head bare = { .id = h->id };
	if (!*parts)
		*parts = xcalloc(1, sizeof **parts);
	if (has_room(*parts, counts, &bare))
		begin(*parts, counts, &bare)->told = true;
}

bool legacy_take(struct legacy_parts **parts, struct legacy_counts *counts, const struct legacy_part *p)
{
	struct head h = read_head(p->text);
	struct assembly *a = find(*parts, h.id);
	if (a && a->told)
		return swallow(*parts, counts, a, &h, p->cut);
	bool placed = h.has_data && h.count > 1 && h.index != NOT_SAID;
	if (!placed && !(a && p->cut)) {
		if (p->cut && h.id.len)
			remember(parts, counts, &h);
		return false;
	}
	if (!h.id.len)
		return false;
	if (!*parts)
		*parts = xcalloc(1, sizeof **parts);
	if (!a && !has_room(*parts, counts, &h))
		return false;
	if (!a) {
		a = begin(*parts, counts, &h);
		a->after_gap = p->after_gap;
	} else if (!placed) { /* cut off before it could say which part it is */
		h.index = a->expected;
		h.count = a->count;
	}
	if (counts->bytes + h.data.len > LEGACY_BYTES && (*parts)->first != a)
		give_up_oldest(*parts, counts);
	a->unmasked = a->unmasked || p->unmasked;
	add_data(a, counts, &h, p);
	if (h.index >= a->count - 1 && !a->done) {
		a->done = true;
		(*parts)->open--;
	}
	return true;
}

/* Hands the text over to *out. */
static void finish(struct assembly *a, struct legacy_whole *out)
{
	*out = (struct legacy_whole){
		.text = a->text,
		.time = a->time,
		.cut = a->cut || !a->done,
		.gap = a->gap,
		.after_gap = a->after_gap,
		.unmasked = a->unmasked,
		.headless = a->headless,
	};
	out->gap = out->cut && a->gap;
	if (!out->cut)
		buf_add(&out->text, buf_slice(&a->behind));
	out->size = out->text.len + (out->cut ? a->lost + a->behind.len + 1 : 0);
	a->text = (struct buf){ 0 };
}

bool legacy_done(struct legacy_parts *parts, struct legacy_counts *counts, bool end, struct legacy_whole *out)
{
	struct assembly *a = parts ? parts->first : NULL;
	while (a) {
		struct assembly *next = a->next;
		bool told = a->told, over = a->done || end;
		if (over && !told)
			finish(a, out);
		if (over)
			drop(parts, counts, a);
		if (over && !told)
			return true;
		a = next;
	}
	return false;
}
