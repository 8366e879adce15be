/* SPDX-License-Identifier: MIT */
/*
 * MISC_CHECK: a program's exit status. The program is run by the main thread (exec never happens
 * here); this file asks for it and judges the answer. Thread: check.
 *
 * 0 is up, 1 is down. 2 to 255 is up with a weight of status - 2 when misc_dynamic is set, down
 * otherwise. Killed, timed out or not runnable is down; no memory or process slot to run it is no
 * verdict.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/clock.h"
#include "core/check/checker.h"
#include "core/cmd.h"

/* For the answer to arrive after the program was asked to end at its own timeout, and killed two
 * seconds later (core/run/exec.h). */
#define ANSWER_GRACE_US (5 * USEC_PER_SEC)

static void start(struct check *check)
{
	check_set_deadline(check,
			   check->started_us + check->conf->misc_timeout_us + ANSWER_GRACE_US);
	check_exec_start(check);
}

static void on_timeout(struct check *check)
{
	check_done(check, CHECK_TIMEOUT, "no answer about the program");
}

static void judge_exit(struct check *check, int status)
{
	check->code = status;
	if (status == 0) {
		check_done(check, CHECK_OK, "exit status 0");
		return;
	}
	if (status == 1 || !check->conf->misc_dynamic) {
		check_done_format(check, CHECK_SCRIPT_ERROR, "exit status %d", status);
		return;
	}
	check->weight = status - 2;
	check_done_format(check, CHECK_OK, "exit status %d, weight %d", status, status - 2);
}

static void judge_signal(struct check *check, int number)
{
	check->code = -number;
	check_done_format(check, CHECK_SCRIPT_ERROR, "killed by signal %d", number);
}

static enum check_result start_result(int error)
{
	switch (error) {
	case EAGAIN:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return CHECK_LOCAL_ERROR;
	default:
		return CHECK_SCRIPT_ERROR;
	}
}

void checker_misc_on_exec(struct check *check, const struct msg_exec_done *done)
{
	if (done->error)
		check_done_format(check, start_result(-done->error), "cannot run: %s",
				  strerrordesc_np(-done->error));
	else if (done->timed_out)
		check_done(check, CHECK_TIMEOUT, "not finished within misc_timeout");
	else if (WIFSIGNALED(done->wait_status))
		judge_signal(check, WTERMSIG(done->wait_status));
	else
		judge_exit(check, WEXITSTATUS(done->wait_status));
}

static const struct checker_ops ops = {
	.name = "MISC_CHECK",
	.start = start,
	.on_timeout = on_timeout,
};

const struct checker_ops *checker_misc_ops(void)
{
	return &ops;
}
