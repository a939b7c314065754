/*
 * A capture file that is written.
 *
 *	file: | whole blocks, on disk              | pending: whole blocks, in memory |
 *	                                           ^ good
 *
 * Interfaces have lasting numbers, the index in `known`; in each file they are described when their first packet comes, and numbered in
 * that order. The newest secrets are kept, since each file of a ring must open its own packets.
 */
#include "export/packet_file.h"

#include "base/outlet.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	UNTOLD = UINT32_MAX,
	SNAPLEN =
		262144, /* of a plain pcap at least: packets of other interfaces may be longer than those of the first, and libpcap cuts them there */
};

struct known {
	struct packet_interface is;
	uint32_t number; /* in the file that is written now, or UNTOLD */
	uint64_t packets, dropped_kernel, dropped_interface;
};

struct packet_file {
	struct packet_file_options options;
	char *path;
	struct outlet out; /* fd -1: none is open */
	bool closed;
	struct buf pending, secrets;
	uint64_t good;         /* where in the file its last whole block ends */
	uint64_t waiting;      /* packets in pending */
	int64_t waiting_since; /* time of the first of them */
	struct known *known;
	uint32_t known_count, known_room, told;
	uint64_t in_file;  /* packets in this file */
	int64_t file_time; /* time of its first packet */
	int header_link;   /* plain pcap: link type of the file, -1 before its header */
	uint8_t header_digits;
	char **ring; /* names of the files that are kept, oldest first */
	unsigned ring_count;
	unsigned sequence;
	struct packet_file_counts counts;
};

static bool is_ring(const struct packet_file *f)
{
	return f->options.ring_bytes || f->options.ring_time;
}

/* The name of the next file of the ring, to be freed. */
static char *ring_name(struct packet_file *f)
{
	const char *path = f->path, *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	size_t stem = dot && dot != path && (!slash || dot > slash + 1) ? (size_t)(dot - path) : strlen(path);
	time_t now = time(NULL);
	struct tm tm;
	char date[32];
	struct buf name = { 0 };
	localtime_r(&now, &tm);
	strftime(date, sizeof date, "%Y%m%d%H%M%S", &tm);
	buf_addf(&name, "%.*s_%05u_%s%s", (int)stem, path, ++f->sequence, date, path + stem);
	char *copy = xstrdup(buf_cstr(&name));
	buf_release(&name);
	return copy;
}

/* The oldest files go until there is room for one more. */
static void keep_ring(struct packet_file *f, char *name)
{
	unsigned most = f->options.ring_files;
	if (!most) {
		free(name);
		return;
	}
	if (f->ring_count == most) {
		unlink(f->ring[0]);
		free(f->ring[0]);
		memmove(f->ring, f->ring + 1, (most - 1) * sizeof *f->ring);
		f->ring_count--;
	}
	f->ring[f->ring_count++] = name;
}

/* A file that cannot be kept from others, as it is another user's, is left as it is. */
static int open_file(struct packet_file *f, const char *path)
{
	struct stat st;
	bool out = strcmp(path, "-") == 0;
	int fd = out ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return errno;
	bool file = !out && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (file && (((st.st_mode & 0177) && fchmod(fd, 0600) != 0) || ftruncate(fd, 0) != 0)) {
		int error = errno;
		close(fd);
		return error;
	}
	outlet_init(&f->out, fd, f->options.ending);
	return 0;
}

/* Where in the file the first block will stand: on standard output there may be something in front of it, which is not ours. */
static uint64_t beginning(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	off_t at = lseek(fd, 0, flags >= 0 && flags & O_APPEND ? SEEK_END : SEEK_CUR);
	return at > 0 ? (uint64_t)at : 0;
}

static void begin_file(struct packet_file *f)
{
	f->good = beginning(f->out.fd);
	f->in_file = f->told = 0;
	f->header_link = -1;
	for (uint32_t i = 0; i < f->known_count; i++)
		f->known[i].number = UNTOLD;
	if (f->options.format != PACKETS_PCAPNG)
		return;
	pcapng_add_section(&f->pending, "envscope " ENVSCOPE_VERSION);
	if (f->secrets.len)
		pcapng_add_secrets(&f->pending, PCAPNG_TLS_KEY_LOG, buf_slice(&f->secrets));
}

