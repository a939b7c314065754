/*
 * A direct-mapped table: a connection has one slot, by its number. Of two connections that share one the newer is known; connections
 * are numbered in the order of appearance, so those are 4,096 connections apart.
 */
#include "export/who.h"

#include "base/xalloc.h"

#include <stdlib.h>

struct who_slot {
	uint32_t conn; /* 0: none */
	struct identity identity;
};

void who_release(struct who *w)
{
	for (size_t i = 0; w->slot && i < WHO_CONNECTIONS; i++)
		identity_release(&w->slot[i].identity);
	free(w->slot);
	w->slot = NULL;
}

static struct who_slot *slot_for(struct who *w, uint32_t conn)
{
	if (!w->slot)
		w->slot = xcalloc(WHO_CONNECTIONS, sizeof *w->slot);
	struct who_slot *slot = &w->slot[conn % WHO_CONNECTIONS];
	if (slot->conn != conn)
		identity_clear(&slot->identity);
	slot->conn = conn;
	return slot;
}

void who_hear(struct who *w, const struct session *s, const struct record *r, struct slice bytes)
{
	const struct command_info *command = schema_command_info(session_schema(s), r->command);
	if (!command || strncmp(command->name, "signin", 6) != 0)
		return;
	struct identity *i = &slot_for(w, r->conn)->identity;
	if (r->role == ROLE_REQUEST)
		identity_clear(i);
	identity_take(i, s, r, bytes);
}

const struct identity *who_of(const struct who *w, uint32_t conn)
{
	const struct who_slot *slot = w && w->slot ? &w->slot[conn % WHO_CONNECTIONS] : NULL;
	return slot && slot->conn == conn ? &slot->identity : NULL;
}
