/* Commands by number: those of the schema, and unknown ones as they turn up, up to a limit. */
#ifndef DECODE_NAMES_H
#define DECODE_NAMES_H

#include "base/bound.h"
#include "decode/schema.h"

enum { NAMES_MAX = BOUND(4096, 64), NAME_LONGEST = 64 };

struct names {
	const struct schema *schema;
	char **unknown; /* numbers follow those of the schema */
	uint16_t count;
	uint16_t *slot; /* open addressing: index + 1 into unknown */
	uint64_t hash_key;
	uint64_t unnamed; /* look-ups of a new name that is too long or found no room */
};

/* The number that stands for a command that is empty, too long, or found no room. */
enum { NAME_NONE = 0 };

void names_init(struct names *n, const struct schema *schema);
void names_release(struct names *n);
/* The number of a command; learns it if it is new, with the secrets of JSON in it hidden. */
uint16_t names_number(struct names *n, struct slice command);
/* The command of a number; lives as long as names. "…" for NAME_NONE. */
struct slice names_name(const struct names *n, uint16_t number);
/* Its kind: by the schema, else by its ending ("reply" or not). */
enum command_kind names_kind(const struct names *n, uint16_t number);

#endif
