/*
 * The queue, the request under way, and when the next is due.
 *
 *	otlp_post_file → partial (a line that is not whole) → queue (whole lines) → body (a batch under way) → collector
 *
 * One request is under way at a time. Its body stays until the collector has taken it, or says that it never will; after a failure that may pass
 * (no connection, 429, 502, 503, 504) it is sent again, after as long as Retry-After says, else after a wait that doubles. libcurl's
 * multi interface never waits: the loops that print call otlp_post_step, and so does every write. Where something is waited for, it is for
 * the queue to move: the collector is given up for the time being when it has not for POST_FINISH_MS, and until it does again.
 *
 * A line is {"resourceSpans":[X]}; the batch of several is {"resourceSpans":[X,Y]}.
 */
#include "export/otlp_post.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "export/curl.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

enum { REPLY_MOST = 64 << 10, WAIT_MS = 100, RETRY_AFTER_MOST_S = 60 };

static const char before[] = "{\"resourceSpans\":[", behind[] = "]}\n";

struct otlp_post {
	struct curl curl;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	FILE *file;
	bool busy;                         /* the request is under way */
	bool finishing;                    /* spans wait for no others to go with */
	const volatile sig_atomic_t *stop; /* writing waits until it is set; NULL: it does not wait */
	struct buf partial, queue;
	size_t taken;     /* bytes of the queue that are in a body already */
	uint64_t waiting; /* spans in the queue */
	struct buf body, reply;
	unsigned in_body;  /* spans */
	unsigned failures; /* in a row */
	int64_t due;       /* ms: not before */
	int64_t oldest;    /* when the first of the waiting spans came */
	int64_t moved;     /* when a body was dealt with last, or nothing waited */
	char error[CURL_ERROR_SIZE], why[CURL_ERROR_SIZE + 64];
	struct otlp_post_counts counts;
};

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The URL with the path for traces, if it has none. NULL if it is no URL that can be posted to. */
static char *full_url(const struct curl *curl, const char *url)
{
	CURLU *u = curl->url();
	char *scheme = NULL, *path = NULL, *full = NULL, *out = NULL;
	bool good = u && curl->url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		    curl->url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
		    curl->url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK;
	if (good && strcmp(path, "/") == 0)
		good = curl->url_set(u, CURLUPART_PATH, "/v1/traces", 0) == CURLUE_OK;
	if (good && curl->url_get(u, CURLUPART_URL, &full, 0) == CURLUE_OK)
		out = xstrdup(full);
	curl->free(scheme);
	curl->free(path);
	curl->free(full);
	curl->url_cleanup(u);
	return out;
}

static size_t take_reply(char *at, size_t size, size_t n, void *user)
{
	struct otlp_post *p = user;
	size_t room = p->reply.len < REPLY_MOST ? REPLY_MOST - p->reply.len : 0;
	buf_add(&p->reply, slice_head(slice_of(at, size * n), room));
	return size * n;
}

/* Adds one "key=value" of the headers; its value is percent-encoded. */
static bool add_header(struct otlp_post *p, struct slice pair)
{
	const uint8_t *equals = memchr(pair.at, '=', pair.len);
	struct buf line = { 0 };
	bool good = equals && equals > pair.at;
	if (good) {
		struct slice value = slice_skip(pair, (size_t)(equals - pair.at) + 1);
		int length = 0;
		/* libcurl takes a length of 0 for "up to the NUL", and a header without a value for one that is unwanted, but for "name;" */
		char *plain = p->curl.easy_unescape(p->easy, value.len ? (const char *)value.at : "", (int)value.len, &length);
		buf_add(&line, slice_head(pair, (size_t)(equals - pair.at)));
		buf_add_str(&line, value.len ? ": " : ";");
		buf_add(&line, slice_of(plain, plain ? (size_t)length : 0));
		p->curl.free(plain);
		good = plain && text_is_printable(buf_slice(&line)) && !memchr(line.at, '\n', line.len) && !memchr(line.at, '\r', line.len);
	}
	struct curl_slist *more = good ? p->curl.slist_append(p->headers, buf_cstr(&line)) : NULL;
	if (more)
		p->headers = more;
	buf_release(&line);
	return more != NULL;
}

