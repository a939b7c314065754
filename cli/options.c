/*
 * The command line: getopt_long's tables are made from the table of options, and what goes together and what does not is looked at when all
 * of it has been read.
 */
#include "cli/option_part.h"

#include "base/text.h"
#include "capture/packet_filter.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONG_BASE = 256 };

bool options_row(size_t i, struct option_row *out)
{
	const struct option_entry *e;
	for (size_t k = 0; (e = option_at(k)); k++) {
		if (!e->help || i--)
			continue;
		*out = (struct option_row){ e->letter, e->name, e->argument, e->help };
		return true;
	}
	return false;
}

static void build(char letters[2 * OPTIONS_MAX + 3], struct option longs[OPTIONS_MAX + 1])
{
	size_t n = 0, m = 0;
	letters[n++] = '+';
	letters[n++] = ':'; /* getopt_long prints nothing itself */
	const struct option_entry *e;
	for (int i = 0; (e = option_at((size_t)i)); i++) {
		if (e->letter) {
			letters[n++] = e->letter;
			if (e->argument)
				letters[n++] = ':';
		}
		int argument = !e->argument ? no_argument : e->argument[0] == '[' ? optional_argument : required_argument;
		if (e->name)
			longs[m++] = (struct option){ e->name, argument, NULL, LONG_BASE + i };
	}
	letters[n] = 0;
	longs[m] = (struct option){ 0 };
}

/* The option that getopt_long found; NULL if it is none. */
static const struct option_entry *option_of(int code)
{
	const struct option_entry *e;
	if (code >= LONG_BASE)
		return option_at((size_t)(code - LONG_BASE));
	for (size_t i = 0; (e = option_at(i)); i++)
		if (e->letter == code)
			return e;
	return NULL;
}

/* Does the file begin like a capture? */
static bool is_capture(const char *path)
{
	static const char *const magics[] = { "\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d",
					      "\x4d\x3c\xb2\xa1", "\x0a\x0d\x0d\x0a", "\x1f\x8b" };
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

/* The words after the options: as -r a file, if there is one of that name; else as -f a capture filter. Options may follow. */
static bool take_word(struct options *o, const char *word)
{
	struct stat st;
	if (!o->file && !o->interface && !o->filter.len && (stat(word, &st) == 0 || strcmp(word, "-") == 0))
		return option_of('r')->take(o, word);
	if (o->file && !o->filter.len && is_capture(word)) /* the shell has made several of one */
		return option_of('r')->take(o, word);
	o->no_file = o->filter.len || stat(word, &st) == 0 ? o->no_file : word;
	return option_of('f')->take(o, word);
}

/* Do the options about what is printed go together? */
static bool check_output(const struct options *o)
{
	if (o->reports && o->exporter && o->exporter != exporter_named("text") && o->exporter != exporter_named("ndjson"))
		return option_fail("-z: reports can be printed as text or ndjson, not as", o->exporter->name);
	if (o->reports && o->check > CHECK_TEXT)
		return option_fail("--check=json and junit are a document of their own", "they cannot be printed together with -z");
	if (o->record.file.path && strcmp(o->record.file.path, "-") == 0 && (o->exporter || o->reports || o->check))
		return option_fail("-w - writes the packets to standard output", "nothing else can be printed there");
	if (o->check && o->exporter && o->exporter != exporter_named("text"))
		return option_fail("--check prints its own text, json or junit, as in --check=json, and not", o->exporter->name);
	if (o->fail_on && !o->check)
		return option_fail("--fail-on says what makes a check fail", "it needs --check");
	return true;
}

/* The columns: only for a format that has some. */
static bool check_fields(struct options *o)
{
	struct buf why = { 0 };
	enum exporter_columns columns = o->exporter ? o->exporter->columns : COLUMNS_NONE;
	if (o->field_setting && columns == COLUMNS_NONE)
		return option_fail("-E says how -T fields and -T csv print", "there is none of these");
	if (o->fields.count && columns == COLUMNS_NONE)
		return option_fail("-e chooses the columns of -T fields and -T csv", "there is none of these");
	if (!o->fields.count && columns == COLUMNS_CHOSEN)
		return option_fail("this format needs the fields to print, with -e", o->exporter->name);
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
		return option_fail("--capture", "it needs --fifo");
	o->record.file.path = e->fifo;
	o->record.what = RECORD_PDUS;
	o->quiet = true;
	return !e->filter || !*e->filter || option_of('f')->take(o, e->filter);
}

/* Others may write their keys to a terminal, as to /dev/stderr. What is typed there are no keys of TLS. */
static bool is_terminal(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISCHR(st.st_mode)) /* a pipe is opened once: its writer would see that close */
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool terminal = fd >= 0 && isatty(fd);
	if (fd >= 0)
		close(fd);
	return terminal;
}

const char *options_keylog(const struct options *o)
{
	const char *ours = getenv("ENVSCOPE_KEYLOG"), *usual = getenv("SSLKEYLOGFILE");
	const char *named = ours && *ours ? ours : usual;
	if (o->keylog)
		return o->keylog;
	return named && *named && !is_terminal(named) ? named : NULL;
}

