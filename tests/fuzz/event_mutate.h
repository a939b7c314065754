/*
 * A mutator for the events of fuzz_stream.h, for libFuzzer: what it changes stays a list of events, so that a frame that grows by a byte does not
 * turn all behind it into noise. It deletes, doubles, moves, cuts and joins events, turns their direction, lets the capture lose them, has libFuzzer
 * change the bytes of one, and puts in frames that the target makes by chance. Every fourth time libFuzzer has its own way with all of it.
 */
#ifndef TESTS_FUZZ_EVENT_MUTATE_H
#define TESTS_FUZZ_EVENT_MUTATE_H

#include "tests/mutate.h"

#include <stdlib.h>

enum { EVENTS_MAX = 256, EVENT_LONG = 31, EVENT_STEP = 8, EVENT_BYTES = EVENT_LONG + 255 * EVENT_STEP, EVENT_GAP = 3, EVENT_SEALED = 2 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Appends a frame, or some, that a sender in that direction could send; by chance, from *seed. */
typedef void event_maker(struct buf *out, int dir, uint64_t *seed);

struct event {
	uint8_t what; /* bits 0 to 2 of its first byte */
	uint8_t how;  /* of a sealed one, the byte behind its head */
	size_t gap;   /* bytes that are missing */
	struct buf bytes;
};

struct event_list {
	struct event at[EVENTS_MAX];
	size_t count;
	size_t front;      /* bytes that say how, before the events */
	bool sealed;       /* the target knows sealed events (fuzz_tls) */
	event_maker *make; /* NULL: none */
	uint64_t seed;
};

static inline int event_kind(const struct event *e)
{
	return e->what >> 1 & 3;
}

static inline bool event_is_sealed(const struct event_list *l, const struct event *e)
{
	return l->sealed && event_kind(e) == EVENT_SEALED;
}

static inline void events_read(struct event_list *l, struct slice in)
{
	struct cursor c = cursor_of(in);
	for (l->count = 0; c.rest.len && l->count < EVENTS_MAX; l->count++) {
		struct event *e = &l->at[l->count];
		uint8_t first = cursor_u8(&c);
		size_t n = first >> 3;
		buf_clear(&e->bytes);
		e->what = first & 7;
		e->how = 0;
		n += n == EVENT_LONG ? (size_t)cursor_u8(&c) * EVENT_STEP : 0;
		e->gap = event_kind(e) == EVENT_GAP ? n : 0;
		if (event_is_sealed(l, e))
			e->how = cursor_u8(&c);
		if (event_kind(e) != EVENT_GAP)
			buf_add(&e->bytes, cursor_take(&c, n < c.rest.len ? n : c.rest.len));
	}
}

/* The largest number of bytes that one event can have, of so many. */
static inline size_t event_room(size_t n)
{
	n = n < EVENT_BYTES ? n : EVENT_BYTES;
	return n == EVENT_LONG ? n - 1 : n > EVENT_LONG ? n - (n - EVENT_LONG) % EVENT_STEP : n;
}

static inline void event_head(struct buf *out, const struct event_list *l, const struct event *e, size_t n)
{
	buf_add_byte(out, (uint8_t)(e->what | (n < EVENT_LONG ? n : EVENT_LONG) << 3));
	if (n >= EVENT_LONG)
		buf_add_byte(out, (uint8_t)((n - EVENT_LONG) / EVENT_STEP));
	if (event_is_sealed(l, e))
		buf_add_byte(out, e->how);
}

/* Appends an event; as several, where it has more bytes than one can have. */
static inline void event_write(struct buf *out, const struct event_list *l, const struct event *e)
{
	if (event_kind(e) == EVENT_GAP) {
		event_head(out, l, e, event_room(e->gap));
		return;
	}
	struct slice rest = buf_slice(&e->bytes);
	do {
		size_t n = event_room(rest.len);
		event_head(out, l, e, n);
		buf_add(out, slice_head(rest, n));
		rest = slice_skip(rest, n);
	} while (rest.len);
}

/* A new event in the list, in front of number `at`; NULL if there is no room. */
static inline struct event *event_insert(struct event_list *l, size_t at)
{
	if (l->count == EVENTS_MAX)
		return NULL;
	struct event spare = l->at[l->count];
	memmove(&l->at[at + 1], &l->at[at], (l->count - at) * sizeof *l->at);
	l->count++;
	buf_clear(&spare.bytes);
	spare.what = 0;
	spare.how = 0;
	spare.gap = 0;
	l->at[at] = spare;
	return &l->at[at];
}

static inline void event_delete(struct event_list *l, size_t at)
{
	struct event gone = l->at[at];
	l->count--;
	memmove(&l->at[at], &l->at[at + 1], (l->count - at) * sizeof *l->at);
	l->at[l->count] = gone;
}

static inline void event_double(struct event_list *l, size_t at, size_t to)
{
	struct event *e = event_insert(l, to);
	if (!e)
		return;
	const struct event *from = &l->at[at + (to <= at)];
	e->what = from->what;
	e->how = from->how;
	e->gap = from->gap;
	buf_add(&e->bytes, buf_slice(&from->bytes));
}

static inline void event_cut(struct event_list *l, size_t at)
{
	if (l->at[at].bytes.len < 2)
		return;
	size_t cut = 1 + chance(&l->seed, (uint32_t)l->at[at].bytes.len - 1);
	event_double(l, at, at + 1);
	if (l->count == EVENTS_MAX)
		return;
	struct buf *second = &l->at[at + 1].bytes;
	l->at[at].bytes.len = cut;
	memmove(second->at, second->at + cut, second->len - cut);
	second->len -= cut;
}

static inline void event_join(struct event_list *l, size_t at)
{
	if (at + 1 >= l->count || l->at[at].what != l->at[at + 1].what)
		return;
	buf_add(&l->at[at].bytes, buf_slice(&l->at[at + 1].bytes));
	l->at[at].gap += l->at[at + 1].gap;
	event_delete(l, at + 1);
}

/* The capture does not have it, or only its front. */
static inline void event_lose(struct event_list *l, size_t at)
{
	struct event *e = &l->at[at];
	if (chance(&l->seed, 2))
		event_cut(l, at);
	e->gap = e->bytes.len;
	e->what |= EVENT_GAP << 1;
	buf_clear(&e->bytes);
}

/* The direction ends (FUZZ_GAP_END). */
static inline void event_end(struct event_list *l, size_t at)
{
	struct event *e = event_insert(l, at);
	if (!e)
		return;
	e->what = (uint8_t)(EVENT_GAP << 1 | chance(&l->seed, 2));
	e->gap = EVENT_BYTES;
}

static inline void event_make(struct event_list *l, size_t at)
{
	struct event *e = event_insert(l, at);
	if (!e)
		return;
	e->what = (uint8_t)chance(&l->seed, 2);
	l->make(&e->bytes, e->what, &l->seed);
}

static inline void event_bytes(struct event_list *l, size_t at)
{
	struct buf *b = &l->at[at].bytes;
	buf_reserve(b, 16);
	b->len = LLVMFuzzerMutate(b->at, b->len, b->len + 16);
}

static inline void event_mutate_once(struct event_list *l)
{
	size_t at = chance(&l->seed, (uint32_t)l->count + !l->count), to = chance(&l->seed, (uint32_t)l->count + 1);
	if (!l->count || (l->make && chance(&l->seed, 4) == 0)) {
		if (l->make)
			event_make(l, to);
		return;
	}
	switch (chance(&l->seed, 11)) {
	case 0: event_delete(l, at); break;
	case 1: event_double(l, at, to); break;
	case 2: event_cut(l, at); break;
	case 3: event_join(l, at); break;
	case 4: event_lose(l, at); break;
	case 5: l->at[at].what ^= 1; break;
	case 6: l->at[at].how ^= (uint8_t)(1u << chance(&l->seed, 8)); break;
	case 7: event_end(l, to); break;
	default: event_bytes(l, at);
	}
}

/* LLVMFuzzerCustomMutator's work; l lives on, so that its buffers do. */
static inline size_t events_mutate(struct event_list *l, uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct buf out = { 0 };
	l->seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	if (size < l->front || chance(&l->seed, 4) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	events_read(l, slice_of(data + l->front, size - l->front));
	buf_add(&out, slice_of(data, l->front));
	for (uint32_t left = 1 + chance(&l->seed, 3); left; left--)
		event_mutate_once(l);
	for (size_t i = 0; i < l->count; i++) {
		size_t before = out.len;
		event_write(&out, l, &l->at[i]);
		if (out.len > max_size) {
			out.len = before;
			break;
		}
	}
	if (out.len)
		memcpy(data, out.at, out.len);
	size_t len = out.len;
	buf_release(&out);
	return len ? len : LLVMFuzzerMutate(data, size, max_size);
}

/* Envelopes by chance, for makers of frames. */

static inline void event_envelope(struct buf *out, uint64_t *seed)
{
	static struct schema *schema; /* made once: libFuzzer has no place for a context */
	struct buf payload = { 0 };
	if (!schema)
		schema = schema_new();
	const struct command_info *command = schema_command_info(schema, (uint16_t)(1 + chance(seed, schema_commands(schema))));
	const ProtobufCMessageDescriptor *type = schema_descriptor(schema, command->type ? command->type : 1);
	if (chance(seed, 3))
		put_message(&payload, type, seed, 3);
	put_envelope(out, command->name, type->name, buf_slice(&payload), seed);
	buf_release(&payload);
}

/* A number in so many bytes, big-endian or little-endian. */
static inline void event_be(struct buf *out, int bytes, uint64_t n)
{
	while (bytes--)
		buf_add_byte(out, (uint8_t)(n >> 8 * bytes));
}

static inline void event_le(struct buf *out, int bytes, uint64_t n)
{
	for (; bytes; bytes--, n >>= 8)
		buf_add_byte(out, (uint8_t)n);
}

/* An Envelope behind its length. */
static inline void event_prefixed(struct buf *out, int dir, uint64_t *seed)
{
	(void)dir;
	struct buf envelope = { 0 };
	event_envelope(&envelope, seed);
	event_le(out, 4, envelope.len);
	buf_add(out, buf_slice(&envelope));
	buf_release(&envelope);
}

#endif
