/*
 * Secrets by client random.
 *
 * An entry holds all secrets of one client random, a slot for each label. Entries stand in one array that grows up to KEYLOG_MAX and
 * is a ring from then on: the next one takes the oldest one's place. Buckets with chains of indices (from 1, 0 ends a chain) lead to them.
 *
 *	file: | lines taken in | a line without its end | not yet written |
 *	                                                ^ offset
 *
 * A growing file is looked at by its size and identity, so that asking costs one stat() while nothing has changed. What of its
 * last line is there waits in `line`.
 */
#include "capture/keylog.h"

#include "base/buf.h"
#include "base/digit.h"
#include "base/hash.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUCKETS = 16384, FIRST_ROOM = 64, READ_AT_A_TIME = 65536 };

struct secret {
	bool used;
	uint8_t len;
	uint8_t bytes[KEYLOG_SECRET_MAX];
};

struct entry {
	uint8_t random[KEYLOG_RANDOM];
	uint32_t chain;
	struct secret secrets[KEYLOG_LABELS];
};

struct file {
	char *path;           /* NULL: there is none */
	bool growing, unread; /* it could not be read */
	int fd;               /* -1: not open */
	off_t offset;
	struct stat is;
};

struct keylog {
	uint32_t bucket[BUCKETS];
	uint64_t hash_key;
	struct entry *entries;
	size_t count, room, next; /* next: the one to be replaced, once the array is full */
	struct file file;
	struct buf line;
	bool line_too_long;
	struct keylog_waiter *waiters;
	bool expects; /* secrets may come by keylog_feed */
	bool looked;  /* those who wait are being woken: the file was looked at once for all of them */
	void (*used)(void *user, struct slice lines);
	void *used_user;
	struct keylog_counts counts;
};

