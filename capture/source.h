/* Where packets come from: a capture file (pcap or pcapng, plain or gzipped), standard input, or live interfaces; or the proxy. */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include "base/files.h"
#include "capture/byte_source.h"
#include "capture/packet.h"

struct source;
struct proxy;
struct proxy_options;

enum source_status {
	SOURCE_PACKET,  /* a packet was handed out */
	SOURCE_WAIT,    /* nothing now: poll source_fd() and ask again */
	SOURCE_END,     /* the end of the file */
	SOURCE_DAMAGED, /* the source can't be read on (damage, the interface is gone); source_error() says what and where; what came
			 * before is good */
};

struct source_counts {
	uint64_t packets, bytes;    /* handed out */
	uint64_t dropped_kernel;    /* no room in the kernel's buffer: live, or as a pcapng says of its own capture */
	uint64_t dropped_interface; /* likewise: by the network interface */
	uint64_t filtered;          /* read from a file but not matched by the capture filter */
	uint64_t comments;          /* of a pcapng file on its sections, interfaces and what else is no packet: passed over */
	uint64_t secrets_dropped;   /* decryption secrets blocks of a pcapng file over 16 MiB */
	uint64_t broken;            /* of several sources those that can't be read on */
	bool watched;               /* an interface is captured live, so that none dropped means that none was */
};

struct source_options {
	const char *filter; /* pcap-filter expression, or NULL */
	int snaplen;        /* live: bytes of a packet; 0: all of it */
	int buffer_mib;     /* live: kernel buffer; 0: 16 */
	bool promiscuous;   /* live */
	const char *link;   /* live: name of a link type, "EN10MB"; NULL: the interface's own */
	/* Called for each decryption secrets block of a pcapng file (format 0x544c534b: a TLS key log), in the order of the file, from
	 * within source_next. The bytes are borrowed during the call. NULL: they are passed over. */
	void (*secrets)(void *user, uint32_t format, struct slice bytes);
	/* Called where a section of such a file begins, in which such blocks may stand anywhere; may be NULL. */
	void (*section)(void *secrets_user);
	void *secrets_user;
};

/* Opens a capture file; "-" is standard input. NULL on failure, with one sentence without a line break in error. What a pipe holds
 * is only known later: source_next answers SOURCE_DAMAGED if it is no capture. `o` may be NULL, and the strings in it need only
 * last for the call. */
struct source *source_open_file(const char *path, const struct source_options *o, char *error, size_t error_size);
/* Opens an interface for live capture, by its name or its number in source_list_interfaces. NULL on failure; the sentence says what to do about missing permission. */
struct source *source_open_live(const char *interface, const struct source_options *o, char *error, size_t error_size);
/* Several sources (1 to FILES_MAX, none of them a proxy) as one, by the time of their packets (capture/merge.h); takes them over. */
struct source *source_merge(struct source **sources, size_t count);
/* Starts the proxy (proxy_new says what `say` is for). It has no packets: source_next only ever answers WAIT, its records come from
 * source_proxy(). NULL on failure. */
struct source *source_open_proxy(const struct proxy_options *o, void (*say)(void *user, const char *line), void *user, char *error,
				 size_t error_size);
/* The proxy, or NULL for any other source. */
struct proxy *source_proxy(const struct source *s);
void source_free(struct source *s);

/* The next packet. Never blocks longer than reading a file takes; a pipe or an interface with nothing ready is SOURCE_WAIT, and so
 * is a file after some thousand packets that the filter did not match: the caller is to have its turn. END and DAMAGED stick. */
enum source_status source_next(struct source *s, struct packet *out);
/* The descriptor to poll for reading on SOURCE_WAIT (a file's is always ready), -1 if there is none: ask again in a moment. */
int source_fd(const struct source *s);
/* For whoever needs packets longer than until the next one is asked for: the bytes of one file stay where they are until the keeper frees
 * them. Returns the buffer in use; an empty one if the source is no single file, whose packets then live as long as ever. */
struct slice source_keep(struct source *s, const struct byte_keeper *keeper);
/* What went wrong, after SOURCE_DAMAGED: one sentence. */
const char *source_error(const struct source *s);
/* True if one of several sources, some of them live, can't be read on, as an interface that is gone, which source_error() says; the others go on. */
bool source_lost_part(const struct source *s);
struct source_counts source_counts(struct source *s);
/* Calls take for each interface that has dropped any, with what it has; of those of a file's earlier sections only the counts know. */
void source_each_drops(struct source *s, void (*take)(void *user, const struct interface_drops *d), void *user);
/* Bytes of the file read so far and in all, for a progress bar; total 0 where it is not known. For gzipped files both count
 * compressed bytes. */
void source_progress(const struct source *s, uint64_t *done, uint64_t *total);
/* A descriptor from which packet bytes can be read again at packet.at (a plain file), owned by the source; -1 if none. */
int source_file(const struct source *s);
/* The same for one or several: what packet.at is a place in. Lives as long as the source. */
struct files source_files(const struct source *s);
/* True when packets come as they happen (interface, pipe), false for a file. */
bool source_is_live(const struct source *s);
/* How it is called on the screen: the path, or the interface. Lives as long as the source. */
const char *source_name(const struct source *s);
/* Hands one line an interface to `line`, as tcpdump -D writes it, without line break. Returns 0, or -1 with a sentence in error. */
int source_list_interfaces(void (*line)(void *user, const char *text), void *user, char *error, size_t error_size);

/* Hands one line a link type that the interface can capture with to `line`: "EN10MB (Ethernet)". Result as above. */
int source_list_links(const char *interface, void (*line)(void *user, const char *text), void *user, char *error, size_t error_size);

#endif
