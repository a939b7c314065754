/*
 * Where a pair listens, and where it leads to.
 *
 * Names are looked up once, at the start. A LISTEN such as localhost can have several addresses: all are bound, to the same port. A
 * pipe is a socket in the file system, and stays there when its owner dies: if connecting to it is refused, nobody
 * has it any more and it is taken over; if not, it is somebody's.
 */
#include "capture/proxy/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

struct endpoint route_endpoint(const struct sockaddr_storage *at)
{
	struct endpoint e = { 0 };
	if (at->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)at;
		e.family = 4;
		e.port = ntohs(in->sin_port);
		memcpy(e.addr, &in->sin_addr, 4);
	} else if (at->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)at;
		e.port = ntohs(in->sin6_port);
		e.family = IN6_IS_ADDR_V4MAPPED(&in->sin6_addr) ? 4 : 6;
		memcpy(e.addr, in->sin6_addr.s6_addr + (e.family == 4 ? 12 : 0), e.family == 4 ? 4 : 16);
	}
	return e;
}

static bool is_loopback(const struct endpoint *e)
{
	static const uint8_t one[16] = { [15] = 1 };
	return e->family == 4 ? e->addr[0] == 127 : e->family == 0 || memcmp(e->addr, one, 16) == 0;
}

bool route_allows(const struct proxy_options *o, const struct endpoint *client)
{
	if (is_loopback(client))
		return true;
	for (size_t i = 0; i < o->allow_count; i++)
		if (proxy_net_has(&o->allow[i], client->family, client->addr))
			return true;
	return false;
}

static bool say(char *why, size_t why_size, const struct proxy_address *a, const char *what)
{
	struct buf text = { 0 };
	proxy_address_add(&text, a);
	snprintf(why, why_size, "%s: %s", buf_cstr(&text), what);
	buf_release(&text);
	return false;
}

/* The addresses of a host; those of a pipe are its path. */
static bool look_up(const struct proxy_address *a, struct route_address *out, size_t *count, char *why, size_t why_size)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *found;
	char port[8];
	if (proxy_is_pipe(a)) {
		struct sockaddr_un un = { .sun_family = AF_UNIX };
		if ((size_t)snprintf(un.sun_path, sizeof un.sun_path, "%s", a->path) >= sizeof un.sun_path)
			return say(why, why_size, a, "the path is too long for a socket");
		memcpy(&out[0].at, &un, sizeof un);
		out[0].size = sizeof un;
		*count = 1;
		return true;
	}
	snprintf(port, sizeof port, "%u", (unsigned)a->port);
	int error = getaddrinfo(a->host, port, &hints, &found);
	if (error) {
		char what[256];
		snprintf(what, sizeof what, "the host's name can't be looked up: %s",
			 error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
		return say(why, why_size, a, what);
	}
	*count = 0;
	for (struct addrinfo *i = found; i && *count < ROUTE_ADDRESSES; i = i->ai_next) {
		memcpy(&out[*count].at, i->ai_addr, i->ai_addrlen);
		out[(*count)++].size = i->ai_addrlen;
	}
	freeaddrinfo(found);
	return true;
}

/* Is somebody listening on the socket of a pipe? */
static bool is_live(const struct route_address *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = connect(fd, (const struct sockaddr *)&at->at, at->size) != 0 && errno == ECONNREFUSED;
	close(fd);
	return !refused;
}

