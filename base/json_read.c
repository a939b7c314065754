/*
 * The JSON reader. Values are skipped over by one scanner without recursion: it keeps the kinds of the open brackets, a bit each,
 * and what may come next. Everything is checked while it is skipped, the way RFC 8259 has it: numbers, escapes, control characters,
 * and UTF-8 in strings is left to those who show it.
 *
 * Where a text ends within a value the scanner says CUT, with all that is there; where it can't go on, BAD.
 */
#include "base/json_read.h"

#include "base/digit.h"
#include "base/text.h"

enum scan { GOOD, CUT, BAD };

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static struct slice skip_space(struct slice s)
{
	while (s.len && is_space(s.at[0]))
		s = slice_skip(s, 1);
	return s;
}

/* What is behind a backslash; moves *i past it. */
static enum scan scan_escape(struct slice s, size_t *i)
{
	if (*i == s.len)
		return CUT;
	uint8_t c = s.at[(*i)++];
	if (c != 'u')
		return c && strchr("\"\\/bfnrt", c) ? GOOD : BAD;
	for (int digit = 0; digit < 4; digit++, (*i)++) {
		if (*i == s.len)
			return CUT;
		if (hex_digit(s.at[*i]) < 0)
			return BAD;
	}
	return GOOD;
}

/* A string from its opening quote on. */
static enum scan scan_string(struct slice s, size_t *len)
{
	size_t i = 1;
	enum scan status = GOOD;
	while (status == GOOD && i < s.len && s.at[i] != '"') {
		uint8_t c = s.at[i++];
		if (c == '\\')
			status = scan_escape(s, &i);
		else if (c < ' ')
			status = BAD;
	}
	*len = i < s.len ? i + 1 : s.len;
	return status == GOOD && i == s.len ? CUT : status;
}

static size_t digits(struct slice s, size_t i)
{
	size_t from = i;
	while (i < s.len && is_digit(s.at[i]))
		i++;
	return i - from;
}

/* A number; what follows it tells where it ends, so that one at the end of a text may be cut. */
static enum scan scan_number(struct slice s, size_t *len)
{
	size_t i = s.at[0] == '-', n = digits(s, i);
	bool whole = n && !(n > 1 && s.at[i] == '0');
	i += n;
	if (n && i < s.len && s.at[i] == '.') {
		n = digits(s, ++i);
		whole = whole && n;
		i += n;
	}
	if (n && i < s.len && (s.at[i] == 'e' || s.at[i] == 'E')) {
		i++;
		i += i < s.len && (s.at[i] == '+' || s.at[i] == '-');
		n = digits(s, i);
		whole = whole && n;
		i += n;
	}
	*len = i;
	return i == s.len ? CUT : whole ? GOOD : BAD;
}

static enum scan scan_word(struct slice s, const char *word, size_t *len)
{
	size_t n = strlen(word);
	*len = n < s.len ? n : s.len;
	if (memcmp(s.at, word, *len) != 0)
		return BAD;
	return *len < n ? CUT : GOOD;
}

static enum json_read_kind kind_at(uint8_t c)
{
	switch (c) {
	case '{': return JSON_READ_OBJECT;
	case '[': return JSON_READ_ARRAY;
	case '"': return JSON_READ_STRING;
	case 't': return JSON_READ_TRUE;
	case 'f': return JSON_READ_FALSE;
	case 'n': return JSON_READ_NULL;
	default: return c == '-' || is_digit(c) ? JSON_READ_NUMBER : JSON_READ_NONE;
	}
}

/* A value that has no others in it. */
static enum scan scan_plain(struct slice s, size_t *len)
{
	switch (kind_at(s.at[0])) {
	case JSON_READ_STRING: return scan_string(s, len);
	case JSON_READ_NUMBER: return scan_number(s, len);
	case JSON_READ_TRUE: return scan_word(s, "true", len);
	case JSON_READ_FALSE: return scan_word(s, "false", len);
	case JSON_READ_NULL: return scan_word(s, "null", len);
	default: *len = 0; return BAD;
	}
}

/* The open brackets around a place, and what may stand there. */
struct nest {
	uint64_t object[JSON_READ_DEPTH / 64]; /* bit i: the i-th is a brace */
	unsigned depth;
	enum expect { VALUE, VALUE_OR_END, KEY, KEY_OR_END, COLON, COMMA_OR_END } expect;
};

static bool in_object(const struct nest *n)
{
	unsigned top = n->depth - 1;
	return n->object[top / 64] >> top % 64 & 1;
}

