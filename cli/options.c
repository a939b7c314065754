/*
 * The command line.
 *
 * Each option is a row: letters, argument, sentence, and a function that takes it. getopt_long's tables are made from the rows, so an
 * option can't be known to the parser and missing in the help. Letters mean what they mean in tcpdump and tshark.
 */
#include "cli/options.h"

#include "base/text.h"
#include "base/when.h"
#include "capture/packet_filter.h"
#include "capture/stream/detect.h"
#include "cli/fields.h"
#include "tui/config.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct row {
	char letter;          /* 0: none */
	const char *name;     /* NULL: none */
	const char *argument; /* how it is called in the help, "[=…]" if it may be left out; NULL: none */
	const char *help;     /* NULL: not shown, as it is for other programs only */
	bool (*take)(struct options *o, const char *value);
};

static bool fail(const char *what, const char *value)
{
	fprintf(stderr, "envscope: %s: %s\n", what, value);
	return false;
}

static bool parse_number(const char *text, uint64_t most, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	*out = n;
	return end != text && !*end && !errno && n <= most && text[0] != '-';
}

static bool add_input(struct options *o, const char *v)
{
	if (o->input_count == FILES_MAX)
		return fail("too many files or interfaces, the first that is too many is", v);
	o->inputs[o->input_count++] = v;
	return true;
}

static bool take_file(struct options *o, const char *v)
{
	if (!add_input(o, v))
		return false;
	o->file = o->file ? o->file : v;
	return true;
}

static bool take_interface(struct options *o, const char *v)
{
	if (!add_input(o, v))
		return false;
	o->interface = o->interface ? o->interface : v;
	return true;
}

static bool take_proxy(struct options *o, const char *v)
{
	char why[2048];
	if (o->proxy.count == PROXY_PAIRS_MAX)
		return fail("--proxy: too many of them, the first that is too many is", v);
	if (proxy_pair_read(&o->proxy.pairs[o->proxy.count], v, why, sizeof why)) {
		o->proxy.count++;
		return true;
	}
	return fail("--proxy", why);
}

static bool take_allow(struct options *o, const char *v)
{
	if (o->proxy.allow_count == PROXY_NETS_MAX)
		return fail("--allow: too many of them, the first that is too many is", v);
	return proxy_net_read(&o->proxy.allow[o->proxy.allow_count++], v) ||
	       fail("--allow takes an address or a network such as 10.0.0.0/8, not", v);
}

static bool take_filter(struct options *o, const char *v)
{
	if (o->filter.len)
		buf_add_byte(&o->filter, ' ');
	buf_add_str(&o->filter, v);
	return true;
}

static bool take_display(struct options *o, const char *v)
{
	if (strcmp(v, "help") == 0) {
		o->action = ACTION_FIELDS;
		return true;
	}
	if (o->display)
		return fail("-Y: there can be one display filter (&& joins two), and this is a second one", v);
	o->display = v;
	return true;
}

static bool fail_decode_as(const char *name)
{
	fprintf(stderr, "envscope: -d: a port can't be decoded as %s; it can as", name);
	for (int t = 0, n = 0; t < TRANSPORTS; t++)
		if (detect_can_force((enum transport)t))
			fprintf(stderr, "%s %s", n++ ? "," : "", transport_name((enum transport)t));
	fputc('\n', stderr);
	return false;
}

static bool take_decode_as(struct options *o, const char *v)
{
	static const char prefix[] = "tcp.port==";
	const char *comma = strchr(v, ',');
	char port[8] = "";
	uint64_t number;
	if (strncmp(v, prefix, sizeof prefix - 1) != 0 || !comma || (size_t)(comma - v) - (sizeof prefix - 1) >= sizeof port)
		return fail("-d takes tcp.port==PORT,NAME, not", v);
	memcpy(port, v + sizeof prefix - 1, (size_t)(comma - v) - (sizeof prefix - 1));
	if (!parse_number(port, 65535, &number))
		return fail("-d: no port number", v);
	enum transport t = transport_named(comma + 1);
	if (!detect_can_force(t))
		return fail_decode_as(comma + 1);
	if (o->decode_as_count == DECODE_AS_MAX)
		return fail("-d: too many of them, the first that is too many is", v);
	o->decode_as[o->decode_as_count++] = (struct decode_as){ (uint16_t)number, t };
	return true;
}

static bool take_keylog(struct options *o, const char *v)
{
	o->keylog = v;
	return *v || fail("--keylog takes the name of a file, not", "an empty one");
}

static bool take_otlp(struct options *o, const char *v)
{
	o->otlp = v;
	return *v || fail("--otlp takes the URL of a collector, not", "an empty one");
}

static bool take_format(struct options *o, const char *v)
{
	if (strcmp(v, "help") == 0) {
		o->action = ACTION_FORMATS;
		return true;
	}
	o->exporter = exporter_named(v);
	if (o->exporter)
		return true;
	fprintf(stderr, "envscope: -T: there is no format %s (-T help lists them)\n", v);
	return false;
}

static bool take_tree(struct options *o, const char *v)
{
	(void)v;
	return take_format(o, "tree");
}

static bool take_field(struct options *o, const char *v)
{
	if (o->fields.count == FIELDS_MAX)
		return fail("-e: too many fields, the first that is too many is", v);
	o->fields.name[o->fields.count++] = v;
	return true;
}

static bool take_field_setting(struct options *o, const char *v)
{
	const char *setting, *sentence;
	if (field_options_take(&o->fields, v))
		return true;
	fprintf(stderr, "envscope: -E: there is no %s; there are", v);
	for (size_t i = 0; (setting = field_setting_at(i, &sentence)); i++)
		fprintf(stderr, "%s %s", i ? "," : "", setting);
	fputc('\n', stderr);
	return false;
}

