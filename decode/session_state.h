/* What is inside a session: for the files decode/session*.c, draft.c, arrival.c, formed.c and thread*.c only.
 *
 * They stand on each other in the order in which their functions are declared here; session.c, the way in, stands above all. */
#ifndef DECODE_SESSION_STATE_H
#define DECODE_SESSION_STATE_H

#include "base/bound.h"
#include "base/chunks.h"
#include "base/places.h"
#include "decode/forms.h"
#include "decode/idtable.h"
#include "decode/legacy.h"
#include "decode/names.h"
#include "decode/scan.h"
#include "decode/seq.h"
#include "decode/session.h"
#include "decode/store.h"
#include "decode/streams.h"
#include "decode/texts.h"
#include "decode/wire.h"

enum {
	WINDOW = BOUND(65536, 64),        /* records kept while printing */
	NEWS_MAX = BOUND(1 << 20, 128),   /* news kept */
	MISMATCHES_MAX = BOUND(4096, 4),  /* wrong checksums kept; of more it is only known that they are wrong */
	REVISIONS_MAX = BOUND(65536, 64), /* revisions remembered */
	RECOUNT_MAX = BOUND(4096, 16),    /* messages of a thread looked at again when one of them no longer breaks a rule */
	WAITING_MAX = BOUND(64, 12),      /* replies of a connection whose request may still come */
};

static const uint64_t MESSAGES_MAX = UINT32_MAX - 1; /* records are numbered from 1, with 32 bits */

/* A large message under way. A connection has a list of them, at most one for each direction and exchange. */
struct draft {
	struct draft *next;
	uint32_t exchange;
	struct scan scan;
	struct store_draft bytes;
	uint64_t captured;
	struct session *session; /* for the scan's tap */
	struct conn_state *conn;
	enum dir dir;
	bool after_gap;
};

/* What is missing of a direction from the capture, or could not be read: messages may have been in there. */
struct lack {
	bool any;
	int64_t time;  /* of the last of it */
	int64_t until; /* of the first message seen behind it; INT64_MAX until there is one */
};

/* A connection until it ends. */
struct conn_state {
	struct session_conn *pub;     /* of a struct conn_kept */
	const struct conn_info *info; /* capture's, as it is by now; NULL once it was told of as closed */
	uint8_t transport;            /* these three as pub->info has them */
	bool tls, program;
	struct lack lack[2];
	uint32_t open, oldest; /* newest and oldest open thread; linked through record.reply (older) and record.request (newer) */
	uint32_t overdue;      /* the newest of those that have waited too long, 0 for none */
	struct seq seq[2];
	bool seq_of_rest; /* that of the client is of requests of REST, before an upgrade */
	struct draft *drafts;
	struct legacy_parts *legacy[2]; /* messages of which not all parts have come */
	uint32_t *waiting;              /* replies (n) whose request was not seen yet though it may come; room for WAITING_MAX, or NULL */
	size_t waiting_count;
};

/* What stays of it as long as its messages do. */
struct conn_kept {
	struct session_conn pub;  /* first: what others see */
	struct conn_state *state; /* NULL once it has ended; then: */
	int64_t next_seq[2];      /* what session_next_seq answers */
	uint32_t closed_after;    /* n of the newest message there was */
};

/* Numbers of the commands that threading knows by name. */
struct known_commands {
	uint16_t error, ping, pong, noop, signin, signinreply, download, upload, beginstream, stream, endstream;
	uint16_t watch, watchreply, watchevent, queuemessage, registerqueue, registerqueuereply, registerexchangereply;
};

struct session {
	struct session_options options;
	struct session_listener listener;
	struct schema *schema;
	struct names names;
	struct texts texts; /* details of news */
	struct known_commands known;
	struct store *store;
	struct form form; /* of the message that arrives */
	struct legacy_counts legacy;
	struct idtable *ids;
	struct streams *streams;
	uint64_t token; /* hash of the token looked at last, and when it expires (0: never) */
	int64_t token_expiry;
	struct chunks records, tallies, threads, news; /* records: index n - 1 */
	struct chunks spooled;                         /* uint64_t a chunk of records: the spool file has nothing of it below that */
	struct chunks mismatches;                      /* wrong checksums of streams, ascending by n */
	struct session_revision *revision;             /* a ring of REVISIONS_MAX; NULL without `keep` */
	uint64_t revisions;                            /* all there were */
	uint32_t free_tally;                           /* list of tallies to use again, through tally.messages */
	struct conn_kept **conn;                       /* in order of appearance */
	uint32_t conns, conns_cap;
	uint32_t states;       /* of those that have not ended */
	uint32_t breakers;     /* of those that have broken a rule */
	size_t identities;     /* bytes of what is kept of forgotten signins */
	struct places conn_of; /* connection number → index + 1 */
	uint32_t drafts;       /* messages under way */
	uintptr_t heap;        /* pages_heap_watch: it grows with connections */
	int64_t looked;        /* when overdue requests of all connections were last looked for */
	struct session_counts counts;
	/* open connections by the last 16 bits of their numbers: is one of them, or another so, still open? */
	uint32_t states_of[UINT16_MAX + 1];
};

