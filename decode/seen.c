/*
 * What was seen of a broken rule, made when somebody asks, from the records, from the message's bytes and from what the session keeps of
 * connections, threads and streams. A function for each rule says it; which is a table.
 *
 * A flow is what one end of a connection sends. What was expected is read from the flow before the message: the highest seq among the
 * last SEEN_FLOW messages, and one more. All searches are bounded, so that a capture in which every message breaks a rule can be told too.
 */
#include "decode/seen.h"

#include "base/amount.h"
#include "base/text.h"
#include "base/when.h"
#include "decode/forms.h"
#include "decode/redact.h"
#include "decode/seen_part.h"
#include "decode/token.h"

enum { TEXT_COLUMNS = 48, TREE_BUDGET = 1 << 20, SECONDS_CHARS = 19 };

void seen_text(struct seen *x, struct slice text)
{
	struct buf redacted = { 0 };
	text_add_fit(x->out, redact_text(text, &redacted), TEXT_COLUMNS);
	buf_release(&redacted);
}

static void add_span(struct seen *x, int64_t ns)
{
	when_add_span(x->out, ns < 0 ? 0 : ns);
}

/* "message 3 (query)" */
static void add_message(struct seen *x, uint32_t n)
{
	const struct record *r = session_record(x->session, n);
	buf_addf(x->out, "message %u", n);
	if (!r)
		return;
	buf_add_str(x->out, " (");
	seen_text(x, session_command_name(x->session, r));
	buf_add_str(x->out, ")");
}

static const char *end_name(enum dir sender)
{
	return sender == DIR_C2S ? "client" : "server";
}

/* The next message of the flow before n (step -1) or behind it (step 1), at most *left records away; 0 if there is none. */
static uint32_t step(const struct seen *x, uint32_t n, int by, unsigned *left)
{
	const struct record *r;
	while ((*left)-- > 0 && (r = session_record(x->session, n += (uint32_t)by)))
		if (r->conn == x->r->conn && r->dir == x->r->dir)
			return n;
	*left = 0;
	return 0;
}

/* The message with the highest seq among those before n in the flow; 0 if none is in reach. */
static uint32_t highest_before(const struct seen *x, uint32_t n)
{
	unsigned left = SEEN_AROUND;
	uint32_t found = 0;
	for (unsigned i = 0; i < SEEN_FLOW && (n = step(x, n, -1, &left)); i++) {
		const struct record *r = session_record(x->session, n);
		if (r->has_seq && (!found || r->seq > session_record(x->session, found)->seq))
			found = n;
	}
	return found;
}

/* The next message of the flow, in that direction of time, that has this seq; 0. */
static uint32_t with_seq(const struct seen *x, int64_t seq, int by)
{
	unsigned left = SEEN_AROUND;
	uint32_t n = x->n;
	while ((n = step(x, n, by, &left))) {
		const struct record *r = session_record(x->session, n);
		if (r->has_seq && r->seq == seq)
			return n;
	}
	return 0;
}

/* The seq that was expected at message n; -1 if that is not known. */
static int64_t expected_at(const struct seen *x, uint32_t n)
{
	uint32_t before = highest_before(x, n);
	return before ? (int64_t)session_record(x->session, before)->seq + 1 : -1;
}

static void seq_duplicate(struct seen *x)
{
	uint32_t other = with_seq(x, x->r->seq, -1);
	buf_addf(x->out, "seq %d came again", x->r->seq);
	if (!other)
		return;
	buf_add_str(x->out, ", after ");
	add_message(x, other);
}

static void add_expected(struct seen *x, int64_t expected)
{
	buf_addf(x->out, "seq %d came", x->r->seq);
	if (expected >= 0)
		buf_addf(x->out, ", %lld was expected", (long long)expected);
}

static void seq_late(struct seen *x)
{
	add_expected(x, expected_at(x, x->n));
}

static void seq_gap(struct seen *x)
{
	int64_t expected = expected_at(x, x->n), missing = x->r->seq - expected;
	add_expected(x, expected);
	if (expected >= 0 && missing > 1)
		buf_addf(x->out, ": %lld are missing", (long long)missing);
}

/* The message that showed the hole for which the others wait: the first of the flow's last that did. */
static uint32_t hole_before(const struct seen *x, unsigned *waiting)
{
	static const uint32_t holes = UINT32_C(1) << RULE_SEQ_GAP | UINT32_C(1) << RULE_SEQ_GAP_FINAL;
	unsigned left = SEEN_AROUND, passed = 1;
	uint32_t n = x->n, found = 0;
	while (passed < SEEN_FLOW && (n = step(x, n, -1, &left))) {
		passed++;
		if (!(session_record(x->session, n)->rules & holes))
			continue;
		found = n;
		*waiting = passed;
	}
	return found;
}