static bool take_count(struct options *o, const char *v)
{
	return (parse_number(v, UINT64_MAX, &o->messages) && o->messages) || fail("-c takes a number of messages, not", v);
}

static bool take_autostop(struct options *o, const char *v)
{
	uint64_t seconds;
	if (strncmp(v, "duration:", 9) != 0 || !parse_number(v + 9, INT64_MAX / NS_PER_S, &seconds) || !seconds)
		return fail("-a takes duration:SECONDS, not", v);
	o->duration = (int64_t)seconds * NS_PER_S;
	return true;
}

/* A time such as 500ms, 30s or 2m; 0 if it is none. */
static int64_t parse_span(const char *text)
{
	static const struct { const char *unit; int64_t ns; } units[] = {
		{ "ms", NS_PER_S / 1000 }, { "s", NS_PER_S }, { "m", 60 * (int64_t)NS_PER_S }, { "", NS_PER_S },
	};
	char digits[16] = "";
	uint64_t n;
	size_t len = strspn(text, "0123456789");
	if (!len || len >= sizeof digits)
		return 0;
	memcpy(digits, text, len);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(text + len, units[i].unit) == 0 && parse_number(digits, (uint64_t)(INT64_MAX / units[i].ns), &n))
			return (int64_t)n * units[i].ns;
	return 0;
}

static bool parse_size(const char *v, uint64_t *out);

static bool take_write(struct options *o, const char *v)
{
	o->record.file.path = v;
	return *v || fail("-w takes the name of a file, not", "an empty one");
}

static bool take_file_format(struct options *o, const char *v)
{
	o->record.file.format = strcmp(v, "pcap") == 0 ? PACKETS_PCAP : PACKETS_PCAPNG;
	return o->record.file.format == PACKETS_PCAP || strcmp(v, "pcapng") == 0 || fail("-F takes pcapng or pcap, not", v);
}

static bool take_ring(struct options *o, const char *v)
{
	struct packet_file_options *f = &o->record.file;
	uint64_t n = 0;
	const char *colon = strchr(v, ':');
	if (!colon || !parse_number(colon + 1, UINT32_MAX, &n) || !n)
		return fail("-b takes filesize:KB, duration:SECONDS or files:NUMBER, not", v);
	if (strncmp(v, "filesize:", 9) == 0)
		f->ring_bytes = n * 1000;
	else if (strncmp(v, "duration:", 9) == 0)
		f->ring_time = (int64_t)n * NS_PER_S;
	else if (strncmp(v, "files:", 6) == 0 && n <= PACKET_FILE_RING)
		f->ring_files = (unsigned)n;
	else
		return fail("-b takes filesize:KB, duration:SECONDS or files:NUMBER (up to 10000), not", v);
	return true;
}

static bool take_written(struct options *o, const char *v)
{
	bool packets = strcmp(v, "packets") == 0;
	if (o->record.what != RECORD_PDUS)
		o->record.what = packets ? RECORD_PACKETS : RECORD_CONNECTIONS;
	return packets || strcmp(v, "connections") == 0 || fail("-o write takes connections or packets, not", v);
}

static bool take_delay(struct options *o, const char *v)
{
	o->proxy.what_if.delay = parse_span(v);
	return o->proxy.what_if.delay || fail("--delay takes a time such as 500ms, 30s or 2m, not", v);
}

static bool take_command(char to[WHAT_IF_COMMAND], const char *v, const char *option)
{
	size_t n = strlen(v);
	if (!n || n >= WHAT_IF_COMMAND)
		return fail(option, v);
	memcpy(to, v, n + 1);
	return true;
}

static bool take_drop(struct options *o, const char *v)
{
	return take_command(o->proxy.what_if.drop, v, "--drop-command takes the name of a command, not");
}

static bool take_only(struct options *o, const char *v)
{
	return take_command(o->proxy.what_if.only, v, "--only takes the name of a command, not");
}

static bool take_on(struct options *o, const char *v)
{
	o->proxy.what_if.on = strcmp(v, "c2s") == 0 ? DIR_C2S : DIR_S2C;
	o->proxy.what_if.on_given = true;
	return strcmp(v, "c2s") == 0 || strcmp(v, "s2c") == 0 || fail("--on takes c2s or s2c, not", v);
}

static bool take_setting(struct options *o, const char *v)
{
	if (strncmp(v, "write=", 6) == 0)
		return take_written(o, v + 6);
	if (strncmp(v, "hold=", 5) == 0)
		return parse_size(v + 5, &o->record.hold) || fail("-o hold takes a size such as 512M or 4G, not", v + 5);
	if (strncmp(v, "no-reply=", 9) == 0) {
		o->no_reply = parse_span(v + 9);
		return o->no_reply || fail("-o no-reply takes a time such as 500ms, 30s or 2m, not", v + 9);
	}
	if (strncmp(v, "spool=", 6) == 0)
		return parse_size(v + 6, &o->spool) || fail("-o spool takes a size such as 512M or 8G, not", v + 6);
	return fail("-o: there are the settings no-reply=TIME, spool=SIZE, write=WHAT and hold=SIZE, but not", v);
}

/* A size in bytes, or with K, M, G or T behind it in binary units; false if it is none, or 0. */
static bool parse_size(const char *v, uint64_t *out)
{
	static const char units[] = "KMGT";
	char digits[24];
	size_t n = strspn(v, "0123456789");
	const char *unit = v[n] ? strchr(units, v[n]) : NULL;
	if (!n || n >= sizeof digits || (v[n] && (!unit || v[n + 1])))
		return false;
	memcpy(digits, v, n);
	digits[n] = 0;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	if (!parse_number(digits, UINT64_MAX >> shift, out) || !*out)
		return false;
	*out <<= shift;
	return true;
}

