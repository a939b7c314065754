/*
 * The session: everything seen so far, and what it means. It is fed through a sink by capture/; exporters and screens read it.
 *
 * Messages are numbered n = 1, 2, 3 … in the order of completion. Each has a record of 64 bytes; its bytes stay where they are (the
 * capture file) or go to a spool file, and are read again when asked for. Records, connections and news keep their place in
 * memory until they are forgotten (session_first says from where on they are kept).
 */
#ifndef DECODE_SESSION_H
#define DECODE_SESSION_H

#include "base/buf.h"
#include "base/files.h"
#include "capture/message.h"
#include "decode/envelope.h"
#include "decode/rules.h"
#include "decode/schema.h"
#include "decode/streams.h"

struct session;
struct identity; /* decode/identity.h */

enum role { ROLE_SINGLE, ROLE_REQUEST, ROLE_REPLY, ROLE_STREAM, ROLE_EVENT };
/* "request", "reply", … */
const char *role_name(enum role r);

/* States of a thread, kept in the record of its first message. */
enum thread_state {
	THREAD_SINGLE,    /* a message that stands alone */
	THREAD_OPEN,      /* a request without a final reply yet */
	THREAD_STREAMING, /* its stream has begun and not ended */
	THREAD_DONE,
	THREAD_FAILED,     /* the reply is an error */
	THREAD_UNANSWERED, /* the connection ended without a reply */
	THREAD_BROKEN,     /* the connection ended in the middle of its stream */
	THREAD_UNSURE,     /* the connection ended without a reply, or in the middle of a stream; but the capture may lack what came */
	THREAD_ORPHAN,     /* replies or stream messages whose request is not in the capture */
	THREAD_STATES
};
const char *thread_state_name(enum thread_state s);

/* A message. 64 bytes; 0 in a link means none. */
struct record {
	int64_t time;   /* ns, of the packet that completed it */
	uint64_t place; /* of its bytes: for session_bytes */
	uint32_t size;  /* bytes of the whole message; UINT32_MAX: that or more */
	uint32_t conn;  /* connection number */
	int32_t seq;
	uint32_t rules;   /* bit set of enum rule */
	uint16_t command; /* for session_command_name */
	type_id type;     /* of the payload; 0 unknown or none */
	uint32_t thread;  /* n of its thread's first message; its own n if it is that */
	uint32_t next;    /* n of the next message of the thread */
	uint32_t last;    /* first message: n of the thread's newest message */
	uint32_t reply;   /* first message: n of the final reply */
	uint32_t tally;   /* first message of a thread with more than two: number of its tally */
	uint8_t dir : 1, encoding : 2, role : 3, cut : 1, has_seq : 1;
	uint8_t state : 4; /* first message: enum thread_state */
	uint8_t has_data : 1, has_rid : 1, has_jwt : 1;
	uint8_t late : 1; /* bytes of its direction were waited for when it came: it may have been sent long before */
	int8_t priority;  /* clamped to int8 */
	uint8_t transport : 4, tls : 1, has_trace : 1, length_alone : 1; /* length_alone: as in struct piece */
	uint32_t
		request; /* first message, where it is not the request itself: n of the request; answer to an event, or to a message of a stream: n of that */
};
_Static_assert(sizeof(struct record) == 64, "of records there are millions");

/* Sums over a thread of more than two messages. */
struct tally {
	uint64_t bytes[2];     /* by direction */
	uint64_t stream_bytes; /* data of the stream so far */
	uint64_t stream_total; /* the file's size by BeginStream.stat; 0 unknown */
	uint32_t messages, chunks, events;
	uint32_t rules;        /* of all its messages */
	uint32_t first_answer; /* n of the first message in the other direction */
	uint32_t request;      /* n of the request, where it came after stream messages of its own; 0 */
	uint32_t track;        /* of a stream under way (streams.h), 0 */
	uint8_t stream;        /* bits of streams.h: what became of the stream */
};

/* A thread as a screen wants it. */
struct thread_info {
	uint32_t first, request, reply, last; /* n; 0 for none */
	enum thread_state state;
	int64_t time;                        /* of the first message */
	int64_t latency_first, latency_last; /* ns from the request to the first and to the final answer; -1 for none */
	uint64_t bytes[2];
	uint32_t messages, chunks, events;
	uint32_t rules;
	int percent;                         /* of a stream in progress; -1 unknown */
	uint8_t stream;                      /* bits of decode/streams.h; 0: no stream */
	uint64_t stream_bytes, stream_total; /* data so far; as announced, 0 unknown */
};

