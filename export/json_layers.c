/*
 * -T json: one array of objects, as tshark writes them: _source.layers has an object a layer, and in it all values as text under the
 * names of the display filter. Where a name comes several times its values are gathered in an array (tshark does so
 * with --no-duplicate-keys).
 */
#include "base/json.h"
#include "base/when.h"
#include "export/data.h"
#include "export/layers.h"

#include <stdlib.h>

struct layer_writer {
	struct json *json;
	const char *layer; /* the object that is open, NULL */
};

static void close_layer(struct layer_writer *w)
{
	if (w->layer)
		json_close(w->json, '}');
	w->layer = NULL;
}

static void take_layer(void *user, const struct layer_field *f)
{
	struct layer_writer *w = user;
	if (!w->layer || strcmp(w->layer, f->layer) != 0) {
		close_layer(w);
		w->layer = f->layer;
		json_key(w->json, f->layer);
		json_open(w->json, '{');
	}
	if (!f->name)
		return;
	json_key(w->json, f->name);
	json_slice(w->json, f->value);
}

/* The rules are the only fact that there can be several of; they come last. */
static void take_fact(void *user, const struct layer_field *f)
{
	static const char rules[] = "openiap.rules";
	struct layer_writer *w = user;
	if (strcmp(f->name, rules) != 0) {
		take_layer(user, f);
		return;
	}
	if (strcmp(w->layer, rules) != 0) {
		w->layer = rules;
		json_key(w->json, rules);
		json_open(w->json, '[');
	}
	json_slice(w->json, f->value);
}

static void write_fields(struct printer *p, struct json *j, struct run parts);
static void write_faults(struct printer *p, struct json *j, struct run parts);

static void write_value(struct printer *p, struct json *j, const struct node *n)
{
	if (n->kind == NODE_MESSAGE || n->kind == NODE_OBJECT) {
		json_open(j, '{');
		write_fields(p, j, (struct run){ &n, 1 });
		write_faults(p, j, (struct run){ &n, 1 });
		json_close(j, '}');
	} else if (n->kind == NODE_ARRAY) {
		json_open(j, '[');
		for (const struct node *c = n->child; c; c = c->next)
			write_value(p, j, c);
		json_close(j, ']');
	} else {
		struct buf text = { 0 };
		layer_add_value(&text, n, p->options.show_secrets);
		json_slice(j, buf_slice(&text));
		buf_release(&text);
	}
}

static void write_field(struct printer *p, struct json *j, struct run run)
{
	struct buf name = { 0 };
	if (layer_is_wrapper(&p->dissection, run.at[0])) {
		write_fields(p, j, run);
		return;
	}
	layer_add_name(&name, &p->dissection, run.at[0]);
	json_key_slice(j, buf_slice(&name));
	buf_release(&name);
	if (run.len > 1)
		json_open(j, '[');
	for (size_t i = 0; i < run.len; i++)
		write_value(p, j, run.at[i]);
	if (run.len > 1)
		json_close(j, ']');
}

/* The fields of a message or of its parts. */
static void write_fields(struct printer *p, struct json *j, struct run parts)
{
	struct run fields = data_fields(parts);
	for (size_t from = 0, to; from < fields.len; from = to) {
		to = from + 1;
		while (to < fields.len && fields.at[from]->number && fields.at[to]->number == fields.at[from]->number)
			to++;
		write_field(p, j, (struct run){ fields.at + from, to - from });
	}
	free(fields.at);
}

/* Appends the faults of a message or of its parts, and of the wrappers in it: the fields of these stand beside its own. */
static void gather_faults(struct printer *p, struct run parts, struct buf *out)
{
	for (size_t i = 0; i < parts.len; i++) {
		for (const struct node *c = parts.at[i]->child; c; c = c->next) {
			if (c->kind == NODE_BAD)
				buf_add(out, slice_of(&c, sizeof c));
			else if (layer_is_wrapper(&p->dissection, c))
				gather_faults(p, (struct run){ &c, 1 }, out);
		}
	}
}

/* Behind the fields, under one name. */
static void write_faults(struct printer *p, struct json *j, struct run parts)
{
	struct buf faults = { 0 };
	gather_faults(p, parts, &faults);
	if (faults.len)
		write_field(p, j, (struct run){ (const struct node **)(void *)faults.at, faults.len / sizeof(const struct node *) });
	buf_release(&faults);
}

static void write_ours(struct printer *p, struct json *j, const struct message_facts *m)
{
	const struct node *root = layers_dissect(p, m);
	struct layer_writer w = { j, "openiap" };
	json_key(j, w.layer);
	json_open(j, '{');
	if (root)
		write_field(p, j, (struct run){ &root, 1 });
	if (root && layer_is_wrapper(&p->dissection, root))
		write_faults(p, j, (struct run){ &root, 1 });
	layers_facts(p, m, take_fact, &w);
	if (strcmp(w.layer, "openiap") != 0)
		json_close(j, ']');
	json_close(j, '}');
}

/* "packets-2026-11-22" */
static void write_index(struct json *j, int64_t time)
{
	struct buf text = { 0 };
	when_add_iso(&text, time);
	json_key(j, "_index");
	json_raw(j, "\"packets-%.10s\"", buf_cstr(&text));
	buf_release(&text);
}

static void json_message(struct printer *p, const struct message_facts *m)
{
	struct json j = json_to(&p->line);
	struct layer_writer w = { &j, NULL };
	buf_add_str(&p->line, p->printed ? ",\n" : "\n");
	json_open(&j, '{');
	write_index(&j, m->record->time);
	json_key(&j, "_score");
	json_none(&j);
	json_key(&j, "_source");
	json_open(&j, '{');
	json_key(&j, "layers");
	json_open(&j, '{');
	layers_below(p, m, take_layer, &w);
	close_layer(&w);
	write_ours(p, &j, m);
	for (int i = 0; i < 3; i++)
		json_close(&j, '}');
}

static void json_begin(struct printer *p)
{
	buf_add_str(&p->line, "[");
}

static void json_end(struct printer *p)
{
	buf_add_str(&p->line, "\n]\n");
}

const struct exporter exporter_json = {
	.name = "json",
	.help = "one array of objects with layers, as tshark's",
	.secretive = true,
	.settled = true,
	.begin = json_begin,
	.message = json_message,
	.end = json_end,
};
