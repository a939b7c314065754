/*
 * The session: conversations of three connections, of requests, replies, streams, events, in any order and with any ids, seqs, gaps and ends. What
 * must hold of a session at any time does (tests/session_check.h); the same messages in pieces come to the same records; and the same is told while
 * all is kept and while only printing, as long as printing has forgotten nothing. With --extract, what is in the folder in the end are files with harmless names.
 *
 * The first byte says how small the pieces are, whether files are extracted, and whether the oldest messages are forgotten. A message is five bytes:
 * what it is (0 to 27, more are events of the connection), who sends it (bit 0 the direction, bits 1 and 2 the connection, bits 3 to 7 flags), id and
 * rid in a half each, the seq, and how its payload is made; perhaps its length and bytes.
 */
#include "tests/session_check.h"
#include "tests/session_feed.h"

#include "base/text.h"
#include "export/extract.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIDES = 3, LARGEST = 4096, KINDS = 32, MOST = 600 };
enum kind { CLOSE = 28, NEWS, CLOCK, REOPEN }; /* instead of a message */
enum { EXTRACT = 4, FORGET = 8 };
enum { CUT = 8, GAP = 16, AFTER_GAP = 32, UNSETTLED = 64, UNTYPED = 128 };

static const char *const commands[CLOSE] = {
	"query",
	"queryreply",
	"error",
	"download",
	"upload",
	"beginstream",
	"stream",
	"endstream",
	"downloadreply",
	"uploadreply",
	"watch",
	"watchreply",
	"watchevent",
	"ping",
	"pong",
	"mycommand",
	"mycommandreply",
	"registerqueue",
	"registerqueuereply",
	"queueevent",
	"signin",
	"signinreply",
	"noop",
	"getelement",
	"queuemessage",
	"queuemessagereply",
	"registerexchangereply",
	"invokeopenrpa",
};

/* A session and what it said. */
struct side {
	struct feed f;
	struct buf heard;
	struct extract *extract; /* NULL: none */
};

static void demand(const char *why)
{
	if (!why)
		return;
	fprintf(stderr, "%s\n", why);
	abort();
}

static void hear_message(void *user, uint32_t n, struct slice bytes)
{
	struct side *x = user;
	const struct record *r = session_record(x->f.session, n);
	buf_addf(&x->heard, "%u: %zu bytes, command %u, thread %u, role %u, rules %x\n", n, bytes.len, r->command, r->thread, r->role,
		 r->rules);
	if (x->extract)
		extract_message(x->extract, n, bytes);
}

static void hear_rule(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct side *x = user;
	buf_addf(&x->heard, "%u: rule %d, was %d, %lld\n", n, rule, was, (long long)time);
}

static void hear_news(void *user, const struct session_news *news)
{
	struct side *x = user;
	buf_addf(&x->heard, "after %u: ", news->after);
	session_news_text(&x->heard, news);
	buf_add_byte(&x->heard, '\n');
}

static void hear_stream(void *user, uint32_t thread, struct slice bytes)
{
	struct side *x = user;
	uint32_t sum = 0;
	for (size_t i = 0; i < bytes.len; i++)
		sum = sum * 31 + bytes.at[i];
	if (x->extract)
		extract_stream(x->extract, thread, bytes);
	if (x->f.piece)
		return; /* comes as the pieces come */
	buf_addf(&x->heard, "stream %u: %zu %x\n", thread, bytes.len, sum);
}

static void open_side(struct side *x, bool keep, uint64_t memory, size_t piece)
{
	struct session_options o = { .keep = keep, .memory = memory, .file = -1, .hash_key = 7, .no_reply = INT64_C(1000000000) };
	struct session_listener l = { .user = x, .message = hear_message, .rule = hear_rule, .news = hear_news, .stream = hear_stream };
	feed_init(&x->f, &o, &l);
	x->heard = (struct buf){ 0 };
	x->extract = NULL;
	x->f.piece = piece;
	feed_open(&x->f, 1, true);
	feed_open(&x->f, 2, false);
}

static void close_side(struct side *x)
{
	feed_release(&x->f);
	buf_release(&x->heard);
}

/* An event as the input has it. */
struct step {
	uint8_t what, who, ids, seq, made;
	struct slice bytes;
};

static struct step step_read(struct cursor *c)
{
	struct step s = { cursor_u8(c) % KINDS, cursor_u8(c), cursor_u8(c), cursor_u8(c), cursor_u8(c), { NULL, 0 } };
	if (s.made >= 12) {
		size_t n = cursor_u8(c);
		s.bytes = cursor_take(c, n < c->rest.len ? n : c->rest.len);
	}
	return s;
}