static bool take_memory(struct options *o, const char *v)
{
	return parse_size(v, &o->memory) || fail("-M takes a size such as 512M or 4G, not", v);
}

static bool take_time(struct options *o, const char *v)
{
	static const struct { const char *name; enum time_format format; bool utc; } formats[] = {
		{ "r", TIME_RELATIVE, false }, { "a", TIME_CLOCK, false }, { "u", TIME_CLOCK, true }, { "ad", TIME_DATE, true },
		{ "ud", TIME_DATE, true }, { "d", TIME_DELTA, false }, { "e", TIME_EPOCH, false },
	};
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(v, formats[i].name) == 0) {
			o->print.time = formats[i].format;
			o->print.utc = o->print.utc || formats[i].utc;
			return true;
		}
	}
	return fail("-t takes r, a, u, ad, ud, d or e, not", v);
}

static bool add_report(struct options *o, const char *name)
{
	const struct report *r = report_named(name);
	if (r) {
		if (o->reports == REPORTS_MAX)
			return fail("-z: too many reports, the first that is too many is", name);
		o->report[o->reports++] = r;
		return true;
	}
	fprintf(stderr, "envscope: -z: there is no report %s; there are", name);
	for (size_t i = 0; report_at(i); i++)
		fprintf(stderr, "%s %s", i ? "," : "", report_at(i)->name);
	fputc('\n', stderr);
	return false;
}

/* Calls take for each word of a list with commas. */
static bool take_list(struct options *o, const char *list, bool (*take)(struct options *o, const char *word))
{
	char word[64];
	for (;;) {
		size_t n = strcspn(list, ",");
		size_t kept = n < sizeof word ? n : sizeof word - 1;
		memcpy(word, list, kept);
		word[kept] = 0;
		if (!take(o, word))
			return false;
		if (!list[n])
			return true;
		list += n + 1;
	}
}

static bool take_report(struct options *o, const char *v)
{
	return take_list(o, v, add_report);
}

static bool take_check(struct options *o, const char *v)
{
	o->check = check_format_named(v ? v : "text");
	return o->check || fail("--check takes text, json or junit, not", v);
}

static bool add_fail_on(struct options *o, const char *word)
{
	return check_add_fail_on(&o->fail_on, word) ||
	       fail("--fail-on takes error, warning, note, or names of rules (--explain all lists them), not", word);
}

static bool take_extract(struct options *o, const char *v)
{
	o->extract = v;
	return *v || fail("--extract takes the name of a folder, not", "an empty one");
}

static bool take_fail_on(struct options *o, const char *v)
{
	return take_list(o, v, add_fail_on);
}

static bool take_snaplen(struct options *o, const char *v)
{
	uint64_t n;
	if (!parse_number(v, 262144, &n))
		return fail("-s takes a number of bytes up to 262144, not", v);
	o->source.snaplen = (int)n;
	return true;
}

static bool take_buffer(struct options *o, const char *v)
{
	uint64_t n;
	if (!parse_number(v, 2047, &n) || !n)
		return fail("-B takes a size in MiB up to 2047, not", v);
	o->source.buffer_mib = (int)n;
	return true;
}

static bool take_link(struct options *o, const char *v)
{
	o->source.link = v;
	return true;
}

static bool take_user(struct options *o, const char *v)
{
	o->user = v;
	return *v || fail("-Z takes the name of a user, not", "an empty one");
}

static bool take_extcap_interface(struct options *o, const char *v)
{
	o->extcap.interface = v;
	return true;
}

static bool take_extcap_filter(struct options *o, const char *v)
{
	o->extcap.filter = v;
	return true;
}

static bool take_fifo(struct options *o, const char *v)
{
	o->extcap.fifo = v;
	return *v || fail("--fifo takes the name of a pipe, not", "an empty one");
}

static bool take_color(struct options *o, const char *v)
{
	static const char *const names[] = { [TUI_COLOR_AUTO] = "auto", [TUI_COLOR_ALWAYS] = "always", [TUI_COLOR_NEVER] = "never" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(v, names[i]) == 0) {
			o->color = (enum tui_color)i;
			return true;
		}
	}
	return fail("--color takes auto, always or never, not", v);
}

static bool take_explain(struct options *o, const char *v)
{
	o->action = ACTION_EXPLAIN;
	o->explain = v;
	return true;
}

static bool take_completions(struct options *o, const char *v)
{
	o->action = ACTION_COMPLETIONS;
	o->shell = v;
	return true;
}

#define FLAG(function, statement)                                    \
	static bool function(struct options *o, const char *v)       \
	{                                                            \
		(void)v;                                             \
		statement;                                           \
		return true;                                         \
	}
FLAG(take_interfaces, o->action = ACTION_INTERFACES)
FLAG(take_extcap_interfaces, o->extcap.question = EXTCAP_INTERFACES)
FLAG(take_extcap_dlts, o->extcap.question = EXTCAP_DLTS)
FLAG(take_extcap_config, o->extcap.question = EXTCAP_CONFIG)
FLAG(take_extcap_version, (void)o)
FLAG(take_capture, o->extcap.capture = true)
FLAG(take_links, o->action = ACTION_LINKS)
FLAG(take_help, o->action = ACTION_HELP)
FLAG(take_version, o->action = ACTION_VERSION)
FLAG(take_man, o->action = ACTION_MAN)
FLAG(take_print_config, o->action = ACTION_CONFIG)
FLAG(take_plugin, o->action = ACTION_PLUGIN)
FLAG(take_no_promisc, o->source.promiscuous = false)
FLAG(take_reorder, o->proxy.what_if.reorder = true)
FLAG(take_duplicate, o->proxy.what_if.duplicate = true)
FLAG(take_cert, o->proxy.cert = v)
FLAG(take_key, o->proxy.key = v)
FLAG(take_cacert, o->proxy.cacert = v)
FLAG(take_insecure, o->proxy.insecure = true)
FLAG(take_line_buffered, o->line_buffered = true)
FLAG(take_quiet, o->quiet = true)
FLAG(take_pdu, o->record.what = RECORD_PDUS)
FLAG(take_no_names, (void)o)
FLAG(take_secrets, o->print.show_secrets = true)
FLAG(take_full_bytes, o->print.full_bytes = true)
FLAG(take_utc, o->print.utc = true)
FLAG(take_no_mouse, o->no_mouse = true)

