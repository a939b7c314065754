/* JSON web tokens (RFC 7519) in their compact form (RFC 7515, section 7.1). */
#ifndef DECODE_TOKEN_H
#define DECODE_TOKEN_H

#include "base/arena.h"

/* The JSON texts of header and claims, decoded into the arena. False if the token is not made like one, or the arena's budget is spent;
 * *header may then be set and *claims not. */
bool token_read(struct arena *a, struct slice token, struct slice *header, struct slice *claims);
/* True if there is something in it that looks like a token, or the front of one: base64url and dots, beginning like JSON. For bytes of which it
 * is not known what they are. */
bool token_inside(struct slice bytes);
/* Does a token begin at that byte, with its signature or the front of that? Encrypted ones (RFC 7516, section 7.1) count too. *next: behind it;
 * or, if there is none, the first byte behind `at` where one can begin. */
bool token_at(struct slice text, size_t at, size_t *next);
/* A NumericDate (RFC 7519, section 2) in ns since 1970; false for one beyond 292 years. */
bool token_time(double seconds, int64_t *ns);
/* The time that the claim exp names (RFC 7519, section 4.1.4), ns; false if there is none. */
bool token_expiry(struct slice token, int64_t *ns);

#endif