static void seq_overflow(struct seen *x)
{
	unsigned waiting = 0;
	uint32_t hole = hole_before(x, &waiting);
	int64_t expected = hole ? expected_at(x, hole) : -1;
	buf_addf(x->out, "seq %d came", x->r->seq);
	if (expected < 0)
		return;
	buf_addf(x->out, " while %lld was missing: ", (long long)expected);
	amount_add_counted(x->out, waiting, "message[ waits|s wait]");
	buf_add_str(x->out, ", since ");
	add_message(x, hole);
}

static void seq_reordered(struct seen *x)
{
	uint32_t before = highest_before(x, x->n);
	int64_t top = before ? session_record(x->session, before)->seq : -1;
	buf_addf(x->out, "seq %d came", x->r->seq);
	if (before && top > x->r->seq) {
		buf_addf(x->out, " after %lld, of ", (long long)top);
		add_message(x, before);
		return;
	}
	uint32_t late = before ? with_seq(x, top + 1, 1) : 0;
	if (!late)
		return;
	buf_addf(x->out, " before %lld, of ", (long long)top + 1);
	add_message(x, late);
}

static void seq_start(struct seen *x)
{
	buf_addf(x->out, "the connection begins with seq %d", x->r->seq);
}

/* The name of the message that goes with the command. */
static const char *type_by_command(const struct seen *x)
{
	const struct schema *schema = session_schema(x->session);
	const struct command_info *info = schema_command_info(schema, x->r->command);
	if (!info)
		return NULL;
	return schema_name(schema, info->reply_type && x->r->has_rid ? info->reply_type : info->type);
}

static void type_mismatch(struct seen *x)
{
	const char *name = type_by_command(x);
	if (!x->form.e.type_url.len)
		return;
	buf_add_str(x->out, "command ");
	seen_text(x, x->form.e.command);
	buf_add_str(x->out, ", type_url ");
	seen_text(x, x->form.e.type_url);
	if (name)
		buf_addf(x->out, "; %s was expected", name);
}

static void type_missing(struct seen *x)
{
	const char *name = type_by_command(x);
	if (x->form.e.has_data)
		amount_add_counted(x->out, x->form.e.value.len, "byte[s] of data");
	if (name)
		buf_addf(x->out, "%sread as %s", x->form.e.has_data ? ", " : "", name);
}

static void id_missing(struct seen *x)
{
	if (x->r->has_seq)
		buf_addf(x->out, "the message with seq %d has none", x->r->seq);
}

/* The message of the flow before this one that has its id; 0 if none of the last has. */
static uint32_t with_same_id(const struct seen *x)
{
	unsigned left = SEEN_AROUND;
	uint32_t n = x->n, found = 0;
	struct buf scratch = { 0 };
	struct form form;
	form_init(&form);
	for (unsigned i = 0; !found && i < SEEN_READ && (n = step(x, n, -1, &left)); i++) {
		const struct record *r = session_record(x->session, n);
		form_read(&form, x->session, r, session_bytes(x->session, n, &scratch));
		found = slice_eq(form.e.id, x->form.e.id) ? n : 0;
	}
	form_release(&form);
	buf_release(&scratch);
	return found;
}

static void id_duplicate(struct seen *x)
{
	uint32_t other = x->form.e.id.len ? with_same_id(x) : 0;
	if (!x->form.e.id.len)
		return;
	buf_add_str(x->out, "id ");
	seen_text(x, x->form.e.id);
	if (!other)
		return;
	buf_add_str(x->out, " is that of ");
	add_message(x, other);
}

static void rid_unknown(struct seen *x)
{
	uint64_t others = x->conn ? x->conn->messages[!x->r->dir] : 0;
	if (!x->form.e.rid.len)
		return;
	buf_add_str(x->out, "rid ");
	seen_text(x, x->form.e.rid);
	buf_add_str(x->out, "; the ");
	buf_addf(x->out, "%s sent ", end_name(!x->r->dir));
	amount_add_counted(x->out, others, "message[, with another|s, none with that] id");
}

static void reply_duplicate(struct seen *x)
{
	struct thread_info t;
	session_thread(x->session, x->r->thread, &t);
	const struct record *reply = session_record(x->session, t.reply);
	if (!reply || t.reply == x->n)
		return;
	add_message(x, t.reply);
	buf_add_str(x->out, " answered ");
	add_message(x, t.request ? t.request : t.first);
	buf_add_str(x->out, " already, ");
	add_span(x, x->r->time - reply->time);
	buf_add_str(x->out, " before");
}

