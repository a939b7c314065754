/*
 * Cases about files sent as streams. Where a case is about the order or the end of a stream,
 * its beginstream announces neither checksum nor size, so that nothing else can be said
 * against it.
 */
#include "samples/gen_cases.h"

#include "samples/gen_stream.h"

enum { LARGE = 8 * CHUNK, SMALL = 3 * CHUNK };

void case_download(struct pcap_file *f)
{
	struct talk t;
	struct file report;
	talk_start(&t, f);
	file_init(&report, "report.pdf", LARGE, 7);
	struct id id = talk_download(&t, &report);
	talk_stream(&t, S2C, id.text, &report);
	talk_downloadreply(&t, id.text, &report);
	file_release(&report);
	talk_finish(&t);
}

void case_upload(struct pcap_file *f)
{
	struct talk t;
	struct file scan;
	talk_start(&t, f);
	file_init(&scan, "scan.tiff", LARGE, 11);
	struct id id = talk_upload(&t, &scan);
	talk_stream(&t, C2S, id.text, &scan);
	talk_uploadreply(&t, id.text, &scan);
	file_release(&scan);
	talk_finish(&t);
}

void case_two_uploads_interleaved(struct pcap_file *f)
{
	struct talk t;
	struct file file[2];
	struct id id[2];
	talk_start(&t, f);
	file_init(&file[0], "left.bin", LARGE, 13);
	file_init(&file[1], "right.bin", LARGE - CHUNK / 2, 17);
	for (int k = 0; k < 2; k++)
		id[k] = talk_upload(&t, &file[k]);
	for (int k = 0; k < 2; k++)
		talk_beginstream(&t, C2S, id[k].text, file[k].sha256, file[k].bytes.len);
	for (size_t i = 0; i < 2 * file_chunks(&file[0]); i++)
		talk_chunk(&t, C2S, id[i % 2].text, &file[i % 2], i / 2);
	for (int k = 1; k >= 0; k--) {
		talk_endstream(&t, C2S, id[k].text);
		talk_uploadreply(&t, id[k].text, &file[k]);
		file_release(&file[k]);
	}
	talk_finish(&t);
}

static void chunk_before_beginstream(struct talk *t, const struct file *file)
{
	struct id id = talk_download(t, file);
	talk_chunk(t, S2C, id.text, file, 0);
	talk_beginstream(t, S2C, id.text, "", 0);
	talk_chunk(t, S2C, id.text, file, 1);
	talk_chunk(t, S2C, id.text, file, 2);
	talk_endstream(t, S2C, id.text);
	talk_downloadreply(t, id.text, file);
}

static void chunk_after_endstream(struct talk *t, const struct file *file)
{
	struct id id = talk_download(t, file);
	talk_beginstream(t, S2C, id.text, "", 0);
	talk_chunk(t, S2C, id.text, file, 0);
	talk_chunk(t, S2C, id.text, file, 1);
	talk_endstream(t, S2C, id.text);
	talk_chunk(t, S2C, id.text, file, 2);
	talk_downloadreply(t, id.text, file);
}

void case_stream_order(struct pcap_file *f)
{
	struct talk t;
	struct file file;
	talk_start(&t, f);
	file_init(&file, "plan.dwg", SMALL, 19);
	chunk_before_beginstream(&t, &file);
	chunk_after_endstream(&t, &file);
	file_release(&file);
	talk_finish(&t);
}

/* A download up to its third chunk; returns the id of its request. */
static struct id download_without_end(struct talk *t, const struct file *file, const char *checksum, size_t size)
{
	struct id id = talk_download(t, file);
	talk_beginstream(t, S2C, id.text, checksum, size);
	for (size_t i = 0; i < 3; i++)
		talk_chunk(t, S2C, id.text, file, i);
	return id;
}

void case_stream_incomplete(struct pcap_file *f)
{
	struct talk t;
	struct file file;
	talk_start(&t, f);
	file_init(&file, "plan.dwg", LARGE, 23);
	struct id id = download_without_end(&t, &file, "", 0);
	talk_downloadreply(&t, id.text, &file);
	file_release(&file);
	talk_finish(&t);
}

void case_stream_missing(struct pcap_file *f)
{
	struct talk t;
	struct file file;
	talk_start(&t, f);
	file_init(&file, "plan.dwg", SMALL, 25);
	struct id id = talk_download(&t, &file);
	talk_downloadreply(&t, id.text, &file);
	file_release(&file);
	talk_finish(&t);
}

void case_stream_cut(struct pcap_file *f)
{
	struct talk t;
	struct file file;
	talk_start(&t, f);
	file_init(&file, "plan.dwg", LARGE, 29);
	download_without_end(&t, &file, "", 0);
	file_release(&file);
	tcp_close(&t.tcp, S2C);
}

void case_stream_error_midway(struct pcap_file *f)
{
	struct talk t;
	struct file file;
	talk_start(&t, f);
	file_init(&file, "plan.dwg", LARGE, 31);
	struct id id = download_without_end(&t, &file, file.sha256, file.bytes.len);
	talk_say(&t, S2C, "error", BODY(ErrorResponse, error_response, .message = "Cannot read plan.dwg", .code = 500), id.text);
	file_release(&file);
	talk_finish(&t);
}

static void download_announced_as(struct pcap_file *f, const char *checksum, size_t more)
{
	struct talk t;
	struct file file;
	talk_start(&t, f);
	file_init(&file, "photo.jpg", SMALL, 37);
	struct id id = talk_download(&t, &file);
	talk_beginstream(&t, S2C, id.text, checksum ? checksum : file.sha256, file.bytes.len + more);
	for (size_t i = 0; i < file_chunks(&file); i++)
		talk_chunk(&t, S2C, id.text, &file, i);
	talk_endstream(&t, S2C, id.text);
	talk_downloadreply(&t, id.text, &file);
	file_release(&file);
	talk_finish(&t);
}

void case_stream_checksum_wrong(struct pcap_file *f)
{
	download_announced_as(f, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 0);
}

void case_stream_size_wrong(struct pcap_file *f)
{
	download_announced_as(f, NULL, 100);
}