/* Opens the file, or the next one of the ring. Returns an errno or 0. */
static int next_file(struct packet_file *f)
{
	char *name = is_ring(f) ? ring_name(f) : NULL;
	int error = open_file(f, name ? name : f->path);
	if (name && !error)
		keep_ring(f, name);
	else
		free(name);
	if (!error)
		begin_file(f);
	return error;
}

struct packet_file *packet_file_new(const struct packet_file_options *o, char *error, size_t room)
{
	struct packet_file *f = xcalloc(1, sizeof *f);
	f->options = *o;
	f->path = xstrdup(o->path);
	f->out.fd = -1;
	if (o->ring_files)
		f->ring = xcalloc(o->ring_files, sizeof *f->ring);
	int reason = next_file(f);
	if (!reason) {
		packet_file_flush(f);
		return f;
	}
	snprintf(error, room, "%s can't be written: %s", o->path, strerror(reason));
	packet_file_free(f);
	errno = reason;
	return NULL;
}

/* Returns an errno or 0: a file system that keeps what is written back for a while, as that of a network may, says only now that it had no room. */
static int close_file(struct packet_file *f)
{
	int error = f->out.fd >= 0 && close(f->out.fd) != 0 && errno != EINTR ? errno : 0;
	f->out.fd = -1;
	return error;
}

/* Nothing more is written: what waits is lost, and the file ends with its last whole block. */
static void stop(struct packet_file *f, int error)
{
	f->closed = error == EPIPE;
	f->counts.error = error;
	f->counts.stopped = f->waiting ? f->waiting_since : 0;
	f->counts.packets -= f->waiting;
	f->counts.unwritten += f->waiting;
	if (f->out.regular && f->out.fd >= 0 && ftruncate(f->out.fd, (off_t)f->good) != 0)
		lseek(f->out.fd, 0, SEEK_END);
	buf_release(&f->pending);
	f->waiting = 0;
}

void packet_file_flush(struct packet_file *f)
{
	if (f->counts.error)
		return;
	if (!outlet_write(&f->out, buf_slice(&f->pending))) {
		stop(f, f->out.error);
		return;
	}
	f->good += f->pending.len;
	f->waiting = 0;
	buf_clear(&f->pending);
}

void packet_file_finish(struct packet_file *f)
{
	struct packet_interface ethernet = { .link = 1, .digits = 9 };
	if (f->out.fd >= 0 && !f->counts.error) {
		if (f->options.format == PACKETS_PCAP && f->header_link < 0)
			pcap_add_header(&f->pending, &ethernet); /* a file without packets is one all the same */
		packet_file_flush(f);
	}
	int error = close_file(f);
	if (error && !f->counts.error)
		stop(f, error);
}

void packet_file_free(struct packet_file *f)
{
	if (!f)
		return;
	packet_file_finish(f);
	for (unsigned i = 0; i < f->ring_count; i++)
		free(f->ring[i]);
	free(f->ring);
	free(f->known);
	buf_release(&f->pending);
	buf_release(&f->secrets);
	free(f->path);
	free(f);
}

static bool same_interface(const struct packet_interface *a, const struct packet_interface *b)
{
	return a->link == b->link && a->snaplen == b->snaplen && a->digits == b->digits && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->description, b->description) == 0;
}

static uint32_t find_interface(const struct packet_file *f, const struct packet_interface *i)
{
	uint32_t at = 0;
	while (at < f->known_count && !same_interface(&f->known[at].is, i))
		at++;
	return at;
}

uint32_t packet_file_interface(struct packet_file *f, const struct packet_interface *i)
{
	struct packet_interface plain = { .link = i->link, .digits = 9 };
	uint32_t at = find_interface(f, i);
	if (at < f->known_count)
		return at;
	if (f->known_count >= PACKET_FILE_INTERFACES) {
		i = &plain;
		at = find_interface(f, i);
		if (at < f->known_count)
			return at;
	}
	if (f->known_count == f->known_room) {
		f->known_room = f->known_room ? 2 * f->known_room : 4;
		f->known = xreallocarray(f->known, f->known_room, sizeof *f->known);
	}
	f->known[f->known_count] = (struct known){ .is = *i, .number = UNTOLD };
	return f->known_count++;
}

/* The present file has its fill: on to the next. */
static void turn_ring(struct packet_file *f, int64_t time)
{
	const struct packet_file_options *o = &f->options;
	bool full = o->ring_bytes && f->good + f->pending.len >= o->ring_bytes;
	bool old = o->ring_time && time - f->file_time >= o->ring_time;
	if (!f->in_file || (!full && !old))
		return;
	packet_file_flush(f);
	if (f->counts.error)
		return;
	int error = close_file(f);
	if (!error)
		error = next_file(f);
	if (error)
		stop(f, error);
}

