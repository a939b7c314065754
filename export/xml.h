/* Text in XML. */
#ifndef EXPORT_XML_H
#define EXPORT_XML_H

#include "base/buf.h"

/* Appends text so that it can stand in an element or an attribute in quotes: markup escaped, and only characters that XML 1.0 (section 2.2)
 * allows. What is not UTF-8, and what XML cannot have, becomes U+FFFD; line breaks and tabs are character references, so that they
 * survive in attributes. */
void xml_add(struct buf *out, struct slice text);
void xml_add_str(struct buf *out, const char *text);

#endif