static void error_reply(struct seen *x)
{
	struct thread_info t;
	size_t begin = x->out->len;
	session_thread(x->session, x->r->thread, &t);
	form_add_gist(x->out, session_schema(x->session), x->r, &x->form.e);
	if (!t.request || t.request == x->n)
		return;
	buf_add_str(x->out, x->out->len > begin ? ", to " : "to ");
	add_message(x, t.request);
}

static void priority_range(struct seen *x)
{
	buf_addf(x->out, "priority %d", x->bytes.len ? x->form.e.priority : x->r->priority);
}

static void unmasked(struct seen *x)
{
	buf_addf(x->out, "a frame of the %s %s a mask", end_name((enum dir)x->r->dir), x->r->dir == DIR_C2S ? "without" : "with");
}

/* The fault in the tree that comes first. */
static const struct node *first_fault(const struct node *top)
{
	const struct node *n = top;
	while (n && n->kind != NODE_BAD)
		n = node_after(n, top);
	return n;
}

/* The length that stood where a message was to begin, in the order of bytes that it is to have, and in the other. */
static void length_alone(struct seen *x)
{
	struct cursor little = cursor_of(x->bytes), big = little;
	buf_add_str(x->out, "the length of a message, of 4 bytes little-endian, is ");
	amount_add_grouped(x->out, cursor_le32(&little));
	buf_add_str(x->out, "; big-endian it would be ");
	amount_add_grouped(x->out, cursor_be32(&big));
}

static void decode(struct seen *x)
{
	struct dissection d;
	if (x->r->length_alone && x->bytes.len == 4) {
		length_alone(x);
		return;
	}
	if (!x->bytes.len) {
		if (!x->r->size)
			buf_add_str(x->out, "a message of 0 bytes");
		return;
	}
	dissection_init(&d, session_schema(x->session), TREE_BUDGET);
	d.shallow = true;
	form_dissect(&d, x->r, x->bytes);
	const struct node *fault = d.root ? first_fault(d.root) : NULL;
	if (fault) {
		buf_addf(x->out, "at byte %u of %u", fault->offset, x->r->size);
		if (fault->parent && fault->parent->type)
			buf_addf(x->out, ", in %s", fault->parent->type);
		buf_addf(x->out, ": %s", fault->fault);
	}
	dissection_release(&d);
}