static const struct row rows[] = {
	{ 'r', "read-file", "FILE", "read a capture: pcap or pcapng, also gzipped; - is standard input; several are read as one, by time", take_file },
	{ 'i', "interface", "IFACE", "capture live on an interface; any is all of them; may repeat", take_interface },
	{ 'D', "list-interfaces", NULL, "list the interfaces and leave", take_interfaces },
	{ 0, "proxy", "LISTEN=TARGET", "stand between clients and a server and show what passes; URLs of ws, wss, http, https, grpc, grpcs, "
	  "socket, tcp or pipe; may repeat", take_proxy },
	{ 0, "allow", "NET", "--proxy: clients of that network may connect, too, and not only those of this machine; may repeat", take_allow },
	{ 0, "cert", "FILE", "--proxy: certificate chain (PEM) for encrypted LISTENs; without it one is made", take_cert },
	{ 0, "key", "FILE", "--proxy: its key (PEM); without it, it is looked for in the file of --cert", take_key },
	{ 0, "cacert", "FILE", "--proxy: who vouches for encrypted targets (PEM), instead of the system's list", take_cacert },
	{ 0, "insecure", NULL, "--proxy: do not verify the certificates of targets", take_insecure },
	{ 0, "delay", "TIME", "--proxy, to try a client: pass messages on so much later, such as 500ms", take_delay },
	{ 0, "drop-command", "NAME", "--proxy, to try a client: do not pass messages of that command on", take_drop },
	{ 0, "reorder-seq", NULL, "--proxy, to try a client: let each second message pass the one before it", take_reorder },
	{ 0, "duplicate-seq", NULL, "--proxy, to try a client: pass messages on twice", take_duplicate },
	{ 0, "on", "DIR", "which direction these four change: s2c (default) or c2s", take_on },
	{ 0, "only", "NAME", "delay, reorder and duplicate only messages of that command", take_only },
	{ 'f', NULL, "EXPR", "capture filter in pcap-filter(7) syntax; the words after the options are one too", take_filter },
	{ 'Y', "display-filter", "EXPR", "display filter: show only the messages that match; -Y help lists the fields", take_display },
	{ 'd', "decode-as", "tcp.port==N,NAME", "decode the connections of that port as tcp, ws, grpc, rest, legacy or tls", take_decode_as },
	{ 0, "keylog", "FILE", "TLS secrets (NSS key log); without it, those of ENVSCOPE_KEYLOG or SSLKEYLOGFILE; live, it may grow", take_keylog },
	{ 'T', NULL, "FORMAT", "print instead of showing screens: text, ndjson …; -T help lists the formats", take_format },
	{ 'V', NULL, NULL, "print every field: -T tree", take_tree },
	{ 'e', NULL, "FIELD", "with -T fields or csv: a column; any field of the display filter; may repeat", take_field },
	{ 'E', NULL, "SETTING=VALUE", "with -T fields or csv: header, separator, quote, occurrence, aggregator; -T help says more", take_field_setting },
	{ 'z', NULL, "REPORT,...", "print reports instead of messages, as text or -T ndjson: summary, commands, connections, threads, rules, streams, traces, correlations, workitems",
	  take_report },
	{ 0, "check", "[=FORMAT]", "print the rules that are broken, as text, json or junit; exit status 1 if one is as bad as --fail-on says",
	  take_check },
	{ 0, "fail-on", "LEVEL|RULE,...", "with --check: error (default), warning, note, or names of rules", take_fail_on },
	{ 0, "extract", "DIR", "write every uploaded and downloaded file into that folder, and say whether its checksum holds", take_extract },
	{ 'w', "write", "FILE", "write the packets to a file, with -Y those of the connections that have a match; - is standard output",
	  take_write },
	{ 'F', NULL, "FORMAT", "with -w: pcapng (default), or pcap, which has neither comments nor secrets", take_file_format },
	{ 'b', "ring-buffer", "filesize:KB|duration:S|files:N",
	  "with -w: begin a new file when one has so many kilobytes or seconds; keep the newest N", take_ring },
	{ 0, "pdu", NULL, "with -w: write the messages instead of packets, for Wireshark, each one an exported PDU", take_pdu },
	{ 0, "otlp", "URL", "send OpenTelemetry spans to that collector, such as http://localhost:4318, beside what is shown", take_otlp },
	{ 'c', NULL, "N", "stop after N messages", take_count },
	{ 'a', "autostop", "duration:S", "stop after S seconds", take_autostop },
	{ 'M', "memory", "SIZE", "memory budget of the screens, such as 512M: the oldest messages are forgotten first", take_memory },
	{ 'o', NULL, "NAME=VALUE",
	  "no-reply=TIME: a request counts as unanswered after that time, such as 30s, and not only when its connection ends; spool=SIZE: the "
	  "temporary file with the bytes of messages grows to that size, such as 8G, then the oldest bytes go; write=packets: -w "
	  "with -Y writes the packets of matches only; hold=SIZE: of packets that wait for a match, 1G unless given",
	  take_setting },
	{ 's', "snapshot-length", "BYTES", "live: capture at most that many bytes of a packet", take_snaplen },
	{ 'B', "buffer-size", "MIB", "live: size of the kernel's capture buffer", take_buffer },
	{ 'y', "linktype", "NAME", "live: capture with that link type", take_link },
	{ 'L', "list-data-link-types", NULL, "list the link types of the interface and leave", take_links },
	{ 'Z', "relinquish-privileges", "USER", "once the interface is open, become that user; root by way of sudo becomes who called sudo, without this",
	  take_user },
	{ 'p', "no-promiscuous-mode", NULL, "live: do not put the interface into promiscuous mode", take_no_promisc },
	{ 'l', NULL, NULL, "write each line as it comes, also to a file or pipe", take_line_buffered },
	{ 'n', NULL, NULL, "accepted, as names are never looked up", take_no_names },
	{ 't', NULL, "FORMAT", "times: r relative (default), a clock, u clock in UTC, ad and ud date in UTC, d delta, e epoch", take_time },
	{ 'q', "quiet", NULL, "print no messages, only what was asked for with -z", take_quiet },
	{ 0, "show-secrets", NULL, "show the values of jwt and password", take_secrets },
	{ 0, "full-bytes", NULL, "print long strings and bytes whole", take_full_bytes },
	{ 0, "utc", NULL, "times of day in UTC", take_utc },
	{ 0, "color", "WHEN", "auto, always or never", take_color },
	{ 0, "no-mouse", NULL, "leave the mouse to the terminal", take_no_mouse },
	{ 0, "explain", "RULE", "say what a rule means, what the protocol says, and where to look; all for every rule", take_explain },
	{ 0, "print-config", NULL, "print a config file for the screens with all that can be set", take_print_config },
	{ 0, "completions", "SHELL", "print completions for bash, zsh or fish", take_completions },
	{ 0, "extcap-interfaces", NULL, "answer Wireshark, which asks an external capture program with this and the like what it can do", take_extcap_interfaces },
	{ 0, "extcap-interface", "NAME", NULL, take_extcap_interface },
	{ 0, "extcap-dlts", NULL, NULL, take_extcap_dlts },
	{ 0, "extcap-config", NULL, NULL, take_extcap_config },
	{ 0, "extcap-version", "[=VERSION]", NULL, take_extcap_version },
	{ 0, "extcap-capture-filter", "EXPR", NULL, take_extcap_filter },
	{ 0, "capture", NULL, NULL, take_capture },
	{ 0, "fifo", "FILE", NULL, take_fifo },
	{ 0, "wireshark-plugin", NULL, "print a dissector for Wireshark and tshark, in Lua: save it as openiap.lua", take_plugin },
	{ 0, "man", NULL, "print the man page's source", take_man },
	{ 0, "version", NULL, "print the versions of envscope and its libraries", take_version },
	{ 'h', "help", NULL, "print this help", take_help },
};
enum { ROWS = sizeof rows / sizeof *rows, LONG_BASE = 256 };

