/*
 * -w: writes the packets of what is seen, or of what matches the display filter, to a file; or the messages themselves, one a packet.
 *
 * It looks at packets as the capture's watcher and hears of messages from the session. Which packets a message needs is known when it is
 * complete: until then they are held (packet_hold.h).
 */
#ifndef EXPORT_RECORDER_H
#define EXPORT_RECORDER_H

#include "capture/capture.h"
#include "decode/filter.h"
#include "decode/session.h"
#include "export/packet_file.h"

struct recorder;

enum record_what {
	RECORD_CONNECTIONS, /* every packet of a connection that had a match: what is written can be read like the whole */
	RECORD_PACKETS,     /* the packets that a match came in, and the beginning of their connections */
	RECORD_PDUS,        /* no packets: each message is one, link type LINKTYPE_WIRESHARK_UPPER_PDU */
};

enum { RECORD_HOLD_MIB = 1024 }; /* of packets that wait, unless set */

struct recorder_options {
	struct packet_file_options file;
	enum record_what what;
	uint64_t hold;                          /* bytes of packets that wait at most; 0: RECORD_HOLD_MIB */
	bool (*wanted)(void *user, uint32_t n); /* asked of each message besides the display filter; NULL: all are */
	void *user;
	bool at_once; /* packets are written as soon as it is known that they are wanted, even out of order: for live captures */
};

/* Creates the file. NULL, with a sentence and errno, if that fails. */
struct recorder *recorder_new(const struct recorder_options *o, char *error, size_t room);
/* Writes what waits, and frees. NULL is allowed. */
void recorder_free(struct recorder *r);
/* Before the first packet. filter: borrowed, NULL: everything; files: of the source, borrowed. */
void recorder_begin(struct recorder *r, const struct session *s, struct filter *filter, struct files files);
/* For the capture. Writes the rest when that ends. */
struct packet_watcher recorder_watcher(struct recorder *r);
/* From the session's listener. */
void recorder_message(struct recorder *r, uint32_t n, struct slice bytes);
void recorder_rule(struct recorder *r, uint32_t n, enum rule rule);
/* Secrets that open what is written, lines of a key log; from keylog_on_use. */
void recorder_secrets(void *recorder, struct slice lines);
/* Behind the capture's end: closes the file. Whether all of it was written, the watcher's counts say. */
void recorder_finish(struct recorder *r);
/* Messages that matched. */
uint64_t recorder_matched(const struct recorder *r);
/* True once nobody reads what is written to standard output or to a pipe. */
bool recorder_closed(const struct recorder *r);

#endif
