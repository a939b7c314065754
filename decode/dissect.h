/*
 * The dissection tree of a message: every field with its offset and length in the message's bytes.
 *
 * The tree is made from the raw bytes with the descriptors as schema, so that each node knows where it stands; JSON inside
 * strings and the claims of JWTs are children of their string and have its place. Nodes live in the dissection's arena until
 * the next dissect call on it; values borrow from the message's bytes, or from the arena where they had to be unescaped.
 */
#ifndef DECODE_DISSECT_H
#define DECODE_DISSECT_H

#include "base/arena.h"
#include "decode/schema.h"

enum node_kind {
	NODE_MESSAGE, /* children are fields */
	NODE_STRING,  /* text; children if it is JSON (one root: object or array) or a JWT (header, claims) */
	NODE_BYTES,
	NODE_INT,     /* integer: int32, int64, sint, sfixed */
	NODE_UINT,    /* unsigned: uint32, uint64, fixed; varints of unknown fields */
	NODE_BOOL,
	NODE_FLOAT,
	NODE_DOUBLE,
	NODE_TIME,    /* google.protobuf.Timestamp: integer is ns since 1970; children seconds, nanos */
	NODE_OBJECT,  /* JSON */
	NODE_ARRAY,   /* JSON */
	NODE_NUMBER,  /* JSON number: text as written, number as double */
	NODE_NULL,    /* JSON */
	NODE_BAD      /* bytes that can't be read on; fault says why */
};

struct node {
	struct slice name;   /* field name; the number for an unknown field; key or index for JSON */
	uint8_t kind;        /* enum node_kind */
	bool repeated;       /* one element of a repeated field */
	bool unknown;        /* not in the schema */
	bool secret;         /* to be shown hidden unless asked for */
	bool from_text;      /* JSON or JWT content: offset and length are those of the string around it */
	uint32_t number;     /* field number; 0 for none */
	uint32_t offset, length;             /* of the whole field (tag and length included) in the message */
	uint32_t value_offset, value_length; /* of the value in it */
	int64_t integer;     /* INT, BOOL, TIME; UINT as its bits */
	double real;         /* FLOAT, DOUBLE, NUMBER */
	struct slice text;   /* STRING, BYTES, NUMBER; MESSAGE: its raw bytes */
	const char *type;    /* "QueryRequest", "string", …; static; NULL for JSON */
	const char *fault;   /* NULL, or a static sentence: malformed, cut, too deep … */
	struct node *parent, *child, *next, *last; /* last child */
};

struct dissection {
	const struct schema *schema; /* not owned */
	struct arena arena;
	type_id type;                /* of the payload; 0 if unknown */
	bool type_by_command;        /* no (known) type_url: the command told */
	struct node *root;           /* the Envelope; NULL only if the budget did not reach for one node */
	struct node *payload;        /* the message in the Any; NULL if there is none */
};

/* budget: bytes of memory a tree may take; when it is spent the tree ends in a NODE_BAD with the fault "too many fields to show". */
void dissection_init(struct dissection *d, const struct schema *schema, size_t budget);
void dissection_release(struct dissection *d);

/* Dissects an Envelope; d->root is the tree. bytes must live as long as the tree is used. `total` is the message's full size where
 * bytes are only its captured front (cut messages); else bytes.len. */
void dissect_envelope(struct dissection *d, struct slice bytes, uint64_t total);
/* Dissects a bare message of a type (type 0: schema-less). */
void dissect_payload(struct dissection *d, type_id type, struct slice bytes);

/* The first child of that name, NULL if none. */
struct node *node_child(const struct node *n, const char *name);

#endif
