/*
 * A sequence diagram as a model: who stands at the lifelines, and what goes between them in the order of time. It knows nothing of how it
 * is drawn; export/mermaid.c, plantuml.c, svg.c and html.c draw it.
 *
 * Texts in it are as they came from the wire, cut to a bounded length: whoever draws them makes them harmless in its own syntax.
 */
#ifndef EXPORT_DIAGRAM_H
#define EXPORT_DIAGRAM_H

#include "base/arena.h"
#include "base/bound.h"
#include "export/exporter.h"
#include "export/who.h"

enum {
	DIAGRAM_ACTORS = 16,          /* lifelines; messages between others are left out, counted */
	DIAGRAM_FOLDS = BOUND(64, 4), /* streams under way at a time that are folded; the next begins a row of its own */
	DIAGRAM_TEXTS = 8 << 20,      /* bytes of texts */
	DIAGRAM_NAME = 64,            /* bytes of a command, an agent or a user */
};

struct diagram_actor {
	struct endpoint end;
	bool server;              /* it was connected to */
	struct slice agent, user; /* "node 0.0.39" and a user's name, of the newest signin; empty */
};

enum diagram_kind {
	DIAGRAM_MESSAGE,
	DIAGRAM_STREAM, /* the messages of one stream, folded */
	DIAGRAM_NEWS,   /* no message: a gap in the capture, bytes passed over */
};

struct diagram_row {
	enum diagram_kind kind;
	enum role role;
	uint8_t from, to;           /* actors; of news the sender's side and the receiver's */
	bool failed;                /* an error as a reply */
	uint8_t stream;             /* STREAM: bits of decode/streams.h */
	uint32_t n, thread, conn;   /* n: of the message, of the first of a stream, of the message before the news */
	uint32_t messages, chunks;  /* STREAM */
	uint32_t rules;             /* bit set of enum rule */
	int64_t time, until;        /* until: of the last message of a stream */
	int64_t latency;            /* of a reply, ns; -1 */
	uint64_t bytes;             /* of the Envelope; of a stream's data */
	struct slice command, text; /* text: the gist, or what the news says; harmless for a terminal already */
};

struct diagram {
	struct diagram_actor actor[DIAGRAM_ACTORS];
	unsigned actors;
	struct diagram_row *row;
	size_t rows, cap, most;
	uint64_t left_out; /* messages beyond the limits */
	uint64_t news_left_out;
	uint32_t fold[DIAGRAM_FOLDS]; /* streams under way: index of the row + 1 */
	struct arena texts;
};

/* An empty diagram that takes at most `rows` rows. */
void diagram_init(struct diagram *d, size_t rows);
void diagram_release(struct diagram *d);
/* A message as the printer has it. who: of whom names are known; NULL for none. */
void diagram_message(struct diagram *d, const struct session *s, const struct message_facts *m, const struct who *who);
/* What became known later of message n, as the session's listener hears it. */
void diagram_rule(struct diagram *d, const struct session *s, uint32_t n, enum rule rule, enum rule was);
void diagram_news(struct diagram *d, const struct session *s, const struct session_news *news);

/* Texts for what is drawn, harmless for a terminal but with no syntax escaped. Of an actor: its address, and who it is, maybe nothing. */
void diagram_add_address(struct buf *out, const struct diagram_actor *a);
void diagram_add_name(struct buf *out, const struct diagram_actor *a);
/* The label of a row: "3 query", "stream of 3 chunks, 180,000 bytes"; for news its sentence. */
void diagram_add_label(struct buf *out, const struct diagram_row *r);
/* "44.0ms" and the like for a reply, the time that a stream took; nothing for others. */
void diagram_add_span(struct buf *out, const struct diagram_row *r);
/* The broken rules of a row, worst first, with commas. */
void diagram_add_rules(struct buf *out, uint32_t rules);
/* How many messages a row stands for. */
uint64_t diagram_row_messages(const struct diagram_row *r);
/* "12 more messages and 1 remark about the capture are not shown: …" where something was left out; else nothing. */
void diagram_add_left_out(struct buf *out, uint64_t messages, uint64_t news, const char *why);

#endif
