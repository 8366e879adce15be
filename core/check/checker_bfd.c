/* SPDX-License-Identifier: MIT */
/*
 * BFD_CHECK: follows a BFD session. The bfd thread runs it; what it says comes through
 * check_set_value() and is judged at once. Thread: check.
 */
#include "core/check/checker.h"

static void judge(struct check *check)
{
	const char *name = check->conf->object.name;

	if (check->value)
		check_done_format(check, CHECK_OK, "session %s is up", name);
	else
		check_done_format(check, CHECK_UNREACHABLE, "session %s is down", name);
}

/* Before the session was heard of the check waits; its timer comes with the news. */
static void start(struct check *check)
{
	if (check->has_value)
		judge(check);
}

static const struct checker_ops ops = {
	.name = "BFD_CHECK",
	.start = start,
	.on_timeout = judge,
};

const struct checker_ops *checker_bfd_ops(void)
{
	return &ops;
}
