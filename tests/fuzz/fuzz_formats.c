/*
 * Each format of -T over messages of any bytes: names, payloads and JSON of whatever form must come out as a whole document of the format's kind
 * (tests/documents.h). The first byte says which format, and whether secrets are shown; then come messages, each a byte (bit 0 the direction,
 * bit 1 that it is cut, bits 2 and 3 the connection, bit 4 that a connection ends before it), two bytes of length, and so many bytes.
 *
 * fuzz_pipeline leads here too, but most of what it changes ends below the messages.
 */
#include "tests/documents.h"
#include "tests/fuzz/wire_mutate.h"
#include "tests/session_check.h"
#include "tests/session_feed.h"

#include <sys/mman.h>
#include <unistd.h>

enum { CONNS = 4, LARGEST = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Names of every type, paths, and a secret. */
static const char *const columns[] = { "n",
				       "time",
				       "src",
				       "command",
				       "id",
				       "rid",
				       "traceid",
				       "jwt",
				       "rules",
				       "gist",
				       "data",
				       "data.name",
				       "data.query._type",
				       "query.collectionname",
				       "request_in" };
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
		c->ends[i] = (struct endpoint){ .family = at & 1 ? 6 : 4,
						.addr = { 192, 0, 2, (uint8_t)(i + at) },
						.port = (uint16_t)(i ? 8080 : 4000 + at) };
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
	demand(e, session_check(f.session));
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

/* Another message in the place of one of them, before, or behind it; a change in one. */
static void mutate_message(struct buf *out, struct slice head, struct slice bytes, const struct schema *schema, uint64_t *seed)
{
	struct buf other = { 0 }, payload = { 0 };
	uint32_t kind = chance(seed, 8);
	if (kind == 0) {
		const struct command_info *c = schema_command_info(schema, (uint16_t)(1 + chance(seed, schema_commands(schema))));
		const ProtobufCMessageDescriptor *type = schema_descriptor(schema, c->type ? c->type : 1);
		put_message(&payload, type, seed, 2);
		put_envelope(&other, c->name, type->name, buf_slice(&payload), seed);
	} else {
		wire_mutate(&other, bytes, &openiap__envelope__descriptor, seed, 0);
	}
	other.len = other.len < UINT16_MAX ? other.len : UINT16_MAX;
	buf_add_byte(out, kind == 1 ? (uint8_t)chance(seed, 256) : head.at[0]);
	buf_add_byte(out, (uint8_t)other.len);
	buf_add_byte(out, (uint8_t)(other.len >> 8));
	buf_add(out, buf_slice(&other));
	if (kind == 0 || kind == 2) {
		buf_add(out, head);
		buf_add(out, bytes);
	}
	buf_release(&other);
	buf_release(&payload);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct schema *schema; /* made once: libFuzzer has no place for a context */
	struct buf out = { 0 };
	uint64_t by = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	if (!schema)
		schema = schema_new();
	if (size < 4 || chance(&by, 4) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	struct slice in = slice_of(data + 1, size - 1);
	size_t messages = 0;
	for (struct slice rest = in; rest.len >= 3; messages++)
		rest = slice_skip(rest, 3 + (size_t)(rest.at[1] | rest.at[2] << 8));
	size_t chosen = chance(&by, (uint32_t)messages);
	buf_add_byte(&out, chance(&by, 8) ? data[0] : (uint8_t)chance(&by, 64));
	for (size_t i = 0; in.len >= 3; i++) {
		struct slice head = slice_head(in, 3), bytes = slice_head(slice_skip(in, 3), (size_t)(in.at[1] | in.at[2] << 8));
		in = slice_skip(in, 3 + bytes.len);
		if (i == chosen) {
			mutate_message(&out, head, bytes, schema, &by);
		} else {
			buf_add(&out, head);
			buf_add(&out, bytes);
		}
	}
	size_t len = out.len;
	if (len <= max_size)
		memcpy(data, out.at, len);
	buf_release(&out);
	return len <= max_size ? len : LLVMFuzzerMutate(data, size, max_size);
}
