/*
 * What envscope says of itself: the help, the man page, a config file, the formats, the rules. All of it is made from the tables that the
 * program works by.
 */
#include "cli/manual.h"

#include "base/text.h"
#include "cli/fields.h"
#include "cli/options.h"
#include "tui/config.h"

#include <stdlib.h>

void manual_help(FILE *out)
{
	fputs("envscope shows the OpenIAP Flow messages in network traffic, and what is wrong with them.\n\n"
	      "usage: envscope [-r FILE | -i IFACE | --proxy LISTEN=TARGET] [options] [capture filter]\n\n",
	      out);
	struct option_row r;
	for (size_t i = 0; options_row(i, &r); i++) {
		char left[64];
		char letter[4] = { r.letter ? '-' : ' ', r.letter ? r.letter : ' ', r.letter && r.name ? ',' : ' ', 0 };
		snprintf(left, sizeof left, "%s %s%s%s%s", letter, r.name ? "--" : "", r.name ? r.name : "",
			 r.argument && r.name && r.argument[0] != '[' ? " " : "", r.argument ? r.argument : "");
		fprintf(out, "  %-34s %s\n", left, r.help);
	}
	fputs("\nIn a terminal screens are shown, where F1 lists the keys; with -T, -V, -z, -q, --check or --extract, or where there is none, it prints.\n"
	      "Exit status: 0 fine, 1 --check found what it was to fail on, 2 unusable arguments or filter, 3 the source can't be opened or read.\n",
	      out);
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

void manual_formats(FILE *out)
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

bool manual_explain(FILE *out, const char *rule)
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
	struct option_row r;
	for (size_t i = 0; options_row(i, &r); i++) {
		fputs(".TP\n.BI \"", out);
		if (r.letter)
			fprintf(out, "\\-%c%s", r.letter, r.name ? ", " : "");
		if (r.name) {
			fputs("\\-\\-", out);
			man_text(out, r.name);
		}
		if (r.argument) {
			fputs(r.argument[0] == '[' ? "\" \"" : " \" \"", out);
			man_text(out, r.argument);
		}
		fputs("\"\n", out);
		man_text(out, r.help);
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
	static const struct {
		uint32_t bit;
		const char *name;
	} screens[] = {
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

void manual_config(FILE *out)
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
	".TH ENVSCOPE 1 2026-11-28 \"envscope " ENVSCOPE_VERSION "\"\n"
	".fchar \\[u2026] ...\n" /* where output has ASCII only */
	".SH NAME\nenvscope \\- show OpenIAP Flow messages in network traffic\n"
	".SH SYNOPSIS\n.B envscope\n[\\-r FILE | \\-i IFACE | \\-\\-proxy LISTEN=TARGET] [options] [capture filter]\n"
	".SH DESCRIPTION\n"
	"Reads a capture file or captures live, puts TCP streams together, finds the\n"
	"OpenIAP Flow messages in them, decodes and threads them, and names the rules of\n"
	"the protocol that are broken.\n"
	".PP\n"
	"In a terminal it shows screens; with \\-T, \\-V, \\-z, \\-q, \\-\\-check or\n"
	"\\-\\-extract, or where standard output is none, it prints. Without \\-r, \\-i and \\-\\-proxy it captures on all interfaces. A word that is the name\n"
	"of a file is read; other words are a capture filter.\n";

static const char man_end[] =
	".SH EXIT STATUS\n"
	".TP\n.B 0\nFine; also when a signal ended it, or the reader closed the pipe.\n"
	".TP\n.B 1\n\\-\\-check found what it was to fail on.\n"
	".TP\n.B 2\nThe arguments or the filter can't be used.\n"
	".TP\n.B 3\nThe source can't be opened or read, or is damaged (what comes before that is shown); writing failed; out of memory.\n"
	".SH ENVIRONMENT\n"
	".TP\n.B ENVSCOPE_KEYLOG, SSLKEYLOGFILE\nThe key log with the TLS secrets, without \\-\\-keylog; the first that is set and not empty. A terminal is passed over.\n"
	".TP\n.B OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT\nThe collector of \\-\\-otlp without a URL: that for traces as it "
	"stands, else that for all signals with /v1/traces behind it.\n"
	".TP\n.B OTEL_EXPORTER_OTLP_TRACES_HEADERS, OTEL_EXPORTER_OTLP_HEADERS\nHeaders for the collector of \\-\\-otlp, key=value with commas "
	"between them; the first that is set and not empty.\n"
	".TP\n.B http_proxy, https_proxy, all_proxy, no_proxy\nThe proxy of HTTP through which \\-\\-otlp goes to the collector, and where it does "
	"not, as for curl.\n"
	".TP\n.B SSL_CERT_FILE, SSL_CERT_DIR\nThe list of who vouches for encrypted targets of \\-\\-proxy, without \\-\\-cacert; else the system's.\n"
	".TP\n.B ENVSCOPE_CONFIG\nThe config file; else envscope/config in the folder XDG_CONFIG_HOME, else in HOME/.config.\n"
	".TP\n.B NO_COLOR\nNo colours, if it is set and not empty.\n"
	".TP\n.B TERM, COLORFGBG\nThe terminal, and whether its background is dark.\n"
	".TP\n.B TMPDIR\nWhere the spool file is made, and a pipe of \\-\\-proxy that is a name; else /tmp.\n"
	".TP\n.B TZ\nThe zone of times of day.\n"
	".TP\n.B LC_ALL, LC_CTYPE, LANG\nThe first that is set names the locale: without UTF-8 in it the screens have only ASCII.\n"
	".TP\n.B ESCDELAY\nMilliseconds that an Esc waits for the rest of a key; 25 unless set.\n"
	".TP\n.B SUDO_USER\nWhose rights are taken once the capture is open, where root's are not needed any more.\n"
	".SH FILES\n"
	".TP\n.I ~/.config/envscope/config\nWhat is set for the screens: see CONFIGURATION. F8 and F10 write it.\n"
	".TP\n.I $TMPDIR/envscope-*\nThe spool file: bytes of messages that are in no capture file. It has this name for a moment, or none.\n"
	".SH SIGNALS\nINT, TERM and HUP end cleanly; USR1 prints the counts where messages are printed.\n"
	".SH EXAMPLES\n"
	".TP\n.B envscope capture.pcap\nA file, on the screens.\n"
	".TP\n.B envscope \\-i any tcp port 8080\nLive, with a capture filter.\n"
	".TP\n.B ssh host tcpdump \\-U \\-w \\- tcp port 8080 | envscope \\-r \\-\nFrom another machine.\n"
	".TP\n.B envscope \\-i any \\-\\-keylog /tmp/keys tcp port 443\nTLS, with the keys that one end writes down.\n"
	".TP\n.B envscope \\-\\-proxy ws://127.0.0.1:9000=wss://app.openiap.io/ws/v2\nTLS without keys: the client is pointed to ws://127.0.0.1:9000/ws/v2.\n"
	".TP\n.B envscope \\-r capture.pcap \\-z rules,commands\nWhich rules are broken, and how long each command took.\n"
	".TP\n.B envscope \\-r capture.pcap \\-V \\-Y \\(aqlatency > 0.5\\(aq\nEvery field of the slow replies.\n"
	".TP\n.B envscope \\-r capture.pcap \\-\\-check \\-\\-fail\\-on error,no\\-reply\nA gate for the tests of a client library.\n"
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

void manual_page(FILE *out)
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
