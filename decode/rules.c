/*
 * The table of rules.
 */
#include "decode/rules.h"

static const struct rule_info table[RULES] = {
	[RULE_DECODE] = { "decode", SEVERITY_ERROR, "The bytes are no valid Envelope, or the payload is no valid message of its type." },
	[RULE_SEQ_DUPLICATE] = { "seq-duplicate", SEVERITY_ERROR,
				 "This seq was sent before in this direction: the receiver will disconnect." },
	[RULE_SEQ_LATE] = { "seq-late", SEVERITY_ERROR,
			    "The seq is lower than what the receiver has processed already: it will disconnect." },
	[RULE_SEQ_OVERFLOW] = { "seq-overflow", SEVERITY_ERROR,
				"More than 100 messages wait for a missing seq: the receiver will disconnect." },
	[RULE_SEQ_GAP] = { "seq-gap", SEVERITY_WARNING, "A seq before this one is missing so far; the receiver waits for it." },
	[RULE_SEQ_GAP_FINAL] = { "seq-gap", SEVERITY_ERROR, "A seq before this one never came." },
	[RULE_SEQ_REORDERED] = { "seq-reordered", SEVERITY_NOTE, "Messages were sent out of order; the receiver puts them in order." },
	[RULE_SEQ_START] = { "seq-start", SEVERITY_NOTE, "The first message of the connection has a seq other than 0." },
	[RULE_TYPE_MISMATCH] = { "type-mismatch", SEVERITY_ERROR, "type_url and command name different messages." },
	[RULE_TYPE_MISSING] = { "type-missing", SEVERITY_WARNING, "There is data but no type_url; the command alone tells what it is." },
	[RULE_ID_MISSING] = { "id-missing", SEVERITY_ERROR, "The message has no id." },
	[RULE_ID_DUPLICATE] = { "id-duplicate", SEVERITY_ERROR, "This sender used the id before on this connection." },
	[RULE_RID_UNKNOWN] = { "rid-unknown", SEVERITY_WARNING, "The rid names no message that was sent in the other direction." },
	[RULE_RID_UNKNOWN_JOINED] = { "rid-unknown", SEVERITY_NOTE,
				      "The rid names no captured message; it may lie before the beginning of the capture." },
	[RULE_REPLY_DUPLICATE] = { "reply-duplicate", SEVERITY_ERROR, "The request has had its final reply already." },
	[RULE_ERROR_REPLY] = { "error-reply", SEVERITY_NOTE, "The reply is an ErrorResponse." },
	[RULE_PRIORITY_RANGE] = { "priority-range", SEVERITY_WARNING, "The priority lies outside 0 to 3." },
	[RULE_UNMASKED] = { "unmasked", SEVERITY_ERROR,
			    "A WebSocket frame of a client without a mask, or of a server with one (RFC 6455, section 5.1)." },
	[RULE_CAPTURE_GAP] = { "capture-gap", SEVERITY_NOTE,
			       "Packets are missing from the capture in or before this message; nobody is blamed for what that hides." },
	[RULE_NO_REPLY] = { "no-reply", SEVERITY_WARNING, "The connection ended without a reply to this request." },
	[RULE_NO_REPLY_PING] = { "no-reply", SEVERITY_NOTE, "The ping was never answered; some client libraries never do." },
	[RULE_STREAM_ORDER] = { "stream-order", SEVERITY_ERROR,
				"A stream goes beginstream, stream …, endstream, final reply; this message stands in the wrong place." },
	[RULE_STREAM_INCOMPLETE] = { "stream-incomplete", SEVERITY_ERROR,
				     "The final reply came, or the connection ended, before the stream's endstream." },
	[RULE_STREAM_CHECKSUM] = { "stream-checksum", SEVERITY_ERROR,
				   "The SHA-256 of the data is not the checksum that beginstream announced." },
	[RULE_STREAM_SIZE] = { "stream-size", SEVERITY_WARNING, "The data is not as long as beginstream's stat says." },
	[RULE_TOKEN_EXPIRED] = { "token-expired", SEVERITY_WARNING, "A jwt in this message had expired when it was sent." },
};

const struct rule_info *rule_info(enum rule r)
{
	return &table[r];
}

const char *severity_name(enum severity s)
{
	static const char *const names[] = { "note", "warning", "error" };
	return names[s];
}

int rules_worst(uint32_t rules)
{
	int worst = -1;
	for (int r = 0; r < RULES; r++)
		if (rules >> r & 1 && (int)table[r].severity > worst)
			worst = (int)table[r].severity;
	return worst;
}
