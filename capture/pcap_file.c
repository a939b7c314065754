/*
 * Capture files: the pcap format (draft-ietf-opsawg-pcap) is read here, blocks of pcapng by pcapng.c.
 *
 *	pcap      | header 24 | record 16 | packet | record 16 | packet ...
 *	pcapng    | section header block | interface block | packet block ...
 *
 * Records are peeked at in the buffer of the byte source and consumed once they are whole, so that a pipe
 * may stop anywhere; a packet is a slice of that buffer. The first four bytes tell format, byte order and
 * time unit:
 *
 *	a1b2c3d4  microseconds        a1b23c4d  nanoseconds
 *	a1b2cd34  microseconds, a patched libpcap whose records have 8 more bytes
 *	0a0d0d0a  pcapng
 *
 * Captures may be joined (cat a.pcap b.pcap): where a record or a block was to begin and the header of another capture stands, reading begins anew.
 *
 * A record of nothing but zeros may be a packet, without bytes and of 1970, or belong to what a crash or a full disk has left of a file's end.
 * Which, shows what comes behind: such records are counted until then, and handed out only if anything else follows.
 *
 * The end and damage stick: once met, each further call answers the same.
 */
#include "capture/pcap_file.h"

#include "base/xalloc.h"
#include "capture/byte_source.h"
#include "capture/pcapng.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	FILE_HEADER = 24,
	RECORD = 16,
	RECORD_PATCHED = 24,
	MAX_PACKET = 64 << 20,
	ZEROS_AT_ONCE = 8192, /* records of zeros that are passed before the caller has its turn */
	LINK_MASK = 0xffff,   /* of the bits above, some tell the length of a frame check sequence, and readers ignore the others */
};

enum format { FORMAT_UNKNOWN, FORMAT_PCAP, FORMAT_PCAPNG };

struct pcap_file {
	struct byte_source bytes;
	enum format format;
	bool big_endian;                   /* pcap */
	bool places;                       /* offsets are places in the file */
	uint32_t record;                   /* pcap: bytes before each packet */
	uint32_t unit;                     /* pcap: ns of the lower half of a time */
	struct packet_interface interface; /* pcap */
	uint64_t zeros, zeros_at;          /* pcap: records of zeros that are not handed out yet, and the place of the first */
	struct pcapng pcapng;
	enum source_status ended; /* END or DAMAGED, once met; else PACKET */
	char *name;
	char error[512];
};

struct pcap_file *pcap_file_new(int fd, const char *name, const struct source_options *o)
{
	struct pcap_file *f = xcalloc(1, sizeof(*f));
	byte_source_init(&f->bytes, fd);
	f->name = xstrdup(name);
	f->ended = SOURCE_PACKET;
	if (o) {
		f->pcapng.secrets = o->secrets;
		f->pcapng.section = o->section;
		f->pcapng.user = o->secrets_user;
	}
	return f;
}

void pcap_file_free(struct pcap_file *f)
{
	if (!f)
		return;
	byte_source_release(&f->bytes);
	pcapng_release(&f->pcapng);
	free(f->name);
	free(f);
}

static const char *of_what(const struct pcap_file *f)
{
	return f->bytes.gzip ? " of the unpacked data" : "";
}

static enum source_status damaged_at(struct pcap_file *f, uint64_t offset, const char *why)
{
	snprintf(f->error, sizeof(f->error), "%s is damaged at offset %llu%s: %s", f->name, (unsigned long long)offset, of_what(f), why);
	return f->ended = SOURCE_DAMAGED;
}

static enum source_status damaged(struct pcap_file *f, const char *why)
{
	return damaged_at(f, byte_source_offset(&f->bytes), why);
}

