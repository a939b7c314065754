/*
 * Answers: each action but that of reading a capture, and the file that knows it.
 *
 * An answer is made in memory and written at once, so that what goes wrong with writing is seen in one place.
 */
#include "cli/answer.h"

#include "cli/completions.h"
#include "cli/fields.h"
#include "cli/manual.h"
#include "cli/option_part.h"
#include "cli/versions.h"
#include "export/wireshark_plugin.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static void print_line(void *user, const char *text)
{
	fprintf(user, "%s\n", text);
}

static enum exit_status list_interfaces(FILE *out)
{
	char error[512];
	if (source_list_interfaces(print_line, out, error, sizeof error) == 0)
		return EXIT_FINE;
	fprintf(stderr, "envscope: %s\n", error);
	return EXIT_SOURCE;
}

static enum exit_status list_links(FILE *out, const char *interface)
{
	char error[512];
	if (source_list_links(interface, print_line, out, error, sizeof error) == 0)
		return EXIT_FINE;
	fprintf(stderr, "envscope: %s\n", error);
	return EXIT_SOURCE;
}

static enum exit_status explain(FILE *out, const char *rule)
{
	if (manual_explain(out, rule))
		return EXIT_FINE;
	struct suggestion near = { .typed = slice_str(rule) };
	for (int r = 0; r < RULES; r++)
		suggestion_offer(&near, rule_info((enum rule)r)->name);
	fprintf(stderr, "envscope: --explain: there is no rule %s (--explain all lists them)", rule);
	option_fail_end(&near);
	return EXIT_USAGE;
}

static enum exit_status complete(FILE *out, const char *shell)
{
	if (completions_write(out, shell))
		return EXIT_FINE;
	option_fail_near("--completions takes bash, zsh or fish, not", shell, (const char *const[]){ "bash", "zsh", "fish", NULL });
	return EXIT_USAGE;
}

static enum exit_status answer(FILE *out, const struct options *o)
{
	switch (o->action) {
	case ACTION_RUN: break;
	case ACTION_HELP: manual_help(out); break;
	case ACTION_VERSION: versions_write(out); break;
	case ACTION_CONFIG: manual_config(out); break;
	case ACTION_MAN: manual_page(out); break;
	case ACTION_FIELDS: fields_help(out); break;
	case ACTION_FORMATS: manual_formats(out); break;
	case ACTION_PLUGIN: wireshark_plugin_write(out); break;
	case ACTION_INTERFACES: return list_interfaces(out);
	case ACTION_LINKS: return list_links(out, o->interface ? o->interface : "any");
	case ACTION_COMPLETIONS: return complete(out, o->shell);
	case ACTION_EXTCAP: return extcap_answer(&o->extcap, out) ? EXIT_FINE : EXIT_USAGE;
	case ACTION_EXPLAIN: return explain(out, o->explain);
	}
	return EXIT_FINE;
}

/* A reader that has gone wants no more. */
static bool write_out(const char *text, size_t size)
{
	errno = 0;
	signal(SIGPIPE, SIG_IGN);
	if ((fwrite(text, 1, size, stdout) == size && fflush(stdout) == 0) || errno == EPIPE)
		return true;
	fprintf(stderr, "envscope: writing: %s\n", strerror(errno));
	return false;
}

enum exit_status answer_write(const struct options *o)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	enum exit_status status = out ? answer(out, o) : EXIT_SOURCE;
	if (!out || fclose(out) != 0) {
		fputs("envscope: out of memory\n", stderr);
		status = EXIT_SOURCE;
	} else if (!write_out(text, size)) {
		status = EXIT_SOURCE;
	}
	free(text);
	return status;
}
