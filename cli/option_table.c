/*
 * The table of options.
 *
 * Each option is a row: letters, argument, sentence, and a function that takes it. The parser, the help, the man page and the completions are made
 * from the rows, so that an option can't be known to one of them and missing in another. Letters mean what they mean in tcpdump and tshark.
 */
#include "cli/option_part.h"

#include "base/when.h"
#include "capture/stream/detect.h"
#include "cli/fields.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool add_input(struct options *o, const char *v)
{
	if (o->input_count == FILES_MAX)
		return option_fail("too many files or interfaces, the first that is too many is", v);
	o->inputs[o->input_count++] = v;
	return true;
}

static bool take_file(struct options *o, const char *v)
{
	if (!*v)
		return option_fail("-r takes the name of a file, not", "an empty one");
	for (size_t i = 0; i < o->input_count && strcmp(v, "-") == 0; i++)
		if (strcmp(o->inputs[i], v) == 0)
			return option_fail("-r: standard input can be read only once", v);
	if (!add_input(o, v))
		return false;
	o->file = o->file ? o->file : v;
	return true;
}

static bool take_interface(struct options *o, const char *v)
{
	if (!*v)
		return option_fail("-i takes the name of an interface, not", "an empty one");
	if (!add_input(o, v))
		return false;
	o->interface = o->interface ? o->interface : v;
	return true;
}

static bool take_proxy(struct options *o, const char *v)
{
	char why[2048];
	if (o->proxy.count == PROXY_PAIRS_MAX)
		return option_fail("--proxy: too many of them, the first that is too many is", v);
	if (proxy_pair_read(&o->proxy.pairs[o->proxy.count], v, why, sizeof why)) {
		o->proxy.count++;
		return true;
	}
	return option_fail("--proxy", why);
}

static bool take_allow(struct options *o, const char *v)
{
	if (o->proxy.allow_count == PROXY_NETS_MAX)
		return option_fail("--allow: too many of them, the first that is too many is", v);
	return proxy_net_read(&o->proxy.allow[o->proxy.allow_count++], v) ||
	       option_fail("--allow takes an address or a network such as 10.0.0.0/8, not", v);
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
		return option_fail("-Y: there can be one display filter (&& joins two), and this is a second one", v);
	o->display = v;
	return true;
}

static bool fail_decode_as(const char *name)
{
	struct suggestion near = { .typed = slice_str(name) };
	fprintf(stderr, "envscope: -d: a port can't be decoded as %s; it can as", name);
	for (int t = 0, n = 0; t < TRANSPORTS; t++) {
		if (!detect_can_force((enum transport)t))
			continue;
		fprintf(stderr, "%s %s", n++ ? "," : "", transport_name((enum transport)t));
		suggestion_offer(&near, transport_name((enum transport)t));
	}
	return option_fail_end(&near);
}

static bool take_decode_as(struct options *o, const char *v)
{
	static const char prefix[] = "tcp.port==";
	const char *comma = strchr(v, ',');
	char port[8] = "";
	uint64_t number;
	if (strncmp(v, prefix, sizeof prefix - 1) != 0 || !comma || (size_t)(comma - v) - (sizeof prefix - 1) >= sizeof port)
		return option_fail("-d takes tcp.port==PORT,NAME, not", v);
	memcpy(port, v + sizeof prefix - 1, (size_t)(comma - v) - (sizeof prefix - 1));
	if (!option_number(port, 65535, &number))
		return option_fail("-d: no port number", v);
	enum transport t = transport_named(comma + 1);
	if (!detect_can_force(t))
		return fail_decode_as(comma + 1);
	if (o->decode_as_count == DECODE_AS_MAX)
		return option_fail("-d: too many of them, the first that is too many is", v);
	o->decode_as[o->decode_as_count++] = (struct decode_as){ (uint16_t)number, t };
	return true;
}

static bool take_keylog(struct options *o, const char *v)
{
	o->keylog = v;
	return *v || option_fail("--keylog takes the name of a file, not", "an empty one");
}

static bool take_otlp(struct options *o, const char *v)
{
	o->otlp = v ? v : "";
	return !v || *v || option_fail("--otlp takes the URL of a collector, not", "an empty one");
}

