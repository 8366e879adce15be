/* SPDX-License-Identifier: MIT */
/*
 * Starting programs and ending them in time. A job waits until its class has room, runs, is asked
 * to end, is killed; its group is killed once more when its leader has gone, so that nothing it
 * left behind survives a time-out. Runs in the main thread; never waits for a child, never forks
 * other than by posix_spawn.
 */
#include "core/run/exec.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/run/exec_child.h"

#define WAITING_MAX   4096
#define KILL_AFTER_US (2 * USEC_PER_SEC)
#define KILL_AGAIN_US (10 * USEC_PER_SEC)

static const unsigned running_max[EXEC_CLASSES] = {
	[EXEC_TRACK] = 64,  [EXEC_CHECK] = 256, [EXEC_NOTIFY] = 64,
	[EXEC_READER] = 16, [EXEC_MAIL] = 1,
};

struct exec_job {
	struct exec_job *next;
	struct exec *exec;
	enum exec_class class;
	char **argv;	    /* of vipd-exec, one block */
	int program, input; /* as in the command */
	uint64_t timeout_us;
	exec_done_fn *done;
	uint64_t token;
	void *owner;
	pid_t pid; /* 0: waiting */
	struct loop_child *child;
	struct loop_timer *timer;
	bool timed_out, killed;
};

struct exec {
	struct loop *loop;
	int child; /* vipd-exec, not ours */
	char **environment;
	rlim_t files;			     /* how many a program may have open */
	struct exec_job *jobs[EXEC_CLASSES]; /* oldest first */
	struct exec_job **tail[EXEC_CLASSES];
	unsigned running[EXEC_CLASSES], count[EXEC_CLASSES];
	struct loop_timer *starter;
};

static void start_waiting(uint64_t now_us, void *owner);

/* Scripts must not inherit what could change the programs they run. */
static bool is_unsafe(const char *variable)
{
	return !strncmp(variable, "LD_PRELOAD=", 11) ||
	       !strncmp(variable, "LD_LIBRARY_PATH=", 16) || !strncmp(variable, "IFS=", 4) ||
	       !strncmp(variable, "NOTIFY_SOCKET=", 14) || !strncmp(variable, "WATCHDOG_", 9);
}

static char **safe_environment(void)
{
	size_t count = 0, used = 0;

	while (environ && environ[count])
		count++;
	char **safe = calloc(count + 1, sizeof *safe);
	for (size_t i = 0; safe && i < count; i++)
		if (!is_unsafe(environ[i]))
			safe[used++] = environ[i];
	return safe;
}

int exec_new(struct loop *loop, int child, struct exec **ret)
{
	struct exec *exec = calloc(1, sizeof *exec);
	struct rlimit limit;
	int error;

	if (!exec)
		return -ENOMEM;
	exec->loop = loop;
	for (int class = 0; class < EXEC_CLASSES; class ++)
		exec->tail[class] = &exec->jobs[class];
	exec->child = child;
	exec->environment = safe_environment();
	if (!getrlimit(RLIMIT_NOFILE, &limit))
		exec->files = limit.rlim_cur;
	error = exec->environment ? 0 : -ENOMEM;
	if (!error)
		error = loop_timer_new(loop, start_waiting, exec, &exec->starter);
	if (error) {
		exec_free(exec);
		return error;
	}
	*ret = exec;
	return 0;
}

static void free_job(struct exec_job *job)
{
	loop_child_free(job->child);
	loop_timer_free(job->timer);
	free(job->argv);
	free(job);
}

/* Takes the job out of its list; the caller frees it. */
static void unlink_job(struct exec_job *job)
{
	struct exec *exec = job->exec;
	struct exec_job **at = &exec->jobs[job->class];

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	if (!job->next)
		exec->tail[job->class] = at;
	exec->count[job->class]--;
	if (job->pid)
		exec->running[job->class]--;
}

struct exec *exec_free(struct exec *exec)
{
	if (!exec)
		return NULL;
	for (int class = 0; class < EXEC_CLASSES; class ++) {
		while (exec->jobs[class]) {
			struct exec_job *job = exec->jobs[class];

			/* What is told of the stop must be able to end its work. */
			if (job->pid && class != EXEC_NOTIFY && class != EXEC_READER)
				kill(-job->pid, SIGKILL);
			unlink_job(job);
			free_job(job);
		}
	}
	loop_timer_free(exec->starter);
	free(exec->environment);
	free(exec);
	return NULL;
}

static size_t count_words(const char *const *words)
{
	size_t count = 0;

	while (words && words[count])
		count++;
	return count;
}

/* Pointers first, then the strings, in one block. NULL when memory is out. */
static char **build_argv(const struct exec *exec, const struct exec_command *command)
{
	char uid[24], gid[24], files[24];
	const char *groups = command->groups ? command->groups : "";
	const char *path = command->path ? command->path : EXEC_PROGRAM_FD_PATH;
	const char *head[] = {EXEC_CHILD_NAME, EXEC_CHILD_FORM, uid,  gid,
			      groups,	       files,		path, NULL};
	const char *const *parts[] = {head, command->argv, command->more};
	size_t count = 0, octets = 0, used = 0;

	snprintf(uid, sizeof uid, "%lu", (unsigned long)command->uid);
	snprintf(gid, sizeof gid, "%lu", (unsigned long)command->gid);
	snprintf(files, sizeof files, "%lu", (unsigned long)exec->files);
	for (int part = 0; part < 3; part++) {
		size_t words = count_words(parts[part]);

		count += words;
		for (size_t i = 0; i < words; i++)
			octets += strlen(parts[part][i]) + 1;
	}
	char **argv = malloc((count + 1) * sizeof *argv + octets);
	if (!argv)
		return NULL;
	char *text = (char *)(argv + count + 1);
	for (int part = 0; part < 3; part++) {
		for (size_t i = 0; i < count_words(parts[part]); i++) {
			argv[used++] = text;
			text = stpcpy(text, parts[part][i]) + 1;
		}
	}
	argv[used] = NULL;
	return argv;
}

