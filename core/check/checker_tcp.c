/* SPDX-License-Identifier: MIT */
/* TCP_CHECK: a connection can be opened in time. It is closed at once, nothing is sent. Thread:
 * check. */
#include "core/check/checker.h"

static void start(struct check *check)
{
	check_dial(check, DIAL_STREAM);
}

static void on_io(struct check *check, uint32_t events)
{
	(void)events;
	if (check_dialled(check))
		check_done(check, CHECK_OK, "connected");
}

static void on_timeout(struct check *check)
{
	check_done(check, CHECK_TIMEOUT, "no connection in time");
}

static const struct checker_ops ops = {
	.name = "TCP_CHECK",
	.start = start,
	.on_io = on_io,
	.on_timeout = on_timeout,
};

const struct checker_ops *checker_tcp_ops(void)
{
	return &ops;
}