/* What the first four bytes say of a file that is compressed by other means than gzip. */
static const char *other_packing(uint32_t magic)
{
	static const struct {
		uint32_t magic, mask;
		const char *text;
	} known[] = {
		{ 0x28b52ffd, 0xffffffff, "is compressed by zstd: zstdcat FILE | envscope -r -" },
		{ 0xfd377a58, 0xffffffff, "is compressed by xz: xzcat FILE | envscope -r -" },
		{ 0x425a6800, 0xffffff00, "is compressed by bzip2: bzcat FILE | envscope -r -" },
		{ 0x04224d18, 0xffffffff, "is compressed by lz4: lz4cat FILE | envscope -r -" },
		{ 0x504b0304, 0xffffffff, "is a zip archive: unzip -p FILE | envscope -r -" },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if ((magic & known[i].mask) == known[i].magic)
			return known[i].text;
	return NULL;
}

static enum source_status no_capture(struct pcap_file *f, uint32_t magic)
{
	const char *packing = other_packing(magic);
	const char *why = byte_source_left(&f->bytes) ? "is no capture: it is neither pcap nor pcapng" : "is empty";
	snprintf(f->error, sizeof(f->error), "%s %s", f->name, packing ? packing : why);
	return f->ended = SOURCE_DAMAGED;
}

/* The byte source has less than is needed: waits, ends, or says that the file ends inside of `what`. */
static enum source_status stop(struct pcap_file *f, enum byte_status status, const char *what)
{
	if (status == BYTES_WAIT)
		return SOURCE_WAIT;
	if (status == BYTES_ERROR) {
		snprintf(f->error, sizeof(f->error), "%s %s", f->name, byte_source_error(&f->bytes));
		return f->ended = SOURCE_DAMAGED;
	}
	if (!byte_source_left(&f->bytes))
		return f->ended = SOURCE_END;
	snprintf(f->error, sizeof(f->error), "%s ends in the middle of %s at offset %llu%s", f->name, what,
		 (unsigned long long)byte_source_offset(&f->bytes), of_what(f));
	return f->ended = SOURCE_DAMAGED;
}

static inline uint32_t u32(const struct pcap_file *f, struct cursor *c)
{
	uint32_t v = cursor_le32(c);
	return f->big_endian ? __builtin_bswap32(v) : v;
}

/* The first 12 bytes of a pcap: magic, version, a time zone of 0. As a packet it would have no bytes, and is of no type that blocks have. */
static bool is_pcap_header(struct slice head)
{
	static const uint8_t headers[][12] = {
		{ 0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4 }, { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0 }, { 0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4 },
		{ 0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0 }, { 0xa1, 0xb2, 0xcd, 0x34, 0, 2, 0, 4 }, { 0x34, 0xcd, 0xb2, 0xa1, 2, 0, 4, 0 },
	};
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		if (memcmp(head.at, headers[i], sizeof headers[i]) == 0)
			return true;
	return false;
}

/* The first 12 bytes of a pcapng. As a packet of a pcap it would be longer than any. */
static bool is_section(struct slice head)
{
	return memcmp(head.at, "\x0a\x0d\x0d\x0a", 4) == 0 &&
	       (memcmp(head.at + 8, "\x1a\x2b\x3c\x4d", 4) == 0 || memcmp(head.at + 8, "\x4d\x3c\x2b\x1a", 4) == 0);
}

/* The format is not known again. */
static enum source_status begin_anew(struct pcap_file *f)
{
	f->format = FORMAT_UNKNOWN;
	return SOURCE_PACKET;
}

static bool take_magic(struct pcap_file *f, uint32_t magic)
{
	f->record = magic == 0xa1b2cd34 ? RECORD_PATCHED : RECORD;
	f->unit = magic == 0xa1b23c4d ? 1 : 1000;
	return magic == 0xa1b2c3d4 || magic == 0xa1b23c4d || magic == 0xa1b2cd34;
}

static enum source_status start_pcap(struct pcap_file *f)
{
	struct slice head;
	enum byte_status status = byte_source_peek(&f->bytes, FILE_HEADER, &head);
	if (status != BYTES_OK)
		return stop(f, status, "its header");
	struct cursor c = cursor_of(slice_skip(head, 4));
	uint32_t version = u32(f, &c);
	cursor_take(&c, 8);
	f->interface.snaplen = u32(f, &c);
	f->interface.link = (int)(u32(f, &c) & LINK_MASK);
	f->interface.digits = f->unit == 1 ? 9 : 6;
	if ((f->big_endian ? version >> 16 : version & 0xffff) != 2)
		return damaged(f, "a version of the pcap format other than 2");
	byte_source_consume(&f->bytes, FILE_HEADER);
	f->format = FORMAT_PCAP;
	return SOURCE_PACKET;
}

enum source_status pcap_file_start(struct pcap_file *f)
{
	struct slice magic;
	if (f->format != FORMAT_UNKNOWN || f->ended)
		return f->ended;
	enum byte_status status = byte_source_peek(&f->bytes, 4, &magic);
	if (status == BYTES_END)
		return no_capture(f, 0);
	if (status != BYTES_OK)
		return stop(f, status, "its header");
	f->places = byte_source_is_plain_file(&f->bytes);
	struct cursor c = cursor_of(magic);
	uint32_t big = cursor_be32(&c);
	f->big_endian = take_magic(f, big);
	if (f->big_endian || take_magic(f, __builtin_bswap32(big)))
		return start_pcap(f);
	if (big != PCAPNG_MAGIC)
		return no_capture(f, big);
	f->format = FORMAT_PCAPNG;
	return SOURCE_PACKET;
}

static enum source_status too_long(struct pcap_file *f, uint32_t captured)
{
	char why[64];
	snprintf(why, sizeof(why), "no packet has %lu bytes", (unsigned long)captured);
	return damaged(f, why);
}

static bool is_zeros(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i])
			return false;
	return true;
}

