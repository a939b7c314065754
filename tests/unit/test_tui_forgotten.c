/* What a screen shows when the session has forgotten messages meanwhile, for its memory limit. */
#include "decode/identity.h"
#include "tests/session_feed.h"
#include "tui/app.h"
#include "tui/broken.h"
#include "tui/ladder.h"
#include "tui/view_detail.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MANY = 100000 }; /* messages, after which the first ones are forgotten */

static void feed_init_limited(struct feed *f)
{
	struct session_options o = { .keep = true, .memory = 1, .file = -1, .hash_key = 7 };
	feed_init(f, &o, NULL);
	feed_open(f, 1, true);
}

static void forget_first(struct feed *f, unsigned conn)
{
	for (int i = 0; i < MANY; i++)
		FEED(f, conn, DIR_C2S, .command = "noop", .id = "n");
	assert_null(session_record(f->session, 1));
}

static void shows(struct view *v, const char *secret, bool shown)
{
	struct line line = { 0 };
	bool found = false;
	for (uint64_t row = 0; row < v->list.end; row++) {
		line_clear(&line);
		v->ops->draw_row(v, row, 200, &line);
		found = found || strstr(buf_cstr(&line.text), secret);
	}
	assert_int_equal(found, shown);
	line_release(&line);
}

/* The Detail of a message stays, and hides its secrets when they are to be hidden. */
static void test_secrets(void **state)
{
	struct feed f;
	struct app a = { .show_secrets = true };
	(void)state;
	feed_init_limited(&f);
	FEED(&f, 0, DIR_C2S, .command = "query", .id = "q", .jwt = "the.secret.token");
	a.session = f.session;
	struct view *v = view_detail.make(&a);
	view_init(v);
	view_detail_set(v, 1);
	v->ops->draw_row(v, 0, 80, &a.line);
	shows(v, "secret", true);
	forget_first(&f, 1);
	shows(v, "secret", true);
	a.show_secrets = false;
	v->ops->renew(v);
	shows(v, "secret", false);
	shows(v, "query", true);
	view_free(v);
	line_release(&a.line);
	feed_release(&f);
}

/* A thread that begins with the registration of a queue; queue: the payload of its messages. */
static void feed_registration(struct feed *f, struct buf *queue)
{
	feed_text(queue, 1, "q");
	FEED(f, 0, DIR_C2S, .command = "registerqueue", .id = "r", .type = "RegisterQueueRequest", .payload = buf_slice(queue));
	FEED(f, 0, DIR_S2C, .command = "registerqueuereply", .id = "s", .rid = "r", .type = "RegisterQueueResponse",
	     .payload = buf_slice(queue));
}

/* Of a thread whose request is forgotten, a ladder shows what is left: from before, and what came since. */
static void test_ladder(void **state)
{
	struct feed f;
	struct buf queue = { 0 };
	struct ladder_spec spec = { 0 };
	(void)state;
	feed_init_limited(&f);
	feed_registration(&f, &queue);
	for (int i = 0; i < MANY; i++)
		FEED(&f, 1, DIR_C2S, .command = "noop", .id = "n");
	uint32_t kept = FEED(&f, 0, DIR_S2C, .command = "queueevent", .id = "e1", .type = "QueueEvent", .payload = buf_slice(&queue));
	assert_int_equal(session_record(f.session, kept)->thread, 1);
	assert_null(session_record(f.session, 1));
	numbers_put(&spec.threads, 1);
	for (spec.extend = false;; spec.extend = true) {
		struct ladder *l = ladder_new(f.session, &spec, session_count(f.session));
		while (ladder_step(l, 1000))
			;
		assert_int_equal(ladder_rows(l), 1);
		assert_int_equal(ladder_row(l, 0)->n, kept);
		ladder_free(l);
		if (spec.extend)
			break;
	}
	ladder_spec_release(&spec);
	buf_release(&queue);
	feed_release(&f);
}

