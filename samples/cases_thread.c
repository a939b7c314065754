/*
 * Cases about what belongs together: requests and replies, events and their registrations,
 * queue calls and work items over two connections, traces.
 */
#include "samples/gen_cases.h"

#include "samples/gen_talk.h"

enum { DAY = 24 * 3600 };

static void say_error(struct talk *t, const char *rid, char *text, int32_t code)
{
	talk_say(t, S2C, "error",
		 BODY(ErrorResponse, error_response, .message = text, .code = code,
		      .stack = "Error: refused\n    at Server.handle (server.js:120:9)"),
		 rid);
}

void case_rid_unknown(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_answer(&t, "zz9pluralz");
	talk_finish(&t);
}

void case_reply_duplicate(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct id id = talk_ask(&t);
	talk_answer(&t, id.text);
	talk_answer(&t, id.text);
	talk_finish(&t);
}

void case_no_reply(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_ask(&t);
	talk_finish(&t);
}

void case_ping_unanswered(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_say(&t, C2S, "ping", BODY(PingRequest, ping_request), NULL);
	talk_finish(&t);
}

void case_open_end(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	talk_query(&t);
	talk_ask(&t);
}

void case_error_reply(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	struct id id = talk_ask(&t);
	say_error(&t, id.text, "Access denied to collection entities", 403);
	talk_finish(&t);
}

void case_token_expired(struct pcap_file *f)
{
	struct talk t;
	struct buf jwt = { 0 };
	talk_init(&t, f, 1);
	talk_open(&t);
	jwt_pack(&jwt, "anna", SAMPLE_START - DAY);
	buf_add_byte(&jwt, 0);
	struct id id = talk_say(&t, C2S, "signin", BODY(SigninRequest, signin_request, .jwt = (char *)jwt.at), NULL);
	say_error(&t, id.text, "jwt expired", 401);
	talk_signin(&t);
	struct message m = talk_message(&t, C2S, "count", BODY(CountRequest, count_request, .collectionname = "entities", .query = "{}"),
					NULL);
	SET(m.jwt, (char *)jwt.at);
	talk_send(&t, C2S, &m);
	say_error(&t, m.id, "jwt expired", 401);
	buf_release(&jwt);
	talk_finish(&t);
}

static void say_watchevent(struct talk *t, char *operation, char *document)
{
	talk_say(t, S2C, "watchevent", BODY(WatchEvent, watch_event, .id = "watch-1f3a", .operation = operation, .document = document),
		 NULL);
}

static void watch(struct talk *t)
{
	struct id id = talk_say(t, C2S, "watch",
				BODY(WatchRequest, watch_request, .collectionname = "entities", .n_paths = 1,
				     .paths = (char *[]){ "$.[?(@._type == 'invoice')]" }),
				NULL);
	talk_say(t, S2C, "watchreply", BODY(WatchResponse, watch_response, .id = "watch-1f3a"), id.text);
}

void case_watch_events(struct pcap_file *f)
{
	struct talk t;
	talk_start(&t, f);
	watch(&t);
	say_watchevent(&t, "insert", "{\"_id\":\"7\",\"_type\":\"invoice\",\"paid\":false}");
	talk_query(&t);
	say_watchevent(&t, "replace", "{\"_id\":\"7\",\"_type\":\"invoice\",\"paid\":true}");
	say_watchevent(&t, "delete", "{\"_id\":\"7\"}");
	struct id id = talk_say(&t, C2S, "unwatch", BODY(UnWatchRequest, un_watch_request, .id = "watch-1f3a"), NULL);
	talk_say(&t, S2C, "unwatchreply", BODY(UnWatchResponse, un_watch_response), id.text);
	talk_finish(&t);
}

static void register_queue(struct talk *t, char *asked, char *given)
{
	struct id id = talk_say(t, C2S, "registerqueue", BODY(RegisterQueueRequest, register_queue_request, .queuename = asked), NULL);
	talk_say(t, S2C, "registerqueuereply", BODY(RegisterQueueResponse, register_queue_response, .queuename = given), id.text);
}

