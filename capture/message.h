/*
 * Where capture/ ends and decode/ begins: messages, and news about what is no message.
 *
 * capture/ never looks into an Envelope. It hands on pieces of messages with the facts that it knows: which connection, which
 * direction, when, where in the capture file the bytes stand. Whoever wants them fills in a struct sink.
 */
#ifndef CAPTURE_MESSAGE_H
#define CAPTURE_MESSAGE_H

#include "base/buf.h"

enum dir { DIR_C2S, DIR_S2C }; /* also indexes arrays of two */

enum transport {
	TRANSPORT_UNKNOWN,
	TRANSPORT_TCP,
	TRANSPORT_WS,
	TRANSPORT_GRPC,
	TRANSPORT_REST,
	TRANSPORT_LEGACY,
	TRANSPORT_PIPE,
	TRANSPORT_HTTP, /* HTTP that carries none of our messages */
	TRANSPORT_TLS,  /* TLS that is not decrypted */
	TRANSPORTS
};

/* "tcp", "ws" … as in the listings and for -d; "unknown" for TRANSPORT_UNKNOWN. */
const char *transport_name(enum transport t);
/* The transport of that name, TRANSPORT_UNKNOWN if there is none. */
enum transport transport_named(const char *name);

enum encoding { ENCODING_ENVELOPE, ENCODING_JSON, ENCODING_LEGACY, ENCODING_PAYLOAD };

struct endpoint {
	uint8_t addr[16]; /* IPv4 in the first four bytes */
	uint8_t family;   /* 4, 6, or 0 where there is no address */
	uint16_t port;
};

/* Appends "address:port", IPv6 in brackets; or the address alone. */
void endpoint_add(struct buf *out, const struct endpoint *e);
void endpoint_add_address(struct buf *out, const struct endpoint *e);

/* What bytes of a direction that have come, or of which an acknowledgement has, wait for; until then messages of their time may still be told. */
enum { HELD_FOR_SECRET = 1 << 0, HELD_FOR_BYTES = 1 << 1 };

enum conn_end { CONN_OPEN, CONN_CLOSED_BY_CLIENT, CONN_CLOSED_BY_SERVER, CONN_RESET_BY_CLIENT, CONN_RESET_BY_SERVER, CONN_FORGOTTEN };
/* "open", "closed by client", … */
const char *conn_end_name(enum conn_end end);

enum { CONN_PROGRAM = 96 }; /* room for a User-Agent, its NUL included; what is longer is cut */

/* What capture/ knows of a connection, or of a conversation within one that follows rules of its own (a further SetupStream on an
 * HTTP/2 connection), which the sink is told of as of a connection. Lives from its first packet until the sink's closed() returns. */
struct conn_info {
	uint32_t number; /* from 1, in order of appearance */
	/* the number of the connection whose packets carry it: its own, or of the one within which it is a conversation */
	uint32_t carrier;
	uint32_t stream;         /* how many TCP connections began before the one that carries it: Wireshark's number of that */
	struct endpoint ends[2]; /* [DIR_C2S] is the client, who sends in that direction; [DIR_S2C] the server */
	bool start_seen;         /* the capture has its beginning (SYN) */
	bool guessed; /* joined in its middle: the end with the lower port is taken for the server, for want of anything better */
	bool turned;  /* it was the other way round: ends have been put right since */
	bool one_way; /* of bytes that are handed on: the capture had no packet of the other end so far */
	bool tls;
	bool deflated; /* its messages may be compressed so that one can't be read without those before it */
	bool shared;   /* a proxy sends requests of HTTP over it, of which not all need be of one client */
	enum transport transport;
	enum conn_end end;
	bool settled[2]; /* of a message in that direction: all that its sender had acknowledged of the other one was handed
	                          * on, so that what it answers has been seen, if the capture has it */
	/* HELD_FOR_: bytes of that direction have come and wait for their TLS secret, for bytes that are missing, or both */
	uint8_t held[2];
	bool broke_off[2]; /* that direction ended without a FIN: with the capture, or a reset. More of it may have been to come */
	int64_t opened;    /* time of its first packet */
	void *user;        /* the sink's; NULL at first */
	/* the client's program, as the User-Agent of its first HTTP request with one says (RFC 9110, section 10.1.5); "" */
	char program[CONN_PROGRAM];
};

