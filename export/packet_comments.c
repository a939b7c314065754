/*
 * Comments. One that names a rule ends with the rule's sentence, by which it is known when a written file is read again.
 */
#include "export/packet_comments.h"

#include "base/text.h"
#include "base/xalloc.h"

void packet_comments_add(struct buf *out, const struct session *s, uint32_t n, const struct record *m, enum rule rule)
{
	const struct rule_info *info = rule_info(rule);
	buf_addf(out, "message %u ", n);
	text_add_safe(out, session_command_name(s, m));
	buf_addf(out, ": %s (%s): %s", info->name, severity_name(info->severity), info->sentence);
	buf_add_byte(out, 0);
}

void packet_comments_place(struct buf *out, struct slice comment, uint32_t conn)
{
	size_t front = strlen("message ");
	while (front < comment.len && comment.at[front] != ' ')
		front++;
	buf_add(out, slice_head(comment, front));
	if (conn)
		buf_addf(out, " (connection %u)", conn);
	buf_add(out, slice_skip(comment, front));
	buf_add_byte(out, 0);
}

/* Did envscope write this comment? What rules are broken is found anew. */
static bool is_ours(struct slice comment)
{
	for (int rule = 0; rule < RULES; rule++) {
		struct slice sentence = slice_str(rule_info((enum rule)rule)->sentence);
		if (comment.len > sentence.len && slice_starts(comment, "message ") &&
		    slice_eq(slice_skip(comment, comment.len - sentence.len), sentence))
			return true;
	}
	return false;
}

void packet_comments_keep(struct buf *out, struct slice comments)
{
	while (comments.len) {
		struct slice one = slice_of(comments.at, strlen((const char *)comments.at));
		if (!is_ours(one))
			buf_add(out, slice_of(one.at, one.len + 1));
		comments = slice_skip(comments, one.len + 1);
	}
}

struct slice *packet_comments_split(struct slice comments, size_t *count)
{
	struct slice *all = NULL;
	*count = 0;
	for (size_t i = 0; i < comments.len; i++)
		*count += comments.at[i] == 0;
	if (!*count)
		return NULL;
	all = xcalloc(*count, sizeof *all);
	for (size_t i = 0; i < *count; i++) {
		all[i] = slice_of(comments.at, strlen((const char *)comments.at));
		comments = slice_skip(comments, all[i].len + 1);
	}
	return all;
}