/* From there n and p go through what is left of such a thread. */
static void test_next(void **state)
{
	struct feed f;
	struct app a = { .show_secrets = true };
	struct buf queue = { 0 };
	uint32_t n[3];
	(void)state;
	feed_init_limited(&f);
	feed_registration(&f, &queue);
	forget_first(&f, 1);
	for (int i = 0; i < 3; i++) {
		n[i] = FEED(&f, 0, DIR_S2C, .command = "queueevent", .id = "e", .type = "QueueEvent", .payload = buf_slice(&queue));
		FEED(&f, 1, DIR_C2S, .command = "noop", .id = "n");
	}
	a.session = f.session;
	struct view *v = view_detail.make(&a);
	view_init(v);
	view_detail_set(v, n[1]);
	v->ops->command(v, CMD_NEXT_MESSAGE);
	assert_int_equal(v->ops->message(v, 0), n[2]);
	v->ops->command(v, CMD_PREVIOUS_MESSAGE);
	v->ops->command(v, CMD_PREVIOUS_MESSAGE);
	assert_int_equal(v->ops->message(v, 0), n[0]);
	assert_int_equal(a.notice.len, 0);
	v->ops->command(v, CMD_PREVIOUS_MESSAGE);
	assert_int_equal(v->ops->message(v, 0), n[0]);
	assert_non_null(strstr(buf_cstr(&a.notice), "forgotten"));
	view_free(v);
	buf_release(&a.notice);
	buf_release(&queue);
	feed_release(&f);
}

/* Groups of broken rules are out of date when some of their messages are forgotten, though nothing else broke one. */
static void test_broken(void **state)
{
	struct feed f;
	(void)state;
	feed_init_limited(&f);
	FEED(&f, 0, DIR_C2S, .command = "query", .id = "a");
	FEED(&f, 0, DIR_C2S, .command = "query", .id = "b", .seq = 0, .has_seq = true);
	struct broken *b = broken_new(f.session, session_count(f.session));
	while (broken_step(b, 10))
		;
	assert_int_equal(broken_groups(b), 1);
	assert_false(broken_is_old(b));
	forget_first(&f, 1);
	assert_true(broken_is_old(b));
	broken_free(b);
	feed_release(&f);
}

static void is_who(const struct session *s, uint32_t conn, const char *agent, const char *user)
{
	struct identity who = { 0 };
	identity_read(&who, s, session_conn(s, conn));
	assert_string_equal(buf_cstr(&who.agent), agent);
	assert_string_equal(buf_cstr(&who.user), user);
	identity_release(&who);
}

static void sign_in(struct feed *f, const char *id, const char *agent, const char *name)
{
	struct buf request = { 0 }, user = { 0 }, reply = { 0 };
	feed_text(&request, 6, agent);
	feed_text(&user, 2, name);
	put_bytes(&reply, 2, buf_slice(&user));
	FEED(f, 0, DIR_C2S, .command = "signin", .id = id, .type = "SigninRequest", .payload = buf_slice(&request));
	FEED(f, 0, DIR_S2C, .command = "signinreply", .id = "r", .rid = id, .type = "SigninResponse", .payload = buf_slice(&reply));
	buf_release(&request);
	buf_release(&user);
	buf_release(&reply);
}

/* Whose connection it is stays known as long as there is something of it, though its signin is forgotten. */
static void test_names(void **state)
{
	struct feed f;
	struct peers peers = { 0 };
	(void)state;
	feed_init_limited(&f);
	sign_in(&f, "a", "robot", "anna");
	is_who(f.session, 1, "robot", "anna");
	forget_first(&f, 1);
	is_who(f.session, 1, "robot", "anna");
	assert_true(slice_is(peers_name(&peers, f.session, 1), "robot anna"));
	sign_in(&f, "b", "node", "bert");
	is_who(f.session, 1, "node", "bert");
	forget_first(&f, 1);
	is_who(f.session, 1, "node", "bert");
	peers_release(&peers);
	feed_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secrets), cmocka_unit_test(test_ladder), cmocka_unit_test(test_next),
		cmocka_unit_test(test_broken),  cmocka_unit_test(test_names),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
