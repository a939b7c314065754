/*
 * Every format of -T on messages by chance, good ones and damaged ones, over connections that come and go: the sanitizers watch, and what is
 * written must be a whole document of its kind with every message in it, and nothing that a terminal obeys.
 */
#include "export/exporter.h"

#include "tests/session_feed.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { FED = 400, CONNS = 3 };

/* The columns: fields of every type, paths, and what no message has. */
static const char *const columns[] = {
	"n", "time", "epoch", "src", "addr", "port", "tls", "command", "id", "jwt", "rules", "gist", "data", "latency", "data.name", "data.query._type",
	"query.collectionname", "workitem.files[0].filename", "signin.password", "tcp.stream",
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
		c->ends[i] = (struct endpoint){ .family = six ? 6 : 4, .addr = { 192, 0, 2, (uint8_t)(i + 1) }, .port = (uint16_t)(i ? 8080 : 4000 + f->conns) };
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
	feed_bytes(f, at, chance(seed, 2) ? DIR_C2S : DIR_S2C, buf_slice(&message), message.len, &(struct sent){ .cut = chance(seed, 20) == 0 });
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

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;
	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void expect_json(const char *text, size_t len, size_t elements)
{
	json_error_t error;
	json_t *all = json_loadb(text, len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
	if (!all)
		fail_msg("no JSON: %s, at %d", error.text, error.position);
	if (elements)
		assert_int_equal(json_array_size(all), elements);
	json_decref(all);
}

static void expect_json_lines(const char *text)
{
	for (const char *end; (end = strchr(text, '\n')); text = end + 1)
		expect_json(text, (size_t)(end - text), 0);
	assert_int_equal(*text, 0);
}

/* Tags are closed in the order in which they were opened, and the values of attributes hold no markup. */
static void expect_xml(const char *text)
{
	const char *open[64], *at = text;
	int depth = 0;
	while ((at = strchr(at, '<'))) {
		const char *name = at + 1 + (at[1] == '/'), *end = at;
		size_t n = strcspn(name, " />\n");
		bool quoted = false;
		for (end++; *end && (quoted || *end != '>'); end++) {
			quoted ^= *end == '"';
			assert_true(!quoted || *end != '<');
		}
		assert_true(*end == '>');
		if (at[1] == '/') {
			assert_true(depth > 0 && strncmp(open[--depth], name, n) == 0);
		} else if (at[1] != '?' && at[1] != '!' && end[-1] != '/') {
			assert_true(depth < 64);
			open[depth++] = name;
		}
		at = end;
	}
	assert_int_equal(depth, 0);
}

/* RFC 4180: rows of as many values as there are columns, read with its quotes. */
static void expect_csv(const char *text, uint32_t messages)
{
	size_t rows = 0, values = 1;
	bool quoted = false;
	for (; *text; text++) {
		quoted ^= *text == '"';
		values += *text == ',' && !quoted;
		if (*text != '\r' || text[1] != '\n' || quoted)
			continue;
		assert_int_equal(values, sizeof columns / sizeof *columns);
		values = 1;
		rows++;
	}
	assert_false(quoted);
	assert_int_equal(rows, messages + 1);
}

static void expect_fields(const char *text, uint32_t messages)
{
	assert_int_equal(count_of(text, "\n"), messages);
	assert_int_equal(count_of(text, "\t"), messages * (sizeof columns / sizeof *columns - 1));
}

static void expect_harmless(const struct printed *out)
{
	for (size_t i = 0; i < out->len; i++) {
		uint8_t c = (uint8_t)out->text[i];
		if (c == 0x7f || (c < 0x20 && c != '\n' && c != '\r' && c != '\t'))
			fail_msg("byte %02x at %zu: %.60s", c, i, out->text + (i > 30 ? i - 30 : 0));
	}
}

static void expect(const struct exporter *e, const struct printed *out)
{
	expect_harmless(out);
	if (e == &exporter_json)
		expect_json(out->text, out->len, out->messages);
	if (e == &exporter_ndjson || e == &exporter_otlp)
		expect_json_lines(out->text);
	if (e == &exporter_pdml)
		assert_int_equal(count_of(out->text, "<packet>"), out->messages);
	if (e == &exporter_pdml || e == &exporter_svg)
		expect_xml(out->text);
	if (e == &exporter_html)
		assert_int_equal(count_of(out->text, "<details data-f"), out->messages);
	if (e == &exporter_csv)
		expect_csv(out->text, out->messages);
	if (e == &exporter_fields)
		expect_fields(out->text, out->messages);
}

static void test_all(void **state)
{
	char error[256];
	struct sink nobody = { 0 };
	struct capture_options options = { 0 };
	struct source *source = source_open_file("samples/tcp.pcap", NULL, error, sizeof error);
	(void)state;
	assert_non_null(source);
	struct capture *capture = capture_new(source, &nobody, &options);
	for (uint64_t seed = 1; seed <= 6; seed++) {
		for (size_t i = 0; exporter_at(i); i++) {
			struct printed out = print(exporter_at(i), seed * 0x9e3779b97f4a7c15u, capture);
			expect(exporter_at(i), &out);
			free(out.text);
		}
	}
	capture_free(capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
