/* The screens: a session looked at while it grows. */
#ifndef TUI_TUI_H
#define TUI_TUI_H

#include "capture/capture.h"
#include "decode/session.h"
#include "export/exporter.h"
#include "export/rewriter.h"

#include <signal.h>

enum tui_color { TUI_COLOR_AUTO, TUI_COLOR_ALWAYS, TUI_COLOR_NEVER };

struct tui_options {
	const struct session *session;
	struct capture *capture; /* feeds the session; driven from here */
	const char *source;      /* how the source is called on the screen */
	const char *filter;      /* display filter that holds at the beginning; NULL: none */
	bool show_secrets;
	bool utc; /* times of day in UTC instead of local time */
	bool no_mouse;
	bool writes;                  /* packets are written to a file meanwhile */
	bool ascii;                   /* nothing but ASCII is painted: the user's locale has no UTF-8 */
	const enum time_format *time; /* as what times are shown: of those the screens have the nearest; NULL: as the user has set it */
	enum tui_color color;         /* AUTO: colours unless NO_COLOR is set; a terminal without colours has none anyway */
	void (*clock)(void *user, int64_t now); /* live: told about once a second what time it is (ns since 1970); or NULL */
	/* Called at least four times a second, for work beside the screens, of some ms at most. Returns why nothing should be read for now, two or three
	 * words for the title ("waiting for the collector"); NULL: reading goes on. Or NULL. */
	const char *(*step)(void *user);
	/* Called when the screens are gone, and reading had not come to its end: reads what there still is, and says what the capture said last. NULL: nothing
	 * more is read. */
	enum capture_status (*rest)(void *user);
	/* Asked between packets: is no more to be read? Then what was read is shown as a capture at its end. NULL: all is read. */
	bool (*enough)(void *user);
	/* Opens the capture's files once more, to save packets; false with a sentence if they can't be. NULL: there are none that could be. */
	bool (*again)(void *user, struct second_reading *out, char *error, size_t room);
	/* What a file of that name is to the program itself, beside a capture that is read, for the end of a sentence ("the key log that is read."): it must
	 * not be replaced. NULL: nothing. Or NULL. */
	const char *(*uses)(void *user, const char *path);
	void *user;                        /* of all these */
	const volatile sig_atomic_t *stop; /* nonzero: a signal asks to end (looked at at least four times a second); or NULL */
};

/* Shows the screens until the user leaves or *stop says so. Everything in o is borrowed during the call.
 * Returns an exit status: 0; 2 when there is no terminal that could be used (a sentence is on standard
 * error); 3 when the source could not be read to its end. */
int tui_run(const struct tui_options *o);

#endif
