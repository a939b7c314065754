/*
 * What a format of -T wrote, held against what it says it is. For tests only, hence whole in a header.
 *
 * Each check says what is wrong in a few words; NULL if nothing is. Texts end in a NUL, which is not counted.
 */
#ifndef TESTS_DOCUMENTS_H
#define TESTS_DOCUMENTS_H

#include "export/exporter.h"
#include "export/html_part.h"

#include <jansson.h>

enum { DOCUMENT_DEPTH = 256 };

static inline size_t document_count(const char *text, const char *what)
{
	size_t n = 0;
	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* One value of JSON; elements: of the array that it is, if there are any. */
static inline const char *document_json(const char *text, size_t len, size_t elements)
{
	json_t *all = json_loadb(text, len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	bool good = all && (!elements || json_array_size(all) == elements);
	json_decref(all);
	return good ? NULL : "no JSON, or not of so many elements";
}

static inline const char *document_json_lines(const char *text)
{
	const char *fault = NULL;
	for (const char *end; !fault && (end = strchr(text, '\n')); text = end + 1)
		fault = document_json(text, (size_t)(end - text), 0);
	return fault || !*text ? fault : "a line without an end";
}

/* Behind an & stands a name or a number, and a semicolon. */
static inline const char *document_entities(const char *text)
{
	while ((text = strchr(text, '&'))) {
		size_t n = strspn(++text, "#abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
		if (!n || text[n] != ';')
			return "an & that begins no entity";
	}
	return NULL;
}

/* Tags are closed in the order in which they were opened, and the values of attributes hold no markup. */
static inline const char *document_xml(const char *text)
{
	const char *open[DOCUMENT_DEPTH], *at = text;
	int depth = 0;
	while ((at = strchr(at, '<'))) {
		const char *name = at + 1 + (at[1] == '/'), *end = at;
		size_t n = strcspn(name, " />\n");
		bool quoted = false;
		for (end++; *end && (quoted || *end != '>'); end++) {
			quoted ^= *end == '"';
			if (quoted && *end == '<')
				return "markup in a value";
		}
		if (!*end)
			return "a tag without an end";
		if (at[1] == '/') {
			if (!depth || strncmp(open[--depth], name, n) != 0 || !strchr(" />\n", open[depth][n]))
				return "a tag is closed that is not open";
		} else if (at[1] != '?' && at[1] != '!' && end[-1] != '/') {
			if (depth == DOCUMENT_DEPTH)
				return "tags are nested too deep";
			open[depth++] = name;
		}
		at = end;
	}
	return depth ? "a tag stays open" : document_entities(text);
}

/* RFC 4180: a row of names and one a message, of as many values as there are columns, read with its quotes. */
static inline const char *document_csv(const char *text, size_t columns, uint32_t messages)
{
	size_t rows = 0, values = 1;
	bool quoted = false;
	for (; *text; text++) {
		quoted ^= *text == '"';
		values += *text == ',' && !quoted;
		if (*text != '\r' || text[1] != '\n' || quoted)
			continue;
		if (values != columns)
			return "a row with another number of values";
		values = 1;
		rows++;
	}
	return quoted ? "a quote stays open" : rows != messages + 1 ? "another number of rows" : NULL;
}

static inline const char *document_fields(const char *text, size_t columns, uint32_t messages)
{
	bool good = document_count(text, "\n") == messages && document_count(text, "\t") == messages * (columns - 1);
	return good ? NULL : "another number of lines or columns";
}

/* Nothing that a terminal obeys. */
static inline const char *document_harmless(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];
		if (c == 0x7f || (c < 0x20 && c != '\n' && c != '\r' && c != '\t'))
			return "a control character";
	}
	return NULL;
}

/* The checks of a format that has so many columns (if it has any) and had so many messages. */
static inline const char *document_check(const struct exporter *e, const char *text, size_t len, size_t columns, uint32_t messages)
{
	const char *fault = document_harmless(text, len);
	if (!fault && e == &exporter_json)
		fault = document_json(text, len, messages);
	if (!fault && (e == &exporter_ndjson || e == &exporter_otlp))
		fault = document_json_lines(text);
	if (!fault && e == &exporter_pdml && document_count(text, "<packet>") != messages)
		fault = "another number of packets";
	if (!fault && (e == &exporter_pdml || e == &exporter_svg))
		fault = document_xml(text);
	if (!fault && e == &exporter_html &&
	    document_count(text, "<details data-f") != (messages < HTML_MESSAGES ? messages : HTML_MESSAGES))
		fault = "another number of messages";
	if (!fault && e == &exporter_csv)
		fault = document_csv(text, columns, messages);
	if (!fault && e == &exporter_fields)
		fault = document_fields(text, columns, messages);
	return fault;
}

#endif
