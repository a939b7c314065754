/*
 * A second printer, of -T otlp, whose file is the post. It hears first, and then whoever else listens.
 */
#include "cli/posting.h"

#include "base/amount.h"
#include "cli/signals.h"

#include <stdlib.h>

enum { SLICE_MS = 6, SILENT_MS = 1000 };

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

/* Headers for the collector, such as a key: what exporters of OpenTelemetry take from the environment. */
static const char *headers_of_environment(void)
{
	const char *traces = variable("OTEL_EXPORTER_OTLP_TRACES_HEADERS");
	return traces ? traces : variable("OTEL_EXPORTER_OTLP_HEADERS");
}

/* Appends the collector's URL: as given, or as exporters of OpenTelemetry find it (opentelemetry.io/docs/specs/otel/protocol/exporter): that for
 * traces, that for all signals with the path for traces behind it, the usual one. */
static void add_url(struct buf *out, const char *given)
{
	const char *traces = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), *all = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
	if (*given || traces || !all) {
		buf_add_str(out, *given ? given : traces ? traces : "http://localhost:4318");
		return;
	}
	size_t n = strlen(all);
	buf_add(out, slice_of(all, n && all[n - 1] == '/' ? n - 1 : n));
	buf_add_str(out, "/v1/traces");
}

bool posting_open(struct posting *p, const struct options *o, bool waits)
{
	char error[256];
	struct buf url = { 0 };
	if (!o->otlp)
		return true;
	add_url(&url, o->otlp);
	p->post = otlp_post_new(buf_cstr(&url), headers_of_environment(), error, sizeof error);
	buf_release(&url);
	if (!p->post) {
		fprintf(stderr, "envscope: --otlp: %s\n", error);
		return false;
	}
	if (waits)
		otlp_post_wait(p->post, signals_stop());
	printer_init(&p->printer, exporter_named("otlp"), &o->print, otlp_post_file(p->post));
	return true;
}

void posting_release(struct posting *p)
{
	if (!p->post)
		return;
	printer_release(&p->printer);
	otlp_post_free(p->post);
	p->post = NULL;
}

static void hear_message(void *user, uint32_t n, struct slice bytes)
{
	struct posting *p = user;
	p->spans.message(p->spans.user, n, bytes);
	if (p->before.message)
		p->before.message(p->before.user, n, bytes);
}

static void hear_rule(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct posting *p = user;
	p->spans.rule(p->spans.user, n, rule, was, time);
	if (p->before.rule)
		p->before.rule(p->before.user, n, rule, was, time);
}

static void hear_news(void *user, const struct session_news *news)
{
	struct posting *p = user;
	p->before.news(p->before.user, news);
}

static void hear_over(void *user, uint32_t thread, int64_t time)
{
	struct posting *p = user;
	p->spans.over(p->spans.user, thread, time);
	if (p->before.over)
		p->before.over(p->before.user, thread, time);
}

static void hear_stream(void *user, uint32_t thread, struct slice bytes)
{
	struct posting *p = user;
	p->before.stream(p->before.user, thread, bytes);
}

struct session_listener posting_listener(struct posting *p, const struct session_listener *other)
{
	p->spans = printer_listener(&p->printer);
	p->before = *other;
	return (struct session_listener){ .user = p,
					  .message = hear_message,
					  .rule = hear_rule,
					  .news = other->news ? hear_news : NULL,
					  .stream = other->stream ? hear_stream : NULL,
					  .over = hear_over };
}

void posting_begin(struct posting *p, const struct session *s, const struct capture *c, struct filter *f)
{
	if (!p->post)
		return;
	p->printer.session = s;
	p->printer.capture = c;
	p->printer.filter = f;
	printer_begin(&p->printer);
}

void posting_step(struct posting *p)
{
	if (p->post)
		otlp_post_step(p->post);
}

bool posting_catch_up(struct posting *p)
{
	posting_step(p);
	return p->post && otlp_post_catch_up(p->post, SLICE_MS);
}

static void add_given_up(struct buf *out, uint64_t n, const char *why)
{
	if (!n)
		return;
	buf_add_str(out, ", ");
	amount_add_grouped(out, n);
	buf_addf(out, " %s", why);
}

/* Who waits is told so, if it takes a while. */
static void send_rest(struct posting *p)
{
	const volatile sig_atomic_t *stop = signals_next();
	otlp_post_wait(p->post, stop);
	printer_end(&p->printer);
	if (otlp_post_finish(p->post, SILENT_MS) || *stop)
		return;
	fprintf(stderr, "envscope: --otlp: waiting for the collector, %d s at most; Ctrl-C gives up\n", POST_FINISH_MS / 1000);
	otlp_post_finish(p->post, POST_FINISH_MS - SILENT_MS);
}

bool posting_finish(struct posting *p)
{
	struct buf text = { 0 };
	if (!p->post)
		return true;
	send_rest(p);
	struct otlp_post_counts c = otlp_post_counts(p->post);
	uint64_t lost = c.refused + c.overflowed + c.unsent;
	amount_add_counted(&text, c.sent, "span");
	buf_add_str(&text, " sent");
	add_given_up(&text, c.refused, "refused by the collector");
	add_given_up(&text, c.overflowed, "given up as the queue was full");
	add_given_up(&text, c.unsent, "given up in the end");
	if (c.retries) {
		buf_add_str(&text, ", ");
		amount_add_counted(&text, c.retries, "time[s] tried again");
	}
	if ((lost || c.retries) && *otlp_post_error(p->post))
		buf_addf(&text, "; last fault: %s", otlp_post_error(p->post));
	fprintf(stderr, "envscope: --otlp: %s\n", buf_cstr(&text));
	buf_release(&text);
	return lost == 0;
}
