/*
 * The dissection tree of a message: every field with its offset and length in the message's bytes.
 *
 * The tree is made from the raw bytes with the descriptors as schema, so that each node knows where it stands;
 * JSON inside strings and the claims of JWTs are children of their string and have its place. Nodes live in the
 * dissection's arena until the next dissect call on it; values borrow from the message's bytes, or from the
 * arena where they had to be unescaped.
 *
 * Every occurrence of a field on the wire has its node, in the order of the wire; which one counts when a
 * singular field comes twice is for the reader of the tree (the last; protobuf merges messages). What
 * protobuf_c_message_unpack refuses has a NODE_BAD in its tree, in the message where the fault is; fields that
 * can be read behind a fault, because the message around it says where they begin, stay in the tree. A message
 * of which the capture has only the front ends in a NODE_BAD with the fault "the capture ends here".
 */
#ifndef DECODE_DISSECT_H
#define DECODE_DISSECT_H

#include "base/arena.h"
#include "decode/envelope.h"
#include "decode/schema.h"

enum node_kind {
	NODE_MESSAGE, /* children are fields */
	NODE_STRING,  /* text; children if it is JSON (one root without a name) or a JWT (header, claims) */
	NODE_BYTES,
	NODE_INT,  /* integer: int32, int64, sint, sfixed */
	NODE_UINT, /* unsigned: uint32, uint64, fixed; varints of unknown fields */
	NODE_BOOL,
	NODE_FLOAT,
	NODE_DOUBLE,
	NODE_TIME,   /* google.protobuf.Timestamp: integer is ns since 1970; children seconds, nanos */
	NODE_OBJECT, /* JSON */
	NODE_ARRAY,  /* JSON */
	NODE_NUMBER, /* JSON: decimal text, real; a JWT's exp, iat, nbf have type "NumericDate", integer in ns */
	NODE_NULL,   /* JSON */
	NODE_BAD     /* bytes that can't be read on; fault says why; integer: bytes that the capture lacks, or 0 */
};

struct node {
	struct slice name;                   /* field name; the number for an unknown field; key or index for JSON */
	uint8_t kind;                        /* enum node_kind */
	bool repeated;                       /* one element of a repeated field */
	bool unknown;                        /* not in the schema */
	bool secret;                         /* to be shown hidden unless asked for */
	bool from_text;                      /* JSON or JWT content: offset and length are those of the string around it */
	bool apart;                          /* of bytes that the message holds written as text: offset and length are those of that text */
	uint32_t number;                     /* field number; 0 for none */
	uint32_t offset, length;             /* of the whole field (tag and length included) in the message */
	uint32_t value_offset, value_length; /* of the value in it */
	int64_t integer;                     /* INT, BOOL, TIME; UINT as its bits; STRING and BYTES that are cut: bytes missing */
	double real;                         /* FLOAT, DOUBLE, NUMBER */
	struct slice text;                   /* STRING, BYTES, NUMBER; MESSAGE and BAD: the raw bytes */
	const char *type;                    /* "QueryRequest", "string", …; of unknown fields "varint" …; static; NULL for JSON */
	const char *fault;                   /* NULL, or a static sentence: malformed, cut, too deep … */
	struct node *parent, *child, *next, *last; /* last child */
};

struct dissection {
	const struct schema *schema; /* not owned */
	bool shallow;                /* the caller's choice: strings are not looked into (faster) */
	struct arena arena;
	type_id type;         /* of the payload; 0 if unknown */
	bool type_by_command; /* no (known) type_url: the command told */
	struct node *root;    /* the Envelope; NULL only if the budget did not reach for one node */
	struct node *payload; /* the message in the Any, or of dissect_payload the root; NULL for none */
	struct slice bytes;   /* the rest is the dissector's own: what the places of nodes refer to, */
	struct node *spare;   /* the node that will say that the budget is spent, NULL once it does, */
	struct node *cut_in;  /* and the innermost message that the end of the capture cut */
};

/* budget: bytes of memory a tree may take; when it is spent the tree ends in a NODE_BAD with the fault "too
 * many fields to show". */
void dissection_init(struct dissection *d, const struct schema *schema, size_t budget);
void dissection_release(struct dissection *d);

/* Dissects an Envelope; d->root is the tree. bytes must live as long as the tree is used. `total` is the
 * message's full size where bytes are only its captured front (cut messages); else bytes.len. */
void dissect_envelope(struct dissection *d, struct slice bytes, uint64_t total);
/* Dissects a bare message of a type (type 0: schema-less). */
void dissect_payload(struct dissection *d, type_id type, struct slice bytes);
/* The same where bytes are perhaps only its front: `total` is its full size. */
void dissect_payload_front(struct dissection *d, type_id type, struct slice bytes, uint64_t total);

/* The type of an Envelope's payload: what type_url names, else what goes with the command (a getelement with a
 * rid carries its reply); 0 if neither is known. *by_command says that the command told. */
type_id envelope_payload_type(const struct schema *s, const struct envelope *e, bool *by_command);

/* The first child of that name, NULL if none. */
struct node *node_child(const struct node *n, const char *name);
/* The node after n in the order of the tree, children first, within the tree below `top`; NULL after the
 * last. */
const struct node *node_after(const struct node *n, const struct node *top);
/* The fault of the first NODE_BAD in the tree of n; NULL if it is whole. */
const char *node_fault(const struct node *n);
/* The time that google.protobuf.Timestamps say, merged in their order if there are several, in ns since 1970.
 * False if it is none: nanos out of range, or seconds beyond what fits (years 1677 to 2262). */
bool node_timestamp(const struct node *const *parts, size_t count, int64_t *ns);

#endif
