/*
 * Extraction.
 *
 * An entry is a request for an upload or download, from the request until its stream is over and its reply has come, whichever is later:
 * the name may be known only then. Its file is made when the stream begins, with a name of its own in the folder, and gets its real name by
 * a rename that cannot overwrite. Entries are found by the n of their thread's first message.
 */
#include "export/extract.h"

#include "base/amount.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "decode/streams.h"
#include "export/filename.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_TRIED = 10000, OWN_NAME = 48 };

struct entry {
	uint32_t thread, conn;
	int fd; /* -1: no file */
	bool begun, replied;
	bool lacks; /* data that came: what is known of the stream is not true of the file */
	int error;  /* errno: why it is not written; 0 */
	uint64_t bytes;
	struct buf name;    /* as sent */
	char own[OWN_NAME]; /* of its file until it is finished */
};

struct extract {
	const struct session *session;
	int folder;
	struct entry entry[EXTRACT_WAITING];
	size_t entries, open;
	uint16_t upload, download, endstream; /* numbers of commands */
	uint64_t number;                      /* of the file made last */
	uint64_t names_forgotten;
	struct buf lines;
	int error;
};

struct extract *extract_new(const char *folder, char *error, size_t room)
{
	int fd = -1;
	if (mkdir(folder, 0700) == 0 || errno == EEXIST)
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(error, room, "%s: %s", folder, strerror(errno));
		return NULL;
	}
	struct extract *e = xcalloc(1, sizeof *e);
	e->folder = fd;
	return e;
}

/* The file is not written; the first reason counts. */
static void fail(struct extract *e, struct entry *f, int error)
{
	f->error = f->error ? f->error : error;
	e->error = e->error ? e->error : error;
}

static void close_file(struct extract *e, struct entry *f)
{
	if (f->fd < 0)
		return;
	if (close(f->fd) != 0)
		fail(e, f, errno);
	f->fd = -1;
	e->open--;
}

/* Forgets an entry, and its file if that was not given its name. */
static void drop(struct extract *e, struct entry *f)
{
	close_file(e, f);
	if (f->own[0])
		unlinkat(e->folder, f->own, 0);
	buf_release(&f->name);
	size_t behind = e->entries - (size_t)(f - e->entry) - 1;
	memmove(f, f + 1, behind * sizeof *f);
	e->entries--;
}

void extract_free(struct extract *e)
{
	if (!e)
		return;
	while (e->entries)
		drop(e, &e->entry[e->entries - 1]);
	buf_release(&e->lines);
	close(e->folder);
	free(e);
}

void extract_set_session(struct extract *e, const struct session *s)
{
	const struct schema *schema = session_schema(s);
	e->session = s;
	e->upload = schema_command(schema, slice_str("upload"));
	e->download = schema_command(schema, slice_str("download"));
	e->endstream = schema_command(schema, slice_str("endstream"));
}

static struct entry *find(struct extract *e, uint32_t thread)
{
	for (size_t i = e->entries; i > 0; i--)
		if (e->entry[i - 1].thread == thread)
			return &e->entry[i - 1];
	return NULL;
}

/* "report.pdf", "report.pdf.1", "report.pdf.1.partial" … */
static const char *numbered(struct buf *out, struct slice name, unsigned number, bool partial)
{
	buf_clear(out);
	buf_add(out, name);
	if (number)
		buf_addf(out, ".%u", number);
	if (partial)
		buf_add_str(out, ".partial");
	return buf_cstr(out);
}

/* Gives the file a name that no other has: 0, or an errno. The kernel refuses to replace; where the file system cannot be asked for that, a
 * second link is made, which never replaces. */
static int rename_new(int folder, const char *from, const char *to)
{
	if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	if (linkat(folder, from, folder, to, 0) != 0)
		return errno;
	return unlinkat(folder, from, 0) == 0 ? 0 : errno;
}

static bool ends_partial(struct slice name)
{
	static const char end[] = ".partial";
	size_t n = sizeof end - 1;
	return name.len >= n && slice_is(slice_skip(name, name.len - n), end);
}

/* The name for the folder: the messages', made harmless, else one of envscope's. */
static void add_plain_name(struct buf *out, const struct entry *f)
{
	filename_add_safe(out, buf_slice(&f->name));
	if (!out->len)
		buf_addf(out, "file-%u", f->thread);
	if (ends_partial(buf_slice(out)))
		buf_add_byte(out, '_');
}

/* Gives the entry's file its name, which is left in *out. */
static void publish(struct extract *e, struct entry *f, bool partial, struct buf *out)
{
	struct buf plain = { 0 };
	int error = EEXIST;
	add_plain_name(&plain, f);
	numbered(out, buf_slice(&plain), 0, partial);
	for (unsigned i = 0; !f->error && i < NAMES_TRIED && error == EEXIST; i++)
		error = rename_new(e->folder, f->own, numbered(out, buf_slice(&plain), i, partial));
	if (!f->error && error)
		fail(e, f, error);
	if (!f->error)
		f->own[0] = 0;
	buf_release(&plain);
}