/* A message that has arrived, on its way into its record. */
struct arrival {
	struct conn_state *conn;
	const struct conn_info *info;
	enum dir dir;
	struct envelope e;
	struct slice bytes; /* what was captured of it, or its front */
	enum encoding encoding;
	uint32_t exchange; /* and whether it is the reply of it: as in struct piece */
	bool reply;
	struct slice method; /* of gRPC, for a bare payload */
	bool readable, good; /* as an Envelope, or what else it is; its payload is valid too */
	bool cut, gap, after_gap, has_seq, unmasked;
	uint32_t n;
	struct record *r;
	uint64_t id_key, rid_key; /* of the id; of the rid as an id of the other direction */
	bool whole;               /* bytes are all of it */
	uint64_t data_len;        /* bytes of data in a stream message */
};

/* Messages of that direction may be missing, the last of them at that time. */
static inline void lack_begin(struct conn_state *c, enum dir dir, int64_t time)
{
	c->lack[dir] = (struct lack){ true, time, INT64_MAX };
}

/* May messages of that direction be missing that were sent after this one? What is missing was sent before what was captured behind it, and so before
 * all that was captured later, in whichever direction, but for what was captured only when it was sent again. */
static inline bool lacks_since(const struct conn_state *c, enum dir dir, const struct record *r)
{
	return c->lack[dir].any && (r->late || r->time <= c->lack[dir].until);
}

static inline struct record *record_at(const struct session *s, uint32_t n)
{
	return n ? chunks_at(&s->records, n - 1) : NULL;
}

static inline struct conn_kept *session_conn_kept(const struct session *s, uint32_t number)
{
	uint32_t i = places_at(&s->conn_of, number);
	return i ? s->conn[i - 1] : NULL;
}

static inline struct tally *tally_at(const struct session *s, uint32_t number)
{
	return number ? chunks_at(&s->tallies, number - 1) : NULL;
}

/* Does the thread that begins with r still wait for something? */
static inline bool thread_is_open(const struct record *r)
{
	return r->state == THREAD_OPEN || r->state == THREAD_STREAMING;
}

/* Remembers a revision. */
static inline void session_revise(struct session *s, uint32_t n, bool thread)
{
	if (s->revision)
		s->revision[s->revisions++ % REVISIONS_MAX] = (struct session_revision){ n, thread };
}

/* Broken rules (session_break.c). Message r breaks the rule: marks it, counts it. */
void session_break(struct session *s, struct conn_state *c, struct record *r, enum rule rule);
/* An earlier message breaks it, which is known only now, or breaks it in place of rule `was` (RULES: of none): also tells the listener. */
void session_break_late(struct session *s, struct conn_state *c, uint32_t n, enum rule rule, enum rule was, int64_t time);
/* What the seq of one message changed for earlier ones. */
void session_changes(struct session *s, struct conn_state *c, const struct seq_verdict *v, int64_t time);

/* Open threads of a connection (thread_open.c). Message n, the first of its thread, becomes the newest of them. */
void thread_open_add(struct session *s, struct conn_state *c, uint32_t n);
/* The thread that begins with r, message n, is no longer open, or forgotten. */
void thread_open_remove(struct session *s, struct record *r, uint32_t n);

/* Messages in pieces (draft.c). Where the list has the draft of that direction and exchange, or its end. */
struct draft **draft_find(struct conn_state *c, enum dir dir, uint32_t exchange);
/* The first piece of a message has come; a draft of the same direction and exchange is dropped. It stays the connection's. */
struct draft *draft_begin(struct session *s, struct conn_state *c, const struct piece *p);
/* Takes a draft out of the list and frees it; at the end of the list nothing. */
void draft_drop(struct session *s, struct draft **at);
void draft_drop_all(struct session *s, struct conn_state *c);

