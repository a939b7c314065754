/* Live capture from a network interface, by libpcap. */
#ifndef CAPTURE_LIVE_H
#define CAPTURE_LIVE_H

#include "base/buf.h"
#include "capture/source.h"

struct live;

/* Appends the name of the interface that a word means: the word, or where there is none of that name and it is a number the one that has it in
 * live_list_interfaces, as in tcpdump. */
void live_add_name(struct buf *out, const char *word);
/* As source_open_live, but for a name. */
struct live *live_new(const char *interface, const struct source_options *o, char *error, size_t error_size);
void live_free(struct live *l);
/* As source_next: PACKET, WAIT, or DAMAGED with the sentence in live_error(). */
enum source_status live_next(struct live *l, struct packet *out);
int live_fd(const struct live *l);
const char *live_error(const struct live *l);
/* Sets the two counts of dropped packets, and that they are known. */
void live_add_drops(struct live *l, struct source_counts *counts);
const struct packet_interface *live_interface(const struct live *l);
/* As source_list_interfaces. */
int live_list_interfaces(void (*line)(void *user, const char *text), void *user, char *error, size_t error_size);

/* As source_list_links, but for a name. */
int live_list_links(const char *interface, void (*line)(void *user, const char *text), void *user, char *error, size_t error_size);

#endif
