/*
 * Each format of -T over messages of any bytes: names, payloads and JSON of whatever form must come out as a whole document of the format's kind
 * (tests/documents.h). The first byte says which format, and whether secrets are shown; then come messages, each a byte (bit 0 the direction,
 * bit 1 that it is cut, bits 2 and 3 the connection, bit 4 that a connection ends before it), two bytes of length, and so many bytes.
 *
 * fuzz_pipeline leads here too, but most of what it changes ends below the messages.
 */
#include "tests/documents.h"
#include "tests/session_feed.h"

#include <sys/mman.h>
#include <unistd.h>

enum { CONNS = 4, LARGEST = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names of every type, paths, and a secret. */
static const char *const columns[] = { "n", "time", "src", "command", "id", "rid", "traceid", "jwt", "rules", "gist", "data", "data.name", "data.query._type",
				       "query.collectionname", "request_in" };
enum { COLUMNS = sizeof columns / sizeof *columns };

static void demand(const struct exporter *e, const char *fault)
{
	if (!fault)
		return;
	fprintf(stderr, "%s: %s\n", e->name, fault);
	abort();
}

/* The printer asks it for the time of the first packet: there is none. */
static struct capture *empty_capture(void)
{
	static const uint8_t header[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0 };
	static const struct sink nobody;
	char path[64], error[256];
	int fd = memfd_create("fuzz", 0);
	if (fd < 0 || write(fd, header, sizeof header) != sizeof header)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	struct source *s = source_open_file(path, NULL, error, sizeof error);
	close(fd);
	return s ? capture_new(s, &nobody, &(struct capture_options){ 0 }) : NULL;
}

static void open_conn(struct feed *f, unsigned at)
{
	struct conn_info *c = feed_open(f, at, true);
	for (int i = 0; i < 2; i++)
		c->ends[i] = (struct endpoint){ .family = at & 1 ? 6 : 4, .addr = { 192, 0, 2, (uint8_t)(i + at) }, .port = (uint16_t)(i ? 8080 : 4000 + at) };
}

static void feed_all(struct feed *f, struct slice in)
{
	while (in.len >= 3) {
		uint8_t how = in.at[0];
		unsigned at = how >> 2 & 3;
		struct slice bytes = slice_head(slice_skip(in, 3), (size_t)(in.at[1] | in.at[2] << 8));
		in = slice_skip(in, 3 + bytes.len);
		if (how & 16) {
			feed_close(f, at, CONN_RESET_BY_CLIENT);
			open_conn(f, at);
		}
		feed_bytes(f, at, (enum dir)(how & 1), bytes, bytes.len + (how & 2 ? 100 : 0), &(struct sent){ .cut = how & 2 });
	}
}

static struct printer *printer_of(const struct exporter *e, struct field_options *fields, bool secrets, FILE *out)
{
	struct buf error = { 0 };
	struct printer *p = xcalloc(1, sizeof *p);
	*fields = (struct field_options){ .header = -1, .count = COLUMNS };
	memcpy(fields->name, columns, sizeof columns);
	if (!field_options_ready(fields, true, secrets, &error))
		abort();
	buf_release(&error);
	printer_init(p, e, &(struct print_options){ .fields = fields, .utc = true, .show_secrets = secrets, .full_bytes = secrets }, out);
	return p;
}

static void print(const struct exporter *e, bool secrets, struct slice in)
{
	struct field_options fields;
	struct feed f;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct printer *p = printer_of(e, &fields, secrets, out);
	struct session_listener listener = printer_listener(p);
	struct capture *capture = empty_capture();
	feed_init(&f, NULL, &listener);
	p->session = f.session;
	p->capture = capture;
	p->source = "<fuzz> & \"quotes\"";
	for (unsigned i = 0; i < CONNS; i++)
		open_conn(&f, i);
	printer_begin(p);
	feed_all(&f, in);
	for (unsigned i = 0; i < CONNS; i++)
		feed_close(&f, i, CONN_CLOSED_BY_SERVER);
	printer_end(p);
	fclose(out);
	demand(e, document_check(e, text, len, COLUMNS, session_count(f.session)));
	printer_release(p);
	free(p);
	feed_release(&f);
	field_options_release(&fields);
	capture_free(capture);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t formats = 0;
	while (exporter_at(formats))
		formats++;
	if (size && size <= LARGEST)
		print(exporter_at(data[0] % formats), data[0] / formats & 1, slice_skip(slice_of(data, size), 1));
	return 0;
}
