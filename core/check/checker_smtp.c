/* SPDX-License-Identifier: MIT */
/*
 * SMTP_CHECK: the greeting must be 220, the answer to HELO 250; then QUIT, whose answer, or the end
 * of the connection in its place, is awaited and ends the check well, whatever it says. No STARTTLS
 * and no EHLO: keepalived has neither. Thread: check.
 *
 * Time: connecting and each of the three replies may take connect_timeout; octets that complete no
 * reply gain none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/check/checker.h"
#include "core/check/smtp_reply.h"
#include "core/check/text.h"

#define READ_SIZE   2048
#define COMMAND_MAX 300 /* HELO and the longest name that the configuration takes */

enum step { STEP_CONNECT, STEP_GREETING, STEP_HELO, STEP_QUIT };

static const struct {
	const char *awaited;
	unsigned code; /* 0: any */
} steps[] = {
	[STEP_GREETING] = {"the greeting", 220},
	[STEP_HELO] = {"the answer to HELO", 250},
	[STEP_QUIT] = {"the answer to QUIT", 0},
};

struct smtp_probe {
	enum step step;
	struct smtp_reply reply;
};

static void start(struct check *check)
{
	check->probe = calloc(1, sizeof(struct smtp_probe));
	if (check->probe)
		check_dial(check, DIAL_STREAM);
	else
		check_done(check, CHECK_LOCAL_ERROR, "no memory");
}

static void await(struct check *check, enum step step)
{
	struct smtp_probe *probe = check->probe;

	probe->step = step;
	smtp_reply_init(&probe->reply);
	check_set_deadline(check, clock_now_us() + check->conf->connect_timeout_us);
}

/* False: check_done() was called. */
static bool say(struct check *check, const char *command)
{
	if (send(check->fd, command, strlen(command), MSG_NOSIGNAL) >= 0)
		return true;
	check_done_format(check, dial_io_result(errno), "while sending: %s",
			  strerrordesc_np(errno));
	return false;
}

/* What comes after a good reply. False: check_done() was called. */
static bool next(struct check *check)
{
	const struct smtp_probe *probe = check->probe;
	char command[COMMAND_MAX];

	if (probe->step == STEP_GREETING) {
		snprintf(command, sizeof command, "HELO %s\r\n", check->conf->smtp.helo_name);
		await(check, STEP_HELO);
		return say(check, command);
	}
	if (probe->step == STEP_HELO) {
		await(check, STEP_QUIT);
		return say(check, "QUIT\r\n");
	}
	check_done(check, CHECK_OK, "greeted and answered HELO");
	return false;
}

/* Returns whether the next reply may be read. */
static bool judge(struct check *check, enum smtp_progress progress)
{
	const struct smtp_probe *probe = check->probe;
	const char *awaited = steps[probe->step].awaited;
	unsigned wanted = steps[probe->step].code;
	char quote[SMTP_TEXT_MAX + 1];

	if (progress == SMTP_DONE && wanted)
		check->code = (int32_t)probe->reply.code;
	text_clean(quote, sizeof quote, probe->reply.text, probe->reply.text_size);
	if (progress == SMTP_BAD)
		check_done_format(check, CHECK_PROTOCOL_ERROR, "%s is %s: \"%s\"", awaited,
				  probe->reply.error, quote);
	else if (wanted && probe->reply.code != wanted)
		check_done_format(check, CHECK_BAD_CONTENT, "%s is \"%s\", wanted %u", awaited,
				  quote, wanted);
	else
		return next(check);
	return false;
}

static void on_end(struct check *check)
{
	const struct smtp_probe *probe = check->probe;

	if (probe->step == STEP_QUIT)
		check_done(check, CHECK_OK, "greeted and answered HELO");
	else
		check_done_format(check, CHECK_PROTOCOL_ERROR, "closed before the end of %s",
				  steps[probe->step].awaited);
}

static void on_input(struct check *check)
{
	struct smtp_probe *probe = check->probe;
	uint8_t room[READ_SIZE];
	ssize_t n = recv(check->fd, room, sizeof room, 0);
	struct reader in = reader_of(room, n > 0 ? (size_t)n : 0);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		check_done_format(check, dial_io_result(errno), "while waiting for %s: %s",
				  steps[probe->step].awaited, strerrordesc_np(errno));
	else if (n == 0)
		on_end(check);
	while (in.left) {
		enum smtp_progress progress = smtp_reply_feed(&probe->reply, &in);

		if (progress == SMTP_MORE || !judge(check, progress))
			return;
	}
}

static void on_io(struct check *check, uint32_t events)
{
	const struct smtp_probe *probe = check->probe;

	(void)events;
	if (probe->step != STEP_CONNECT) {
		on_input(check);
		return;
	}
	if (!check_dialled(check))
		return;
	await(check, STEP_GREETING);
	check_watch(check, EPOLLIN);
}

static void on_timeout(struct check *check)
{
	const struct smtp_probe *probe = check->probe;

	if (probe->step == STEP_CONNECT)
		check_done(check, CHECK_TIMEOUT, "no connection in time");
	else
		check_done_format(check, CHECK_TIMEOUT, "%s has not come in time",
				  steps[probe->step].awaited);
}

static const struct checker_ops ops = {
	.name = "SMTP_CHECK",
	.start = start,
	.on_io = on_io,
	.on_timeout = on_timeout,
};

const struct checker_ops *checker_smtp_ops(void)
{
	return &ops;
}
