/* The dialogs: each is made here and given to app_open_dialog, which owns it then. */
#ifndef TUI_DIALOGS_H
#define TUI_DIALOGS_H

#include "tui/dialog.h"

/* The display filter, with what it is now to begin with. */
struct dialog *dialog_filter_new(struct app *a);

#endif
