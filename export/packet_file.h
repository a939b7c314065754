/*
 * A capture file that is written: pcapng or plain pcap, one file, a ring of files, or standard output.
 *
 * Packets are buffered and go out in whole blocks, so that what is in the file can be read at any time. When writing fails (a full disk) the
 * file is cut back to its last whole block, and what comes after that is counted and dropped: the caller goes on.
 */
#ifndef EXPORT_PACKET_FILE_H
#define EXPORT_PACKET_FILE_H

#include "base/bound.h"
#include "capture/pcapng_write.h"

#include <signal.h>

struct packet_file;

enum packet_format { PACKETS_PCAPNG, PACKETS_PCAP };

enum {
	PACKET_FILE_BUFFER = 64 << 10,           /* bytes that wait to be written */
	PACKET_FILE_INTERFACES = BOUND(1024, 4), /* interfaces told apart; of further ones only the link type is kept */
	PACKET_FILE_SECRETS = 256 << 10,         /* bytes of secrets that each file of a ring begins with: the newest */
	PACKET_FILE_RING = 10000,                /* files of a ring at most */
};

struct packet_file_options {
	const char *path; /* "-": standard output */
	enum packet_format format;
	uint64_t ring_bytes; /* the next file begins when one has so many bytes; 0: never */
	int64_t ring_time;   /* or when its packets span so many ns; 0: never */
	unsigned ring_files; /* so many files are kept; 0: all of them */
	/* Not 0 once the program is to end: then a reader that takes nothing for a second is waited for no more (the error is EINTR). NULL: there is no
	 * such thing. Not owned. */
	const volatile sig_atomic_t *ending;
};

struct packet_file_counts {
	uint64_t packets;    /* written */
	uint64_t unwritten;  /* dropped since writing had failed */
	uint64_t other_link; /* left out: plain pcap has one link type only, that of its first packet */
	int error;           /* errno of what failed; 0 */
	int64_t stopped;     /* time of the first packet that was dropped for it; 0: none was, but the end of the file may be missing */
};

/* Creates the file (permissions 0600), the first of its ring where there is one: NAME_00001_20261123235959.EXT for the path NAME.EXT, as
 * dumpcap has them. NULL, with a sentence and errno, if that fails. Strings of o are copied. */
struct packet_file *packet_file_new(const struct packet_file_options *o, char *error, size_t room);
/* Writes what waits, and closes: nothing more can be written, the counts say whether all was. */
void packet_file_finish(struct packet_file *f);
/* Finishes, if nobody has, and frees. */
void packet_file_free(struct packet_file *f);
/* The lasting number of an interface, for packet_file_write. */
uint32_t packet_file_interface(struct packet_file *f, const struct packet_interface *i);
/* Adds a packet. p->interface: from packet_file_interface(); p->digits is set here. Plain pcap leaves comments and flags out. */
void packet_file_write(struct packet_file *f, const struct pcapng_packet *p);
/* Lines of a key log, to stand before the packets that follow. */
void packet_file_secrets(struct packet_file *f, struct slice lines);
/* What was dropped at an interface, for its statistics; nothing where none of its packets stands in the present file. */
void packet_file_drops(struct packet_file *f, const struct interface_drops *d);
/* Statistics of the interfaces, at the end (pcapng): of each its packets and drops. all: what was dropped in all; what packet_file_drops has not told of that
 * is told at the first. always: also of interfaces that have dropped none. */
void packet_file_statistics(struct packet_file *f, int64_t time, const struct interface_drops *all, bool always);
/* Writes what waits. */
void packet_file_flush(struct packet_file *f);
/* True once the reader of standard output or of a pipe has gone. */
bool packet_file_closed(const struct packet_file *f);
struct packet_file_counts packet_file_counts(const struct packet_file *f);

#endif
