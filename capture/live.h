/* Live capture from a network interface, by libpcap. */
#ifndef CAPTURE_LIVE_H
#define CAPTURE_LIVE_H

#include "capture/source.h"

struct live;

/* As source_open_live. */
struct live *live_new(const char *interface, const struct source_options *o, char *error, size_t error_size);
void live_free(struct live *l);
/* As source_next: PACKET, WAIT, or DAMAGED with the sentence in live_error(). */
enum source_status live_next(struct live *l, struct packet *out);
int live_fd(const struct live *l);
const char *live_error(const struct live *l);
/* Sets the two counts of dropped packets. */
void live_add_drops(struct live *l, struct source_counts *counts);
const struct packet_interface *live_interface(const struct live *l);
/* As source_list_interfaces. */
int live_list_interfaces(void (*line)(void *user, const char *text), void *user, char *error, size_t error_size);

/* As source_list_links. */
int live_list_links(const char *interface, void (*line)(void *user, const char *text), void *user, char *error, size_t error_size);

#endif
