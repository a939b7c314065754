/*
 * The kinds of traffic that are measured. Each always comes out the same for the same size.
 */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include "bench/tcp_writer.h"

/* Writes messages small Envelopes (an odd number becomes even) on 200 connections. The number written. */
uint64_t small_traffic_write(struct tcp_writer *w, uint64_t messages);
/* Writes large Envelopes and some small ones on a few connections until the file has that many bytes, and a
 * little more to end what has begun. The number of Envelopes written. */
uint64_t big_traffic_write(struct tcp_writer *w, uint64_t bytes);
/* Writes that many connections of a request and a reply each, `at_once` of them open at a time. The number of Envelopes written. */
uint64_t short_traffic_write(struct tcp_writer *w, uint64_t connections, uint64_t at_once);

#endif
