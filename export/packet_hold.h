/*
 * Packets that wait until it is known whether they are to be written: a temporary file of bounded size, as a ring.
 *
 * A packet keeps its place until the ring has come round to it; the oldest go first. Where the source is a file that can be read again only
 * its place there is kept, 64 bytes a packet. Packets of a connection are chained backwards.
 */
#ifndef EXPORT_PACKET_HOLD_H
#define EXPORT_PACKET_HOLD_H

#include "base/buf.h"
#include "base/files.h"
#include "capture/packet.h"

struct packet_hold;

/* A held packet. Places are numbers that only grow; 0 is none. */
struct held {
	int64_t time;
	int64_t at;            /* in the source's file; -1: its bytes are held */
	uint64_t before, also; /* places of earlier packets that belong with it; 0 */
	uint32_t len, wire_len;
	uint32_t interface; /* a number of the caller's */
	uint32_t comments;  /* bytes of them */
	uint32_t number;    /* of the caller's: counts the packets of its connection */
	uint8_t dir, taken;
};

/* limit: bytes of the temporary file; files: of the source, borrowed; dir: where the temporary file is made,
 * NULL: $TMPDIR, else /tmp. */
struct packet_hold *packet_hold_new(uint64_t limit, struct files files, const char *dir);
void packet_hold_free(struct packet_hold *h);
/* Adding a packet pushes out the oldest where there is no room: hands one that must go, or 0 when none has to. It can be read until the
 * next packet_hold_add. packet->at: its place in the source's file, -1 if its bytes are to be held. */
uint64_t packet_hold_make_room(struct packet_hold *h, const struct held *packet, struct slice bytes, struct slice comments);
/* Adds it, once there is room, and returns its place; 0 if it can't be held (the disk is full, or it is longer than the ring). len and comments
 * are set here. */
uint64_t packet_hold_add(struct packet_hold *h, struct held *packet, struct slice bytes, struct slice comments);
/* The oldest place that is held, whatever room there is, and forgets it; 0: none is. For the end. */
uint64_t packet_hold_oldest(struct packet_hold *h);
/* The packet at a place, without its bytes; false if it is not held any more. */
bool packet_hold_get(struct packet_hold *h, uint64_t place, struct held *out);
/* Its bytes and its comments, borrowed from scratch. False if they can't be read. */
bool packet_hold_read(struct packet_hold *h, uint64_t place, const struct held *packet, struct buf *scratch, struct slice *bytes,
		      struct slice *comments);
/* Sets `taken`. */
void packet_hold_take(struct packet_hold *h, uint64_t place);

#endif
