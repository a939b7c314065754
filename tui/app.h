/*
 * All that the screens share: one struct app, made in tui_run and handed down.
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "decode/session.h"
#include "tui/dialog.h"
#include "tui/intake.h"
#include "tui/marks.h"
#include "tui/peers.h"
#include "tui/prompt.h"
#include "tui/screen.h"
#include "tui/search.h"
#include "tui/settings.h"
#include "tui/tui.h"
#include "tui/view.h"

enum { STACK_MAX = 16 };

enum time_mode { TIME_OF_DAY, TIME_SINCE_START, TIME_SINCE_ROW, TIME_MODES };

/* How much of the session there is. */
struct extent {
	uint32_t threads, messages, news, conns; /* with those that are forgotten */
};

struct app {
	const struct tui_options *o;
	const struct session *session;
	struct screen *screen;
	struct settings *settings;
	struct buf *complaints;
	struct intake intake;
	struct peers peers;

	struct view *view[VIEWS];      /* the newest of each kind; NULL until first wanted */
	struct view *stack[STACK_MAX]; /* views under each other, the one on the screen last */
	int depth;
	int tab_end[TABS];     /* column behind the name of each tab in the title; 0: not there */
	struct dialog *dialog; /* over the view; NULL: none */

	struct buf filter_text; /* the display filter, empty for none */
	struct filter *filter;
	bool narrowed;                    /* the filter was set to show what a row of another tab is about … */
	enum view_id narrowed_from;       /* … this one, when it was … */
	struct buf narrowed_text;         /* … that; Esc goes back there */
	struct history filters, searches; /* typed before */
	struct buf folder;                /* for files of streams, as it was given last; empty: none yet */

	struct extent seen;    /* what is shown: all there is, or what there was when the screen was frozen */
	int64_t now;           /* what time it is for what is shown: of the live source that of the clock, else of the last packet */
	struct extent cleared; /* rows up to there are hidden */
	bool paused;
	bool show_secrets;

	bool working;               /* the view on the screen has long work of its own to do */
	const struct view *resting; /* whose work the user has stopped, until its tab is opened again; NULL */
	struct stats *stats;        /* sums over the session (tui/sums.h); NULL until a view wants them */

	struct marks marks;
	enum command waiting; /* for a letter: CMD_BOOKMARK, CMD_JUMP, or CMD_NONE */
	uint32_t waiting_for; /* the message that was selected when it was asked for */
	struct search search;
	struct prompt prompt; /* for what to search */
	struct buf notice;    /* a sentence until the next key */
	struct buf scratch;   /* for the text of one cell */
	struct line line;     /* for whatever is drawn now */
};

/* settings, screen and complaints are borrowed; complaints: a sentence with a line break for each wrong line of the config file, to which
 * those about columns are added. */
void app_init(struct app *a, const struct tui_options *o, struct screen *screen, struct settings *settings, struct buf *complaints);
void app_release(struct app *a);

/*
 * The stack of views (tui/stack.c).
 */
/* The view on the screen. */
struct view *app_view(const struct app *a);
/* The view that app_open would open, made if need be: to be told what to show before that. A view that is on
 * the stack already stays as it is there, another one of its kind is made. */
struct view *app_get(struct app *a, enum view_id id);
/* Puts a view on top of the one on the screen. */
void app_open(struct app *a, enum view_id id);
/* Goes back to the view below, if there is one. */
void app_back(struct app *a);
/* Shows a tab, with nothing above it; if it can, at the message that was selected before. */
void app_show_tab(struct app *a, enum view_id tab);
/* Whether a view is a tab, and which one it is. */
enum view_id app_id(const struct view *v);
void app_release_views(struct app *a);
/* Do lists follow the newest row, unless the user says otherwise? */
bool app_follows(const struct app *a);

/* Opens message n in the Detail view. */
unsigned app_open_message(struct app *a, uint32_t n);
/* Why a list of messages or threads has no rows: a sentence. */
const char *app_empty(const struct app *a);
/* The same where it is because the screen is frozen; else NULL. */
const char *app_frozen_out(const struct app *a);
/* Connections as rows, numbered by their places (session.h): those that are shown, and one of them, NULL if it is forgotten. */
void app_conn_rows(const struct app *a, uint64_t *first, uint64_t *end);
const struct session_conn *app_conn(const struct app *a, uint64_t row);
/* The number of the last one; 0 for none. */
uint32_t app_last_conn(const struct app *a);
/* The capture is at its end, and all of it is shown. */
bool app_over(const struct app *a);
/* Opens a dialog, which the app owns from then on; in place of one that is open. */
unsigned app_open_dialog(struct app *a, struct dialog *d);
/* Closes it, if one is open. */
void app_close_dialog(struct app *a);
/* Sets the display filter of all views (empty: none); false if it is wrong, then *error says why (as
 * filter_new does) and the filter stays as it was. */
bool app_set_filter(struct app *a, const char *text, struct buf *error);
/* Shows a tab with such a filter, and a notice that says so. */
void app_show_filtered(struct app *a, enum view_id tab, const char *filter);
/* Goes back from there, or takes the filter away that the user has set; false if there is none. */
bool app_widen(struct app *a);
/* The bit of the view on the screen, with FOUND if it was searched: for the table of commands. */
uint32_t app_context(const struct app *a);
/* Handles a key or a click (tui/actions.c). */
unsigned app_key(struct app *a, struct key key);
/* Is there work that goes on between keys? A slice of it (tui/work.c). */
bool app_busy(const struct app *a);
unsigned app_step(struct app *a);
/* Gives up what is under way; false if nothing is. */
bool app_stop(struct app *a);
/* Takes up what came in since, unless the screen is frozen. */
void app_take_up(struct app *a);
/* A sentence for the user, until the next key. */
void app_notice(struct app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends a time as the time mode wants it; before: the time of the row above, for the delta. width:
 * columns there are. */
void app_add_time(const struct app *a, struct buf *out, int64_t time, int64_t before, int width);

/* Colours and mouse as the settings want them. */
struct screen_options app_screen_options(const struct settings *s);
/* That setting has changed: terminal and views take it up. */
void app_use_setting(struct app *a, enum setting i);
/* Writes the settings to the config file, and says so. */
unsigned app_save_settings(struct app *a);

/* Draws everything (tui/frame.c). */
void frame_draw(struct app *a);
/* The command in the footer at that column. */
enum command frame_footer_at(const struct app *a, int col);
/* The tab whose name stands at that column of the title; TABS if none does. */
int frame_tab_at(const struct app *a, int col);

#endif
