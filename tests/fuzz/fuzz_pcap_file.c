/*
 * Capture files from arbitrary bytes: pcap, pcapng, gzipped. Every packet that is handed out is read to its
 * last byte; a packet of a plain file must stand where the reader says.
 */
#include "capture/pcap_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void take_secrets(void *user, uint32_t format, struct slice bytes)
{
	uint32_t *sum = user;
	*sum += format;
	for (size_t i = 0; i < bytes.len; i++)
		*sum += bytes.at[i];
}

static void check(const struct packet *p, const uint8_t *data, size_t size)
{
	if (p->wire_len < p->bytes.len)
		abort();
	if (p->at < 0 || !p->bytes.len)
		return;
	if ((uint64_t)p->at + p->bytes.len > size || memcmp(data + p->at, p->bytes.at, p->bytes.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t sum = 0;
	struct source_options o = { .secrets = take_secrets, .secrets_user = &sum };
	struct pcap_file *f = pcap_file_new(file_of(data, size), "fuzz", &o);
	enum source_status status;
	struct packet p;
	while ((status = pcap_file_next(f, &p)) == SOURCE_PACKET || status == SOURCE_WAIT) { /* behind many records of zeros it waits */
		if (status == SOURCE_WAIT)
			continue;
		check(&p, data, size);
		for (size_t i = 0; i < p.bytes.len; i++)
			sum += p.bytes.at[i];
	}
	if (status == SOURCE_DAMAGED && !pcap_file_error(f)[0])
		abort();
	pcap_file_free(f);
	return sum == UINT32_MAX ? -1 : 0; /* so that the bytes are read indeed */
}
