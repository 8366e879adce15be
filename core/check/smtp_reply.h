/* SPDX-License-Identifier: MIT */
/*
 * Reads one SMTP reply of one or more lines from pieces of any size. Bounded in memory and octets
 * whatever arrives. Pure; any thread. Source: RFC 5321 section 4.2; a bare LF ends a line, too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader;

#define SMTP_REPLY_MAX 16384 /* octets of all its lines */
#define SMTP_TEXT_MAX  64    /* octets of its first line that are kept */

enum smtp_progress { SMTP_MORE, SMTP_DONE, SMTP_BAD };

struct smtp_reply {
	unsigned code;		  /* 200..599, once the first line is whole */
	const char *error;	  /* static; NULL unless SMTP_BAD */
	char text[SMTP_TEXT_MAX]; /* the beginning of the first line, code included, raw */
	size_t text_size;

	/* Private. */
	char start[4]; /* of the present line */
	size_t line_size, octets;
	bool first_done;
};

void smtp_reply_init(struct smtp_reply *reply);

/* Consumes input up to the end of the reply; what follows is left in it. */
enum smtp_progress smtp_reply_feed(struct smtp_reply *reply, struct reader *in);
