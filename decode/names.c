/*
 * Commands by number. A record has room for a number, not for a name; what commands there are is known from the schema, and anything
 * else that peers invent is learnt, but only so many of it: the wire must not make a table grow for ever.
 */
#include "decode/names.h"

#include "base/hash.h"
#include "base/xalloc.h"
#include "decode/redact.h"

#include <stdlib.h>

enum { SLOTS = 2 * NAMES_MAX };

void names_init(struct names *n, const struct schema *schema)
{
	*n = (struct names){ .schema = schema, .hash_key = hash_new_key() };
	n->unknown = xcalloc(NAMES_MAX, sizeof *n->unknown);
	n->slot = xcalloc(SLOTS, sizeof *n->slot);
}

void names_release(struct names *n)
{
	for (uint16_t i = 0; i < n->count; i++)
		free(n->unknown[i]);
	free(n->unknown);
	free(n->slot);
	*n = (struct names){ 0 };
}

static uint16_t learn(struct names *n, struct slice command)
{
	size_t i = hash_bytes(command, n->hash_key) % SLOTS;
	for (; n->slot[i]; i = (i + 1) % SLOTS)
		if (slice_is(command, n->unknown[n->slot[i] - 1]))
			return (uint16_t)(schema_commands(n->schema) + n->slot[i]);
	if (n->count == NAMES_MAX) {
		n->unnamed++;
		return NAME_NONE;
	}
	char *copy = xcalloc(1, command.len + 1);
	memcpy(copy, command.at, command.len);
	n->unknown[n->count++] = copy;
	n->slot[i] = n->count;
	return (uint16_t)(schema_commands(n->schema) + n->count);
}

/* A command that is JSON can have a secret in it: the name is shown wherever the command is. */
static uint16_t number_without_secrets(struct names *n, struct slice command)
{
	struct buf without = { 0 };
	uint16_t number = NAME_NONE;
	command = redact_text(command, &without);
	if (command.len <= NAME_LONGEST && !memchr(command.at, 0, command.len))
		number = learn(n, command);
	else
		n->unnamed++;
	buf_release(&without);
	return number;
}

uint16_t names_number(struct names *n, struct slice command)
{
	uint16_t known = schema_command(n->schema, command);
	if (known)
		return known;
	return command.len ? number_without_secrets(n, command) : NAME_NONE;
}

struct slice names_name(const struct names *n, uint16_t number)
{
	uint16_t known = schema_commands(n->schema);
	if (number == NAME_NONE)
		return slice_str("…");
	if (number <= known)
		return slice_str(schema_command_info(n->schema, number)->name);
	return slice_str(n->unknown[number - known - 1]);
}

enum command_kind names_kind(const struct names *n, uint16_t number)
{
	const struct command_info *info = schema_command_info(n->schema, number);
	if (info)
		return (enum command_kind)info->kind;
	struct slice name = names_name(n, number);
	bool reply = name.len > 5 && memcmp(name.at + name.len - 5, "reply", 5) == 0;
	return reply ? COMMAND_REPLY : COMMAND_REQUEST;
}
