/*
 * floor FILE: the least that anything built on libpcap does, a bare pcap_dispatch loop that counts packets
 * and bytes. What envscope takes is told as a multiple of this.
 */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>

struct count {
	uint64_t packets, bytes;
};

static void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct count *c = (struct count *)(void *)user;
	(void)data;
	c->packets++;
	c->bytes += header->caplen;
}

static int count_all(pcap_t *p, struct count *c)
{
	int n;
	while ((n = pcap_dispatch(p, -1, count_packet, (u_char *)c)) > 0)
		;
	return n;
}

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	struct count c = { 0, 0 };
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;
	if (!p) {
		fprintf(stderr, "floor: %s\n", argc == 2 ? why : "usage: floor FILE");
		return 2;
	}
	int status = count_all(p, &c);
	if (status < 0)
		fprintf(stderr, "floor: %s\n", pcap_geterr(p));
	pcap_close(p);
	printf("packets %" PRIu64 " bytes %" PRIu64 "\n", c.packets, c.bytes);
	return status < 0;
}
