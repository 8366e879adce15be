/* SPDX-License-Identifier: MIT */
/*
 * Running programs: status, time-out, groups, descriptors, environment, budget.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/run/exec.h"
#include "core/run/exec_child.h"

#define LIMIT_US (20 * USEC_PER_SEC)

struct bench {
	struct loop *loop;
	int child;
	struct exec *exec;
	struct exec_end end;
	unsigned ended;
};

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	*state = bench;
	if (!bench || loop_new(NULL, &bench->loop))
		return -1;
	bench->child = open(EXEC_CHILD, O_PATH | O_CLOEXEC);
	return bench->child < 0 ? -1 : exec_new(bench->loop, bench->child, &bench->exec);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	exec_free(bench->exec);
	close(bench->child);
	loop_free(bench->loop);
	free(bench);
	return 0;
}

static void on_end(const struct exec_end *end, uint64_t token, void *owner)
{
	struct bench *bench = owner;

	(void)token;
	bench->end = *end;
	bench->ended++;
}

static int start(struct bench *bench, const char *script, const char *const *more,
		 uint64_t timeout_us)
{
	const char *const argv[] = {"sh", "-c", script, "sh", NULL};
	struct exec_command command = {
		.path = "/bin/sh", .argv = argv, .more = more, .uid = geteuid(), .gid = getegid()};

	return exec_start(bench->exec, EXEC_CHECK, &command, timeout_us, on_end, 1, bench);
}

static void wait_for(struct bench *bench, unsigned count)
{
	uint64_t limit_us = clock_now_us() + LIMIT_US;

	while (bench->ended < count && clock_now_us() < limit_us)
		loop_turn(bench->loop, USEC_PER_SEC);
	assert_int_equal(bench->ended, count);
}

static void run(struct bench *bench, const char *script, const char *const *more,
		uint64_t timeout_us)
{
	assert_int_equal(start(bench, script, more, timeout_us), 0);
	wait_for(bench, 1);
	assert_int_equal(bench->end.error, 0);
	assert_int_equal(exec_count(bench->exec, EXEC_CHECK), 0);
}

static void test_status(void **state)
{
	struct bench *bench = *state;

	run(bench, "exit 3", NULL, 0);
	assert_true(WIFEXITED(bench->end.wait_status));
	assert_int_equal(WEXITSTATUS(bench->end.wait_status), 3);
	assert_false(bench->end.timed_out);
}

static void test_signal(void **state)
{
	struct bench *bench = *state;

	run(bench, "kill -USR1 $$", NULL, 0);
	assert_true(WIFSIGNALED(bench->end.wait_status));
	assert_int_equal(WTERMSIG(bench->end.wait_status), SIGUSR1);
}

static void test_arguments(void **state)
{
	struct bench *bench = *state;
	const char *const more[] = {"INSTANCE", "VI 1", "MASTER", "100", NULL};

	run(bench, "test \"$1|$2|$3|$4|$#\" = 'INSTANCE|VI 1|MASTER|100|4'", more, 0);
	assert_int_equal(bench->end.wait_status, 0);
}

static void test_not_there(void **state)
{
	struct bench *bench = *state;
	const char *const argv[] = {"none", NULL};
	struct exec_command command = {
		.path = "/nonexistent/none", .argv = argv, .uid = geteuid(), .gid = getegid()};

	assert_int_equal(exec_start(bench->exec, EXEC_CHECK, &command, 0, on_end, 1, bench), 0);
	wait_for(bench, 1);
	assert_int_equal(WEXITSTATUS(bench->end.wait_status), 127);
}

static void test_environment(void **state)
{
	struct bench *bench = *state;

	run(bench,
	    "test -z \"$LD_PRELOAD$LD_LIBRARY_PATH$NOTIFY_SOCKET\" && test \"$VIPD_KEPT\" = yes",
	    NULL, 0);
	assert_int_equal(bench->end.wait_status, 0);
}

/* Nothing of ours but /dev/null; a group of its own; no signal blocked. */
static void test_isolation(void **state)
{
	struct bench *bench = *state;

	run(bench,
	    "fd=3; while test $fd -lt 64; do test -e /proc/$$/fd/$fd && exit 9; fd=$((fd+1)); done;"
	    "for fd in 0 1 2; do test $(readlink /proc/$$/fd/$fd) = /dev/null || exit 6; done;"
	    "test $(cut -d' ' -f5 /proc/$$/stat) = $$ || exit 8;"
	    "while read key value; do case $key$value in SigBlk:0000000000000000) ;;"
	    "SigBlk:*) exit 7;; esac; done < /proc/$$/status",
	    NULL, 0);
	assert_int_equal(WEXITSTATUS(bench->end.wait_status), 0);
}

