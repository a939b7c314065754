/*
 * File names from the wire. Only the last part of a path is looked at, whichever slash it is written with; then each character is kept or
 * replaced. What is left has no slash in it and is neither "." nor "..", so it cannot name anything but a file of the folder it is opened in.
 */
#include "export/filename.h"

#include "base/text.h"
#include "decode/forms.h"
#include "decode/redact.h"
#include "decode/wire.h"

enum { NAME_READ = 4096 };

static struct slice payload_of(struct form *form, const struct record *r, struct slice bytes)
{
	form_read_plain(form, (enum encoding)r->encoding, bytes);
	return form->e.value;
}

/* Only these: the name in an UploadResponse is the server's own. */
static bool names_a_file(const char *type)
{
	static const char *const types[] = { "UploadRequest", "DownloadRequest", "DownloadResponse" };
	for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

void filename_of_message(struct buf *out, const struct schema *schema, const struct record *r, struct slice bytes)
{
	if (!names_a_file(schema_name(schema, r->type)))
		return;
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(schema_descriptor(schema, r->type),
												"filename");
	struct form form;
	form_init(&form);
	struct slice payload = payload_of(&form, r, bytes), name = { NULL, 0 };
	struct wire_field f;
	while (field && wire_next(&payload, &f) == WIRE_FIELD)
		if (f.number == field->id && f.type == WIRE_LENGTH)
			name = f.bytes;
	if (name.len) {
		buf_clear(out);
		redact_add(out, slice_head(name, NAME_READ));
	}
	form_release(&form);
}

static void of_kept_message(struct buf *out, const struct session *s, uint32_t n)
{
	struct buf scratch = { 0 };
	const struct record *r = session_record(s, n);
	if (r)
		filename_of_message(out, session_schema(s), r, session_bytes(s, n, &scratch));
	buf_release(&scratch);
}

void filename_of_thread(struct buf *out, const struct session *s, const struct thread_info *t)
{
	buf_clear(out);
	of_kept_message(out, s, t->request);
	of_kept_message(out, s, t->reply);
}

static struct slice last_part(struct slice path)
{
	size_t from = path.len;
	while (from && path.at[from - 1] != '/' && path.at[from - 1] != '\\')
		from--;
	return slice_skip(path, from);
}

/* Has no width, besides what acts: two names that look alike would differ. */
static bool hides(uint32_t p)
{
	return (p >= 0x200b && p <= 0x200d) || (p >= 0x2060 && p <= 0x2064) || (p >= 0xfff9 && p <= 0xffff);
}

static uint32_t harmless(uint32_t p)
{
	bool special = p < 0x80 && p >= 0x20 && strchr(":*?\"<>|`$;&'!", (int)p);
	return text_acts(p) || special || hides(p) ? '_' : p;
}

static bool leads(uint8_t c)
{
	return c == '.' || c == ' ';
}

void filename_add_safe(struct buf *out, struct slice name)
{
	size_t begin = out->len;
	for (name = last_part(name); name.len && leads(name.at[0]); name = slice_skip(name, 1))
		;
	while (name.len) {
		uint32_t p;
		size_t before = out->len;
		name = slice_skip(name, text_next(name, &p, NULL));
		text_add_point(out, harmless(p));
		if (out->len - begin > FILENAME_LONGEST) {
			out->len = before;
			break;
		}
	}
	while (out->len > begin && leads(out->at[out->len - 1]))
		out->len--;
	if (out->len > begin && out->at[begin] == '-')
		out->at[begin] = '_';
}