static void add_line(struct extract *e, const struct entry *f, struct slice name, const struct thread_info *t)
{
	struct buf *out = &e->lines;
	text_add_safe(out, name);
	if (f->error) {
		buf_addf(out, ": not written: %s\n", strerror(f->error));
		return;
	}
	buf_add_str(out, ": ");
	amount_add_counted(out, f->bytes, "byte");
	uint64_t all = t->stream_total ? t->stream_total : t->stream_bytes;
	if (all != f->bytes) {
		buf_add_str(out, " of ");
		amount_add_grouped(out, all);
	}
	const char *word = stream_checksum_word(t->stream);
	buf_addf(out, ", checksum %s\n", strcmp(word, "unsure") == 0 || f->lacks ? "cannot tell" : word);
}

/* No more of it will come. */
static void finish(struct extract *e, struct entry *f)
{
	struct thread_info t;
	struct buf name = { 0 };
	if (f->begun) {
		session_thread(e->session, f->thread, &t);
		f->lacks = f->lacks || f->bytes != t.stream_bytes; /* some came before its beginstream, or behind its endstream */
		close_file(e, f);
		publish(e, f, !(t.stream & STREAM_ENDED) || t.stream & STREAM_UNSURE || f->lacks, &name);
		add_line(e, f, buf_slice(&name), &t);
	}
	buf_release(&name);
	drop(e, f);
}

/* Is the entry done? Its reply and the end of its stream come in either order. */
static void settle(struct extract *e, struct entry *f)
{
	struct thread_info t;
	session_thread(e->session, f->thread, &t);
	if (f->replied && (!f->begun || t.stream & STREAM_ENDED))
		finish(e, f);
}

_Static_assert(EXTRACT_OPEN < EXTRACT_WAITING, "some that wait have no file, and can give way");

static void make_room(struct extract *e)
{
	for (size_t i = e->entries; i > 0; i--) {
		const struct session_conn *c = session_conn(e->session, e->entry[i - 1].conn);
		if (!c || c->closed)
			finish(e, &e->entry[i - 1]);
	}
	for (size_t i = 0; e->entries == EXTRACT_WAITING && i < e->entries; i++) {
		if (e->entry[i].fd >= 0)
			continue;
		e->names_forgotten += !e->entry[i].begun;
		finish(e, &e->entry[i]);
	}
}

static struct entry *find_or_add(struct extract *e, uint32_t thread)
{
	struct entry *f = find(e, thread);
	const struct record *first = session_record(e->session, thread);
	if (f)
		return f;
	if (e->entries == EXTRACT_WAITING)
		make_room(e);
	f = &e->entry[e->entries++];
	*f = (struct entry){ .thread = thread, .conn = first ? first->conn : 0, .fd = -1 };
	return f;
}

void extract_message(void *user, uint32_t n, struct slice bytes)
{
	struct extract *e = user;
	const struct record *r = session_record(e->session, n);
	struct thread_info t;
	bool request = r && r->role == ROLE_REQUEST && (r->command == e->upload || r->command == e->download);
	if (!r || (!request && !e->entries) || (r->role != ROLE_REPLY && r->command != e->endstream && !request))
		return;
	struct entry *f = request ? find_or_add(e, r->thread) : find(e, r->thread);
	if (!f)
		return;
	if (r->role == ROLE_REPLY) {
		session_thread(e->session, r->thread, &t);
		f->replied = f->replied || t.reply == n;
	}
	if (!request || !f->name.len)
		filename_of_message(&f->name, session_schema(e->session), r, bytes);
	settle(e, f);
}

static void begin(struct extract *e, struct entry *f)
{
	f->begun = true;
	if (e->open == EXTRACT_OPEN) {
		fail(e, f, EMFILE);
		return;
	}
	do {
		snprintf(f->own, sizeof f->own, ".envscope-%ld-%llu", (long)getpid(), (unsigned long long)++e->number);
		f->fd = openat(e->folder, f->own, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	} while (f->fd < 0 && errno == EEXIST);
	if (f->fd < 0) {
		f->own[0] = 0;
		fail(e, f, errno);
		return;
	}
	e->open++;
}

void extract_stream(void *user, uint32_t thread, struct slice bytes)
{
	struct extract *e = user;
	struct entry *f = bytes.len ? find(e, thread) : find_or_add(e, thread);
	if (f && !f->begun && !bytes.len)
		begin(e, f);
	while (f && f->fd >= 0 && bytes.len) {
		ssize_t n = write(f->fd, bytes.at, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fail(e, f, errno);
			close_file(e, f);
			return;
		}
		f->bytes += (uint64_t)n;
		bytes = slice_skip(bytes, (size_t)n);
	}
}

void extract_lack(struct extract *e, uint32_t thread)
{
	struct entry *f = find(e, thread);
	if (f)
		f->lacks = true;
}

void extract_finish(struct extract *e)
{
	while (e->entries)
		finish(e, &e->entry[0]);
	if (!e->names_forgotten)
		return;
	amount_add_counted(&e->lines, e->names_forgotten,
			   "request[ without a stream was|s without a stream were] forgotten for [the|their] number; "
			   "a file of [its|theirs] has no name of its own");
	buf_add_byte(&e->lines, '\n');
}

bool extract_write(const struct extract *e, FILE *out)
{
	return !e->lines.len || fwrite(e->lines.at, 1, e->lines.len, out) == e->lines.len;
}

int extract_error(const struct extract *e)
{
	return e->error;
}
