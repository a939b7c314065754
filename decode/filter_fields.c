/*
 * The fields of the display filter: one table with name, type, cost, sentence, and where the value is found.
 *
 * Most are read from the record; those that need the Envelope ask for its view, which is made then and not before. Words (command,
 * role …) are numbers in the record, so that a test on one becomes a table of answers when the filter is made.
 */
#include "decode/filter_part.h"

#include "decode/gist.h"

/* Numbers. */

static int one(int64_t out[2], int64_t v)
{
	out[0] = v;
	return 1;
}

static int get_n(struct look *l, int64_t out[2])
{
	return one(out, l->n);
}

static int get_time(struct look *l, int64_t out[2])
{
	return one(out, l->r->time);
}

static int get_rel(struct look *l, int64_t out[2])
{
	return one(out, l->r->time - l->f->start);
}

static int get_conn(struct look *l, int64_t out[2])
{
	return one(out, l->r->conn);
}

static int get_tcp_stream(struct look *l, int64_t out[2])
{
	const struct session_conn *c = session_conn(l->s, l->r->conn);
	return c ? one(out, c->info.stream) : 0;
}

static int get_tls(struct look *l, int64_t out[2])
{
	return one(out, l->r->tls);
}

/* The record has it in eight bits. */
static int get_priority(struct look *l, int64_t out[2])
{
	bool clamped = l->r->priority == INT8_MIN || l->r->priority == INT8_MAX;
	return one(out, clamped ? look_envelope(l)->priority : l->r->priority);
}

static int get_seq(struct look *l, int64_t out[2])
{
	out[0] = l->r->seq;
	return l->r->has_seq;
}

static int get_size(struct look *l, int64_t out[2])
{
	return one(out, l->r->size);
}

static int get_thread(struct look *l, int64_t out[2])
{
	return one(out, l->r->thread);
}

static int get_request_in(struct look *l, int64_t out[2])
{
	out[0] = session_request_of(l->s, l->n);
	return out[0] > 0;
}

/* Of a message that is its thread's request. */
static int get_response_in(struct look *l, int64_t out[2])
{
	const struct record *first = session_record(l->s, l->r->thread);
	struct thread_info t;
	if (!first || l->r->role != ROLE_REQUEST)
		return 0;
	session_thread(l->s, l->r->thread, &t);
	out[0] = t.request == l->n ? t.reply : 0;
	return out[0] > 0;
}

static int get_latency(struct look *l, int64_t out[2])
{
	out[0] = session_latency(l->s, l->n);
	return out[0] >= 0;
}

/* Addresses and ports. */

static const struct endpoint *end_of(const struct look *l, bool receiver)
{
	const struct session_conn *c = session_conn(l->s, l->r->conn);
	return c ? &c->info.ends[receiver ? !l->r->dir : l->r->dir] : NULL;
}

static int get_src(struct look *l, const struct endpoint *out[2])
{
	out[0] = end_of(l, false);
	return out[0] != NULL;
}

static int get_dst(struct look *l, const struct endpoint *out[2])
{
	out[0] = end_of(l, true);
	return out[0] != NULL;
}

static int get_ends(struct look *l, const struct endpoint *out[2])
{
	out[0] = end_of(l, false);
	out[1] = end_of(l, true);
	return out[0] ? 2 : 0;
}

static int get_src_port(struct look *l, int64_t out[2])
{
	const struct endpoint *e = end_of(l, false);
	return e ? one(out, e->port) : 0;
}

static int get_dst_port(struct look *l, int64_t out[2])
{
	const struct endpoint *e = end_of(l, true);
	return e ? one(out, e->port) : 0;
}

static int get_ports(struct look *l, int64_t out[2])
{
	int64_t dst[2] = { 0 };
	int n = get_src_port(l, out);
	get_dst_port(l, dst);
	out[1] = dst[0];
	return 2 * n;
}

/* Words. */

static const char *dir_word(const struct schema *s, int i)
{
	(void)s;
	return i == DIR_C2S ? "c2s" : i == DIR_S2C ? "s2c" : NULL;
}

static int get_dir(struct look *l)
{
	return l->r->dir;
}

static const char *transport_word(const struct schema *s, int i)
{
	(void)s;
	return i < TRANSPORTS ? transport_name((enum transport)i) : NULL;
}

static int get_transport(struct look *l)
{
	return l->r->transport;
}

static const char *role_word(const struct schema *s, int i)
{
	(void)s;
	return i <= ROLE_EVENT ? role_name((enum role)i) : NULL;
}

static int get_role(struct look *l)
{
	return l->r->role;
}

static const char *state_word(const struct schema *s, int i)
{
	(void)s;
	return i < THREAD_STATES ? thread_state_name((enum thread_state)i) : NULL;
}

static int get_state(struct look *l)
{
	const struct record *first = session_record(l->s, l->r->thread);
	return first ? first->state : -1;
}

