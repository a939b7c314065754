/*
 * All that the screens share: one struct app, made in tui_run and handed down.
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "decode/session.h"
#include "tui/intake.h"
#include "tui/peers.h"
#include "tui/prompt.h"
#include "tui/screen.h"
#include "tui/search.h"
#include "tui/tui.h"
#include "tui/view.h"

enum view_id { VIEW_THREADS, VIEW_MESSAGES, VIEW_DETAIL, VIEW_COLUMNS, VIEW_HELP, VIEWS };

enum time_mode { TIME_CLOCK, TIME_RELATIVE, TIME_DELTA, TIME_MODES };

/* How much of the session there is. */
struct extent {
	uint32_t threads, messages, news;
};

struct app {
	const struct tui_options *o;
	const struct session *session;
	struct screen *screen;
	struct intake intake;
	struct peers peers;

	struct view *view[VIEWS];   /* NULL until first opened */
	enum view_id stack[VIEWS];  /* views under each other, the one on the screen last */
	int depth;

	struct extent seen;         /* what is shown: all there is, or what there was when the screen was frozen */
	struct extent cleared;      /* rows up to there are hidden */
	bool paused;
	enum time_mode time_mode;

	struct search search;
	struct prompt prompt;       /* for what to search */
	bool leaving;               /* asking whether to leave */
	struct buf notice;          /* a sentence until the next key */
	struct buf scratch;         /* for the text of one cell */
	struct line line;           /* for whatever is drawn now */
};

void app_init(struct app *a, const struct tui_options *o);
void app_release(struct app *a);

/* The view on the screen. */
struct view *app_view(const struct app *a);
/* A view, made if need be. */
struct view *app_get(struct app *a, enum view_id id);
/* Puts a view on top of the one on the screen. */
void app_open(struct app *a, enum view_id id);
/* Opens message n in the Detail view. */
unsigned app_open_message(struct app *a, uint32_t n);
/* The bit of the view on the screen, with FOUND if it was searched: for the table of commands. */
uint32_t app_context(const struct app *a);
/* Handles a key or a click. */
unsigned app_key(struct app *a, struct key key);
/* A slice of the search that is running. */
unsigned app_search_step(struct app *a);
/* Takes up what came in since, unless the screen is frozen. */
void app_take_up(struct app *a);
/* A sentence for the user, until the next key. */
void app_notice(struct app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends a time as the time mode wants it; before: the time of the row above, for the delta. width:
 * columns there are. */
void app_add_time(const struct app *a, struct buf *out, int64_t time, int64_t before, int width);

/* Draws everything (tui/frame.c). */
void frame_draw(struct app *a);
/* The command in the footer at that column. */
enum command frame_footer_at(const struct app *a, int col);

#endif
