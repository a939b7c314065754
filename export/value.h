/* One node's value as text, safe for a terminal. */
#ifndef EXPORT_VALUE_H
#define EXPORT_VALUE_H

#include "base/buf.h"
#include "decode/dissect.h"

/* Appends the value on one line: text as it is (that in JSON in quotes), bytes in hex, times as ISO 8601,
 * messages by their type, JSON objects and arrays by their size, a fault in brackets. Secrets are hidden unless
 * they are to be shown. */
void node_add_value(struct buf *out, const struct node *n, bool show_secrets);
/* The same, but of text and bytes only about the first `most` bytes, and then "… (N bytes)". */
void node_add_head(struct buf *out, const struct node *n, bool show_secrets, size_t most);
/* What of a node that can be read others may refuse, in brackets behind a space; nothing for most. */
void node_add_remark(struct buf *out, const struct node *n);
/* Appends the text of a STRING or NUMBER as it was sent, but for secrets: for formats that have their own way with what is not harmless. */
void node_add_plain(struct buf *out, const struct node *n, bool show_secrets);

#endif
