/*
 * Records of TLS, as they lie among bytes:
 *
 *	| type 1 | version 2 | length 2 | body: plain, or sealed |
 */
#include "capture/stream/tls_record.h"

#include "capture/stream/tls_session.h"

uint32_t tls_body_len(struct slice record)
{
	return (uint32_t)record.at[3] << 8 | record.at[4];
}

/* Can a record begin so, as far as the bytes go? */
bool tls_could_be_record(struct slice in)
{
	return (in.len < 1 || (in.at[0] >= TLS_CHANGE_CIPHER_SPEC && in.at[0] <= TLS_HEARTBEAT)) && (in.len < 2 || in.at[1] == 3) &&
	       (in.len < 3 || in.at[2] <= 4) && (in.len < TLS_HEADER || tls_body_len(in) <= TLS_RECORD_MAX);
}

/* The whole record at the front; empty if more bytes are needed. */
struct slice tls_record_at_front(struct slice in)
{
	if (in.len < TLS_HEADER || in.len < TLS_HEADER + (size_t)tls_body_len(in))
		return (struct slice){ 0 };
	return slice_head(in, TLS_HEADER + (size_t)tls_body_len(in));
}

bool tls_begins(struct slice in)
{
	return tls_could_be_record(in) && (in.len < 1 || in.at[0] == TLS_HANDSHAKE) && (in.len < TLS_HEADER || tls_body_len(in) >= 4) &&
	       (in.len < TLS_BEGINS || in.at[5] == 1 || in.at[5] == 2);
}

struct find tls_find(struct slice in, bool final)
{
	for (size_t at = 0; at < in.len; at++) {
		struct slice rest = slice_skip(in, at);
		if (!tls_could_be_record(rest) || (rest.len >= TLS_HEADER && !tls_body_len(rest)))
			continue;
		struct slice record = tls_record_at_front(rest), next = slice_skip(rest, record.len);
		if (!final && (!record.len || next.len < TLS_HEADER))
			return (struct find){ FIND_MORE, at };
		if (record.len && tls_could_be_record(next) && (next.len >= TLS_HEADER || !next.len))
			return (struct find){ FIND_FOUND, at };
	}
	return (struct find){ FIND_NONE, in.len };
}
