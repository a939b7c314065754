/*
 * The display filter: any text is made into a filter and asked about each message of a small session, and about bytes that are no
 * message; or is an error whose mark lies under the text. The text ends at a NUL; bytes behind it stand for a message. The session is made
 * once and kept: libFuzzer has no place for a context.
 */
#include "decode/filter.h"
#include "tests/filter_session.h"
#include "tests/fuzz/words.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void demand(bool good)
{
	if (!good)
		abort();
}

static void ask(struct filter_session *f, struct filter *filter, struct slice bytes)
{
	for (uint32_t n = 0; n <= FILTER_SESSION_MESSAGES + 1; n++) {
		bool match = filter_match(filter, f->session, n, slice_of(NULL, 0));
		demand(!match || (n && n <= FILTER_SESSION_MESSAGES));
		demand(n > FILTER_SESSION_MESSAGES || match == filter_match(filter, f->session, n, buf_slice(&f->bytes[n])));
		if (bytes.len)
			filter_match(filter, f->session, n, bytes);
	}
}

/* One line of sentence, the text, a mark. */
static void check_error(struct buf *error)
{
	int lines = 0;
	for (size_t i = 0; i < error->len; i++) {
		lines += error->at[i] == '\n';
		demand(error->at[i] >= ' ' || error->at[i] == '\n');
	}
	demand(lines == 2 && error->at[error->len - 1] != '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct filter_session f;
	struct buf error = { 0 };
	if (!f.session)
		filter_session_init(&f);
	if (!size || size > 4096)
		return 0;
	char *text = malloc(size);
	demand(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	size_t len = strlen(text);
	struct filter *filter = filter_new(text, data[0] & 1, &error);
	if (filter)
		ask(&f, filter, slice_skip(slice_of(data, size), len + 2));
	else
		check_error(&error);
	filter_free(filter);
	buf_release(&error);
	free(text);
	return 0;
}

/* A field, what it is compared with, and how: mostly a whole comparison. */
static void word(struct buf *out, uint64_t *seed)
{
	static const char *const operators[] = { "==",      "!=",   "<", "<=", ">",   ">=",  "contains",
						 "matches", "in {", "~", "eq", "===", "!==", "&" };
	static const char *const values[] = {
		"3",           "-1",    "0.25",  "\"query\"", "\"(a+)+b\"", "true",        "\"2026-01-02\"", "192.0.2.0/24",
		"2001:db8::1", "10:20", "1..5}", "3, 4}",     "/a|b/",      "\"hunter2\"", "0x1f",           "1e3",
		"5ms",
	};
	static const char *const glue[] = { " && ", " || ", " and not ", "(",    ")",      " !",     "{",     "}",
					    ", ",   "any ", "all ",      "len(", "lower(", "upper(", "count(" };
	static const char *const paths[] = { ".name", "[0]", ".x[1].y", "._type", ".data", ".nested.x[0].y", ".deep.k[1].password", ".*" };
	static struct schema *schema; /* made once: libFuzzer has no place for a context */
	if (!schema)
		schema = schema_new();
	if (chance(seed, 4) == 0)
		buf_add_str(out, glue[chance(seed, sizeof glue / sizeof *glue)]);
	size_t fields = 0, aliases = 0;
	const char *name;
	while (filter_field_at(fields))
		fields++;
	while (filter_alias_at(aliases, &name))
		aliases++;
	const struct filter_field *field = filter_field_at(chance(seed, (uint32_t)fields));
	if (chance(seed, 8) == 0)
		buf_add_str(out, filter_alias_at(chance(seed, (uint32_t)aliases), &name));
	else if (chance(seed, 4) == 0)
		buf_addf(out, "%s%s", schema_short(schema, (type_id)(1 + chance(seed, schema_types(schema)))), paths[chance(seed, 8)]);
	else
		buf_addf(out, "%s%s", field->name, field->type == FILTER_DATA && chance(seed, 2) ? paths[chance(seed, 8)] : "");
	const char *value = filter_word_at(field, schema, (int)chance(seed, 30));
	if (chance(seed, 3))
		buf_addf(out, " %s %s", operators[chance(seed, sizeof operators / sizeof *operators)],
			 value && chance(seed, 2) ? value : values[chance(seed, sizeof values / sizeof *values)]);
	if (chance(seed, 3) == 0)
		buf_add_str(out, glue[chance(seed, sizeof glue / sizeof *glue)]);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return words_mutate(word, 1, data, size, max_size, seed);
}
