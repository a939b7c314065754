/*
 * -T tree: each message's line as in -T text, below it the rules it breaks and its dissection, then an empty line: what tshark -V shows.
 */
#include "decode/seen.h"
#include "export/exporter.h"
#include "export/tree.h"

/* The broken rules, what each means, and what was seen of it. */
static void add_rules(struct printer *p, const struct message_facts *m)
{
	for (int r = 0; m->record->rules >> r; r++) {
		const struct rule_info *info = rule_info((enum rule)r);
		if (!(m->record->rules >> r & 1))
			continue;
		buf_addf(&p->line, "Rule %s (%s): %s", info->name, severity_name(info->severity), info->sentence);
		seen_add_sentence(&p->line, p->session, m->n, (enum rule)r, m->bytes);
		buf_add_byte(&p->line, '\n');
	}
}

static void tree_message(struct printer *p, const struct message_facts *m)
{
	struct tree_options o = { .show_secrets = p->options.show_secrets, .whole = p->options.full_bytes };
	exporter_text.message(p, m);
	add_rules(p, m);
	form_dissect(&p->dissection, m->record, m->bytes);
	export_tree(&p->line, p->dissection.root, &o);
	buf_add_byte(&p->line, '\n');
}

static void tree_rule(struct printer *p, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	exporter_text.rule(p, n, rule, was, time);
}

static void tree_news(struct printer *p, const struct session_news *news)
{
	exporter_text.news(p, news);
}

const struct exporter exporter_tree = {
	.name = "tree",
	.help = "each message with all its fields",
	.secretive = true,
	.cuts = true,
	.timed = true,
	.coloured = true,
	.message = tree_message,
	.rule = tree_rule,
	.news = tree_news,
};
