/*
 * Live capture from a network interface, by libpcap.
 *
 * The handle is set up in two steps, as libpcap wants it: created, told what is asked of it, activated. It
 * is non-blocking, and the caller polls its descriptor. Times are nanoseconds where the interface has them.
 * libpcap's drop counters have 32 bits: what they grow by is added up here.
 *
 * Packets are handed over every DELAY_MS rather than at once (libpcap's immediate mode): on Linux, the
 * latter gives each packet a slot as long as the longest one, so that the buffer holds very few of them.
 */
#include "capture/live.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "capture/net/link.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SNAPLEN = 262144, DELAY_MS = 10, BUFFER_MIB = 16, LONGEST_PATH = 4096 };

struct live {
	pcap_t *pcap;
	struct packet_interface interface;
	int64_t unit;          /* ns of the lower half of a time */
	struct pcap_stat last; /* as libpcap said last */
	uint64_t dropped_kernel, dropped_interface;
	bool netfilter; /* nflog, nfqueue */
	bool gone;
	char error[PCAP_ERRBUF_SIZE + 256];
};

static void set_up(pcap_t *pcap, const struct source_options *o)
{
	pcap_set_snaplen(pcap, o && o->snaplen > 0 ? o->snaplen : SNAPLEN);
	pcap_set_promisc(pcap, o && o->promiscuous);
	pcap_set_timeout(pcap, DELAY_MS);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	int mib = o && o->buffer_mib > 0 ? o->buffer_mib : BUFFER_MIB;
	pcap_set_buffer_size(pcap, mib < 2048 ? mib << 20 : INT32_MAX);
}

static void say_permission(const char *interface, char *error, size_t error_size)
{
	char path[LONGEST_PATH];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	snprintf(error, error_size,
		 "no permission to capture on %s: run it as root, or allow the program to capture with "
		 "\"sudo setcap cap_net_raw,cap_net_admin=eip %s\" "
		 "(to keep that to a group, first: chgrp GROUP and chmod 750)",
		 interface, n > 0 ? path : "envscope");
}

static bool activate(pcap_t *pcap, const char *interface, char *error, size_t error_size)
{
	int status = pcap_activate(pcap);
	if (status >= 0)
		return true;
	if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
		say_permission(interface, error, error_size);
	else if (status == PCAP_ERROR_NO_SUCH_DEVICE)
		snprintf(error, error_size, "there is no interface %s (-D lists them)", interface);
	else if (status == PCAP_ERROR)
		snprintf(error, error_size, "can't capture on %s: %s", interface, pcap_geterr(pcap));
	else
		snprintf(error, error_size, "can't capture on %s: %s", interface, pcap_statustostr(status));
	return false;
}

/* The number that files use for libpcap's own. */
static int link_of(int dlt)
{
	return dlt == DLT_RAW ? LINK_RAW : dlt;
}

/* -y: another link type than the interface's own. That must be one that can be read, too. */
static bool set_link(pcap_t *pcap, const char *interface, const char *name, char *error, size_t error_size)
{
	int link = name ? pcap_datalink_name_to_val(name) : pcap_datalink(pcap);
	bool known = link >= 0 && link_known(link_of(link));
	if (known && (!name || pcap_set_datalink(pcap, link) == 0))
		return true;
	const char *why = link < 0 ? "there is no link type of that name"
			  : known  ? "the interface does not have it"
				   : "envscope can't read it";
	const char *its = name ? name : pcap_datalink_val_to_name(link);
	snprintf(error, error_size, "can't capture on %s with link type %s: %s (-L lists what there is)", interface, its ? its : "unknown",
		 why);
	return false;
}

