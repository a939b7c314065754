/*
 * The table of settings. All are choices between a few words; columns, colours and keys have their own forms.
 */
#include "tui/settings.h"

static const struct setting_row rows[SETTINGS] = {
	[SETTING_MOUSE] = { "mouse", "clicks and the wheel come to envscope; off leaves them to the terminal, for selecting text",
			    { "on", "off" } },
	[SETTING_COLOURS] = { "colours", "auto: not where NO_COLOR is set", { "auto", "always", "never" } },
	[SETTING_BACKGROUND] = { "background", "of the terminal; auto: as COLORFGBG says, else colours that can be read on both",
				 { "auto", "dark", "light" } },
	[SETTING_TIME] = { "time", "time of day, time since the first packet, or since the row above", { "clock", "relative", "delta" } },
	[SETTING_ZONE] = { "zone", "times of day in local time or in UTC", { "local", "utc" } },
	[SETTING_FOLLOW] = { "follow", "keep the newest row selected: auto does so while capturing", { "auto", "on", "off" } },
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