bool options_row(size_t i, struct option_row *out)
{
	for (size_t r = 0; r < ROWS; r++) {
		if (!rows[r].help || i--)
			continue;
		*out = (struct option_row){ rows[r].letter, rows[r].name, rows[r].argument, rows[r].help };
		return true;
	}
	return false;
}

static void build(char letters[2 * ROWS + 3], struct option longs[ROWS + 1])
{
	size_t n = 0, m = 0;
	letters[n++] = '+';
	letters[n++] = ':'; /* getopt_long prints nothing itself */
	for (int i = 0; i < ROWS; i++) {
		if (rows[i].letter) {
			letters[n++] = rows[i].letter;
			if (rows[i].argument)
				letters[n++] = ':';
		}
		int argument = !rows[i].argument ? no_argument : rows[i].argument[0] == '[' ? optional_argument : required_argument;
		if (rows[i].name)
			longs[m++] = (struct option){ rows[i].name, argument, NULL, LONG_BASE + i };
	}
	letters[n] = 0;
	longs[m] = (struct option){ 0 };
}

static const struct row *row_of(int code)
{
	if (code >= LONG_BASE)
		return &rows[code - LONG_BASE];
	for (int i = 0; i < ROWS; i++)
		if (rows[i].letter == code)
			return &rows[i];
	return NULL;
}

/* Does the file begin like a capture? */
static bool is_capture(const char *path)
{
	static const char *const magics[] = { "\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x4d\x3c\xb2\xa1",
					      "\x0a\x0d\x0d\x0a", "\x1f\x8b" };
	struct stat st;
	char head[5] = "";
	FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;
	if (!f)
		return false;
	struct slice read = slice_of(head, fread(head, 1, 4, f));
	fclose(f);
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (slice_starts(read, magics[i]))
			return true;
	return false;
}

/* The words after the options: a file, if there is one of that name; else a capture filter. Options may follow. */
static bool take_word(struct options *o, const char *word)
{
	struct stat st;
	if (!o->file && !o->interface && !o->filter.len && stat(word, &st) == 0)
		return take_file(o, word);
	if (o->file && !o->filter.len && is_capture(word)) /* the shell has made several of one */
		return take_file(o, word);
	return take_filter(o, word);
}

/* Do the options about what is printed go together? */
static bool check_output(const struct options *o)
{
	if (o->reports && o->exporter && o->exporter != exporter_named("text") && o->exporter != exporter_named("ndjson"))
		return fail("-z: reports can be printed as text or ndjson, not as", o->exporter->name);
	if (o->reports && o->check > CHECK_TEXT)
		return fail("--check=json and junit are a document of their own", "they cannot be printed together with -z");
	if (o->record.file.path && strcmp(o->record.file.path, "-") == 0 && (o->exporter || o->reports || o->check))
		return fail("-w - writes the packets to standard output", "nothing else can be printed there");
	if (o->fail_on && !o->check)
		return fail("--fail-on says what makes a check fail", "it needs --check");
	return true;
}

