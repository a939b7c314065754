/* What Wireshark asks of an external capture program (extcap), so that its start page offers live capture through envscope. */
#ifndef CLI_EXTCAP_H
#define CLI_EXTCAP_H

#include <stdbool.h>
#include <stdio.h>

enum extcap_question { EXTCAP_NONE, EXTCAP_INTERFACES, EXTCAP_DLTS, EXTCAP_CONFIG, EXTCAP_FILTER };

struct extcap {
	enum extcap_question question;
	const char *interface; /* --extcap-interface; NULL */
	const char *filter;    /* --extcap-capture-filter; NULL */
	const char *fifo;      /* --fifo; NULL */
	bool capture;          /* --capture */
};

/* Answers the question on `out`. False, after a message on standard error, if there is no such interface. */
bool extcap_answer(const struct extcap *e, FILE *out);

#endif
