/*
 * A mutator for captures, for libFuzzer: what it changes keeps its lengths right, so that the change reaches the layers behind them.
 *
 *	record header | link, IP, TCP headers | frame header | Envelope | … further frames
 *	              |                       |<----- payload of the segment ------------>|
 *
 * It changes an Envelope and then the length of its frame (a socket's, WebSocket's, or gRPC's in HTTP/2 DATA), that of the IP packet, that of the
 * record, and the sequence numbers of what follows in the connection; or it changes the order, number, time and flags of records. Every fourth time
 * libFuzzer has its own way with the bytes. The eight bytes of the head that no reader looks at, by which targets choose, change too. Only plain
 * little-endian pcap is understood; anything else is left to libFuzzer.
 */
#ifndef TESTS_FUZZ_PCAP_MUTATE_H
#define TESTS_FUZZ_PCAP_MUTATE_H

#include "capture/net/link.h"
#include "capture/net/tcp.h"
#include "tests/fuzz/wire_mutate.h"

enum { PCAP_HEAD = 24, PCAP_CHOICES = 8, PCAP_RECORD = 16, PCAP_RECORDS = 512 };

struct pcap_mutate {
	struct schema *schema; /* made once: libFuzzer has no place for a context */
	struct buf file;       /* the capture as it becomes */
	struct buf payload, body;
	size_t at[PCAP_RECORDS];
	size_t records;
	uint64_t seed;
};

/* Where the parts of a segment are, as offsets in the file. */
struct pcap_place {
	size_t record, ip, tcp, payload, payload_len;
	uint8_t family;
	uint32_t seq;
	const uint8_t *ends; /* source port, destination port */
};

/* A frame within a payload: the bytes before its body are written anew. */
struct pcap_frame {
	enum { FRAME_NONE, FRAME_SOCKET, FRAME_WS, FRAME_GRPC } kind;
	size_t at, body, len; /* offsets in the payload */
	uint8_t first;        /* WS: its first byte; GRPC: its flags */
	uint8_t key[4];       /* WS: its mask, zero without one */
	bool masked;
	uint32_t stream; /* GRPC */
};

static inline uint32_t pcap_le32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint32_t pcap_be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void pcap_put_le32(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

static inline void pcap_put_be(uint8_t *at, int bytes, uint32_t v)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
}

/* Finds the records; false if it is no such capture. */
static inline bool pcap_index(struct pcap_mutate *m)
{
	const struct buf *f = &m->file;
	size_t at = PCAP_HEAD;
	m->records = 0;
	if (f->len < PCAP_HEAD || (pcap_le32(f->at) != 0xa1b2c3d4 && pcap_le32(f->at) != 0xa1b23c4d))
		return false;
	while (m->records < PCAP_RECORDS && at + PCAP_RECORD <= f->len && pcap_le32(f->at + at + 8) <= f->len - at - PCAP_RECORD) {
		m->at[m->records++] = at;
		at += PCAP_RECORD + pcap_le32(f->at + at + 8);
	}
	return m->records > 0;
}

static inline size_t pcap_record_size(const struct pcap_mutate *m, size_t record)
{
	return PCAP_RECORD + pcap_le32(m->file.at + m->at[record] + 8);
}

/* Finds the segment in a record; false if there is none that is whole. */
static inline bool pcap_segment(const struct pcap_mutate *m, size_t record, struct pcap_place *out)
{
	struct ip_packet ip;
	struct segment s;
	struct slice bytes, frame = slice_of(m->file.at + m->at[record] + PCAP_RECORD, pcap_record_size(m, record) - PCAP_RECORD);
	if (link_strip((int)pcap_le32(m->file.at + 20), frame, &bytes) != LINK_IP || ip_parse(bytes, &ip) != IP_OK || ip.fragment)
		return false;
	if (ip.proto != IP_PROTO_TCP || !tcp_parse(&ip, &s) || s.payload.len != s.payload_len || !s.payload.at)
		return false;
	*out = (struct pcap_place){ .record = record,
				    .ip = (size_t)(bytes.at - m->file.at),
				    .tcp = (size_t)(ip.payload.at - m->file.at),
				    .payload = (size_t)(s.payload.at - m->file.at),
				    .payload_len = s.payload_len,
				    .family = ip.family,
				    .seq = s.seq,
				    .ends = ip.payload.at };
	return true;
}

/* Bytes were added to (or taken from) a segment: what follows moves along, and what acknowledges it. */
static inline void pcap_shift(struct pcap_mutate *m, size_t record, const uint8_t ends[4], uint32_t seq, uint32_t by)
{
	struct pcap_place p;
	for (size_t i = record + 1; i < m->records; i++) {
		if (!pcap_segment(m, i, &p))
			continue;
		uint8_t *tcp = m->file.at + p.tcp;
		bool same = memcmp(tcp, ends, 4) == 0, back = memcmp(tcp, ends + 2, 2) == 0 && memcmp(tcp + 2, ends, 2) == 0;
		uint8_t *number = tcp + (same ? 4 : 8);
		if ((same || back) && (int32_t)(pcap_be32(number) - seq) > 0)
			pcap_put_be(number, 4, pcap_be32(number) + by);
	}
}

