/* SPDX-License-Identifier: MIT */
/*
 * One message to one SMTP server, by libcurl: the only file that knows it. Waits for names, for the
 * server, for every answer, so it runs in a helper thread and never logs; what there is to say
 * comes back in the result.
 */
#pragma once

#include <stddef.h>

#include "conf/model.h"

struct smtp;

enum smtp_verdict {
	SMTP_SENT,
	SMTP_LATER,   /* no connection, no answer in time, or the server said to try again */
	SMTP_REFUSED, /* trying again is of no use */
};

struct smtp_result {
	enum smtp_verdict verdict;
	char detail[256];   /* why it was not sent */
	unsigned n_refused; /* recipients that the server did not accept, while it took others */
	char refusal[256];  /* the first of them, and what the server said */
};

/* Main, before any other thread exists. 0 or negative errno. */
int smtp_new(struct smtp **ret);
/* Main, when no helper works with it. Accepts and returns NULL. */
struct smtp *smtp_free(struct smtp *smtp);

/*
 * Sends text, a whole message with its headers and CRLF line ends, to every recipient of global, as
 * its server, name and time limit say. more: another one follows, so the connection is kept.
 * Thread: one helper at a time.
 */
void smtp_send(struct smtp *smtp, const struct conf_global *global, const char *host,
	       const char *text, size_t length, bool more, struct smtp_result *ret);

/* Any thread, at any time: what is under way is broken off within about a second, and what follows
 * is refused at once. */
void smtp_give_up(struct smtp *smtp);
