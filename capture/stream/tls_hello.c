/*
 * The hello messages of TLS. Both have the same shape:
 *
 *	| version 2 | random 32 | session id 1+n | client: suites 2+n, compressions 1+n; server: suite 2, compression 1 | extensions 2+n |
 *
 * Extensions are a type, a length and a body each; four of them matter here. A message without any has no extensions field either.
 */
#include "capture/stream/tls_hello.h"

enum { EXTENSION_SNI = 0, EXTENSION_ALPN = 16, EXTENSION_EARLY_DATA = 42, EXTENSION_VERSIONS = 43 };

/* The random of a HelloRetryRequest (RFC 8446, section 4.1.3). */
static const uint8_t retry_random[TLS_RANDOM] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static struct slice take_1(struct cursor *c)
{
	return cursor_take(c, cursor_u8(c));
}

static struct slice take_2(struct cursor *c)
{
	return cursor_take(c, cursor_be16(c));
}

/* The next extension; false at their end. */
static bool next_extension(struct cursor *c, uint16_t *type, struct slice *body)
{
	*type = cursor_be16(c);
	*body = take_2(c);
	return !c->short_;
}

/* The extensions of a message: what is left of it. */
static struct cursor extensions_of(struct cursor *c)
{
	return cursor_of(c->rest.len ? take_2(c) : c->rest);
}

/* The first host name of server_name. */
static struct slice host_of(struct slice body)
{
	struct cursor c = cursor_of(body);
	struct cursor list = cursor_of(take_2(&c));
	while (list.rest.len && !list.short_) {
		uint8_t type = cursor_u8(&list);
		struct slice name = take_2(&list);
		if (type == 0)
			return name;
	}
	return (struct slice){ 0 };
}

static struct slice protocols_of(struct slice body)
{
	struct cursor c = cursor_of(body);
	return take_2(&c);
}

static void take_random(struct cursor *c, uint8_t random[TLS_RANDOM])
{
	struct slice s = cursor_take(c, TLS_RANDOM);
	if (s.len)
		memcpy(random, s.at, TLS_RANDOM);
}

bool tls_client_hello(struct slice body, struct tls_client_hello *out)
{
	struct cursor c = cursor_of(body);
	struct slice value;
	uint16_t type;
	*out = (struct tls_client_hello){ 0 };
	cursor_be16(&c);
	take_random(&c, out->random);
	take_1(&c);
	take_2(&c);
	take_1(&c);
	if (c.short_)
		return false;
	struct cursor extensions = extensions_of(&c);
	while (next_extension(&extensions, &type, &value)) {
		if (type == EXTENSION_SNI)
			out->sni = host_of(value);
		else if (type == EXTENSION_ALPN)
			out->alpn = protocols_of(value);
		else if (type == EXTENSION_EARLY_DATA)
			out->early_data = true;
	}
	return true;
}

bool tls_server_hello(struct slice body, struct tls_server_hello *out)
{
	struct cursor c = cursor_of(body);
	struct slice value;
	uint16_t type;
	*out = (struct tls_server_hello){ .version = cursor_be16(&c) };
	take_random(&c, out->random);
	take_1(&c);
	out->suite = cursor_be16(&c);
	out->compressed = cursor_u8(&c) != 0;
	if (c.short_)
		return false;
	struct cursor extensions = extensions_of(&c);
	while (next_extension(&extensions, &type, &value)) {
		struct cursor v = cursor_of(value);
		if (type == EXTENSION_VERSIONS && value.len == 2)
			out->version = cursor_be16(&v);
		else if (type == EXTENSION_ALPN)
			out->alpn = protocols_of(value);
	}
	out->retry = memcmp(out->random, retry_random, TLS_RANDOM) == 0;
	return true;
}

bool tls_accepts_early_data(struct slice body)
{
	struct cursor c = cursor_of(body);
	struct cursor extensions = extensions_of(&c);
	struct slice value;
	uint16_t type;
	while (next_extension(&extensions, &type, &value))
		if (type == EXTENSION_EARLY_DATA)
			return true;
	return false;
}