/* Takes the User-Agent, unless there is one; as it came, not harmless for a terminal. */
void conn_set_program(struct conn_info *c, struct slice user_agent);

/* A piece of one message. A small message comes whole (first and last), a large one as it arrives: several messages can be
 * under way at once, but only one a connection, direction and exchange, and its pieces come in order. */
struct piece {
	struct conn_info *conn;
	enum dir dir;
	enum encoding encoding;
	bool first, last;
	bool cut;            /* with last: the message is not complete: its connection or the capture ended in its middle */
	bool length_alone;   /* no message, but the length, which can't be one, where a message was to begin */
	bool gap;            /* with cut: packets are missing from the capture instead */
	bool after_gap;      /* with first: packets are missing from the capture between the message before and this one */
	bool unmasked;       /* came in a WebSocket frame that breaks RFC 6455, section 5.1 (mask) */
	struct slice method; /* PAYLOAD: the name of the gRPC method, "Query"; lives as long as bytes */
	uint32_t exchange;   /* gRPC, REST: which request and response of the connection it belongs to; 0 where that is not known */
	bool reply;          /* with an exchange: it is the response */
	bool failed;         /* PAYLOAD, with reply: the call failed, and there is no payload */
	uint64_t size;       /* of the whole message, as announced */
	uint64_t offset;     /* of this piece in it */
	struct slice bytes;  /* borrowed during the call */
	int64_t at;          /* place of bytes in the capture file, -1 if they can't be read again from there */
	int64_t time;        /* of the packet that brought the piece */
};

enum news_kind {
	NEWS_GAP,      /* `bytes` of the stream are missing from the capture (0: number unknown) */
	NEWS_SKIPPED,  /* `bytes` passed over in search of the next message boundary */
	NEWS_OVERLONG, /* a length prefix of `bytes`, beyond the limit */
	NEWS_CUT,      /* a message of `bytes` of which so little was captured that nothing is known of it */
	NEWS_NOT_OURS, /* nothing in the stream looks like OpenIAP; no more of it is read; text says what it is, if known */
	NEWS_NOTE,     /* anything else worth a line; text says it */
	NEWS_KINDS
};

struct news {
	enum news_kind kind;
	struct conn_info *conn;
	enum dir dir;
	int64_t time;
	uint64_t bytes;
	const char *text;    /* a static sentence, or NULL */
	struct slice detail; /* what follows the sentence or the numbers, harmless for a terminal; borrowed during the call */
};

/* How far bytes look like the beginning of an Envelope. */
enum probe { PROBE_NO, PROBE_MORE, PROBE_WEAK, PROBE_STRONG };

/* Which end a message or frame shows to have sent it. */
enum sender { SENDER_UNKNOWN, SENDER_CLIENT, SENDER_SERVER };

enum { PROBE_BYTES = 96 }; /* a probe never asks for more than that many bytes */

struct sink {
	void *user;
	void (*message)(void *user, const struct piece *p);
	void (*news)(void *user, const struct news *n);
	/* The connection ended, for the reason in conn->end; CONN_OPEN when the capture itself ended. */
	void (*closed)(void *user, struct conn_info *conn, int64_t time);
	/* Could an Envelope of `length` bytes begin with these? Needs no user: it is a pure function. */
	enum probe (*probe)(struct slice head, uint64_t length);
	/* Which end sends an Envelope that begins with these? Pure as well; asked only where ends were guessed, else it may be NULL. */
	enum sender (*sender)(struct slice head);
};

#endif
