/*
 * The conversations that the cases are made of. A talk counts seq for each way, makes ids
 * (nine characters of base 36, as the Node package does, or the decimal seq), and lets a few
 * milliseconds pass before each message, all from a generator seeded by the connection's
 * number.
 */
#include "samples/gen_talk.h"

#include "samples/gen_ws.h"

enum { TOKEN_SECONDS = 30 * 24 * 3600 };

void talk_init(struct talk *t, struct pcap_file *file, unsigned number)
{
	*t = (struct talk){ .random = 0x6c078965u + number };
	tcp_init(&t->tcp, file, number, false);
}

uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

uint32_t talk_random(struct talk *t)
{
	return random_next(&t->random);
}

static void id_make(struct talk *t, char *id, size_t size, int32_t seq)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char random[10] = { 0 };
	for (size_t i = 0; i < sizeof(random) - 1; i++)
		random[i] = digits[talk_random(t) % 36];
	if (t->decimal_ids)
		snprintf(id, size, "%d", (int)seq);
	else
		snprintf(id, size, "%s", random);
}

struct message talk_message(struct talk *t, enum way way, const char *command, const ProtobufCMessage *body, const char *rid)
{
	struct message m = { .seq = t->seq[way]++, .priority = way == C2S ? 2 : 0, .has_data = body != NULL, .body = body };
	SET(m.command, command);
	SET(m.rid, rid ? rid : "");
	id_make(t, m.id, sizeof(m.id), m.seq);
	if (body)
		snprintf(m.type_url, sizeof(m.type_url), TYPE_PREFIX "%s", body->descriptor->name);
	return m;
}

void talk_send_bytes(struct talk *t, enum way way, struct slice bytes)
{
	struct buf frame = { 0 };
	pcap_file_wait(t->tcp.file, 400 + talk_random(t) % 4000);
	if (t->websocket)
		ws_frame(&frame, WS_FIN | WS_BINARY, way == C2S ? talk_random(t) : 0, bytes);
	tcp_send(&t->tcp, way, t->websocket ? buf_slice(&frame) : bytes);
	buf_release(&frame);
}

void talk_send(struct talk *t, enum way way, const struct message *m)
{
	struct buf bytes = { 0 };
	message_frame(&bytes, m);
	talk_send_bytes(t, way, buf_slice(&bytes));
	buf_release(&bytes);
}

struct id talk_say(struct talk *t, enum way way, const char *command, const ProtobufCMessage *body, const char *rid)
{
	struct message m = talk_message(t, way, command, body, rid);
	struct id id;
	talk_send(t, way, &m);
	SET(id.text, m.id);
	return id;
}

void talk_open(struct talk *t)
{
	struct buf text = { 0 };
	tcp_open(&t->tcp);
	if (!t->websocket)
		return;
	uint32_t seed = talk_random(t);
	ws_request(&text, seed);
	tcp_send(&t->tcp, C2S, buf_slice(&text));
	buf_clear(&text);
	ws_accept(&text, seed);
	pcap_file_wait(t->tcp.file, 1200);
	tcp_send(&t->tcp, S2C, buf_slice(&text));
	buf_release(&text);
}

void talk_signin(struct talk *t)
{
	struct buf jwt = { 0 };
	jwt_pack(&jwt, "anna", SAMPLE_START + TOKEN_SECONDS);
	buf_add_byte(&jwt, 0);
	struct id id = talk_say(t, C2S, "signin",
				BODY(SigninRequest, signin_request, .username = "anna", .password = "not-a-real-password",
				     .agent = "sample", .version = "1.0.0"),
				NULL);
	Openiap__Role *roles[] = { PART(Role, role, ._id = "5a1702fa245d9013697656fb", .name = "users") };
	Openiap__User *user = PART(User, user, ._id = "65a1b2c3d4e5f60718293a4b", .name = "Anna", .username = "anna",
				   .email = "anna@openiap.example", .n_roles = 1, .roles = roles);
	talk_say(t, S2C, "signinreply", BODY(SigninResponse, signin_response, .jwt = (char *)jwt.at, .user = user), id.text);
	buf_release(&jwt);
}

void talk_begin(struct talk *t)
{
	talk_open(t);
	talk_signin(t);
}

void talk_start(struct talk *t, struct pcap_file *file)
{
	talk_init(t, file, 1);
	talk_begin(t);
}

void talk_end(struct talk *t)
{
	static const uint8_t normal[] = { 0x03, 0xe8 };
	pcap_file_wait(t->tcp.file, 2500);
	for (int way = C2S; t->websocket && way <= S2C; way++) {
		struct buf frame = { 0 };
		ws_frame(&frame, WS_FIN | WS_CLOSE, way == C2S ? talk_random(t) : 0, slice_of(normal, sizeof(normal)));
		tcp_send(&t->tcp, way, buf_slice(&frame));
		buf_release(&frame);
	}
	tcp_close(&t->tcp, C2S);
}

struct id talk_ask(struct talk *t)
{
	return talk_say(t, C2S, "query",
			BODY(QueryRequest, query_request, .collectionname = "entities", .query = "{\"_type\":\"invoice\"}",
			     .projection = "{\"name\":1}", .top = 2),
			NULL);
}

void talk_answer(struct talk *t, const char *rid)
{
	char *results = "[{\"_id\":\"1\",\"name\":\"Invoice 17\"},{\"_id\":\"2\",\"name\":\"Invoice 18\"}]";
	talk_say(t, S2C, "queryreply", BODY(QueryResponse, query_response, .results = results), rid);
}

void talk_query(struct talk *t)
{
	struct id id = talk_ask(t);
	talk_answer(t, id.text);
}

void talk_finish(struct talk *t)
{
	talk_query(t);
	talk_end(t);
}

void talk_noop(struct talk *t)
{
	talk_say(t, C2S, "noop", NULL, NULL);
}