/* What struct conn_info says of a connection, without what only its messages need. */
struct conn_facts {
	uint32_t number, carrier, stream;
	struct endpoint ends[2];
	bool tls, deflated; /* as in conn_info */
	enum transport transport;
	enum conn_end end;
	int64_t opened;
	char *program; /* NULL: not known */
};

/* A connection that had messages or news. */
struct session_conn {
	int64_t first, last; /* times of its earliest and latest message */
	int64_t ended;       /* when it ended, or the capture did; 0 until then */
	uint64_t messages[2], bytes[2];
	uint64_t gaps;   /* in the capture */
	uint32_t *rules; /* how often each was broken, for session_conn_broken; NULL: none was */
	uint32_t signin,
		signin_reply; /* n of the last successful signin (that of a request which the capture lacks stays), or of the last one tried; 0 */
	struct identity *who; /* what those said, if one of them was forgotten; else NULL */
	bool closed;
	uint32_t place;         /* how many came before it, those that are forgotten counted */
	struct conn_facts info; /* renewed as things change */
};

static inline uint32_t session_conn_broken(const struct session_conn *c, enum rule rule)
{
	return c->rules ? c->rules[rule] : 0;
}

/* News about what is no message: a row between messages. */
struct session_news {
	enum news_kind kind;
	enum dir dir;
	uint32_t conn;
	uint32_t after; /* it came after message n = after */
	int64_t time;
	uint64_t bytes;
	const char *text;    /* static sentence or NULL */
	struct slice detail; /* what follows the text, harmless for a terminal; lives as long as the session */
};
/* One line for it, harmless and without a line break: "gap: 1,448 bytes are missing from the capture". */
void session_news_text(struct buf *out, const struct session_news *n);

/* What is known of an earlier message has changed: the rules that it breaks, or the state of the thread that begins with it. */
struct session_revision {
	uint32_t n;
	bool thread;
};

struct session_counts {
	uint64_t messages, bytes;   /* all ever seen */
	uint64_t forgotten;         /* records given up for the memory limit */
	uint64_t parts_forgotten;   /* legacy messages shown as cut since too many lacked parts */
	uint64_t unnumbered;        /* messages that came when the numbers were used up: nothing more is known of them */
	uint64_t conns_forgotten;   /* closed connections all of whose messages were given up */
	uint64_t ids_forgotten;     /* open ids given up: a reply to one of them can't be linked */
	uint64_t replies_unjudged;  /* too many waited for their request: of these it is not said whether their rid is unknown */
	uint64_t streams_untracked; /* streams beyond the limit, whose checksums were not looked at */
	uint64_t commands_unnamed;  /* messages whose unknown command was too long or found no more room in the name table */
	uint64_t news_forgotten;    /* news beyond the limit */
	uint64_t unreadable;        /* messages whose bytes could not be kept or read again (spool full, file gone) */
	uint64_t rules[RULES];
	uint64_t spool;          /* bytes in the spool file */
	uint64_t spool_given_up; /* and those given up for its limit: the oldest messages, which show no bytes any more */
	size_t memory;           /* bytes of records and tables */
};

/* Who wants to hear of things as they happen. Any may be NULL. */
struct session_listener {
	void *user;
	/* A message is complete and threaded. bytes: its Envelope (what was captured of it), borrowed during the call. */
	void (*message)(void *user, uint32_t n, struct slice bytes);
	/* A rule of an earlier message became known only now; `was` is one it replaces, RULES for none. */
	void (*rule)(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time);
	void (*news)(void *user, const struct session_news *news);
	/* The stream of an upload or download has begun (no bytes), or data of it has come. thread: n of its thread's first message. Data comes
	 * in the order of its arrival, each byte once, before the message that brings it; nothing after endstream, an error, or before
	 * beginstream. bytes are borrowed during the call. */
	void (*stream)(void *user, uint32_t thread, struct slice bytes);
	/* The connection ended before the thread's final reply came: its state is final, no message of it follows. Behind the rule that this
	 * breaks, if it breaks one. thread: n of its first message. */
	void (*over)(void *user, uint32_t thread, int64_t time);
};