static enum scan open_bracket(struct nest *n, bool object)
{
	if ((n->expect != VALUE && n->expect != VALUE_OR_END) || n->depth == JSON_READ_DEPTH)
		return BAD;
	uint64_t bit = UINT64_C(1) << n->depth % 64;
	uint64_t *word = &n->object[n->depth++ / 64];
	*word = object ? *word | bit : *word & ~bit;
	n->expect = object ? KEY_OR_END : VALUE_OR_END;
	return GOOD;
}

static enum scan close_bracket(struct nest *n, bool object)
{
	enum expect empty = object ? KEY_OR_END : VALUE_OR_END;
	if (in_object(n) != object || (n->expect != empty && n->expect != COMMA_OR_END))
		return BAD;
	n->depth--;
	n->expect = COMMA_OR_END;
	return GOOD;
}

/* A string, number or word, where a value or a key may stand. */
static enum scan take_plain(struct nest *n, struct slice s, size_t *len)
{
	bool key = n->expect == KEY || n->expect == KEY_OR_END;
	if (n->expect == COLON || n->expect == COMMA_OR_END || (key && s.at[0] != '"'))
		return BAD;
	n->expect = key ? COLON : COMMA_OR_END;
	return scan_plain(s, len);
}

/* One token inside brackets. */
static enum scan take_token(struct nest *n, struct slice s, size_t *len)
{
	*len = 1;
	switch (s.at[0]) {
	case '{': return open_bracket(n, true);
	case '[': return open_bracket(n, false);
	case '}': return close_bracket(n, true);
	case ']': return close_bracket(n, false);
	case ':':
		if (n->expect != COLON)
			return BAD;
		n->expect = VALUE;
		return GOOD;
	case ',':
		if (n->expect != COMMA_OR_END)
			return BAD;
		n->expect = in_object(n) ? KEY : VALUE;
		return GOOD;
	default: return take_plain(n, s, len);
	}
}

/* The value at the front of s (not a space); *len: its bytes, or those up to the fault. */
static enum scan scan_value(struct slice s, size_t *len)
{
	struct nest n = { .expect = VALUE };
	size_t i = 0, token;
	enum scan status = GOOD;
	do {
		while (i < s.len && is_space(s.at[i]))
			i++;
		if (i == s.len) {
			status = CUT;
			break;
		}
		status = take_token(&n, slice_skip(s, i), &token);
		i += status == BAD ? 0 : token;
	} while (status == GOOD && n.depth);
	*len = i;
	return status;
}

/* The value at the front of *rest, which moves behind it. */
static struct json_value take_value(struct slice *rest)
{
	size_t len = 0;
	struct json_value v = { JSON_READ_NONE, false, { NULL, 0 } };
	*rest = skip_space(*rest);
	if (!rest->len)
		return v;
	bool bracket = rest->at[0] == '{' || rest->at[0] == '[';
	enum scan status = bracket ? scan_value(*rest, &len) : scan_plain(*rest, &len);
	if (status == BAD)
		return v;
	v = (struct json_value){ kind_at(rest->at[0]), status == CUT, slice_head(*rest, len) };
	*rest = slice_skip(*rest, len);
	return v;
}

/* Is a number that ends with its text one? */
static bool number_is_whole(struct slice text)
{
	size_t first = text.at[0] == '-';
	bool zero = text.len > first + 1 && text.at[first] == '0' && is_digit(text.at[first + 1]);
	return is_digit(text.at[text.len - 1]) && !zero;
}

struct json_value json_read(struct slice text)
{
	struct json_value v = take_value(&text);
	if (v.kind == JSON_READ_NUMBER && v.cut)
		v.cut = !number_is_whole(v.text);
	if (skip_space(text).len)
		v.kind = JSON_READ_NONE;
	return v;
}

struct json_walk json_walk(struct slice text)
{
	text = skip_space(text);
	bool object = text.len && text.at[0] == '{', array = text.len && text.at[0] == '[';
	struct json_walk w = { slice_skip(text, 1), object, true, !object && !array, false };
	return w;
}

/* The comma, or the closing bracket: true if another member follows. */
static bool go_on(struct json_walk *w)
{
	w->rest = skip_space(w->rest);
	if (!w->rest.len) {
		w->cut = true;
		return false;
	}
	bool end = w->rest.at[0] == (w->object ? '}' : ']');
	if (!end && !w->first && w->rest.at[0] != ',') {
		w->bad = true;
		return false;
	}
	if (end || !w->first)
		w->rest = slice_skip(w->rest, 1);
	w->first = false;
	return !end;
}

