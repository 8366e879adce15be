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

#include "core/base/log.h"

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

/* The lock is what counts: a director must start on a full disk, too. */
static void write_pid(const struct pidfile *pidfile)
{
	char text[24];
	int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());

	if (ftruncate(pidfile->fd, 0) < 0 || pwrite(pidfile->fd, text, (size_t)length, 0) < 0)
		log_warn("main", "pid file %s stays empty: %s", pidfile->path,
			 strerrordesc_np(errno));
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
	if (error)
		goto fail;
	write_pid(pidfile);
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