/* Gives a segment another payload. */
static inline void pcap_set_payload(struct pcap_mutate *m, const struct pcap_place *p, struct slice payload)
{
	struct buf out = { 0 };
	uint8_t ends[4];
	size_t record = m->at[p->record], end = record + pcap_record_size(m, p->record), before = p->payload - record - PCAP_RECORD;
	size_t ip_len = p->payload - p->ip + payload.len;
	memcpy(ends, p->ends, 4);
	if (ip_len > 65535)
		return;
	buf_add(&out, slice_of(m->file.at, p->payload));
	buf_add(&out, payload);
	buf_add(&out, slice_of(m->file.at + end, m->file.len - end));
	pcap_put_le32(out.at + record + 8, (uint32_t)(before + payload.len));
	pcap_put_le32(out.at + record + 12, (uint32_t)(before + payload.len));
	pcap_put_be(out.at + p->ip + (p->family == 4 ? 2 : 4), 2, (uint32_t)(p->family == 4 ? ip_len : ip_len - 40));
	buf_release(&m->file);
	m->file = out;
	if (pcap_index(m))
		pcap_shift(m, p->record, ends, p->seq, (uint32_t)(payload.len - p->payload_len));
}

static inline bool pcap_socket_frame(struct slice s, size_t at, struct pcap_frame *f)
{
	if (s.len - at < 5)
		return false;
	*f = (struct pcap_frame){ .kind = FRAME_SOCKET, .at = at, .body = at + 4, .len = pcap_le32(s.at + at) };
	return f->len > 0 && f->len <= s.len - f->body;
}

static inline bool pcap_ws_frame(struct slice s, size_t at, struct pcap_frame *f)
{
	if (s.len - at < 4 || (s.at[at] & 0x3f) > 2 || (s.at[at + 1] & 0x7f) == 127)
		return false;
	const uint8_t *b = s.at + at;
	size_t head = (b[1] & 0x7f) == 126 ? 4 : 2;
	*f = (struct pcap_frame){
		.kind = FRAME_WS, .at = at, .first = b[0], .masked = b[1] & 0x80, .len = head == 4 ? b[2] << 8 | b[3] : b[1] & 0x7f
	};
	f->body = at + head + (f->masked ? 4 : 0);
	if (f->len == 0 || f->body > s.len || f->len > s.len - f->body)
		return false;
	if (f->masked)
		memcpy(f->key, b + head, 4);
	return true;
}

static inline bool pcap_grpc_frame(struct slice s, size_t at, struct pcap_frame *f)
{
	if (s.len - at < 14 || s.at[at + 3] != 0)
		return false;
	size_t len = (size_t)s.at[at] << 16 | (size_t)s.at[at + 1] << 8 | s.at[at + 2];
	*f = (struct pcap_frame){
		.kind = FRAME_GRPC, .at = at, .body = at + 14, .len = len - 5, .first = s.at[at + 4], .stream = pcap_be32(s.at + at + 5)
	};
	return len > 5 && len <= s.len - at - 9 && s.at[at + 9] == 0 && pcap_be32(s.at + at + 10) == f->len;
}

/* One of the frames that the payload is cut into, as far as it begins with one; else the whole of it. */
static inline struct pcap_frame pcap_frame(struct pcap_mutate *m, struct slice s)
{
	struct pcap_frame found = { .kind = FRAME_NONE, .len = s.len }, f;
	size_t at = 0;
	for (uint32_t left = chance(&m->seed, 4); at < s.len; left--) {
		if (!pcap_grpc_frame(s, at, &f) && !pcap_ws_frame(s, at, &f) && !pcap_socket_frame(s, at, &f))
			break;
		found = f;
		at = f.body + f.len;
		if (!left)
			break;
	}
	return found;
}

/* The head of the frame for a body of that length. */
static inline void pcap_add_head(struct buf *out, const struct pcap_frame *f, size_t len)
{
	uint8_t head[14] = { 0 };
	switch (f->kind) {
	case FRAME_SOCKET:
		pcap_put_le32(head, (uint32_t)len);
		buf_add(out, slice_of(head, 4));
		break;
	case FRAME_WS:
		head[0] = f->first;
		head[1] = (uint8_t)((f->masked ? 0x80 : 0) | (len < 126 ? len : 126));
		pcap_put_be(head + 2, 2, (uint32_t)len);
		buf_add(out, slice_of(head, len < 126 ? 2 : 4));
		buf_add(out, slice_of(f->key, f->masked ? 4 : 0));
		break;
	case FRAME_GRPC:
		pcap_put_be(head, 3, (uint32_t)len + 5);
		head[4] = f->first;
		pcap_put_be(head + 5, 4, f->stream);
		pcap_put_be(head + 10, 4, (uint32_t)len);
		buf_add(out, slice_of(head, 14));
		break;
	default: break;
	}
}

