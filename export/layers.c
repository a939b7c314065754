/*
 * The layers of a message: a table for what lies below it and one for what is known beyond its bytes, and the names of its fields.
 *
 * A name is openiap.NAME for a field of the Envelope, openiap.MESSAGE.NAME for one of a message, where MESSAGE is its short name in the
 * schema (the command that carries it). Keys of JSON go on from the name of what they are in.
 */
#include "export/layers.h"

#include "base/when.h"
#include "decode/redact.h"
#include "export/value.h"

/* What a row can look at. */
struct facts {
	const struct printer *p;
	const struct message_facts *m;
	const struct record *r;
	const struct endpoint *from, *to; /* NULL: not known */
	const char *type;                 /* name of the message, NULL */
};

struct row {
	const char *layer, *title, *name;
	/* Appends the value. False: there is none, and nothing was appended. */
	bool (*add)(struct buf *out, const struct facts *f);
};

static bool add_epoch(struct buf *out, const struct facts *f)
{
	when_add_seconds(out, f->r->time);
	return true;
}

static bool add_relative(struct buf *out, const struct facts *f)
{
	when_add_seconds(out, printer_relative(f->p, f->r->time));
	return true;
}

static bool add_address(struct buf *out, const struct endpoint *e, uint8_t family)
{
	if (!e || e->family != family)
		return false;
	endpoint_add_address(out, e);
	return true;
}

static bool add_ip_src(struct buf *out, const struct facts *f)
{
	return add_address(out, f->from, 4);
}

static bool add_ip_dst(struct buf *out, const struct facts *f)
{
	return add_address(out, f->to, 4);
}

static bool add_ipv6_src(struct buf *out, const struct facts *f)
{
	return add_address(out, f->from, 6);
}

static bool add_ipv6_dst(struct buf *out, const struct facts *f)
{
	return add_address(out, f->to, 6);
}

static bool add_port(struct buf *out, const struct endpoint *e)
{
	if (!e || !e->family)
		return false;
	buf_add_number(out, e->port, 1);
	return true;
}

static bool add_src_port(struct buf *out, const struct facts *f)
{
	return add_port(out, f->from);
}

static bool add_dst_port(struct buf *out, const struct facts *f)
{
	return add_port(out, f->to);
}

static bool add_stream(struct buf *out, const struct facts *f)
{
	if (f->m->conn)
		buf_add_number(out, f->m->conn->info.stream, 1);
	return f->m->conn != NULL;
}

static bool is_tls(struct buf *out, const struct facts *f)
{
	(void)out;
	return f->r->tls;
}

static bool is_websocket(struct buf *out, const struct facts *f)
{
	(void)out;
	return f->r->transport == TRANSPORT_WS || f->r->transport == TRANSPORT_LEGACY;
}

static bool is_http2(struct buf *out, const struct facts *f)
{
	(void)out;
	return f->r->transport == TRANSPORT_GRPC;
}

static bool is_http(struct buf *out, const struct facts *f)
{
	(void)out;
	return f->r->transport == TRANSPORT_REST;
}

static bool add_n(struct buf *out, const struct facts *f)
{
	buf_add_number(out, f->m->n, 1);
	return true;
}

static bool add_size(struct buf *out, const struct facts *f)
{
	buf_add_number(out, f->r->size, 1);
	return true;
}

static const struct row below[] = {
	{ "frame", "Frame", "frame.number", add_n },
	{ "frame", "Frame", "frame.time_epoch", add_epoch },
	{ "frame", "Frame", "frame.time_relative", add_relative },
	{ "frame", "Frame", "frame.len", add_size },
	{ "ip", "Internet Protocol Version 4", "ip.src", add_ip_src },
	{ "ip", "Internet Protocol Version 4", "ip.dst", add_ip_dst },
	{ "ipv6", "Internet Protocol Version 6", "ipv6.src", add_ipv6_src },
	{ "ipv6", "Internet Protocol Version 6", "ipv6.dst", add_ipv6_dst },
	{ "tcp", "Transmission Control Protocol", "tcp.srcport", add_src_port },
	{ "tcp", "Transmission Control Protocol", "tcp.dstport", add_dst_port },
	{ "tcp", "Transmission Control Protocol", "tcp.stream", add_stream },
	{ "tls", "Transport Layer Security", NULL, is_tls },
	{ "websocket", "WebSocket", NULL, is_websocket },
	{ "http2", "HyperText Transfer Protocol 2", NULL, is_http2 },
	{ "http", "Hypertext Transfer Protocol", NULL, is_http },
};