static bool take_format(struct options *o, const char *v)
{
	if (strcmp(v, "help") == 0) {
		o->action = ACTION_FORMATS;
		return true;
	}
	o->exporter = exporter_named(v);
	o->verbose = false;
	if (o->exporter)
		return true;
	struct suggestion near = { .typed = slice_str(v) };
	for (size_t i = 0; exporter_at(i); i++)
		suggestion_offer(&near, exporter_at(i)->name);
	fprintf(stderr, "envscope: -T: there is no format %s (-T help lists them)", v);
	return option_fail_end(&near);
}

static bool take_tree(struct options *o, const char *v)
{
	(void)v;
	take_format(o, "tree");
	return o->verbose = true;
}

static bool take_field(struct options *o, const char *v)
{
	if (o->fields.count == FIELDS_MAX)
		return option_fail("-e: too many fields, the first that is too many is", v);
	o->fields.name[o->fields.count++] = v;
	return true;
}

static bool take_field_setting(struct options *o, const char *v)
{
	const char *setting, *sentence, *name;
	o->field_setting = true;
	if (field_options_take(&o->fields, v))
		return true;
	struct suggestion near = { .typed = slice_of(v, strcspn(v, "=")) };
	fprintf(stderr, "envscope: -E: there is no %s; there are", v);
	for (size_t i = 0; (setting = field_setting_at(i, &sentence)); i++)
		fprintf(stderr, "%s %s", i ? "," : "", setting);
	for (size_t i = 0; (name = field_setting_name(i)); i++)
		suggestion_offer(&near, name);
	return option_fail_end(&near);
}

static bool take_count(struct options *o, const char *v)
{
	return (option_number(v, UINT64_MAX, &o->messages) && o->messages) || option_fail("-c takes a number of messages, not", v);
}

static bool take_autostop(struct options *o, const char *v)
{
	uint64_t seconds;
	if (strncmp(v, "duration:", 9) != 0 || !option_number(v + 9, INT64_MAX / NS_PER_S, &seconds) || !seconds)
		return option_fail("-a takes duration:SECONDS, not", v);
	o->duration = (int64_t)seconds * NS_PER_S;
	return true;
}

/* Is that standard output by another name, as /dev/stdout is? A device such as /dev/null takes packets and text. */
static bool is_stdout(const char *path)
{
	struct stat named, out;
	return stat(path, &named) == 0 && fstat(STDOUT_FILENO, &out) == 0 && named.st_dev == out.st_dev && named.st_ino == out.st_ino &&
	       (!S_ISCHR(out.st_mode) || isatty(STDOUT_FILENO));
}

static bool take_write(struct options *o, const char *v)
{
	o->record.file.path = is_stdout(v) ? "-" : v;
	return *v || option_fail("-w takes the name of a file, not", "an empty one");
}

static bool take_file_format(struct options *o, const char *v)
{
	o->record.file.format = strcmp(v, "pcap") == 0 ? PACKETS_PCAP : PACKETS_PCAPNG;
	return o->record.file.format == PACKETS_PCAP || strcmp(v, "pcapng") == 0 ||
	       option_fail_near("-F takes pcapng or pcap, not", v, (const char *const[]){ "pcapng", "pcap", NULL });
}

static bool take_ring(struct options *o, const char *v)
{
	struct packet_file_options *f = &o->record.file;
	uint64_t n = 0;
	const char *colon = strchr(v, ':');
	if (!colon || !option_number(colon + 1, UINT32_MAX, &n) || !n)
		return option_fail("-b takes filesize:KB, duration:SECONDS or files:NUMBER, not", v);
	if (strncmp(v, "filesize:", 9) == 0)
		f->ring_bytes = n * 1000;
	else if (strncmp(v, "duration:", 9) == 0)
		f->ring_time = (int64_t)n * NS_PER_S;
	else if (strncmp(v, "files:", 6) == 0 && n <= PACKET_FILE_RING)
		f->ring_files = (unsigned)n;
	else
		return option_fail("-b takes filesize:KB, duration:SECONDS or files:NUMBER (up to 10000), not", v);
	return true;
}

static bool take_written(struct options *o, const char *v)
{
	bool packets = strcmp(v, "packets") == 0;
	if (o->record.what != RECORD_PDUS)
		o->record.what = packets ? RECORD_PACKETS : RECORD_CONNECTIONS;
	return packets || strcmp(v, "connections") == 0 ||
	       option_fail_near("-o write takes connections or packets, not", v, (const char *const[]){ "connections", "packets", NULL });
}

