/* Sec-WebSocket-Extensions of a response: what is negotiated about permessage-deflate (RFC 7692, section 7.1). */
#include "capture/stream/websocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *value;
	struct ws_deflate want; /* client to server, server to client */
} cases[] = {
	{ "", { .on = false } },
	{ "permessage-bzip2", { .on = false } },
	{ "x-permessage-deflate; permessage-deflate", { .on = false } },
	{ "permessage-deflate", { true, { false, false }, { 15, 15 } } },
	{ "  Permessage-Deflate\t;  ", { true, { false, false }, { 15, 15 } } },
	{ "permessage-deflate; server_no_context_takeover", { true, { false, true }, { 15, 15 } } },
	{ "permessage-deflate;client_no_context_takeover;server_no_context_takeover", { true, { true, true }, { 15, 15 } } },
	{ "permessage-deflate; client_max_window_bits=9; server_max_window_bits=12", { true, { false, false }, { 9, 12 } } },
	{ "permessage-deflate; server_max_window_bits=\"10\"", { true, { false, false }, { 15, 10 } } },
	{ "permessage-deflate; server_max_window_bits = \"1\\0\" ;client_max_window_bits=8", { true, { false, false }, { 8, 10 } } },
	{ "permessage-deflate; client_max_window_bits", { true, { false, false }, { 15, 15 } } },
	{ "permessage-deflate; client_max_window_bits=7", { true, { false, false }, { 15, 15 } } },
	{ "permessage-deflate; client_max_window_bits=16", { true, { false, false }, { 15, 15 } } },
	{ "permessage-deflate; client_max_window_bits=99999999999999999999", { true, { false, false }, { 15, 15 } } },
	{ "permessage-deflate; client_max_window_bits=1x", { true, { false, false }, { 15, 15 } } },
	{ "permessage-deflate; what=\"a, b; c\"; server_max_window_bits=11", { true, { false, false }, { 15, 11 } } },
	{ "foo; bar=\"permessage-deflate, x\", permessage-deflate; client_no_context_takeover", { true, { true, false }, { 15, 15 } } },
	{ "permessage-deflate; client_max_window_bits=10, permessage-deflate; client_max_window_bits=12",
	  { true, { false, false }, { 10, 15 } } },
	{ ",,;=; permessage-deflate", { .on = false } },
	{ ", permessage-deflate", { true, { false, false }, { 15, 15 } } },
	{ "permessage-deflate; server_max_window_bits=\"1", { true, { false, false }, { 15, 15 } } },
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = strlen(cases[i].value);
		char *block = malloc(n ? n : 1);
		memcpy(block, cases[i].value, n);
		struct ws_deflate d = ws_deflate_of(slice_of(block, n));
		free(block);
		const struct ws_deflate *w = &cases[i].want;
		if (d.on != w->on || d.no_takeover[0] != w->no_takeover[0] || d.no_takeover[1] != w->no_takeover[1] ||
		    d.window_bits[0] != w->window_bits[0] || d.window_bits[1] != w->window_bits[1])
			fail_msg("%s: on %d, no takeover %d %d, windows %d %d", cases[i].value, d.on, d.no_takeover[0], d.no_takeover[1],
				 d.window_bits[0], d.window_bits[1]);
	}
}

/* Cut anywhere it ends well: whatever is read, it is a window that can be. */
static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t n = 0; n < strlen(cases[i].value); n++) {
			char *block = malloc(n ? n : 1);
			memcpy(block, cases[i].value, n);
			struct ws_deflate d = ws_deflate_of(slice_of(block, n));
			for (int dir = 0; d.on && dir < 2; dir++)
				assert_in_range(d.window_bits[dir], 8, 15);
			free(block);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(table), cmocka_unit_test(cut_anywhere) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
