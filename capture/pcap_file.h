/* Capture files: pcap and pcapng, either gzipped, from a file or a pipe. */
#ifndef CAPTURE_PCAP_FILE_H
#define CAPTURE_PCAP_FILE_H

#include "capture/byte_source.h"
#include "capture/source.h"

struct pcap_file;

/* A reader of what fd holds, which it closes in the end. `name` is how sentences call it, copied. `o` may be NULL; of it only
 * the callbacks are used. Reads nothing yet. */
struct pcap_file *pcap_file_new(int fd, const char *name, const struct source_options *o);
void pcap_file_free(struct pcap_file *f);

/* Reads the header of the file if it was not read yet. SOURCE_PACKET: it is a capture, ask for its packets. SOURCE_WAIT: ask
 * again. SOURCE_DAMAGED: it is none. */
enum source_status pcap_file_start(struct pcap_file *f);
/* As source_next; begins with pcap_file_start where that was not done. */
enum source_status pcap_file_next(struct pcap_file *f, struct packet *out);
/* Packets stay where they are, as byte_source_keep. */
struct slice pcap_file_keep(struct pcap_file *f, const struct byte_keeper *keeper);
const char *pcap_file_error(const struct pcap_file *f);
int pcap_file_fd(const struct pcap_file *f);
/* True if it is a regular file, which can't make its reader wait. */
bool pcap_file_is_regular(const struct pcap_file *f);
/* True if packet.at is a place in the descriptor (a regular file, not gzipped). Known after pcap_file_start. */
bool pcap_file_has_places(const struct pcap_file *f);
void pcap_file_progress(const struct pcap_file *f, uint64_t *done, uint64_t *total);
/* Sets the counts of what is missing: packets that whoever captured has lost, as a pcapng says, and secrets blocks that were too long to be handed on. */
void pcap_file_add_drops(const struct pcap_file *f, struct source_counts *counts);
/* As source_each_drops. */
void pcap_file_each_drops(const struct pcap_file *f, void (*take)(void *user, const struct interface_drops *d), void *user);

#endif
