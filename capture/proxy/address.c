/*
 * LISTEN=TARGET, read and written.
 *
 * One table has the schemes: whether they are encrypted, what their bytes are, their usual port. LISTEN ends at the "=" behind which a
 * known scheme follows, since a path may hold a "=" too.
 */
#include "capture/proxy/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const struct scheme {
	const char *name;
	enum proxy_family family;
	bool tls;
	uint16_t port;
} schemes[PROXY_SCHEMES] = {
	[PROXY_WS] = { "ws", PROXY_HTTP1, false, 80 },           [PROXY_WSS] = { "wss", PROXY_HTTP1, true, 443 },
	[PROXY_HTTP] = { "http", PROXY_HTTP1, false, 80 },       [PROXY_HTTPS] = { "https", PROXY_HTTP1, true, 443 },
	[PROXY_GRPC] = { "grpc", PROXY_HTTP2, false, 50051 },    [PROXY_GRPCS] = { "grpcs", PROXY_HTTP2, true, 443 },
	[PROXY_SOCKET] = { "socket", PROXY_BYTES, false, 8080 }, [PROXY_TCP] = { "tcp", PROXY_BYTES, false, 8080 },
	[PROXY_PIPE] = { "pipe", PROXY_BYTES, false, 0 },
};

bool proxy_is_tls(const struct proxy_address *a)
{
	return schemes[a->scheme].tls;
}

bool proxy_is_pipe(const struct proxy_address *a)
{
	return a->scheme == PROXY_PIPE;
}

enum proxy_family proxy_family(const struct proxy_address *a)
{
	return schemes[a->scheme].family;
}

const char *proxy_scheme_name(enum proxy_scheme s)
{
	return schemes[s].name;
}

/* What follows "SCHEME://", and which scheme it is; NULL if there is none that is known. */
static const char *after_scheme(const char *text, enum proxy_scheme *scheme)
{
	for (int i = 0; i < PROXY_SCHEMES; i++) {
		size_t n = strlen(schemes[i].name);
		if (strncmp(text, schemes[i].name, n) == 0 && strncmp(text + n, "://", 3) == 0) {
			*scheme = (enum proxy_scheme)i;
			return text + n + 3;
		}
	}
	return NULL;
}

/* The query is left out, which may be a secret. */
static bool say(char *why, size_t why_size, const char *what, const char *text)
{
	size_t shown = strcspn(text, "?");
	snprintf(why, why_size, "%s: %.*s%s", what, (int)shown, text, text[shown] ? "?…" : "");
	return false;
}

static bool read_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	*port = (uint16_t)n;
	return *text >= '0' && *text <= '9' && !*end && n <= 65535;
}

static bool read_pipe(struct proxy_address *a, const char *rest)
{
	const char *folder = getenv("TMPDIR");
	int n = *rest == '/' ? snprintf(a->path, sizeof a->path, "%s", rest)
			     : snprintf(a->path, sizeof a->path, "%s/CoreFxPipe_%s", folder && *folder ? folder : "/tmp", rest);
	return *rest && n > 0 && (size_t)n < sizeof a->path && (*rest == '/' || !strchr(rest, '/'));
}

/* host, host:port, [address]:port; brackets, and only they, may hold a ":" */
static bool read_authority(struct proxy_address *a, const char *text)
{
	const char *end = *text == '[' ? strchr(text, ']') : text + strcspn(text, ":");
	if (!end)
		return false;
	const char *host = *text == '[' ? text + 1 : text, *after = *text == '[' ? end + 1 : end;
	size_t n = (size_t)(end - host);
	if (n > PROXY_HOST_MAX || strchr(text, '@'))
		return false;
	memcpy(a->host, host, n);
	a->host[n] = 0;
	if (strpbrk(a->host, "[]") || (*text == '[' && !strchr(a->host, ':')))
		return false;
	a->port = schemes[a->scheme].port;
	return !*after || (*after == ':' && read_port(after + 1, &a->port));
}

static bool read_address(struct proxy_address *a, const char *text)
{
	char authority[PROXY_HOST_MAX + 16];
	const char *rest = after_scheme(text, &a->scheme);
	if (!rest)
		return false;
	if (proxy_is_pipe(a))
		return read_pipe(a, rest);
	size_t n = strcspn(rest, "/");
	if (n >= sizeof authority || strlen(rest + n) >= sizeof a->path)
		return false;
	memcpy(authority, rest, n);
	authority[n] = 0;
	snprintf(a->path, sizeof a->path, "%s", rest + n);
	return read_authority(a, authority);
}

/* The "=" between the two. */
static const char *find_equals(const char *text)
{
	enum proxy_scheme scheme;
	for (const char *at = strchr(text, '='); at; at = strchr(at + 1, '='))
		if (after_scheme(at + 1, &scheme))
			return at;
	return NULL;
}