static bool set_filter(pcap_t *pcap, const char *expression, char *error, size_t error_size)
{
	struct bpf_program code;
	if (!expression)
		return true;
	if (pcap_compile(pcap, &code, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		snprintf(error, error_size, "capture filter \"%s\": %s", expression, pcap_geterr(pcap));
		return false;
	}
	bool good = pcap_setfilter(pcap, &code) == 0;
	if (!good)
		snprintf(error, error_size, "capture filter \"%s\": %s", expression, pcap_geterr(pcap));
	pcap_freecode(&code);
	return good;
}

static bool set_nonblocking(pcap_t *pcap, const char *interface, char *error, size_t error_size)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	if (pcap_setnonblock(pcap, 1, why) == 0)
		return true;
	snprintf(error, error_size, "can't capture on %s: %s", interface, why);
	return false;
}

void live_add_name(struct buf *out, const char *word)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *all = NULL;
	const char *name = word;
	unsigned long number = strtoul(word, NULL, 10), k = 0;
	if (number && !word[strspn(word, "0123456789")] && pcap_findalldevs(&all, why) == 0)
		for (const pcap_if_t *i = all; i; i = i->next) {
			name = ++k == number ? i->name : name;
			if (strcmp(i->name, word) == 0) {
				name = word;
				break;
			}
		}
	buf_add_str(out, name);
	pcap_freealldevs(all);
}

struct live *live_new(const char *interface, const struct source_options *o, char *error, size_t error_size)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(interface, why);
	if (!pcap) {
		snprintf(error, error_size, "can't capture on %s: %s", interface, why);
		return NULL;
	}
	set_up(pcap, o);
	if (!activate(pcap, interface, error, error_size) || !set_link(pcap, interface, o ? o->link : NULL, error, error_size) ||
	    !set_filter(pcap, o ? o->filter : NULL, error, error_size) || !set_nonblocking(pcap, interface, error, error_size)) {
		pcap_close(pcap);
		return NULL;
	}
	struct live *l = xcalloc(1, sizeof(*l));
	l->pcap = pcap;
	l->unit = pcap_get_tstamp_precision(pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
	l->interface = (struct packet_interface){ .link = link_of(pcap_datalink(pcap)),
						  .snaplen = (uint32_t)pcap_snapshot(pcap),
						  .digits = l->unit == 1 ? 9 : 6 };
	l->netfilter = strncmp(interface, "nflog", 5) == 0 || strncmp(interface, "nfqueue", 7) == 0;
	snprintf(l->interface.name, sizeof l->interface.name, "%s", interface);
	return l;
}

void live_free(struct live *l)
{
	if (l)
		pcap_close(l->pcap);
	free(l);
}

/* libpcap's reading from netfilter takes it for an error that there is nothing to read. */
static bool is_nothing_yet(const struct live *l)
{
	return l->netfilter && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static void say_end(struct live *l)
{
	struct buf text = { 0 };
	buf_add_str(&text, "the capture on ");
	text_add_safe(&text, slice_str(l->interface.name));
	buf_addf(&text, " has ended: %s", pcap_geterr(l->pcap));
	snprintf(l->error, sizeof l->error, "%s", buf_cstr(&text));
	buf_release(&text);
}

enum source_status live_next(struct live *l, struct packet *out)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got = l->gone ? PCAP_ERROR : pcap_next_ex(l->pcap, &h, &bytes);
	if (got == 0 || (got == PCAP_ERROR && !l->gone && is_nothing_yet(l)))
		return SOURCE_WAIT;
	if (got < 0) {
		if (!l->gone)
			say_end(l);
		l->gone = true;
		return SOURCE_DAMAGED;
	}
	out->bytes = slice_of(bytes, h->caplen);
	out->wire_len = h->len;
	out->link = l->interface.link;
	out->interface = &l->interface;
	out->comments = (struct slice){ NULL, 0 };
	out->time = (int64_t)h->ts.tv_sec * 1000000000 + h->ts.tv_usec * l->unit;
	out->at = -1;
	return SOURCE_PACKET;
}

int live_fd(const struct live *l)
{
	return pcap_get_selectable_fd(l->pcap);
}

const char *live_error(const struct live *l)
{
	return l->error;
}

