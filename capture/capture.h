/*
 * The pipeline: source → link → IP → TCP connection → reassembly → stream layers → sink. The proxy's bytes enter at the stream layers.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include "capture/keylog.h"
#include "capture/message.h"
#include "capture/net/fragment.h"
#include "capture/proxy/proxy.h"
#include "capture/source.h"
#include "capture/stream/layer.h"

struct capture;

/* -d tcp.port==PORT,NAME */
struct decode_as {
	uint16_t port;
	enum transport transport;
};

/* What a packet turned out to be, for the watcher. */
struct packet_facts {
	uint32_t conn; /* number of its connection; 0: it belongs to none, or not yet */
	enum dir dir;
	uint32_t data; /* bytes of its TCP payload, as sent */
	uint64_t
		apart; /* its connection is shown by a later packet: a number that it shares with that one, as fragments of an IP packet do; else 0 */
};

/* Counts of packets that are written to a file. */
struct watcher_counts {
	uint64_t written;    /* packets */
	uint64_t unwritten;  /* not written since writing had failed */
	uint64_t given_up;   /* no longer held when it turned out that they are wanted */
	uint64_t other_link; /* left out of a plain pcap for their link type */
	uint64_t remarks;    /* comments on broken rules that became known behind the last packet, so that no packet has them */
	int error;           /* errno for which writing stopped; 0 */
	int64_t stopped;     /* time of the first packet that was not written */
};

struct capture_counts;

/* Who looks at the packets themselves: to write them to a file. */
struct packet_watcher {
	void *user;
	/* A packet has been handled, and the sink was told of all messages that it completed. */
	void (*packet)(void *user, const struct packet *p, const struct packet_facts *facts);
	/* No further packet will be of that connection. */
	void (*gone)(void *user, uint32_t conn);
	/* Nothing can be read now. */
	void (*pause)(void *user);
	/* capture_finish() is done. */
	void (*end)(void *user, const struct capture_counts *counts, struct source *source);
	void (*counts)(void *user, struct watcher_counts *out);
};

struct capture_options {
	const struct decode_as *decode_as; /* borrowed for the life of the capture */
	size_t decode_as_count;
	struct keylog *keylog;                /* the secrets of TLS, borrowed likewise; NULL: there are none */
	const struct packet_watcher *watcher; /* copied; NULL: nobody */
	bool checksums;                       /* TCP segments with a wrong one are not read */
	int64_t span;     /* a packet that is so much later than the first, in ns, is not handled (capture_spanned); 0: all are */
	unsigned threads; /* 2: a second thread reads ahead, but for what is live or watched; 1: none does; 0: where it pays, which is
				* for files of some MiB */
};

struct capture_counts {
	struct source_counts source;
	uint64_t not_ip, not_tcp, bad; /* packets passed over: no IP, no TCP, headers that can't be read */
	uint64_t unread;               /* packets that were left at the end (capture_leave), at least */
	uint64_t unknown_link;         /* packets of a link type that is not known here */
	uint64_t backwards;            /* packets more than a second earlier than the one before */
	uint64_t cut_packets;          /* packets shorter in the capture than on the wire */
	struct fragment_counts fragments;
	uint64_t connections;           /* seen in all */
	uint64_t connections_forgotten; /* given up for the limit while open */
	uint64_t segments;              /* TCP segments with data */
	uint64_t duplicate_bytes;       /* dropped: retransmitted or overlapping (the first copy counts), or behind a FIN */
	uint64_t out_of_order;          /* segments that had to wait for an earlier one */
	uint64_t gaps, gap_bytes;       /* bytes missing from the capture */
	uint64_t old_segments;          /* segments that fit no connection any more */
	uint64_t from_before;           /* segments with data from before the first of their connection */
	uint64_t damaged;               /* TCP segments with a wrong checksum, not read */
	uint64_t refused;               /* connections whose SYN a reset answered */
	uint64_t unanswered;            /* connections whose SYN nothing answered in time */
	uint64_t stray_resets;          /* resets with a number that no receiver takes */
	uint64_t strays;                /* segments with such numbers */
	struct stream_counts stream;
	struct keylog_counts keylog;
	struct proxy_counts proxy;
	struct watcher_counts watcher;
	int64_t first_time, last_time; /* of packets; 0 before the first */
};

enum capture_status {
	CAPTURE_MORE,    /* go on */
	CAPTURE_WAIT,    /* nothing to read now: poll capture_fd() */
	CAPTURE_END,     /* all was read */
	CAPTURE_DAMAGED, /* the source can't be read on: source_error(capture_source()) */
};

/* Takes the source over (frees it with itself). The sink's user must outlive it. */
struct capture *capture_new(struct source *source, const struct sink *sink, const struct capture_options *o);
void capture_free(struct capture *c);
/* Reads and handles at most `packets` packets, or what a second thread has read in the meantime, some thousand messages at most. */
enum capture_status capture_step(struct capture *c, unsigned packets);
/* There was a packet beyond options.span; capture_step() has no more to do. */
bool capture_spanned(const struct capture *c);
/* Reads so many packets at most and counts those captured before `until` as unread, without handling them. END: one was captured later. Only for sources
 * that are live, and no proxy. */
enum capture_status capture_leave(struct capture *c, unsigned packets, int64_t until);
/* The end: whatever still waits in buffers is handed on, and all connections are told to the sink as ended (CONN_OPEN where they
 * were still open). Call once. */
void capture_finish(struct capture *c);
/* The source; of what changes in it as it is read only to be asked what this header has no function for, and not before the end. */
struct source *capture_source(struct capture *c);
/* How far it is, as source_progress. */
void capture_progress(const struct capture *c, uint64_t *done, uint64_t *total);
struct capture_counts capture_counts(const struct capture *c);
/* What time it is where packets are captured, as far as that can be told here: that of the newest packet, and what has passed since there was no other.
 * The clock of this machine may be another than theirs, and a pipe may bring what was captured long ago. 0 before the first. */
int64_t capture_clock(const struct capture *c);
/* Time of the first packet; 0 before it. */
int64_t capture_first_time(const struct capture *c);

#endif
