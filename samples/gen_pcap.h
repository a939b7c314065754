/* A classic pcap file of Ethernet frames with its own clock: every capture written twice is the same to
 * the byte. */
#ifndef SAMPLES_GEN_PCAP_H
#define SAMPLES_GEN_PCAP_H

#include "base/buf.h"

#include <stdio.h>

/* When every sample begins: 2026-11-23 00:00:00 UTC. Tokens expire relative to it. */
enum { SAMPLE_START = 1795392000 };

struct pcap_file {
	FILE *out;
	uint64_t now;                                      /* microseconds since 1970, the time of the next frame */
	void (*wrap)(struct buf *out, struct slice frame); /* puts each frame into another one; NULL: not */
};

/* Creates the file and writes its header; false, with errno set, when that fails. */
bool pcap_file_open(struct pcap_file *f, const char *path);
/* True if everything reached the file. */
bool pcap_file_close(struct pcap_file *f);
/* Appends a frame at the present time, then lets a few microseconds pass. */
void pcap_file_add(struct pcap_file *f, struct slice frame);
void pcap_file_wait(struct pcap_file *f, uint64_t microseconds);

#endif