static void give(struct pcap_file *f, uint64_t at, struct packet *out)
{
	out->link = f->interface.link;
	out->interface = &f->interface;
	out->comments = (struct slice){ NULL, 0 };
	out->at = f->places ? (int64_t)at + f->record : -1;
}

/* One of the records of zeros that came before, as the packet that it is. */
static enum source_status give_zeros(struct pcap_file *f, struct packet *out)
{
	out->bytes = (struct slice){ NULL, 0 };
	out->wire_len = 0;
	out->time = 0;
	give(f, f->zeros_at, out);
	f->zeros_at += f->record;
	f->zeros--;
	return SOURCE_PACKET;
}

/* Nothing more can be read behind records of zeros. One alone at the end is a packet. */
static enum source_status stop_in_zeros(struct pcap_file *f, enum byte_status status, struct packet *out)
{
	char why[80];
	size_t left = byte_source_left(&f->bytes);
	if (status == BYTES_WAIT)
		return SOURCE_WAIT;
	if (status != BYTES_END || !is_zeros(slice_of(f->bytes.at, left)) || (f->zeros == 1 && !left))
		return give_zeros(f, out);
	snprintf(why, sizeof why, "nothing but zeros from there to its end, %llu bytes",
		 (unsigned long long)(byte_source_offset(&f->bytes) + left - f->zeros_at));
	return damaged_at(f, f->zeros_at, why);
}

static void pass_zeros(struct pcap_file *f)
{
	if (!f->zeros++)
		f->zeros_at = byte_source_offset(&f->bytes);
	byte_source_consume(&f->bytes, f->record);
}

static enum source_status take_record(struct pcap_file *f, struct slice record, struct packet *out)
{
	enum byte_status status;
	struct cursor c = cursor_of(slice_of(record.at, RECORD));
	int64_t seconds = u32(f, &c), rest = u32(f, &c);
	uint32_t captured = u32(f, &c), wire = u32(f, &c);
	if ((!captured && is_pcap_header(record)) || (captured > MAX_PACKET && is_section(record)))
		return begin_anew(f);
	if (captured > MAX_PACKET)
		return too_long(f, captured);
	status = byte_source_peek(&f->bytes, f->record + (size_t)captured, &record);
	if (status != BYTES_OK)
		return stop(f, status, "a packet");
	out->bytes = slice_of(record.at + f->record, captured);
	out->wire_len = wire > captured ? wire : captured;
	out->time = seconds * 1000000000 + rest * f->unit;
	give(f, byte_source_offset(&f->bytes), out);
	byte_source_consume(&f->bytes, record.len);
	return SOURCE_PACKET;
}