static bool add_conn(struct buf *out, const struct facts *f)
{
	buf_add_number(out, f->r->conn, 1);
	return true;
}

static bool add_transport(struct buf *out, const struct facts *f)
{
	buf_add_str(out, transport_name((enum transport)f->r->transport));
	return true;
}

/* What has its default value need not be on the wire. Below the root of a bare payload stand fields of the payload. */
static bool add_default(struct buf *out, const struct facts *f, const char *name)
{
	const struct node *root = f->p->dissection.root;
	if (f->r->encoding == ENCODING_PAYLOAD || !root || node_child(root, name))
		return false;
	buf_add_byte(out, '0');
	return true;
}

static bool add_priority(struct buf *out, const struct facts *f)
{
	return add_default(out, f, "priority");
}

static bool add_seq(struct buf *out, const struct facts *f)
{
	return f->r->has_seq && add_default(out, f, "seq");
}

/* A bare payload has its command from the method. */
static bool add_command(struct buf *out, const struct facts *f)
{
	if (f->r->encoding != ENCODING_PAYLOAD)
		return false;
	buf_add(out, f->m->envelope.command);
	return true;
}

/* In the protocol before Flow 1.5 it has another name, under which it is there too. */
static bool add_rid(struct buf *out, const struct facts *f)
{
	if (f->r->encoding != ENCODING_LEGACY || !f->m->envelope.rid.len)
		return false;
	if (f->p->options.show_secrets)
		buf_add(out, f->m->envelope.rid);
	else
		redact_add(out, f->m->envelope.rid);
	return true;
}

static bool add_type(struct buf *out, const struct facts *f)
{
	if (f->type)
		buf_add_str(out, f->type);
	return f->type != NULL;
}

static bool add_thread(struct buf *out, const struct facts *f)
{
	buf_add_number(out, f->r->thread, 1);
	return true;
}

static bool add_role(struct buf *out, const struct facts *f)
{
	buf_add_str(out, role_name((enum role)f->r->role));
	return true;
}

static bool add_request(struct buf *out, const struct facts *f)
{
	uint32_t request = session_request_of(f->p->session, f->m->n);
	if (request)
		buf_add_number(out, request, 1);
	return request > 0;
}

static bool add_latency(struct buf *out, const struct facts *f)
{
	if (f->m->latency >= 0)
		when_add_seconds(out, f->m->latency);
	return f->m->latency >= 0;
}

#define OURS "openiap", "OpenIAP Flow"
static const struct row facts[] = {
	{ OURS, "openiap.command", add_command },
	{ OURS, "openiap.rid", add_rid },
	{ OURS, "openiap.type", add_type },
	{ OURS, "openiap.priority", add_priority },
	{ OURS, "openiap.seq", add_seq },
	{ OURS, "openiap.size", add_size },
	{ OURS, "openiap.n", add_n },
	{ OURS, "openiap.conn", add_conn },
	{ OURS, "openiap.transport", add_transport },
	{ OURS, "openiap.thread", add_thread },
	{ OURS, "openiap.role", add_role },
	{ OURS, "openiap.request_in", add_request },
	{ OURS, "openiap.latency", add_latency },
};

static struct facts facts_of(const struct printer *p, const struct message_facts *m)
{
	enum dir dir = (enum dir)m->record->dir;
	struct facts f = { .p = p, .m = m, .r = m->record };
	if (m->conn) {
		f.from = &m->conn->info.ends[dir];
		f.to = &m->conn->info.ends[!dir];
	}
	f.type = schema_name(session_schema(p->session), form_type(session_schema(p->session), m->record));
	return f;
}

