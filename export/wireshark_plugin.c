/*
 * The dissector for Wireshark: a fixed text, export/openiap.lua.in, with tables in its middle that are written here from the descriptors.
 *
 * The text is compiled in as one string (build/gen/openiap.lua.inc, made by the Makefile). A line of it, `-- @tables@`, is where the tables
 * go. Names of messages, fields and commands are words, so nothing needs to be quoted but the sentences of the rules.
 */
#include "export/wireshark_plugin.h"

#include "decode/gist.h"
#include "decode/rules.h"
#include "decode/schema.h"

static const char text[] =
#include "openiap.lua.inc"
	;
static const char mark[] = "-- @tables@\n";

/* Kinds of fields as the text knows them. */
static const char *kind_name(const ProtobufCFieldDescriptor *field)
{
	static const char *const names[] = {
		[PROTOBUF_C_TYPE_INT32] = "int32",     [PROTOBUF_C_TYPE_SINT32] = "sint32",   [PROTOBUF_C_TYPE_SFIXED32] = "sfixed32",
		[PROTOBUF_C_TYPE_INT64] = "int64",     [PROTOBUF_C_TYPE_SINT64] = "sint64",   [PROTOBUF_C_TYPE_SFIXED64] = "sfixed64",
		[PROTOBUF_C_TYPE_UINT32] = "uint32",   [PROTOBUF_C_TYPE_FIXED32] = "fixed32", [PROTOBUF_C_TYPE_UINT64] = "uint64",
		[PROTOBUF_C_TYPE_FIXED64] = "fixed64", [PROTOBUF_C_TYPE_FLOAT] = "float",     [PROTOBUF_C_TYPE_DOUBLE] = "double",
		[PROTOBUF_C_TYPE_BOOL] = "bool",       [PROTOBUF_C_TYPE_ENUM] = "enum",       [PROTOBUF_C_TYPE_STRING] = "string",
		[PROTOBUF_C_TYPE_BYTES] = "bytes",     [PROTOBUF_C_TYPE_MESSAGE] = "message",
	};
	return names[field->type];
}

static void write_field(FILE *out, const ProtobufCFieldDescriptor *field)
{
	const ProtobufCMessageDescriptor *type = field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
	fprintf(out, "\t[%u] = { name = \"%s\", kind = \"%s\"", field->id, field->name, kind_name(field));
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		fputs(", repeated = true", out);
	if (schema_is_secret(field))
		fputs(", secret = true", out);
	if (type)
		fprintf(out, ", type = \"%s\"", schema_type_name(type));
	fputs(" },\n", out);
}

static bool is_ours(const ProtobufCMessageDescriptor *type)
{
	return strcmp(type->package_name, "openiap") == 0 && strcmp(schema_type_name(type), "Envelope") != 0;
}

static void write_types(FILE *out, const struct schema *s)
{
	for (type_id t = 1; t <= schema_types(s); t++) {
		const ProtobufCMessageDescriptor *type = schema_descriptor(s, t);
		if (!is_ours(type))
			continue;
		fprintf(out, "TYPES[\"%s\"] = { short = \"%s\",\n", schema_name(s, t), schema_short(s, t));
		for (unsigned i = 0; i < type->n_fields; i++)
			write_field(out, &type->fields[i]);
		fputs("}\n", out);
	}
}

static void write_commands(FILE *out, const struct schema *s)
{
	for (uint16_t i = 1; i <= schema_commands(s); i++) {
		const struct command_info *c = schema_command_info(s, i);
		if (c->type)
			fprintf(out, "COMMANDS[\"%s\"] = \"%s\"\n", c->name, schema_name(s, c->type));
		if (c->reply_type)
			fprintf(out, "REPLIES[\"%s\"] = \"%s\"\n", c->name, schema_name(s, c->reply_type));
	}
}

static void write_methods(FILE *out)
{
	const ProtobufCServiceDescriptor *service = schema_service();
	for (unsigned i = 0; i < service->n_methods; i++) {
		const ProtobufCMethodDescriptor *m = &service->methods[i];
		fprintf(out, "METHODS[\"%s\"] = { \"%s\", \"%s\" }\n", m->name, schema_type_name(m->input), schema_type_name(m->output));
	}
}

/* Of two rules that share a name the first is the one that a packet alone tells of. */
static void write_rules(FILE *out)
{
	for (int r = RULES - 1; r >= 0; r--) {
		const struct rule_info *rule = rule_info((enum rule)r);
		fprintf(out, "RULES[\"%s\"] = { \"%s\", \"", rule->name, severity_name(rule->severity));
		for (const char *c = rule->sentence; *c; c++) {
			if (*c == '"' || *c == '\\')
				fputc('\\', out);
			fputc(*c, out);
		}
		fputs("\" }\n", out);
	}
}

static void write_telling(FILE *out)
{
	const char *name;
	for (size_t i = 0; (name = gist_field(i)); i++)
		fprintf(out, "TELLING[\"%s\"] = %zu\n", name, i + 1);
}

void wireshark_plugin_write(FILE *out)
{
	const char *at = strstr(text, mark);
	struct schema *s = schema_new();
	fputs("-- OpenIAP Flow for Wireshark and tshark 3.6 and later, made by envscope " ENVSCOPE_VERSION ".\n"
	      "-- Put it into Wireshark's folder for personal Lua plugins (Help, About, Folders), or: tshark -X lua_script:openiap.lua\n",
	      out);
	fwrite(text, 1, (size_t)(at - text), out);
	write_types(out, s);
	write_commands(out, s);
	write_methods(out);
	write_rules(out);
	write_telling(out);
	fputs(at + sizeof mark - 1, out);
	schema_free(s);
}
