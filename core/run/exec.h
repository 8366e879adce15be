/* SPDX-License-Identifier: MIT */
/*
 * Programs run for the configuration: track scripts, MISC_CHECK, notify scripts, readers of FIFOs;
 * and vipd-mail. Each has its own process group, no descriptors but /dev/null and what it is given
 * as input, and the account it is meant for. posix_spawn only.
 *
 * Thread: main. Errors: negative errno.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct exec;
struct exec_job;
struct loop;

/* Each class has a budget of its own, so that hanging scripts of one kind do not stop the others.
 * A reader ends what it is at in its own time: it is only ever asked to, by SIGTERM. */
enum exec_class { EXEC_TRACK, EXEC_CHECK, EXEC_NOTIFY, EXEC_READER, EXEC_MAIL, EXEC_CLASSES };

struct exec_command {
	const char *path;	 /* what is executed, absolute; NULL: program */
	int program;		 /* from exec_open() */
	int input;		 /* its standard input; 0: /dev/null */
	const char *const *argv; /* NULL-terminated */
	const char *const *more; /* further arguments, NULL-terminated; NULL: none */
	uid_t uid;
	gid_t gid;
	const char *groups; /* the other groups it shall have: numbers with commas; NULL: none */
};

/* error: negative errno when it never ran. wait_status as of waitpid(2). The job is gone after the
 * call. */
struct exec_end {
	int error;
	bool timed_out;
	int wait_status;
};

typedef void exec_done_fn(const struct exec_end *end, uint64_t token, void *owner);

/* Opens a program of ours. Held for the whole life of the daemon, so that an upgrade in place never
 * mixes two versions. A descriptor, closed on exec; ret_path: its name, or of what is missing. */
int exec_open(const char *name, char ret_path[PATH_MAX]);

/* child: vipd-exec (exec_child.h), from exec_open(), the caller's, valid as long as exec. Programs
 * get the limit of open files that is in force now. */
int exec_new(struct loop *loop, int child, struct exec **ret);
/* Kills the process groups of checks, track scripts and vipd-mail, leaves notify scripts and
 * readers to themselves, waits for nothing; done is not called. */
struct exec *exec_free(struct exec *exec);

/*
 * Runs command, now or as soon as its class has room. After timeout_us (0: never) its group gets
 * SIGTERM, two seconds later SIGKILL. done (may be NULL) is called once from the loop, never from
 * inside exec_start(). -EAGAIN: too many are waiting already. Descriptors of the command stay the
 * caller's, and open until done is called or the job cancelled.
 */
int exec_start(struct exec *exec, enum exec_class class, const struct exec_command *command,
	       uint64_t timeout_us, exec_done_fn *done, uint64_t token, void *owner);

/* Ends the job of that class, token and owner, as if its time were over: done is not called. */
void exec_cancel(struct exec *exec, enum exec_class class, uint64_t token, void *owner);

/* Jobs of a class, running and waiting. */
unsigned exec_count(const struct exec *exec, enum exec_class class);
