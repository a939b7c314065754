/*
 * The messages of a stream: a request, then beginstream, chunks of CHUNK bytes and endstream,
 * all with the request's id as rid, then the final reply. A download's stream comes from the
 * server, an upload's from the client, which names its own request.
 */
#include "samples/gen_stream.h"

#include <openssl/sha.h>

void file_init(struct file *f, char *name, size_t n, uint32_t seed)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	*f = (struct file){ .name = name };
	for (size_t i = 0; i < n; i++)
		buf_add_byte(&f->bytes, (uint8_t)(random_next(&seed) >> 11));
	SHA256(f->bytes.at, n, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(f->sha256 + 2 * i, 3, "%02x", digest[i]);
}

void file_release(struct file *f)
{
	buf_release(&f->bytes);
}

size_t file_chunks(const struct file *f)
{
	return (f->bytes.len + CHUNK - 1) / CHUNK;
}

void talk_beginstream(struct talk *t, enum way way, const char *rid, const char *checksum, size_t size)
{
	char sum[65];
	SET(sum, checksum);
	talk_say(t, way, "beginstream",
		 BODY(BeginStream, begin_stream, .checksum = sum,
		      .stat = size ? PART(Stat, stat, .size = (int32_t)size, .mode = 0100644, .blksize = CHUNK, .nlink = 1) : NULL),
		 rid);
}

void talk_chunk(struct talk *t, enum way way, const char *rid, const struct file *f, size_t i)
{
	size_t at = i * CHUNK, left = f->bytes.len - at;
	ProtobufCBinaryData data = { left < CHUNK ? left : CHUNK, f->bytes.at + at };
	talk_say(t, way, "stream", BODY(Stream, stream, .data = data), rid);
}

void talk_endstream(struct talk *t, enum way way, const char *rid)
{
	talk_say(t, way, "endstream", NULL, rid);
}

void talk_stream(struct talk *t, enum way way, const char *rid, const struct file *f)
{
	talk_beginstream(t, way, rid, f->sha256, f->bytes.len);
	for (size_t i = 0; i < file_chunks(f); i++)
		talk_chunk(t, way, rid, f, i);
	talk_endstream(t, way, rid);
}

struct id talk_download(struct talk *t, const struct file *f)
{
	return talk_say(t, C2S, "download", BODY(DownloadRequest, download_request, .filename = f->name, .collectionname = "fs.files"),
			NULL);
}

void talk_downloadreply(struct talk *t, const char *rid, const struct file *f)
{
	talk_say(t, S2C, "downloadreply",
		 BODY(DownloadResponse, download_response, .id = "65f0c0ffee0123456789abcd", .filename = f->name,
		      .mimetype = "application/octet-stream"),
		 rid);
}

struct id talk_upload(struct talk *t, const struct file *f)
{
	return talk_say(t, C2S, "upload",
			BODY(UploadRequest, upload_request, .filename = f->name, .mimetype = "application/octet-stream",
			     .metadata = "{\"kind\":\"sample\"}", .collectionname = "fs.files"),
			NULL);
}

void talk_uploadreply(struct talk *t, const char *rid, const struct file *f)
{
	talk_say(t, S2C, "uploadreply",
		 BODY(UploadResponse, upload_response, .id = "65f0c0ffee0123456789abcd", .filename = f->name,
		      .bytes = (int32_t)f->bytes.len, .chunks = (int32_t)file_chunks(f)),
		 rid);
}