static bool take_delay(struct options *o, const char *v)
{
	o->proxy.what_if.delay = option_span(v);
	return o->proxy.what_if.delay || option_fail("--delay takes a time such as 500ms, 30s or 2m, not", v);
}

static bool take_drop(struct options *o, const char *v)
{
	size_t n = strlen(v);
	if (!n || n >= WHAT_IF_COMMAND)
		return option_fail("--drop-command takes the name of a command, not", v);
	memcpy(o->proxy.what_if.drop, v, n + 1);
	return true;
}

static bool take_on(struct options *o, const char *v)
{
	o->proxy.what_if.on = strcmp(v, "c2s") == 0 ? DIR_C2S : DIR_S2C;
	o->proxy.what_if.on_given = true;
	return strcmp(v, "c2s") == 0 || strcmp(v, "s2c") == 0 || option_fail("--on takes c2s or s2c, not", v);
}

static bool take_no_reply(struct options *o, const char *v)
{
	o->no_reply = option_span(v);
	return o->no_reply || option_fail("-o no-reply takes a time such as 500ms, 30s or 2m, not", v);
}

static bool take_spool(struct options *o, const char *v)
{
	return option_size(v, &o->spool) || option_fail("-o spool takes a size such as 512M or 8G, not", v);
}

static bool take_hold(struct options *o, const char *v)
{
	return option_size(v, &o->record.hold) || option_fail("-o hold takes a size such as 512M or 4G, not", v);
}

static bool take_threads(struct options *o, const char *v)
{
	uint64_t n;
	o->threads = option_number(v, 2, &n) ? (unsigned)n : 0;
	return o->threads || option_fail("-o threads takes 1 or 2, not", v);
}

static bool take_checksums(struct options *o, const char *v)
{
	o->checksums = strcmp(v, "check") == 0;
	return o->checksums || strcmp(v, "ignore") == 0 ||
	       option_fail_near("-o checksums takes check or ignore, not", v, (const char *const[]){ "check", "ignore", NULL });
}

/* Of -o, by what stands in front of their values. */
static const struct setting {
	const char *name;
	bool (*take)(struct options *o, const char *value);
} settings[] = {
	{ "no-reply=", take_no_reply }, { "spool=", take_spool },     { "write=", take_written },
	{ "hold=", take_hold },         { "threads=", take_threads }, { "checksums=", take_checksums },
};

enum { SETTINGS = sizeof settings / sizeof *settings };

static bool take_setting(struct options *o, const char *v)
{
	const char *names[SETTINGS + 1] = { NULL };
	for (size_t i = 0; i < SETTINGS; i++) {
		names[i] = settings[i].name;
		if (strncmp(v, names[i], strlen(names[i])) == 0)
			return settings[i].take(o, v + strlen(names[i]));
	}
	if (strstr(v, "keylog_file"))
		return option_fail("-o: the TLS secrets are named by --keylog FILE, not by", v);
	return option_fail_near(
		"-o: there are the settings no-reply=TIME, spool=SIZE, write=WHAT, hold=SIZE, threads=N and checksums=check, but not", v,
		names);
}

static bool take_memory(struct options *o, const char *v)
{
	return option_size(v, &o->memory) || option_fail("-M takes a size such as 512M or 4G, not", v);
}

static bool take_time(struct options *o, const char *v)
{
	static const struct {
		const char *name;
		enum time_format format;
		bool utc;
	} formats[] = {
		{ "r", TIME_RELATIVE, false }, { "a", TIME_CLOCK, false }, { "u", TIME_CLOCK, true },  { "ad", TIME_DATE, false },
		{ "ud", TIME_DATE, true },     { "d", TIME_DELTA, false }, { "e", TIME_EPOCH, false },
	};
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(v, formats[i].name) == 0) {
			o->time_given = true;
			o->print.time = formats[i].format;
			o->print.utc = o->print.utc || formats[i].utc;
			return true;
		}
	}
	return option_fail(
		"-t takes r (relative), a (clock), u (clock in UTC), ad and ud (the same with the date), d (delta) or e (epoch), not", v);
}

