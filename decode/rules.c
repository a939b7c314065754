/*
 * The table of rules: what listings, --explain, the screens and the man page say of them.
 */
#include "decode/rules.h"

static const struct rule_info table[RULES] = {
	[RULE_DECODE] = {
		"decode", SEVERITY_ERROR,
		"The bytes are no valid Envelope, or the payload is no valid message of its type.",
		"Every message is an openiap.Envelope, its data an Any with a message of the type that type_url names.",
		"It can't read the message and usually closes the connection.",
		"The tree (-V) shows how far the bytes can be read; a client built from other .proto files is the usual cause.",
		"At which byte of how many reading stops, in which message, and why; of a length that stands for no message, its number.", false,
	},
	[RULE_SEQ_DUPLICATE] = {
		"seq-duplicate", SEVERITY_ERROR,
		"This seq was sent before in this direction: the receiver will disconnect.",
		"seq starts at 0 and grows by 1 with each message of a direction.",
		"It closes the connection when a seq comes twice.",
		"A message that is sent again after a time-out, or two tasks that share a counter without a lock.",
		"The seq, the message that had it before, and what became of the connection.", true,
	},
	[RULE_SEQ_LATE] = {
		"seq-late", SEVERITY_ERROR,
		"The seq is lower than what the receiver has processed already: it will disconnect.",
		"seq grows by 1 with each message of a direction; a receiver processes messages in its order.",
		"It closes the connection when a seq lies below the last one it processed.",
		"A counter that was reset, for example by a client that signs in again on an open connection.",
		"The seq, the one that was expected, and what became of the connection.", true,
	},
	[RULE_SEQ_OVERFLOW] = {
		"seq-overflow", SEVERITY_ERROR,
		"More than 100 messages wait for a missing seq: the receiver will disconnect.",
		"A message that comes early waits until those before it are there.",
		"It holds at most 100 early messages, then it closes the connection.",
		"The seq-gap before: which number was taken for a message that was never sent?",
		"The seq that is missing, how many messages wait for it since when, and what became of the connection.", true,
	},
	[RULE_SEQ_GAP] = {
		"seq-gap", SEVERITY_WARNING,
		"A seq before this one is missing so far; the receiver waits for it.",
		"seq grows by 1 with each message of a direction.",
		"It keeps this message and all after it until the missing one comes.",
		"Whether the number comes later (then this becomes seq-reordered), or never does.",
		"The seq that came and the one that was expected.", false,
	},
	[RULE_SEQ_GAP_FINAL] = {
		"seq-gap", SEVERITY_ERROR,
		"A seq before this one never came.",
		"seq grows by 1 with each message of a direction.",
		"It never processes this message nor any after it.",
		"A number that was taken for a message that failed before it was sent.",
		"The seq that came and the one that was expected.", false,
	},
	[RULE_SEQ_REORDERED] = {
		"seq-reordered", SEVERITY_NOTE,
		"Messages were sent out of order; the receiver puts them in order.",
		"seq says the order in which messages are to be processed.",
		"It holds the early message until the late one is there.",
		"Harmless by itself; two tasks that send without a lock between taking a seq and writing.",
		"The seq, and which it came before or after.", false,
	},
	[RULE_SEQ_START] = {
		"seq-start", SEVERITY_NOTE,
		"The first message of the connection has a seq other than 0.",
		"seq starts at 0 (an older description says 1).",
		"Some take the first number as it is, some wait for 0.",
		"A counter that outlives the connection it counts for.",
		"The seq.", false,
	},
	[RULE_TYPE_MISMATCH] = {
		"type-mismatch", SEVERITY_ERROR,
		"type_url and command name different messages.",
		"type_url must match the command: signin goes with type.googleapis.com/openiap.SigninRequest.",
		"It decodes the wrong message or refuses it.",
		"The place in the client where command and type are set apart from each other.",
		"The command, the type_url, and the message that goes with the command.", false,
	},
	[RULE_TYPE_MISSING] = {
		"type-missing", SEVERITY_WARNING,
		"There is data but no type_url; the command alone tells what it is.",
		"data is a google.protobuf.Any, whose type_url names its message.",
		"Most go by the command and read it all the same.",
		"The Node package sends its Stream and UploadRequest messages so, by mistake.",
		"How many bytes of data, and what they were read as.", false,
	},
	[RULE_ID_MISSING] = {
		"id-missing", SEVERITY_ERROR,
		"The message has no id.",
		"The sender makes a unique id for each message.",
		"It can't say in a reply which message it answers.",
		"The client's code that fills in the Envelope.",
		"Its seq, by which the client's log may have it.", false,
	},
	[RULE_ID_DUPLICATE] = {
		"id-duplicate", SEVERITY_ERROR,
		"This sender used the id before on this connection.",
		"The sender makes a unique id for each message.",
		"A reply may reach the wrong request.",
		"How ids are made: too few random digits, or a counter that starts again.",
		"The id, and the message that had it before, if that is one of the last 256 of its sender.", false,
	},
	[RULE_RID_UNKNOWN] = {
		"rid-unknown", SEVERITY_WARNING,
		"The rid names no message that was sent in the other direction.",
		"A reply's rid is the id of the message it answers.",
		"The reply finds no one who waits for it and is dropped.",
		"A reply sent on another connection than its request, or with an id made anew: the package openflow-api does so when the handler of a queue message throws.",
		"The rid, and how many messages the other end sent.", false,
	},
	[RULE_RID_UNKNOWN_JOINED] = {
		"rid-unknown", SEVERITY_NOTE,
		"The rid names no captured message; it may lie before the beginning of the capture.",
		"A reply's rid is the id of the message it answers.",
		"Nothing is wrong as far as one can tell.",
		"The capture began in the middle of the connection.",
		"The rid, and how many messages of the other end the capture has.", false,
	},
	[RULE_REPLY_DUPLICATE] = {
		"reply-duplicate", SEVERITY_ERROR,
		"The request has had its final reply already.",
		"A request has one final reply.",
		"It drops the second one, or takes it for the answer to something else.",
		"A server or handler that answers twice, for example once with an error and once with a result.",
		"Which message was the final reply to which request, and how long before.", false,
	},
	[RULE_ERROR_REPLY] = {
		"error-reply", SEVERITY_NOTE,
		"The reply is an ErrorResponse.",
		"A request that fails is answered by the command error.",
		"The client reports the error.",
		"The message and stack in the reply.",
		"The error, and the request.", false,
	},
	[RULE_PRIORITY_RANGE] = {
		"priority-range", SEVERITY_WARNING,
		"The priority lies outside 0 to 3.",
		"priority goes from 0 to 3: 2 for user interfaces, 1 for normal work, 0 for batches.",
		"Where a message queue stands behind the server it may refuse the message.",
		"The client's setting.",
		"The priority.", false,
	},
	[RULE_UNMASKED] = {
		"unmasked", SEVERITY_ERROR,
		"A WebSocket frame of a client without a mask, or of a server with one (RFC 6455, section 5.1).",
		"A client masks every frame, a server none.",
		"It closes the connection.",
		"The client's WebSocket library, or a proxy between the two.",
		"Whose frame it was, and what became of the connection.", true,
	},
	[RULE_CAPTURE_GAP] = {
		"capture-gap", SEVERITY_NOTE,
		"Packets are missing from the capture in or before this message; nobody is blamed for what that hides.",
		"",
		"It received what the capture did not see.",
		"Packets dropped while capturing: a larger buffer (-B), a capture filter, a faster disk.",
		"How many bytes are missing before or in it.", false,
	},
	[RULE_NO_REPLY] = {
		"no-reply", SEVERITY_WARNING,
		"No reply to this request came before its connection ended, or in the time that was set.",
		"Every request has a final reply.",
		"The client waits until its own time-out.",
		"What the server did between this request and the end of the connection.",
		"How long it waited, and for what: the end of the connection, or a reply that came late.", false,
	},
	[RULE_NO_REPLY_PING] = {
		"no-reply", SEVERITY_NOTE,
		"The ping was never answered; some client libraries never do.",
		"A ping may be answered by a pong.",
		"Nothing.",
		"The Node package never answers a ping.",
		"How long it waited.", false,
	},
	[RULE_STREAM_ORDER] = {
		"stream-order", SEVERITY_ERROR,
		"A stream goes beginstream, stream …, endstream, final reply; this message stands in the wrong place.",
		"beginstream comes first, then the data, then endstream, and last the final reply.",
		"It loses data or refuses the stream.",
		"Whether messages of the stream are sent by several tasks.",
		"Which message came before or after which.", false,
	},
	[RULE_STREAM_INCOMPLETE] = {
		"stream-incomplete", SEVERITY_ERROR,
		"The final reply came, or the connection ended, before the stream's endstream.",
		"A stream ends with endstream; an error may end it at any point.",
		"It keeps a file that is not complete, or waits.",
		"What the sender did after the last chunk.",
		"How many bytes of how many came, in how many chunks.", false,
	},
	[RULE_STREAM_CHECKSUM] = {
		"stream-checksum", SEVERITY_ERROR,
		"The SHA-256 of the data is not the checksum that beginstream announced.",
		"beginstream's checksum is the SHA-256 of the data, in hex.",
		"It refuses the file, or keeps a damaged one.",
		"Chunks that are missing, come twice, or come in another order; a file that changed while it was sent.",
		"The first digits of both checksums.", false,
	},
	[RULE_STREAM_SIZE] = {
		"stream-size", SEVERITY_WARNING,
		"The data is not as long as beginstream's stat says.",
		"beginstream's stat has the file's size.",
		"Most ignore it.",
		"A file that changed while it was sent.",
		"Both sizes.", false,
	},
	[RULE_TOKEN_EXPIRED] = {
		"token-expired", SEVERITY_WARNING,
		"A jwt in this message had expired when it was sent.",
		"A token is valid until its claim exp.",
		"It refuses the request, or the signin.",
		"When the client renews its token; the clocks of both ends.",
		"When it expired, and how long before it was sent.", false,
	},
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