/* libFuzzer's own mutation, of a part that may grow by some bytes. */
static inline void pcap_mutate_bytes(struct buf *b)
{
	size_t room = b->len + 64;
	buf_reserve(b, 64);
	b->len = LLVMFuzzerMutate(b->at, b->len, room);
}

static inline void pcap_new_envelope(struct pcap_mutate *m, struct buf *out)
{
	struct buf payload = { 0 };
	type_id type = (type_id)(1 + chance(&m->seed, schema_types(m->schema)));
	const struct command_info *command = schema_command_info(m->schema, (uint16_t)(1 + chance(&m->seed, schema_commands(m->schema))));
	put_message(&payload, schema_descriptor(m->schema, type), &m->seed, 0);
	put_envelope(out, command->name, schema_descriptor(m->schema, type)->name, buf_slice(&payload), &m->seed);
	buf_release(&payload);
}

/* Changes the body of a frame: an Envelope, or what stands in its place. */
static inline void pcap_mutate_body(struct pcap_mutate *m, struct slice payload)
{
	struct buf other = { 0 };
	switch (chance(&m->seed, 8)) {
	case 0:
		buf_clear(&m->body);
		pcap_new_envelope(m, &m->body);
		break;
	case 1: double_field(&m->body, &m->seed); break;
	case 2:
		pcap_new_envelope(m, &other);
		mutate(&m->body, chance(&m->seed, 2) ? buf_slice(&other) : payload, &m->seed);
		break;
	case 3: pcap_mutate_bytes(&m->body); break;
	default:
		wire_mutate(&other, buf_slice(&m->body), &openiap__envelope__descriptor, &m->seed, 0);
		buf_clear(&m->body);
		buf_add(&m->body, buf_slice(&other));
	}
	buf_release(&other);
}

static inline void pcap_unmask(struct buf *b, const uint8_t key[4])
{
	for (size_t i = 0; i < b->len; i++)
		b->at[i] ^= key[i % 4];
}

/* Another body in one of the frames of a segment. */
static inline void pcap_mutate_frame(struct pcap_mutate *m, size_t record)
{
	struct pcap_place p;
	if (!pcap_segment(m, record, &p) || !p.payload_len)
		return;
	struct slice payload = slice_of(m->file.at + p.payload, p.payload_len);
	struct pcap_frame f = pcap_frame(m, payload);
	buf_clear(&m->body);
	buf_add(&m->body, slice_of(payload.at + f.body, f.len));
	pcap_unmask(&m->body, f.key);
	pcap_mutate_body(m, payload);
	pcap_unmask(&m->body, f.key);
	buf_clear(&m->payload);
	buf_add(&m->payload, slice_head(payload, f.at));
	pcap_add_head(&m->payload, &f, m->body.len);
	buf_add(&m->payload, buf_slice(&m->body));
	buf_add(&m->payload, slice_skip(payload, f.body + f.len));
	pcap_set_payload(m, &p, buf_slice(&m->payload));
}

/* Doubles, drops, or moves a record to another place. */
static inline void pcap_move_record(struct pcap_mutate *m, size_t record)
{
	struct buf out = { 0 };
	size_t to = chance(&m->seed, (uint32_t)m->records);
	bool keep = chance(&m->seed, 3) > 0, put = chance(&m->seed, 3) > 0;
	struct slice moved = slice_of(m->file.at + m->at[record], pcap_record_size(m, record));
	buf_add(&out, slice_of(m->file.at, PCAP_HEAD));
	for (size_t i = 0; i < m->records; i++) {
		if (i == to && put)
			buf_add(&out, moved);
		if (i != record || keep)
			buf_add(&out, slice_of(m->file.at + m->at[i], pcap_record_size(m, i)));
	}
	buf_release(&m->file);
	m->file = out;
}

