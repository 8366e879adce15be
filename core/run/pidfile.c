/* SPDX-License-Identifier: MIT */
/*
 * The pid file, locked by fcntl() as keepalived does, so that either daemon's tools agree on what
 * a stale file is. Runs in main.
 */
#include "core/run/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pidfile {
	int fd;
	char *path;
};

static int lock(int fd, pid_t *ret_other)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (!fcntl(fd, F_SETLK, &whole))
		return 0;
	int error = -errno;
	if (error != -EAGAIN && error != -EACCES)
		return error;
	whole.l_type = F_WRLCK;
	*ret_other = 0;
	if (!fcntl(fd, F_GETLK, &whole) && whole.l_type != F_UNLCK)
		*ret_other = whole.l_pid;
	return -EEXIST;
}

static int write_pid(int fd)
{
	char text[24];
	int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) < 0)
		return -errno;
	if (pwrite(fd, text, (size_t)length, 0) != length)
		return -EIO;
	return 0;
}

int pidfile_open(const char *path, struct pidfile **ret, pid_t *ret_other)
{
	struct pidfile *pidfile = calloc(1, sizeof *pidfile);
	int error = -ENOMEM;

	if (!pidfile)
		return -ENOMEM;
	pidfile->fd = -1;
	pidfile->path = strdup(path);
	if (!pidfile->path)
		goto fail;
	pidfile->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	error = pidfile->fd < 0 ? -errno : lock(pidfile->fd, ret_other);
	if (!error)
		error = write_pid(pidfile->fd);
	if (error)
		goto fail;
	*ret = pidfile;
	return 0;
fail:
	if (pidfile->fd >= 0)
		close(pidfile->fd);
	free(pidfile->path);
	free(pidfile);
	return error;
}

struct pidfile *pidfile_close(struct pidfile *pidfile)
{
	if (!pidfile)
		return NULL;
	unlink(pidfile->path);
	close(pidfile->fd);
	free(pidfile->path);
	free(pidfile);
	return NULL;
}
