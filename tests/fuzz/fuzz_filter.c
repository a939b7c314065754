/*
 * The display filter: any text is made into a filter and asked about each message of a small session, and about bytes that are no
 * message; or is an error whose mark lies under the text. The text ends at a NUL; bytes behind it stand for a message. The session is made
 * once and kept: libFuzzer has no place for a context.
 */
#include "decode/filter.h"
#include "tests/filter_session.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
