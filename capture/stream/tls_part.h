/* What the files of the TLS layer share; for capture/stream/tls.c, tls_reader.c and tls_tell.c only. */
#ifndef CAPTURE_STREAM_TLS_PART_H
#define CAPTURE_STREAM_TLS_PART_H

#include "base/buf.h"
#include "capture/keylog.h"
#include "capture/stream/later.h"
#include "capture/stream/length_prefix.h"
#include "capture/stream/tls_session.h"

struct side {
	struct buf front;
	struct later later;
	bool waits, ended, end_told;
	enum tls_opened needs; /* what it waits for */
	int64_t since, time;   /* it waits since; of what is being read */
	uint64_t skip;
	bool searching;
	unsigned lost;            /* records that may be missing before the next one */
	bool harmed;              /* something is missing that the layer inside was not told about … */
	enum tls_epoch harmed_in; /* … since this epoch, and this time */
	int64_t harmed_at;
	uint64_t searched, passed; /* bytes that the search passed over; up to what it looks at */
	unsigned candidates;       /* that the search tried in vain, */
	uint64_t tried;            /* and what that cost: TRIED_MAX */
	unsigned failures;
	bool dead; /* this direction is given up */
};

struct tls {
	struct layer layer;
	const struct stream *stream;
	enum transport forced;
	struct keylog *keylog;
	struct keylog_waiter waiter;
	uint64_t keys_seen; /* revision of the key log */
	struct tls_session session;
	struct layer *inner; /* NULL until there are data */
	struct side side[2];
	uint64_t came;      /* items that were kept for later */
	bool holds;         /* a direction waits for nothing but the other one's secret … */
	int64_t held_since; /* … since */
	bool apart;         /* a direction does not wait for the other one's secret any more */
	unsigned alerts;
	bool dead, told; /* given up; somebody was told why nothing is shown */
	bool told_waiting;
};

/* Why something of a connection cannot be decrypted, as it is told. */
extern const char tls_no_handshake[];

/* Tells a news with the names that the handshake gave. text: static; hint: NULL, or what else is to be known. */
void tls_tell(struct tls *t, enum news_kind kind, enum dir dir, int64_t time, const char *text, const char *hint);
/* An alert of that direction, which may be one that only closes. */
void tls_tell_alert(struct tls *t, enum dir dir, struct slice body);
/* No more of the connection is read, for the reason in text; of what was given up before nothing is told. */
void tls_give_up(struct tls *t, enum dir dir, const char *text);
/* The same for want of secrets, counted in *count. */
void tls_give_up_for_keys(struct tls *t, enum dir dir, uint64_t *count);
/* No more of this direction is read; of the other one it is. */
void tls_give_up_side(struct tls *t, enum dir dir, const char *text);

/* The next bytes of a direction that does not wait. It may have to wait then (side.waits), with what was not read in front. */
void tls_read_bytes(struct tls *t, enum dir dir, struct slice bytes);
/* n bytes are missing at this place, 0: nobody knows how many. False if it has to wait: then the gap is to be told again. */
bool tls_read_gap(struct tls *t, enum dir dir, uint64_t n);
/* What stands in front is tried once more; final: no byte follows it directly. */
void tls_read_front(struct tls *t, enum dir dir, bool final);
/* Whether that direction waits for a secret or a hello. */
void tls_set_waits(struct tls *t, enum dir dir, bool waits);
/* Bytes are missing, and with them `lost` records more. */
void tls_harm(struct tls *t, enum dir dir, uint64_t lost);

#endif
