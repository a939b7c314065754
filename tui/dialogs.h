/* The dialogs: each is made here and given to app_open_dialog, which owns it then. */
#ifndef TUI_DIALOGS_H
#define TUI_DIALOGS_H

#include "tui/dialog.h"

/* The display filter, with what it is now to begin with. */
struct dialog *dialog_filter_new(struct app *a);
/* The columns of a view's list. */
struct dialog *dialog_columns_new(struct app *a, struct view *of);
struct dialog *dialog_settings_new(struct app *a);
/* Whether to leave, and lose what was captured. */
struct dialog *dialog_quit_new(void);
/* Into which folder a file goes. what: is said of it; use: does it, called with `user` and the folder, "." for an empty line; false with a
 * sentence in *why if the folder can't be used, then the dialog stays. */
typedef bool folder_fn(void *user, const char *folder, struct buf *why);
struct dialog *dialog_folder_new(struct app *a, struct slice what, folder_fn *use, void *user);
/* Saving messages to a file. */
struct dialog *dialog_save_new(struct app *a);

#endif
