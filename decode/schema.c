/*
 * The schema: descriptors from the generated code, and which command carries which message.
 *
 * The list of descriptors (build/gen/types.inc) is made at build time from the generated headers, so a message added to proto/
 * is known here without another line. Commands are derived from message names: XRequest is carried by the command "x", XResponse by
 * "xreply", both in lower case. What does not follow that rule stands in `special`.
 *
 * Two open-addressing tables hold names → types and names → commands; they are filled once and never change.
 */
#include "decode/schema.h"

#include "base/hash.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <stdlib.h>
#include <strings.h>

#include "ace.pb-c.h"
#include "agent.pb-c.h"
#include "base.pb-c.h"
#include "querys.pb-c.h"
#include "queues.pb-c.h"
#include "stripe.pb-c.h"
#include "watch.pb-c.h"
#include "workitems.pb-c.h"

enum { SLOTS = 1024, NAME_MAX_ = 64 };
#define KEY 0x6f70656e69617021u
static const char host[] = "type.googleapis.com/";

static const ProtobufCMessageDescriptor *const descriptors[] = {
#define TYPE(symbol) &symbol,
#include "types.inc"
#undef TYPE
};
enum { TYPES = sizeof descriptors / sizeof *descriptors };

/* Commands whose message or kind does not follow from a name by rule. */
static const struct special {
	const char *command, *message, *reply;
	uint8_t kind;
} special[] = {
	{ "error", "ErrorResponse", NULL, COMMAND_REPLY },
	{ "ping", "PingRequest", NULL, COMMAND_REQUEST },
	{ "pong", "PingResponse", NULL, COMMAND_REPLY },
	{ "noop", "Noop", NULL, COMMAND_SINGLE },
	{ "refreshtoken", "RefreshToken", NULL, COMMAND_SINGLE },
	{ "watchevent", "WatchEvent", NULL, COMMAND_EVENT },
	{ "queueevent", "QueueEvent", NULL, COMMAND_EVENT },
	{ "queueclosed", NULL, NULL, COMMAND_EVENT }, /* of the protocol before Flow 1.5 */
	{ "beginstream", "BeginStream", NULL, COMMAND_STREAM },
	{ "stream", "Stream", NULL, COMMAND_STREAM },
	{ "endstream", "EndStream", NULL, COMMAND_STREAM },
	{ "getelement", "GetElementRequest", "GetElementResponse", COMMAND_REQUEST },
};

/* A name as it is looked up: up to 16 bytes are two words, which may overlap. Of a longer one the middle has to be compared, too. */
struct name_key {
	uint64_t first, last;
	size_t len;
};

struct schema {
	uint16_t type_slot[SLOTS], command_slot[SLOTS]; /* numbers, 0 for an empty slot */
	struct command_info command[2 * TYPES + 1];     /* [0] unused */
	char *name[2 * TYPES + 1];                      /* what command[].name points to where it was derived */
	struct name_key command_key[2 * TYPES + 1];
	char *url[TYPES + 1]; /* the usual type_url */
	uint8_t url_len[TYPES + 1];
	uint32_t jwt_field[TYPES + 1];
	char *short_[TYPES + 1];
	uint16_t commands;
};

const char *schema_type_name(const ProtobufCMessageDescriptor *type)
{
	const char *dot = strrchr(type->name, '.');
	return dot ? dot + 1 : type->name;
}

static struct slice type_name(type_id t)
{
	return slice_str(descriptors[t - 1]->name);
}

static size_t slot_of(struct slice name)
{
	return hash_bytes(name, KEY) % SLOTS;
}

static void add_type(struct schema *s, type_id t)
{
	struct slice name = type_name(t);
	char *url = xcalloc(1, sizeof host + name.len);
	memcpy(url, host, sizeof host - 1);
	memcpy(url + sizeof host - 1, name.at, name.len);
	s->url[t] = url;
	s->url_len[t] = (uint8_t)strlen(url);
	size_t i = slot_of(name);
	while (s->type_slot[i])
		i = (i + 1) % SLOTS;
	s->type_slot[i] = t;
	for (unsigned k = 0; k < descriptors[t - 1]->n_fields; k++)
		if (schema_is_jwt(&descriptors[t - 1]->fields[k]))
			s->jwt_field[t] = descriptors[t - 1]->fields[k].id;
}

