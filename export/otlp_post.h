/*
 * Spans to an OpenTelemetry collector: OTLP over HTTP, with JSON (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP").
 *
 * What is written to the file goes into a bounded queue and from there, in batches, to the collector. Where the queue is full and writing must not
 * wait, what is written is given up, counted: live captures go on, whatever the collector does. Who reads a file can wait, in one of two ways:
 *
 *	otlp_post_wait      writing waits: for whoever only prints
 *	otlp_post_catch_up  nothing waits; the caller is told to read on later: for screens, which have keys to answer meanwhile
 *
 * Nobody waits longer for a collector that takes nothing than POST_FINISH_MS.
 */
#ifndef EXPORT_OTLP_POST_H
#define EXPORT_OTLP_POST_H

#include "base/buf.h"

#include <signal.h>
#include <stdio.h>

enum {
	POST_QUEUE = 16 << 20,   /* bytes of spans that wait; more are given up, counted */
	POST_BEHIND = 4 << 20,   /* so many of them, and the collector is behind */
	POST_BATCH = 512,        /* spans in one request */
	POST_LINGER_MS = 1000,   /* how long spans wait for others to go with */
	POST_TIMEOUT_MS = 10000, /* of a request */
	POST_BACKOFF_MS = 500,   /* wait after the first failure; doubled with each, up to … */
	POST_BACKOFF_MOST_MS = 30000,
	POST_FINISH_MS = 15000, /* how long a collector is waited for that takes nothing; and at the end, for all */
};

struct otlp_post;

struct otlp_post_counts {
	uint64_t sent;       /* spans that the collector took */
	uint64_t refused;    /* spans that it will not take (a status that is not to be tried again, or a partial success) */
	uint64_t overflowed; /* given up since the queue was full */
	uint64_t unsent;     /* still waiting when otlp_post_finish returned */
	uint64_t retries;    /* requests that were tried again */
};

/* url: http or https, of a collector or of its path for traces; without a path it is /v1/traces. headers: more of them for each request, as
 * OTEL_EXPORTER_OTLP_HEADERS has them ("api-key=secret,x=y%20z"); NULL for none. NULL, and a sentence in error, if the URL or the headers are
 * none, or libcurl is not there. Writing does not wait. */
struct otlp_post *otlp_post_new(const char *url, const char *headers, char *error, size_t room);
void otlp_post_free(struct otlp_post *p);
/* Where -T otlp writes its lines. Owned by the post. */
FILE *otlp_post_file(struct otlp_post *p);
/* From now on writing waits where the queue is full, until *stop is set. */
void otlp_post_wait(struct otlp_post *p, const volatile sig_atomic_t *stop);
/* Sends and receives what can be without waiting. To be called now and then. */
void otlp_post_step(struct otlp_post *p);
/* If the collector is behind, sends for up to so many ms; most of that is sleep. True if nothing more should be written for now. */
bool otlp_post_catch_up(struct otlp_post *p, int ms);
/* Sends what is left; waits for it up to so many ms, or until what otlp_post_wait was given is set. May be called again. False if not all was
 * dealt with: the rest is in the counts. */
bool otlp_post_finish(struct otlp_post *p, int ms);
struct otlp_post_counts otlp_post_counts(const struct otlp_post *p);
/* Why the last request failed, harmless for a terminal; "" if none did. */
const char *otlp_post_error(const struct otlp_post *p);

#endif
