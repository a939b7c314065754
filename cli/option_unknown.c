/*
 * What is said of an option that there is not: what is there instead, of the letters that who comes from tcpdump, tshark or sngrep may type; the
 * options that begin so; or the one that was meant.
 */
#include "cli/option_part.h"

#include "base/suggest.h"

bool option_unknown_letter(char letter)
{
	static const struct {
		const char *letters, *instead;
	} theirs[] = {
		{ "AxX", "-V prints every field, and the screens show the bytes of each" },
		{ "CGW", "-b filesize:KB, duration:S and files:N make a ring of files" },
		{ "R", "-Y is the display filter" },
		{ "I", "-r FILE reads a capture, -i IFACE makes one" },
		{ "O", "-w FILE writes the packets, -V prints every field" },
		{ "kK", "--keylog FILE names the TLS secrets" },
		{ "u", "-t chooses the form of times" },
	};
	const char *instead = "envscope -h lists them";
	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
		if (strchr(theirs[i].letters, letter))
			instead = theirs[i].instead;
	fprintf(stderr, "envscope: no such option (%s): -%c\n", instead, letter);
	return false;
}

/* Those for other programs only are not. */
static bool is_offered(const struct option_entry *e)
{
	return e->name && e->help;
}

/* The options that begin so: what was typed is short for none of them. False if there is none. */
static bool say_ambiguous(struct slice typed)
{
	const struct option_entry *e;
	bool any = false;
	for (size_t i = 0; (e = option_at(i)); i++) {
		if (!is_offered(e) || !slice_eq(slice_head(slice_str(e->name), typed.len), typed))
			continue;
		fprintf(stderr, "%s --%s", any ? "," : "envscope: several options begin so:", e->name);
		any = true;
	}
	if (any)
		fputc('\n', stderr);
	return any;
}

bool option_unknown_name(const char *word)
{
	const char *name = word + strspn(word, "-");
	struct suggestion near = { .typed = slice_of(name, strcspn(name, "=")) };
	const struct option_entry *e;
	if (near.typed.len && say_ambiguous(near.typed))
		return false;
	for (size_t i = 0; (e = option_at(i)); i++)
		if (is_offered(e))
			suggestion_offer(&near, e->name);
	if (near.best)
		fprintf(stderr, "envscope: no such option (did you mean --%s?): %s\n", near.best, word);
	else
		fprintf(stderr, "envscope: no such option (envscope -h lists them): %s\n", word);
	return false;
}