static const char *severity_word(const struct schema *s, int i)
{
	(void)s;
	return i <= SEVERITY_ERROR ? severity_name((enum severity)i) : NULL;
}

static int get_severity(struct look *l)
{
	return rules_worst(l->r->rules);
}

static const char *rule_word(const struct schema *s, int i)
{
	(void)s;
	return i < RULES ? rule_info((enum rule)i)->name : NULL;
}

static uint32_t get_rules(struct look *l)
{
	return l->r->rules;
}

/* Commands are numbered from 1. */
static const char *command_word(const struct schema *s, int i)
{
	const struct command_info *info = i < schema_commands(s) ? schema_command_info(s, (uint16_t)(i + 1)) : NULL;
	return info ? info->name : NULL;
}

static int get_command(struct look *l)
{
	bool known = l->r->command && l->r->command <= schema_commands(l->f->schema);
	return known ? l->r->command - 1 : WORD_OTHER;
}

static struct slice get_command_text(struct look *l)
{
	return l->r->command ? session_command_name(l->s, l->r) : look_envelope(l)->command;
}

/* In whatever case. */
static struct slice get_command_sent(struct look *l)
{
	return look_envelope(l)->command;
}

static const char *message_word(const struct schema *s, int i)
{
	return i < schema_types(s) ? schema_name(s, (type_id)(i + 1)) : NULL;
}

static int get_message(struct look *l)
{
	return form_type(l->f->schema, l->r) - 1;
}

/* The request that the message belongs to, which a request itself is; NULL where none is known. */
static const struct record *request_of(const struct look *l)
{
	uint32_t n = session_request_of(l->s, l->n);
	return n ? session_record(l->s, n) : l->r->role == ROLE_REQUEST ? l->r : NULL;
}

static int get_request(struct look *l)
{
	const struct record *r = request_of(l);
	bool known = r && r->command && r->command <= schema_commands(l->f->schema);
	return known ? r->command - 1 : r ? WORD_OTHER : -1;
}

static struct slice get_request_text(struct look *l)
{
	const struct record *r = request_of(l);
	return r == l->r ? get_command_text(l) : session_command_name(l->s, r);
}

/* Texts. */

static struct slice there(struct slice s)
{
	return s.at ? s : slice_str("");
}

static struct slice get_id(struct look *l)
{
	return there(look_envelope(l)->id);
}

static struct slice get_rid(struct look *l)
{
	return there(look_envelope(l)->rid);
}

static struct slice get_traceid(struct look *l)
{
	return there(look_envelope(l)->traceid);
}

static struct slice get_spanid(struct look *l)
{
	return there(look_envelope(l)->spanid);
}

static struct slice get_type_url(struct look *l)
{
	return there(look_envelope(l)->type_url);
}

static struct slice get_jwt(struct look *l)
{
	return there(look_envelope(l)->jwt);
}

static struct slice get_gist(struct look *l)
{
	buf_clear(&l->f->text);
	form_add_gist(&l->f->text, l->f->schema, l->r, look_envelope(l));
	return there(buf_slice(&l->f->text));
}

static bool has_rid(const struct record *r)
{
	return r->has_rid;
}

static bool has_jwt(const struct record *r)
{
	return r->has_jwt;
}

static bool has_data(const struct record *r)
{
	return r->has_data;
}

/* The table. */

#define INDEX(name, type, sentence) .pub = { name, FILTER_##type, FILTER_INDEX, sentence }
#define ENVELOPE(name, type, sentence) .pub = { name, FILTER_##type, FILTER_ENVELOPE, sentence }