struct session_options {
	bool keep;          /* keep records for screens and reports; else only what threading needs (printing) */
	bool no_bytes;      /* with keep: nobody will ask session_bytes, so nothing goes to the spool file for that */
	uint64_t memory;    /* budget for records and tables in bytes, 0 for none: the oldest are forgotten first */
	int file;           /* descriptor from which places in the capture file can be read, -1 if there is none */
	struct files files; /* or those of several, borrowed; none: there is that one */
	uint64_t spool;     /* most bytes of the spool file, 0 for no limit */
	int64_t no_reply;   /* ns after which an open request counts as unanswered (rule no-reply), 0: when its connection ends */
	uint64_t hash_key;  /* key of the id table's hash; any number nobody can guess */
};

struct session *session_new(const struct session_options *o, const struct session_listener *listener);
void session_free(struct session *s);
/* The sink that feeds it. */
struct sink session_sink(struct session *s);
/* The clock has reached `now` (ns since 1970), though perhaps nothing came: requests that have waited longer than options.no_reply are told of.
 * Looks at all connections, once a second by that clock at most. */
void session_clock(struct session *s, int64_t now);
const struct schema *session_schema(const struct session *s);
struct session_counts session_counts(const struct session *s);
/* n of the newest message, 0 for none; and of the oldest that is still kept. */
uint32_t session_count(const struct session *s);
uint32_t session_first(const struct session *s);
/* The record of message n; NULL when it is forgotten or not there. */
const struct record *session_record(const struct session *s, uint32_t n);
/* The bytes of message n: what was captured of its Envelope. Borrowed from scratch or the session until either is used again. Empty
 * when they can't be read. */
struct slice session_bytes(const struct session *s, uint32_t n, struct buf *scratch);
/* Its command as sent (for an unknown command too long or too rare to be kept: "…"). Lives as long as the session. */
struct slice session_command_name(const struct session *s, const struct record *r);
/* A thread by n, its first message. */
void session_thread(const struct session *s, uint32_t n, struct thread_info *out);
/* Threads in order of their first message: how many, and the n of the first message of the i-th (from 0). With a memory limit the
 * oldest may be forgotten: their n is below session_first. */
uint32_t session_threads(const struct session *s);
uint32_t session_thread_at(const struct session *s, uint32_t i);
/* What this message answers other than its thread's request: an event, as the clients of the legacy protocol do, or the message of a stream that
 * an error names; 0. */
uint32_t session_event_of(const struct session *s, uint32_t n);
/* The request to whose thread this message belongs, or what else it answers; 0 for the request itself, and where it is not known. */
uint32_t session_request_of(const struct session *s, uint32_t n);
/* ns from its request, or the event, to this reply; -1 if it is no reply or the request is not known. */
int64_t session_latency(const struct session *s, uint32_t n);
/* Connections by index (from 0), or by number (NULL if it had neither messages nor news). With a memory limit those that are closed
 * are forgotten with their last message; the others then have other indexes. */
uint32_t session_conns(const struct session *s);
const struct session_conn *session_conn_at(const struct session *s, uint32_t i);
/* The index of the first one with that place or a later one. */
uint32_t session_conn_from(const struct session *s, uint32_t place);
const struct session_conn *session_conn(const struct session *s, uint32_t number);
/* The seq that is expected next in a direction of a connection; -1 while none was seen. */
int64_t session_next_seq(const struct session *s, uint32_t number, enum dir dir);
/* News by index (from 0), in the order of time; `after` grows with it. */
uint32_t session_news_count(const struct session *s);
const struct session_news *session_news_at(const struct session *s, uint32_t i);
/* With options.keep: revisions of earlier messages are numbered from 0 for ever; those from *first to *end - 1 are remembered. */
void session_revisions(const struct session *s, uint64_t *first, uint64_t *end);
struct session_revision session_revision_at(const struct session *s, uint64_t i);
/* The checksums of the stream that ended with message n, if they differ; NULL if they do not, or are no longer kept. */
const struct stream_mismatch *session_mismatch(const struct session *s, uint32_t n);

#endif
