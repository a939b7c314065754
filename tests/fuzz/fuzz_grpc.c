/*
 * A gRPC call, without HTTP/2 around it. The first byte says which path it has. Then a byte an event: bit 0 is the direction, bits 1 to 3 what
 * happens, the rest a number: of bytes, that follow or are missing, or of a status and of the bytes that say more about it.
 */
#include "capture/stream/grpc.h"
#include "capture/stream/said.h"

#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum event { FRAME, DATA, DATA_TOO, GAP, STATUS, END, END_ANSWERED, PATH };

static const char *const paths[] = {
	"/openiap.FlowService/SetupStream",
	"/openiap.FlowService/Query",
	"/somebody.Else/Query",
	"",
};

static void feed(const struct fuzz *f, struct grpc_call *call, enum dir dir, struct slice bytes)
{
	struct chunk piece;
	for (uint8_t *block; (block = fuzz_piece(f, &bytes, &piece)); free(block))
		grpc_call_data(call, dir, piece);
}

static void take_status(struct grpc_call *call, uint32_t status, struct slice said)
{
	struct buf message = { 0 };
	said_unescape(&message, said);
	grpc_call_status(call, status, buf_slice(&message), 1);
	buf_release(&message);
}

static void take_event(const struct fuzz *f, struct grpc_call *call, struct cursor *c)
{
	uint8_t event = cursor_u8(c), number = event >> 4;
	enum dir dir = event & 1;
	size_t n = number == 15 ? 15 + (size_t)cursor_u8(c) * 4 : number;
	switch ((enum event)(event >> 1 & 7)) {
	case FRAME: grpc_call_frame(call, dir, (uint32_t)n); break;
	case DATA:
	case DATA_TOO: feed(f, call, dir, cursor_take(c, n < c->rest.len ? n : c->rest.len)); break;
	case GAP: grpc_call_gap(call, dir, n, 1); break;
	case STATUS: take_status(call, number, cursor_take(c, n < c->rest.len ? n : c->rest.len)); break;
	case END: grpc_call_end(call, dir, false, 1); break;
	case END_ANSWERED: grpc_call_end(call, dir, true, 1); break;
	case PATH: grpc_call_path(call, slice_str(paths[n % 4]), 1); break;
	}
}

static void play(struct fuzz *f, uint8_t how, struct slice in)
{
	struct cursor c = cursor_of(in);
	struct grpc_conn conn = { .stream = &f->stream };
	struct grpc_call *call = grpc_call_new(&conn, 1);
	const char *path = paths[how % 4];
	if (*path)
		grpc_call_path(call, slice_str(path), 1);
	while (c.rest.len)
		take_event(f, call, &c);
	for (int dir = 0; dir < 2; dir++)
		grpc_call_end(call, (enum dir)dir, in.len & 1, 2);
	fuzz_check(grpc_call_ended(call) && !conn.packed && !f->opened[0] && !f->opened[1]);
	grpc_call_free(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size)
		fuzz_twice(play, data[0], slice_of(data + 1, size - 1));
	return 0;
}
