/*
 * The config file: NAME = VALUE lines of settings, columns, colours and keys (docs/config.md).
 *
 * A line that says nothing known is reported with its number and passed over.
 */
#ifndef TUI_CONFIG_H
#define TUI_CONFIG_H

#include "tui/settings.h"

/* Appends the path of the file: ENVSCOPE_CONFIG, else envscope/config in XDG_CONFIG_HOME or ~/.config. False if nothing says where. */
bool config_path(struct buf *out);
/* Reads a file into settings that are initialised. Appends a sentence with a line break for each wrong line. A file that is not there is
 * an empty one. */
void config_read(struct settings *s, const char *path, struct buf *complaints);
/* The same from text. */
void config_read_text(struct settings *s, struct slice text, struct buf *complaints);
/* Writes what differs from the defaults to the file; comments and unknown lines in it stay, and so does a link
 * that leads to it. False with a sentence if it can't be, or if what is there is no file or can't be read. */
bool config_write(const struct settings *s, const char *path, struct buf *error);
/* All there is to set with the defaults, in the order of the file. */
typedef void config_fn(void *user, const char *name, const char *preset, const char *sentence);
void config_each(config_fn *fn, void *user);

#endif
