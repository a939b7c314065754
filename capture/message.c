/*
 * The names of the transports: one table for listings, -d and the filter.
 */
#include "capture/message.h"

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
