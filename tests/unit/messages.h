/*
 * For tests of decode/: Envelopes as encoders write them, and all messages of the sample captures, one after the other.
 */
#ifndef TESTS_UNIT_MESSAGES_H
#define TESTS_UNIT_MESSAGES_H

#include "tests/mutate.h"

#include "capture/capture.h"
#include "decode/envelope.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static inline void put_text(struct buf *out, uint32_t number, struct slice text)
{
	if (text.len)
		put_bytes(out, number, text);
}

/* Appends the Envelope, its fields in the order of their numbers, without those that have their default. */
static inline void put_as_encoder(struct buf *out, const struct envelope *e)
{
	struct buf any = { 0 };
	put_text(out, 1, e->command);
	if (e->priority)
		put_number(out, 2, (uint64_t)(int64_t)e->priority);
	if (e->seq)
		put_number(out, 3, (uint64_t)(int64_t)e->seq);
	put_text(out, 4, e->id);
	put_text(out, 5, e->rid);
	put_text(&any, 1, e->type_url);
	put_text(&any, 2, e->value);
	if (e->has_data)
		put_bytes(out, 6, buf_slice(&any));
	put_text(out, 7, e->jwt);
	put_text(out, 8, e->traceid);
	put_text(out, 9, e->spanid);
	buf_release(&any);
}

/* The bytes in a heap block of exactly their size; to be freed. */
static inline uint8_t *exact_copy(struct slice s)
{
	uint8_t *copy = malloc(s.len ? s.len : 1);
	if (s.len)
		memcpy(copy, s.at, s.len);
	return copy;
}

struct samples {
	void (*take)(void *user, struct slice envelope);
	void *user;
	struct buf under_way[2];
	unsigned messages;
};

static inline void samples_piece(void *user, const struct piece *p)
{
	struct samples *s = user;
	struct buf *m = &s->under_way[p->dir];
	if (p->encoding != ENCODING_ENVELOPE)
		return;
	if (p->first)
		buf_clear(m);
	buf_add(m, p->bytes);
	if (!p->last || p->cut)
		return;
	s->messages++;
	s->take(s->user, buf_slice(m));
}

static inline void samples_news(void *user, const struct news *n)
{
	(void)user;
	(void)n;
}

static inline void samples_closed(void *user, struct conn_info *conn, int64_t time)
{
	(void)user;
	(void)conn;
	(void)time;
}

/* Hands every whole Envelope of a capture on. */
static inline void samples_of(struct samples *s, const char *path)
{
	char error[256];
	struct sink sink = { s, samples_piece, samples_news, samples_closed, envelope_probe, envelope_sender };
	struct source *source = source_open_file(path, NULL, error, sizeof error);
	assert_non_null(source);
	struct capture_options options = { 0 };
	struct capture *c = capture_new(source, &sink, &options);
	while (capture_step(c, 1000) == CAPTURE_MORE)
		;
	capture_finish(c);
	capture_free(c);
}

/* Hands every whole Envelope of all sample captures on; returns how many there were. Captures of one connection only are not told apart
 * from others, so pieces of two connections may mix; none of the samples has such. */
static inline unsigned samples_each(void (*take)(void *user, struct slice envelope), void *user)
{
	static const char *const patterns[] = { "samples/*.pcap", "build/samples/*.pcap" };
	struct samples s = { .take = take, .user = user };
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		glob_t found = { 0 };
		if (glob(patterns[i], 0, NULL, &found) == 0)
			for (size_t k = 0; k < found.gl_pathc; k++)
				samples_of(&s, found.gl_pathv[k]);
		globfree(&found);
	}
	buf_release(&s.under_way[0]);
	buf_release(&s.under_way[1]);
	return s.messages;
}

#endif