/* The columns: only for a format that has some. */
static bool check_fields(struct options *o)
{
	struct buf why = { 0 };
	enum exporter_columns columns = o->exporter ? o->exporter->columns : COLUMNS_NONE;
	if (o->fields.count && columns == COLUMNS_NONE)
		return fail("-e chooses the columns of -T fields and -T csv", "there is none of these");
	if (!o->fields.count && columns == COLUMNS_CHOSEN)
		return fail("this format needs the fields to print, with -e", o->exporter->name);
	if (columns == COLUMNS_NONE)
		return true;
	o->print.fields = &o->fields;
	bool good = field_options_ready(&o->fields, columns == COLUMNS_USUAL, o->print.show_secrets, &why);
	if (!good)
		fprintf(stderr, "envscope: -e: %s\n", buf_cstr(&why));
	buf_release(&why);
	return good;
}

/* Wireshark captures through us: the messages go to its pipe. Without --capture it asks, and a filter alone is to be judged. */
static bool check_extcap(struct options *o)
{
	struct extcap *e = &o->extcap;
	if (e->filter && !e->capture && !e->question)
		e->question = EXTCAP_FILTER;
	if (e->question || (e->interface && !e->capture))
		o->action = ACTION_EXTCAP;
	if (!e->capture)
		return true;
	if (!e->fifo)
		return fail("--capture", "it needs --fifo");
	o->record.file.path = e->fifo;
	o->record.what = RECORD_PDUS;
	o->quiet = true;
	return !e->filter || !*e->filter || take_filter(o, e->filter);
}

static bool check_record(struct options *o)
{
	const struct packet_file_options *f = &o->record.file;
	if (!f->path && (f->format || f->ring_bytes || f->ring_time || f->ring_files || o->record.what))
		return fail("-F, -b, --pdu and -o write are about a file", "they need -w");
	if (!f->path)
		return true;
	bool out = strcmp(f->path, "-") == 0;
	if (out && isatty(STDOUT_FILENO))
		return fail("-w -", "standard output is a terminal");
	if (out && (f->ring_bytes || f->ring_time))
		return fail("-b", "standard output can't be a ring of files");
	if (f->ring_files && !f->ring_bytes && !f->ring_time)
		return fail("-b files:N says how many files are kept", "filesize or duration must say when one is full");
	o->quiet = o->quiet || out;
	return true;
}

static bool check_display(struct options *o)
{
	struct buf why = { 0 };
	if (!o->display)
		return true;
	o->display_filter = filter_new(o->display, o->print.show_secrets, &why);
	if (!o->display_filter)
		fprintf(stderr, "envscope: display filter: %s\n", buf_cstr(&why));
	buf_release(&why);
	return o->display_filter != NULL;
}

/* What-ifs change messages, and so go only where these are not inside of something else. */
static bool check_what_if(const struct proxy_options *p)
{
	if (!what_if_wanted(&p->what_if))
		return (!*p->what_if.only && !p->what_if.on_given) || fail("--on and --only say what --delay, --drop-command, --reorder-seq and --duplicate-seq change", "they need one of them");
	for (size_t i = 0; i < p->count; i++)
		if (proxy_family(&p->pairs[i].listen) != PROXY_BYTES)
			return fail("--delay, --drop-command, --reorder-seq and --duplicate-seq can change what passes over socket, tcp and pipe, not over",
				    proxy_scheme_name(p->pairs[i].listen.scheme));
	return true;
}

/* --proxy, and what only goes with it. */
static bool check_proxy(const struct options *o)
{
	const struct proxy_options *p = &o->proxy;
	bool about = p->allow_count || p->cert || p->key || p->cacert || p->insecure || what_if_wanted(&p->what_if);
	if (!p->count)
		return !about || fail("--allow, --cert, --key, --cacert, --insecure and the what-ifs are about the proxy", "they need --proxy");
	if (o->file || o->interface)
		return fail("--proxy does not go with -r and -i", "it shows what passes through it");
	if (p->key && !p->cert)
		return fail("--key", "it needs --cert");
	if (!check_what_if(p))
		return false;
	return !o->filter.len || fail("a capture filter is for packets, and the proxy has none", "-Y filters messages");
}

static bool check(struct options *o)
{
	char error[512];
	if (o->file && o->interface) {
		fputs("envscope: -r and -i: read a file or capture live, one of the two\n", stderr);
		return false;
	}
	if (!check_proxy(o) || !check_output(o) || !check_extcap(o) || !check_record(o))
		return false;
	if (!check_fields(o) || !check_display(o))
		return false;
	if (!o->filter.len)
		return true;
	o->source.filter = buf_cstr(&o->filter);
	if (!packet_filter_check(o->source.filter, error, sizeof error)) {
		fprintf(stderr, "envscope: %s\n", error);
		return false;
	}
	return true;
}

/* getopt_long stopped at a word of the command line. */
static bool unusable(int code, const char *word)
{
	if (code == ':')
		return fail("this option needs an argument (envscope -h says which)", word);
	if (word[0] == '-' && word[1] != '-' && optopt) {
		char letter[] = { '-', (char)optopt, 0 };
		return fail("no such option (envscope -h lists them)", letter);
	}
	return fail("no such option (envscope -h lists them)", word);
}

