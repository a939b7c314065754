/* Envelopes, good and bad: a message is laid out field by field, so that a case can spoil any of them
 * before it is packed. */
#ifndef SAMPLES_GEN_ENVELOPE_H
#define SAMPLES_GEN_ENVELOPE_H

#include "base/buf.h"

#include "base.pb-c.h"

#define TYPE_PREFIX "type.googleapis.com/"

/* A payload in one expression: BODY(CountResponse, count_response, .result = 3). Lives as long as the
 * block it stands in. */
#define BODY(Type, name, ...) (&(Openiap__##Type){ .base = PROTOBUF_C_MESSAGE_INIT(&openiap__##name##__descriptor), __VA_ARGS__ }.base)

/* The same for a message inside a payload, whose field wants its own type. */
#define PART(Type, name, ...) (&(Openiap__##Type){ .base = PROTOBUF_C_MESSAGE_INIT(&openiap__##name##__descriptor), __VA_ARGS__ })

struct message {
	char command[48], id[64], rid[64], type_url[96], jwt[512], traceid[40], spanid[24];
	int32_t priority, seq;
	bool has_data;                /* without it neither type_url nor payload is sent */
	const ProtobufCMessage *body; /* the payload, borrowed; NULL: raw is */
	struct slice raw;             /* the payload's bytes, borrowed */
};

/* A field of a message (an array of char) from a text; what does not fit is cut. */
#define SET(field, text) snprintf(field, sizeof(field), "%s", text)

/* Appends the message as an Envelope. */
void message_pack(struct buf *out, const struct message *m);
/* Appends the length prefix (4 bytes, little endian) and the Envelope: what the TCP transport sends for a
 * message. */
void message_frame(struct buf *out, const struct message *m);
/* Appends a length prefix alone. */
void length_pack(struct buf *out, uint32_t length);
/* Appends a JSON Web Token (RFC 7519) for that user, valid for an hour up to `expires` (seconds since
 * 1970). Its signature is not one. */
void jwt_pack(struct buf *out, const char *user, long expires);
/* Appends the base64 form (RFC 4648) with padding. */
void base64_pack(struct buf *out, struct slice s);

#endif
