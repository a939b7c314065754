/*
 * The loop: one thread, one poll on the terminal and the source.
 *
 * Long work (reading the capture, searching) is done in slices between keys. Keys and news only say that
 * the screen must be drawn; it is, at most thirty times a second, and at once where a key was pressed. A signal that asks to end interrupts
 * poll, or is seen when poll returns by itself.
 */
#include "tui/tui.h"

#include "tui/app.h"
#include "tui/clock.h"
#include "tui/config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAME_MS = 33, IDLE_MS = 200, TELL_MS = 1000, KEYS_AT_ONCE = 64, STATUS_NO_TERMINAL = 2, STATUS_DAMAGED = 3 };

struct loop {
	struct app app;
	unsigned pending; /* enum reaction: what must happen */
	int64_t drawn;    /* when the screen was drawn last, ms */
	int64_t told;     /* live: when time was told last, ms */
	bool keyed;       /* a key was pressed since: its answer is drawn at once */
	bool hung_up;     /* the terminal is gone */
};

static bool stopped(const struct loop *l)
{
	const volatile sig_atomic_t *stop = l->app.o->stop;
	return l->hung_up || (l->pending & QUIT) || (stop && *stop);
}

/* How long poll may wait, in ms. */
static int patience(const struct loop *l)
{
	if (l->app.intake.state == INTAKE_READING || app_busy(&l->app))
		return 0;
	if (!(l->pending & REDRAW))
		return IDLE_MS;
	int64_t left = l->drawn + FRAME_MS - clock_ms();
	return left > 0 ? (int)left : 0;
}

static void wait(struct loop *l)
{
	struct app *a = &l->app;
	struct pollfd fds[2] = { { screen_fd(a->screen), POLLIN, 0 }, { intake_fd(&a->intake), POLLIN, 0 } };
	int got = poll(fds, 2, patience(l));
	if (got > 0 && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))) /* with POLLIN, too: there is an error to be read, for ever */
		l->hung_up = true;
	if (a->intake.state == INTAKE_WAITING && (got == 0 || (got > 0 && fds[1].revents)))
		intake_wake(&a->intake);
}

static void take_keys(struct loop *l)
{
	struct key key;
	for (int i = 0; i < KEYS_AT_ONCE && !stopped(l) && screen_key(l->app.screen, &key); i++) {
		l->pending |= app_key(&l->app, key);
		l->keyed = true;
	}
}

/* Live, time passes though nothing comes: requests become overdue, and what is shown of their age grows. */
static void tell_time(struct loop *l)
{
	int64_t now = clock_ms();
	if (intake_over(&l->app.intake) || !source_is_live(capture_source(l->app.o->capture)) || now - l->told < TELL_MS)
		return;
	l->told = now;
	l->pending |= REDRAW;
	if (l->app.o->clock)
		l->app.o->clock(l->app.o->user, capture_clock(l->app.o->capture));
}

static void work(struct loop *l)
{
	struct intake *i = &l->app.intake;
	const char *rested = i->resting;
	tell_time(l);
	i->resting = l->app.o->step ? l->app.o->step(l->app.o->user) : NULL;
	if (i->resting != rested)
		l->pending |= REDRAW;
	if (i->state == INTAKE_READING && !i->resting) {
		intake_step(i);
		if (i->enough_read)
			app_notice(&l->app, "Enough is read: no more than -c and -a ask for.");
		l->pending |= REDRAW;
	}
	l->pending |= app_step(&l->app);
}

static void draw(struct loop *l)
{
	int64_t now = clock_ms();
	if (!(l->pending & REDRAW) || (!l->keyed && now - l->drawn < FRAME_MS))
		return;
	if (l->pending & REPAINT)
		screen_repaint(l->app.screen);
	app_take_up(&l->app);
	frame_draw(&l->app);
	l->drawn = now;
	l->keyed = false;
	l->pending &= ~(unsigned)(REDRAW | REPAINT);
}

/* Says what is wrong in the config file on standard error. */
static void print_complaints(const struct buf *complaints, struct buf *path)
{
	struct slice rest = buf_slice(complaints);
	while (rest.len) {
		const uint8_t *end = memchr(rest.at, '\n', rest.len);
		size_t length = end ? (size_t)(end - rest.at) : rest.len;
		fprintf(stderr, "envscope: %s: %.*s\n", buf_cstr(path), (int)length, (const char *)rest.at);
		rest = slice_skip(rest, length + 1);
	}
}

/* What the command line says goes before what the file says. */
static void take_options(struct settings *s, const struct tui_options *o)
{
	if (o->no_mouse)
		s->value[SETTING_MOUSE] = 1;
	if (o->color != TUI_COLOR_AUTO)
		s->value[SETTING_COLOURS] = (int)o->color;
	if (o->utc)
		s->value[SETTING_ZONE] = 1;
	if (o->time)
		s->value[SETTING_TIME] = *o->time == TIME_RELATIVE ? TIME_SINCE_START
					 : *o->time == TIME_DELTA  ? TIME_SINCE_ROW
								   : TIME_OF_DAY;
}

/* The first of them, and how many more there are. */
static void notice_complaints(struct app *a, const struct buf *complaints)
{
	const uint8_t *end = complaints->len ? memchr(complaints->at, '\n', complaints->len) : NULL;
	int more = -1;
	for (size_t i = 0; i < complaints->len; i++)
		more += complaints->at[i] == '\n';
	if (!end)
		return;
	app_notice(a, "Config file, %.*s", (int)(end - complaints->at), (const char *)complaints->at);
	if (more > 0)
		buf_addf(&a->notice, " (%d more, told when envscope is left)", more);
}

static void run(struct loop *l)
{
	while (!stopped(l)) {
		wait(l);
		take_keys(l);
		draw(l);
		work(l);
	}
}

/* The screens are gone. Returns the exit status. */
static int end(struct intake *i, const struct tui_options *o)
{
	enum capture_status last = o->rest && !intake_over(i) ? o->rest(o->user) : CAPTURE_END;
	intake_end(i, last);
	return i->state == INTAKE_DAMAGED || source_lost_part(capture_source(o->capture)) ? STATUS_DAMAGED : 0;
}

int tui_run(const struct tui_options *o)
{
	struct loop l = { .pending = REDRAW, .drawn = -FRAME_MS };
	struct settings settings;
	struct buf complaints = { 0 }, path = { 0 };
	const char *error;
	int status = STATUS_NO_TERMINAL;
	settings_init(&settings);
	if (config_path(&path))
		config_read(&settings, buf_cstr(&path), &complaints);
	take_options(&settings, o);
	struct screen_options so = app_screen_options(&settings);
	so.ascii = o->ascii;
	struct screen *screen = screen_new(&so, &error);
	if (screen) {
		app_init(&l.app, o, screen, &settings, &complaints);
		notice_complaints(&l.app, &complaints);
		run(&l);
		struct intake intake = l.app.intake;
		app_release(&l.app);
		screen_free(screen);
		status = end(&intake, o);
	} else {
		fprintf(stderr, "envscope: %s\n", error);
	}
	print_complaints(&complaints, &path);
	settings_release(&settings);
	buf_release(&complaints);
	buf_release(&path);
	return status;
}