static void queue_message(struct talk *from, struct talk *to, char *queue, char *replyto, char *data)
{
	char *correlation = "c0a8-42";
	struct id id = talk_say(from, C2S, "queuemessage",
				BODY(QueueMessageRequest, queue_message_request, .queuename = queue, .correlationid = correlation,
				     .replyto = replyto, .data = data),
				NULL);
	talk_say(from, S2C, "queuemessagereply",
		 BODY(QueueMessageResponse, queue_message_response, .queuename = queue, .correlationid = correlation, .replyto = replyto),
		 id.text);
	talk_say(to, S2C, "queueevent",
		 BODY(QueueEvent, queue_event, .queuename = queue, .correlationid = correlation, .replyto = replyto, .data = data), NULL);
}

void case_queue_events(struct pcap_file *f)
{
	struct talk caller, robot;
	talk_init(&caller, f, 1);
	talk_init(&robot, f, 2);
	talk_begin(&robot);
	register_queue(&robot, "robot-7", "robot-7");
	talk_begin(&caller);
	register_queue(&caller, "", "amq.gen-5Qb0");
	queue_message(&caller, &robot, "robot-7", "amq.gen-5Qb0", "{\"command\":\"invoke\",\"data\":{\"amount\":12}}");
	queue_message(&robot, &caller, "amq.gen-5Qb0", "", "{\"command\":\"invokecompleted\",\"data\":{\"ok\":true}}");
	talk_finish(&caller);
	talk_finish(&robot);
}

static struct id say_traced(struct talk *t, enum way way, const char *command, const ProtobufCMessage *body, const char *rid)
{
	struct message m = talk_message(t, way, command, body, rid);
	struct id id;
	SET(m.traceid, "4bf92f3577b34da6a3ce929d0e0e4736");
	snprintf(m.spanid, sizeof(m.spanid), "%08x%08x", (unsigned)talk_random(t), (unsigned)talk_random(t));
	talk_send(t, way, &m);
	SET(id.text, m.id);
	return id;
}

void case_workitem(struct pcap_file *f)
{
	struct talk pusher, worker;
	Openiap__Workitem *item = PART(Workitem, workitem, ._id = "65f0c0ffee0000000000b001", .name = "invoice 17",
				       .payload = "{\"amount\":12}", .wiq = "invoices", .state = "new");
	talk_init(&pusher, f, 1);
	talk_init(&worker, f, 2);
	talk_begin(&pusher);
	talk_begin(&worker);
	struct id id = say_traced(
		&pusher, C2S, "pushworkitem",
		BODY(PushWorkitemRequest, push_workitem_request, .wiq = "invoices", .name = "invoice 17", .payload = "{\"amount\":12}"),
		NULL);
	say_traced(&pusher, S2C, "pushworkitemreply", BODY(PushWorkitemResponse, push_workitem_response, .workitem = item), id.text);
	id = say_traced(&worker, C2S, "popworkitem", BODY(PopWorkitemRequest, pop_workitem_request, .wiq = "invoices"), NULL);
	item->state = "processing";
	say_traced(&worker, S2C, "popworkitemreply", BODY(PopWorkitemResponse, pop_workitem_response, .workitem = item), id.text);
	item->state = "successful";
	id = say_traced(&worker, C2S, "updateworkitem", BODY(UpdateWorkitemRequest, update_workitem_request, .workitem = item), NULL);
	say_traced(&worker, S2C, "updateworkitemreply", BODY(UpdateWorkitemResponse, update_workitem_response, .workitem = item), id.text);
	talk_finish(&pusher);
	talk_finish(&worker);
}

void case_collide(struct pcap_file *f)
{
	struct talk t;
	talk_init(&t, f, 1);
	t.decimal_ids = true;
	talk_begin(&t);
	talk_query(&t);
	struct id ping = talk_say(&t, S2C, "ping", NULL, NULL);
	struct id query = talk_ask(&t);
	talk_answer(&t, query.text);
	talk_say(&t, C2S, "pong", NULL, ping.text);
	talk_finish(&t);
}
