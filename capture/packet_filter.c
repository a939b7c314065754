/*
 * Capture filters for packets from files: libpcap's compiler and its interpreter, without its reader.
 *
 * The compiled program depends on the link type, and a pcapng file may mix several: a filter keeps one
 * program for each link type that it met, in a list that holds as many as link_strip knows at most. The
 * last one used is at its front.
 */
#include "capture/packet_filter.h"

#include "base/xalloc.h"
#include "capture/net/link.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum { SNAPLEN = 262144 };

struct program {
	struct program *next;
	int link;
	bool usable;
	struct bpf_program code;
};

struct packet_filter {
	char *expression;
	struct program *programs;
};

/* libpcap's own number for a link type of a file, where the two differ. */
static int dlt_of(int link)
{
	return link == LINK_RAW ? DLT_RAW : link;
}

static bool compile(const char *expression, int link, struct bpf_program *code, char *error, size_t error_size)
{
	pcap_t *dead = pcap_open_dead(dlt_of(link), SNAPLEN);
	bool good = dead && pcap_compile(dead, code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!good)
		snprintf(error, error_size, "capture filter \"%s\": %s", expression, dead ? pcap_geterr(dead) : "libpcap failed");
	if (dead)
		pcap_close(dead);
	return good;
}

bool packet_filter_check(const char *expression, char *error, size_t error_size)
{
	static const int links[] = { LINK_SLL, LINK_RAW, LINK_NULL, LINK_ETHERNET };
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct bpf_program code;
		if (compile(expression, links[i], &code, error, error_size)) {
			pcap_freecode(&code);
			return true;
		}
	}
	return false;
}

struct packet_filter *packet_filter_new(const char *expression, char *error, size_t error_size)
{
	if (!packet_filter_check(expression, error, error_size))
		return NULL;
	struct packet_filter *f = xcalloc(1, sizeof(*f));
	f->expression = xstrdup(expression);
	return f;
}

void packet_filter_free(struct packet_filter *f)
{
	if (!f)
		return;
	for (struct program *p = f->programs, *next; p; p = next) {
		next = p->next;
		if (p->usable)
			pcap_freecode(&p->code);
		free(p);
	}
	free(f->expression);
	free(f);
}

/* The program for a link type, moved to the front; NULL if there is none yet. */
static struct program *find_program(struct packet_filter *f, int link)
{
	struct program **at = &f->programs, *p;
	while ((p = *at) && p->link != link)
		at = &p->next;
	if (!p || at == &f->programs)
		return p;
	*at = p->next;
	p->next = f->programs;
	return f->programs = p;
}

/* NULL if the expression can't be used on the first link type that is met. */
static struct program *add_program(struct packet_filter *f, int link, char *error, size_t error_size)
{
	struct bpf_program code = { 0 };
	bool usable = compile(f->expression, link, &code, error, error_size);
	if (!usable && !f->programs)
		return NULL;
	struct program *p = xcalloc(1, sizeof(*p));
	*p = (struct program){ f->programs, link, usable, code };
	return f->programs = p;
}

enum packet_filter_answer packet_filter_match(struct packet_filter *f, const struct packet *p, char *error, size_t error_size)
{
	if (!link_known(p->link))
		return PACKET_FILTER_NO;
	struct program *program = find_program(f, p->link);
	if (!program)
		program = add_program(f, p->link, error, error_size);
	if (!program)
		return PACKET_FILTER_FAILED;
	struct pcap_pkthdr h = { .caplen = (bpf_u_int32)p->bytes.len, .len = p->wire_len };
	bool match = program->usable && pcap_offline_filter(&program->code, &h, p->bytes.at);
	return match ? PACKET_FILTER_YES : PACKET_FILTER_NO;
}
