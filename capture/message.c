/*
 * The names of what messages come over: transports (one table for listings, -d and the filter) and endpoints.
 */
#include "capture/message.h"

#include <arpa/inet.h>

static const char *const names[TRANSPORTS] = {
	[TRANSPORT_UNKNOWN] = "unknown", [TRANSPORT_TCP] = "tcp",       [TRANSPORT_WS] = "ws",
	[TRANSPORT_GRPC] = "grpc",       [TRANSPORT_REST] = "rest",     [TRANSPORT_LEGACY] = "legacy",
	[TRANSPORT_PIPE] = "pipe",       [TRANSPORT_HTTP] = "http",     [TRANSPORT_TLS] = "tls",
};

const char *transport_name(enum transport t)
{
	return names[t];
}

enum transport transport_named(const char *name)
{
	for (int t = TRANSPORT_UNKNOWN + 1; t < TRANSPORTS; t++)
		if (strcmp(names[t], name) == 0)
			return (enum transport)t;
	return TRANSPORT_UNKNOWN;
}

void endpoint_add(struct buf *out, const struct endpoint *e)
{
	char text[INET6_ADDRSTRLEN] = "?";
	if (e->family)
		inet_ntop(e->family == 6 ? AF_INET6 : AF_INET, e->addr, text, sizeof text);
	buf_addf(out, e->family == 6 ? "[%s]:%u" : "%s:%u", text, (unsigned)e->port);
}