static void add_pcapng(struct packet_file *f, struct pcapng_packet p)
{
	struct known *k = &f->known[p.interface];
	if (k->number == UNTOLD) {
		pcapng_add_interface(&f->pending, &k->is);
		k->number = f->told++;
	}
	k->packets++;
	p.interface = k->number;
	p.digits = k->is.digits;
	pcapng_add_packet(&f->pending, &p);
}

static bool add_pcap(struct packet_file *f, const struct pcapng_packet *p)
{
	const struct packet_interface *i = &f->known[p->interface].is;
	if (f->header_link < 0) {
		struct packet_interface all = *i;
		all.snaplen = i->snaplen < SNAPLEN ? SNAPLEN : i->snaplen;
		pcap_add_header(&f->pending, &all);
		f->header_link = i->link;
		f->header_digits = i->digits;
	}
	if (i->link != f->header_link) {
		f->counts.other_link++;
		return false;
	}
	pcap_add_packet(&f->pending, f->header_digits, p->time, p->bytes, p->wire_len);
	return true;
}

static bool stopped(struct packet_file *f, int64_t time)
{
	if (!f->counts.error)
		return false;
	if (!f->counts.stopped)
		f->counts.stopped = time;
	f->counts.unwritten++;
	return true;
}

void packet_file_write(struct packet_file *f, const struct pcapng_packet *p)
{
	turn_ring(f, p->time);
	if (stopped(f, p->time))
		return;
	if (!f->in_file)
		f->file_time = p->time;
	if (!f->waiting)
		f->waiting_since = p->time;
	if (f->options.format == PACKETS_PCAPNG)
		add_pcapng(f, *p);
	else if (!add_pcap(f, p))
		return;
	f->in_file++;
	f->waiting++;
	f->counts.packets++;
	if (f->pending.len >= PACKET_FILE_BUFFER)
		packet_file_flush(f);
}

void packet_file_secrets(struct packet_file *f, struct slice lines)
{
	if (f->counts.error || f->options.format != PACKETS_PCAPNG)
		return;
	pcapng_add_secrets(&f->pending, PCAPNG_TLS_KEY_LOG, lines);
	if (!is_ring(f))
		return;
	buf_add(&f->secrets, lines);
	while (f->secrets.len > PACKET_FILE_SECRETS) {
		const uint8_t *end = memchr(f->secrets.at, '\n', f->secrets.len);
		buf_consume(&f->secrets, end ? (size_t)(end - f->secrets.at) + 1 : f->secrets.len);
	}
}

void packet_file_drops(struct packet_file *f, const struct interface_drops *d)
{
	uint32_t at = find_interface(f, d->interface);
	if (at == f->known_count || f->known[at].number == UNTOLD)
		return;
	f->known[at].dropped_kernel += d->kernel;
	f->known[at].dropped_interface += d->by_interface;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

void packet_file_statistics(struct packet_file *f, int64_t time, const struct interface_drops *all, bool always)
{
	struct known *first = NULL;
	uint64_t kernel = all->kernel, by_interface = all->by_interface;
	if (f->counts.error || f->options.format != PACKETS_PCAPNG)
		return;
	for (uint32_t i = 0; i < f->known_count; i++) {
		struct known *k = &f->known[i];
		kernel = less(kernel, k->dropped_kernel);
		by_interface = less(by_interface, k->dropped_interface);
		if (k->number != UNTOLD && (!first || k->number < first->number))
			first = k;
	}
	if (first) {
		first->dropped_kernel += kernel;
		first->dropped_interface += by_interface;
	}
	for (uint32_t i = 0; i < f->known_count; i++) {
		const struct known *k = &f->known[i];
		struct pcapng_statistics s = { k->number, time, k->is.digits, k->packets, k->dropped_interface, k->dropped_kernel };
		if (k->number != UNTOLD && (always || s.dropped_kernel || s.dropped_interface))
			pcapng_add_statistics(&f->pending, &s);
	}
}

bool packet_file_closed(const struct packet_file *f)
{
	return f->closed;
}

struct packet_file_counts packet_file_counts(const struct packet_file *f)
{
	return f->counts;
}