/* Gigabytes go to /dev/null, not to our memory. */
static void test_flood(void **state)
{
	struct bench *bench = *state;

	run(bench, "head -c 2000000000 /dev/zero; head -c 100000000 /dev/zero >&2", NULL, 0);
	assert_int_equal(bench->end.wait_status, 0);
}

static void test_timeout(void **state)
{
	struct bench *bench = *state;
	uint64_t start_us = clock_now_us();

	run(bench, "sleep 30", NULL, 200 * USEC_PER_MSEC);
	assert_true(bench->end.timed_out);
	assert_true(WIFSIGNALED(bench->end.wait_status));
	assert_int_equal(WTERMSIG(bench->end.wait_status), SIGTERM);
	assert_in_range(clock_now_us() - start_us, 200 * USEC_PER_MSEC, 2 * USEC_PER_SEC);
}

static bool is_alive(const char *path)
{
	FILE *file = fopen(path, "r");
	long pid = 0;
	char state = '?', stat[64];

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld", &pid), 1);
	fclose(file);
	snprintf(stat, sizeof stat, "/proc/%ld/stat", pid);
	file = fopen(stat, "r");
	if (!file)
		return false;
	if (fscanf(file, "%*d %*s %c", &state) != 1)
		state = '?';
	fclose(file);
	return state != 'Z' && state != 'X';
}

/* Ignores SIGTERM and has a child that does too: both are gone two seconds later. */
static void test_stubborn(void **state)
{
	struct bench *bench = *state;
	char path[] = "/tmp/vipd-exec-XXXXXX", script[256];
	int fd = mkstemp(path);
	uint64_t start_us = clock_now_us();

	assert_true(fd >= 0);
	snprintf(script, sizeof script, "trap '' TERM; sleep 30 & echo $! > %s; wait; wait", path);
	run(bench, script, NULL, 200 * USEC_PER_MSEC);
	assert_int_equal(WTERMSIG(bench->end.wait_status), SIGKILL);
	assert_in_range(clock_now_us() - start_us, 2200 * USEC_PER_MSEC, 5 * USEC_PER_SEC);
	usleep(50000);
	assert_false(is_alive(path));
	close(fd);
	unlink(path);
}

static void test_account(void **state)
{
	struct bench *bench = *state;
	const char *const argv[] = {"sh", "-c",
				    "test $(id -u) = 65534 && test $(id -g) = 65533 && "
				    "test \"$(id -G)\" = 65533",
				    NULL};
	struct exec_command command = {.path = "/bin/sh", .argv = argv, .uid = 65534, .gid = 65533};

	assert_int_equal(exec_start(bench->exec, EXEC_CHECK, &command, 0, on_end, 1, bench), 0);
	wait_for(bench, 1);
	/* Without the right to change account it must not run at all. */
	assert_int_equal(WEXITSTATUS(bench->end.wait_status), geteuid() ? 126 : 0);
}

/* All groups that are named, and no other; what is not a number is not run. */
static void test_groups(void **state)
{
	struct bench *bench = *state;
	const char *const argv[] = {"sh", "-c", "test \"$(id -G)\" = '65533 77 4242'", NULL};
	struct exec_command command = {.path = "/bin/sh",
				       .argv = argv,
				       .uid = 65534,
				       .gid = 65533,
				       .groups = "65533,4242,77"};

	if (geteuid() != 0)
		skip();
	assert_int_equal(exec_start(bench->exec, EXEC_CHECK, &command, 0, on_end, 1, bench), 0);
	wait_for(bench, 1);
	assert_int_equal(bench->end.wait_status, 0);
	command.groups = "65533,staff";
	assert_int_equal(exec_start(bench->exec, EXEC_CHECK, &command, 0, on_end, 1, bench), 0);
	wait_for(bench, 2);
	assert_int_equal(WEXITSTATUS(bench->end.wait_status), 126);
}