/* "key=value,key=value", with blanks around each (the form of W3C Baggage). */
static bool add_headers(struct otlp_post *p, struct slice all)
{
	while (all.len) {
		const uint8_t *comma = memchr(all.at, ',', all.len);
		struct slice pair = slice_head(all, comma ? (size_t)(comma - all.at) : all.len);
		all = slice_skip(all, comma ? pair.len + 1 : pair.len);
		while (pair.len && *pair.at == ' ')
			pair = slice_skip(pair, 1);
		while (pair.len && pair.at[pair.len - 1] == ' ')
			pair.len--;
		if (pair.len && !add_header(p, pair))
			return false;
	}
	return true;
}

static bool set_up(struct otlp_post *p, const char *url, const char *headers)
{
	p->multi = p->curl.multi_init();
	p->easy = p->curl.easy_init();
	p->headers = p->curl.slist_append(NULL, "Content-Type: application/json");
	if (!p->multi || !p->easy || !p->headers || !add_headers(p, slice_str(headers ? headers : "")))
		return false;
#if LIBCURL_VERSION_NUM >= 0x075700
	p->curl.easy_setopt(p->easy, CURLOPT_QUICK_EXIT, 1L); /* else giving a name up waits until whoever looks it up does, too */
#endif
	return p->curl.easy_setopt(p->easy, CURLOPT_URL, url) == CURLE_OK &&
	       p->curl.easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers) == CURLE_OK &&
	       p->curl.easy_setopt(p->easy, CURLOPT_USERAGENT, "envscope/" ENVSCOPE_VERSION) == CURLE_OK &&
	       p->curl.easy_setopt(p->easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       p->curl.easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       p->curl.easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long)POST_TIMEOUT_MS) == CURLE_OK &&
	       p->curl.easy_setopt(p->easy, CURLOPT_ERRORBUFFER, p->error) == CURLE_OK &&
	       p->curl.easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, take_reply) == CURLE_OK &&
	       p->curl.easy_setopt(p->easy, CURLOPT_WRITEDATA, p) == CURLE_OK;
}

/* Moves the next spans into a body. */
static void fill_body(struct otlp_post *p)
{
	buf_clear(&p->body);
	buf_add_str(&p->body, before);
	p->in_body = 0;
	while (p->in_body < POST_BATCH && p->taken < p->queue.len) {
		struct slice rest = slice_skip(buf_slice(&p->queue), p->taken);
		const uint8_t *end = memchr(rest.at, '\n', rest.len);
		size_t line = end ? (size_t)(end - rest.at) + 1 : rest.len, wrapped = strlen(before) + strlen(behind);
		if (p->in_body)
			buf_add_byte(&p->body, ',');
		if (line > wrapped)
			buf_add(&p->body, slice_of(rest.at + strlen(before), line - wrapped));
		p->taken += line;
		p->in_body++;
	}
	buf_add(&p->body, slice_of(behind, 2));
	p->waiting -= p->in_body;
	p->oldest = now_ms();
	if (p->taken > p->queue.len / 2) {
		buf_consume(&p->queue, p->taken);
		p->taken = 0;
	}
}

static void send_body(struct otlp_post *p)
{
	buf_clear(&p->reply);
	p->error[0] = 0;
	p->curl.easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->body.len);
	p->curl.easy_setopt(p->easy, CURLOPT_POSTFIELDS, (const char *)p->body.at);
	p->busy = p->curl.multi_add_handle(p->multi, p->easy) == CURLM_OK;
}

static void explain(struct otlp_post *p, const char *what, const char *more)
{
	struct buf text = { 0 };
	text_add_safe(&text, slice_str(what));
	buf_add_str(&text, *more ? ": " : "");
	text_add_fit(&text, slice_str(more), 100);
	snprintf(p->why, sizeof p->why, "%s", buf_cstr(&text));
	buf_release(&text);
}

