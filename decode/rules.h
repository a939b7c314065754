/* The rules that a conversation can break (protocol.md, "Rules"): one table with names, severities and what they mean. */
#ifndef DECODE_RULES_H
#define DECODE_RULES_H

#include <stdbool.h>
#include <stdint.h>

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

/* Each is a bit in record.rules (1u << rule). Two that share a name differ in severity: what is known decides which one it is. */
enum rule {
	RULE_DECODE,
	RULE_SEQ_DUPLICATE,
	RULE_SEQ_LATE,
	RULE_SEQ_OVERFLOW,
	RULE_SEQ_GAP,       /* a number is missing so far */
	RULE_SEQ_GAP_FINAL, /* it never came */
	RULE_SEQ_REORDERED,
	RULE_SEQ_START,
	RULE_TYPE_MISMATCH,
	RULE_TYPE_MISSING,
	RULE_ID_MISSING,
	RULE_ID_DUPLICATE,
	RULE_RID_UNKNOWN,
	RULE_RID_UNKNOWN_JOINED, /* the capture began in mid-connection: the request may lie before it */
	RULE_REPLY_DUPLICATE,
	RULE_ERROR_REPLY,
	RULE_PRIORITY_RANGE,
	RULE_UNMASKED,
	RULE_CAPTURE_GAP,
	RULE_NO_REPLY,
	RULE_NO_REPLY_PING, /* a ping: not every client library answers one */
	RULE_STREAM_ORDER,
	RULE_STREAM_INCOMPLETE,
	RULE_STREAM_CHECKSUM,
	RULE_STREAM_SIZE,
	RULE_TOKEN_EXPIRED,
	RULES
};

struct rule_info {
	const char *name; /* "seq-gap" */
	enum severity severity;
	const char *sentence; /* what it means */
	const char *protocol; /* what the protocol says */
	const char *receiver; /* what a receiver does about it */
	const char *look;     /* where to look next */
	const char *told;     /* what seen_add (seen.h) tells of each case */
	bool ends;            /* the protocol foretells that the receiver ends the connection */
};

const struct rule_info *rule_info(enum rule r);
/* "note", "warning", "error" */
const char *severity_name(enum severity s);
/* The worst severity of the rules in a bit set; -1 for none. */
int rules_worst(uint32_t rules);

#endif
