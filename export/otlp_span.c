/*
 * A span as OTLP/JSON: the protobuf message ExportTraceServiceRequest in its JSON form, where 64-bit numbers are strings and ids are
 * hexadecimal. Names of attributes are those of OpenTelemetry's semantic conventions for RPC, and under openiap. envscope's own.
 */
#include "export/otlp_part.h"

#include "base/json.h"

void otlp_text_set(struct otlp_text *t, struct slice text)
{
	t->len = text.len < sizeof t->at ? text.len : sizeof t->at;
	while (t->len < text.len && t->len && (text.at[t->len] & 0xc0) == 0x80) /* no character cut in two */
		t->len--;
	if (t->len)
		memcpy(t->at, text.at, t->len);
}

static void add_hex(struct json *j, const char *key, const uint8_t *bytes, size_t n)
{
	struct buf text = { 0 };
	buf_add_hex(&text, slice_of(bytes, n));
	json_key(j, key);
	json_slice(j, buf_slice(&text));
	buf_release(&text);
}

static void add_time(struct json *j, const char *key, int64_t time)
{
	json_key(j, key);
	json_raw(j, "\"%lld\"", (long long)(time > 0 ? time : 0));
}

static void open_attribute(struct json *j, const char *key, const char *type)
{
	json_open(j, '{');
	json_key(j, "key");
	json_text(j, key);
	json_key(j, "value");
	json_open(j, '{');
	json_key(j, type);
}

static void close_attribute(struct json *j)
{
	json_close(j, '}');
	json_close(j, '}');
}

static void add_string(struct json *j, const char *key, struct slice value)
{
	if (!value.len)
		return;
	open_attribute(j, key, "stringValue");
	json_slice(j, value);
	close_attribute(j);
}

static void add_word(struct json *j, const char *key, const char *value)
{
	add_string(j, key, slice_str(value));
}

static void add_int(struct json *j, const char *key, uint64_t value)
{
	open_attribute(j, key, "intValue");
	json_raw(j, "\"%llu\"", (unsigned long long)value);
	close_attribute(j);
}

static void add_yes(struct json *j, const char *key, bool value)
{
	if (!value)
		return;
	open_attribute(j, key, "boolValue");
	json_bool(j, true);
	close_attribute(j);
}

static void add_held(struct json *j, const char *key, const struct otlp_text *t)
{
	add_string(j, key, slice_of(t->at, t->len));
}

/* Whose span it is: who asked, or, of what a client is sent unasked, the client. */
static enum dir owner(const struct otlp_span *s)
{
	return s->kind == OTLP_CONSUMER ? !s->dir : s->dir;
}

/* An end of a connection: the address without its port, and the port. */
static void add_end(struct json *j, const char *address, const char *port, const struct endpoint *end)
{
	struct buf host = { 0 };
	if (!end->family)
		return;
	endpoint_add_address(&host, end);
	add_string(j, address, buf_slice(&host));
	add_int(j, port, end->port);
	buf_release(&host);
}

static void add_protocol(struct json *j, const struct otlp_span *s)
{
	static const char *const names[TRANSPORTS] = {
		[TRANSPORT_TCP] = "openiap", [TRANSPORT_WS] = "websocket",     [TRANSPORT_GRPC] = "http",
		[TRANSPORT_REST] = "http",   [TRANSPORT_LEGACY] = "websocket", [TRANSPORT_PIPE] = "openiap",
	};
	add_word(j, "network.transport", s->transport == TRANSPORT_PIPE ? "pipe" : "tcp");
	if (s->ends[DIR_S2C].family)
		add_word(j, "network.type", s->ends[DIR_S2C].family == 4 ? "ipv4" : "ipv6");
	if (names[s->transport])
		add_word(j, "network.protocol.name", names[s->transport]);
	if (s->transport == TRANSPORT_GRPC || s->transport == TRANSPORT_REST)
		add_word(j, "network.protocol.version", s->transport == TRANSPORT_GRPC ? "2" : "1.1");
	add_word(j, "openiap.transport", transport_name(s->transport));
	add_yes(j, "tls.established", s->tls);
}

