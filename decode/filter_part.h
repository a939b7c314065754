/* What the files of the display filter share; not for others. */
#ifndef DECODE_FILTER_PART_H
#define DECODE_FILTER_PART_H

#include "decode/filter.h"
#include "decode/forms.h"

enum {
	FILTER_TEXT_MAX = 16384,          /* bytes of a filter */
	FILTER_NESTING_MAX = 100,         /* parentheses and nots within each other */
	FILTER_STEPS_MAX = 32,            /* steps of a path */
	FILTER_MEMORY_MAX = 8 << 20,      /* bytes of a tree of tests */
	FILTER_DISSECTION_MAX = 64 << 20, /* bytes of a dissection */
};

/* Tokens (filter_lex.c). */

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_OPERATOR,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_SET,
	TOKEN_SET_END,
	TOKEN_COMMA,
	TOKEN_BAD
};

enum test_op { TEST_PRESENT, TEST_EQ, TEST_NE, TEST_LT, TEST_LE, TEST_GT, TEST_GE, TEST_CONTAINS, TEST_MATCHES, TEST_IN };

struct token {
	enum token_kind kind;
	enum test_op op;   /* OPERATOR */
	size_t at;         /* offset in the text */
	struct slice text; /* as it stands there; of a STRING what is between the quotes */
	const char *fault; /* BAD: a sentence */
};

/* The token at or after offset `at`. */
struct token filter_lex(struct slice text, size_t at);
/* Bytes that it takes in the text. */
size_t token_len(const struct token *t);

/* The tree. */

struct address {
	uint8_t family, bytes[16];
	int bits; /* of it that count */
	int port; /* -1: any */
};

/* What a text can be taken for: bits. */
enum { KIND_NUMBER = 1, KIND_TEXT = 2, KIND_TIME = 4, KIND_YES_NO = 8, KIND_BYTES = 16, KIND_MESSAGE = 32, KIND_ANY = 64 };

struct literal {
	struct literal *next;
	unsigned kinds;
	long double number; /* NUMBER; of seconds: ns; YES_NO: 0 or 1 */
	int64_t time;       /* TIME, ns */
	struct slice text;  /* TEXT */
	struct address address;
};

struct step {
	struct step *next;
	struct slice name; /* with a NUL behind it */
	bool is_index;     /* [3]: the element of that number; else the field or key of that name */
	bool quoted;       /* ["any key"]: need not be in the schema */
	uint64_t index;
	size_t at; /* where it stands in the filter */
};

struct path {
	struct step *first;
	unsigned kinds; /* of what it may lead to */
	bool *types;    /* by type_id: the payload may have the first step */
	type_id within; /* begins at every message of that type, wherever in the payload; 0: at the payload */
};

struct regex;

struct test {
	const struct field *field;
	enum test_op op;
	struct literal *literals; /* one, or for IN any number */
	struct regex *regex;      /* MATCHES */
	struct path *path;        /* of a DATA field with a path; else NULL */
	bool *truth;              /* WORD: the answer for each of its words; */
	int words;                /* so many */
	uint32_t mask;            /* WORDS: those that match */
};

enum expr_kind { EXPR_ALL, EXPR_ANY, EXPR_NOT, EXPR_TEST };

struct expr {
	enum expr_kind kind;
	enum filter_need need;
	struct expr *child, *next; /* ALL, ANY: children, those that need least first; NOT: one */
	struct test test;
};

struct filter {
	struct arena arena;
	struct schema *schema;
	bool show_secrets;
	bool revised;          /* a field that may be is asked for */
	bool of_pair;          /* likewise */
	const char *of_all;    /* such a field; NULL */
	struct expr *root;     /* NULL: everything matches */
	struct regex *regexes; /* to be freed */
	int64_t start;
	uint64_t given_up;
	struct buf doubt; /* what filter_doubt says */
	struct dissection dissection;
	struct form form;
	struct buf bytes, text; /* scratch */
};

/* A message that is being looked at. */
struct look {
	struct filter *f;
	const struct session *s;
	uint32_t n;
	const struct record *r;
	struct slice bytes;
	bool has_bytes, has_envelope, has_tree;
};

/* Fields (filter_fields.c). */