/* How many news came before message n: they are the first ones. */
static uint32_t news_before(const struct session *s, uint32_t n)
{
	uint32_t low = 0, high = session_news_count(s);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (session_news_at(s, middle)->after < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Bytes that the capture lacks between the message before in the flow and this one; 0 where too many news lie between them. */
static uint64_t missing_before(const struct seen *x)
{
	unsigned left = SEEN_AROUND;
	uint32_t before = step(x, x->n, -1, &left), from = news_before(x->session, x->n);
	uint64_t bytes = 0;
	for (left = SEEN_AROUND; from > 0 && left > 0; left--) {
		const struct session_news *news = session_news_at(x->session, --from);
		if (news->after < before)
			break;
		bool here = news->conn == x->r->conn && news->dir == x->r->dir;
		bytes += here && news->kind == NEWS_GAP ? news->bytes : 0;
	}
	return left ? bytes : 0;
}

static void capture_gap(struct seen *x)
{
	uint64_t bytes = x->r->cut ? 0 : missing_before(x);
	if (x->r->cut && x->bytes.len) {
		amount_add_grouped(x->out, x->bytes.len);
		buf_add_str(x->out, " of its ");
		amount_add_counted(x->out, x->r->size, "byte[ was|s were] captured");
	} else if (bytes) {
		amount_add_counted(x->out, bytes, "byte[ is|s are] missing before it");
	}
}

/* What happened to the connection: " until the server closed it", from the clause's subject on. */
static const char *ending(const struct session_conn *c)
{
	static const char *const words[] = {
		[CONN_CLOSED_BY_CLIENT] = "the client closed the connection",
		[CONN_CLOSED_BY_SERVER] = "the server closed the connection",
		[CONN_RESET_BY_CLIENT] = "the client reset the connection",
		[CONN_RESET_BY_SERVER] = "the server reset the connection",
		[CONN_FORGOTTEN] = NULL,
	};
	return c ? words[c->info.end] : NULL;
}

static void no_reply(struct seen *x)
{
	struct thread_info t;
	const char *end = ending(x->conn);
	session_thread(x->session, x->r->thread, &t);
	if (t.latency_last >= 0) {
		buf_add_str(x->out, "the reply came after ");
		add_span(x, t.latency_last);
	} else if (end) {
		buf_add_str(x->out, "it waited ");
		add_span(x, x->conn->ended - x->r->time);
		buf_addf(x->out, ", then %s", end);
	} else if (x->conn && x->conn->last > x->r->time) {
		buf_add_str(x->out, "it still waited when the last message came, ");
		add_span(x, x->conn->last - x->r->time);
		buf_add_str(x->out, " later");
	}
}

/* A time to the second. */
static void add_date(struct seen *x, int64_t ns)
{
	size_t begin = x->out->len;
	when_add_iso(x->out, ns);
	x->out->len = begin + SECONDS_CHARS;
	buf_add_byte(x->out, 'Z');
}

static void token_expired(struct seen *x)
{
	int64_t expiry;
	struct slice tokens[] = { x->form.e.jwt, form_token(&x->form.e, x->session, x->r) };
	for (size_t i = 0; i < 2; i++) {
		if (!tokens[i].len || !token_expiry(tokens[i], &expiry) || expiry >= x->r->time)
			continue;
		buf_add_str(x->out, "it expired on ");
		add_date(x, expiry);
		buf_add_str(x->out, ", ");
		add_span(x, x->r->time - expiry);
		buf_add_str(x->out, " before it was sent");
		return;
	}
}

static void (*const tell[RULES])(struct seen *x) = {
	[RULE_DECODE] = decode,
	[RULE_SEQ_DUPLICATE] = seq_duplicate,
	[RULE_SEQ_LATE] = seq_late,
	[RULE_SEQ_OVERFLOW] = seq_overflow,
	[RULE_SEQ_GAP] = seq_gap,
	[RULE_SEQ_GAP_FINAL] = seq_gap,
	[RULE_SEQ_REORDERED] = seq_reordered,
	[RULE_SEQ_START] = seq_start,
	[RULE_TYPE_MISMATCH] = type_mismatch,
	[RULE_TYPE_MISSING] = type_missing,
	[RULE_ID_MISSING] = id_missing,
	[RULE_ID_DUPLICATE] = id_duplicate,
	[RULE_RID_UNKNOWN] = rid_unknown,
	[RULE_RID_UNKNOWN_JOINED] = rid_unknown,
	[RULE_REPLY_DUPLICATE] = reply_duplicate,
	[RULE_ERROR_REPLY] = error_reply,
	[RULE_PRIORITY_RANGE] = priority_range,
	[RULE_UNMASKED] = unmasked,
	[RULE_CAPTURE_GAP] = capture_gap,
	[RULE_NO_REPLY] = no_reply,
	[RULE_NO_REPLY_PING] = no_reply,
	[RULE_STREAM_ORDER] = seen_stream_order,
	[RULE_STREAM_INCOMPLETE] = seen_stream_incomplete,
	[RULE_STREAM_CHECKSUM] = seen_stream_checksum,
	[RULE_STREAM_SIZE] = seen_stream_size,
	[RULE_TOKEN_EXPIRED] = token_expired,
};

/* The receiver was to disconnect: did it? */
static void add_ending(struct seen *x)
{
	const struct session_conn *c = x->conn;
	const char *end = ending(c);
	int64_t more = c ? c->last - x->r->time : 0;
	if (!c || c->info.end == CONN_FORGOTTEN)
		return;
	if (more > 0) {
		buf_add_str(x->out, "; messages went on for ");
		add_span(x, more);
	}
	if (end) {
		buf_addf(x->out, "; %s ", end);
		add_span(x, c->ended - x->r->time);
		buf_add_str(x->out, " later");
	} else {
		buf_add_str(x->out, "; the connection has not ended");
	}
}

bool seen_add(struct buf *out, const struct session *s, uint32_t n, enum rule rule, struct slice bytes)
{
	struct seen x = { .out = out, .session = s, .n = n, .r = session_record(s, n), .bytes = bytes };
	struct buf scratch = { 0 };
	size_t begin = out->len;
	if (!x.r)
		return false;
	x.conn = session_conn(s, x.r->conn);
	if (!x.bytes.len)
		x.bytes = session_bytes(s, n, &scratch);
	form_init(&x.form);
	form_read(&x.form, s, x.r, x.bytes);
	tell[rule](&x);
	if (rule_info(rule)->ends)
		add_ending(&x);
	form_release(&x.form);
	buf_release(&scratch);
	return out->len > begin;
}

bool seen_add_sentence(struct buf *out, const struct session *s, uint32_t n, enum rule rule, struct slice bytes)
{
	size_t begin = out->len;
	buf_add_str(out, " Seen: ");
	bool any = seen_add(out, s, n, rule, bytes);
	if (any)
		buf_add_byte(out, '.');
	else
		out->len = begin;
	return any;
}
