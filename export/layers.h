/*
 * A message in the shape of Wireshark's formats: layers (protos) with fields, each with a name, and its value as text. What lies below the
 * message is told as far as it is known; the names of its own fields are those of the dissector that --wireshark-plugin prints, so
 * that what is written for the one can be used with the other.
 */
#ifndef EXPORT_LAYERS_H
#define EXPORT_LAYERS_H

#include "export/exporter.h"

/* A field that is not in the bytes of the message. */
struct layer_field {
	const char *layer;  /* "tcp" */
	const char *title;  /* of the layer: "Transmission Control Protocol" */
	const char *name;   /* "tcp.srcport"; NULL: the layer has none that is known */
	struct slice value; /* as text; borrowed during the call */
};

typedef void layer_take(void *user, const struct layer_field *f);

/* Tells the layers below the message, frame first, each with its fields in a row. */
void layers_below(struct printer *p, const struct message_facts *m, layer_take *take, void *user);
/* Tells, once it is dissected, what envscope knows of the message beyond its bytes: openiap.n, openiap.latency, openiap.rules … */
void layers_facts(struct printer *p, const struct message_facts *m, layer_take *take, void *user);

/* Dissects the message; the root of the tree, or NULL. */
const struct node *layers_dissect(struct printer *p, const struct message_facts *m);
/* True of a node that is only around the payload (the Envelope, the Any): what is in it stands in its place. */
bool layer_is_wrapper(const struct dissection *d, const struct node *n);
/* Appends the name of a field: openiap.command, openiap.query.collectionname; of the payload itself openiap.query. */
void layer_add_name(struct buf *out, const struct dissection *d, const struct node *n);
/* Appends its value as text: whole, secrets hidden unless they are to be shown; nothing for what only has others in it. */
void layer_add_value(struct buf *out, const struct node *n, bool show_secrets);

#endif
