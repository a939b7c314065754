/*
 * Writes a WebSocket connection's bytes: the HTTP/1.1 upgrade with key and accept, and frames
 * with the shortest length form. Keys and masks come from the caller's numbers, never from a
 * clock.
 */
#include "samples/gen_ws.h"

#include "samples/gen_envelope.h"

#include <openssl/sha.h>

enum { LENGTH_16 = 126, LENGTH_64 = 127, MASKED = 0x80 };

static void key_pack(struct buf *out, uint32_t seed)
{
	uint8_t nonce[16];
	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)((seed + i) * 0x9e3779b1u >> 24);
	base64_pack(out, slice_of(nonce, sizeof(nonce)));
}

void ws_request(struct buf *out, uint32_t seed)
{
	buf_add_str(out, "GET /ws/v2 HTTP/1.1\r\nHost: openiap.example:8080\r\nUser-Agent: sample/1.0\r\nConnection: Upgrade\r\n"
			 "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
	key_pack(out, seed);
	buf_add_str(out, "\r\n\r\n");
}

void ws_accept(struct buf *out, uint32_t seed)
{
	uint8_t digest[SHA_DIGEST_LENGTH];
	struct buf key = { 0 };
	key_pack(&key, seed);
	buf_add_str(&key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	SHA1(key.at, key.len, digest);
	buf_release(&key);
	buf_add_str(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			 "Sec-WebSocket-Accept: ");
	base64_pack(out, slice_of(digest, sizeof(digest)));
	buf_add_str(out, "\r\n\r\n");
}

static void put_length(struct buf *out, unsigned mask_bit, size_t n)
{
	int bytes = n < LENGTH_16 ? 0 : n <= 0xffff ? 2 : 8;
	size_t first = bytes == 0 ? n : bytes == 2 ? LENGTH_16 : LENGTH_64;
	buf_add_byte(out, (uint8_t)(mask_bit | first));
	while (bytes-- > 0)
		buf_add_byte(out, (uint8_t)((uint64_t)n >> 8 * bytes));
}

void ws_frame(struct buf *out, unsigned first, uint32_t mask, struct slice payload)
{
	uint8_t key[4] = { (uint8_t)(mask >> 24), (uint8_t)(mask >> 16), (uint8_t)(mask >> 8), (uint8_t)mask };
	buf_add_byte(out, (uint8_t)first);
	put_length(out, mask ? MASKED : 0, payload.len);
	if (mask)
		buf_add(out, slice_of(key, sizeof(key)));
	for (size_t i = 0; i < payload.len; i++)
		buf_add_byte(out, payload.at[i] ^ key[i % 4]);
}
