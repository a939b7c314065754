/* The cases: each writes one capture. This list is the table, the prototypes, and what `generate --list`
 * says. */
#ifndef SAMPLES_GEN_CASES_H
#define SAMPLES_GEN_CASES_H

#include "samples/gen_pcap.h"

#define CASES(X)                                                                                                                  \
	X(seq_duplicate, "The client uses a seq twice and the server disconnects it.")                                            \
	X(seq_late, "Joined in mid-connection; the client sends a seq far below the last one delivered.")                         \
	X(seq_gap, "The client leaves out a seq and never sends it.")                                                             \
	X(seq_reordered, "One message of the client overtakes another.")                                                          \
	X(seq_overflow, "More than 100 messages wait for a seq that never comes; the server disconnects.")                        \
	X(seq_long, "Joined in mid-connection, where seqs have six digits.")                                                      \
	X(seq_start, "The client counts its seq from 1.")                                                                         \
	X(type_mismatch, "A query whose type_url says CountRequest.")                                                             \
	X(type_missing, "A query whose payload has no type_url.")                                                                 \
	X(unknown_command, "A command and payload types that the protocol does not name, request and reply.")                     \
	X(unknown_type, "A query whose type_url names no message of the protocol.")                                               \
	X(id_missing, "A message without an id.")                                                                                 \
	X(id_duplicate, "A message with an id that its sender used before.")                                                      \
	X(rid_unknown, "A reply to a request that nobody sent.")                                                                  \
	X(reply_duplicate, "Two final replies to one query.")                                                                     \
	X(no_reply, "A query that is not answered before the connection ends.")                                                   \
	X(ping_unanswered, "A ping that is not answered before the connection ends.")                                             \
	X(open_end, "The capture ends while a query waits for its reply, which is nobody's fault.")                               \
	X(no_data, "Messages without a payload: noop, ping, pong, an empty request and its reply.")                               \
	X(zero_length, "A length prefix of 0: a message of no bytes.")                                                            \
	X(over_long, "A length prefix of 2 GiB, then good messages.")                                                             \
	X(length_off,                                                                                                             \
	  "Lengths that are 1 too large, 1 too small, and 4 too large since they count themselves, each before a good message.")  \
	X(bad_utf8, "Text that is no UTF-8, and escape sequences that would clear a terminal.")                                   \
	X(wide_text, "Names and texts in many scripts: wide, combining, from right to left, emoji made of several.")              \
	X(decode_error, "Rightly framed bytes that are no Envelope.")                                                             \
	X(payload_error, "A good Envelope whose payload cannot be decoded.")                                                      \
	X(priority_range, "Priorities 7 and -1.")                                                                                 \
	X(error_reply, "A query that is answered by an error.")                                                                   \
	X(token_expired, "A signin and a count with a token that expired a day before, both refused.")                            \
	X(watch_events, "A watch with three events, and its end.")                                                                \
	X(queue_events, "A call through a queue that crosses two connections, tied by correlationId.")                            \
	X(workitem, "A work item pushed over one connection and processed over another, in one trace.")                           \
	X(collide, "Both ends use the decimal seq as id, and both ask and answer.")                                               \
	X(download, "A file of 32 KiB in 8 chunks from the server, with its SHA-256.")                                            \
	X(upload, "A file of 32 KiB in 8 chunks from the client, with its SHA-256.")                                              \
	X(two_uploads_interleaved, "Two uploads at once, chunk by chunk in turn.")                                                \
	X(stream_order, "A chunk before beginstream, and in another download one after endstream.")                               \
	X(stream_incomplete, "A download whose final reply comes without an endstream.")                                          \
	X(stream_missing, "A download that is answered though nothing of its stream came.")                                       \
	X(stream_cut, "The server closes the connection in the middle of a download.")                                            \
	X(stream_checksum_wrong, "A download whose bytes do not have the announced SHA-256.")                                     \
	X(stream_size_wrong, "A download of another size than announced.")                                                        \
	X(stream_error_midway, "A download that ends with an error after three chunks.")                                          \
	X(port_reuse, "Two connections, one after the other, with the same addresses and ports.")                                 \
	X(half_close, "The client closes its half, then the reply arrives.")                                                      \
	X(reset, "The client resets the connection in the middle of a message.")                                                  \
	X(refused, "A client that can't reach its server any more: refused twice, then not answered.")                            \
	X(keepalive, "TCP keep-alive probes of one byte between messages.")                                                       \
	X(joined_late, "The capture starts inside a message; the next one answers a request from before.")                        \
	X(gap, "One whole message was sent and acknowledged, but the capture lacks it.")                                          \
	X(gap_inside, "The capture lacks a segment in the middle of a long reply that was acknowledged.")                         \
	X(wrap, "TCP sequence numbers wrap in both directions.")                                                                  \
	X(ipv6, "A conversation over IPv6.")                                                                                      \
	X(tunnels, "A conversation in VXLAN, and one that a switch mirrored with ERSPAN in GRE.")                                 \
	X(big, "A reply of 300 KB in segments of 1448 bytes.")                                                                    \
	X(rust_ws, "WebSocket as the Rust client speaks it, with an upload whose id the server uses too.")                        \
	X(ws_cuts, "Envelopes cut and joined by WebSocket messages, fragments, a ping between them.")                             \
	X(ws_unmasked, "A client frame without a mask; the server closes the connection.")                                        \
	X(ws_refused, "A WebSocket upgrade that is answered by 403.")                                                             \
	X(grpc_unary, "Every method of the gRPC service but SetupStream, two calls at a time, the second answered first.")        \
	X(grpc_setups,                                                                                                            \
	  "Three SetupStreams on one HTTP/2 connection, each with seqs and ids of its own; one is given up with a request open.") \
	X(noise, "Three connections that are not OpenIAP: plain HTTP, random bytes, SSH.")                                        \
	X(near_overflow, "Exactly 100 messages wait for one, which then comes.")                                                  \
	X(seq_gap_open, "A seq is missing when the capture ends: it may still come.")                                             \
	X(near_start, "Joined between two messages: the seqs do not begin with 0.")                                               \
	X(near_ids, "The same seqs and ids on two connections at a time; ids that are nearly the same.")                          \
	X(near_types, "type_urls without host or with another, a getelement that answers one, an empty payload.")                 \
	X(near_replies, "Replies in another order, after 300 messages, and after the client's FIN.")                              \
	X(near_error, "An error that answers nothing.")                                                                           \
	X(near_priority, "Priorities 0, 1, 2 and 3.")                                                                             \
	X(near_mask, "A client frame whose mask is all zeros.")                                                                   \
	X(near_gap, "A segment captured out of order and twice.")                                                                 \
	X(near_stream, "A file of no bytes, a checksum in capitals, queries between the chunks.")                                 \
	X(near_token, "Tokens that expire later or never, and one that is none.")                                                 \
	X(token_ignored, "A count with a token that expired a day before, answered all the same.")                                \
	X(reply_first, "The capture shows a reply before its request.")                                                           \
	X(id_reused, "An id that is used three times, each time after its reply.")                                                \
	X(id_open, "An id that is used again while its first request waits; both are answered, the second first.")                \
	X(near_ping, "Pings of both ends, answered by pongs without a rid, and a pong that answers none.")                        \
	X(near_refused, "An upload that is refused while its chunks are on their way.")

struct sample_case {
	const char *name, *says;
	void (*write)(struct pcap_file *f);
};

extern const struct sample_case sample_cases[];
extern const size_t sample_case_count;

#define X(name, says) void case_##name(struct pcap_file *f);
CASES(X)
#undef X

#endif
