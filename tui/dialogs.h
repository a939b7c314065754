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
/* Saving messages to a file. */
struct dialog *dialog_save_new(struct app *a);

#endif
