/* Spans as OpenTelemetry has them: for the files export/otlp*.c only. */
#ifndef EXPORT_OTLP_PART_H
#define EXPORT_OTLP_PART_H

#include "base/bound.h"
#include "export/exporter.h"
#include "export/who.h"

enum {
	OTLP_SPANS = BOUND(8192, 16), /* kept at a time: open ones, and registrations that events may name; the oldest gives way */
	OTLP_EVENTS = BOUND(32, 4),   /* of a span: stream messages; the rest is counted in droppedEventsCount */
	OTLP_USED = BOUND(16384, 32), /* span ids of Envelopes that are remembered, so that no two spans have the same */
	OTLP_TEXT = 160,              /* bytes of a text in a span */
};

/* What a message says of its trace. Ids of zeros are no ids (W3C Trace Context, 3.2.2.3 and 3.2.2.4). */
struct otlp_context {
	uint8_t trace[16], span[8];
	bool has_trace, has_span;
};

/* Reads traceid and spanid of an Envelope: 32 and 16 hexadecimal digits; what is none of that is none. */
struct otlp_context otlp_context_of(const struct envelope *e);
/* Makes ids for a message that has none: the same ones whenever the same capture is read, others for every other message. */
void otlp_make_ids(struct otlp_context *out, const struct session_conn *c, const struct message_facts *m);

enum otlp_kind { OTLP_CLIENT = 3, OTLP_CONSUMER = 5 };

/* A text of bounded length. */
struct otlp_text {
	uint8_t at[OTLP_TEXT];
	size_t len;
};

struct otlp_span {
	uint32_t thread, conn;
	enum otlp_kind kind;
	struct otlp_context context; /* its own ids */
	uint8_t parent[8];
	bool has_parent, has_link, given_up;
	bool registration, finished; /* of a watch or queue: stays when it is finished, for its events */
	struct otlp_context link;    /* the span of the reply, or the registration of an event */
	struct endpoint ends[2];     /* [DIR_C2S] the client, as in conn_info */
	enum dir dir;                /* who asked */
	enum transport transport;
	bool tls, has_code;
	int32_t code; /* of the ErrorResponse */
	int64_t start, end;
	uint32_t n; /* of the first message */
	uint32_t rules, messages;
	uint64_t bytes[2];
	enum thread_state state;
	struct otlp_text name, id, gist, error;
	struct buf events; /* as JSON, with commas */
	uint32_t event_count, events_dropped;
	struct otlp_span *chain, *older, *newer; /* of the hash slot; in the order of age */
};

/* Appends the span as a line: an ExportTraceServiceRequest with one span. who: of the client; NULL if it is not known. */
void otlp_span_add(struct buf *out, const struct otlp_span *s, const struct identity *who);
/* A stream message as an event of the span. */
void otlp_span_event(struct otlp_span *s, const struct message_facts *m);
void otlp_text_set(struct otlp_text *t, struct slice text);

#endif
