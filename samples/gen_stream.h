/* Files on their way: uploads and downloads, message by message or as a whole. */
#ifndef SAMPLES_GEN_STREAM_H
#define SAMPLES_GEN_STREAM_H

#include "samples/gen_talk.h"

/* A file to be sent as a stream; its bytes and their SHA-256 (hex) follow from the seed. */
struct file {
	char *name; /* borrowed */
	struct buf bytes;
	char sha256[65];
};

enum { CHUNK = 4096 };

/* Fills in f->bytes and f->sha256: n bytes. */
void file_init(struct file *f, char *name, size_t n, uint32_t seed);
void file_release(struct file *f);
/* beginstream; checksum "" and size 0 leave those out. */
void talk_beginstream(struct talk *t, enum way way, const char *rid, const char *checksum, size_t size);
/* The i-th chunk of the file. */
void talk_chunk(struct talk *t, enum way way, const char *rid, const struct file *f, size_t i);
void talk_endstream(struct talk *t, enum way way, const char *rid);
/* All of a stream: beginstream, every chunk, endstream. */
void talk_stream(struct talk *t, enum way way, const char *rid, const struct file *f);
/* How many chunks the file has. */
size_t file_chunks(const struct file *f);
/* The requests and final replies around a stream. */
struct id talk_download(struct talk *t, const struct file *f);
void talk_downloadreply(struct talk *t, const char *rid, const struct file *f);
struct id talk_upload(struct talk *t, const struct file *f);
void talk_uploadreply(struct talk *t, const char *rid, const struct file *f);

#endif
