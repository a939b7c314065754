/* The command line: one table makes the parser, the help and the man page. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "capture/capture.h"
#include "cli/extcap.h"
#include "export/check.h"
#include "export/exporter.h"
#include "export/recorder.h"
#include "export/report.h"
#include "tui/tui.h"

enum { DECODE_AS_MAX = 64, REPORTS_MAX = 16 };

enum exit_status { EXIT_FINE = 0, EXIT_CHECK = 1, EXIT_USAGE = 2, EXIT_SOURCE = 3 };

enum option_action {
	ACTION_RUN,
	ACTION_HELP,
	ACTION_VERSION,
	ACTION_MAN,
	ACTION_CONFIG,
	ACTION_INTERFACES,
	ACTION_LINKS,
	ACTION_EXTCAP,
	ACTION_EXPLAIN,
	ACTION_FIELDS,
	ACTION_FORMATS,
	ACTION_COMPLETIONS,
	ACTION_PLUGIN
};

struct options {
	enum option_action action;
	const char *file, *interface;  /* the first of several */
	const char *inputs[FILES_MAX]; /* all of them: files or interfaces */
	size_t input_count;
	struct buf filter;                        /* the capture filter, words joined; empty for none */
	const char *no_file;                      /* its first word, which is no file that is there; NULL where it is no word by itself */
	const char *bare, *behind_bare;           /* the last option without a value that may have one, and the word behind it; NULL */
	const char *display;                      /* -Y, the display filter; NULL for none */
	struct filter *display_filter;            /* made of it */
	const struct exporter *exporter;          /* NULL: the TUI, if there is a terminal */
	const struct report *report[REPORTS_MAX]; /* -z */
	size_t reports;
	enum check_format check;        /* --check */
	const char *extract;            /* --extract: the folder; NULL */
	uint32_t fail_on;               /* --fail-on: bit set of rules, 0 where it is not given */
	struct recorder_options record; /* -w, -F, -b, --pdu; file.path NULL: nothing is written */
	bool quiet, line_buffered;
	struct source_options source;
	struct proxy_options proxy; /* --proxy; count 0 where it is not given */
	struct filter *only_filter; /* --only; NULL */
	struct print_options print;
	bool time_given, utc_given;  /* -t, --utc */
	bool verbose;                /* the exporter was given by -V */
	struct field_options fields; /* -e, -E */
	bool field_setting;          /* -E is given */
	enum tui_color color;
	struct decode_as decode_as[DECODE_AS_MAX];
	size_t decode_as_count;
	uint64_t messages; /* -c, 0 for no limit */
	int64_t duration;  /* -a duration, ns; 0 for no limit */
	uint64_t memory;   /* -M, bytes; 0 for no limit */
	bool no_mouse;
	const char *keylog;   /* --keylog; NULL */
	const char *otlp;     /* --otlp: the collector's URL, "" for that of the environment; NULL: nothing is posted */
	unsigned threads;     /* -o threads; 0 where it is not given */
	bool checksums;       /* -o checksums=check */
	uint64_t spool;       /* -o spool, bytes; 0 for no limit */
	const char *user;     /* -Z; NULL */
	struct extcap extcap; /* what Wireshark asks */
	int64_t no_reply;     /* -o no-reply, ns; 0: when the connection ends */
	const char *explain;  /* ACTION_EXPLAIN: the rule */
	const char *shell;    /* ACTION_COMPLETIONS */
};

/* What the table says of an option. Static. */
struct option_row {
	char letter;          /* 0: none */
	const char *name;     /* NULL: none */
	const char *argument; /* how it is called in the help, "[=…]" if it may be left out; NULL: none */
	const char *help;
};
/* The i-th option (from 0) that the help names; false behind the last. */
bool options_row(size_t i, struct option_row *out);

/* Reads the command line. False, after a message on standard error, if it can't be understood. */
bool options_parse(struct options *o, int argc, char **argv);
void options_release(struct options *o);
/* Are the screens shown, or messages printed? Not where something else is wanted instead; beside extraction only where a format was asked for. */
bool options_show_screens(const struct options *o);
bool options_print_messages(const struct options *o);
/* Are the messages of a file printed when all is read: as the display filter asks for what becomes known later, and the format has no line for that? */
bool options_print_afterwards(const struct options *o);
/* The key log that is given, or named by the environment; NULL. */
const char *options_keylog(const struct options *o);
/* What the file of that name is to this run, beside a capture that is read, for the end of a sentence: "what -w writes."; NULL: nothing. */
const char *options_uses(const struct options *o, const char *path);

#endif