static bool is_file(const struct stat *file, const char *name)
{
	struct stat other;
	int found = strcmp(name, "-") == 0 ? fstat(STDIN_FILENO, &other) : stat(name, &other);
	return found == 0 && file->st_dev == other.st_dev && file->st_ino == other.st_ino;
}

/* What of that which is read the file is, for people; NULL. Making it would empty what is to be read; and what is written to its end would
 * be read again, without end. */
static const char *read_there(const struct options *o, const char *path)
{
	struct stat file;
	const char *keylog = options_keylog(o);
	int there = strcmp(path, "-") == 0 ? fstat(STDOUT_FILENO, &file) : stat(path, &file);
	if (there != 0 || !S_ISREG(file.st_mode))
		return NULL;
	for (size_t i = 0; o->file && i < o->input_count; i++)
		if (is_file(&file, o->inputs[i]))
			return "the capture";
	return keylog && is_file(&file, keylog) ? "the key log" : NULL;
}

const char *options_uses(const struct options *o, const char *path)
{
	const char *written = o->record.file.path, *keylog = options_keylog(o);
	struct stat file;
	if (stat(path, &file) != 0)
		return NULL;
	if (written && is_file(&file, written))
		return "what -w writes.";
	return keylog && is_file(&file, keylog) ? "the key log that is read." : NULL;
}

/* Refuses to write to what is read. */
static bool check_written(const struct options *o, const char *path)
{
	char sentence[64];
	bool out = strcmp(path, "-") == 0;
	const char *what = read_there(o, path);
	if (!what)
		return true;
	snprintf(sentence, sizeof sentence, "-w %s %s that is read", out ? "- would add to" : "would overwrite", what);
	return option_fail(sentence, out ? "standard output" : path);
}

static bool check_record(struct options *o)
{
	const struct packet_file_options *f = &o->record.file;
	if (!f->path && (f->format || f->ring_bytes || f->ring_time || f->ring_files || o->record.what || o->record.hold))
		return option_fail("-F, -b, --pdu, -o write and -o hold are about a file", "they need -w");
	if (!f->path)
		return true;
	bool out = strcmp(f->path, "-") == 0;
	if (out && isatty(STDOUT_FILENO))
		return option_fail("-w -", "standard output is a terminal");
	if (out && (f->ring_bytes || f->ring_time))
		return option_fail("-b", "standard output can't be a ring of files");
	if (f->ring_files && !f->ring_bytes && !f->ring_time)
		return option_fail("-b files:N says how many files are kept", "filesize or duration must say when one is full");
	if (!f->ring_bytes && !f->ring_time && !check_written(o, f->path))
		return false;
	o->quiet = o->quiet || out;
	return true;
}

/* The filter that the text is; NULL, and why on standard error, if it is none. So is what is odd about it. */
static struct filter *new_filter(const struct options *o, const char *what, const char *text)
{
	struct buf why = { 0 };
	struct filter *f = filter_new(text, o->print.show_secrets, &why);
	const char *said = f ? filter_doubt(f) : buf_cstr(&why);
	if (said)
		fprintf(stderr, "envscope: %s: %s\n", what, said);
	buf_release(&why);
	return f;
}

static bool check_display(struct options *o)
{
	char error[512];
	if (!o->display || (o->display_filter = new_filter(o, "display filter", o->display)))
		return true;
	if (strchr(o->display, ' ') && packet_filter_check(o->display, error, sizeof error))
		fputs("envscope: as a capture filter it stands behind -f, or behind the options\n", stderr);
	return false;
}

static bool check_only(struct options *o)
{
	if (!o->proxy.what_if.only)
		return true;
	o->only_filter = new_filter(o, "--only", o->proxy.what_if.only);
	const char *unknown = o->only_filter ? filter_needs_all(o->only_filter) : NULL;
	if (unknown)
		return option_fail("--only is asked about a message before it goes on, and can't know", unknown);
	return o->only_filter != NULL;
}

/* What-ifs change messages of the protocol, and so go only where these pass. */
static bool check_what_if(struct options *o)
{
	const struct proxy_options *p = &o->proxy;
	if (!what_if_wanted(&p->what_if))
		return (!p->what_if.only && !p->what_if.on_given) ||
		       option_fail("--on and --only say what --delay, --drop-command, --reorder-seq and --duplicate-seq change",
				   "they need one of them");
	for (size_t i = 0; i < p->count; i++)
		if (!what_if_possible(&p->pairs[i].target))
			return option_fail("--delay, --drop-command, --reorder-seq and --duplicate-seq can change what goes to ws, wss, "
					   "grpc, grpcs, socket, tcp and pipe, not to",
					   proxy_scheme_name(p->pairs[i].target.scheme));
	return check_only(o);
}

/* A command that looks like one of the protocol's, misspelt, would be waited for in vain. */
static void doubt_command(const struct options *o)
{
	struct buf test = { 0 };
	buf_addf(&test, "command == \"%s\"", o->proxy.what_if.drop);
	if (*o->proxy.what_if.drop)
		filter_free(new_filter(o, "--drop-command", buf_cstr(&test)));
	buf_release(&test);
}

