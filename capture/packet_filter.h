/* Capture filters (pcap-filter(7)) for packets that libpcap did not read. */
#ifndef CAPTURE_PACKET_FILTER_H
#define CAPTURE_PACKET_FILTER_H

#include "capture/packet.h"

struct packet_filter;

enum packet_filter_answer { PACKET_FILTER_NO, PACKET_FILTER_YES, PACKET_FILTER_FAILED };

/* True if the expression is a filter for at least one of the link types that envscope reads; else false, with a sentence. */
bool packet_filter_check(const char *expression, char *error, size_t error_size);
/* A filter for packets of any link type; NULL, with a sentence, if packet_filter_check refuses it. */
struct packet_filter *packet_filter_new(const char *expression, char *error, size_t error_size);
void packet_filter_free(struct packet_filter *f);
/* Does it match? NO for link types that envscope does not read, and for those on which the expression can't be used while it
 * could be on one before. FAILED, with a sentence: it can't be used on the first one either. */
enum packet_filter_answer packet_filter_match(struct packet_filter *f, const struct packet *p, char *error, size_t error_size);

#endif
