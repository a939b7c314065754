/* Records of TLS among bytes (RFC 5246, 6.2.1; RFC 8446, 5.1). */
#ifndef CAPTURE_STREAM_TLS_RECORD_H
#define CAPTURE_STREAM_TLS_RECORD_H

#include "capture/stream/length_prefix.h"

/* True if bytes begin, as far as they go, like a TLS record with a hello message in it. TLS_BEGINS bytes tell for sure. */
enum { TLS_BEGINS = 6 };
bool tls_begins(struct slice in);
/* Searches bytes for TLS records: two in a row, or with `final` one that ends where the bytes do. */
struct find tls_find(struct slice in, bool final);

/* Can a record begin so, as far as the bytes go? */
bool tls_could_be_record(struct slice in);
/* The whole record at the front, with its header; empty if more bytes are needed. */
struct slice tls_record_at_front(struct slice in);
/* Bytes behind the header that `record` begins with. */
uint32_t tls_body_len(struct slice record);

#endif
