/*
 * -T pdml: the packet details as XML, after the DTD that Wireshark's doc/README.xml-output documents: a packet has protos, these have
 * fields, and fields have fields.
 *
 * pos and size are the place of a value in the bytes of the message: those of the Envelope, as they are when segments, frames, masks and
 * compression are taken off. `value` has these bytes in hexadecimal, but not for secrets, and not for what only has others in it.
 */
#include "base/text.h"
#include "base/when.h"
#include "decode/redact.h"
#include "export/layers.h"
#include "export/value.h"
#include "export/xml.h"

enum { SHOWN = 200, GENERAL_INDENT = 4, FIELD_INDENT = 4 };

static void add_attribute(struct buf *out, const char *name, struct slice value)
{
	buf_add_byte(out, ' ');
	buf_add_str(out, name);
	buf_add_str(out, "=\"");
	xml_add(out, value);
	buf_add_byte(out, '"');
}

static void add_indent(struct buf *out, int n)
{
	while (n-- > 0)
		buf_add_byte(out, ' ');
}

/* The place of what is in the bytes of the message; 0, 0 for what is not. */
static void add_place(struct buf *out, uint32_t size, uint32_t pos)
{
	buf_add_str(out, " size=\"");
	buf_add_number(out, size, 1);
	buf_add_str(out, "\" pos=\"");
	buf_add_number(out, pos, 1);
	buf_add_byte(out, '"');
}

/* Layers. */

struct layer_writer {
	struct buf *out;
	const char *layer; /* the proto that is open, NULL */
};

static void close_layer(struct layer_writer *w)
{
	if (w->layer)
		buf_add_str(w->out, "  </proto>\n");
	w->layer = NULL;
}

static void take_field(struct layer_writer *w, const struct layer_field *f)
{
	add_indent(w->out, FIELD_INDENT);
	buf_add_str(w->out, "<field name=\"");
	buf_add_str(w->out, f->name);
	buf_add_str(w->out, "\" showname=\"");
	buf_add_str(w->out, f->name);
	buf_add_str(w->out, ": ");
	xml_add(w->out, f->value);
	buf_add_byte(w->out, '"');
	add_place(w->out, 0, 0);
	add_attribute(w->out, "show", f->value);
	buf_add_str(w->out, "/>\n");
}

static void take_layer(void *user, const struct layer_field *f)
{
	struct layer_writer *w = user;
	if (!w->layer || strcmp(w->layer, f->layer) != 0) {
		close_layer(w);
		w->layer = f->layer;
		buf_add_str(w->out, "  <proto");
		add_attribute(w->out, "name", slice_str(f->layer));
		add_attribute(w->out, "showname", slice_str(f->title));
		add_place(w->out, 0, 0);
		buf_add_str(w->out, ">\n");
	}
	if (f->name)
		take_field(w, f);
}

static void take_fact(void *user, const struct layer_field *f)
{
	take_field(user, f);
}

/* The message. */

static void add_shown_name(struct printer *p, const struct node *n)
{
	buf_clear(&p->scratch);
	if (n->kind == NODE_MESSAGE)
		buf_add_str(&p->scratch, n->type ? n->type : "message");
	else
		node_add_head(&p->scratch, n, p->options.show_secrets, SHOWN);
	buf_add_str(&p->line, " showname=\"");
	xml_add(&p->line, n->name);
	buf_add_str(&p->line, n->name.len ? ": " : "");
	xml_add(&p->line, buf_slice(&p->scratch));
	buf_add_byte(&p->line, '"');
}

/* The bytes of a value, where they are in the message and not secret. */
static struct slice bytes_of(const struct printer *p, const struct node *n, struct slice shown)
{
	struct slice all = p->dissection.bytes, none = { NULL, 0 };
	bool hidden = n->secret || (n->kind == NODE_STRING && !slice_eq(shown, n->text)); /* whole, or a part of it */
	if ((hidden && !p->options.show_secrets) || n->from_text || n->apart || (n->child && n->kind != NODE_TIME))
		return none;
	return slice_head(slice_skip(all, n->value_offset), n->value_length);
}

static void add_bytes(struct buf *out, struct slice bytes)
{
	buf_add_str(out, " value=\"");
	buf_add_hex(out, bytes);
	buf_add_byte(out, '"');
}

static void add_node(struct printer *p, const struct node *n, int indent);

static void add_children(struct printer *p, const struct node *n, int indent)
{
	for (const struct node *c = n->child; c; c = c->next)
		add_node(p, c, indent);
}

