/*
 * Captures that are written are read back as they were meant: interfaces, packets with comments and flags, secrets and statistics, from the input,
 * as pcapng; then the packets of the first interface as plain pcap.
 *
 * The input is a row of blocks: a byte (what), a byte (how many bytes), the bytes.
 */
#include "capture/pcap_file.h"
#include "capture/pcapng_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PACKETS = 64, INTERFACES = 8 };

struct fuzz {
	struct buf file;
	struct packet_interface interface[INTERFACES];
	uint32_t interfaces;
	struct pcapng_packet packet[PACKETS];
	size_t packets, read;
	uint64_t secrets, secrets_read;
};

static void demand(bool good)
{
	if (!good)
		abort();
}

static void take_secrets(void *user, uint32_t format, struct slice bytes)
{
	struct fuzz *f = user;
	demand(format == PCAPNG_TLS_KEY_LOG);
	f->secrets_read += bytes.len;
}

static void copy_text(char *to, size_t room, struct slice bytes)
{
	snprintf(to, room, "%.*s", (int)bytes.len, bytes.len ? (const char *)bytes.at : "");
}

static void add_interface(struct fuzz *f, struct slice bytes)
{
	static const int digits[] = { 6, 9, 3, 0 };
	struct packet_interface *i = &f->interface[f->interfaces];
	if (f->interfaces == INTERFACES)
		return;
	f->interfaces++;
	*i = (struct packet_interface){ .link = bytes.len % 300, .snaplen = 262144, .digits = (uint8_t)digits[bytes.len % 4] };
	copy_text(i->name, sizeof i->name, bytes);
	copy_text(i->description, sizeof i->description, slice_skip(bytes, bytes.len / 2));
	pcapng_add_interface(&f->file, i);
}

static int64_t rounded(int64_t time, int digits)
{
	for (int64_t step = 1; digits < 9; digits++, step *= 10)
		time -= time / step % 10 * step;
	return time;
}

static void add_packet(struct fuzz *f, struct slice bytes)
{
	struct pcapng_packet *p = &f->packet[f->packets];
	if (f->packets == PACKETS || !f->interfaces)
		return;
	uint32_t on = (uint32_t)(bytes.len % f->interfaces);
	f->packets++;
	*p = (struct pcapng_packet){ .interface = on,
				     .digits = f->interface[on].digits,
				     .bytes = bytes,
				     .wire_len = (uint32_t)bytes.len * 2,
				     .flags = bytes.len % 3 };
	p->time = rounded((int64_t)f->packets * INT64_C(1234567891234567), p->digits);
	struct slice comments[2] = { bytes, slice_skip(bytes, 1) };
	p->comments = comments;
	p->comment_count = bytes.len % 3;
	pcapng_add_packet(&f->file, p);
	p->comments = NULL;
}

static void add_block(struct fuzz *f, uint8_t what, struct slice bytes)
{
	struct pcapng_statistics s = { .interface = 0, .time = 1, .digits = f->interface[0].digits, .received = bytes.len };
	switch (what % 4) {
	case 0: add_interface(f, bytes); break;
	case 1:
		if (f->interfaces)
			pcapng_add_statistics(&f->file, &s);
		break;
	case 2:
		pcapng_add_secrets(&f->file, PCAPNG_TLS_KEY_LOG, bytes);
		f->secrets += bytes.len;
		break;
	default: add_packet(f, bytes);
	}
}

static struct pcap_file *reader(struct fuzz *f)
{
	struct source_options o = { .secrets = take_secrets, .secrets_user = f };
	int fd = memfd_create("fuzz", 0);
	demand(fd >= 0 && write(fd, f->file.at, f->file.len) == (ssize_t)f->file.len);
	lseek(fd, 0, SEEK_SET);
	return pcap_file_new(fd, "fuzz", &o);
}

static void check_packet(const struct packet *got, const struct pcapng_packet *want, const struct packet_interface *on)
{
	demand(slice_eq(got->bytes, want->bytes) && got->wire_len == want->wire_len && got->time == want->time && got->link == on->link);
}

static void read_back(struct fuzz *f)
{
	struct pcap_file *file = reader(f);
	struct packet p;
	enum source_status status;
	size_t n = 0;
	while ((status = pcap_file_next(file, &p)) == SOURCE_PACKET) {
		demand(n < f->packets);
		check_packet(&p, &f->packet[n], &f->interface[f->packet[n].interface]);
		n++;
	}
	demand(status == SOURCE_END && n == f->packets && f->secrets == f->secrets_read);
	pcap_file_free(file);
}

static void plain(struct fuzz *f)
{
	struct packet p;
	enum source_status status;
	buf_clear(&f->file);
	pcap_add_header(&f->file, &f->interface[0]);
	for (size_t i = 0; i < f->packets; i++)
		pcap_add_packet(&f->file, f->interface[0].digits, f->packet[i].time, f->packet[i].bytes, f->packet[i].wire_len);
	struct pcap_file *file = reader(f);
	size_t n = 0;
	for (; (status = pcap_file_next(file, &p)) == SOURCE_PACKET; n++)
		demand(slice_eq(p.bytes, f->packet[n].bytes));
	demand(status == SOURCE_END && n == f->packets);
	pcap_file_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { .interfaces = 0 };
	struct cursor c = cursor_of(slice_of(data, size));
	pcapng_add_section(&f.file, "fuzz");
	while (c.rest.len > 1) {
		uint8_t what = cursor_u8(&c);
		size_t n = cursor_u8(&c);
		add_block(&f, what, cursor_take(&c, n < c.rest.len ? n : c.rest.len));
	}
	read_back(&f);
	if (f.interfaces)
		plain(&f);
	buf_release(&f.file);
	return 0;
}
