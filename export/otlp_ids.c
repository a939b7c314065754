/*
 * Trace and span ids: from the Envelope, or made.
 *
 * Made ids are a hash of what is the same whenever a capture is read and differs between messages: both ends of the connection, when the
 * message passed, its id and its number in the connection. A hash of 64 bits with a fixed key will do, since nobody gains by a collision.
 */
#include "export/otlp_part.h"

#include "base/digit.h"
#include "base/hash.h"

/* n bytes in hexadecimal, not all of them 0. */
static bool read_id(uint8_t *out, size_t n, struct slice text)
{
	bool some = false;
	if (text.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text.at[2 * i]), low = hex_digit(text.at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
		some = some || out[i];
	}
	return some;
}

struct otlp_context otlp_context_of(const struct envelope *e)
{
	struct otlp_context c = { 0 };
	c.has_trace = read_id(c.trace, sizeof c.trace, e->traceid);
	c.has_span = c.has_trace && read_id(c.span, sizeof c.span, e->spanid);
	return c;
}

static void put(uint8_t *out, uint64_t n)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(n >> 8 * (7 - i));
}

void otlp_make_ids(struct otlp_context *out, const struct session_conn *c, const struct message_facts *m)
{
	static const uint64_t keys[] = { 0x243f6a8885a308d3u, 0x13198a2e03707344u, 0xa4093822299f31d0u };
	struct buf what = { 0 };
	if (c) {
		endpoint_add(&what, &c->info.ends[DIR_C2S]);
		endpoint_add(&what, &c->info.ends[DIR_S2C]);
	}
	buf_addf(&what, " %lld %u %u ", (long long)m->record->time, (unsigned)m->record->dir, m->n);
	buf_add(&what, m->envelope.id);
	if (!out->has_trace) {
		put(out->trace, hash_bytes(buf_slice(&what), keys[0]));
		put(out->trace + 8, hash_bytes(buf_slice(&what), keys[1]));
	}
	put(out->span, hash_bytes(buf_slice(&what), keys[2]));
	out->has_trace = out->has_span = true;
	buf_release(&what);
}