/* Connections (session_conn.c). The state of one, made when it first has something to say. */
struct conn_state *session_conn_state(struct session *s, struct conn_info *info);
/* What others see of it becomes what the capture knows now. */
void session_conn_learn(struct session_conn *c, const struct conn_info *info);
/* It has ended: its state goes, what others see of it stays. */
void session_conn_end(struct session *s, struct conn_state *c);
/* Nothing of it is kept: it goes, and the last connection takes its place. */
void session_conn_drop(struct session *s, uint32_t number);
void session_conn_free(struct session *s, struct conn_kept *k);
/* Takes over what its signin and the reply said; NULL: nothing. */
void session_conn_set_who(struct session *s, struct session_conn *c, struct identity *who);

/* What else the capture tells (session_news.c), for the sink: `user` is a struct session. */
void session_take_news(void *user, const struct news *n);
/* Of a message that is cut, or can't be read behind a gap, where its beginning was perhaps guessed wrong, and that shows neither its id nor
 * its rid nothing can be said but that it was there, unless it is cut behind a command that the protocol has: true if it is one, and was told. */
bool session_is_stump(struct session *s, const struct arrival *a, const struct piece *p);
/* Tells of a message of which nothing can be shown. */
void session_stump(struct session *s, const struct piece *p);

/* Keeps memory within its bounds (session_bound.c), before the bytes of a message go to the store and its record is added. */
void session_stay_bounded(struct session *s);

/* Finding requests (thread_find.c). The entry of the request that the message answers, or of what else its rid names; NULL if that was not
 * seen. Sets the key under which the request would be found. */
struct id_entry *thread_find_request(struct session *s, struct arrival *a);
/* True if the entry names a message that can have answers. */
bool thread_answerable(const struct session *s, const struct id_entry *e);
/* The key under which the request of an exchange (HTTP, HTTP/2 stream) is found. */
uint64_t thread_exchange_key(const struct session *s, const struct arrival *a);
/* The key of the message's rid as an id of its own direction, as the stream messages of an upload name it. */
uint64_t thread_own_key(const struct session *s, const struct arrival *a);
/* The key under which the request is found that was still open when request n took its id. */
uint64_t thread_namesake_key(const struct session *s, uint32_t conn, enum dir dir, uint32_t n);
/* The thread that a stream message with this view joins, by its first message; 0 if it is not known. */
uint32_t thread_of_stream(struct session *s, uint32_t conn, enum dir dir, const struct envelope *view);

/* Threads of streams (thread_stream.c). A stream message has joined the thread that begins with `first` and has tally t. */
void thread_stream_message(struct session *s, struct arrival *a, struct record *first, struct tally *t);
/* The final reply has come to the thread that begins with `first`, be it one of a stream or not. */
void thread_stream_reply(struct session *s, struct arrival *a, const struct record *first);
/* The connection has ended; n: number of the thread's first message. */
void thread_stream_closed(struct session *s, struct conn_state *c, uint32_t n, struct record *first, int64_t time);
/* Data of a large stream message as it passes: the tap of a draft's scan. */
void thread_stream_tap(void *draft, struct slice bytes);

/* Threads (thread.c). Time has passed on the connection: requests that have waited too long for a reply (session_options.no_reply). */
void thread_overdue(struct session *s, struct conn_state *c, int64_t time);
/* Puts the message into its thread. */
void thread_message(struct session *s, struct arrival *a);
/* The connection ended, or the capture did: no more replies come to its open threads, and no more requests to replies that wait. */
void thread_conn_closed(struct session *s, struct conn_state *c, int64_t time);

/* Arrivals (arrival.c). Prepares one from a piece; its Envelope is the caller's to read into a->e. */
void arrival_init(struct arrival *a, struct session *s, const struct piece *p);
/* The Envelope is read: tells the cache where the id table will be looked at. To be called some time before arrival_take. */
void arrival_prepare(struct session *s, struct arrival *a);
/* Is it a message by itself, though the protocol does not have its command? Such have that for the name of their type, as noop is Noop; what is
 * asked has more (QueryRequest). */
bool arrival_by_itself(const struct session *s, const struct arrival *a);
/* The message is complete: record, rules, thread, listener. p: its last piece; whole: a->bytes is all of it, not its front. */
void arrival_take(struct session *s, struct arrival *a, const struct piece *p, uint64_t place, bool whole);

/* Messages in JSON text, and whole bare payloads (formed.c): one arrives; the connection ends, and with it those that lack parts. */
void formed_message(struct session *s, const struct piece *p);
void formed_closed(struct session *s, struct conn_state *c, struct conn_info *info, int64_t time);

#endif
