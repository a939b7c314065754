/* An open TCP connection: its two directions, from their segments to the layer that reads their bytes. */
#ifndef CAPTURE_NET_TALK_H
#define CAPTURE_NET_TALK_H

#include "capture/net/connection_counts.h"
#include "capture/net/stranger.h"
#include "capture/stream/layer.h"

/* What one direction sends: a line of the cache. */
struct half {
	struct reassembly in;
	bool seen : 1;           /* any packet of it was captured */
	bool begun : 1, syn : 1; /* its first byte is known, from a SYN … */
	bool fin : 1;            /* it has sent a FIN */
	bool ended : 1;          /* its layer_end was called */
	bool told : 1;           /* not begun: the other end's first acknowledgement tells where it begins */
	uint32_t begin;          /* … and has this sequence number */
};
_Static_assert(sizeof(struct half) <= 64, "a line of the cache");

/* An open connection. What each segment needs stands in front. */
struct talk {
	struct half half[2]; /* by the direction in which it sends */
	struct layer *layer;
	struct talks *all;
	bool unseen_told;     /* that nothing of a direction is captured */
	bool unborn_told;     /* that it does not come to be */
	enum dir feeding;     /* the direction that reassembly hands bytes of */
	enum conn_end closer; /* whose FIN was handed on first */
	int64_t handed[2];    /* time of what was handed on last in each direction */
	struct stream stream;
	struct conn_info info;
	struct connection *of;                   /* of the owner */
	struct talk *waiting_next, **waiting_at; /* in the list of those that wait; NULL: not there */
	bool leapt[2];                           /* segments of it seem to lie before all that is sent again, the last at `leap` */
	uint32_t leap[2];
	bool far_acked[2]; /* it has acknowledged far more than what came of the other, up to `far_ack` */
	uint32_t far_ack[2];
	struct stranger *stranger; /* the segment before, if it was one; NULL: none */
	struct talk *resting_next;
	int64_t ended;
};

/* What all of them share. */
struct talks {
	const struct sink *sink; /* these two are the owner's */
	const struct stream_limits *limits;
	struct talk *waiting; /* those of which something waits for missing bytes */
	size_t waiting_count;
	struct talk *resting; /* those that have ended and whose layer may still read what it keeps */
	size_t resting_count;
	struct connections_counts counts;
};

/* A direction of it as those above know it. The halves stay what they were taken for with the first segment. */
static inline enum dir talk_told(const struct talk *talk, enum dir dir)
{
	return talk->info.turned ? !dir : dir;
}

/* An open connection with that number, of which this is the first segment; client: its sender is the client. Its layer is the owner's to set. */
struct talk *talk_new(struct talks *all, uint32_t number, const struct ip_packet *ip, const struct segment *seg, bool client, int64_t time);
void talk_free(struct talk *talk);

/* Takes a segment; at: place of its payload in the capture file, or -1. True if the connection has ended with it, *end says how: to be ended then. */
bool talk_take(struct talk *talk, const struct segment *seg, enum dir dir, int64_t time, int64_t at, enum conn_end *end);
/* Time has passed for one that waits: missing bytes may count as lost by now. True if both directions have ended: to be ended then. */
bool talk_tick(struct talk *talk, int64_t time);
/* Nothing more comes of it: what waits is handed on. `end` counts if not both FINs are there. */
void talk_end(struct talk *talk, enum conn_end end, int64_t time);
/* It has ended: the sink is told and it is freed, at once, or if its layer keeps something back in talks_part_rested(). */
void talk_part(struct talk *talk);
/* Those that have rested long enough, or may read nothing any more, part; all of them if it is over. */
void talks_part_rested(struct talks *all, int64_t time, bool over);
/* Frees those that rest; the sink is not told. */
void talks_release(struct talks *all);

/* Do the numbers of the segment both lie far from what is known? Is it a SYN with another number, or does it answer one that was kept? */
bool talk_is_stranger(const struct talk *talk, const struct ip_packet *ip, const struct segment *seg, enum dir dir);
/* A stranger comes. Returns the one before if they belong together, which is the caller's to free then; else this one is kept instead. */
struct stranger *talk_meet(struct talk *talk, const struct ip_packet *ip, const struct segment *seg, int64_t time, int64_t at);

#endif
