/*
 * Answers: each action but that of reading a capture, and the file that knows it.
 */
#include "cli/answer.h"

#include "cli/completions.h"
#include "cli/fields.h"
#include "cli/manual.h"
#include "cli/versions.h"
#include "export/wireshark_plugin.h"

#include <errno.h>

static void print_line(void *user, const char *text)
{
	fprintf(user, "%s\n", text);
}

static enum exit_status list_interfaces(void)
{
	char error[512];
	if (source_list_interfaces(print_line, stdout, error, sizeof error) == 0)
		return EXIT_FINE;
	fprintf(stderr, "envscope: %s\n", error);
	return EXIT_SOURCE;
}

static enum exit_status list_links(const char *interface)
{
	char error[512];
	if (source_list_links(interface, print_line, stdout, error, sizeof error) == 0)
		return EXIT_FINE;
	fprintf(stderr, "envscope: %s\n", error);
	return EXIT_SOURCE;
}

static enum exit_status print_plugin(void)
{
	if (wireshark_plugin_write(stdout))
		return EXIT_FINE;
	fprintf(stderr, "envscope: writing: %s\n", strerror(errno));
	return EXIT_SOURCE;
}

static enum exit_status explain(const char *rule)
{
	if (manual_explain(stdout, rule))
		return EXIT_FINE;
	fprintf(stderr, "envscope: --explain: there is no rule %s (--explain all lists them)\n", rule);
	return EXIT_USAGE;
}

static enum exit_status complete(const char *shell)
{
	if (completions_write(stdout, shell))
		return EXIT_FINE;
	fprintf(stderr, "envscope: --completions takes bash, zsh or fish, not: %s\n", shell);
	return EXIT_USAGE;
}

enum exit_status answer_write(const struct options *o)
{
	switch (o->action) {
	case ACTION_RUN: break;
	case ACTION_HELP: manual_help(stdout); break;
	case ACTION_VERSION: versions_write(stdout); break;
	case ACTION_CONFIG: manual_config(stdout); break;
	case ACTION_MAN: manual_page(stdout); break;
	case ACTION_FIELDS: fields_help(stdout); break;
	case ACTION_FORMATS: manual_formats(stdout); break;
	case ACTION_PLUGIN: return print_plugin();
	case ACTION_INTERFACES: return list_interfaces();
	case ACTION_LINKS: return list_links(o->interface ? o->interface : "any");
	case ACTION_COMPLETIONS: return complete(o->shell);
	case ACTION_EXTCAP: return extcap_answer(&o->extcap, stdout) ? EXIT_FINE : EXIT_USAGE;
	case ACTION_EXPLAIN: return explain(o->explain);
	}
	return EXIT_FINE;
}