static bool same_type(const struct schema *s, type_id t, struct slice name)
{
	return slice_eq(name, slice_of(s->url[t] + sizeof host - 1, s->url_len[t] - (sizeof host - 1)));
}

static type_id type_of_full_name(const struct schema *s, struct slice name)
{
	for (size_t i = slot_of(name); s->type_slot[i]; i = (i + 1) % SLOTS)
		if (same_type(s, s->type_slot[i], name))
			return s->type_slot[i];
	return 0;
}

static struct name_key key_of(struct slice name)
{
	if (name.len < 8)
		return (struct name_key){ hash_tail(name.at, name.len), 0, name.len };
	return (struct name_key){ hash_word(name.at, 8), hash_word(name.at + name.len - 8, 8), name.len };
}

static size_t command_slot_of(const struct name_key *k)
{
	return hash_mix(k->first ^ KEY, k->last ^ k->len ^ KEY) % SLOTS;
}

static uint16_t command_exact(const struct schema *s, struct slice name)
{
	struct name_key k = key_of(name);
	for (size_t i = command_slot_of(&k); s->command_slot[i]; i = (i + 1) % SLOTS) {
		uint16_t c = s->command_slot[i];
		const struct name_key *is = &s->command_key[c];
		if (is->first == k.first && is->last == k.last && is->len == k.len &&
		    (k.len <= 16 || memcmp(name.at, s->command[c].name, k.len) == 0))
			return c;
	}
	return 0;
}

static void add_command(struct schema *s, struct command_info info)
{
	if (command_exact(s, slice_str(info.name)))
		return;
	uint16_t number = ++s->commands;
	s->command[number] = info;
	s->command_key[number] = key_of(slice_str(info.name));
	size_t i = command_slot_of(&s->command_key[number]);
	while (s->command_slot[i])
		i = (i + 1) % SLOTS;
	s->command_slot[i] = number;
}

/* "QueryResponse" → "queryreply", given that it ends in `ending`. */
static char *derived(const char *message, const char *ending, const char *instead)
{
	size_t stem = strlen(message) - strlen(ending), more = strlen(instead);
	char *name = xcalloc(1, stem + more + 1);
	for (size_t i = 0; i < stem; i++)
		name[i] = (char)tolower((unsigned char)message[i]);
	memcpy(name + stem, instead, more);
	return name;
}

static bool ends_in(const char *text, const char *ending)
{
	size_t n = strlen(text), m = strlen(ending);
	return n > m && strcmp(text + n - m, ending) == 0;
}

static void add_derived(struct schema *s, type_id t)
{
	const char *message = schema_type_name(descriptors[t - 1]);
	char *name = NULL;
	uint8_t kind = COMMAND_REQUEST;
	if (ends_in(message, "Request")) {
		name = derived(message, "Request", "");
	} else if (ends_in(message, "Response")) {
		name = derived(message, "Response", "reply");
		kind = COMMAND_REPLY;
	}
	if (!name)
		return;
	uint16_t before = s->commands;
	add_command(s, (struct command_info){ name, t, 0, kind });
	if (s->commands == before)
		free(name);
	else
		s->name[s->commands] = name;
}

/* The first command of a type is the one that carries it. */
static void add_shorts(struct schema *s)
{
	for (uint16_t i = 1; i <= s->commands; i++) {
		type_id t = s->command[i].type;
		if (t && !s->short_[t])
			s->short_[t] = derived(s->command[i].name, "", "");
	}
	for (type_id t = 1; t <= TYPES; t++)
		if (!s->short_[t])
			s->short_[t] = derived(schema_type_name(descriptors[t - 1]), "", "");
}

struct schema *schema_new(void)
{
	struct schema *s = xcalloc(1, sizeof *s);
	for (type_id t = 1; t <= TYPES; t++)
		add_type(s, t);
	for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
		const struct special *x = &special[i];
		type_id reply = x->reply ? schema_type_named(s, slice_str(x->reply)) : 0;
		type_id type = x->message ? schema_type_named(s, slice_str(x->message)) : 0;
		add_command(s, (struct command_info){ x->command, type, reply, x->kind });
	}
	for (type_id t = 1; t <= TYPES; t++)
		add_derived(s, t);
	add_shorts(s);
	return s;
}