bool options_parse(struct options *o, int argc, char **argv)
{
	char letters[2 * ROWS + 3];
	struct option longs[ROWS + 1];
	*o = (struct options){ .source.promiscuous = true, .proxy.what_if.on = DIR_S2C, .fields.header = -1 };
	build(letters, longs);
	for (;;) {
		int code = getopt_long(argc, argv, letters, longs, NULL);
		if (code == '?' || code == ':')
			return unusable(code, argv[optind - 1]);
		if (code != -1) {
			if (!row_of(code)->take(o, optarg))
				return false;
		} else if (optind < argc) {
			if (!take_word(o, argv[optind++]))
				return false;
		} else {
			return check(o);
		}
	}
}

void options_release(struct options *o)
{
	buf_release(&o->filter);
	field_options_release(&o->fields);
	filter_free(o->display_filter);
}

void options_help(FILE *out)
{
	fputs("envscope shows the OpenIAP Flow messages in network traffic, and what is wrong with them.\n\n"
	      "usage: envscope [-r FILE | -i IFACE | --proxy LISTEN=TARGET] [options] [capture filter]\n\n", out);
	for (int i = 0; i < ROWS; i++) {
		char left[64];
		const struct row *r = &rows[i];
		if (!r->help)
			continue;
		char letter[4] = { r->letter ? '-' : ' ', r->letter ? r->letter : ' ', r->letter && r->name ? ',' : ' ', 0 };
		snprintf(left, sizeof left, "%s %s%s%s%s", letter, r->name ? "--" : "", r->name ? r->name : "",
			 r->argument && r->name && r->argument[0] != '[' ? " " : "", r->argument ? r->argument : "");
		fprintf(out, "  %-34s %s\n", left, r->help);
	}
	fputs("\nWithout -T, and with a terminal, screens are shown: F1 there lists the keys.\n"
	      "Exit status: 0 fine, 1 --check found what it was to fail on, 2 unusable arguments or filter, 3 the source can't be opened or read.\n", out);
}

static void each_format(FILE *out, const char *format)
{
	for (size_t i = 0; exporter_at(i); i++)
		fprintf(out, format, exporter_at(i)->name, exporter_at(i)->help);
}

static void each_field_setting(FILE *out, const char *format)
{
	const char *setting, *sentence;
	for (size_t i = 0; (setting = field_setting_at(i, &sentence)); i++)
		fprintf(out, format, setting, sentence);
}

void options_formats(FILE *out)
{
	fputs("-T FORMAT prints instead of showing screens.\n\n", out);
	each_format(out, "  %-10s %s\n");
	fputs("\nSettings of fields and csv (-E):\n\n", out);
	each_field_setting(out, "  %-26s %s\n");
}

static void man_formats(FILE *out)
{
	fputs(".SH FORMATS\nWhat \\-T prints:\n", out);
	each_format(out, ".TP\n.B %s\n%s.\n");
	fputs(".PP\nSettings of fields and csv (\\-E):\n", out);
	each_field_setting(out, ".TP\n.B %s\n%s.\n");
}

static void explain(FILE *out, const struct rule_info *r)
{
	fprintf(out, "%s (%s)\n  %s\n", r->name, severity_name(r->severity), r->sentence);
	if (*r->protocol)
		fprintf(out, "  The protocol: %s\n", r->protocol);
	fprintf(out, "  The receiver: %s\n  Where to look: %s\n  What is told of each case: %s\n", r->receiver, r->look, r->told);
}

bool options_explain(FILE *out, const char *rule)
{
	bool found = false;
	for (int i = 0; i < RULES; i++) {
		const struct rule_info *r = rule_info((enum rule)i);
		if (strcmp(rule, r->name) != 0 && strcmp(rule, "all") != 0)
			continue;
		if (found)
			fputc('\n', out);
		found = true;
		explain(out, r);
	}
	return found;
}

/* Text in the man page's language: a hyphen that is one, characters beyond ASCII by number, no line that begins like a request. */
static void man_text(FILE *out, const char *text)
{
	struct slice rest = slice_str(text);
	uint32_t point;
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	while (rest.len) {
		uint8_t c = rest.at[0];
		rest = slice_skip(rest, text_next(rest, &point, NULL));
		if (c == '-' || c == '\\')
			fputs(c == '-' ? "\\-" : "\\e", out);
		else if (point > '~')
			fprintf(out, "\\[u%04X]", (unsigned)point);
		else
			fputc(c, out);
	}
}

static void man_options(FILE *out)
{
	for (int i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		if (!r->help)
			continue;
		fputs(".TP\n.BI \"", out);
		if (r->letter)
			fprintf(out, "\\-%c%s", r->letter, r->name ? ", " : "");
		if (r->name) {
			fputs("\\-\\-", out);
			man_text(out, r->name);
		}
		if (r->argument) {
			fputs(r->argument[0] == '[' ? "\" \"" : " \" \"", out);
			man_text(out, r->argument);
		}
		fputs("\"\n", out);
		man_text(out, r->help);
		fputs(".\n", out);
	}
}

static void man_about(FILE *out, const char *what, const char *text)
{
	if (!*text)
		return;
	fprintf(out, ".br\n%s: ", what);
	man_text(out, text);
	fputs("\n", out);
}

static void man_rules(FILE *out)
{
	for (int i = 0; i < RULES; i++) {
		const struct rule_info *r = rule_info((enum rule)i);
		fputs(".TP\n.B ", out);
		man_text(out, r->name);
		fprintf(out, " (%s)\n", severity_name(r->severity));
		man_text(out, r->sentence);
		fputs("\n", out);
		man_about(out, "The protocol", r->protocol);
		man_about(out, "The receiver", r->receiver);
		man_about(out, "Where to look", r->look);
		man_about(out, "What is told of each case", r->told);
	}
}

