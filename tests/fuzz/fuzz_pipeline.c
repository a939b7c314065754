/*
 * The whole way: a capture of any bytes through source, connections, stream layers and session, and out in each format, each report, each form of
 * the check, and as the models behind the screens. Bytes 8 to 15 of a pcap header, which no reader looks at, choose the format.
 *
 * What comes out must be what it says it is (tests/documents.h): lines of JSON are JSON (by jansson), and no control character is in what goes to a
 * terminal. Every byte of every message that the session keeps is read again, and its tree lies within it; and what must hold of a session does
 * (tests/session_check.h). Where byte 11 says so, a second thread that reads ahead comes to the same lines, and a second reading writes the same
 * packets as -w did at the first. Byte 12 chooses a display filter for -w, whether packets are written at once, and how many are held; byte 13 a capture
 * filter, and whether the capture is read beside itself, as two files of one connection are.
 */
#include "export/check.h"
#include "export/recorder.h"
#include "export/report.h"
#include "export/rewriter.h"
#include "tests/documents.h"
#include "tests/fuzz/pcap_mutate.h"
#include "tests/session_check.h"
#include "tui/broken.h"
#include "tui/diff.h"
#include "tui/ladder.h"

#include <jansson.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out, size_t max_size,
				 unsigned seed);

/* The secrets of the samples, a key log, and a byte behind. */
#define KEYS(name) ".incbin \"samples/" name ".keys\"\n"
__asm__(".section .rodata\nsample_keys:\n" KEYS("wss13_aes256") KEYS("wss12_aes128")
		KEYS("grpctls") "sample_keys_end: .byte 0\n.previous\n");
extern const uint8_t sample_keys[], sample_keys_end[];

/* Where the choices stand in the head of a capture: eight bytes that no reader looks at, time zone and accuracy of a pcap, length of the section of a pcapng. */
enum { CHOICES_PCAP = 8, CHOICES_PCAPNG = 16 };

struct choices {
	uint8_t format, how, no_reply, checks, packets, reading, keys;
};

enum { WHOLE_JSON = 8 << 20, HOLD = 1 << 20, HOLD_LITTLE = 1 << 12 };

/* For -w: choices.packets takes one of these, or none. */
static const char *const wanted[8] = {
	NULL, "rules", "command ~ \"e\"", "n > 2 && dir == s2c", "rules contains \"decode\"", "data.query.collectionname || jwt"
};

/* Capture filters: choices.reading takes one of these, or none. */
static const char *const captured[8] = { NULL, "tcp", "src portrange 1-32767", "ip6 or len < 200 or tcp[13] & 2 != 0", "vlan or udp" };

struct reading {
	const char *path;
	const char *filter; /* of the capture, NULL: none */
	bool twice;
	bool late, known; /* secrets may come late; those of the samples are known */
};

struct pipeline {
	struct field_options fields;
	struct session *session;
	struct capture *capture;
	struct printer printer;
	struct session_listener printing;
	struct recorder *recorder;
	const char *wanted; /* display filter of the recorder, NULL: none */
	struct filter *filter;
	FILE *out;  /* a stream in memory … */
	char *text; /* … and what was written to it */
	size_t text_len;
};

static void demand(bool good)
{
	if (!good)
		abort();
}