/* The body is dealt with. */
static void done_with_body(struct otlp_post *p)
{
	p->in_body = 0;
	p->failures = 0;
	p->due = 0;
	p->moved = now_ms();
	buf_clear(&p->body);
}

/* A success may still say that some were refused. */
static uint64_t rejected(struct otlp_post *p)
{
	json_t *reply = json_loadb((const char *)p->reply.at, p->reply.len, 0, NULL);
	const json_t *partial = json_object_get(reply, "partialSuccess"), *spans = json_object_get(partial, "rejectedSpans");
	const char *message = json_string_value(json_object_get(partial, "errorMessage"));
	long long n = json_is_string(spans) ? strtoll(json_string_value(spans), NULL, 10) : (long long)json_integer_value(spans);
	if (n > 0)
		explain(p, "the collector refused spans", message ? message : "");
	json_decref(reply);
	return n < 0 ? 0 : (uint64_t)n > p->in_body ? p->in_body : (uint64_t)n;
}

static void try_later(struct otlp_post *p)
{
	curl_off_t after = 0;
	int64_t wait = (int64_t)POST_BACKOFF_MS << (p->failures < 6 ? p->failures : 6);
	if (wait > POST_BACKOFF_MOST_MS)
		wait = POST_BACKOFF_MOST_MS;
	wait -= now_ms() % 100 * wait / 500; /* several that were refused at the same time do not come back at the same time */
	p->curl.easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &after);
	if (after > 0)
		wait = 1000 * (int64_t)(after < RETRY_AFTER_MOST_S ? after : RETRY_AFTER_MOST_S);
	p->failures++;
	p->counts.retries++;
	p->due = now_ms() + wait;
}

/* libcurl takes what is no HTTP/1, such as a collector's answer on its port for gRPC, for HTTP/0.9. */
static const char *failure_of(CURLcode result)
{
	switch (result) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT: return "the collector can't be reached";
	case CURLE_UNSUPPORTED_PROTOCOL:
		return "what answers is no collector of OTLP over HTTP (whose port is mostly 4318, that of gRPC 4317)";
	default: return "the collector does not answer as it should";
	}
}

static void take_result(struct otlp_post *p, CURLcode result)
{
	long status = 0;
	char words[64];
	p->curl.easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	snprintf(words, sizeof words, "the collector answers %ld", status);
	if (result != CURLE_OK) {
		explain(p, failure_of(result), p->error[0] ? p->error : p->curl.easy_strerror(result));
		try_later(p);
	} else if (status >= 200 && status < 300) {
		uint64_t refused = p->reply.len ? rejected(p) : 0;
		p->counts.refused += refused;
		p->counts.sent += p->in_body - refused;
		done_with_body(p);
	} else if (status == 429 || status == 502 || status == 503 || status == 504) {
		explain(p, words, "");
		try_later(p);
	} else {
		buf_add_byte(&p->reply, 0);
		explain(p, words, (const char *)p->reply.at);
		p->counts.refused += p->in_body;
		done_with_body(p);
	}
}

static void take_results(struct otlp_post *p)
{
	int left;
	CURLMsg *m;
	while ((m = p->curl.multi_info_read(p->multi, &left))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode result = m->data.result;
		p->curl.multi_remove_handle(p->multi, p->easy);
		p->busy = false;
		take_result(p, result);
	}
}

void otlp_post_step(struct otlp_post *p)
{
	int running;
	if (p->busy) {
		p->curl.multi_perform(p->multi, &running);
		take_results(p);
	}
	if (p->busy)
		return;
	bool ready = p->waiting && (p->finishing || p->waiting >= POST_BATCH || now_ms() - p->oldest >= POST_LINGER_MS);
	if (!p->in_body && ready)
		fill_body(p);
	if (p->in_body && now_ms() >= p->due) {
		send_body(p);
		p->curl.multi_perform(p->multi, &running);
	}
}

/* Lets so much time pass, less if something happens. */
static void wait_a_little(struct otlp_post *p, int ms)
{
	p->curl.multi_poll(p->multi, NULL, 0, ms, NULL);
	otlp_post_step(p);
}

static bool holds(const struct otlp_post *p, size_t bytes)
{
	return p->queue.len - p->taken >= bytes;
}

