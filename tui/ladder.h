/*
 * A ladder: messages of several threads, of a connection, or of a trace, in the order of time, with what was folded, which rules were
 * broken, and what came between them. It is built in slices, and then stays as it is; a session that has grown gets another one.
 */
#ifndef TUI_LADDER_H
#define TUI_LADDER_H

#include "base/numbers.h"
#include "decode/session.h"

enum {
	LADDER_MAX = 1 << 20, /* messages in a ladder */
	LADDER_ENDS = 64,     /* columns; connections beyond share the last two */
};

/* What a ladder is of: a connection, else threads. */
struct ladder_spec {
	struct numbers threads;  /* n of their first messages, ascending */
	uint32_t conn;           /* connection number; 0: of the threads */
	bool extend;             /* and all threads that are related to those: same trace, correlation or work item */
	bool unfold;             /* no stream is folded … */
	struct numbers unfolded; /* … or those of these threads (first messages, ascending) are not */
	bool apart;              /* connections of a host have columns of their own */
};

void ladder_spec_release(struct ladder_spec *s);
void ladder_spec_copy(struct ladder_spec *to, const struct ladder_spec *from);

enum ladder_kind {
	LADDER_MESSAGE,
	LADDER_STREAM, /* the stream messages of a thread, folded */
	LADDER_RULES,  /* rules that the message above broke; of a folded stream all, where the first of them was broken */
	LADDER_NEWS,   /* what is no message */
};

struct ladder_row {
	uint32_t n;  /* message; of a folded stream its first one; of news the message before */
	uint32_t at; /* STREAM: index of the fold; RULES: the same + 1 if it is of a fold, else 0; NEWS: index of the news */
	uint8_t kind;
};

/* Stream messages of one thread. */
struct ladder_fold {
	uint32_t thread, first, last, count;
	uint32_t rules; /* that any of them breaks */
	uint64_t bytes; /* of the messages */
};

/* An endpoint: a column. */
struct ladder_end {
	struct endpoint at;
	bool server;
	bool several;  /* connections with other ports share it */
	uint32_t conn; /* the first one */
};

/* Columns of a connection. */
struct ladder_conn {
	uint32_t number;
	uint8_t end[2]; /* by direction: the sender's */
};

struct ladder;

/* Begins to build the ladder of the session as it is now: messages up to `until`. The spec is copied. */
struct ladder *ladder_new(const struct session *s, const struct ladder_spec *spec, uint32_t until);
void ladder_free(struct ladder *l);
/* Goes on, for about `work` messages looked at; true as long as there is more to do. */
bool ladder_step(struct ladder *l, size_t work);
int ladder_percent(const struct ladder *l);
/* What it is of. */
const struct ladder_spec *ladder_spec(const struct ladder *l);

/* When it is built: */
size_t ladder_rows(const struct ladder *l);
const struct ladder_row *ladder_row(const struct ladder *l, size_t i);
const struct ladder_fold *ladder_fold(const struct ladder *l, uint32_t i);
/* The row that shows message n, alone or folded; the nearest one before it, if none does. */
size_t ladder_row_of(const struct ladder *l, uint32_t n);
unsigned ladder_ends(const struct ladder *l);
const struct ladder_end *ladder_end(const struct ladder *l, unsigned i);
/* The columns of a connection; NULL if it is not in the ladder. */
const struct ladder_conn *ladder_conn(const struct ladder *l, uint32_t number);
uint32_t ladder_messages(const struct ladder *l);
uint32_t ladder_threads(const struct ladder *l);
/* Messages beyond LADDER_MAX, which it does not show. */
uint64_t ladder_left_out(const struct ladder *l);
/* Has the session grown by something that belongs to it? */
bool ladder_is_old(const struct ladder *l, uint32_t until);

#endif