static enum source_status next_record(struct pcap_file *f, struct packet *out)
{
	static const uint8_t zeros[RECORD_PATCHED];
	struct slice record;
	for (int i = 0; i < ZEROS_AT_ONCE; i++) {
		enum byte_status status = byte_source_peek(&f->bytes, f->record, &record);
		if (status != BYTES_OK)
			return f->zeros ? stop_in_zeros(f, status, out) : stop(f, status, "a packet");
		if (memcmp(record.at, zeros, RECORD) != 0 || memcmp(record.at, zeros, record.len) != 0)
			return f->zeros ? give_zeros(f, out) : take_record(f, record, out);
		pass_zeros(f);
	}
	return SOURCE_WAIT;
}

static enum source_status take_block(struct pcap_file *f, struct packet *out, enum pcapng_status *got)
{
	struct slice block;
	enum byte_status status = byte_source_peek(&f->bytes, PCAPNG_HEAD, &block);
	if (status != BYTES_OK)
		return stop(f, status, "a block");
	uint32_t length = pcapng_block_length(&f->pcapng, block);
	if (block.at[0] && block.at[3] && is_pcap_header(block)) /* blocks of most types have a 0 there */
		return begin_anew(f);
	if (!length)
		return damaged(f, is_zeros(block) ? "a block has nothing but zeros" : "a block has an impossible length");
	status = byte_source_peek(&f->bytes, length, &block);
	if (status != BYTES_OK)
		return stop(f, status, "a block");
	struct pcapng_step step = pcapng_block(&f->pcapng, block, out);
	if (step.status == PCAPNG_BAD)
		return damaged(f, step.why);
	*got = step.status;
	out->at = f->places ? out->at + (int64_t)byte_source_offset(&f->bytes) : -1;
	byte_source_consume(&f->bytes, length);
	return SOURCE_PACKET;
}

static enum source_status next_packet_block(struct pcap_file *f, struct packet *out)
{
	enum pcapng_status got = PCAPNG_OTHER;
	enum source_status status = SOURCE_PACKET;
	while (status == SOURCE_PACKET && got == PCAPNG_OTHER && f->format == FORMAT_PCAPNG)
		status = take_block(f, out, &got);
	return status;
}

enum source_status pcap_file_next(struct pcap_file *f, struct packet *out)
{
	enum source_status status = f->ended;
	do {
		if (status == SOURCE_PACKET && f->format == FORMAT_UNKNOWN)
			status = pcap_file_start(f);
		if (status == SOURCE_PACKET)
			status = f->format == FORMAT_PCAP ? next_record(f, out) : next_packet_block(f, out);
	} while (status == SOURCE_PACKET && f->format == FORMAT_UNKNOWN);
	return status;
}

struct slice pcap_file_keep(struct pcap_file *f, const struct byte_keeper *keeper)
{
	return byte_source_keep(&f->bytes, keeper);
}

const char *pcap_file_error(const struct pcap_file *f)
{
	return f->error;
}

int pcap_file_fd(const struct pcap_file *f)
{
	return f->bytes.fd;
}

bool pcap_file_is_regular(const struct pcap_file *f)
{
	return f->bytes.regular;
}

bool pcap_file_has_places(const struct pcap_file *f)
{
	return f->places;
}

void pcap_file_progress(const struct pcap_file *f, uint64_t *done, uint64_t *total)
{
	byte_source_progress(&f->bytes, done, total);
}

void pcap_file_add_drops(const struct pcap_file *f, struct source_counts *counts)
{
	counts->comments = f->pcapng.comments_passed;
	counts->secrets_dropped = f->pcapng.secrets_dropped;
	counts->dropped_kernel = pcapng_dropped_kernel(&f->pcapng);
	counts->dropped_interface = f->pcapng.dropped_interface;
}

void pcap_file_each_drops(const struct pcap_file *f, void (*take)(void *user, const struct interface_drops *d), void *user)
{
	if (f->format == FORMAT_PCAPNG)
		pcapng_each_drops(&f->pcapng, take, user);
}