static bool stopped(const struct otlp_post *p)
{
	return p->stop && *p->stop;
}

/* Is it worth while to wait? */
static bool moves(const struct otlp_post *p)
{
	return now_ms() - p->moved < POST_FINISH_MS;
}

/* A whole line is in partial. */
static void queue_line(struct otlp_post *p)
{
	while (holds(p, POST_QUEUE) && p->stop && !stopped(p) && moves(p))
		wait_a_little(p, WAIT_MS);
	if (holds(p, POST_QUEUE)) {
		p->counts.overflowed++;
	} else {
		if (!p->waiting)
			p->oldest = now_ms();
		if (!p->waiting && !p->in_body)
			p->moved = p->oldest;
		p->waiting++;
		buf_add(&p->queue, buf_slice(&p->partial));
	}
	buf_clear(&p->partial);
}

static ssize_t take_written(void *user, const char *at, size_t n)
{
	struct otlp_post *p = user;
	struct slice rest = slice_of(at, n);
	while (rest.len) {
		const uint8_t *end = memchr(rest.at, '\n', rest.len);
		size_t part = end ? (size_t)(end - rest.at) + 1 : rest.len;
		buf_add(&p->partial, slice_head(rest, part));
		rest = slice_skip(rest, part);
		if (end)
			queue_line(p);
	}
	otlp_post_step(p);
	return (ssize_t)n;
}

struct otlp_post *otlp_post_new(const char *url, const char *headers, char *error, size_t room)
{
	struct curl curl;
	if (!curl_load(&curl)) {
		snprintf(error, room, "libcurl is not there: without it nothing can be sent to a collector");
		return NULL;
	}
	char *full = full_url(&curl, url);
	if (!full) {
		snprintf(error, room, "this is no URL of a collector, such as http://localhost:4318");
		return NULL;
	}
	struct otlp_post *p = xcalloc(1, sizeof *p);
	p->curl = curl;
	bool good = set_up(p, full, headers);
	free(full);
	p->file = good ? fopencookie(p, "w", (cookie_io_functions_t){ .write = take_written }) : NULL;
	if (!p->file) {
		snprintf(error, room, "%s",
			 headers ? "headers are key=value, with commas between them and %XX for what is not plain"
				 : "libcurl can't be set up");
		otlp_post_free(p);
		return NULL;
	}
	setvbuf(p->file, NULL, _IONBF, 0);
	return p;
}

void otlp_post_free(struct otlp_post *p)
{
	if (!p)
		return;
	if (p->file)
		fclose(p->file);
	if (p->busy)
		p->curl.multi_remove_handle(p->multi, p->easy);
	p->curl.easy_cleanup(p->easy);
	p->curl.multi_cleanup(p->multi);
	p->curl.slist_free_all(p->headers);
	buf_release(&p->partial);
	buf_release(&p->queue);
	buf_release(&p->body);
	buf_release(&p->reply);
	free(p);
}

FILE *otlp_post_file(struct otlp_post *p)
{
	return p->file;
}

void otlp_post_wait(struct otlp_post *p, const volatile sig_atomic_t *stop)
{
	p->stop = stop;
}

bool otlp_post_catch_up(struct otlp_post *p, int ms)
{
	int64_t until = now_ms() + ms, left = ms;
	for (; left > 0 && holds(p, POST_BEHIND) && moves(p); left = until - now_ms())
		wait_a_little(p, (int)left);
	return holds(p, POST_BEHIND) && moves(p);
}

bool otlp_post_finish(struct otlp_post *p, int ms)
{
	int64_t until = now_ms() + ms;
	p->finishing = true;
	otlp_post_step(p);
	while ((p->waiting || p->in_body) && now_ms() < until && !stopped(p))
		wait_a_little(p, WAIT_MS);
	p->counts.unsent = p->waiting + p->in_body;
	return p->counts.unsent == 0;
}

struct otlp_post_counts otlp_post_counts(const struct otlp_post *p)
{
	return p->counts;
}

const char *otlp_post_error(const struct otlp_post *p)
{
	return p->why;
}
