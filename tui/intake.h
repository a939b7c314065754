/* The capture as the screens drive it: in slices of a few milliseconds between key presses. */
#ifndef TUI_INTAKE_H
#define TUI_INTAKE_H

#include "capture/capture.h"

enum intake_state { INTAKE_READING, INTAKE_WAITING, INTAKE_ENDED, INTAKE_DAMAGED };

struct intake {
	struct capture *capture;
	enum intake_state state;
	bool (*enough)(void *user); /* asked before each packet: is no more to be read? NULL: all is */
	void *user;
	bool enough_read;    /* it said so, and that is why it ended */
	bool stopped;        /* the user did, and that is why it ended */
	const char *resting; /* why nothing is read for now; NULL: it is */
};

/* Reads for a few milliseconds; when all has been read, finishes the capture. */
void intake_step(struct intake *i);
/* Whoever looked has left: what was read so far is all there is. last: what the capture said last. */
void intake_end(struct intake *i, enum capture_status last);
/* A file is read no further: what was read so far is all there is. False if it is at its end, or can't be read again. */
bool intake_stop(struct intake *i);
/* The descriptor to poll while WAITING; -1 if there is none. */
int intake_fd(const struct intake *i);
/* The descriptor has something, or it is time to look again. */
void intake_wake(struct intake *i);
static inline bool intake_over(const struct intake *i)
{
	return i->state == INTAKE_ENDED || i->state == INTAKE_DAMAGED;
}

#endif
