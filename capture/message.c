/*
 * The names of what messages come over: transports (one table for listings, -d and the filter) and endpoints.
 */
#include "capture/message.h"

#include <arpa/inet.h>

static const char *const names[TRANSPORTS] = {
	[TRANSPORT_UNKNOWN] = "unknown", [TRANSPORT_TCP] = "tcp",   [TRANSPORT_WS] = "ws",
	[TRANSPORT_GRPC] = "grpc",       [TRANSPORT_REST] = "rest", [TRANSPORT_LEGACY] = "legacy",
	[TRANSPORT_PIPE] = "pipe",       [TRANSPORT_HTTP] = "http", [TRANSPORT_TLS] = "tls",
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

void endpoint_add_address(struct buf *out, const struct endpoint *e)
{
	char text[INET6_ADDRSTRLEN] = "?";
	if (e->family == 4) {
		for (int i = 0; i < 4; i++) {
			if (i)
				buf_add_byte(out, '.');
			buf_add_number(out, e->addr[i], 1);
		}
		return;
	}
	if (e->family)
		inet_ntop(AF_INET6, e->addr, text, sizeof text);
	buf_add_str(out, text);
}

void endpoint_add(struct buf *out, const struct endpoint *e)
{
	if (e->family == 6)
		buf_add_byte(out, '[');
	endpoint_add_address(out, e);
	if (e->family == 6)
		buf_add_byte(out, ']');
	buf_add_byte(out, ':');
	buf_add_number(out, e->port, 1);
}

const char *conn_end_name(enum conn_end end)
{
	static const char *const words[] = {
		[CONN_OPEN] = "open",
		[CONN_CLOSED_BY_CLIENT] = "closed by client",
		[CONN_CLOSED_BY_SERVER] = "closed by server",
		[CONN_RESET_BY_CLIENT] = "reset by client",
		[CONN_RESET_BY_SERVER] = "reset by server",
		[CONN_FORGOTTEN] = "forgotten",
	};
	return words[end];
}

void conn_set_program(struct conn_info *c, struct slice user_agent)
{
	struct slice kept = slice_head(user_agent, CONN_PROGRAM - 1);
	if (c->program[0] || !kept.len)
		return;
	memcpy(c->program, kept.at, kept.len);
	c->program[kept.len] = 0;
}
