/* SPDX-License-Identifier: MIT */
/*
 * The program vipd-exec: gives up limits, groups and account, then becomes the program it was asked
 * for. It runs in the new process, which shares nothing with the daemon, and may wait for the
 * program's file. It must never go on with the daemon's account when that could not be given up.
 *
 * It runs once for every check and notification: nothing but the C library, no look-up of names.
 */
#include "core/run/exec_child.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#define CANNOT_RUN 126
#define NOT_FOUND  127

enum arg {
	ARG_SELF,
	ARG_FORM,
	ARG_UID,
	ARG_GID,
	ARG_GROUPS,
	ARG_FILES,
	ARG_PATH,
	ARG_ARGV0,
	ARG_COUNT
};

static int parse_number(const char *text, char until, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return errno || end == text || (*end && *end != until) ? -EINVAL : 0;
}

static int set_groups(const char *text)
{
	size_t count = 0;
	gid_t *groups = calloc(strlen(text) / 2 + 1, sizeof *groups);
	unsigned long number;
	int error = groups ? 0 : -ENOMEM;

	while (*text && !error) {
		error = parse_number(text, ',', &number);
		if (!error)
			groups[count++] = (gid_t)number;
		text += strcspn(text, ",");
		text += *text == ',';
	}
	if (!error && setgroups(count, groups) < 0)
		error = -errno;
	free(groups);
	return error;
}

static int give_up_account(uid_t uid, gid_t gid, const char *groups)
{
	if (geteuid() == uid && getegid() == gid && uid != 0)
		return 0;
	int error = geteuid() == 0 ? set_groups(groups) : 0;
	if (error)
		return error;
	if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return 0;
}

static int give_up_files(rlim_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

/* A script without an interpreter line is given to the shell, as execvp(3) does. */
static void run_by_shell(const char *path, char **argv, int argc)
{
	char **shell = calloc((size_t)argc + 2, sizeof *shell);

	if (!shell)
		return;
	shell[0] = "/bin/sh";
	shell[1] = (char *)path;
	for (int i = 1; i < argc; i++)
		shell[i + 1] = argv[i];
	execv(shell[0], shell);
	free(shell);
}

int main(int argc, char **argv)
{
	unsigned long uid, gid, files;

	close(EXEC_CHILD_FD);
	if (argc < ARG_COUNT || strcmp(argv[ARG_FORM], EXEC_CHILD_FORM) != 0 ||
	    parse_number(argv[ARG_UID], '\0', &uid) || parse_number(argv[ARG_GID], '\0', &gid) ||
	    parse_number(argv[ARG_FILES], '\0', &files) || give_up_files(files) < 0)
		return CANNOT_RUN;
	if (give_up_account((uid_t)uid, (gid_t)gid, argv[ARG_GROUPS]) < 0)
		return CANNOT_RUN;
	execv(argv[ARG_PATH], argv + ARG_ARGV0);
	if (errno == ENOEXEC)
		run_by_shell(argv[ARG_PATH], argv + ARG_ARGV0, argc - ARG_ARGV0);
	return errno == ENOENT ? NOT_FOUND : CANNOT_RUN;
}