/* --proxy, and what only goes with it. */
static bool check_proxy(struct options *o)
{
	const struct proxy_options *p = &o->proxy;
	bool about = p->allow_count || p->cert || p->key || p->cacert || p->insecure || what_if_wanted(&p->what_if) || p->what_if.only ||
		     p->what_if.on_given;
	if (!p->count)
		return !about || option_fail("--allow, --cert, --key, --cacert, --insecure and the what-ifs are about the proxy",
					     "they need --proxy");
	if (o->file || o->interface)
		return option_fail("--proxy does not go with -r and -i", "it shows what passes through it");
	if (p->key && !p->cert)
		return option_fail("--key", "it needs --cert");
	if (!check_what_if(o))
		return false;
	doubt_command(o);
	if (o->checksums)
		return option_fail("-o checksums=check is about packets, and the proxy has none", "leave it out");
	return !o->filter.len || option_fail("a capture filter is for packets, and the proxy has none", "-Y filters messages");
}

/* What may be meant by words that are no capture filter: a value that stands behind a space, a display filter, a file that is not there. */
static void say_meant(const struct options *o, const char *words)
{
	struct buf why = { 0 };
	struct filter *f = filter_new(words, true, &why);
	bool file = o->no_file && !strchr(o->no_file, ' ') && (strpbrk(o->no_file, "./") || (!o->file && strcmp(o->no_file, words) == 0));
	if (o->behind_bare && (strcmp(o->behind_bare, words) == 0 || strchr(o->behind_bare, ':')))
		fprintf(stderr, "; a value of --%s is written --%s=%s", o->bare, o->bare, o->behind_bare);
	else if (f)
		fputs("; as a display filter it stands behind -Y", stderr);
	else if (file)
		fprintf(stderr, "; and there is no file %s", o->no_file);
	filter_free(f);
	buf_release(&why);
}

static bool check_filter(struct options *o)
{
	char error[512];
	if (!o->filter.len)
		return true;
	o->source.filter = buf_cstr(&o->filter);
	if (packet_filter_check(o->source.filter, error, sizeof error))
		return true;
	fprintf(stderr, "envscope: %s", error);
	say_meant(o, o->source.filter);
	fputc('\n', stderr);
	return false;
}

static bool check(struct options *o)
{
	if (o->action != ACTION_RUN && o->action != ACTION_LINKS)
		return true;
	if (o->file && o->interface) {
		fputs("envscope: -r and -i: read a file or capture live, one of the two\n", stderr);
		return false;
	}
	if (o->action == ACTION_LINKS && o->file)
		return option_fail("-L lists the link types of an interface (-i)", "it does not go with -r");
	if (!check_proxy(o) || !check_output(o) || !check_extcap(o) || !check_record(o))
		return false;
	if (!check_fields(o) || !check_display(o))
		return false;
	if (!o->extcap.capture) /* Wireshark would show it as a fault */
		option_say_useless(o);
	return check_filter(o);
}

/* getopt_long stopped at a word of the command line. */
static bool unusable(int code, const char *word)
{
	if (code == ':')
		return option_fail("this option needs an argument (envscope -h says which)", word);
	if (optopt >= LONG_BASE)
		return option_fail("this option takes no argument", word);
	return optopt ? option_unknown_letter((char)optopt) : option_unknown_name(word);
}

/* Behind "--" there are only words. */
static bool take_words(struct options *o, int count, char **words)
{
	for (int i = 0; i < count; i++)
		if (!take_word(o, words[i]))
			return false;
	return check(o);
}

/* The value of an option that may go without. A URL in the next word is one too: no file or capture filter looks like that. */
static const char *value_of(struct options *o, const struct option_entry *e, int argc, char **argv)
{
	bool bare = !optarg && e->argument && e->argument[0] == '[' && optind < argc;
	if (bare && strcmp(e->argument, "[=URL]") == 0 && strstr(argv[optind], "://"))
		return argv[optind++];
	o->bare = bare ? e->name : o->bare;
	o->behind_bare = bare ? argv[optind] : o->behind_bare;
	return optarg;
}

bool options_parse(struct options *o, int argc, char **argv)
{
	char letters[2 * OPTIONS_MAX + 3];
	struct option longs[OPTIONS_MAX + 1];
	*o = (struct options){ .source.promiscuous = true, .proxy.what_if.on = DIR_S2C, .fields.header = -1 };
	build(letters, longs);
	for (;;) {
		int at = optind ? optind : 1;
		int code = getopt_long(argc, argv, letters, longs, NULL);
		if (code == '?' || code == ':')
			return unusable(code, argv[optind - 1]);
		if (code == -1 && at < argc && strcmp(argv[at], "--") == 0)
			return take_words(o, argc - at - 1, argv + at + 1);
		if (code != -1) {
			const struct option_entry *e = option_of(code);
			if (!e->take(o, value_of(o, e, argc, argv)))
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
	filter_free(o->only_filter);
}
