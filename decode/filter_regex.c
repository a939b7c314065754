/*
 * Regular expressions for `matches`: PCRE2, compiled to machine code where that is possible.
 *
 * As in Wireshark, case does not matter unless the pattern says (?-i). Patterns and texts may be made to take for ever. PCRE2's own limits
 * are not enough: machine code does not count the steps of .*.* in them, and all are counted anew from each place where a match could begin.
 * Hence the pattern is compiled with a callout before each of its items, and these look at the clock now and then, the sooner the longer
 * the text, since one item may run through all of it.
 */
#include "decode/filter_part.h"

#include "base/xalloc.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <time.h>

enum {
	MATCH_LIMIT = 1000000,
	HEAP_LIMIT_KIB = 16384,
	STACK_FIRST = 32 << 10,
	STACK_MOST = 1 << 20,
	NEST_LIMIT = 100,
	STEPS = 1 << 16,   /* between two looks at the clock */
	STEP_BYTES = 4096, /* an item counts as one step, and as one more for so many bytes of the text */
	TIME_MOST_MS = 200,
};

struct regex {
	struct regex *next;
	pcre2_code *code;
	pcre2_match_context *context;
	pcre2_match_data *data;
	pcre2_jit_stack *stack; /* NULL without JIT */
	size_t weight, steps;   /* of an item of the pattern; since the clock was last looked at */
	int64_t began;          /* ms, when it was first looked at; 0: not yet */
};

static void *take(size_t n, void *user)
{
	(void)user;
	return xmalloc(n);
}

static void give(void *p, void *user)
{
	(void)user;
	free(p);
}

static pcre2_code *compile(pcre2_general_context *memory, struct slice pattern, int *error, size_t *offset)
{
	const uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
	pcre2_compile_context *c = pcre2_compile_context_create(memory);
	pcre2_set_parens_nest_limit(c, NEST_LIMIT);
	pcre2_code *code = pcre2_compile(pattern.at, pattern.len, options, error, offset, c);
	pcre2_compile_context_free(c);
	return code;
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Called before each item of the pattern that is tried. */
static int callout(pcre2_callout_block *block, void *user)
{
	struct regex *r = user;
	(void)block;
	r->steps += r->weight;
	if (r->steps < STEPS)
		return 0;
	int64_t now = now_ms();
	r->steps = 0;
	if (!r->began)
		r->began = now;
	return now - r->began > TIME_MOST_MS ? PCRE2_ERROR_CALLOUT : 0;
}

static struct regex *prepare(pcre2_general_context *memory, pcre2_code *code)
{
	struct regex *r = xcalloc(1, sizeof *r);
	r->code = code;
	r->context = pcre2_match_context_create(memory);
	r->data = pcre2_match_data_create(1, memory);
	pcre2_set_callout(r->context, callout, r);
	pcre2_set_match_limit(r->context, MATCH_LIMIT);
	pcre2_set_heap_limit(r->context, HEAP_LIMIT_KIB);
	if (pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0)
		r->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MOST, memory);
	if (r->stack)
		pcre2_jit_stack_assign(r->context, NULL, r->stack);
	return r;
}

struct regex *regex_new(struct slice pattern, char **why, size_t *offset)
{
	char message[256] = "";
	int error;
	struct regex *r = NULL;
	pcre2_general_context *memory = pcre2_general_context_create(take, give, NULL);
	pcre2_code *code = compile(memory, pattern, &error, offset);
	if (code) {
		r = prepare(memory, code);
	} else {
		pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
		*why = xstrdup(message);
	}
	pcre2_general_context_free(memory);
	return r;
}

static void regex_free(struct regex *r)
{
	pcre2_match_data_free(r->data);
	pcre2_match_context_free(r->context);
	if (r->stack)
		pcre2_jit_stack_free(r->stack);
	pcre2_code_free(r->code);
	free(r);
}

enum regex_answer regex_match(struct regex *r, struct slice text)
{
	struct slice in = text.at ? text : slice_str("");
	r->weight = 1 + in.len / STEP_BYTES;
	r->steps = 0;
	r->began = 0;
	int rc = pcre2_match(r->code, in.at, in.len, 0, 0, r->data, r->context);
	return rc >= 0 ? REGEX_YES : rc == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_GIVEN_UP;
}

void regex_keep(struct regex **list, struct regex *r)
{
	r->next = *list;
	*list = r;
}

void regex_free_all(struct regex *list)
{
	while (list) {
		struct regex *next = list->next;
		regex_free(list);
		list = next;
	}
}
