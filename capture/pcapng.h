/*
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng): sections, interfaces, packets, decryption secrets.
 *
 * A parser over bytes: whoever reads the file asks for the length of a block, then hands the block in. All times and link types
 * are resolved here against the interfaces of the section.
 */
#ifndef CAPTURE_PCAPNG_H
#define CAPTURE_PCAPNG_H

#include "base/buf.h"
#include "capture/packet.h"

enum {
	PCAPNG_MAGIC = 0x0a0d0d0a, /* the type of a section header block, the same in both byte orders */
	PCAPNG_HEAD = 12,          /* bytes of a block that tell its length; no block is shorter */
	PCAPNG_MAX_BLOCK = 64 << 20,
	PCAPNG_MAX_SECRETS = 16 << 20,
};

struct pcapng_interface;

struct pcapng {
	bool big_endian;                     /* of the current section */
	struct pcapng_interface *interfaces; /* of the current section */
	uint32_t count, cap;
	struct buf comments;                        /* of the packet given last */
	uint64_t comments_passed;                   /* comments on anything but packets */
	uint64_t secrets_dropped;                   /* secrets blocks over PCAPNG_MAX_SECRETS */
	uint64_t dropped_kernel, dropped_interface; /* packets that whoever captured has lost, as statistics blocks say */
	uint64_t dropped_more;                      /* and what packets say beyond that */
	/* Called for each decryption secrets block; may be NULL. The bytes are borrowed during the call. */
	void (*secrets)(void *user, uint32_t format, struct slice bytes);
	void (*section)(void *user); /* called where a section begins; may be NULL */
	void *user;
};

enum pcapng_status {
	PCAPNG_PACKET,
	PCAPNG_OTHER, /* no packet: taken in, or passed over */
	PCAPNG_BAD,
};

struct pcapng_step {
	enum pcapng_status status;
	const char *why; /* PCAPNG_BAD: a static clause, "a block has an impossible length" */
};

/* { 0 } is an initialized one. Frees its contents. */
void pcapng_release(struct pcapng *ng);
/* The length of the block that begins with these PCAPNG_HEAD bytes: a multiple of 4 between PCAPNG_HEAD and PCAPNG_MAX_BLOCK, or
 * 0 if it can't be. */
uint32_t pcapng_block_length(const struct pcapng *ng, struct slice head);
/* Takes a whole block. On PCAPNG_PACKET *out is its packet, whose bytes are a slice of the block, whose comments live until the next call, and whose `at` counts from the
 * beginning of the block; time 0 where the block has none (simple packet block). */
struct pcapng_step pcapng_block(struct pcapng *ng, struct slice block, struct packet *out);
/* Packets that whoever captured has lost, but for those of which it is said that the interface has lost them. */
uint64_t pcapng_dropped_kernel(const struct pcapng *ng);
/* What was dropped at each interface of the current section where any was. */
void pcapng_each_drops(const struct pcapng *ng, void (*take)(void *user, const struct interface_drops *d), void *user);

#endif
