/* A diagram as a picture in SVG 1.1. */
#ifndef EXPORT_SVG_H
#define EXPORT_SVG_H

#include "export/diagram.h"

enum { SVG_ROWS = 500 };

struct svg_options {
	int64_t start; /* where relative times begin */
	bool links;    /* each row leads to #mN, N being the number of its message */
};

/* Appends an element svg that needs nothing from elsewhere: no font, no script, no picture. Text from the wire is escaped. Colours follow
 * prefers-color-scheme. */
void svg_add(struct buf *out, const struct diagram *d, const struct svg_options *o);

#endif