static bool add_report(struct options *o, const char *name)
{
	const struct report *r = report_named(name);
	if (r) {
		if (o->reports == REPORTS_MAX)
			return option_fail("-z: too many reports, the first that is too many is", name);
		o->report[o->reports++] = r;
		return true;
	}
	struct suggestion near = { .typed = slice_str(name) };
	fprintf(stderr, "envscope: -z: there is no report %s; there are", name);
	for (size_t i = 0; report_at(i); i++) {
		fprintf(stderr, "%s %s", i ? "," : "", report_at(i)->name);
		suggestion_offer(&near, report_at(i)->name);
	}
	return option_fail_end(&near);
}

static bool take_report(struct options *o, const char *v)
{
	return option_list(o, v, add_report);
}

static bool take_check(struct options *o, const char *v)
{
	o->check = check_format_named(v ? v : "text");
	return o->check ||
	       option_fail_near("--check takes text, json or junit, not", v, (const char *const[]){ "text", "json", "junit", NULL });
}

static bool add_fail_on(struct options *o, const char *word)
{
	struct suggestion near = { .typed = slice_str(word) };
	if (check_add_fail_on(&o->fail_on, word))
		return true;
	for (int severity = SEVERITY_NOTE; severity <= SEVERITY_ERROR; severity++)
		suggestion_offer(&near, severity_name((enum severity)severity));
	for (int rule = 0; rule < RULES; rule++)
		suggestion_offer(&near, rule_info((enum rule)rule)->name);
	fprintf(stderr, "envscope: --fail-on takes error, warning, note, or names of rules (--explain all lists them), not: %s", word);
	return option_fail_end(&near);
}

static bool take_extract(struct options *o, const char *v)
{
	o->extract = v;
	return *v || option_fail("--extract takes the name of a folder, not", "an empty one");
}

static bool take_fail_on(struct options *o, const char *v)
{
	return option_list(o, v, add_fail_on);
}

static bool take_snaplen(struct options *o, const char *v)
{
	uint64_t n;
	if (!option_number(v, 262144, &n))
		return option_fail("-s takes a number of bytes up to 262144, not", v);
	o->source.snaplen = (int)n;
	return true;
}

static bool take_buffer(struct options *o, const char *v)
{
	uint64_t n;
	if (!option_number(v, 2047, &n) || !n)
		return option_fail("-B takes a size in MiB up to 2047, not", v);
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
	return *v || option_fail("-Z takes the name of a user, not", "an empty one");
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
	return *v || option_fail("--fifo takes the name of a pipe, not", "an empty one");
}