/* Cuts a segment in two, or takes its tail off. */
static inline void pcap_cut_segment(struct pcap_mutate *m, size_t record)
{
	struct pcap_place p;
	struct buf copy = { 0 }, out = { 0 };
	if (!pcap_segment(m, record, &p) || p.payload_len < 2)
		return;
	size_t cut = 1 + chance(&m->seed, (uint32_t)p.payload_len - 1), at = m->at[record], size = pcap_record_size(m, record);
	size_t head = p.payload - at;
	buf_add(&copy, slice_of(m->file.at + at, head));
	buf_add(&copy, slice_of(m->file.at + p.payload + cut, p.payload_len - cut));
	pcap_put_le32(copy.at + 8, (uint32_t)(copy.len - PCAP_RECORD));
	pcap_put_le32(copy.at + 12, (uint32_t)(copy.len - PCAP_RECORD));
	pcap_put_be(copy.at + p.tcp - at + 4, 4, p.seq + (uint32_t)cut);
	pcap_put_be(copy.at + p.ip - at + (p.family == 4 ? 2 : 4), 2,
		    (uint32_t)(p.payload - p.ip + p.payload_len - cut - (p.family == 4 ? 0 : 40)));
	buf_add(&out, slice_of(m->file.at, at + size));
	buf_add(&out, buf_slice(&copy));
	buf_add(&out, slice_of(m->file.at + at + size, m->file.len - at - size));
	pcap_put_le32(out.at + at + 8, (uint32_t)(head + cut - PCAP_RECORD));
	pcap_put_be(out.at + p.ip + (p.family == 4 ? 2 : 4), 2, (uint32_t)(p.payload - p.ip + cut - (p.family == 4 ? 0 : 40)));
	memmove(out.at + at + head + cut, out.at + at + size, out.len - at - size);
	out.len -= size - head - cut;
	buf_release(&copy);
	buf_release(&m->file);
	m->file = out;
}

/* Another time, other flags, ports, numbers of a segment. */
static inline void pcap_mutate_header(struct pcap_mutate *m, size_t record)
{
	struct pcap_place p;
	uint8_t *head = m->file.at + m->at[record];
	if (chance(&m->seed, 3) == 0) {
		pcap_put_le32(head, pcap_le32(head) + (uint32_t)chance(&m->seed, 400) - 100);
		return;
	}
	if (!pcap_segment(m, record, &p))
		return;
	uint8_t *tcp = m->file.at + p.tcp;
	switch (chance(&m->seed, 4)) {
	case 0: tcp[13] ^= (uint8_t)(1u << chance(&m->seed, 5)); break;
	case 1: tcp[chance(&m->seed, 4)] ^= 1; break;
	case 2: pcap_put_be(tcp + 4, 4, pcap_be32(tcp + 4) + chance(&m->seed, 64) - 32); break;
	default: pcap_put_be(tcp + 8, 4, pcap_be32(tcp + 8) + chance(&m->seed, 4096) - 2048);
	}
}

/* One mutation of the capture in m->file; false if it is none. */
static inline bool pcap_mutate_once(struct pcap_mutate *m)
{
	if (!pcap_index(m))
		return false;
	size_t record = chance(&m->seed, (uint32_t)m->records);
	switch (chance(&m->seed, 8)) {
	case 0: pcap_move_record(m, record); break;
	case 1: pcap_cut_segment(m, record); break;
	case 2: pcap_mutate_header(m, record); break;
	case 3:
		m->file.at[8 + chance(&m->seed, 8)] = (uint8_t)chance(&m->seed, 256);
		break; /* no reader looks at these bytes: the target does */
	default: pcap_mutate_frame(m, record);
	}
	return true;
}

/* LLVMFuzzerCustomMutator's work. */
static inline size_t pcap_mutate(struct pcap_mutate *m, uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	m->seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	if (!m->schema)
		m->schema = schema_new();
	buf_clear(&m->file);
	buf_add(&m->file, slice_of(data, size));
	bool good = chance(&m->seed, 4) > 0;
	if (good && size >= PCAP_HEAD && chance(&m->seed, 8) == 0)
		m->file.at[PCAP_CHOICES + chance(&m->seed, 8)] = (uint8_t)chance(&m->seed, 256);
	for (uint32_t left = 1 + chance(&m->seed, 3); good && left; left--)
		good = pcap_mutate_once(m);
	if (!good || m->file.len > max_size)
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(data, m->file.at, m->file.len);
	return m->file.len;
}

/* LLVMFuzzerCustomCrossOver's: the head of the one, records of both in turn. */
static inline size_t pcap_cross(struct pcap_mutate *a, struct pcap_mutate *b, uint8_t *out, size_t max_size, unsigned seed)
{
	uint64_t by = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	size_t len = PCAP_HEAD, i = 0, j = 0;
	if (!pcap_index(a) || !pcap_index(b) || max_size < PCAP_HEAD)
		return 0;
	memcpy(out, a->file.at, PCAP_HEAD);
	while (i < a->records || j < b->records) {
		bool first = j == b->records || (i < a->records && chance(&by, 2));
		struct pcap_mutate *from = first ? a : b;
		size_t record = first ? i++ : j++, size = pcap_record_size(from, record);
		if (size > max_size - len)
			break;
		memcpy(out + len, from->file.at + from->at[record], size);
		len += size;
	}
	return len;
}

#endif