void live_add_drops(struct live *l, struct source_counts *counts)
{
	struct pcap_stat now;
	if (!l->gone && pcap_stats(l->pcap, &now) == 0) {
		l->dropped_kernel += (uint32_t)(now.ps_drop - l->last.ps_drop);
		l->dropped_interface += (uint32_t)(now.ps_ifdrop - l->last.ps_ifdrop);
		l->last = now;
	}
	counts->dropped_kernel = l->dropped_kernel;
	counts->dropped_interface = l->dropped_interface;
	counts->watched = true;
}

const struct packet_interface *live_interface(const struct live *l)
{
	return &l->interface;
}

static void add_flag(struct buf *out, bool *any, const char *name)
{
	buf_addf(out, "%s%s", *any ? ", " : " [", name);
	*any = true;
}

static const char *status_name(bpf_u_int32 flags)
{
	bool wireless = flags & PCAP_IF_WIRELESS;
	switch (flags & PCAP_IF_CONNECTION_STATUS) {
	case PCAP_IF_CONNECTION_STATUS_CONNECTED: return wireless ? "Associated" : "Connected";
	case PCAP_IF_CONNECTION_STATUS_DISCONNECTED: return wireless ? "Not associated" : "Disconnected";
	case PCAP_IF_CONNECTION_STATUS_UNKNOWN: return "Connection status unknown";
	default: return NULL;
	}
}

static void add_interface(struct buf *out, int number, const pcap_if_t *i)
{
	static const struct {
		bpf_u_int32 flag;
		const char *name;
	} flags[] = {
		{ PCAP_IF_UP, "Up" },
		{ PCAP_IF_RUNNING, "Running" },
		{ PCAP_IF_LOOPBACK, "Loopback" },
		{ PCAP_IF_WIRELESS, "Wireless" },
	};
	bool any = false;
	buf_addf(out, "%d.%s", number, i->name);
	if (i->description)
		buf_addf(out, " (%s)", i->description);
	for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++) {
		if (i->flags & flags[k].flag)
			add_flag(out, &any, flags[k].name);
	}
	if (status_name(i->flags))
		add_flag(out, &any, status_name(i->flags));
	buf_add_str(out, any ? "]" : "");
}

int live_list_interfaces(void (*line)(void *user, const char *text), void *user, char *error, size_t error_size)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *all = NULL;
	struct buf text = { 0 };
	int number = 0;
	if (pcap_findalldevs(&all, why) != 0) {
		snprintf(error, error_size, "can't list the interfaces: %s", why);
		return -1;
	}
	for (const pcap_if_t *i = all; i; i = i->next) {
		buf_clear(&text);
		add_interface(&text, ++number, i);
		line(user, buf_cstr(&text));
	}
	pcap_freealldevs(all);
	buf_release(&text);
	if (number)
		return 0;
	snprintf(error, error_size, "there is no interface to capture on");
	return -1;
}

static void list_links(const int *links, int count, void (*line)(void *user, const char *text), void *user)
{
	struct buf text = { 0 };
	for (int i = 0; i < count; i++) {
		const char *name = pcap_datalink_val_to_name(links[i]), *about = pcap_datalink_val_to_description(links[i]);
		buf_clear(&text);
		if (name)
			buf_addf(&text, "%s (%s)", name, about ? about : name);
		else
			buf_addf(&text, "%d", links[i]);
		buf_add_str(&text, link_known(link_of(links[i])) ? "" : " (envscope can't read it)");
		line(user, buf_cstr(&text));
	}
	buf_release(&text);
}

int live_list_links(const char *interface, void (*line)(void *user, const char *text), void *user, char *error, size_t error_size)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int *links = NULL, count = -1;
	pcap_t *pcap = pcap_create(interface, why);
	if (!pcap)
		snprintf(error, error_size, "can't capture on %s: %s", interface, why);
	else if (activate(pcap, interface, error, error_size) && (count = pcap_list_datalinks(pcap, &links)) < 0)
		snprintf(error, error_size, "can't list the link types of %s: %s", interface, pcap_geterr(pcap));
	list_links(links, count, line, user);
	if (links)
		pcap_free_datalinks(links);
	if (pcap)
		pcap_close(pcap);
	return count < 0 ? -1 : 0;
}
