/*
 * Cases about the sequence numbers of messages. The message that breaks a rule is a noop where
 * it can be, because nobody answers a noop: a request that the server holds back or refuses
 * would lack its reply, which is another rule.
 */
#include "samples/gen_cases.h"

#include "samples/gen_talk.h"

enum { MOST_WAITING = 100 };

static void noop_with_seq(struct talk *t, int32_t seq)
{
	struct message m = talk_message(t, C2S, "noop", NULL, NULL);
	m.seq = seq;
	talk_send(t, C2S, &m);
}

void case_seq_duplicate(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_query(&t);
	noop_with_seq(&t, 1);
	tcp_close(&t.tcp, S2C);
}

void case_seq_late(struct pcap_file *f)
{
	struct talk t;
	talk_init(&t, f, 1);
	t.seq[C2S] = 12;
	t.seq[S2C] = 14;
	talk_query(&t);
	talk_query(&t);
	noop_with_seq(&t, 4);
	tcp_close(&t.tcp, S2C);
}

void case_seq_gap(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_query(&t);
	t.seq[C2S]++;
	for (int i = 0; i < 3; i++)
		talk_noop(&t);
	talk_end(&t);
}

void case_seq_reordered(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_query(&t);
	const ProtobufCMessage *count = BODY(CountRequest, count_request, .collectionname = "entities", .query = "{}");
	struct message first = talk_message(&t, C2S, "count", count, NULL);
	struct message second = talk_message(&t, C2S, "count", count, NULL);
	talk_send(&t, C2S, &second);
	talk_send(&t, C2S, &first);
	talk_say(&t, S2C, "countreply", BODY(CountResponse, count_response, .result = 17), first.id);
	talk_say(&t, S2C, "countreply", BODY(CountResponse, count_response, .result = 17), second.id);
	talk_query(&t);
	talk_end(&t);
}

void case_seq_overflow(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_query(&t);
	t.seq[C2S]++;
	for (int i = 0; i < MOST_WAITING + 1; i++)
		talk_noop(&t);
	tcp_close(&t.tcp, S2C);
}

void case_seq_long(struct pcap_file *f)
{
	struct talk t;
	talk_init(&t, f, 1);
	t.seq[C2S] = 123456;
	t.seq[S2C] = 234567;
	talk_query(&t);
	talk_query(&t);
	tcp_close(&t.tcp, S2C);
}

void case_seq_start(struct pcap_file *f)
{
	struct talk t;
	talk_init(&t, f, 1);
	t.seq[C2S] = 1;
	talk_begin(&t);
	talk_query(&t);
	talk_query(&t);
	talk_end(&t);
}