/* On which screens a command is, if not on all of them. */
static void man_screens(FILE *out, uint32_t where)
{
	static const struct { uint32_t bit; const char *name; } screens[] = {
#define X(NAME, name) { IN_##NAME, #name },
		VIEW_TABLE(X)
#undef X
	};
	const char *before = " (";
	if ((where & EVERYWHERE) == EVERYWHERE)
		return;
	for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
		if (where & screens[i].bit) {
			fprintf(out, "%s%s", before, screens[i].name);
			before = ", ";
		}
	}
	fputs(")", out);
}

static void man_setting(void *user, const char *name, const char *preset, const char *sentence)
{
	FILE *out = user;
	fputs(".TP\n.B \"", out);
	man_text(out, name);
	fputs(" = ", out);
	man_text(out, preset);
	fputs("\"\n", out);
	man_text(out, sentence);
	fputs("\n", out);
}

static void print_setting(void *user, const char *name, const char *preset, const char *sentence)
{
	fprintf(user, "# %s\n#%s =%s%s\n", sentence, name, *preset ? " " : "", preset);
}

void options_config(FILE *out)
{
	config_each(print_setting, out);
}

static void man_keys(FILE *out)
{
	struct keymap map;
	struct buf keys = { 0 };
	const struct command_row *c;
	keymap_init(&map);
	for (unsigned i = 0; (c = command_row(i)); i++) {
		buf_clear(&keys);
		keymap_add_keys(&keys, &map, i);
		fputs(".TP\n.B ", out);
		man_text(out, buf_cstr(&keys));
		fputs("\n", out);
		man_text(out, c->sentence);
		man_screens(out, c->where);
		fputs("\n", out);
	}
	buf_release(&keys);
}

static const char man_begin[] =
	".TH ENVSCOPE 1 2026-11-23 \"envscope " ENVSCOPE_VERSION "\"\n"
	".SH NAME\nenvscope \\- show OpenIAP Flow messages in network traffic\n"
	".SH SYNOPSIS\n.B envscope\n[\\-r FILE | \\-i IFACE | \\-\\-proxy LISTEN=TARGET] [options] [capture filter]\n"
	".SH DESCRIPTION\n"
	"Reads a capture file or captures live, puts TCP streams together, finds the\n"
	"OpenIAP Flow messages in them, decodes and threads them, and names the rules of\n"
	"the protocol that are broken.\n"
	".PP\n"
	"With a terminal it shows screens; with \\-T, or when standard output is none, it\n"
	"prints. Without \\-r and \\-i it captures on all interfaces. A word that is the name\n"
	"of a file is read; other words are a capture filter.\n";

static const char man_end[] =
	".SH EXIT STATUS\n"
	".TP\n.B 0\nFine; also when a signal ended it, or the reader closed the pipe.\n"
	".TP\n.B 1\n\\-\\-check found what it was to fail on.\n"
	".TP\n.B 2\nThe arguments or the filter can't be used.\n"
	".TP\n.B 3\nThe source can't be opened or read, or is damaged.\n"
	".SH ENVIRONMENT\n"
	".TP\n.B ENVSCOPE_KEYLOG, SSLKEYLOGFILE\nThe key log with the TLS secrets, without \\-\\-keylog; the first that is set and not empty.\n"
	".TP\n.B NO_COLOR\nNo colours, if it is set and not empty.\n"
	".TP\n.B TMPDIR\nWhere the spool file is made; else /tmp.\n"
	".TP\n.B ESCDELAY\nMilliseconds that an Esc waits for the rest of a key; 25 unless set.\n"
	".SH SIGNALS\nINT, TERM and HUP end cleanly; USR1 prints the counts where messages are printed.\n"
	".SH EXAMPLES\n"
	".nf\n"
	"envscope capture.pcap\n"
	"envscope \\-i any tcp port 8080\n"
	"envscope \\-r capture.pcap \\-V\n"
	"ssh host tcpdump \\-U \\-w \\- tcp port 8080 | envscope \\-r \\-\n"
	".fi\n"
	".SH SEE ALSO\n.BR tcpdump (1),\n.BR tshark (1),\n.BR pcap\\-filter (7)\n";

/* A report with its columns: heading, key in ndjson, what it is. */
static void man_report(FILE *out, const struct report *r)
{
	fprintf(out, ".SS %s\n", r->name);
	man_text(out, r->sentence);
	fputs(".\n", out);
	for (unsigned i = 0; i < r->columns; i++) {
		const struct report_column *c = &r->column[i];
		fputs(".TP\n.B ", out);
		man_text(out, c->heading ? c->heading : c->key);
		if (c->heading && c->key) {
			fputs("\\fR (", out);
			man_text(out, c->key);
			fputs(")", out);
		}
		fputs("\n", out);
		man_text(out, c->about);
		fputs(".\n", out);
	}
}

static void man_reports(FILE *out)
{
	fputs(".SH REPORTS\nWhat \\-z prints, and in brackets the keys of \\-T ndjson. The text of summary has no columns.\n", out);
	for (size_t i = 0; report_at(i); i++)
		man_report(out, report_at(i));
}

void options_man(FILE *out)
{
	fputs(man_begin, out);
	fputs(".SH OPTIONS\n", out);
	man_options(out);
	man_formats(out);
	fields_man(out);
	man_reports(out);
	fputs(".SH RULES\n", out);
	man_rules(out);
	fputs(".SH KEYS\n", out);
	man_keys(out);
	fputs(".SH CONFIGURATION\n", out);
	man_text(out, "The screens read $XDG_CONFIG_HOME/envscope/config, or the file that ENVSCOPE_CONFIG names: lines NAME = VALUE. "
		 "--print-config prints one with all that can be set.");
	fputs("\n", out);
	config_each(man_setting, out);
	fputs(man_end, out);
}