static void add_attributes(struct printer *p, const struct node *n)
{
	struct buf *text = &p->scratch;
	buf_clear(text);
	layer_add_name(text, &p->dissection, n);
	add_attribute(&p->line, "name", buf_slice(text));
	add_shown_name(p, n);
	add_place(&p->line, n->value_length, n->value_offset);
	buf_clear(text);
	layer_add_value(text, n, p->options.show_secrets);
	add_attribute(&p->line, "show", buf_slice(text));
	struct slice bytes = bytes_of(p, n, buf_slice(text));
	if (bytes.len)
		add_bytes(&p->line, bytes);
}

static void add_node(struct printer *p, const struct node *n, int indent)
{
	if (layer_is_wrapper(&p->dissection, n)) {
		add_children(p, n, indent);
		return;
	}
	add_indent(&p->line, indent);
	buf_add_str(&p->line, "<field");
	add_attributes(p, n);
	if (!n->child || n->kind == NODE_TIME) {
		buf_add_str(&p->line, "/>\n");
		return;
	}
	buf_add_str(&p->line, ">\n");
	add_children(p, n, indent + 2);
	add_indent(&p->line, indent);
	buf_add_str(&p->line, "</field>\n");
}

static void add_hex_number(struct buf *out, uint64_t n)
{
	static const char digits[] = "0123456789abcdef";
	int shift = 60;
	while (shift && !(n >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		buf_add_byte(out, (uint8_t)digits[n >> shift & 15]);
}

static void add_general(struct buf *out, const char *name, const char *title, uint64_t value)
{
	add_indent(out, GENERAL_INDENT);
	buf_add_str(out, "<field");
	add_attribute(out, "name", slice_str(name));
	buf_add_str(out, " pos=\"0\" show=\"");
	buf_add_number(out, value, 1);
	buf_add_byte(out, '"');
	add_attribute(out, "showname", slice_str(title));
	buf_add_str(out, " value=\"");
	add_hex_number(out, value);
	buf_add_str(out, "\" size=\"0\"/>\n");
}

static void add_general_proto(struct printer *p, const struct message_facts *m)
{
	struct buf *out = &p->line;
	buf_add_str(out, "  <proto name=\"geninfo\" pos=\"0\" showname=\"General information\" size=\"");
	buf_add_number(out, m->record->size, 1);
	buf_add_str(out, "\">\n");
	add_general(out, "num", "Number", m->n);
	add_general(out, "len", "Message Length", m->record->size);
	add_general(out, "caplen", "Captured Length", m->bytes.len);
	add_indent(out, GENERAL_INDENT);
	buf_add_str(out, "<field name=\"timestamp\" pos=\"0\" show=\"");
	when_add_iso(out, m->record->time);
	buf_add_str(out, "\" showname=\"Captured Time\" value=\"");
	when_add_seconds(out, m->record->time);
	buf_add_str(out, "\" size=\"0\"/>\n  </proto>\n");
}

static void pdml_message(struct printer *p, const struct message_facts *m)
{
	struct layer_writer w = { &p->line, NULL };
	const struct node *root = layers_dissect(p, m);
	buf_add_str(&p->line, "<packet>\n");
	add_general_proto(p, m);
	layers_below(p, m, take_layer, &w);
	close_layer(&w);
	buf_add_str(&p->line, "  <proto name=\"openiap\" showname=\"OpenIAP Flow, ");
	xml_add(&p->line, redact_text(m->envelope.command, &p->scratch));
	buf_addf(&p->line, "\" size=\"%zu\" pos=\"0\">\n", m->bytes.len);
	if (root)
		add_node(p, root, FIELD_INDENT);
	layers_facts(p, m, take_fact, &w);
	buf_add_str(&p->line, "  </proto>\n</packet>\n\n");
}

static void pdml_begin(struct printer *p)
{
	buf_add_str(&p->line, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
			      "<?xml-stylesheet type=\"text/xsl\" href=\"pdml2html.xsl\"?>\n"
			      "<pdml version=\"0\" creator=\"envscope/" ENVSCOPE_VERSION "\">\n");
}

static void pdml_end(struct printer *p)
{
	buf_add_str(&p->line, "</pdml>\n");
}

const struct exporter exporter_pdml = {
	.name = "pdml",
	.help = "XML with the place of every field, for what reads Wireshark's PDML",
	.secretive = true,
	.settled = true,
	.begin = pdml_begin,
	.message = pdml_message,
	.end = pdml_end,
};