/* What is given goes to its place before anything else may take the number it has here. */
static int add_files(posix_spawn_file_actions_t *files, const struct exec_job *job)
{
	int error = posix_spawn_file_actions_addchdir_np(files, "/");

	if (!error && job->input)
		error = posix_spawn_file_actions_adddup2(files, job->input, 0);
	else if (!error)
		error = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDWR, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(files, job->exec->child, EXEC_CHILD_FD);
	if (!error && job->program)
		error = posix_spawn_file_actions_adddup2(files, job->program, EXEC_PROGRAM_FD);
	if (!error)
		error = posix_spawn_file_actions_addopen(files, 1, "/dev/null", O_RDWR, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(files, 1, 2);
	if (!error)
		error = posix_spawn_file_actions_addclosefrom_np(
			files, job->program ? EXEC_PROGRAM_FD + 1 : EXEC_CHILD_FD + 1);
	return error;
}

static int spawn(struct exec_job *job)
{
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t files;
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	error = add_files(&files, job);
	if (!error)
		error = posix_spawn(&job->pid, EXEC_CHILD_FD_PATH, &files, &attributes, job->argv,
				    job->exec->environment);
	if (error)
		job->pid = 0;
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -error;
}

static void finish(struct exec_job *job, const struct exec_end *end)
{
	struct exec *exec = job->exec;

	unlink_job(job);
	if (exec->running[job->class] < exec->count[job->class])
		loop_timer_arm(exec->starter, clock_now_us());
	if (job->done)
		job->done(end, job->token, job->owner);
	free_job(job);
}

static void on_child(pid_t pid, int wait_status, void *owner)
{
	struct exec_job *job = owner;
	struct exec_end end = {.timed_out = job->timed_out, .wait_status = wait_status};

	/* It may have died of our SIGTERM while its own children ignore it. The number cannot have
	 * been taken by another group: a group exists as long as it has a member. */
	if (job->timed_out)
		kill(-pid, SIGKILL);
	finish(job, &end);
}

static void on_timeout(uint64_t now_us, void *owner)
{
	struct exec_job *job = owner;

	if (!job->timed_out) {
		job->timed_out = true;
		kill(-job->pid, SIGTERM);
		loop_timer_arm(job->timer, now_us + KILL_AFTER_US);
		return;
	}
	if (job->killed)
		log_warn("main", "process %ld does not die of SIGKILL", (long)job->pid);
	job->killed = true;
	kill(-job->pid, SIGKILL);
	loop_timer_arm(job->timer, now_us + KILL_AGAIN_US);
}

static void start_job(struct exec_job *job)
{
	struct exec *exec = job->exec;
	int error = spawn(job);

	if (!error) {
		exec->running[job->class]++;
		error = loop_child_new(exec->loop, job->pid, on_child, job, &job->child);
		if (error)
			kill(-job->pid, SIGKILL);
	}
	if (error) {
		struct exec_end end = {.error = error};

		finish(job, &end);
		return;
	}
	if (job->timeout_us)
		loop_timer_arm(job->timer, clock_now_us() + job->timeout_us);
}

static struct exec_job *first_waiting(const struct exec *exec, enum exec_class class)
{
	struct exec_job *job = exec->jobs[class];

	while (job && job->pid)
		job = job->next;
	return job;
}

static void start_waiting(uint64_t now_us, void *owner)
{
	struct exec *exec = owner;

	(void)now_us;
	for (int class = 0; class < EXEC_CLASSES; class ++) {
		while (exec->running[class] < running_max[class]) {
			struct exec_job *job = first_waiting(exec, class);

			if (!job)
				break;
			start_job(job);
		}
	}
}

int exec_start(struct exec *exec, enum exec_class class, const struct exec_command *command,
	       uint64_t timeout_us, exec_done_fn *done, uint64_t token, void *owner)
{
	if (exec->count[class] - exec->running[class] >= WAITING_MAX)
		return -EAGAIN;
	struct exec_job *job = calloc(1, sizeof *job);
	if (!job)
		return -ENOMEM;
	job->exec = exec;
	job->class = class;
	job->timeout_us = timeout_us;
	job->done = done;
	job->token = token;
	job->owner = owner;
	job->program = command->program;
	job->input = command->input;
	job->argv = build_argv(exec, command);
	int error = job->argv ? loop_timer_new(exec->loop, on_timeout, job, &job->timer) : -ENOMEM;
	if (error) {
		free_job(job);
		return error;
	}
	*exec->tail[class] = job;
	exec->tail[class] = &job->next;
	exec->count[class]++;
	loop_timer_arm(exec->starter, clock_now_us());
	return 0;
}

void exec_cancel(struct exec *exec, enum exec_class class, uint64_t token, void *owner)
{
	struct exec_job *job = exec->jobs[class];

	while (job && (job->token != token || job->owner != owner))
		job = job->next;
	if (!job)
		return;
	job->done = NULL;
	if (job->pid) { /* stays in the list until it is reaped */
		kill(-job->pid, SIGTERM);
		job->timed_out = class != EXEC_READER;
		job->owner = NULL;
		if (job->timed_out)
			loop_timer_arm(job->timer, clock_now_us() + KILL_AFTER_US);
		return;
	}
	unlink_job(job);
	free_job(job);
}

unsigned exec_count(const struct exec *exec, enum exec_class class)
{
	return exec->count[class];
}
