/*
 * Every format of -T on messages by chance, good ones and damaged ones, over connections that come and go: the sanitizers watch, and what is
 * written must be a whole document of its kind with every message in it, and nothing that a terminal obeys.
 */
#include "tests/documents.h"
#include "tests/session_feed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { FED = 400, CONNS = 3 };

/* The columns: fields of every type, paths, and what no message has. */
static const char *const columns[] = {
	"n",
	"time",
	"epoch",
	"src",
	"addr",
	"port",
	"tls",
	"command",
	"id",
	"jwt",
	"rules",
	"gist",
	"data",
	"latency",
	"data.name",
	"data.query._type",
	"query.collectionname",
	"workitem.files[0].filename",
	"signin.password",
	"tcp.stream",
};

struct printed {
	char *text;
	size_t len;
	uint32_t messages; /* that the session has made of them */
};

static void open_conn(struct feed *f, unsigned at)
{
	struct conn_info *c = feed_open(f, at, true);
	bool six = f->conns % 2;
	for (int i = 0; i < 2; i++)
		c->ends[i] = (struct endpoint){ .family = six ? 6 : 4,
						.addr = { 192, 0, 2, (uint8_t)(i + 1) },
						.port = (uint16_t)(i ? 8080 : 4000 + f->conns) };
}

/* A message of some type; every other one is damaged. */
static void feed_some(struct feed *f, uint64_t *seed)
{
	const struct schema *s = session_schema(f->session);
	const struct command_info *c = schema_command_info(s, (uint16_t)(1 + chance(seed, schema_commands(s))));
	struct buf payload = { 0 }, message = { 0 }, other = { 0 };
	char name[80] = "openiap.Nothing";
	if (c->type) {
		put_message(&payload, schema_descriptor(s, c->type), seed, 0);
		snprintf(name, sizeof name, "openiap.%s", schema_name(s, c->type));
	}
	put_envelope(&message, c->name, name, buf_slice(&payload), seed);
	put_envelope(&other, "query", "openiap.QueryRequest", buf_slice(&payload), seed);
	if (chance(seed, 2))
		mutate(&message, buf_slice(&other), seed);
	unsigned at = chance(seed, CONNS);
	feed_bytes(f, at, chance(seed, 2) ? DIR_C2S : DIR_S2C, buf_slice(&message), message.len,
		   &(struct sent){ .cut = chance(seed, 20) == 0 });
	if (chance(seed, 40) == 0)
		feed_news(f, at, DIR_C2S, (enum news_kind)chance(seed, NEWS_KINDS), 100);
	if (chance(seed, 100) == 0) {
		feed_close(f, at, CONN_RESET_BY_CLIENT);
		open_conn(f, at);
	}
	buf_release(&payload);
	buf_release(&message);
	buf_release(&other);
}

static void prepare(struct field_options *o)
{
	struct buf error = { 0 };
	*o = (struct field_options){ .header = -1, .count = sizeof columns / sizeof *columns };
	for (size_t i = 0; i < o->count; i++)
		o->name[i] = columns[i];
	assert_true(field_options_ready(o, true, false, &error));
	buf_release(&error);
}

/* What a format prints of the messages that a seed gives; .text is to be freed. */
static struct printed print(const struct exporter *e, uint64_t seed, const struct capture *capture)
{
	struct printed out;
	struct feed f;
	struct field_options fields;
	struct printer *p = xcalloc(1, sizeof *p);
	FILE *file = open_memstream(&out.text, &out.len);
	prepare(&fields);
	printer_init(p, e, &(struct print_options){ .fields = &fields, .utc = true }, file);
	struct session_listener listener = printer_listener(p);
	feed_init(&f, NULL, &listener);
	p->session = f.session;
	p->capture = capture;
	p->source = "<a> & \"b\"";
	for (unsigned i = 0; i < CONNS; i++)
		open_conn(&f, i);
	printer_begin(p);
	for (int i = 0; i < FED; i++)
		feed_some(&f, &seed);
	for (unsigned i = 0; i < CONNS; i++)
		feed_close(&f, i, CONN_CLOSED_BY_SERVER);
	printer_end(p);
	fclose(file);
	out.messages = session_count(f.session);
	printer_release(p);
	free(p);
	feed_release(&f);
	field_options_release(&fields);
	return out;
}

static void expect(const struct exporter *e, const struct printed *out)
{
	const char *fault = document_check(e, out->text, out->len, sizeof columns / sizeof *columns, out->messages);
	if (fault)
		fail_msg("%s: %s", e->name, fault);
}

/* One whose times are asked for; nothing is read from it. */
static struct capture *capture_of_sample(void)
{
	char error[256];
	static const struct sink nobody = { 0 };
	static const struct capture_options options = { 0 };
	struct source *source = source_open_file("samples/tcp.pcap", NULL, error, sizeof error);
	assert_non_null(source);
	return capture_new(source, &nobody, &options);
}

static void test_all(void **state)
{
	struct capture *capture = capture_of_sample();
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		for (size_t i = 0; exporter_at(i); i++) {
			struct printed out = print(exporter_at(i), seed * 0x9e3779b97f4a7c15u, capture);
			expect(exporter_at(i), &out);
			free(out.text);
		}
	}
	capture_free(capture);
}

static const char *const asked[] = { "id", "rid", "traceid", "type_url", "rules" };

