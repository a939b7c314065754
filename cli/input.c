/*
 * The inputs that the options name become one source, and what they say of keys becomes a key log, which secrets in a pcapng go to as well.
 * A device is opened with the rights that envscope was started with; the key log file comes after, with those that are left.
 */
#include "cli/input.h"

#include "cli/privileges.h"
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Decryption secrets of a pcapng. */
static void take_secrets(void *user, uint32_t format, struct slice bytes)
{
	static const uint32_t tls_key_log = 0x544c534b;
	if (format == tls_key_log)
		keylog_feed(user, bytes);
}

static void expect_secrets(void *user)
{
	keylog_expect(user);
}

/* The proxy says where it listens. From then on a signal has to end it in order: a pipe's socket stands in the file system, clients come. */
static void say_listening(void *user, const char *line)
{
	(void)user;
	signals_install();
	fprintf(stderr, "envscope: %s\n", line);
}

static bool give_up_root(void *user)
{
	const struct options *o = user;
	return privileges_drop(o->user, true);
}

/* All files or interfaces as one source; NULL, with a sentence, if one of them can't be opened. */
static struct source *open_all(const struct options *o, const struct source_options *how, char *error, size_t room)
{
	static const char *const any[] = { "any" };
	const char *const *names = o->input_count ? o->inputs : any;
	size_t count = o->input_count ? o->input_count : 1, opened = 0;
	struct source *sources[FILES_MAX];
	for (; opened < count; opened++) {
		const char *name = names[opened];
		sources[opened] = o->file ? source_open_file(name, how, error, room) : source_open_live(name, how, error, room);
		if (!sources[opened])
			break;
	}
	if (opened == count)
		return source_merge(sources, count);
	while (opened)
		source_free(sources[--opened]);
	return NULL;
}

bool input_open(struct input *in, struct options *o)
{
	char error[1024] = "";
	in->keylog = keylog_new();
	o->source.secrets = take_secrets;
	o->source.section = expect_secrets;
	o->source.secrets_user = in->keylog;
	in->chooser = chooser_new(o);
	o->proxy.give_up_root = give_up_root;
	o->proxy.user = o;
	if (o->proxy.count)
		in->source = source_open_proxy(&o->proxy, say_listening, NULL, error, sizeof error);
	else
		in->source = open_all(o, &o->source, error, sizeof error);
	if (!in->source && *error)
		fprintf(stderr, "envscope: %s\n", error);
	return in->source != NULL;
}

/* A file that was only named by the environment need not be there. Live and without one, nothing waits for keys. */
bool input_open_keylog(struct input *in, const struct options *o)
{
	const char *path = options_keylog(o);
	bool live = source_is_live(in->source);
	if (live && o->keylog && access(path, R_OK) != 0)
		fprintf(stderr, "envscope: --keylog: %s: %s; it is read as soon as it can be\n", path, strerror(errno));
	if (!path && !o->file) {
		keylog_free(in->keylog);
		in->keylog = NULL;
		return true;
	}
	if (keylog_open(in->keylog, path, live) || !o->keylog)
		return true;
	fprintf(stderr, "envscope: --keylog: %s: %s\n", path, strerror(errno));
	return false;
}

void input_release(struct input *in, bool taken)
{
	if (!taken)
		source_free(in->source);
	keylog_free(in->keylog);
	chooser_free(in->chooser);
}

bool input_is_files(const struct input *in, const struct options *o)
{
	for (size_t i = 0; i < o->input_count; i++)
		if (strcmp(o->inputs[i], "-") == 0)
			return false;
	return o->file && !source_is_live(in->source);
}

bool input_open_again(const struct options *o, struct second_reading *out, char *error, size_t room)
{
	struct source_options how = o->source;
	*out = (struct second_reading){ .keylog = keylog_new(),
					.no_reply = o->no_reply,
					.messages = o->record.file.path ? 0 : o->messages, /* with -w, -c counts what is written */
					.capture = { .decode_as = o->decode_as,
						     .decode_as_count = o->decode_as_count,
						     .checksums = o->checksums,
						     .span = o->duration,
						     .threads = 1 } };
	how.secrets_user = out->keylog;
	keylog_open(out->keylog, options_keylog(o), false);
	out->source = open_all(o, &how, error, room);
	if (!out->source)
		keylog_free(out->keylog);
	return out->source != NULL;
}