static const struct field fields[] = {
	{ INDEX("n", NUMBER, "number of the message"), .number = get_n, .of_all = true },
	{ INDEX("time", TIME, "when its last packet was captured"), .number = get_time },
	{ INDEX("rel", SECONDS, "time since the first packet"), .number = get_rel, .of_all = true },
	{ INDEX("epoch", SECONDS, "time since 1970, UTC"), .number = get_time },
	{ INDEX("conn", NUMBER, "number of the connection"), .number = get_conn },
	{ INDEX("tcp.stream", NUMBER, "number of its TCP connection from 0, as Wireshark counts"), .number = get_tcp_stream },
	{ INDEX("src", ADDRESS, "sender, with its port: ==, or as text"), .ends = get_src, .textual = true },
	{ INDEX("dst", ADDRESS, "receiver, with its port: ==, or as text"), .ends = get_dst, .textual = true },
	{ INDEX("addr", ADDRESS, "address of either end"), .ends = get_ends },
	{ INDEX("src.addr", ADDRESS, "address of the sender"), .ends = get_src },
	{ INDEX("dst.addr", ADDRESS, "address of the receiver"), .ends = get_dst },
	{ INDEX("port", NUMBER, "port of either end"), .number = get_ports },
	{ INDEX("src.port", NUMBER, "port of the sender"), .number = get_src_port },
	{ INDEX("dst.port", NUMBER, "port of the receiver"), .number = get_dst_port },
	{ INDEX("dir", WORD, "direction: to the server or to the client"), .word = get_dir, .words = dir_word },
	{ INDEX("transport", WORD, "what the message came over"), .word = get_transport, .words = transport_word },
	{ INDEX("tls", YES_NO, "whether it was encrypted"), .number = get_tls },
	{ INDEX("command", WORD, "command; case matters only in those the protocol does not have"), .word = get_command,
	  .words = command_word, .text = get_command_text, .sent = get_command_sent, .open = true },
	{ INDEX("priority", NUMBER, "priority, 0 to 3"), .number = get_priority },
	{ INDEX("seq", NUMBER, "sequence number"), .number = get_seq },
	{ ENVELOPE("id", TEXT, "id of the message"), .text = get_id },
	{ ENVELOPE("rid", TEXT, "id of the message that it answers"), .text = get_rid, .present = has_rid },
	{ ENVELOPE("traceid", TEXT, "OpenTelemetry trace"), .text = get_traceid },
	{ ENVELOPE("spanid", TEXT, "OpenTelemetry span"), .text = get_spanid },
	{ ENVELOPE("type_url", TEXT, "type of the payload, as sent"), .text = get_type_url },
	{ INDEX("message", WORD, "name of the payload's message"), .word = get_message, .words = message_word },
	{ INDEX("size", NUMBER, "bytes of the Envelope"), .number = get_size },
	{ INDEX("thread", NUMBER, "number of the first message of its thread"), .number = get_thread, .of_all = true },
	{ INDEX("role", WORD, "what it is in its thread"), .word = get_role, .words = role_word },
	{ INDEX("state", WORD, "state of its thread"), .word = get_state, .words = state_word, .revised = true, .of_all = true },
	{ INDEX("request_in", NUMBER, "number of the request that this belongs to"), .number = get_request_in, .of_all = true },
	{ INDEX("request", WORD, "command of the request that it belongs to, or that it is"), .word = get_request, .words = command_word,
	  .text = get_request_text, .open = true, .of_pair = true },
	{ INDEX("response_in", NUMBER, "number of the reply to this request, once it is there"), .number = get_response_in, .revised = true,
	  .of_all = true },
	{ INDEX("latency", SECONDS, "time from the request to this reply"), .number = get_latency, .of_all = true },
	{ INDEX("rules", WORDS, "rules that it breaks"), .set = get_rules, .words = rule_word, .revised = true, .of_all = true },
	{ INDEX("severity", WORD, "the worst of these rules: note < warning < error"), .word = get_severity, .words = severity_word,
	  .ordered = true, .revised = true, .of_all = true },
	{ ENVELOPE("jwt", SECRET, "token of the message"), .text = get_jwt, .present = has_jwt },
	{ ENVELOPE("gist", TEXT, "what it is about, as the listings show it"), .text = get_gist },
	{ .pub = { "data", FILTER_DATA, FILTER_PAYLOAD, "the payload; data.NAME is a field of it" }, .present = has_data },
};
enum { FIELDS = sizeof fields / sizeof *fields };

static const struct alias {
	const char *alias, *name;
} aliases[] = {
	{ "ip.addr", "addr" },
	{ "ip.src", "src.addr" },
	{ "ip.dst", "dst.addr" },
	{ "ipv6.addr", "addr" },
	{ "ipv6.src", "src.addr" },
	{ "ipv6.dst", "dst.addr" },
	{ "tcp.port", "port" },
	{ "tcp.srcport", "src.port" },
	{ "tcp.dstport", "dst.port" },
	{ "frame.number", "n" },
	{ "frame.time", "time" },
	{ "frame.time_epoch", "epoch" },
	{ "frame.time_relative", "rel" },
	{ "frame.len", "size" },
	{ "length", "size" },
	{ "_ws.col.Info", "gist" },
	{ "_ws.col.info", "gist" },
	{ "type", "message" },
};
enum { ALIASES = sizeof aliases / sizeof *aliases };

const struct filter_field *filter_field_at(size_t i)
{
	return i < FIELDS ? &fields[i].pub : NULL;
}

const char *filter_type_name(enum filter_type t)
{
	static const char *const names[] = {
		"number", "seconds", "time", "yes or no", "word", "words", "text", "address", "secret", "any"
	};
	return names[t];
}

const char *filter_alias_at(size_t i, const char **name)
{
	if (i >= ALIASES)
		return NULL;
	*name = aliases[i].name;
	return aliases[i].alias;
}

const char *filter_word_at(const struct filter_field *field, const struct schema *schema, int i)
{
	const struct field *f = (const struct field *)field;
	return f->words && i >= 0 ? f->words(schema, i) : NULL;
}

const struct field *field_named(struct slice name)
{
	for (size_t i = 0; i < ALIASES; i++)
		if (slice_is(name, aliases[i].alias))
			name = slice_str(aliases[i].name);
	for (size_t i = 0; i < FIELDS; i++)
		if (slice_is(name, fields[i].pub.name))
			return &fields[i];
	return NULL;
}
