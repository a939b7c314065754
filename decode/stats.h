/*
 * Sums over a session: of each command and each connection how many messages, how their requests ended, and how long the replies took; and
 * the rate of messages over time. Taken up in slices, and then kept up with the session as it grows.
 */
#ifndef DECODE_STATS_H
#define DECODE_STATS_H

#include "decode/histogram.h"
#include "decode/quantile.h"
#include "decode/session.h"
#include "decode/timeline.h"

/* How requests ended. A latency runs from a request to its final reply. */
struct request_stats {
	uint64_t requests;   /* what expects a reply, and pings that got one */
	uint64_t errors;     /* whose reply is an error */
	uint64_t unanswered; /* whose connection ended before the final reply, and not unsure */
	uint64_t unsure;     /* whose final reply the capture may have missed */
	uint64_t open;       /* that still wait */
	struct quantile latency;
	struct histogram histogram;
};

struct command_stats {
	struct slice name;        /* lives as long as the session */
	uint64_t count, bytes[2]; /* messages that carry it */
	struct request_stats requests;
};

struct stats;

/* What is to be added up; STATS_SHOWN is all that screens show, of which reports need but one. */
enum stats_kind { STATS_COMMANDS = 1, STATS_CONNS = 2, STATS_SHOWN = 7 };

struct stats *stats_new(const struct session *s, enum stats_kind of);
void stats_free(struct stats *st);
/* Takes up messages to number `until`, and looks again at requests that were open; at most about `work` of either. True as long as there
 * are more messages to take up. */
bool stats_step(struct stats *st, uint32_t until, size_t work);
/* n of the next message that it will take up. */
uint32_t stats_next(const struct stats *st);
/* How many messages the session had forgotten before they could be taken up. */
uint32_t stats_missed(const struct stats *st);

/* Commands in the order of their first message. Belongs to the stats; the pointer is good until the next step. */
size_t stats_commands(const struct stats *st);
struct command_stats *stats_command(struct stats *st, size_t i);
/* Of a connection by its number; NULL if it had no messages so far. */
struct request_stats *stats_conn(struct stats *st, uint32_t number);
/* All messages over time (STATS_SHOWN). */
const struct timeline *stats_rate(const struct stats *st);

#endif
