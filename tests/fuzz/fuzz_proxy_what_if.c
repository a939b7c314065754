/*
 * What-ifs of every framing, with any bytes of both directions. The first byte says which framing and which changes; then runs of bytes, in front
 * of each one that says whose they are and how many (up to 127). Over the length prefix, where nothing is chosen, what comes out is what went in,
 * and so it is always of the direction that is not changed, but over HTTP/2.
 */
#include "capture/proxy/authority.h"
#include "capture/proxy/what_if.h"
#include "decode/envelope.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct proxy_address targets[] = {
	{ .scheme = PROXY_SOCKET, .host = "a", .port = 1 },
	{ .scheme = PROXY_WS, .host = "a", .port = 1 },
	{ .scheme = PROXY_GRPC, .host = "a", .port = 1 },
	{ .scheme = PROXY_GRPCS, .host = "a", .port = 1 },
};

static unsigned judge(void *user, const struct piece *m)
{
	const uint8_t *how = user;
	unsigned sum = 0;
	for (size_t i = 0; i < m->bytes.len; i++)
		sum += m->bytes.at[i];
	return *how & 0x80 ? 0 : sum & 3;
}

/* What is heard is of the direction that is not changed. */
static void heard(void *user, const struct piece *m)
{
	const uint8_t *how = user;
	if (m->dir == (*how & 4 ? DIR_S2C : DIR_C2S) || m->conn->number != 1)
		abort();
}

struct sums {
	struct buf in[2], out[2];
};

static void feed(struct what_if *w, struct authority *a, enum dir dir, struct slice in, int64_t now, struct sums *s)
{
	struct buf *const out[2] = { &s->out[0], &s->out[1] };
	struct buf rewritten = { 0 };
	uint8_t *block = malloc(in.len ? in.len : 1);
	if (!block)
		abort();
	if (in.len)
		memcpy(block, in.at, in.len);
	in.at = block;
	buf_add(&s->in[dir], in);
	if (a && dir == DIR_C2S && !authority_fault(a)) {
		authority_feed(a, in, &rewritten);
		in = buf_slice(&rewritten);
	}
	if (!what_if_stuck(w) && in.len)
		what_if_feed(w, dir, in, now, out);
	what_if_news(w);
	buf_release(&rewritten);
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	uint8_t how = data[0];
	struct what_if_options o = { .on = how & 4 ? DIR_S2C : DIR_C2S,
				     .delay = how & 8 ? 3 : 0,
				     .reorder = how & 16,
				     .duplicate = how & 32,
				     .chooser = { .user = &how, .judge = judge, .heard = heard, .probe = envelope_probe } };
	struct conn_info conn = { .number = 1 };
	struct sums s = { 0 };
	struct buf *const out[2] = { &s.out[0], &s.out[1] };
	struct what_if *w = what_if_new(&o, &targets[how & 3], &conn);
	struct authority *a = (how & 3) == 3 ? authority_new(&targets[3]) : NULL;
	int64_t now = 0;
	for (size_t at = 1; at < size; now++) {
		size_t n = data[at] & 127;
		enum dir dir = data[at] & 128 ? DIR_S2C : DIR_C2S;
		struct slice piece = slice_head(slice_of(data + at + 1, size - at - 1), n);
		feed(w, a, dir, piece, now, &s);
		at += 1 + piece.len;
	}
	what_if_end(w, o.on == DIR_C2S ? DIR_S2C : DIR_C2S, out);
	if (!what_if_stuck(w) && what_if_due(w, now + 3, true, out) && (how & 3) < 2)
		abort();
	for (int d = 0; d < 2; d++) {
		if ((how & 3) == 0 && (how & 0x80 || d != (int)o.on) && !slice_eq(buf_slice(&s.in[d]), buf_slice(&s.out[d])))
			abort();
		if ((how & 3) == 1 && d != (int)o.on && !slice_eq(buf_slice(&s.in[d]), buf_slice(&s.out[d])))
			abort();
		buf_release(&s.in[d]);
		buf_release(&s.out[d]);
	}
	what_if_free(w);
	authority_free(a);
	return 0;
}