static int file_of(const uint8_t *data, size_t size, char *path, size_t room)
{
	int fd = memfd_create("fuzz", 0);
	demand(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	lseek(fd, 0, SEEK_SET);
	snprintf(path, room, "/proc/self/fd/%d", fd);
	return fd;
}

static void on_message(void *user, uint32_t n, struct slice bytes)
{
	struct pipeline *p = user;
	p->printing.message(p->printing.user, n, bytes);
	recorder_message(p->recorder, n, bytes);
}

static void on_rule(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct pipeline *p = user;
	p->printing.rule(p->printing.user, n, rule, was, time);
	recorder_rule(p->recorder, n, rule);
}

static void on_news(void *user, const struct session_news *news)
{
	struct pipeline *p = user;
	p->printing.news(p->printing.user, news);
}

static void take_secrets(void *user, uint32_t format, struct slice bytes)
{
	(void)format;
	keylog_feed(user, bytes);
}

/* NULL, with the sentence in error, if it is no capture. k may be NULL. */
static struct source *open_capture(const struct reading *r, struct keylog *k, char *error, size_t error_size)
{
	struct source_options o = { .filter = r->filter, .secrets = k ? take_secrets : NULL, .secrets_user = k };
	struct source *both[2];
	if (k && r->late)
		keylog_expect(k);
	if (k && r->known)
		keylog_feed(k, slice_of(sample_keys, (size_t)(sample_keys_end - sample_keys)));
	for (int i = 0; i <= r->twice; i++)
		if (!(both[i] = source_open_file(r->path, &o, error, error_size)))
			return NULL;
	return r->twice ? source_merge(both, 2) : both[0];
}

static void demand_none(const char *fault)
{
	if (!fault)
		return;
	fprintf(stderr, "%s\n", fault);
	abort();
}

/* No control character but line breaks, those of csv with a CR before them, and tabs, which stand between columns. */
static void check_harmless(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		demand((uint8_t)text[i] >= ' '
			       ? text[i] != 0x7f
			       : text[i] == '\n' || text[i] == '\t' || (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n'));
}

/* Every line is a value of JSON. */
static void check_json_lines(const char *text, size_t len)
{
	const char *end = text + len;
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		demand(stop != NULL);
		json_t *value = json_loadb(text, (size_t)(stop - text), JSON_ALLOW_NUL, NULL);
		demand(value != NULL);
		json_decref(value);
		text = stop + 1;
	}
}

static void check_json_whole(const char *text, size_t len)
{
	if (len > WHOLE_JSON)
		return;
	json_t *value = json_loadb(text, len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	demand(value != NULL);
	json_decref(value);
}

/* What was written so far is taken, and held against what it is to be. */
static void check_output(struct pipeline *p, bool lines, bool whole)
{
	fflush(p->out);
	check_harmless(p->text, p->text_len);
	if (lines)
		check_json_lines(p->text, p->text_len);
	if (whole && p->text_len)
		check_json_whole(p->text, p->text_len);
	rewind(p->out);
}

static void print_reports(struct pipeline *p)
{
	struct capture_counts c = capture_counts(p->capture);
	struct report_source from = { p->session, &c, c.first_time, TIME_RELATIVE, true, false };
	for (size_t i = 0; report_at(i); i++) {
		report_write(report_at(i), &from, false, true, p->out);
		check_output(p, false, false);
		report_write(report_at(i), &from, true, false, p->out);
		check_output(p, true, false);
	}
}

static void print_checks(struct pipeline *p)
{
	struct check_source from = { .session = p->session, .file = "fuzz", .first_time = capture_first_time(p->capture), .utc = true };
	check_add_fail_on(&from.fail_on, "error");
	for (int form = CHECK_TEXT; form <= CHECK_JUNIT; form++) {
		check_write(&from, (enum check_format)form, p->out);
		check_output(p, false, form == CHECK_JSON);
	}
}

/* The models of the screens: the ladder of each connection, broken rules, and two messages side by side. */
static void build_models(struct pipeline *p)
{
	const struct session *s = p->session;
	uint32_t until = session_count(s);
	struct broken *b = broken_new(s, until);
	while (broken_step(b, 1000))
		;
	broken_free(b);
	for (uint32_t i = 0; i < session_conns(s) && i < 8; i++) {
		struct ladder_spec spec = { .conn = session_conn_at(s, i)->info.number, .extend = i & 1, .apart = i & 2 };
		struct ladder *l = ladder_new(s, &spec, until);
		while (ladder_step(l, 1000))
			;
		for (size_t row = 0; row < ladder_rows(l); row++)
			demand(ladder_row(l, row)->n <= until);
		ladder_free(l);
	}
}

static bool lies_within(const struct node *root, size_t len)
{
	for (const struct node *n = root; n; n = node_after(n, root))
		if (n->offset > len || n->length > len - n->offset)
			return false;
	return true;
}

/* Each message that is kept, read again and taken apart; beside the one before. */
static void read_again(struct pipeline *p)
{
	struct dissection tree[2];
	struct diff diff = { 0 };
	struct buf scratch[2] = { { 0 }, { 0 } };
	for (int i = 0; i < 2; i++)
		dissection_init(&tree[i], session_schema(p->session), 1 << 20);
	for (uint32_t n = session_first(p->session); n && n <= session_count(p->session); n++) {
		const struct record *r = session_record(p->session, n);
		struct dissection *d = &tree[n & 1];
		struct slice bytes = session_bytes(p->session, n, &scratch[n & 1]);
		demand(r && r->thread && r->thread <= session_count(p->session) && bytes.len <= r->size);
		dissect_envelope(d, bytes, r->size);
		demand(lies_within(d->root, bytes.len));
		diff_set(&diff, tree[0].root, tree[1].root);
	}
	diff_release(&diff);
	for (int i = 0; i < 2; i++) {
		dissection_release(&tree[i]);
		buf_release(&scratch[i]);
	}
}

/* What -w wrote is a capture that can be read to its end; but a packet without a byte at the beginning of 1970 is 16 zeros in a pcap, and they are
 * taken for what a computer that went down leaves of a file. */
static void read_written(int fd)
{
	char path[64], error[256];
	struct packet packet;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	struct source *s = source_open_file(path, NULL, error, sizeof error);
	demand(s != NULL);
	enum source_status status;
	while ((status = source_next(s, &packet)) == SOURCE_PACKET)
		;
	demand(status == SOURCE_END || strstr(source_error(s), "nothing but zeros"));
	source_free(s);
}

static const struct field_options *choose_fields(struct field_options *f, bool secrets)
{
	static const char *const names[] = { "n", "time", "openiap.command", "data", "data.query._type", "conn", "rules", "gist" };
	struct buf error = { 0 };
	f->header = -1;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		f->name[f->count++] = names[i];
	demand(field_options_ready(f, true, secrets, &error));
	buf_release(&error);
	return f;
}

static struct filter *filter_of(const char *text)
{
	struct buf error = { 0 };
	struct filter *f = filter_new(text, false, &error);
	demand_none(f ? NULL : buf_cstr(&error));
	buf_release(&error);
	return f;
}

static struct choices read_choices(const uint8_t *data, size_t size)
{
	uint8_t c[sizeof(struct choices)] = { 0 };
	size_t at = size > 4 && memcmp(data, "\n\r\r\n", 4) == 0 ? CHOICES_PCAPNG : CHOICES_PCAP;
	for (size_t i = 0; i < sizeof c && at + i < size; i++)
		c[i] = data[at + i];
	return (struct choices){ c[0], c[1], c[2], c[3], c[4], c[5], c[6] };
}

static void choose(struct pipeline *p, const struct choices *c, struct print_options *o, struct recorder_options *r)
{
	uint8_t how = c->how;
	size_t formats = 0;
	while (exporter_at(formats))
		formats++;
	*o = (struct print_options){
		.show_secrets = how & 1, .full_bytes = how & 2, .utc = true, .time = (enum time_format)(how >> 2 & 3)
	};
	uint8_t packets = c->packets;
	r->what = (enum record_what)((how >> 4) % 3);
	r->at_once = packets & 8;
	r->hold = packets & 16 ? HOLD_LITTLE : HOLD;
	p->wanted = wanted[packets & 7];
	p->filter = p->wanted ? filter_of(p->wanted) : NULL;
	r->file.format = how & 0x80 ? PACKETS_PCAP : PACKETS_PCAPNG;
	o->fields = choose_fields(&p->fields, o->show_secrets);
	printer_init(&p->printer, exporter_at(c->format % formats), o, p->out);
}

static void run(struct pipeline *p)
{
	enum capture_status status;
	const struct exporter *e = p->printer.exporter;
	printer_begin(&p->printer);
	do
		status = capture_step(p->capture, 1000);
	while (status == CAPTURE_MORE);
	demand(status == CAPTURE_END || status == CAPTURE_DAMAGED);
	capture_finish(p->capture);
	printer_end(&p->printer);
	fflush(p->out);
	demand_none(document_check(e, p->text, p->text_len, p->fields.count, session_count(p->session)));
	rewind(p->out);
	demand_none(session_check(p->session));
	if (status == CAPTURE_DAMAGED)
		demand(source_error(capture_source(p->capture))[0]);
}

static void release(struct pipeline *p)
{
	capture_free(p->capture);
	session_free(p->session);
	printer_release(&p->printer);
	recorder_free(p->recorder);
	filter_free(p->filter);
	field_options_release(&p->fields);
	fclose(p->out);
	free(p->text);
}

/* The lines of ndjson, read by so many threads. */
static char *listing(const struct reading *reading, unsigned threads)
{
	char *text = NULL, error[256];
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct keylog *k = keylog_new();
	struct source *source = open_capture(reading, k, error, sizeof error);
	struct printer *p = xcalloc(1, sizeof *p);
	demand(source && out);
	printer_init(p, &exporter_ndjson, &(struct print_options){ .utc = true }, out);
	struct session_listener listener = printer_listener(p);
	struct session *session = session_new(&(struct session_options){ .file = -1, .files = source_files(source), .hash_key = 7 },
					      &listener);
	struct sink sink = session_sink(session);
	struct capture *capture = capture_new(source, &sink, &(struct capture_options){ .keylog = k, .threads = threads });
	p->session = session;
	p->capture = capture;
	p->source = "fuzz";
	printer_begin(p);
	while (capture_step(capture, 1000) == CAPTURE_MORE)
		;
	capture_finish(capture);
	printer_end(p);
	capture_free(capture);
	session_free(session);
	printer_release(p);
	keylog_free(k);
	free(p);
	fclose(out);
	return text;
}

static void check_threads_agree(const struct reading *reading)
{
	char *one = listing(reading, 1), *two = listing(reading, 2);
	demand_none(strcmp(one, two) == 0 ? NULL : "two threads come to other lines");
	free(one);
	free(two);
}

/* What was written without a display filter tells the same as what was read. But TLS that no secret opens is told sooner of a pcap, which can't have
 * any, and in other words where there are some for others. */
static void check_written_tells(const struct reading *reading, int written)
{
	struct reading again = { .late = reading->late };
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", written);
	again.path = path;
	char *first = listing(reading, 1), *second = listing(&again, 1);
	bool closed = strstr(first, "\"TLS, no keys") != NULL;
	demand_none(closed || strcmp(first, second) == 0 ? NULL : "what was written tells something else");
	free(first);
	free(second);
}

static struct buf whole_file(int fd)
{
	struct buf out = { 0 };
	ssize_t n;
	while ((n = pread(fd, buf_reserve(&out, 65536), 65536, (off_t)out.len)) > 0)
		out.len += (size_t)n;
	return out;
}

/* What is written when the capture is read once more for it is what was written the first time. */
static void write_again(const struct reading *reading, const struct recorder_options *first, const char *filter, int64_t no_reply,
			int written)
{
	char again[64], error[256];
	int wrong, fd = file_of(NULL, 0, again, sizeof again);
	struct source *source = open_capture(reading, NULL, error, sizeof error);
	demand(source != NULL);
	struct rewriter_options o = { .record = *first, .filter = filter };
	struct second_reading second = { .source = source, .no_reply = no_reply };
	o.record.file.path = again;
	struct rewriter *r = rewriter_new(&o, &second, &wrong);
	demand(r != NULL);
	while (rewriter_step(r) == REWRITER_MORE)
		;
	rewriter_free(r);
	struct buf a = whole_file(written), b = whole_file(fd);
	demand_none(slice_eq(buf_slice(&a), buf_slice(&b)) ? NULL : "a second reading writes something else");
	buf_release(&a);
	buf_release(&b);
	close(fd);
}

/* A source is there: all behind it. */
static void follow(struct source *source, const struct reading *from, struct keylog *k, const struct choices *c)
{
	struct pipeline p = { .out = NULL };
	struct print_options o;
	struct recorder_options ro = { .what = RECORD_CONNECTIONS };
	char path[64], error[256];
	int written = file_of(NULL, 0, path, sizeof path);
	p.out = open_memstream(&p.text, &p.text_len);
	choose(&p, c, &o, &ro);
	ro.file.path = path;
	p.recorder = recorder_new(&ro, error, sizeof error);
	demand(p.recorder != NULL);
	p.printing = printer_listener(&p.printer);
	struct session_listener listener = { .user = &p, .message = on_message, .rule = on_rule, .news = on_news };
	struct session_options so = {
		.keep = true, .file = -1, .files = source_files(source), .hash_key = 7, .no_reply = c->no_reply * 1000000
	};
	p.session = session_new(&so, &listener);
	recorder_begin(p.recorder, p.session, p.filter, source_files(source));
	struct packet_watcher watcher = recorder_watcher(p.recorder);
	struct sink sink = session_sink(p.session);
	keylog_on_use(k, recorder_secrets, p.recorder);
	p.capture = capture_new(source, &sink, &(struct capture_options){ .keylog = k, .watcher = &watcher });
	p.printer.session = p.session;
	p.printer.capture = p.capture;
	p.printer.source = "fuzz";
	run(&p);
	print_reports(&p);
	print_checks(&p);
	build_models(&p);
	read_again(&p);
	release(&p);
	read_written(written);
	bool secrets = keylog_counts(k).secrets > 0;
	if (c->checks & 2 && !secrets)
		write_again(from, &ro, p.wanted, so.no_reply, written);
	if (c->checks & 4 && !p.wanted && ro.what != RECORD_PDUS && (!secrets || ro.file.format == PACKETS_PCAPNG))
		check_written_tells(from, written);
	close(written);
	if (c->checks & 1)
		check_threads_agree(from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], error[512];
	struct keylog *k = keylog_new();
	struct choices c = read_choices(data, size);
	int fd = file_of(data, size, path, sizeof path);
	struct reading reading = { path, captured[c.reading & 7], c.reading & 8, c.keys & 1, c.keys & 2 };
	struct source *source = open_capture(&reading, k, error, sizeof error);
	if (source)
		follow(source, &reading, k, &c);
	else
		demand(error[0] && !strchr(error, '\n'));
	keylog_free(k);
	close(fd);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct pcap_mutate m;
	return pcap_mutate(&m, data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out, size_t max_size,
				 unsigned seed)
{
	static struct pcap_mutate a, b;
	buf_clear(&a.file);
	buf_add(&a.file, slice_of(data1, size1));
	buf_clear(&b.file);
	buf_add(&b.file, slice_of(data2, size2));
	return pcap_cross(&a, &b, out, max_size, seed);
}
