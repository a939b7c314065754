/*
 * Tracks of streams under way. Each has a running SHA-256 (OpenSSL) of the data seen so far, so that nothing of a stream is kept. A track
 * is made by beginstream and goes with endstream, an error, or the connection. Numbers of tracks are indexes + 1 into a fixed table.
 */
#include "decode/streams.h"

#include "base/xalloc.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct stream_track {
	bool used, unsure;
	uint32_t conn;
	unsigned dir;
	EVP_MD_CTX *hash; /* NULL where there is no checksum to compare with */
	uint8_t checksum[STREAM_CHECKSUM];
};

struct streams {
	struct stream_track track[STREAMS_MAX];
	uint32_t used, lowest; /* tracks in use; where to look for a free one first */
	uint64_t untracked;
};

const char *stream_checksum_word(unsigned stream)
{
	if (!(stream & STREAM_ENDED) || stream & STREAM_UNSURE)
		return "unsure";
	return !(stream & STREAM_CHECKED) ? "not told" : stream & STREAM_MATCHES ? "right" : "wrong";
}

struct streams *streams_new(void)
{
	return xcalloc(1, sizeof(struct streams));
}

void streams_free(struct streams *s)
{
	for (uint32_t i = 0; s && i < STREAMS_MAX; i++)
		EVP_MD_CTX_free(s->track[i].hash);
	free(s);
}

static struct stream_track *track_at(struct streams *s, uint32_t number)
{
	return number && s->track[number - 1].used ? &s->track[number - 1] : NULL;
}

static uint32_t free_track(struct streams *s)
{
	for (uint32_t i = 0; s->used < STREAMS_MAX && i < STREAMS_MAX; i++) {
		uint32_t at = (s->lowest + i) % STREAMS_MAX;
		if (!s->track[at].used) {
			s->lowest = (at + 1) % STREAMS_MAX;
			return at + 1;
		}
	}
	return 0;
}

uint32_t streams_begin(struct streams *s, uint32_t conn, unsigned dir, struct slice checksum)
{
	uint32_t number = free_track(s);
	if (!number) {
		s->untracked++;
		return 0;
	}
	struct stream_track *t = &s->track[number - 1];
	*t = (struct stream_track){ .used = true, .conn = conn, .dir = dir };
	s->used++;
	if (checksum.len != STREAM_CHECKSUM)
		return number;
	for (size_t i = 0; i < STREAM_CHECKSUM; i++)
		t->checksum[i] = (uint8_t)tolower(checksum.at[i]);
	t->hash = EVP_MD_CTX_new();
	if (t->hash && EVP_DigestInit_ex(t->hash, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(t->hash);
		t->hash = NULL;
	}
	return number;
}

void streams_data(struct streams *s, uint32_t track, struct slice bytes)
{
	struct stream_track *t = track_at(s, track);
	if (t && t->hash && bytes.len && EVP_DigestUpdate(t->hash, bytes.at, bytes.len) != 1)
		t->unsure = true;
}

void streams_gap(struct streams *s, uint32_t conn, unsigned dir)
{
	for (uint32_t i = 0; s->used && i < STREAMS_MAX; i++)
		if (s->track[i].used && s->track[i].conn == conn && s->track[i].dir == dir)
			s->track[i].unsure = true;
}

void streams_unsure(struct streams *s, uint32_t track)
{
	struct stream_track *t = track_at(s, track);
	if (t)
		t->unsure = true;
}

bool streams_is_unsure(const struct streams *s, uint32_t track)
{
	return !track || s->track[track - 1].unsure;
}

static bool same_hex(const uint8_t digest[32], const uint8_t hex[STREAM_CHECKSUM])
{
	static const uint8_t digits[] = "0123456789abcdef";
	for (size_t i = 0; i < STREAM_CHECKSUM; i++)
		if (hex[i] != digits[digest[i / 2] >> (i % 2 ? 0 : 4) & 15])
			return false;
	return true;
}

void streams_drop(struct streams *s, uint32_t track)
{
	struct stream_track *t = track_at(s, track);
	if (!t)
		return;
	EVP_MD_CTX_free(t->hash);
	*t = (struct stream_track){ 0 };
	s->used--;
}

void streams_drop_conn(struct streams *s, uint32_t conn)
{
	for (uint32_t i = 0; s->used && i < STREAMS_MAX; i++)
		if (s->track[i].used && s->track[i].conn == conn)
			streams_drop(s, i + 1);
}

static unsigned compare(const struct stream_track *t, const uint8_t digest[32], struct stream_mismatch *mismatch)
{
	if (same_hex(digest, t->checksum))
		return STREAM_CHECKED | STREAM_MATCHES;
	memcpy(mismatch->found, digest, sizeof mismatch->found);
	memcpy(mismatch->announced, t->checksum, sizeof mismatch->announced);
	return STREAM_CHECKED;
}

unsigned streams_end(struct streams *s, uint32_t track, struct stream_mismatch *mismatch)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct stream_track *t = track_at(s, track);
	unsigned bits = !t || t->unsure ? STREAM_UNSURE : 0;
	if (t && t->hash && !t->unsure && EVP_DigestFinal_ex(t->hash, digest, NULL) == 1)
		bits |= compare(t, digest, mismatch);
	streams_drop(s, track);
	return bits;
}

uint64_t streams_untracked(const struct streams *s)
{
	return s->untracked;
}
