/* TLS 1.2 and 1.3 (RFC 5246, RFC 8446), opened with the secrets of a key log. */
#ifndef CAPTURE_STREAM_TLS_H
#define CAPTURE_STREAM_TLS_H

#include "capture/keylog.h"
#include "capture/stream/length_prefix.h"

/* A layer for the records of a connection, from its first byte on; what it opens goes to a detect layer inside (`forced` as there).
 * conn->tls becomes true; conn->transport is TRANSPORT_TLS until something is opened. Records whose secrets are not in the key log
 * wait for them, at most limits->tls_wait bytes a direction and tls_wait_all in all; NULL for keylog: there are no secrets, and
 * nothing waits for any. What cannot be decrypted is told as NEWS_NOT_OURS, with the names that the handshake gave. `s` and keylog
 * must outlive it. */
struct layer *tls_new(const struct stream *s, enum transport forced, struct keylog *keylog);

#endif