static bool take_key(struct json_walk *w, struct slice *key)
{
	w->rest = skip_space(w->rest);
	if (!w->rest.len) {
		w->cut = true;
		return false;
	}
	struct json_value v = w->rest.at[0] == '"' ? take_value(&w->rest) : (struct json_value){ .kind = JSON_READ_NONE };
	w->rest = skip_space(w->rest);
	w->cut = v.kind == JSON_READ_STRING && (v.cut || !w->rest.len);
	w->bad = v.kind != JSON_READ_STRING || (w->rest.len && w->rest.at[0] != ':');
	w->rest = slice_skip(w->rest, 1);
	*key = json_inner(&v);
	return !w->cut && !w->bad;
}

bool json_next(struct json_walk *w, struct slice *key, struct json_value *out)
{
	struct slice name = { NULL, 0 };
	if (w->bad || w->cut || !w->rest.at || !go_on(w))
		return false;
	if (w->object && !take_key(w, &name))
		return false;
	if (key)
		*key = name;
	*out = take_value(&w->rest);
	if (out->kind == JSON_READ_NONE) {
		w->bad = w->rest.len > 0;
		w->cut = !w->bad;
		return false;
	}
	w->cut = out->cut;
	return true;
}

bool json_walk_whole(const struct json_walk *w)
{
	return !w->bad && !w->cut && skip_space(w->rest).len == 0;
}

struct slice json_inner(const struct json_value *string)
{
	struct slice inner = slice_skip(string->text, 1);
	if (!string->cut && inner.len)
		inner.len--;
	return inner;
}

/* The unit of UTF-16 that a \uXXXX at the front of s stands for; -1 if there is none. */
static int32_t unit_at(struct slice s)
{
	if (s.len < 6 || s.at[0] != '\\' || s.at[1] != 'u')
		return -1;
	int32_t unit = 0;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(s.at[i]);
		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* Appends what the escape at the front of s stands for; returns its length. */
static size_t undo_escape(struct buf *out, struct slice s)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	int32_t unit = unit_at(s);
	if (unit < 0) {
		const char *known = s.len > 1 && s.at[1] ? strchr(from, s.at[1]) : NULL;
		if (s.len > 1 && s.at[1] != 'u')
			buf_add_byte(out, known ? (uint8_t)to[known - from] : s.at[1]);
		return s.len > 1 && s.at[1] == 'u' ? s.len : 2;
	}
	int32_t low = (unit & 0xfc00) == 0xd800 ? unit_at(slice_skip(s, 6)) : -1;
	if (low >= 0 && (low & 0xfc00) == 0xdc00) {
		text_add_point(out, 0x10000u + ((uint32_t)unit - 0xd800u) * 0x400u + ((uint32_t)low - 0xdc00u));
		return 12;
	}
	text_add_point(out, (unit & 0xf800) == 0xd800 ? TEXT_REPLACEMENT : (uint32_t)unit);
	return 6;
}

void json_unescape(struct buf *out, struct slice inside)
{
	while (inside.len) {
		const uint8_t *back = memchr(inside.at, '\\', inside.len);
		size_t plain = back ? (size_t)(back - inside.at) : inside.len;
		buf_add(out, slice_head(inside, plain));
		inside = slice_skip(inside, plain);
		if (inside.len)
			inside = slice_skip(inside, undo_escape(out, inside));
	}
}

bool json_key_is(struct slice key, const char *name)
{
	enum { ESCAPE = 6 /* the longest way to write a letter */ };
	if (!key.len || key.len > ESCAPE * strlen(name) || !memchr(key.at, '\\', key.len))
		return slice_is(key, name);
	struct buf plain = { 0 };
	json_unescape(&plain, key);
	bool same = slice_is(buf_slice(&plain), name);
	buf_release(&plain);
	return same;
}

bool json_read_integer(const struct json_value *number, int64_t *out)
{
	struct slice t = number->text;
	if (number->kind != JSON_READ_NUMBER || !t.len)
		return false;
	bool minus = t.at[0] == '-';
	uint64_t value = 0, most = minus ? UINT64_C(1) << 63 : INT64_MAX;
	for (size_t i = minus; i < t.len; i++) {
		if (!is_digit(t.at[i]) || value > (most - (t.at[i] - '0')) / 10)
			return false;
		value = value * 10 + (t.at[i] - '0');
	}
	*out = minus ? (int64_t)(0 - value) : (int64_t)value;
	return t.len > minus;
}