/* What the payload is made of: a name, the front of a stream whose size and checksum are "abc"'s, some data, or the bytes of the input. */
static void put_payload(struct buf *out, const struct step *s)
{
	struct buf stat = { 0 };
	switch (s->made % 12) {
	case 0: break;
	case 1:
		put_bytes(out, 1, slice_str("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
		put_number(&stat, 14, s->ids % 5);
		put_bytes(out, 2, buf_slice(&stat));
		break;
	case 2: put_bytes(out, 1, slice_str("abc")); break;
	case 3: put_bytes(out, 1, slice_str("w1")); break;
	case 4: put_bytes(out, 1, slice_str("w2")); break;
	case 5: put_bytes(out, 2, slice_str("w1")); break;
	case 6: put_bytes(out, 3, slice_str(MUTATE_JWT)); break;
	case 7:
		for (int i = 0; i < 3000; i++)
			buf_add_byte(&stat, 'a');
		put_bytes(out, 1, buf_slice(&stat));
		break;
	case 8: put_number(out, 1, 7); break;
	default: buf_add(out, s->bytes);
	}
	buf_release(&stat);
}

static const char *type_of(const struct step *s)
{
	if (s->who & UNTYPED)
		return s->made & 1 ? "" : NULL;
	switch (s->what) {
	case 5: return "BeginStream";
	case 6: return "Stream";
	case 3: return "DownloadRequest";
	case 4: return "UploadRequest";
	case 8: return "DownloadResponse";
	case 9: return "UploadResponse";
	case 0: return "QueryRequest";
	case 12: return "WatchEvent";
	case 20: return "SigninRequest";
	default: return "WatchResponse";
	}
}

static void message(struct feed *f, const struct step *s, unsigned at)
{
	struct buf payload = { 0 };
	char id[8], rid[8];
	enum dir dir = s->who & 1;
	snprintf(id, sizeof id, "%d", s->ids & 15);
	snprintf(rid, sizeof rid, "%d", s->ids >> 4);
	put_payload(&payload, s);
	struct sent m = { .command = commands[s->what],
			  .id = s->ids & 15 ? id : NULL,
			  .rid = s->ids >> 4 ? rid : NULL,
			  .type = type_of(s),
			  .payload = buf_slice(&payload),
			  .has_seq = s->seq & 7,
			  .seq = f->seq[at][dir] + (s->seq & 7) - 4,
			  .cut = s->who & CUT,
			  .gap = (s->who & (CUT | GAP)) == (CUT | GAP),
			  .after_gap = s->who & AFTER_GAP,
			  .unmasked = s->seq & 64,
			  .priority = s->seq & 128 ? 7 : 0,
			  .lost = s->who & CUT ? s->seq >> 3 & 7 : 0 };
	if ((s->seq & 63) == 63)
		m.seq = INT32_MAX;
	f->conn[at].settled[dir] = !(s->who & UNSETTLED);
	feed(f, at, dir, &m);
	buf_release(&payload);
}

static void take(struct feed *f, const struct step *s)
{
	unsigned at = (s->who >> 1 & 3) % 3;
	switch (s->what) {
	case CLOSE:
	case REOPEN:
		feed_close(f, at, (enum conn_end)(1 + s->ids % 5));
		feed_open(f, at, s->what == CLOSE);
		break;
	case NEWS: feed_news(f, at, s->who & 1, (enum news_kind)(s->ids % NEWS_NOTE), s->seq); break;
	case CLOCK:
		f->time += (int64_t)s->seq * 100000000;
		session_clock(f->session, f->time);
		break;
	default: message(f, s, at);
	}
}

static void show(const struct record *r)
{
	fprintf(stderr,
		"command %u, size %u, seq %d, type %u, thread %u, next %u, reply %u, request %u, rules %x, role %u, state %u, cut %u, data %u, time %lld\n",
		r->command, r->size, r->seq, r->type, r->thread, r->next, r->reply, r->request, r->rules, r->role, r->state, r->cut,
		r->has_data, (long long)r->time);
}

/* What one kept and what the other did. */
static void same(struct side *a, struct side *b)
{
	struct buf bytes[2] = { { 0 }, { 0 } };
	demand(session_count(a->f.session) == session_count(b->f.session) ? NULL : "another number of messages");
	demand(session_first(a->f.session) == session_first(b->f.session) ? NULL : "in pieces another number is forgotten");
	for (uint32_t n = session_first(a->f.session); n && n <= session_count(a->f.session); n++) {
		struct record r = *session_record(a->f.session, n), q = *session_record(b->f.session, n);
		r.place = q.place = 0;
		struct slice whole = session_bytes(a->f.session, n, &bytes[0]);
		demand(r.cut || whole.len == r.size ? NULL : "a message has not all of its bytes");
		demand(slice_eq(whole, session_bytes(b->f.session, n, &bytes[1])) ? NULL : "in pieces bytes differ");
		if (memcmp(&r, &q, sizeof r) == 0)
			continue;
		show(&r);
		show(&q);
		demand("in pieces a record differs");
	}
	buf_release(&bytes[0]);
	buf_release(&bytes[1]);
}

/* What was told, but for the data of streams, which comes as the pieces do. */
static void same_told(struct side *a, struct side *b, const char *why)
{
	if (slice_eq(buf_slice(&a->heard), buf_slice(&b->heard)))
		return;
	fprintf(stderr, "%.*s----\n%.*s", (int)a->heard.len, (const char *)a->heard.at, (int)b->heard.len, (const char *)b->heard.at);
	demand(why);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What the clock makes known of several connections comes in the order in which the session has them, which closed ones change. */
static void sort_lines(struct buf *heard, size_t from)
{
	if (heard->len == from)
		return;
	char *line[MOST], *text = xcalloc(1, heard->len - from + 1), *rest = text;
	size_t n = 0;
	memcpy(text, heard->at + from, heard->len - from);
	while (n < MOST && (line[n] = strtok_r(NULL, "\n", &rest)))
		n++;
	demand(n < MOST ? NULL : "the clock tells too much");
	qsort(line, n, sizeof *line, compare_lines);
	heard->len = from;
	for (size_t i = 0; i < n; i++)
		buf_addf(heard, "%s\n", line[i]);
	free(text);
}

static void begin_extract(struct side *x, char folder[], size_t room)
{
	char error[256];
	const char *tmp = getenv("TMPDIR"); /* best in memory */
	snprintf(folder, room, "%.32s/envscope-fuzz-session-%d", tmp ? tmp : "/tmp", (int)getpid());
	x->extract = extract_new(folder, error, sizeof error);
	demand(x->extract ? NULL : error);
	extract_set_session(x->extract, x->f.session);
}

/* Only files, of which nothing is hidden or acts; they go, and the folder with them, which would not if there were more. */
static void end_extract(struct side *x, const char *folder)
{
	extract_finish(x->extract);
	int error = extract_error(x->extract);
	demand(error && error != EMFILE ? "a file could not be written"
					: NULL); /* more streams at once than have files is told, and no fault */
	DIR *d = opendir(folder);
	demand(d ? NULL : "no folder");
	for (const struct dirent *e; (e = readdir(d));) {
		struct stat s;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		demand(fstatat(dirfd(d), e->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(s.st_mode) ? NULL : "no file");
		demand(e->d_name[0] == '.' || !text_is_printable(slice_str(e->d_name)) ? "a name that hides or acts" : NULL);
		unlinkat(dirfd(d), e->d_name, 0);
	}
	closedir(d);
	demand(rmdir(folder) == 0 ? NULL : "the folder is not empty");
	extract_free(x->extract);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { 1, 2, 7, 50 };
	struct side x[SIDES];
	char folder[64];
	if (!size || size > LARGEST)
		return 0;
	for (int i = 0; i < SIDES; i++)
		open_side(&x[i], i < 2, data[0] & FORGET && i < 2, i == 1 ? pieces[data[0] & 3] : 0);
	if (data[0] & EXTRACT)
		begin_extract(&x[0], folder, sizeof folder);
	struct cursor c = cursor_of(slice_of(data + 1, size - 1));
	for (int steps = 0; c.rest.len && steps < MOST; steps++) {
		struct step s = step_read(&c);
		for (int i = 0; i < SIDES; i++) {
			size_t before = x[i].heard.len;
			take(&x[i].f, &s);
			if (s.what == CLOCK)
				sort_lines(&x[i].heard, before);
		}
		if (steps % 16 == 0)
			demand(session_check(x[0].f.session));
	}
	for (int i = 0; i < SIDES; i++)
		demand(session_check(x[i].f.session));
	for (int i = 0; i < SIDES; i++)
		for (unsigned at = 0; at < 3; at++)
			feed_close(&x[i].f, at, at == 2 ? CONN_OPEN : CONN_CLOSED_BY_CLIENT);
	demand(session_check(x[0].f.session));
	if (x[0].extract)
		end_extract(&x[0], folder);
	same(&x[0], &x[1]);
	if (!(data[0] & FORGET) && session_first(x[2].f.session) <= 1)
		same_told(&x[0], &x[2], "while printing something else is told");
	for (int i = 0; i < SIDES; i++)
		close_side(&x[i]);
	return 0;
}