/* What a format prints, as a text of its own, of what `talk` sends. */
static char *print_talk(const struct exporter *e, void (*talk)(struct feed *f))
{
	struct field_options fields = { .header = -1, .count = sizeof asked / sizeof *asked };
	struct feed f;
	char *text;
	size_t len;
	struct buf error = { 0 };
	FILE *file = open_memstream(&text, &len);
	struct printer *p = xcalloc(1, sizeof *p);
	struct capture *capture = capture_of_sample();
	memcpy(fields.name, asked, sizeof asked);
	assert_true(field_options_ready(&fields, true, false, &error));
	printer_init(p, e, &(struct print_options){ .fields = &fields, .utc = true }, file);
	struct session_listener listener = printer_listener(p);
	feed_init(&f, NULL, &listener);
	p->session = f.session;
	p->capture = capture;
	printer_begin(p);
	talk(&f);
	feed_close(&f, 0, CONN_CLOSED_BY_SERVER);
	printer_end(p);
	fclose(file);
	printer_release(p);
	free(p);
	feed_release(&f);
	capture_free(capture);
	field_options_release(&fields);
	return text;
}

/* `lost`: bytes behind it that the capture lacks. */
static void feed_json(struct feed *f, const char *text, size_t lost)
{
	struct piece p = { .conn = &f->conn[0], .encoding = ENCODING_JSON, .first = true, .last = true, .at = -1, .time = f->time };
	p.size = strlen(text) + lost;
	p.cut = lost > 0;
	feed_piece(f, &p, slice_str(text));
}

static void talk_secrets(struct feed *f)
{
	static const char json[] = "{\"password\":\"hunter2\"}";
	feed_json(f, "{\"command\":\"signin\",\"id\":\"a\",\"data\":{\"value\":{\"password\":\"hunter2\"}}}", 0);
	feed_json(f, "{\"command\":\"signin\",\"id\":\"b\",\"data\":{\"value\":{\"password\":\"hunter2", 9);
	FEED(f, 0, DIR_C2S, .command = "query", .id = json, .rid = json, .type = json);
	FEED(f, 0, DIR_C2S, .command = "query", .id = json, .type = "QueryRequest");
}

/* An id is text of the wire as any other: what is secret in it is not shown, by no format, nor is it in what should have been bytes. */
static void test_secrets(void **state)
{
	(void)state;
	for (size_t i = 0; exporter_at(i); i++) {
		char *text = print_talk(exporter_at(i), talk_secrets);
		if (strstr(text, "hunter2") || strstr(text, "68756e74657232"))
			fail_msg("%s: %s", exporter_at(i)->name, text);
		free(text);
	}
}

static void talk_null(struct feed *f)
{
	feed_json(f, "{\"command\":\"noop\",\"seq\":1,\"id\":\"a\",\"traceid\":null}", 0);
}

/* Over REST null stands for a field that is not there: no format for programs has it for a trace. */
static void test_null(void **state)
{
	static const char *const names[] = { "json", "pdml", "csv", "fields" };
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *text = print_talk(exporter_named(names[i]), talk_null);
		if (strstr(text, "\"null\""))
			fail_msg("%s: %s", names[i], text);
		free(text);
	}
}

/* Its payload has a field of another wire type and an end that is none; the Envelope around it, too. */
static void talk_faults(struct feed *f)
{
	static const struct sent query = {
		.command = "query", .id = "q", .type = "QueryRequest", .payload = { (const uint8_t *)"\x08\1\xff", 3 }
	};
	struct buf b = { 0 };
	feed_pack(&b, &query, 1);
	buf_add_str(&b, "\x20\1\xff");
	feed_bytes(f, 0, DIR_C2S, buf_slice(&b), b.len, &query);
	buf_release(&b);
}

/* Several faults of one object are an array: no name is there twice. */
static void test_faults(void **state)
{
	(void)state;
	char *text = print_talk(exporter_named("json"), talk_faults);
	json_t *all = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!all || document_count(text, "\"openiap.fault\":[") != 1 || document_count(text, "openiap.query.fault") != 1)
		fail_msg("%s", text);
	json_decref(all);
	free(text);
}

/* Text of the wire in a diagram: mermaid.js takes a semicolon away where these words stand. */
static void talk_style(struct feed *f)
{
	FEED(f, 0, DIR_C2S, .command = "style a:b<c>d", .id = "a");
	FEED(f, 0, DIR_C2S, .command = "classDef a:b<c>d", .id = "b");
}

static void test_mermaid(void **state)
{
	(void)state;
	char *text = print_talk(exporter_named("mermaid"), talk_style);
	if (strstr(text, "style") || strstr(text, "classDef") || document_count(text, "lassDef a:b#60;c#62;d") != 1)
		fail_msg("%s", text);
	free(text);
}

/* A watch, and an event of it that names a trace of its own, but no span. */
static void talk_event(struct feed *f)
{
	static const struct sent event = {
		.command = "watchevent", .id = "e", .type = "WatchEvent", .payload = { (const uint8_t *)"\x0a\1x", 3 }
	};
	struct buf b = { 0 };
	FEED(f, 0, DIR_C2S, .command = "watch", .id = "w", .type = "WatchRequest");
	FEED(f, 0, DIR_S2C, .command = "watchreply", .id = "r", .rid = "w", .type = "WatchResponse", .payload = event.payload);
	feed_pack(&b, &event, 1);
	put_bytes(&b, 8, slice_str("4bf92f3577b34da6a3ce929d0e0e4736"));
	feed_bytes(f, 0, DIR_S2C, buf_slice(&b), b.len, &event);
	buf_release(&b);
}

/* In another trace than its registration, it has a link to that. */
static void test_event_of_another_trace(void **state)
{
	(void)state;
	char *text = print_talk(exporter_named("otlp"), talk_event), *event = strstr(text, "4bf92f3577b34da6a3ce929d0e0e4736");
	assert_non_null(event);
	assert_non_null(strstr(event, "\"links\""));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all),     cmocka_unit_test(test_secrets),
					    cmocka_unit_test(test_null),    cmocka_unit_test(test_faults),
					    cmocka_unit_test(test_mermaid), cmocka_unit_test(test_event_of_another_trace) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
