/* SPDX-License-Identifier: MIT */
/*
 * The child's half of exec: gives up limits, groups and account, then becomes the program. It runs
 * in the new process, which shares nothing with the daemon. It must never go on with the daemon's
 * account when that could not be given up.
 */
#include "core/run/exec_child.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#define CANNOT_RUN 126
#define NOT_FOUND  127

static int parse_number(const char *text, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return errno || end == text || *end ? -EINVAL : 0;
}

/* Those of the account in the group database, or none. */
static int set_groups(uid_t uid, gid_t gid, bool wanted)
{
	const struct passwd *account = wanted ? getpwuid(uid) : NULL;

	if (geteuid() != 0)
		return 0;
	if (account)
		return initgroups(account->pw_name, gid) < 0 ? -errno : 0;
	return setgroups(0, NULL) < 0 ? -errno : 0;
}

static int give_up_account(uid_t uid, gid_t gid, bool groups)
{
	int error;

	if (geteuid() == uid && getegid() == gid && uid != 0)
		return 0;
	error = set_groups(uid, gid, groups);
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

int exec_child_main(int argc, char **argv)
{
	unsigned long uid, gid, files;

	if (argc < 8 || parse_number(argv[2], &uid) || parse_number(argv[3], &gid) ||
	    parse_number(argv[5], &files) || give_up_files(files) < 0)
		return CANNOT_RUN;
	if (give_up_account((uid_t)uid, (gid_t)gid, !strcmp(argv[4], EXEC_CHILD_GROUPS)) < 0)
		return CANNOT_RUN;
	execv(argv[6], argv + 7);
	if (errno == ENOEXEC)
		run_by_shell(argv[6], argv + 7, argc - 7);
	return errno == ENOENT ? NOT_FOUND : CANNOT_RUN;
}
