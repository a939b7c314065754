/*
 * The table of settings. All are choices between a few words; columns, colours and keys have their own forms.
 */
#include "tui/settings.h"

static const struct setting_row rows[SETTINGS] = {
	[SETTING_MOUSE] = { "mouse", "clicks and wheel; off leaves them to the terminal", { "on", "off" } },
	[SETTING_COLOURS] = { "colours", "auto: not where NO_COLOR is set", { "auto", "always", "never" } },
	[SETTING_BACKGROUND] = { "background", "of the terminal; auto: by COLORFGBG, else for both", { "auto", "dark", "light" } },
	[SETTING_TIME] = { "time", "of day, since the first packet, or since the row above", { "clock", "relative", "delta" } },
	[SETTING_ZONE] = { "zone", "times of day in local time or in UTC", { "local", "utc" } },
	[SETTING_FOLLOW] = { "follow", "keep the newest row selected; auto: while capturing", { "auto", "on", "off" } },
};

const struct setting_row *setting_row(enum setting s)
{
	return &rows[s];
}

void settings_init(struct settings *s)
{
	*s = (struct settings){ 0 };
	keymap_init(&s->keys);
	settings_choose_looks(s);
}

void settings_release(struct settings *s)
{
	for (int i = 0; i < VIEWS; i++)
		buf_release(&s->columns[i]);
}

void settings_choose_looks(struct settings *s)
{
	struct look looks[INKS];
	int set = s->value[SETTING_BACKGROUND];
	looks_init(looks, set ? (enum background)set : looks_background());
	for (int i = 0; i < INKS; i++)
		if (!(s->own_looks & 1u << i))
			s->looks[i] = looks[i];
}
