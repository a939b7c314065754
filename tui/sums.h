/* The sums that several views show (decode/stats.h): one for the app, taken up in slices while one of these views is on the screen. */
#ifndef TUI_SUMS_H
#define TUI_SUMS_H

#include "decode/stats.h"
#include "tui/app.h"

/* The app's sums, made when first asked for. */
struct stats *sums_of(struct app *a);
/* A slice until that time (clock_ms); true if there was something to do. */
bool sums_work(struct app *a, int64_t until);
/* "adding up", with how far it is; NULL when everything is in. */
const char *sums_doing(struct app *a, int *percent);

#endif
