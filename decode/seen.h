/*
 * What was seen of a broken rule: the numbers of this one case, where the rule's own sentence (rules.h) says what it means of any.
 */
#ifndef DECODE_SEEN_H
#define DECODE_SEEN_H

#include "decode/session.h"

/*
 * Appends what was seen of the rule that message n breaks: "seq 7 came, 5 was expected", and, of a rule for which the protocol foretells
 * that the receiver disconnects (rule_info.ends), what then became of the connection. Harmless for a terminal, without a line break, a
 * full stop or a secret; nothing where there is no more to tell than the rule's sentence does. True if anything was appended.
 *
 * bytes: those of the message, where the caller has them; empty: they are read again, and where the session has them no more what they
 * say is left out. Messages around it are looked for among the SEEN_AROUND before or behind it.
 */
bool seen_add(struct buf *out, const struct session *s, uint32_t n, enum rule rule, struct slice bytes);
/* The same as a sentence behind others: " Seen: seq 7 came, 5 was expected." */
bool seen_add_sentence(struct buf *out, const struct session *s, uint32_t n, enum rule rule, struct slice bytes);

enum {
	SEEN_AROUND = 16384, /* records, and news, gone through in search of what is around a message */
	SEEN_FLOW = 128,     /* of them, messages of the same connection and direction: more than can wait for a seq */
	SEEN_READ = 256,     /* messages read again in search of an id */
};

#endif