struct field {
	struct filter_field pub; /* first */
	/* By type. A number's values, at most two; how many there are. */
	int (*number)(struct look *l, int64_t out[2]);
	/* at NULL: there is none. */
	struct slice (*text)(struct look *l);
	/* A word as it was sent, where that may be written otherwise than in the list; empty where it is not. NULL: it never is. */
	struct slice (*sent)(struct look *l);
	/* The number of its word; -1 for none, and WORD_OTHER for one that is not in the list: text() tells. */
	int (*word)(struct look *l);
	uint32_t (*set)(struct look *l);
	int (*ends)(struct look *l, const struct endpoint *out[2]);
	/* The i-th word, NULL behind the last. */
	const char *(*words)(const struct schema *s, int i);
	/* Present and not empty, where the record tells more quickly; or NULL. */
	bool (*present)(const struct record *r);
	bool ordered; /* the words have an order */
	bool textual; /* an address that can be taken as text, with its port */
	bool open;    /* there are other words too */
	bool revised; /* later messages can change it (struct session_revision) */
	bool of_pair; /* its value depends on messages of the other direction of its connection, */
	bool of_all;  /* or on any others */
};

enum { WORD_OTHER = -2 };

/* The field of that name or alias; NULL if there is none. */
const struct field *field_named(struct slice name);

/* The field that a name without the prefix openiap. means, which stands at offset `at` (filter_parse.c), and *path behind it, NULL for none.
 * NULL after an error. */
struct parser;
const struct field *parse_name(struct parser *p, struct slice name, size_t at, struct path **path);

/* The parser (filter_parse.c), and what reads the parts of a test for it. */

struct parser {
	struct filter *f;
	struct slice text;
	struct token token; /* the next one */
	int nesting;
	struct buf *error;
	bool failed;
};

/* Parses the text into f->root. False after an error, which is in *error. */
bool filter_parse(struct filter *f, struct slice text, struct buf *error);
/* An error at that place; only the first one counts. Always false. */
bool parse_fail(struct parser *p, size_t at, size_t len, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Something at that place is no error, but hardly what was meant (filter_doubt); only the first one counts. */
void parse_doubt(struct parser *p, size_t at, size_t len, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* n zeroed bytes of the filter; NULL after an error. */
void *parse_take(struct parser *p, size_t n);

/* The literal that a token is for the test's field (filter_value.c); NULL after an error. */
struct literal *parse_literal(struct parser *p, const struct test *t, const struct token *token);
/* The text of a string token without its escapes, with a NUL behind it; at NULL after an error. */
struct slice parse_string(struct parser *p, const struct token *token, bool regex);

/* A path from the text behind "data" or behind the short name of a message (filter_path.c), which stands at offset `at`; within: that
 * message's type, else 0. NULL after an error. */
struct path *parse_path(struct parser *p, type_id within, struct slice text, size_t at);
/* The name that the path ends in, but for numbers of elements. */
struct slice path_name(const struct path *p);
/* Does any message of the schema have a field of that name at its top? */
bool path_top_name(const struct schema *s, struct slice name);

/* What a path leads to in a tree, which may grow on the way. */
struct path_walk {
	struct dissection *tree;
	bool in_place; /* JSON in strings need not become part of the tree: leaf may get a node of the value alone, and the same one again */
	bool (*leaf)(void *user, const struct node *n); /* true: enough seen */
	void *user;
};
bool path_walk(const struct path *path, const struct node *payload, const struct path_walk *w);
/* The same in the JSON of a string, from a step on, without a tree (filter_json.c). TREE: that needs one, whatever was told so far. */
enum path_answer { PATH_NO, PATH_YES, PATH_TREE };
enum path_answer path_json(const struct path_walk *w, struct slice text, const struct step *s);

/* Regular expressions (filter_regex.c). */

/* NULL if it can't be used: then *why is a sentence to be freed and *offset where in the pattern. */
struct regex *regex_new(struct slice pattern, char **why, size_t *offset);
enum regex_answer { REGEX_NO, REGEX_YES, REGEX_GIVEN_UP };
enum regex_answer regex_match(struct regex *r, struct slice text);
/* A list of them, to be freed together. */
void regex_keep(struct regex **list, struct regex *r);
void regex_free_all(struct regex *list);

/* Tests on values (filter_test.c). NE is told like EQ: that it is none of a field's values is for the caller. */

bool test_number(const struct test *t, long double v);
bool test_time(const struct test *t, int64_t v);
bool test_text(struct filter *f, const struct test *t, struct slice v);
bool test_word(struct filter *f, const struct test *t, struct slice word);
bool test_endpoint(struct filter *f, const struct test *t, const struct endpoint *e);
/* Equal but for the case of ASCII letters. */
bool same_word(struct slice a, struct slice b);
/* Is the part in the text? An empty one is in every text. */
bool has_part(struct slice text, struct slice part);
/* Does a value that is so far above (below: negative) the literal pass? */
bool test_order(enum test_op op, int sign);

/* Looking at a message (filter.c): its view; the payload's tree, NULL for none. Each is made when first asked for. */
const struct envelope *look_envelope(struct look *l);
const struct node *look_payload(struct look *l);

#endif
