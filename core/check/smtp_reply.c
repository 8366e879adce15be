/* SPDX-License-Identifier: MIT */
/*
 * See core/check/smtp_reply.h. Octet by octet: of each line only the code and what follows it
 * matter, of the first the text is kept for messages. Pure.
 */
#include "core/check/smtp_reply.h"

#include "core/base/buf.h"

static enum smtp_progress fail(struct smtp_reply *reply, const char *error)
{
	reply->error = error;
	return SMTP_BAD;
}

void smtp_reply_init(struct smtp_reply *reply)
{
	*reply = (struct smtp_reply){.code = 0};
}

/* The code that a line starts with, 0: none. */
static unsigned code_of(const char start[static 4])
{
	if (start[0] < '2' || start[0] > '5' || start[1] < '0' || start[1] > '9' ||
	    start[2] < '0' || start[2] > '9')
		return 0;
	return (unsigned)(start[0] - '0') * 100 + (unsigned)(start[1] - '0') * 10 +
	       (unsigned)(start[2] - '0');
}

static enum smtp_progress end_line(struct smtp_reply *reply)
{
	unsigned code = reply->line_size >= 3 ? code_of(reply->start) : 0;
	char mark = reply->line_size > 3 ? reply->start[3] : ' ';

	if (!code || (mark != ' ' && mark != '-'))
		return fail(reply, "no SMTP reply");
	if (reply->first_done && code != reply->code)
		return fail(reply, "a reply of lines that differ in their code");
	reply->code = code;
	reply->first_done = true;
	reply->line_size = 0;
	return mark == '-' ? SMTP_MORE : SMTP_DONE;
}

static void keep(struct smtp_reply *reply, char octet)
{
	if (reply->line_size < sizeof reply->start)
		reply->start[reply->line_size] = octet;
	if (!reply->first_done && reply->text_size < sizeof reply->text)
		reply->text[reply->text_size++] = octet;
	reply->line_size++;
}

enum smtp_progress smtp_reply_feed(struct smtp_reply *reply, struct reader *in)
{
	enum smtp_progress progress = SMTP_MORE;

	while (in->left && progress == SMTP_MORE) {
		char octet = (char)read_u8(in);

		if (++reply->octets > SMTP_REPLY_MAX)
			return fail(reply, "a reply larger than 16 KiB");
		if (octet == '\n')
			progress = end_line(reply);
		else if (octet != '\r')
			keep(reply, octet);
	}
	return progress;
}