/* vipd-exec by itself; its exit status. */
static int status_of(const char *const *argv)
{
	pid_t pid;
	int status;

	assert_int_equal(posix_spawn(&pid, EXEC_CHILD, NULL, NULL, (char *const *)argv, environ),
			 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

/* Arguments of another version may mean another account: they are not believed. */
static void test_form(void **state)
{
	const char *argv[] = {EXEC_CHILD_NAME, EXEC_CHILD_FORM, "65534", "65534", "", "64",
			      "/bin/true",     "true",		NULL};

	(void)state;
	assert_int_equal(status_of(argv), geteuid() ? 126 : 0);
	argv[1] = "form 0";
	assert_int_equal(status_of(argv), 126);
	argv[1] = NULL;
	assert_int_equal(status_of(argv), 126);
}

/* What was opened at the start is what runs, whatever is installed in its place. */
static void test_upgrade(void **state)
{
	struct bench *bench = *state;
	char folder[] = "/tmp/vipd-exec-XXXXXX", name[64], new[64];

	assert_non_null(mkdtemp(folder));
	snprintf(name, sizeof name, "%s/name", folder);
	snprintf(new, sizeof new, "%s/new", folder);
	assert_int_equal(symlink(EXEC_CHILD, name), 0);
	assert_int_equal(symlink("/bin/false", new), 0);
	bench->exec = exec_free(bench->exec);
	close(bench->child);
	bench->child = open(name, O_PATH | O_CLOEXEC);
	assert_int_equal(exec_new(bench->loop, bench->child, &bench->exec), 0);
	assert_int_equal(rename(new, name), 0);
	run(bench, "exit 0", NULL, 0);
	assert_int_equal(bench->end.wait_status, 0);
	unlink(name);
	rmdir(folder);
}

/* An opened program, and what it reads; nothing else is open. */
static void test_given(void **state)
{
	struct bench *bench = *state;
	const char *const argv[] = {"sh", "-s", NULL};
	static const char script[] = "test -e /proc/$$/fd/4 && test ! -e /proc/$$/fd/3 && "
				     "test ! -e /proc/$$/fd/5\n";
	int pipe_ends[2], low = open("/bin/sh", O_PATH | O_CLOEXEC);

	assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
	assert_int_equal(write(pipe_ends[1], script, sizeof script - 1), sizeof script - 1);
	close(pipe_ends[1]);
	struct exec_command command = {.program = fcntl(low, F_DUPFD_CLOEXEC, EXEC_FDS),
				       .input = pipe_ends[0],
				       .argv = argv,
				       .uid = geteuid(),
				       .gid = getegid()};
	close(low);
	assert_int_equal(exec_start(bench->exec, EXEC_MAIL, &command, 0, on_end, 1, bench), 0);
	wait_for(bench, 1);
	assert_int_equal(bench->end.wait_status, 0);
	close(pipe_ends[0]);
	close(command.program);
}

/* Of the limits the daemon raises for itself programs hear nothing. */
static void test_files(void **state)
{
	struct bench *bench = *state;
	struct rlimit before, low;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = (struct rlimit){77, before.rlim_max};
	bench->exec = exec_free(bench->exec);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(exec_new(bench->loop, bench->child, &bench->exec), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	run(bench, "test $(ulimit -Sn) = 77 && test $(ulimit -Hn) != 77", NULL, 0);
	assert_int_equal(bench->end.wait_status, 0);
}

static void test_budget(void **state)
{
	struct bench *bench = *state;
	unsigned started = 0;

	while (!start(bench, ":", NULL, 0))
		started++;
	assert_int_equal(started, 4096);
	assert_int_equal(start(bench, ":", NULL, 0), -EAGAIN);
	assert_int_equal(exec_count(bench->exec, EXEC_CHECK), 4096);
	assert_int_equal(exec_count(bench->exec, EXEC_NOTIFY), 0);
}

static void test_cancel(void **state)
{
	struct bench *bench = *state;
	uint64_t limit_us = clock_now_us() + LIMIT_US;

	assert_int_equal(start(bench, "sleep 30", NULL, 0), 0);
	loop_turn(bench->loop, USEC_PER_SEC); /* it runs now */
	exec_cancel(bench->exec, EXEC_CHECK, 1, bench);
	while (exec_count(bench->exec, EXEC_CHECK) && clock_now_us() < limit_us)
		loop_turn(bench->loop, USEC_PER_SEC);
	assert_int_equal(exec_count(bench->exec, EXEC_CHECK), 0);
	assert_int_equal(bench->ended, 0);
}

int main(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	setenv("VIPD_KEPT", "yes", 1);
	setenv("LD_LIBRARY_PATH", "/nonexistent", 1);
	setenv("NOTIFY_SOCKET", "/nonexistent", 1);
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_status),    CASE(test_signal),      CASE(test_arguments),
		CASE(test_not_there), CASE(test_environment), CASE(test_isolation),
		CASE(test_flood),     CASE(test_timeout),     CASE(test_stubborn),
		CASE(test_account),   CASE(test_files),	      CASE(test_budget),
		CASE(test_cancel),    CASE(test_groups),      CASE(test_form),
		CASE(test_upgrade),   CASE(test_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
