/*
 * Wireshark's extcap protocol: sentences { key=value } on standard output, a line each (Wireshark's documentation, "Adding Capture Interfaces
 * And Log Sources Using Extcap").
 *
 * There is one interface, whose packets are messages; which devices it listens on is a setting of it. The settings are given back to us as
 * ordinary options of the command line, named by `call`.
 */
#include "cli/extcap.h"

#include "capture/packet_filter.h"
#include "capture/source.h"
#include "export/pdu.h"

#include <string.h>

static const char name[] = "envscope";

static const struct {
	const char *call, *type, *display, *tooltip;
} settings[] = {
	{ "--interface", "selector", "Capture on", "The device on which packets are captured" },
	{ "--keylog", "fileselect", "TLS key log", "A file in the NSS key log format; it may grow" },
	{ "--display-filter", "string", "Only messages that match", "A display filter of envscope, such as role != event" },
	{ "--decode-as", "string", "Decode as", "A port that can't be told by its content: tcp.port==8080,ws" },
};

static void answer_interfaces(FILE *out)
{
	fprintf(out, "extcap {version=%s}{display=envscope}{help=https://github.com/openiap/envscope}\n", ENVSCOPE_VERSION);
	fprintf(out, "interface {value=%s}{display=OpenIAP Flow messages}\n", name);
}

static void answer_dlts(FILE *out)
{
	fprintf(out, "dlt {number=%d}{name=WIRESHARK_UPPER_PDU}{display=OpenIAP Flow messages}\n", LINK_UPPER_PDU);
}

/* Of a line as -D has it, "1.eth0 (about it) [Up]". Braces would end the value. */
static void answer_device(void *user, const char *line)
{
	const char *from = strchr(line, '.');
	size_t n = from ? strcspn(from + 1, " ") : 0;
	char display[256];
	if (!n)
		return;
	snprintf(display, sizeof display, "%s", from + 1);
	for (char *c = display; *c; c++)
		if (*c == '{' || *c == '}')
			*c = ' ';
	fprintf(user, "value {arg=0}{value=%.*s}{display=%s}{default=%s}\n", (int)n, from + 1, display,
		strncmp(from + 1, "any", n) == 0 && n == 3 ? "true" : "false");
}

static void answer_config(FILE *out)
{
	char error[512];
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		fprintf(out, "arg {number=%zu}{call=%s}{display=%s}{type=%s}{tooltip=%s}{required=false}%s\n", i, settings[i].call,
			settings[i].display, settings[i].type, settings[i].tooltip,
			strcmp(settings[i].type, "fileselect") == 0 ? "{mustexist=false}" : "");
	source_list_interfaces(answer_device, out, error, sizeof error);
}

/* What is wrong with a capture filter; nothing if it can be used. */
static void answer_filter(FILE *out, const char *filter)
{
	char error[512];
	if (*filter && !packet_filter_check(filter, error, sizeof error))
		fprintf(out, "%s\n", error);
}

bool extcap_answer(const struct extcap *e, FILE *out)
{
	if (e->interface && strcmp(e->interface, name) != 0) {
		fprintf(stderr, "envscope: --extcap-interface: there is none but %s, not %s\n", name, e->interface);
		return false;
	}
	switch (e->question) {
	case EXTCAP_NONE: break;
	case EXTCAP_INTERFACES: answer_interfaces(out); break;
	case EXTCAP_DLTS: answer_dlts(out); break;
	case EXTCAP_CONFIG: answer_config(out); break;
	case EXTCAP_FILTER: answer_filter(out, e->filter); break;
	}
	return true;
}
