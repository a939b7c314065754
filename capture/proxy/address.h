/* --proxy LISTEN=TARGET: where the proxy listens, and where it leads to. */
#ifndef CAPTURE_PROXY_ADDRESS_H
#define CAPTURE_PROXY_ADDRESS_H

#include "base/buf.h"

enum proxy_scheme {
	PROXY_WS,
	PROXY_WSS,
	PROXY_HTTP,
	PROXY_HTTPS,
	PROXY_GRPC,
	PROXY_GRPCS,
	PROXY_SOCKET,
	PROXY_TCP,
	PROXY_PIPE,
	PROXY_SCHEMES
};

/* What the bytes of a connection are: only addresses of one family can be joined. */
enum proxy_family { PROXY_HTTP1, PROXY_HTTP2, PROXY_BYTES };

enum { PROXY_HOST_MAX = 253, PROXY_PATH_MAX = 1024, PROXY_TEXT_MAX = 1400 };

struct proxy_address {
	enum proxy_scheme scheme;
	char host[PROXY_HOST_MAX + 1]; /* without the brackets of an IPv6 address; empty for a pipe */
	uint16_t port;                 /* 0: any free one (listening) */
	char path[PROXY_PATH_MAX + 1]; /* of a URL from its first "/" on, else empty; of a pipe that of its socket in the file system */
};

struct proxy_pair {
	struct proxy_address listen, target;
};

bool proxy_is_tls(const struct proxy_address *a);
bool proxy_is_pipe(const struct proxy_address *a);
enum proxy_family proxy_family(const struct proxy_address *a);
const char *proxy_scheme_name(enum proxy_scheme s);
/* Reads LISTEN=TARGET. A LISTEN without a host is on 127.0.0.1; a port left out is that of the scheme. pipe://NAME is the socket
 * CoreFxPipe_NAME in $TMPDIR, else /tmp, as .NET and Node name it; pipe:///PATH is that path. False, with a sentence in why, if it can't
 * be understood or the bytes of the two are not the same. Text in why may be what the user wrote. */
bool proxy_pair_read(struct proxy_pair *out, const char *text, char *why, size_t why_size);
/* Appends it as a URL: "ws://127.0.0.1:9000", "pipe:///tmp/CoreFxPipe_spy". For people: of a query, which may have a token in it, stands only that there
 * is one. */
void proxy_address_add(struct buf *out, const struct proxy_address *a);
/* Appends host[:port] as in a Host header: without the port that is usual for the scheme (RFC 9110, section 7.2), and without the zone of an IPv6 address,
 * which means something on this machine only (RFC 6874, section 4). */
void proxy_authority_add(struct buf *out, const struct proxy_address *a);

/* --allow NET: the addresses of clients. */
struct proxy_net {
	uint8_t addr[16]; /* IPv4 in the first four bytes */
	uint8_t family;   /* 4 or 6 */
	uint8_t bits;
};

/* Reads "10.0.0.0/8", "fd00::/8" or a single address. */
bool proxy_net_read(struct proxy_net *out, const char *text);
bool proxy_net_has(const struct proxy_net *n, uint8_t family, const uint8_t addr[16]);

#endif
