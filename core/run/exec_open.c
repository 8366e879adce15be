/* SPDX-License-Identifier: MIT */
/*
 * Finds vipd-exec and vipd-mail: beside the running program, as in a build tree, or where they are
 * installed. Runs in main, before anything is started.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/run/exec.h"
#include "core/run/exec_child.h"

static int open_program(const char *path)
{
	struct stat found;
	int low = open(path, O_PATH | O_CLOEXEC), fd;

	if (low < 0)
		return -errno;
	fd = fcntl(low, F_DUPFD_CLOEXEC, EXEC_FDS);
	close(low);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &found) < 0 || !S_ISREG(found.st_mode) || !(found.st_mode & S_IXUSR)) {
		close(fd);
		return -EACCES;
	}
	return fd;
}

/* The folder of the running program, with its slash; empty when it cannot be told, or leaves no
 * room for name. */
static void own_folder(char ret[PATH_MAX], const char *name)
{
	ssize_t length = readlink("/proc/self/exe", ret, PATH_MAX - strlen(name) - 1);

	ret[length > 0 ? length : 0] = '\0';
	char *slash = strrchr(ret, '/');
	if (slash)
		slash[1] = '\0';
}

int exec_open(const char *name, char ret_path[PATH_MAX])
{
	int fd = -ENOENT;

	own_folder(ret_path, name);
	if (*ret_path)
		fd = open_program(strcat(ret_path, name));
	if (fd != -ENOENT)
		return fd;
	snprintf(ret_path, PATH_MAX, "%s/%s", PKGLIBEXECDIR, name);
	return open_program(ret_path);
}
