/*
 * The payload as JSON.
 *
 * Fields stand in the tree as they came over the wire: elements of a repeated field perhaps apart, singular
 * fields perhaps twice. So the children of a message, or of all the parts of one that came in several, are
 * first sorted by field number; what has one number is a run. A run becomes one key: an array, the last value,
 * or the merged message.
 */
#include "export/data.h"

#include "base/xalloc.h"
#include "decode/forms.h"
#include "decode/redact.h"

#include <stdlib.h>

enum { BYTES_WHOLE = 256, BYTES_HEAD = 48 };

struct writer {
	struct json *json;
	const struct data_options *options;
};

static void write_message(const struct writer *w, struct run parts, const char *fault);

static void write_hidden(const struct writer *w, size_t bytes)
{
	struct buf note = { 0 };
	redact_note(&note, bytes);
	json_slice(w->json, buf_slice(&note));
	buf_release(&note);
}

static void write_string(const struct writer *w, struct slice text)
{
	struct buf redacted = { 0 };
	json_slice(w->json, w->options->show_secrets ? text : redact_text(text, &redacted));
	buf_release(&redacted);
}

static void write_bytes(const struct writer *w, struct slice bytes)
{
	struct json *j = w->json;
	if (bytes.len <= BYTES_WHOLE || w->options->full_bytes) {
		json_base64(j, bytes);
		return;
	}
	json_open(j, '{');
	json_key(j, "bytes");
	json_uint(j, bytes.len);
	json_key(j, "head");
	json_base64(j, slice_head(bytes, BYTES_HEAD));
	json_close(j, '}');
}

static void write_value(const struct writer *w, const struct node *n);

/* JSON as it came. */
static void write_json(const struct writer *w, const struct node *n)
{
	bool object = n->kind == NODE_OBJECT;
	json_open(w->json, object ? '{' : '[');
	for (const struct node *c = n->child; c; c = c->next) {
		if (object && c->kind != NODE_BAD)
			json_key_slice(w->json, c->name);
		if (c->kind != NODE_BAD)
			write_value(w, c);
	}
	json_close(w->json, object ? '}' : ']');
}

static void write_value(const struct writer *w, const struct node *n)
{
	struct json *j = w->json;
	if (n->secret && !w->options->show_secrets) {
		write_hidden(w, n->text.len);
		return;
	}
	switch (n->kind) {
	case NODE_STRING: write_string(w, n->text); break;
	case NODE_BYTES: write_bytes(w, n->text); break;
	case NODE_INT: json_int(j, n->integer); break;
	case NODE_UINT: json_uint(j, (uint64_t)n->integer); break;
	case NODE_BOOL: json_bool(j, n->integer != 0); break;
	case NODE_FLOAT: json_float(j, (float)n->real); break;
	case NODE_DOUBLE: json_double(j, n->real); break;
	case NODE_TIME: json_iso(j, n->integer); break;
	case NODE_NUMBER: json_raw(j, "%.*s", (int)n->text.len, (const char *)n->text.at); break;
	case NODE_NULL: json_none(j); break;
	case NODE_OBJECT:
	case NODE_ARRAY: write_json(w, n); break;
	default: write_message(w, (struct run){ &n, 1 }, NULL);
	}
}

static void write_array(const struct writer *w, struct run run)
{
	json_open(w->json, '[');
	for (size_t i = 0; i < run.len; i++)
		write_value(w, run.at[i]);
	json_close(w->json, ']');
}

/* A message that a singular field has more than once. */
static void write_merged(const struct writer *w, struct run parts)
{
	int64_t ns;
	const struct node *last = parts.at[parts.len - 1];
	if (last->kind == NODE_TIME && node_timestamp(parts.at, parts.len, &ns))
		json_iso(w->json, ns);
	else
		write_message(w, parts, NULL);
}

static void write_field(const struct writer *w, struct run run)
{
	const struct node *last = run.at[run.len - 1];
	json_key_slice(w->json, last->name);
	if (last->repeated || (last->unknown && run.len > 1))
		write_array(w, run);
	else if (run.len > 1 && (last->kind == NODE_MESSAGE || last->kind == NODE_TIME))
		write_merged(w, run);
	else
		write_value(w, last);
}

/* By field number; nodes of one number in the order of the wire. */
static int compare(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;
	if ((*x)->number != (*y)->number)
		return (*x)->number < (*y)->number ? -1 : 1;
	return (*x)->offset < (*y)->offset ? -1 : (*x)->offset > (*y)->offset;
}

struct run data_fields(struct run parts)
{
	struct run out = { NULL, 0 };
	size_t count = 0;
	bool sorted = true;
	for (size_t i = 0; i < parts.len; i++)
		for (const struct node *c = parts.at[i]->child; c; c = c->next)
			count++;
	out.at = xcalloc(count + 1, sizeof(const struct node *));
	for (size_t i = 0; i < parts.len; i++) {
		for (const struct node *c = parts.at[i]->child; c; c = c->next) {
			if (c->kind == NODE_BAD)
				continue;
			sorted = sorted && (!out.len || out.at[out.len - 1]->number <= c->number);
			out.at[out.len++] = c;
		}
	}
	if (!sorted)
		qsort(out.at, out.len, sizeof(const struct node *), compare);
	return out;
}

/* Are its fields in the order of their numbers, each once, so that they can be written as they stand? */
static bool is_plain(const struct node *message)
{
	uint32_t before = 0;
	for (const struct node *c = message->child; c; c = c->next) {
		if (c->kind == NODE_BAD || c->number <= before)
			return false;
		before = c->number;
	}
	return true;
}

static void write_plain(const struct writer *w, const struct node *message)
{
	json_open(w->json, '{');
	for (const struct node *c = message->child; c; c = c->next)
		write_field(w, (struct run){ &c, 1 });
	json_close(w->json, '}');
}

static void write_message(const struct writer *w, struct run parts, const char *fault)
{
	if (parts.len == 1 && !fault && is_plain(parts.at[0])) {
		write_plain(w, parts.at[0]);
		return;
	}
	struct run fields = data_fields(parts);
	json_open(w->json, '{');
	for (size_t from = 0, to; from < fields.len; from = to) {
		to = from + 1;
		while (to < fields.len && fields.at[to]->number == fields.at[from]->number)
			to++;
		write_field(w, (struct run){ fields.at + from, to - from });
	}
	if (fault) {
		json_key(w->json, "fault");
		json_text(w->json, fault);
	}
	json_close(w->json, '}');
	free(fields.at);
}

void export_node(struct json *j, const struct node *n, const struct data_options *o)
{
	struct writer w = { j, o };
	write_value(&w, n);
}

void export_data(struct json *j, const struct dissection *d, const struct data_options *o)
{
	struct writer w = { j, o };
	const struct node *payload = form_payload(d);
	if (payload && payload->kind != NODE_MESSAGE)
		write_value(&w, payload);
	else if (payload)
		write_message(&w, (struct run){ &payload, 1 }, node_fault(payload));
	else
		json_none(j);
}