static const char *problem(const struct proxy_pair *p)
{
	if (!proxy_is_pipe(&p->target) && !*p->target.host)
		return "the target has no host";
	if (!proxy_is_pipe(&p->target) && !p->target.port)
		return "the target has no port";
	if (proxy_family(&p->listen) != proxy_family(&p->target))
		return "the two do not carry the same bytes (ws, wss, http and https go together; grpc and grpcs; socket, tcp and pipe)";
	bool pipes = proxy_is_pipe(&p->listen) && proxy_is_pipe(&p->target);
	bool hosts = !proxy_is_pipe(&p->listen) && !proxy_is_pipe(&p->target) && strcasecmp(p->listen.host, p->target.host) == 0;
	if (pipes ? strcmp(p->listen.path, p->target.path) == 0 : hosts && p->listen.port == p->target.port)
		return "it leads to itself";
	return NULL;
}

/* Says so without a user and a password that are in it; a password may hold "/" and "@". */
static bool not_understood(char *why, size_t why_size, const char *address)
{
	const char *at = strrchr(address, '@');
	return at ? say(why, why_size, "an address takes neither user nor password, as before", at)
		  : say(why, why_size, "this address can't be understood", address);
}

bool proxy_pair_read(struct proxy_pair *out, const char *text, char *why, size_t why_size)
{
	static const char form[] = "it takes LISTEN=TARGET, each a URL of ws, wss, http, https, grpc, grpcs, socket, tcp or pipe, not";
	char left[PROXY_TEXT_MAX];
	const char *equals = find_equals(text);
	*out = (struct proxy_pair){ 0 };
	if (!equals || (size_t)(equals - text) >= sizeof left)
		return say(why, why_size, form, strchr(text, '@') ? strrchr(text, '@') : text);
	memcpy(left, text, (size_t)(equals - text));
	left[equals - text] = 0;
	if (!read_address(&out->listen, left))
		return not_understood(why, why_size, left);
	if (!read_address(&out->target, equals + 1))
		return not_understood(why, why_size, equals + 1);
	if (!proxy_is_pipe(&out->listen) && !*out->listen.host)
		snprintf(out->listen.host, sizeof out->listen.host, "127.0.0.1");
	const char *fault = problem(out);
	return fault ? say(why, why_size, fault, text) : true;
}

/* The first n bytes of the host. */
static void add_host(struct buf *out, const struct proxy_address *a, size_t n)
{
	buf_addf(out, strchr(a->host, ':') ? "[%.*s]" : "%.*s", (int)n, a->host);
}

void proxy_address_add(struct buf *out, const struct proxy_address *a)
{
	buf_addf(out, "%s://", schemes[a->scheme].name);
	if (!proxy_is_pipe(a)) {
		add_host(out, a, strlen(a->host));
		buf_addf(out, ":%u", (unsigned)a->port);
	}
	size_t shown = proxy_is_pipe(a) ? strlen(a->path) : strcspn(a->path, "?");
	buf_add(out, slice_of(a->path, shown));
	buf_add_str(out, a->path[shown] ? "?…" : "");
}

void proxy_authority_add(struct buf *out, const struct proxy_address *a)
{
	bool usual = proxy_family(a) == PROXY_HTTP1 ? a->port == schemes[a->scheme].port : a->scheme == PROXY_GRPCS && a->port == 443;
	add_host(out, a, strcspn(a->host, "%"));
	if (!usual)
		buf_addf(out, ":%u", (unsigned)a->port);
}

bool proxy_net_read(struct proxy_net *out, const char *text)
{
	char address[64], *end;
	size_t n = strcspn(text, "/");
	if (n >= sizeof address)
		return false;
	memcpy(address, text, n);
	address[n] = 0;
	*out = (struct proxy_net){ 0 };
	out->family = inet_pton(AF_INET, address, out->addr) == 1 ? 4 : inet_pton(AF_INET6, address, out->addr) == 1 ? 6 : 0;
	unsigned long most = out->family == 4 ? 32 : 128, bits = most;
	if (text[n])
		bits = strtoul(text + n + 1, &end, 10);
	out->bits = (uint8_t)bits;
	return out->family && bits <= most && (!text[n] || (text[n + 1] >= '0' && text[n + 1] <= '9' && !*end));
}

bool proxy_net_has(const struct proxy_net *n, uint8_t family, const uint8_t addr[16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;
	if (family != n->family || memcmp(n->addr, addr, whole) != 0)
		return false;
	return !rest || ((n->addr[whole] ^ addr[whole]) >> (8 - rest)) == 0;
}