static bool take_color(struct options *o, const char *v)
{
	static const char *const names[] = { [TUI_COLOR_AUTO] = "auto", [TUI_COLOR_ALWAYS] = "always", [TUI_COLOR_NEVER] = "never", NULL };
	for (size_t i = 0; names[i]; i++) {
		if (strcmp(v, names[i]) == 0) {
			o->color = (enum tui_color)i;
			return true;
		}
	}
	return option_fail_near("--color takes auto, always or never, not", v, names);
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

#define FLAG(function, statement)                              \
	static bool function(struct options *o, const char *v) \
	{                                                      \
		(void)v;                                       \
		statement;                                     \
		return true;                                   \
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
FLAG(take_only, o->proxy.what_if.only = v)
FLAG(take_cert, o->proxy.cert = v)
FLAG(take_key, o->proxy.key = v)
FLAG(take_cacert, o->proxy.cacert = v)
FLAG(take_insecure, o->proxy.insecure = true)
FLAG(take_line_buffered, o->line_buffered = true)
FLAG(take_quiet, o->quiet = true)
FLAG(take_pdu, o->record.what = RECORD_PDUS)
FLAG(take_no_names, (void)o)
FLAG(take_unbuffered, (void)o)
FLAG(take_secrets, o->print.show_secrets = true)
FLAG(take_full_bytes, o->print.full_bytes = true)
FLAG(take_utc, o->print.utc = o->utc_given = true)
FLAG(take_no_mouse, o->no_mouse = true)

static const struct option_entry entries[] = {
	{ 'r', "read-file", "FILE", "read a capture: pcap or pcapng, also gzipped; - is standard input; several are read as one, by time",
	  take_file },
	{ 'i', "interface", "IFACE", "capture live on an interface, a name or a number of -D; any is all of them; may repeat",
	  take_interface },
	{ 'D', "list-interfaces", NULL, "list the interfaces and leave", take_interfaces },
	{ 0, "proxy", "LISTEN=TARGET",
	  "stand between clients and a server and show what passes; URLs of ws, wss, http, https, grpc, grpcs, "
	  "socket, tcp or pipe; may repeat",
	  take_proxy },
	{ 0, "allow", "NET", "--proxy: clients of that network may connect, too, and not only those of this machine; may repeat",
	  take_allow },
	{ 0, "cert", "FILE", "--proxy: certificate chain (PEM) for encrypted LISTENs; without it one is made", take_cert },
	{ 0, "key", "FILE", "--proxy: its key (PEM); without it, it is looked for in the file of --cert", take_key },
	{ 0, "cacert", "FILE", "--proxy: who vouches for encrypted targets (PEM), instead of the system's list", take_cacert },
	{ 0, "insecure", NULL, "--proxy: do not verify the certificates of targets", take_insecure },
	{ 0, "delay", "TIME", "--proxy, to try a client: pass messages on so much later, such as 500ms", take_delay },
	{ 0, "drop-command", "NAME", "--proxy, to try a client: do not pass messages of that command on", take_drop },
	{ 0, "reorder-seq", NULL, "--proxy, to try a client: let each second message pass the one before it", take_reorder },
	{ 0, "duplicate-seq", NULL, "--proxy, to try a client: pass messages on twice", take_duplicate },
	{ 0, "on", "DIR", "which direction these four change: s2c (default) or c2s", take_on },
	{ 0, "only", "EXPR",
	  "and only messages that match this display filter, which is asked before a message goes on; request is the command that a reply answers",
	  take_only },
	{ 'f', NULL, "EXPR", "capture filter in pcap-filter(7) syntax; the words after the options are one too", take_filter },
	{ 'Y', "display-filter", "EXPR", "display filter: show only the messages that match; -Y help lists the fields", take_display },
	{ 'd', "decode-as", "tcp.port==N,NAME", "decode the connections of that port as tcp, ws, grpc, rest, legacy or tls",
	  take_decode_as },
	{ 0, "keylog", "FILE", "TLS secrets (NSS key log); without it, those of ENVSCOPE_KEYLOG or SSLKEYLOGFILE; live, it may grow",
	  take_keylog },
	{ 'T', NULL, "FORMAT", "print instead of showing screens: text, ndjson …; -T help lists the formats", take_format },
	{ 'V', NULL, NULL, "print every field: -T tree", take_tree },
	{ 'e', NULL, "FIELD", "with -T fields or csv: a column; any field of the display filter; may repeat", take_field },
	{ 'E', NULL, "SETTING=VALUE", "with -T fields or csv: header, separator, quote, occurrence, aggregator; -T help says more",
	  take_field_setting },
	{ 'z', NULL, "REPORT,...",
	  "print reports instead of messages, as text or -T ndjson: summary, commands, connections, threads, rules, streams, traces, correlations, workitems",
	  take_report },
	{ 0, "check", "[=FORMAT]",
	  "print the rules that are broken, as text, json or junit; exit status 1 if one is as bad as --fail-on says", take_check },
	{ 0, "fail-on", "LEVEL|RULE,...", "with --check: error (default), warning, note, or names of rules", take_fail_on },
	{ 0, "extract", "DIR", "write every uploaded and downloaded file into that folder, and say whether its checksum holds",
	  take_extract },
	{ 'w', "write", "FILE", "write the packets to a file, with -Y those of the connections that have a match; - is standard output",
	  take_write },
	{ 'F', NULL, "FORMAT", "with -w: pcapng (default), or pcap, which has neither comments nor secrets", take_file_format },
	{ 'b', "ring-buffer", "filesize:KB|duration:S|files:N",
	  "with -w: begin a new file when one has so many kilobytes or seconds; keep the newest N", take_ring },
	{ 0, "pdu", NULL, "with -w: write the messages instead of packets, for Wireshark, each one an exported PDU", take_pdu },
	{ 0, "otlp", "[=URL]",
	  "send OpenTelemetry spans to that collector, else to that of OTEL_EXPORTER_OTLP_ENDPOINT or http://localhost:4318, beside what is shown",
	  take_otlp },
	{ 'c', NULL, "N", "stop after N messages", take_count },
	{ 'a', "autostop", "duration:S",
	  "stop after S seconds; of a file, leave out what was captured later than that after its first packet", take_autostop },
	{ 'M', "memory", "SIZE", "memory budget of the screens and reports, such as 512M: the oldest messages are forgotten first",
	  take_memory },
	{ 'o', NULL, "NAME=VALUE",
	  "no-reply=TIME: a request counts as unanswered after that time, such as 30s, and not only when its connection ends; spool=SIZE: the "
	  "temporary file with the bytes of messages grows to that size, such as 8G, then the oldest bytes go; write=packets: -w "
	  "with -Y writes the packets of matches only; hold=SIZE: of packets that wait for a match, 1G unless given; threads=1 or 2: that many "
	  "read a file, two unless it is small or there is one processor; checksums=check: TCP segments with a wrong checksum are not read, as "
	  "their receiver did not take them, which is wrong for a capture made where a card was to count them",
	  take_setting },
	{ 's', "snapshot-length", "BYTES", "live: capture at most that many bytes of a packet", take_snaplen },
	{ 'B', "buffer-size", "MIB", "live: size of the kernel's capture buffer", take_buffer },
	{ 'y', "linktype", "NAME", "live: capture with that link type", take_link },
	{ 'L', "list-data-link-types", NULL, "list the link types of the interface and leave", take_links },
	{ 'Z', "relinquish-privileges", "USER",
	  "once the interface is open, become that user; root by way of sudo becomes who called sudo, without this", take_user },
	{ 'p', "no-promiscuous-mode", NULL, "live: do not put the interface into promiscuous mode", take_no_promisc },
	{ 'l', NULL, NULL, "write each line as it comes, also to a file or pipe", take_line_buffered },
	{ 'n', NULL, NULL, "accepted, as names are never looked up", take_no_names },
	{ 'U', "packet-buffered", NULL, "accepted, as packets are written when they come", take_unbuffered },
	{ 't', NULL, "FORMAT", "times: r relative (default), a clock, u clock in UTC, ad date, ud date in UTC, d delta, e epoch",
	  take_time },
	{ 'q', "quiet", NULL, "print no messages, only what was asked for with -z", take_quiet },
	{ 0, "show-secrets", NULL, "show the values of jwt and password, and tokens", take_secrets },
	{ 0, "full-bytes", NULL, "print long strings and bytes whole", take_full_bytes },
	{ 0, "utc", NULL, "times of day in UTC", take_utc },
	{ 0, "color", "WHEN", "auto, always or never", take_color },
	{ 0, "no-mouse", NULL, "leave the mouse to the terminal", take_no_mouse },
	{ 0, "explain", "RULE", "say what a rule means, what the protocol says, and where to look; all for every rule", take_explain },
	{ 0, "print-config", NULL, "print a config file for the screens with all that can be set", take_print_config },
	{ 0, "completions", "SHELL", "print completions for bash, zsh or fish", take_completions },
	{ 0, "extcap-interfaces", NULL, "answer Wireshark, which asks an external capture program with this and the like what it can do",
	  take_extcap_interfaces },
	{ 0, "extcap-interface", "NAME", NULL, take_extcap_interface },
	{ 0, "extcap-dlts", NULL, NULL, take_extcap_dlts },
	{ 0, "extcap-config", NULL, NULL, take_extcap_config },
	{ 0, "extcap-version", "[=VERSION]", NULL, take_extcap_version },
	{ 0, "extcap-capture-filter", "EXPR", NULL, take_extcap_filter },
	{ 0, "capture", NULL, NULL, take_capture },
	{ 0, "fifo", "FILE", NULL, take_fifo },
	{ 0, "wireshark-plugin", NULL, "print a dissector for Wireshark and tshark, in Lua: save it as openiap.lua", take_plugin },
	{ 0, "man", NULL, "print the man page's source", take_man },
	{ 'v', "version", NULL, "print the versions of envscope and its libraries", take_version },
	{ 'h', "help", NULL, "print this help", take_help },
};

_Static_assert(sizeof entries / sizeof *entries <= OPTIONS_MAX, "more options than OPTIONS_MAX");

const struct option_entry *option_at(size_t i)
{
	return i < sizeof entries / sizeof *entries ? &entries[i] : NULL;
}
