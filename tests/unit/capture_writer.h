/* Writes capture files by hand, for the tests of their reader: pcap records and pcapng blocks in either byte order. */
#ifndef TESTS_CAPTURE_WRITER_H
#define TESTS_CAPTURE_WRITER_H

#include "base/buf.h"

struct writer {
	struct buf out;
	bool big;
};

static inline void w16(struct writer *w, uint16_t v)
{
	buf_add_byte(&w->out, (uint8_t)(w->big ? v >> 8 : v));
	buf_add_byte(&w->out, (uint8_t)(w->big ? v : v >> 8));
}

static inline void w32(struct writer *w, uint32_t v)
{
	w16(w, (uint16_t)(w->big ? v >> 16 : v));
	w16(w, (uint16_t)(w->big ? v : v >> 16));
}

static inline void w64(struct writer *w, uint64_t v)
{
	w32(w, (uint32_t)(w->big ? v >> 32 : v));
	w32(w, (uint32_t)(w->big ? v : v >> 32));
}

static inline void write_header(struct writer *w, uint32_t magic, uint32_t link)
{
	w32(w, magic);
	w16(w, 2);
	w16(w, 4);
	w64(w, 0);
	w32(w, 262144);
	w32(w, link);
}

static inline void write_record(struct writer *w, uint32_t seconds, uint32_t rest, const char *packet, uint32_t wire)
{
	w32(w, seconds);
	w32(w, rest);
	w32(w, (uint32_t)strlen(packet));
	w32(w, wire);
	buf_add_str(&w->out, packet);
}

/* A block of that type; body is in the writer's byte order already, and is padded here. */
static inline void write_block(struct writer *w, uint32_t type, struct slice body)
{
	uint32_t padding = -(uint32_t)body.len % 4, length = 12 + (uint32_t)body.len + padding;
	w32(w, type);
	w32(w, length);
	buf_add(&w->out, body);
	buf_add(&w->out, slice_of("\0\0\0", padding));
	w32(w, length);
}

static inline void write_section(struct writer *w)
{
	struct writer body = { .big = w->big };
	w32(&body, 0x1a2b3c4d);
	w16(&body, 1);
	w16(&body, 0);
	w64(&body, UINT64_MAX);
	write_block(w, 0x0a0d0d0a, buf_slice(&body.out));
	buf_release(&body.out);
}

/* resolution < 0: no if_tsresol; offset 0: no if_tsoffset. */
static inline void write_interface(struct writer *w, uint16_t link, uint32_t snaplen, int resolution, int64_t offset)
{
	struct writer body = { .big = w->big };
	w16(&body, link);
	w16(&body, 0);
	w32(&body, snaplen);
	w16(&body, 2); /* if_name */
	w16(&body, 3);
	buf_add(&body.out, slice_of("lo0", 4));
	if (resolution >= 0) {
		w16(&body, 9);
		w16(&body, 1);
		buf_add(&body.out, slice_of((const uint8_t[]){ (uint8_t)resolution, 0, 0, 0 }, 4));
	}
	if (offset) {
		w16(&body, 14);
		w16(&body, 8);
		w64(&body, (uint64_t)offset);
	}
	w32(&body, 0);
	write_block(w, 1, buf_slice(&body.out));
	buf_release(&body.out);
}

static inline void write_packet(struct writer *w, uint32_t interface, uint64_t time, const char *packet, uint32_t wire)
{
	struct writer body = { .big = w->big };
	w32(&body, interface);
	w32(&body, (uint32_t)(time >> 32));
	w32(&body, (uint32_t)time);
	w32(&body, (uint32_t)strlen(packet));
	w32(&body, wire);
	buf_add_str(&body.out, packet);
	write_block(w, 6, buf_slice(&body.out));
	buf_release(&body.out);
}

static inline void write_old_packet(struct writer *w, uint16_t interface, uint64_t time, const char *packet, uint32_t wire)
{
	struct writer body = { .big = w->big };
	w16(&body, interface);
	w16(&body, 7); /* drops */
	w32(&body, (uint32_t)(time >> 32));
	w32(&body, (uint32_t)time);
	w32(&body, (uint32_t)strlen(packet));
	w32(&body, wire);
	buf_add_str(&body.out, packet);
	write_block(w, 2, buf_slice(&body.out));
	buf_release(&body.out);
}

static inline void write_simple_packet(struct writer *w, const char *packet, uint32_t wire)
{
	struct writer body = { .big = w->big };
	w32(&body, wire);
	buf_add_str(&body.out, packet);
	write_block(w, 3, buf_slice(&body.out));
	buf_release(&body.out);
}

static inline void write_secrets(struct writer *w, uint32_t format, struct slice secrets)
{
	struct writer body = { .big = w->big };
	w32(&body, format);
	w32(&body, (uint32_t)secrets.len);
	buf_add(&body.out, secrets);
	write_block(w, 10, buf_slice(&body.out));
	buf_release(&body.out);
}

#endif
