/*
 * The proxy as the pipeline sees it.
 *
 *	client ⇄ relay (own process) ⇄ target
 *	            │ ring
 *	            v
 *	         proxy_take → capture/proxy/entry.c → stream layers
 *
 * Everything that can fail at the start fails here, before the relay is a process: names, ports, files. What is told at the start is
 * told here, too. Root is given up here, between what may need it and what is to belong to the user: the relay, which reads what strangers sent, never has
 * it. The relay lives as long as the parent holds its end of a socket pair.
 */
#include "capture/proxy/proxy.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "capture/proxy/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef ENVSCOPE_SANITIZED
#include <sanitizer/lsan_interface.h>
#endif

enum { RING_ROOM = 32 << 20 };

struct proxy {
	struct proxy_options options;
	struct route routes[PROXY_PAIRS_MAX];
	struct tls_identity identity;
	struct ring *ring;
	struct buf name, pair_name[PROXY_PAIRS_MAX];
	struct buf warning[2]; /* as many as there are; the others are empty */
	pid_t relay;           /* 0: none */
	int leash;             /* the parent's end of the pair; -1 */
};

static bool any(const struct proxy_options *o, bool listening)
{
	for (size_t i = 0; i < o->count; i++)
		if (proxy_is_tls(listening ? &o->pairs[i].listen : &o->pairs[i].target))
			return true;
	return false;
}

static void make_warnings(struct proxy *p)
{
	struct buf *next = p->warning;
	if (p->options.insecure && any(&p->options, false))
		buf_add_str(next++, "INSECURE: the certificates of targets are not verified (--insecure)");
	if (what_if_wanted(&p->options.what_if)) {
		struct buf text = { 0 };
		what_if_describe(&text, &p->options.what_if);
		text_add_safe(next, buf_slice(&text));
		buf_release(&text);
	}
	for (size_t i = 0; i < sizeof p->warning / sizeof *p->warning; i++)
		buf_cstr(&p->warning[i]);
}

const char *proxy_warning(const struct proxy *p, size_t i)
{
	return i < sizeof p->warning / sizeof *p->warning && p->warning[i].len ? (const char *)p->warning[i].at : NULL;
}

const char *proxy_fingerprint(const struct proxy *p)
{
	return p->identity.cert ? p->identity.fingerprint : NULL;
}

static bool make_contexts(struct proxy *p, struct route *r, char *why, size_t why_size)
{
	const struct proxy_pair *pair = &r->pair;
	enum proxy_family f = proxy_family(&pair->listen);
	if (proxy_is_tls(&pair->listen) && !(r->server = tls_server_context(&p->options, &p->identity, f, why, why_size)))
		return false;
	if (proxy_is_tls(&pair->target) && !(r->client = tls_client_context(&p->options, f, why, why_size)))
		return false;
	return true;
}

static void add_pair(struct buf *out, const struct proxy_pair *p)
{
	struct buf text = { 0 };
	proxy_address_add(&text, &p->listen);
	buf_add_str(&text, " → ");
	proxy_address_add(&text, &p->target);
	text_add_safe(out, buf_slice(&text));
	buf_release(&text);
}

struct saying {
	void (*say)(void *user, const char *line);
	void *user;
};

static void say_line(const struct saying *s, struct buf *line)
{
	s->say(s->user, buf_cstr(line));
	buf_clear(line);
}

static void say_pair(const struct saying *s, const struct route *r, bool taken_over)
{
	struct buf line = { 0 };
	if (taken_over) {
		text_add_safe(&line, slice_str(r->pair.listen.path));
		buf_add_str(&line, " was left over from a program that is gone: taken over");
		say_line(s, &line);
	}
	buf_add_str(&line, "listening on ");
	add_pair(&line, &r->pair);
	say_line(s, &line);
	buf_release(&line);
}

static void say_tls(const struct saying *s, const struct proxy *p)
{
	struct buf line = { 0 };
	if (any(&p->options, true) && !p->options.cert) {
		buf_addf(&line, "clients are shown a certificate made just now, SHA-256 %s", p->identity.fingerprint);
		say_line(s, &line);
	}
	for (size_t i = 0; proxy_warning(p, i); i++) {
		buf_add_str(&line, proxy_warning(p, i));
		say_line(s, &line);
	}
	buf_release(&line);
}

/* What may need root: ports, keys. */
static bool open_ports(struct proxy *p, char *why, size_t why_size)
{
	if (any(&p->options, true) && !p->options.cert && !tls_identity_make(&p->identity, &p->options, why, why_size))
		return false;
	for (size_t i = 0; i < p->options.count; i++)
		if (!route_open(&p->routes[i], &p->options, i, why, why_size) || !make_contexts(p, &p->routes[i], why, why_size))
			return false;
	return true;
}

