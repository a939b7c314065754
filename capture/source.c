/*
 * Where packets come from: one face for capture files and live interfaces, and for the proxy, which has bytes instead.
 *
 * A source is one of the three, with what they have in common: a name, counts, and for files the capture
 * filter, which the kernel applies for interfaces. A filter that matches next to nothing must not keep the
 * caller waiting for a whole file: after TURN packets passed over, source_next answers SOURCE_WAIT once.
 */
#include "capture/source.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "capture/live.h"
#include "capture/merge.h"
#include "capture/packet_filter.h"
#include "capture/pcap_file.h"
#include "capture/proxy/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TURN = 8192 };

struct source {
	char *name;
	struct pcap_file *file; /* one of these three is set */
	struct live *live;
	struct proxy *proxy;
	struct merge *merge;          /* or this one */
	int fd;                       /* of the file, if its places can be read again; else -1 */
	struct packet_filter *filter; /* of a file, or NULL */
	bool refused;                 /* the filter can't be used on these packets: error says why */
	struct source_counts counts;
	char error[512];
};

/* A name or a sentence as it may be shown on a terminal; to be freed. */
static char *showable(const char *text)
{
	struct buf b = { 0 };
	text_add_safe(&b, slice_str(text));
	char *copy = xstrdup(buf_cstr(&b));
	buf_release(&b);
	return copy;
}

static void make_showable(char *text, size_t size)
{
	char *copy = showable(text);
	snprintf(text, size, "%s", copy);
	free(copy);
}

static void say_open_failed(const char *path, int reason, char *error, size_t error_size)
{
	if (reason == ENOENT)
		snprintf(error, error_size, "there is no file %s", path);
	else if (reason == EACCES || reason == EPERM)
		snprintf(error, error_size, "no permission to read %s", path);
	else
		snprintf(error, error_size, "%s can't be opened: %s", path, strerror(reason));
}

static bool is_readable(int fd, const char *name, char *error, size_t error_size)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		say_open_failed(name, errno, error, error_size);
	else if (S_ISDIR(st.st_mode))
		snprintf(error, error_size, "%s is a directory, not a capture", name);
	else if (isatty(fd))
		snprintf(error, error_size, "%s is a terminal, not a capture", name);
	else
		return true;
	return false;
}

/* O_NONBLOCK lets a named pipe be opened before its writer is there. */
static int open_path(const char *path, char *error, size_t error_size)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *name = is_stdin ? "standard input" : path;
	if (fd < 0) {
		say_open_failed(name, errno, error, error_size);
		return -1;
	}
	if (is_readable(fd, name, error, error_size))
		return fd;
	close(fd);
	return -1;
}

static struct source *open_file(const char *path, const struct source_options *o, char *error, size_t error_size)
{
	struct packet_filter *filter = NULL;
	if (o && o->filter && !(filter = packet_filter_new(o->filter, error, error_size)))
		return NULL;
	int fd = open_path(path, error, error_size);
	if (fd < 0) {
		packet_filter_free(filter);
		return NULL;
	}
	struct source *s = xcalloc(1, sizeof(*s));
	s->name = showable(strcmp(path, "-") == 0 ? "standard input" : path);
	s->filter = filter;
	s->file = pcap_file_new(fd, s->name, o);
	enum source_status status = pcap_file_start(s->file);
	s->fd = pcap_file_has_places(s->file) ? pcap_file_fd(s->file) : -1;
	if (status == SOURCE_PACKET || status == SOURCE_WAIT)
		return s;
	snprintf(error, error_size, "%s", pcap_file_error(s->file));
	source_free(s);
	return NULL;
}

struct source *source_open_file(const char *path, const struct source_options *o, char *error, size_t error_size)
{
	struct source *s = open_file(path, o, error, error_size);
	if (!s)
		make_showable(error, error_size);
	return s;
}

struct source *source_open_live(const char *interface, const struct source_options *o, char *error, size_t error_size)
{
	struct buf name = { 0 };
	struct source *s = NULL;
	live_add_name(&name, interface);
	struct live *live = live_new(buf_cstr(&name), o, error, error_size);
	if (live) {
		s = xcalloc(1, sizeof(*s));
		s->name = showable(buf_cstr(&name));
		s->live = live;
		s->fd = -1;
	} else {
		make_showable(error, error_size);
	}
	buf_release(&name);
	return s;
}

struct source *source_open_proxy(const struct proxy_options *o, void (*say)(void *user, const char *line), void *user, char *error,
				 size_t error_size)
{
	struct proxy *proxy = proxy_new(o, say, user, error, error_size);
	if (!proxy) {
		make_showable(error, error_size);
		return NULL;
	}
	struct source *s = xcalloc(1, sizeof(*s));
	s->name = xstrdup(proxy_name(proxy));
	s->fd = -1;
	s->proxy = proxy;
	return s;
}

static char *name_of(struct source **sources, size_t count)
{
	struct buf name = { 0 };
	buf_addf(&name, "%s and %zu more", sources[0]->name, count - 1);
	char *copy = xstrdup(buf_cstr(&name));
	buf_release(&name);
	return copy;
}

