/*
 * The table of cases. Each row is a name, which is also the capture's file name, one sentence,
 * and the function that writes the packets; the functions stand in cases_seq.c,
 * cases_message.c, cases_thread.c, cases_stream.c, cases_tcp.c, cases_ws.c, cases_grpc.c, cases_near.c.
 */
#include "samples/gen_cases.h"

#define X(name, says) { #name, says, case_##name },
const struct sample_case sample_cases[] = { CASES(X) };
#undef X

const size_t sample_case_count = sizeof(sample_cases) / sizeof(sample_cases[0]);