static const char *const labels[KEYLOG_LABELS] = {
	[KEYLOG_MASTER] = "CLIENT_RANDOM",
	[KEYLOG_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
	[KEYLOG_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
	[KEYLOG_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
	[KEYLOG_CLIENT_DATA] = "CLIENT_TRAFFIC_SECRET_0",
	[KEYLOG_SERVER_DATA] = "SERVER_TRAFFIC_SECRET_0",
};

struct keylog *keylog_new(void)
{
	struct keylog *k = xcalloc(1, sizeof *k);
	k->hash_key = hash_new_key();
	k->file.fd = -1;
	return k;
}

void keylog_free(struct keylog *k)
{
	if (!k)
		return;
	if (k->file.fd >= 0)
		close(k->file.fd);
	free(k->file.path);
	free(k->entries);
	buf_release(&k->line);
	free(k);
}

static uint32_t *bucket_of(struct keylog *k, const uint8_t *random)
{
	return &k->bucket[hash_bytes(slice_of(random, KEYLOG_RANDOM), k->hash_key) % BUCKETS];
}

static struct entry *find(struct keylog *k, const uint8_t *random)
{
	for (uint32_t i = *bucket_of(k, random); i; i = k->entries[i - 1].chain)
		if (memcmp(k->entries[i - 1].random, random, KEYLOG_RANDOM) == 0)
			return &k->entries[i - 1];
	return NULL;
}

static void unchain(struct keylog *k, size_t index)
{
	uint32_t *at = bucket_of(k, k->entries[index].random);
	while (*at != index + 1)
		at = &k->entries[*at - 1].chain;
	*at = k->entries[index].chain;
}

/* The place for one more entry. */
static size_t make_room(struct keylog *k)
{
	if (k->count == KEYLOG_MAX) {
		size_t index = k->next;
		unchain(k, index);
		k->next = (k->next + 1) % KEYLOG_MAX;
		k->counts.forgotten++;
		return index;
	}
	if (k->count == k->room) {
		k->room = k->room ? k->room * 2 : FIRST_ROOM;
		k->entries = xreallocarray(k->entries, k->room, sizeof *k->entries);
	}
	return k->count++;
}

static struct entry *add(struct keylog *k, const uint8_t *random)
{
	size_t index = make_room(k);
	struct entry *e = &k->entries[index];
	uint32_t *bucket = bucket_of(k, random);
	*e = (struct entry){ .chain = *bucket };
	memcpy(e->random, random, KEYLOG_RANDOM);
	*bucket = (uint32_t)index + 1;
	return e;
}

/* The bytes that hex digits stand for; 0 if they are none, or more than `most`. */
static size_t from_hex(struct slice text, uint8_t *out, size_t most)
{
	if (text.len % 2 || text.len / 2 > most)
		return 0;
	for (size_t i = 0; i < text.len; i += 2) {
		int high = hex_digit(text.at[i]), low = hex_digit(text.at[i + 1]);
		if (high < 0 || low < 0)
			return 0;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return text.len / 2;
}

/* The next word of a line; empty behind the last. */
static struct slice next_word(struct slice *line)
{
	size_t n = 0;
	while (line->len && (line->at[0] == ' ' || line->at[0] == '\t'))
		*line = slice_skip(*line, 1);
	while (n < line->len && line->at[n] != ' ' && line->at[n] != '\t' && line->at[n] != '\r')
		n++;
	struct slice word = slice_head(*line, n);
	*line = slice_skip(*line, n);
	return word;
}

static enum keylog_label label_of(struct slice word)
{
	int i = 0;
	while (i < KEYLOG_LABELS && !slice_is(word, labels[i]))
		i++;
	return (enum keylog_label)i;
}

/* Takes a line without its end. Comments, and secrets that are for something else, are passed over. */
static void take_line(struct keylog *k, struct slice line)
{
	uint8_t random[KEYLOG_RANDOM], secret[KEYLOG_SECRET_MAX];
	struct slice word = next_word(&line);
	enum keylog_label label = label_of(word);
	if (label == KEYLOG_LABELS)
		return;
	size_t random_len = from_hex(next_word(&line), random, sizeof random);
	size_t len = from_hex(next_word(&line), secret, sizeof secret);
	if (random_len != sizeof random || len < 32) {
		k->counts.bad++;
		return;
	}
	struct entry *e = find(k, random);
	if (!e)
		e = add(k, random);
	e->secrets[label].used = e->secrets[label].used && memcmp(e->secrets[label].bytes, secret, len) == 0;
	e->secrets[label].len = (uint8_t)len;
	memcpy(e->secrets[label].bytes, secret, len);
	k->counts.secrets++;
}

/* The line that was under way has come to its end. */
static void end_line(struct keylog *k)
{
	struct slice line = buf_slice(&k->line), rest = line;
	if (!k->line_too_long)
		take_line(k, line);
	else if (label_of(next_word(&rest)) != KEYLOG_LABELS)
		k->counts.bad++; /* a comment may be as long as it likes */
	buf_clear(&k->line);
	k->line_too_long = false;
}

static void take_text(struct keylog *k, struct slice text)
{
	while (text.len) {
		const uint8_t *end = memchr(text.at, '\n', text.len);
		struct slice part = slice_head(text, end ? (size_t)(end - text.at) : text.len);
		size_t room = KEYLOG_LINE_MAX - k->line.len;
		k->line_too_long = k->line_too_long || part.len > room;
		buf_add(&k->line, slice_head(part, room));
		text = slice_skip(text, part.len + (end != NULL));
		if (end)
			end_line(k);
	}
}

void keylog_feed(struct keylog *k, struct slice text)
{
	struct buf under_way = k->line;
	bool too_long = k->line_too_long;
	k->line = (struct buf){ 0 };
	k->line_too_long = false;
	take_text(k, text);
	end_line(k);
	buf_release(&k->line);
	k->line = under_way;
	k->line_too_long = too_long;
}

/* Reads what was added: 0 at its end, -1 with errno set if there is nothing yet or it failed. */
static ssize_t read_on(struct keylog *k)
{
	uint8_t bytes[READ_AT_A_TIME];
	ssize_t n;
	while ((n = read(k->file.fd, bytes, sizeof bytes)) > 0) {
		k->file.offset += n;
		take_text(k, slice_of(bytes, (size_t)n));
	}
	return n;
}

/* Reads to the end, which a pipe may take its time for; a signal ends that. False, with errno set, if it failed. */
static bool read_whole(struct keylog *k)
{
	struct pollfd more = { .fd = k->file.fd, .events = POLLIN };
	ssize_t n;
	while ((n = read_on(k)) < 0 && errno == EAGAIN && poll(&more, 1, -1) > 0)
		;
	return n == 0 || errno == EAGAIN || errno == EINTR;
}

static void close_file(struct keylog *k)
{
	if (k->file.fd >= 0)
		close(k->file.fd);
	k->file.fd = -1;
	k->file.offset = 0;
	buf_clear(&k->line);
	k->line_too_long = false;
}

/* O_NONBLOCK: a named pipe has no writer yet. */
static bool open_file(struct keylog *k)
{
	close_file(k);
	k->file.fd = open(k->file.path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (k->file.fd >= 0 && fstat(k->file.fd, &k->file.is) == 0)
		return true;
	int reason = errno;
	close_file(k);
	errno = reason;
	return false;
}

static void look(struct keylog *k)
{
	struct file *f = &k->file;
	struct stat now;
	if (!f->growing || !f->path || k->looked || stat(f->path, &now) != 0)
		return;
	bool other = f->fd < 0 || now.st_ino != f->is.st_ino || now.st_dev != f->is.st_dev;
	bool shorter = S_ISREG(now.st_mode) && now.st_size < f->offset;
	if (other && f->fd >= 0) { /* what was added to the one before it was replaced */
		read_on(k);
		end_line(k);
	}
	if ((other || shorter) && !open_file(k))
		return;
	if (!S_ISREG(now.st_mode) || now.st_size != f->offset)
		read_on(k);
}

bool keylog_open(struct keylog *k, const char *path, bool growing)
{
	k->file.path = path ? xstrdup(path) : NULL;
	k->file.growing = growing;
	if (growing) {
		look(k);
		return true;
	}
	if (!path)
		return true;
	k->file.unread = !open_file(k) || !read_whole(k);
	if (k->file.unread)
		return false;
	end_line(k);
	return true;
}

bool keylog_is_there(const struct keylog *k)
{
	return !k->file.unread && (!k->file.growing || k->file.fd >= 0);
}

bool keylog_is_given(const struct keylog *k)
{
	return k->file.path || k->counts.secrets;
}

bool keylog_is_growing(const struct keylog *k)
{
	return k->file.growing;
}

void keylog_expect(struct keylog *k)
{
	k->expects = true;
}

bool keylog_may_grow(const struct keylog *k)
{
	return k->file.growing || k->expects;
}

void keylog_end(struct keylog *k)
{
	look(k);
	end_line(k);
}

void keylog_on_use(struct keylog *k, void (*used)(void *user, struct slice lines), void *user)
{
	k->used = used;
	k->used_user = user;
}

static void add_hex(struct buf *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_addf(out, "%02x", bytes[i]);
}

/* Secrets of a handshake go together: whoever reads them again may want them earlier than they were asked for here. */
static void tell_used(struct keylog *k, struct entry *e)
{
	struct buf lines = { 0 };
	for (int i = 0; i < KEYLOG_LABELS; i++) {
		struct secret *s = &e->secrets[i];
		if (s->used || !s->len)
			continue;
		s->used = true;
		buf_addf(&lines, "%s ", labels[i]);
		add_hex(&lines, e->random, KEYLOG_RANDOM);
		buf_add_byte(&lines, ' ');
		add_hex(&lines, s->bytes, s->len);
		buf_add_byte(&lines, '\n');
	}
	if (lines.len)
		k->used(k->used_user, buf_slice(&lines));
	buf_release(&lines);
}

struct slice keylog_find(struct keylog *k, enum keylog_label label, const uint8_t random[KEYLOG_RANDOM])
{
	struct entry *e = find(k, random);
	if (!e || !e->secrets[label].len) {
		look(k);
		e = find(k, random);
	}
	if (k->used && e && e->secrets[label].len && !e->secrets[label].used)
		tell_used(k, e);
	return e ? slice_of(e->secrets[label].bytes, e->secrets[label].len) : (struct slice){ 0 };
}

uint64_t keylog_revision(struct keylog *k)
{
	look(k);
	return k->counts.secrets;
}

void keylog_wait(struct keylog *k, struct keylog_waiter *w)
{
	if (w->back)
		return;
	w->next = k->waiters;
	w->back = &k->waiters;
	if (w->next)
		w->next->back = &w->next;
	k->waiters = w;
}

void keylog_stop_waiting(struct keylog_waiter *w)
{
	if (!w->back)
		return;
	*w->back = w->next;
	if (w->next)
		w->next->back = w->back;
	w->back = NULL;
}

void keylog_wake(struct keylog *k, int64_t time)
{
	if (k->waiters)
		look(k);
	k->looked = true;
	for (struct keylog_waiter *w = k->waiters, *next; w; w = next) {
		next = w->next;
		w->wake(w->user, time);
	}
	k->looked = false;
}

struct keylog_counts keylog_counts(const struct keylog *k)
{
	return k->counts;
}