static bool is_socket(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Why a pipe can't be listened on, and what to do. */
static const char *pipe_fault(const char *path, int reason)
{
	switch (reason) {
	case EADDRINUSE:
		return is_socket(path) ? "the pipe is in use by another program: choose another name"
				       : "there is a file of that name, which is no pipe";
	case ENOENT:
	case ENOTDIR: return "there is no such folder";
	case EACCES:
	case EPERM:
		return is_socket(path) ? "the pipe is another user's, or was left over by one: have it removed, or choose another name"
				       : "you may not make a pipe there";
	default: return strerror(reason);
	}
}

/* The same for an address. */
static const char *address_fault(int reason)
{
	switch (reason) {
	case EADDRINUSE: return "the port is in use by another program: choose another one, or 0 for any that is free";
	case EADDRNOTAVAIL: return "no interface of this machine has that address";
	case EACCES: return "you may not listen on that port: choose a higher one (from 1024 on everybody may)";
	default: return strerror(reason);
	}
}

static bool listen_pipe(struct route *r, const struct route_address *at, bool *taken_over, char *why, size_t why_size)
{
	const struct proxy_address *a = &r->pair.listen;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(077);
	int got = bind(fd, (const struct sockaddr *)&at->at, at->size); /* NOLINT(clang-analyzer-core.CallAndMessage): look_up found one */
	if (got != 0 && errno == EADDRINUSE && is_socket(a->path) && !is_live(at) && unlink(a->path) == 0) {
		*taken_over = true;
		got = bind(fd, (const struct sockaddr *)&at->at, at->size);
	}
	int reason = errno;
	umask(mask);
	if (got == 0 && listen(fd, BACKLOG) == 0) {
		r->listener[r->listeners++] = fd;
		r->bound = true;
		return true;
	}
	close(fd);
	return say(why, why_size, a, pipe_fault(a->path, reason));
}

/* Binds one address; false with errno. */
static bool listen_address(struct route *r, struct route_address *at)
{
	int on = 1, fd = socket(at->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = at->size;
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)(void *)&at->at; /* the port is at the same place in both */
	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (at->at.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	in->sin6_port = htons(r->pair.listen.port);
	if (bind(fd, (struct sockaddr *)&at->at, at->size) == 0 && listen(fd, BACKLOG) == 0 &&
	    getsockname(fd, (struct sockaddr *)&at->at, &size) == 0) {
		r->pair.listen.port = ntohs(in->sin6_port);
		r->listener[r->listeners++] = fd;
		return true;
	}
	int reason = errno;
	close(fd);
	errno = reason;
	return false;
}

static bool may_listen(const struct route *r, const struct proxy_options *o, const struct route_address *at, char *why, size_t why_size)
{
	struct endpoint e = route_endpoint(&at->at);
	if (o->allow_count || is_loopback(&e))
		return true;
	return say(why, why_size, &r->pair.listen, "listening beyond loopback needs --allow NET, the clients that may connect");
}

static bool listen_all(struct route *r, const struct proxy_options *o, char *why, size_t why_size)
{
	struct route_address at[ROUTE_ADDRESSES];
	size_t count;
	if (!look_up(&r->pair.listen, at, &count, why, why_size))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!may_listen(r, o, &at[i], why, why_size))
			return false;
		if (listen_address(r, &at[i]))
			continue;
		bool absent = errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT;
		if (!absent || (i + 1 == count && !r->listeners))
			return say(why, why_size, &r->pair.listen, address_fault(errno));
	}
	return true;
}

/* Would a connection to that address come back to us? */
static bool is_own(const struct route *r, const struct route_address *at)
{
	static const uint8_t any[16];
	struct endpoint to = route_endpoint(&at->at);
	for (size_t i = 0; i < r->listeners; i++) {
		struct sockaddr_storage own = { 0 };
		socklen_t size = sizeof own;
		if (getsockname(r->listener[i], (struct sockaddr *)&own, &size) != 0)
			continue;
		struct endpoint e = route_endpoint(&own);
		bool here = memcmp(e.addr, to.addr, sizeof any) == 0 || (memcmp(e.addr, any, sizeof any) == 0 && is_loopback(&to));
		if (here && e.family == to.family && e.port == to.port)
			return true;
	}
	return false;
}

/* Each connection would make another one, without end. */
static bool leave_own_out(struct route *r, char *why, size_t why_size)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->targets; i++)
		if (!is_own(r, &r->target[i]))
			r->target[kept++] = r->target[i];
	r->targets = kept;
	return kept || say(why, why_size, &r->pair.target, "it leads to itself");
}

bool route_open(struct route *r, const struct proxy_options *o, size_t pair, char *why, size_t why_size)
{
	r->pair = o->pairs[pair];
	r->index = (uint8_t)pair;
	if (!look_up(&r->pair.target, r->target, &r->targets, why, why_size))
		return false;
	return proxy_is_pipe(&r->pair.listen) || (listen_all(r, o, why, why_size) && leave_own_out(r, why, why_size));
}

bool route_open_pipe(struct route *r, bool *taken_over, char *why, size_t why_size)
{
	struct route_address at[ROUTE_ADDRESSES];
	size_t count;
	*taken_over = false;
	if (!proxy_is_pipe(&r->pair.listen))
		return true;
	return look_up(&r->pair.listen, at, &count, why, why_size) && listen_pipe(r, at, taken_over, why, why_size);
}

void route_close(struct route *r, bool unlink_too)
{
	for (size_t i = 0; i < r->listeners; i++)
		close(r->listener[i]);
	r->listeners = 0;
	if (r->bound && unlink_too)
		unlink(r->pair.listen.path);
	SSL_CTX_free(r->server);
	SSL_CTX_free(r->client);
	r->server = r->client = NULL;
}