void schema_free(struct schema *s)
{
	if (!s)
		return;
	for (uint16_t i = 1; i <= s->commands; i++)
		free(s->name[i]);
	for (type_id t = 1; t <= TYPES; t++) {
		free(s->short_[t]);
		free(s->url[t]);
	}
	free(s);
}

type_id schema_types(const struct schema *s)
{
	(void)s;
	return TYPES;
}

const ProtobufCMessageDescriptor *schema_descriptor(const struct schema *s, type_id t)
{
	(void)s;
	return t && t <= TYPES ? descriptors[t - 1] : NULL;
}

const char *schema_name(const struct schema *s, type_id t)
{
	(void)s;
	return t && t <= TYPES ? schema_type_name(descriptors[t - 1]) : NULL;
}

const char *schema_short(const struct schema *s, type_id t)
{
	return t <= TYPES ? s->short_[t] : NULL;
}

type_id schema_type_short(const struct schema *s, struct slice name)
{
	for (type_id t = 1; t <= TYPES; t++)
		if (slice_is(name, s->short_[t]))
			return t;
	return 0;
}

type_id schema_type_named(const struct schema *s, struct slice name)
{
	static const char package[] = "openiap.";
	char full[sizeof package + NAME_MAX_];
	if (!name.len || name.len > NAME_MAX_)
		return 0;
	memcpy(full, package, sizeof package - 1);
	memcpy(full + sizeof package - 1, name.at, name.len);
	return type_of_full_name(s, slice_of(full, sizeof package - 1 + name.len));
}

type_id schema_type_of_url(const struct schema *s, struct slice url)
{
	size_t from = url.len;
	while (from && url.at[from - 1] != '/')
		from--;
	return url.len ? type_of_full_name(s, slice_skip(url, from)) : 0;
}

const ProtobufCServiceDescriptor *schema_service(void)
{
	return &openiap__flow_service__descriptor;
}

type_id schema_type_of_method(const struct schema *s, struct slice method, bool response)
{
	const ProtobufCServiceDescriptor *service = schema_service();
	for (unsigned i = 0; i < service->n_methods; i++) {
		const ProtobufCMethodDescriptor *m = &service->methods[i];
		if (slice_is(method, m->name))
			return type_of_full_name(s, slice_str((response ? m->output : m->input)->name));
	}
	return 0;
}

bool schema_url_is(const struct schema *s, type_id t, struct slice url)
{
	return t && slice_eq(url, slice_of(s->url[t], s->url_len[t]));
}

uint32_t schema_jwt_field(const struct schema *s, type_id t)
{
	return t <= TYPES ? s->jwt_field[t] : 0;
}

uint16_t schema_commands(const struct schema *s)
{
	return s->commands;
}

uint16_t schema_command(const struct schema *s, struct slice name)
{
	char lower[NAME_MAX_];
	uint16_t exact = command_exact(s, name);
	if (exact || name.len > NAME_MAX_)
		return exact;
	for (size_t i = 0; i < name.len; i++)
		lower[i] = (char)tolower(name.at[i]);
	return command_exact(s, slice_of(lower, name.len));
}

const struct command_info *schema_command_info(const struct schema *s, uint16_t command)
{
	return command && command <= s->commands ? &s->command[command] : NULL;
}

bool schema_is_jwt(const ProtobufCFieldDescriptor *field)
{
	return strcmp(field->name, "jwt") == 0;
}

#define WORD(w)                                     \
	{                                           \
		(const uint8_t *)(w), sizeof(w) - 1 \
	}
const struct slice schema_secrets[SCHEMA_SECRETS] = { WORD("jwt"), WORD("password") };
#undef WORD

bool schema_secret_name(struct slice name)
{
	for (size_t i = 0; i < SCHEMA_SECRETS; i++) {
		struct slice secret = schema_secrets[i];
		if (name.len == secret.len && strncasecmp((const char *)name.at, (const char *)secret.at, name.len) == 0)
			return true;
	}
	return false;
}

bool schema_is_secret(const ProtobufCFieldDescriptor *field)
{
	return schema_secret_name(slice_str(field->name));
}

int schema_wire_type(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE: return 2;
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32: return 5;
	case PROTOBUF_C_TYPE_DOUBLE:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64: return 1;
	default: return 0;
	}
}