static void add_rules(struct json *j, uint32_t rules)
{
	if (!rules)
		return;
	open_attribute(j, "openiap.rules", "arrayValue");
	json_open(j, '{');
	json_key(j, "values");
	json_open(j, '[');
	for (int r = 0; rules >> r; r++) {
		if (!(rules >> r & 1))
			continue;
		json_open(j, '{');
		json_key(j, "stringValue");
		json_text(j, rule_info((enum rule)r)->name);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
	close_attribute(j);
}

/* The worst rule, if it is an error. */
static const struct rule_info *broken(uint32_t rules)
{
	for (int r = 0; rules >> r; r++)
		if (rules >> r & 1 && rule_info((enum rule)r)->severity == SEVERITY_ERROR)
			return rule_info((enum rule)r);
	return NULL;
}

/* What went wrong: a word that is one of few (error.type), and a sentence. False if nothing did. */
static bool failure(const struct otlp_span *s, struct buf *type, struct buf *sentence)
{
	const struct rule_info *rule = broken(s->rules);
	if (s->state == THREAD_FAILED) {
		if (s->has_code && s->code)
			buf_addf(type, "%d", (int)s->code);
		else
			buf_add_str(type, "ErrorResponse");
		buf_add(sentence, slice_of(s->error.at, s->error.len));
	} else if (s->state == THREAD_UNANSWERED) {
		buf_add_str(type, "no-reply");
		buf_add_str(sentence, "No reply came before the connection ended.");
	} else if (s->state == THREAD_BROKEN) {
		buf_add_str(type, "connection-ended");
		buf_add_str(sentence, "The connection ended in the middle of a stream.");
	} else if (rule) {
		buf_add_str(type, rule->name);
		buf_add_str(sentence, rule->sentence);
	}
	return type->len > 0;
}

static void add_attributes(struct json *j, const struct otlp_span *s, struct slice error_type)
{
	const struct endpoint *server = &s->ends[DIR_S2C], *client = &s->ends[DIR_C2S];
	json_key(j, "attributes");
	json_open(j, '[');
	add_word(j, "rpc.system.name", "openiap");
	add_word(j, "rpc.system", "openiap");
	add_word(j, "rpc.service", "openiap.FlowService");
	add_held(j, "rpc.method", &s->name);
	add_end(j, "server.address", "server.port", server);
	add_end(j, "client.address", "client.port", client);
	add_end(j, "network.peer.address", "network.peer.port", owner(s) == DIR_C2S ? server : client);
	add_protocol(j, s);
	add_string(j, "error.type", error_type);
	if (s->has_code && s->state == THREAD_FAILED) {
		open_attribute(j, "rpc.response.status_code", "stringValue");
		json_raw(j, "\"%d\"", (int)s->code);
		close_attribute(j);
	}
	add_held(j, "openiap.id", &s->id);
	add_held(j, "openiap.gist", &s->gist);
	add_word(j, "openiap.state", thread_state_name(s->state));
	add_int(j, "openiap.connection", s->conn);
	add_int(j, "openiap.message", s->n);
	add_int(j, "openiap.messages", s->messages);
	add_int(j, "openiap.bytes.sent", s->bytes[owner(s)]);
	add_int(j, "openiap.bytes.received", s->bytes[!owner(s)]);
	add_yes(j, "openiap.given_up", s->given_up);
	add_rules(j, s->rules);
	json_close(j, ']');
}

static void add_resource(struct json *j, const struct otlp_span *s, const struct identity *who)
{
	struct buf instance = { 0 };
	bool client = owner(s) == DIR_C2S;
	endpoint_add(&instance, &s->ends[client ? DIR_C2S : DIR_S2C]);
	json_key(j, "resource");
	json_open(j, '{');
	json_key(j, "attributes");
	json_open(j, '[');
	if (!client)
		add_word(j, "service.name", "openiap-server");
	else if (who && who->agent.len)
		add_string(j, "service.name", buf_slice(&who->agent));
	else
		add_word(j, "service.name", "unknown_service:openiap");
	add_string(j, "service.instance.id", buf_slice(&instance));
	if (client && who) {
		add_string(j, "service.version", buf_slice(&who->version));
		add_string(j, "user.name", buf_slice(&who->user));
	}
	json_close(j, ']');
	json_close(j, '}');
	buf_release(&instance);
}

static void add_status(struct json *j, bool failed, struct slice sentence)
{
	json_key(j, "status");
	json_open(j, '{');
	if (failed) {
		json_key(j, "code");
		json_int(j, 2);
	}
	if (failed && sentence.len) {
		json_key(j, "message");
		json_slice(j, sentence);
	}
	json_close(j, '}');
}

static void add_events(struct json *j, const struct otlp_span *s)
{
	if (s->event_count) {
		json_key(j, "events");
		json_open(j, '[');
		buf_add(j->out, buf_slice(&s->events));
		json_close(j, ']');
	}
	if (s->events_dropped) {
		json_key(j, "droppedEventsCount");
		json_uint(j, s->events_dropped);
	}
}

static void add_link(struct json *j, const struct otlp_span *s)
{
	if (!s->has_link)
		return;
	json_key(j, "links");
	json_open(j, '[');
	json_open(j, '{');
	add_hex(j, "traceId", s->link.trace, sizeof s->link.trace);
	add_hex(j, "spanId", s->link.span, sizeof s->link.span);
	json_close(j, '}');
	json_close(j, ']');
}

static void add_span(struct json *j, const struct otlp_span *s)
{
	struct buf type = { 0 }, sentence = { 0 };
	bool failed = failure(s, &type, &sentence);
	json_open(j, '{');
	add_hex(j, "traceId", s->context.trace, sizeof s->context.trace);
	add_hex(j, "spanId", s->context.span, sizeof s->context.span);
	if (s->has_parent)
		add_hex(j, "parentSpanId", s->parent, sizeof s->parent);
	json_key(j, "name");
	json_slice(j, slice_of(s->name.at, s->name.len));
	json_key(j, "kind");
	json_int(j, s->kind);
	add_time(j, "startTimeUnixNano", s->start);
	add_time(j, "endTimeUnixNano", s->end > s->start ? s->end : s->start);
	add_attributes(j, s, buf_slice(&type));
	add_events(j, s);
	add_link(j, s);
	add_status(j, failed, buf_slice(&sentence));
	json_close(j, '}');
	buf_release(&type);
	buf_release(&sentence);
}

static void add_scope(struct json *j)
{
	json_key(j, "scope");
	json_open(j, '{');
	json_key(j, "name");
	json_text(j, "envscope");
	json_key(j, "version");
	json_text(j, ENVSCOPE_VERSION);
	json_close(j, '}');
}

void otlp_span_add(struct buf *out, const struct otlp_span *s, const struct identity *who)
{
	struct json j = json_to(out);
	json_open(&j, '{');
	json_key(&j, "resourceSpans");
	json_open(&j, '[');
	json_open(&j, '{');
	add_resource(&j, s, who);
	json_key(&j, "scopeSpans");
	json_open(&j, '[');
	json_open(&j, '{');
	add_scope(&j);
	json_key(&j, "spans");
	json_open(&j, '[');
	add_span(&j, s);
	json_close(&j, ']');
	json_close(&j, '}');
	json_close(&j, ']');
	json_close(&j, '}');
	json_close(&j, ']');
	json_close(&j, '}');
	buf_add_byte(out, '\n');
}

void otlp_span_event(struct otlp_span *s, const struct message_facts *m)
{
	struct json j = json_to(&s->events);
	if (s->event_count == OTLP_EVENTS) {
		s->events_dropped++;
		return;
	}
	j.comma = s->event_count > 0;
	s->event_count++;
	json_open(&j, '{');
	add_time(&j, "timeUnixNano", m->record->time);
	json_key(&j, "name");
	json_text(&j, "rpc.message");
	json_key(&j, "attributes");
	json_open(&j, '[');
	add_word(&j, "rpc.message.type", m->record->dir == owner(s) ? "SENT" : "RECEIVED");
	add_int(&j, "rpc.message.id", m->n);
	add_int(&j, "rpc.message.uncompressed_size", m->record->size);
	add_string(&j, "openiap.command", slice_head(m->envelope.command, OTLP_TEXT));
	json_close(&j, ']');
	json_close(&j, '}');
}