static void tell(struct printer *p, const struct message_facts *m, const struct row *row, size_t rows, layer_take *take, void *user)
{
	struct facts f = facts_of(p, m);
	for (size_t i = 0; i < rows; i++) {
		buf_clear(&p->scratch);
		if (row[i].add(&p->scratch, &f))
			take(user, &(struct layer_field){ row[i].layer, row[i].title, row[i].name, buf_slice(&p->scratch) });
	}
}

void layers_below(struct printer *p, const struct message_facts *m, layer_take *take, void *user)
{
	tell(p, m, below, sizeof below / sizeof *below, take, user);
}

void layers_facts(struct printer *p, const struct message_facts *m, layer_take *take, void *user)
{
	tell(p, m, facts, sizeof facts / sizeof *facts, take, user);
	for (int r = 0; m->record->rules >> r; r++)
		if (m->record->rules >> r & 1)
			take(user, &(struct layer_field){ OURS, "openiap.rules", slice_str(rule_info((enum rule)r)->name) });
}

/* The tree. */

const struct node *layers_dissect(struct printer *p, const struct message_facts *m)
{
	p->dissection.shallow = true;
	form_dissect(&p->dissection, m->record, m->bytes);
	return p->dissection.root;
}

bool layer_is_wrapper(const struct dissection *d, const struct node *n)
{
	const struct node *payload = form_payload(d);
	if (n == payload)
		return false;
	for (const struct node *a = payload ? payload->parent : NULL; a; a = a->parent)
		if (a == n)
			return true;
	return n == d->root;
}

/* The short name of a message's type; NULL where it has none. */
static const char *short_name(const struct dissection *d, const struct node *n)
{
	if (n == form_payload(d))
		return d->type ? schema_short(d->schema, d->type) : "data";
	type_id t = n->type ? schema_type_named(d->schema, slice_str(n->type)) : 0;
	return t ? schema_short(d->schema, t) : NULL;
}

void layer_add_name(struct buf *out, const struct dissection *d, const struct node *n)
{
	const struct node *in = n->parent;
	const char *name = n == form_payload(d) ? short_name(d, n) : NULL;
	if (name || !in || layer_is_wrapper(d, in)) {
		buf_add_str(out, "openiap.");
	} else if ((in->kind == NODE_MESSAGE || in == form_payload(d)) && short_name(d, in)) {
		buf_add_str(out, "openiap.");
		buf_add_str(out, short_name(d, in));
		buf_add_byte(out, '.');
	} else {
		layer_add_name(out, d, in);
		if (in->kind == NODE_ARRAY)
			return;
		buf_add_byte(out, '.');
	}
	if (name)
		buf_add_str(out, name);
	else if (n->kind == NODE_BAD)
		buf_add_str(out, "fault");
	else
		buf_add(out, n->name);
}

static void add_hex(struct buf *out, struct slice bytes)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < bytes.len; i++) {
		if (i)
			buf_add_byte(out, ':');
		buf_add_byte(out, (uint8_t)digits[bytes.at[i] >> 4]);
		buf_add_byte(out, (uint8_t)digits[bytes.at[i] & 15]);
	}
}

void layer_add_value(struct buf *out, const struct node *n, bool show_secrets)
{
	if (n->secret && !show_secrets) {
		node_add_value(out, n, false);
		return;
	}
	switch (n->kind) {
	case NODE_MESSAGE:
	case NODE_OBJECT:
	case NODE_ARRAY: break;
	case NODE_NULL: buf_add_str(out, n->from_text ? "null" : ""); break; /* of the Envelope: the field is not there */
	case NODE_STRING:
	case NODE_NUMBER: node_add_plain(out, n, show_secrets); break;
	case NODE_BYTES: add_hex(out, n->text); break;
	case NODE_BOOL: buf_add_byte(out, n->integer ? '1' : '0'); break;
	default: node_add_value(out, n, show_secrets);
	}
}
