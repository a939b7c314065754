/*
 * A table of exchanges. Most are queries, as in real traffic; the texts are as long as it takes for the
 * Envelopes of a long capture to be 138 bytes on average.
 */
#include "bench/exchange.h"

#include "bench/envelope_writer.h"

static const struct exchange exchanges[] = {
	{ .weight = 60,
	  .request = { "query",
		       "QueryRequest",
		       { { 1, "{\"_type\":\"order\",\"number\":{\"$gt\":######}}", 0 },
			 { 2, "entities", 0 },
			 { 3, "{\"number\":1}", 0 },
			 { 4, NULL, 100 } } },
	  .reply = { "queryreply", "QueryResponse", { { 1, "[{\"_id\":\"@@@@@@@@@@@@@@@@@@@@@@@@\",\"number\":######}]", 0 } } } },
	{ .weight = 12,
	  .request = { "insertone",
		       "InsertOneRequest",
		       { { 1, "entities", 0 }, { 2, "{\"_type\":\"order\",\"number\":######,\"price\":####.##}", 0 }, { 3, NULL, 1 } } },
	  .reply = { "insertonereply",
		     "InsertOneResponse",
		     { { 1, "{\"_id\":\"@@@@@@@@@@@@@@@@@@@@@@@@\",\"_type\":\"order\",\"number\":######}", 0 } } } },
	{ .weight = 8,
	  .request = { "aggregate",
		       "AggregateRequest",
		       { { 1, "entities", 0 }, { 2, "[{\"$match\":{\"_type\":\"order\"}},{\"$group\":{\"_id\":\"$state\"}}]", 0 } } },
	  .reply = { "aggregatereply",
		     "AggregateResponse",
		     { { 1, "[{\"_id\":\"open\",\"n\":####},{\"_id\":\"sent\",\"n\":####}]", 0 } } } },
	{ .weight = 8,
	  .request = { "count", "CountRequest", { { 1, "entities", 0 }, { 2, "{\"_type\":\"order\",\"number\":{\"$gt\":######}}", 0 } } },
	  .reply = { "countreply", "CountResponse", { { 1, NULL, 4711 } } } },
	{ .weight = 6,
	  .request = { "pushworkitem",
		       "PushWorkitemRequest",
		       { { 1, "invoices", 0 },
			 { 3, "invoice ######", 0 },
			 { 4, "{\"customer\":\"@@@@@@@@\",\"net\":####.##}", 0 },
			 { 10, NULL, 2 } } },
	  .reply = { "pushworkitemreply", "PushWorkitemResponse", { { 1, "\n\x18@@@@@@@@@@@@@@@@@@@@@@@@\x12\x0einvoice ######", 0 } } } },
	{ .weight = 6,
	  .request = { "customcommand",
		       "CustomCommandRequest",
		       { { 1, "getclients", 0 }, { 2, "@@@@@@@@@@@@@@@@@@@@@@@@", 0 }, { 4, "{\"limit\":##}", 0 } } },
	  .reply = { "customcommandreply", "CustomCommandResponse", { { 1, "{\"clients\":##,\"agents\":##,\"robots\":##}", 0 } } } },
};

enum { EXCHANGES = sizeof exchanges / sizeof *exchanges };

const struct exchange *exchange_pick(struct random *r)
{
	const struct exchange *e = exchanges;
	uint32_t pick = random_below(r, 100);
	while (pick >= e->weight && e < exchanges + EXCHANGES - 1) {
		pick -= e->weight;
		e++;
	}
	return e;
}

static uint8_t filled_in(char c, struct random *r)
{
	switch (c) {
	case '#': return (uint8_t)('1' + random_below(r, 9));
	case '@': return (uint8_t) "0123456789abcdef"[random_below(r, 16)];
	default: return (uint8_t)c;
	}
}

static void put_text(struct buf *out, uint32_t field, const char *text, struct random *r)
{
	uint8_t filled[128];
	size_t len = 0;
	for (; text[len] && len < sizeof filled; len++)
		filled[len] = filled_in(text[len], r);
	put_bytes(out, field, slice_of(filled, len));
}

void put_payload(struct buf *out, const struct half *h, struct random *r)
{
	for (const struct field *f = h->field; f < h->field + FIELDS_MAX && f->number; f++) {
		if (f->text)
			put_text(out, f->number, f->text, r);
		else
			put_number(out, f->number, f->value);
	}
}
