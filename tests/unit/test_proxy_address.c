/* LISTEN=TARGET and --allow NET, read and written. */
#include "capture/proxy/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_pair(const char *text, const char *listen, const char *target, const char *authority)
{
	struct proxy_pair p;
	char why[256];
	struct buf b = { 0 };
	if (!proxy_pair_read(&p, text, why, sizeof why))
		fail_msg("%s: %s", text, why);
	proxy_address_add(&b, &p.listen);
	assert_string_equal(buf_cstr(&b), listen);
	buf_clear(&b);
	proxy_address_add(&b, &p.target);
	assert_string_equal(buf_cstr(&b), target);
	buf_clear(&b);
	proxy_authority_add(&b, &p.target);
	assert_string_equal(buf_cstr(&b), authority);
	buf_release(&b);
}

static void pairs(void **state)
{
	(void)state;
	setenv("TMPDIR", "/some/tmp", 1);
	assert_pair("ws://127.0.0.1:9000=wss://app.openiap.io/ws/v2", "ws://127.0.0.1:9000", "wss://app.openiap.io:443/ws/v2",
		    "app.openiap.io");
	assert_pair("ws://:9000/=ws://h:81/a?b=c", "ws://127.0.0.1:9000/", "ws://h:81/a?…", "h:81");
	assert_pair("https://[::1]:0=http://[fe80::1]:80", "https://[::1]:0", "http://[fe80::1]:80", "[fe80::1]");
	assert_pair("https://[::1]:0=http://[fe80::1%eth0]:81", "https://[::1]:0", "http://[fe80::1%eth0]:81", "[fe80::1]:81");
	assert_pair("grpc://localhost=grpcs://host", "grpc://localhost:50051", "grpcs://host:443", "host");
	assert_pair("grpc://localhost=grpc://host", "grpc://localhost:50051", "grpc://host:50051", "host:50051");
	assert_pair("tcp://:1=socket://h:2", "tcp://127.0.0.1:1", "socket://h:2", "h:2");
	assert_pair("pipe://spy=pipe:///run/a=b", "pipe:///some/tmp/CoreFxPipe_spy", "pipe:///run/a=b", ":0");
	unsetenv("TMPDIR");
	assert_pair("pipe://spy=socket://h", "pipe:///tmp/CoreFxPipe_spy", "socket://h:8080", "h:8080");
}

static void refused(void **state)
{
	static const char *const texts[] = {
		"",
		"=",
		"ws://a",
		"ws://a:1=",
		"ws://a:1=b",
		"x://a=ws://b",
		"ws://a:1=x://b",
		"ws://a:70000=ws://b",
		"ws://a:=ws://b",
		"ws://a:1x=ws://b",
		"ws://a:1=ws://",
		"ws://a:1=ws://b:0",
		"ws://a:1=socket://b",
		"grpc://a=https://b",
		"pipe://a=ws://b",
		"pipe://a=pipe://a",
		"ws://localhost:9000=ws://LOCALHOST:9000/ws/v2",
		"socket://:8080=tcp://127.0.0.1",
		"pipe://=pipe://a",
		"pipe://a/b=pipe://c",
		"ws://[::1=ws://b",
		"ws://[[]:1=ws://b",
		"ws://:1=ws://[b]",
		"ws://:1=ws://b]",
		"ws://a:1=ws://user:secret@b",
	};
	struct proxy_pair p;
	char why[512];
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		*why = 0;
		if (proxy_pair_read(&p, texts[i], why, sizeof why))
			fail_msg("%s was taken", texts[i]);
		assert_true(*why);
	}
}

/* A password that somebody puts into an address is not printed with the reason, nor is a query. */
static void passwords(void **state)
{
	(void)state;
	static const char *const texts[] = { "wss://anna:geheim@example.com/ws",
					     "ws://127.0.0.1:9000=wss://anna:geheim@example.com/ws",
					     "ws://anna:geheim@127.0.0.1:9000=wss://example.com/ws",
					     "ws://:1=wss://anna:un@geheim@example.com/ws",
					     "ws://:1=wss://anna:un/geheim@example.com/ws",
					     "wss://anna:un@geheim@example.com=ws://:1",
					     "wss://example.com/@?geheim",
					     "ws://:1=socket://b/@?token=geheim",
					     "ws://:1=ws://b:x/@?token=geheim" };
	char why[512];
	struct proxy_pair p;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_false(proxy_pair_read(&p, texts[i], why, sizeof why));
		assert_non_null(strchr(why, '@'));
		assert_null(strstr(why, "geheim"));
	}
}

/* Whatever is too long is refused, and nothing is written behind its place. */
static void too_long(void **state)
{
	char why[64];
	struct proxy_pair p;
	(void)state;
	for (size_t n = 1; n < 6000; n += 37) {
		char *text = malloc(n + 64);
		assert_non_null(text);
		strcpy(text, "ws://a:1=ws://b/");
		memset(text + 16, 'x', n);
		text[16 + n] = 0;
		assert_int_equal(proxy_pair_read(&p, text, why, sizeof why), n + 1 <= PROXY_PATH_MAX);
		strcpy(text, "ws://");
		memset(text + 5, 'x', n);
		strcpy(text + 5 + n, "=ws://b");
		assert_int_equal(proxy_pair_read(&p, text, why, sizeof why), n <= PROXY_HOST_MAX);
		free(text);
	}
}

static void networks(void **state)
{
	struct proxy_net n;
	static const uint8_t ten[16] = { 10, 1, 2, 3 }, eleven[16] = { 11, 1, 2, 3 }, six[16] = { 0xfd, 0, 1 };
	(void)state;
	assert_true(proxy_net_read(&n, "10.0.0.0/8"));
	assert_true(proxy_net_has(&n, 4, ten));
	assert_false(proxy_net_has(&n, 4, eleven));
	assert_false(proxy_net_has(&n, 6, ten));
	assert_true(proxy_net_read(&n, "10.1.2.2/31"));
	assert_true(proxy_net_has(&n, 4, ten));
	assert_true(proxy_net_read(&n, "10.1.2.4/31"));
	assert_false(proxy_net_has(&n, 4, ten));
	assert_true(proxy_net_read(&n, "10.1.2.3"));
	assert_true(proxy_net_has(&n, 4, ten));
	assert_true(proxy_net_read(&n, "0.0.0.0/0"));
	assert_true(proxy_net_has(&n, 4, eleven));
	assert_true(proxy_net_read(&n, "fd00::/8"));
	assert_true(proxy_net_has(&n, 6, six));
	assert_false(proxy_net_read(&n, "10.0.0.0/33"));
	assert_false(proxy_net_read(&n, "10.0.0.0/"));
	assert_false(proxy_net_read(&n, "10.0.0.0/x"));
	assert_false(proxy_net_read(&n, "10.0.0/8"));
	assert_false(proxy_net_read(&n, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),    cmocka_unit_test(refused),  cmocka_unit_test(passwords),
		cmocka_unit_test(too_long), cmocka_unit_test(networks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