struct source *source_merge(struct source **sources, size_t count)
{
	if (count == 1)
		return sources[0];
	struct source *s = xcalloc(1, sizeof(*s));
	s->name = name_of(sources, count);
	s->fd = -1;
	s->merge = merge_new(sources, count);
	return s;
}

struct proxy *source_proxy(const struct source *s)
{
	return s->proxy;
}

void source_free(struct source *s)
{
	if (!s)
		return;
	proxy_free(s->proxy);
	merge_free(s->merge);
	pcap_file_free(s->file);
	live_free(s->live);
	packet_filter_free(s->filter);
	free(s->name);
	free(s);
}

static enum source_status next_filtered(struct source *s, struct packet *out)
{
	for (int turn = 0; turn < TURN && !s->refused; turn++) {
		enum source_status status = pcap_file_next(s->file, out);
		if (status != SOURCE_PACKET)
			return status;
		switch (packet_filter_match(s->filter, out, s->error, sizeof(s->error))) {
		case PACKET_FILTER_YES: return SOURCE_PACKET;
		case PACKET_FILTER_NO: s->counts.filtered++; break;
		case PACKET_FILTER_FAILED:
			make_showable(s->error, sizeof(s->error));
			s->refused = true;
			break;
		}
	}
	return s->refused ? SOURCE_DAMAGED : SOURCE_WAIT;
}

enum source_status source_next(struct source *s, struct packet *out)
{
	if (s->proxy)
		return SOURCE_WAIT;
	enum source_status status = s->merge    ? merge_next(s->merge, out)
				    : s->live   ? live_next(s->live, out)
				    : s->filter ? next_filtered(s, out)
						: pcap_file_next(s->file, out);
	if (status == SOURCE_PACKET) {
		s->counts.packets++;
		s->counts.bytes += out->bytes.len;
	}
	return status;
}

struct slice source_keep(struct source *s, const struct byte_keeper *keeper)
{
	return s->file ? pcap_file_keep(s->file, keeper) : slice_of(NULL, 0);
}

int source_fd(const struct source *s)
{
	if (s->proxy)
		return proxy_fd(s->proxy);
	if (s->merge)
		return merge_fd(s->merge);
	return s->live ? live_fd(s->live) : pcap_file_fd(s->file);
}

const char *source_error(const struct source *s)
{
	if (s->refused)
		return s->error;
	if (s->proxy)
		return "the proxy's relay has ended by itself, and all connections through it with it";
	if (s->merge)
		return merge_error(s->merge);
	return s->live ? live_error(s->live) : pcap_file_error(s->file);
}

bool source_lost_part(const struct source *s)
{
	return s->merge && merge_lost_part(s->merge);
}

struct source_counts source_counts(struct source *s)
{
	if (s->merge) {
		struct source_counts sum = merge_counts(s->merge);
		sum.packets = s->counts.packets;
		sum.bytes = s->counts.bytes;
		return sum;
	}
	if (s->live)
		live_add_drops(s->live, &s->counts);
	else if (s->file)
		pcap_file_add_drops(s->file, &s->counts);
	return s->counts;
}

static void live_each_drops(struct live *l, void (*take)(void *user, const struct interface_drops *d), void *user)
{
	struct source_counts c = { 0 };
	live_add_drops(l, &c);
	if (c.dropped_kernel || c.dropped_interface)
		take(user, &(struct interface_drops){ live_interface(l), c.dropped_kernel, c.dropped_interface });
}

void source_each_drops(struct source *s, void (*take)(void *user, const struct interface_drops *d), void *user)
{
	if (s->merge)
		merge_each_drops(s->merge, take, user);
	else if (s->live)
		live_each_drops(s->live, take, user);
	else if (s->file)
		pcap_file_each_drops(s->file, take, user);
}

void source_progress(const struct source *s, uint64_t *done, uint64_t *total)
{
	*done = *total = 0;
	if (s->merge)
		merge_progress(s->merge, done, total);
	if (s->file)
		pcap_file_progress(s->file, done, total);
}

int source_file(const struct source *s)
{
	return s->file && pcap_file_has_places(s->file) ? pcap_file_fd(s->file) : -1;
}

struct files source_files(const struct source *s)
{
	return s->merge ? merge_files(s->merge) : (struct files){ &s->fd, 1 };
}

bool source_is_live(const struct source *s)
{
	if (s->merge)
		return merge_is_live(s->merge);
	return s->live || s->proxy || !pcap_file_is_regular(s->file);
}

const char *source_name(const struct source *s)
{
	return s->name;
}

int source_list_links(const char *interface, void (*line)(void *user, const char *text), void *user, char *error, size_t error_size)
{
	struct buf name = { 0 };
	live_add_name(&name, interface);
	int result = live_list_links(buf_cstr(&name), line, user, error, error_size);
	buf_release(&name);
	return result;
}

int source_list_interfaces(void (*line)(void *user, const char *text), void *user, char *error, size_t error_size)
{
	return live_list_interfaces(line, user, error, error_size);
}
