/* What stands in front of a connection's own bytes: taken off however the bytes are cut, left where it is none, and never waited for without end. */
#include "capture/stream/preamble.h"

#include "capture/stream/detect.h"
#include "tests/unit/stream_play.h"

#define V2(family, length) "\r\n\r\n\0\r\nQUIT\n\x21" family "\0" length
#define CONNECTED "HTTP/1.1 200 Connection established\r\nVia: squid\r\n\r\n"
#define REFUSED(type) "HTTP/1.1 407 Proxy Authentication Required\r\n" type "Content-length: 5\r\n\r\nwho?\n"
#define CONNECT "CONNECT flow.example:443 HTTP/1.1\r\nHost: flow.example:443\r\n\r\n"

struct preamble_case {
	const char *name, *client, *server; /* what stands in front, of either end */
	size_t client_len;
	const char *told; /* NULL: it is none, and skipped in search of a message */
};

#define CASE(name, client, server, told)                       \
	{                                                      \
		name, client, server, sizeof(client) - 1, told \
	}

static const struct preamble_case cases[] = {
	CASE("version 1", "PROXY TCP4 192.0.2.7 198.51.100.2 41234 8080\r\n", "",
	     "(PROXY protocol): TCP4 192.0.2.7 198.51.100.2 41234 8080\n"),
	CASE("version 1, unknown", "PROXY UNKNOWN\r\n", "", "(PROXY protocol): UNKNOWN\n"),
	CASE("version 2", V2("\x11", "\x0c") "\xc0\0\2\7\xc6\x33\x64\2\xa1\x12\x1f\x90", "", ": TCP4 192.0.2.7 198.51.100.2 41234 8080\n"),
	CASE("version 2 and more", V2("\x11", "\x10") "\xc0\0\2\7\xc6\x33\x64\2\xa1\x12\x1f\x90\3\0\1x", "",
	     ": TCP4 192.0.2.7 198.51.100.2 41234 8080\n"),
	CASE("version 2, IPv6", V2("\x21", "\x24") "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\xa1\x12\x1f\x90",
	     "", ": TCP6 fd00::7 fd00::2 41234 8080\n"),
	CASE("version 2, too short for its family", V2("\x21", "\x04") "\xc0\0\2\7", "", "(PROXY protocol): UNKNOWN\n"),
	CASE("a proxy of HTTP", CONNECT, CONNECTED, "(CONNECT): flow.example:443\n"),
	CASE("a proxy of HTTP, with a name and a password", "CONNECT anna:a@b@flow.example:443 HTTP/1.1\r\n\r\n", CONNECTED,
	     "(CONNECT): flow.example:443\n"),
	CASE("a proxy that wants to know who asks", CONNECT CONNECT, REFUSED("") CONNECTED, "(CONNECT): flow.example:443\n"),
	CASE("and asks back", CONNECT CONNECT CONNECT, REFUSED("") REFUSED("Proxy-Authenticate: NTLM TlRM\r\n") CONNECTED,
	     "(CONNECT): flow.example:443\n"),
	CASE("both", "PROXY UNKNOWN\r\n" CONNECT, CONNECTED, "(CONNECT): flow.example:443\n"),
	CASE("no escape from it", "PROXY \x1b[2J\r\n", "", "(PROXY protocol): \xe2\x90\x9b[2J\n"),
	CASE("version 3", "\r\n\r\n\0\r\nQUIT\n\x31\x11\0\4abcd", "", NULL),
	CASE("three of them", "PROXY UNKNOWN\r\nPROXY UNKNOWN\r\nPROXY UNKNOWN\r\n", "", NULL),
};

static void say(struct script *s, struct recorder *r, enum dir dir, unsigned seq)
{
	struct buf envelope = { 0 }, framed = { 0 };
	envelope_write(&envelope, "query", seq, 30);
	length_write(&framed, (uint32_t)envelope.len);
	buf_add(&framed, buf_slice(&envelope));
	script_add(s, dir, buf_slice(&framed));
	recorder_sent(r, dir, buf_slice(&envelope));
	buf_release(&envelope);
	buf_release(&framed);
}

static void check_case(const struct preamble_case *c)
{
	struct script s = { .count = 0 };
	struct recorder r;
	recorder_init(&r);
	script_add(&s, DIR_C2S, slice_of(c->client, c->client_len));
	if (c->server[0])
		script_add(&s, DIR_S2C, slice_str(c->server));
	for (unsigned i = 0; i < 3; i++) {
		say(&s, &r, DIR_C2S, i);
		say(&s, &r, DIR_S2C, i);
	}
	for (size_t cut = 0; cut < c->client_len + strlen(c->server) + 8; cut++) {
		for (int forced = 0; forced < (c->told ? 2 : 1); forced++) { /* with -d, what is none is a message */
			recorder_again(&r);
			r.conn.start_seen = true;
			struct layer *l = detect_new(&r.stream, forced ? TRANSPORT_TCP : TRANSPORT_UNKNOWN, NULL);
			play(&s, l, cut ? SIZE_MAX : 1, cut);
			play_end(l);
			if (c->told && !recorder_heard(&r, c->told))
				fail_msg("%s, cut at %zu: %s", c->name, cut, buf_cstr(&r.news));
			recorder_assert_all(&r);
			assert_int_equal(r.counts.skipped > 0, !c->told);
		}
	}
	script_release(&s);
	recorder_release(&r);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

/* What never becomes whole is not kept beyond a bound, and belongs to somebody else. */
static void test_endless(void **state)
{
	static const char *const beginnings[] = { "PROXY TCP4 ", "CONNECT x:1 HTTP/1.1\r\nA: ", CONNECT };
	(void)state;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		struct script s = { .count = 0 };
		struct recorder r;
		struct buf more = { 0 };
		recorder_init(&r);
		r.conn.start_seen = true;
		r.limits.scan = 30000;
		while (more.len < 200000)
			buf_add_str(&more, "and so on, ");
		script_add(&s, DIR_C2S, slice_str(beginnings[i]));
		script_add(&s, DIR_C2S, buf_slice(&more));
		struct layer *l = detect_new(&r.stream, TRANSPORT_UNKNOWN, NULL);
		play(&s, l, 1448, 0);
		assert_true(r.counts.not_ours == 1 || r.counts.other_http > 0 || recorder_heard(&r, "head"));
		play_end(l);
		buf_release(&more);
		script_release(&s);
		recorder_release(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_endless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
