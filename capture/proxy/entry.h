/* Where the bytes of proxied connections come into the pipeline: what capture/net does for packets. */
#ifndef CAPTURE_PROXY_ENTRY_H
#define CAPTURE_PROXY_ENTRY_H

#include "capture/capture.h"
#include "capture/net/connection.h"
#include "capture/proxy/proxy.h"

struct entry;

enum entry_status { ENTRY_TAKEN, ENTRY_WAIT, ENTRY_OVER /* the relay is gone */ };

struct entry_counts {
	struct connections_counts connections;
	struct proxy_counts proxy;
	uint64_t bytes;
};

/* All is borrowed for its life. The watcher, where it has a `packet`, is shown packets as if they had been captured (packets.h). */
struct entry *entry_new(struct proxy *p, const struct sink *sink, const struct stream_limits *limits, layer_maker *make, void *user,
			const struct packet_watcher *watcher);
void entry_free(struct entry *e);
/* Takes one record of the proxy. TAKEN: *time is when it happened. */
enum entry_status entry_step(struct entry *e, int64_t *time);
/* All that has passed is taken; then every connection that is open is told to the sink as it is. */
void entry_finish(struct entry *e, int64_t time);
const struct entry_counts *entry_counts(const struct entry *e);

#endif
