/*
 * What messages there are: the descriptors compiled in from proto/, found by type name, by type_url, and by command.
 *
 * Which command goes with which message follows from the names by rule (protocol.md, "Command and message"); the few that
 * don't follow stand in one table.
 */
#ifndef DECODE_SCHEMA_H
#define DECODE_SCHEMA_H

#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>

/* Number of a message type in the schema; 0 is no type. */
typedef uint16_t type_id;

struct schema;

/* Builds the look-up tables. Const afterwards; may be shared. */
struct schema *schema_new(void);
void schema_free(struct schema *s);

/* How many types there are, numbered 1 … schema_types(). */
type_id schema_types(const struct schema *s);
const ProtobufCMessageDescriptor *schema_descriptor(const struct schema *s, type_id t);
/* A type's name as its .proto has it, without the package: protobuf-c's short_name is another one where there is an underscore in it. */
const char *schema_type_name(const ProtobufCMessageDescriptor *type);
/* "QueryRequest"; NULL for type 0. */
const char *schema_name(const struct schema *s, type_id t);
/* What stands for the type in the names of fields (openiap.NAME.FIELD), each type another: the command that carries it ("query",
 * "queryreply"), of a message within others its name in lower case ("workitem"). Lives as long as the schema; NULL for type 0. */
const char *schema_short(const struct schema *s, type_id t);
/* The type for which that stands; 0 if there is none. */
type_id schema_type_short(const struct schema *s, struct slice name);
/* The type of that name without package ("QueryRequest"); 0 if there is none. */
type_id schema_type_named(const struct schema *s, struct slice name);
/* The type of an Any's type_url: type.googleapis.com/openiap.X, any other host, or a bare openiap.X; 0 if there is none. */
type_id schema_type_of_url(const struct schema *s, struct slice url);

/* The request of a method of FlowService ("Query"), or its response; 0 if there is no such method. */
type_id schema_type_of_method(const struct schema *s, struct slice method, bool response);

/* The service of gRPC with its methods: openiap.FlowService. */
const ProtobufCServiceDescriptor *schema_service(void);

/* Is it the type's usual type_url, with the host type.googleapis.com? Quicker than to look it up. */
bool schema_url_is(const struct schema *s, type_id t, struct slice url);

/* The number of the type's own field that holds a JSON web token; 0 if it has none. */
uint32_t schema_jwt_field(const struct schema *s, type_id t);

/* What is known of a command. */
struct command_info {
	const char *name;
	type_id type;       /* its message; 0 for none known */
	type_id reply_type; /* another message it may carry as a reply (getelement); 0 */
	uint8_t kind;       /* enum command_kind */
};

enum command_kind {
	COMMAND_REQUEST, /* expects a reply */
	COMMAND_REPLY,   /* ends in "reply", or error, pong */
	COMMAND_STREAM,  /* beginstream, stream, endstream */
	COMMAND_EVENT,   /* watchevent, queueevent */
	COMMAND_SINGLE,  /* stands alone: noop, refreshtoken */
};

/* Commands are numbered 1 … schema_commands(); 0 is no known command. */
uint16_t schema_commands(const struct schema *s);
uint16_t schema_command(const struct schema *s, struct slice name);
const struct command_info *schema_command_info(const struct schema *s, uint16_t command);

/* The field of that number; NULL if the message has none. */
const ProtobufCFieldDescriptor *schema_field(const ProtobufCMessageDescriptor *type, uint32_t number);
/* The names of what holds secrets, be it a field or a key in JSON. */
enum { SCHEMA_SECRETS = 2 };
extern const struct slice schema_secrets[SCHEMA_SECRETS];
/* Is it one of them? In whatever case: many programs write Password. */
bool schema_secret_name(struct slice name);
/* Values of this field are secrets. */
bool schema_is_secret(const ProtobufCFieldDescriptor *field);
/* Values of this field are JSON web tokens. */
bool schema_is_jwt(const ProtobufCFieldDescriptor *field);
/* The length-delimited wire type, or varint …, that values of a field have; packed: a repeated scalar may come as one length-
 * delimited run. -1 for a type proto3 does not have. */
int schema_wire_type(const ProtobufCFieldDescriptor *field);

/* True if protobuf_c_message_unpack would accept bytes as a message of that type (same rules; nesting beyond 100 levels is
 * refused). */
bool schema_valid(const ProtobufCMessageDescriptor *type, struct slice bytes);

#endif
