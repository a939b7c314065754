/*
 * Writes the pcap file: a 24-byte header, then for each frame a 16-byte record header and its
 * bytes. All numbers are little endian, times in microseconds. The clock is the file's own: it
 * starts at SAMPLE_START and moves only when a frame is added or somebody waits.
 */
#include "samples/gen_pcap.h"

enum { FRAME_MICROSECONDS = 37, LINK_ETHERNET = 1, SNAPLEN = 262144, MICROSECONDS = 1000000 };

static void put_le32(FILE *out, uint32_t v)
{
	for (int shift = 0; shift < 32; shift += 8)
		putc((int)(v >> shift & 0xff), out);
}

bool pcap_file_open(struct pcap_file *f, const char *path)
{
	*f = (struct pcap_file){ .out = fopen(path, "wb"), .now = (uint64_t)SAMPLE_START * MICROSECONDS };
	if (!f->out)
		return false;
	put_le32(f->out, 0xa1b2c3d4);
	put_le32(f->out, 2 | 4 << 16);
	put_le32(f->out, 0);
	put_le32(f->out, 0);
	put_le32(f->out, SNAPLEN);
	put_le32(f->out, LINK_ETHERNET);
	return true;
}

bool pcap_file_close(struct pcap_file *f)
{
	bool good = !ferror(f->out);
	good = fclose(f->out) == 0 && good;
	f->out = NULL;
	return good;
}

void pcap_file_add(struct pcap_file *f, struct slice frame)
{
	struct buf outer = { 0 };
	if (f->wrap) {
		f->wrap(&outer, frame);
		frame = buf_slice(&outer);
	}
	put_le32(f->out, (uint32_t)(f->now / MICROSECONDS));
	put_le32(f->out, (uint32_t)(f->now % MICROSECONDS));
	put_le32(f->out, (uint32_t)frame.len);
	put_le32(f->out, (uint32_t)frame.len);
	fwrite(frame.at, 1, frame.len, f->out);
	buf_release(&outer);
	f->now += FRAME_MICROSECONDS;
}

void pcap_file_wait(struct pcap_file *f, uint64_t microseconds)
{
	f->now += microseconds;
}