/* What is to belong to the user that the relay runs as. */
static bool open_pipes(struct proxy *p, const struct saying *s, char *why, size_t why_size)
{
	bool taken_over;
	for (size_t i = 0; i < p->options.count; i++) {
		struct route *r = &p->routes[i];
		if (!route_open_pipe(r, &taken_over, why, why_size))
			return false;
		say_pair(s, r, taken_over);
		if (i)
			buf_add_str(&p->name, ", ");
		add_pair(&p->pair_name[i], &r->pair);
		buf_add_str(&p->name, buf_cstr(&p->pair_name[i]));
	}
	buf_cstr(&p->name);
	return true;
}

static bool open_all(struct proxy *p, const struct saying *s, char *why, size_t why_size)
{
	const struct proxy_options *o = &p->options;
	*why = 0;
	if (!open_ports(p, why, why_size) || (o->give_up_root && !o->give_up_root(o->user)) || !open_pipes(p, s, why, why_size))
		return false;
	make_warnings(p);
	say_tls(s, p);
	return true;
}

static int run_relay(struct proxy *p, int parent)
{
	struct relay_setup setup = { &p->options, p->routes, p->options.count, p->ring, parent };
	close(p->leash);
	int status = relay_run(&setup);
	for (size_t i = 0; i < p->options.count; i++)
		route_close(&p->routes[i], true);
	return status;
}

/* The relay leaves by _exit: what the parent has registered for its own end, and has not written yet, is none of its business. So a build with
 * sanitizers has to be asked to look for leaks. */
static void leave(int status)
{
#ifdef ENVSCOPE_SANITIZED
	__lsan_do_leak_check();
#endif
	_exit(status);
}

static bool start(struct proxy *p, char *why, size_t why_size)
{
	int pair[2];
	p->ring = ring_new(RING_ROOM);
	if (!p->ring || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		snprintf(why, why_size, "the proxy cannot start: %s", strerror(errno));
		return false;
	}
	p->leash = pair[0];
	p->relay = fork();
	if (p->relay == 0)
		leave(run_relay(p, pair[1]));
	close(pair[1]);
	if (p->relay < 0)
		snprintf(why, why_size, "the proxy cannot start: %s", strerror(errno));
	return p->relay > 0;
}

struct proxy *proxy_new(const struct proxy_options *o, void (*say)(void *user, const char *line), void *user, char *why, size_t why_size)
{
	struct proxy *p = xcalloc(1, sizeof *p);
	p->options = *o;
	p->leash = -1;
	bool started = open_all(p, &(struct saying){ say, user }, why, why_size) && start(p, why, why_size);
	for (size_t i = 0; i < p->options.count; i++) /* what listens, and the keys, are the relay's alone */
		route_close(&p->routes[i], !started);
	tls_identity_forget_key(&p->identity);
	if (started)
		return p;
	p->relay = 0;
	proxy_free(p);
	return NULL;
}

void proxy_stop(struct proxy *p)
{
	if (p->leash >= 0)
		close(p->leash);
	p->leash = -1;
	while (p->relay > 0 && waitpid(p->relay, NULL, 0) < 0 && errno == EINTR)
		;
	p->relay = 0;
}

void proxy_free(struct proxy *p)
{
	if (!p)
		return;
	proxy_stop(p);
	tls_identity_release(&p->identity);
	ring_free(p->ring);
	buf_release(&p->name);
	for (size_t i = 0; i < p->options.count; i++)
		buf_release(&p->pair_name[i]);
	for (size_t i = 0; i < sizeof p->warning / sizeof *p->warning; i++)
		buf_release(&p->warning[i]);
	free(p);
}

bool proxy_take(struct proxy *p, struct ring_record *head, struct slice *bytes)
{
	return ring_take(p->ring, head, bytes);
}

int proxy_fd(const struct proxy *p)
{
	return ring_fd(p->ring);
}

bool proxy_alive(struct proxy *p)
{
	pid_t ended = p->relay > 0 ? waitpid(p->relay, NULL, WNOHANG) : 0;
	if (ended > 0 || (ended < 0 && errno == ECHILD)) /* whoever started us may ignore its children's ends */
		p->relay = 0;
	return p->relay > 0;
}

const char *proxy_name(const struct proxy *p)
{
	return (const char *)p->name.at;
}

size_t proxy_pairs(const struct proxy *p)
{
	return p->options.count;
}

const char *proxy_pair_name(const struct proxy *p, size_t i)
{
	return i < p->options.count ? (const char *)p->pair_name[i].at : NULL;
}

const struct proxy_pair *proxy_pair(const struct proxy *p, size_t i)
{
	return &p->routes[i].pair;
}
