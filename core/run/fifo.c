/* SPDX-License-Identifier: MIT */
/*
 * A FIFO by its path: made or found, checked, given to its user, written without waiting. Runs in
 * main. What has the name is looked at before it is opened, because opening a device may do
 * something; what is opened must be the same.
 */
#include "core/run/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fifo {
	int fd;
	char *path;
	bool made;
	dev_t device;
	ino_t inode;
};

static int judge(const struct stat *found, const struct fifo_wish *wish)
{
	if (!S_ISFIFO(found->st_mode))
		return -EEXIST;
	return found->st_uid == geteuid() || found->st_uid == wish->uid ? 0 : -EPERM;
}

static int make(struct fifo *fifo, const struct fifo_wish *wish)
{
	struct stat found;

	fifo->made = mkfifo(wish->path, wish->mode) == 0;
	if ((!fifo->made && errno != EEXIST) || lstat(wish->path, &found) < 0)
		return -errno;
	fifo->device = found.st_dev;
	fifo->inode = found.st_ino;
	return judge(&found, wish);
}

static bool is_same(const struct fifo *fifo, const struct stat *found)
{
	return found->st_dev == fifo->device && found->st_ino == fifo->inode;
}

static int open_made(struct fifo *fifo, const struct fifo_wish *wish)
{
	struct stat found;

	fifo->fd = open(wish->path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fifo->fd < 0 || fstat(fifo->fd, &found) < 0)
		return -errno;
	if (!is_same(fifo, &found))
		return -EEXIST;
	if (!fifo->made)
		return 0;
	if (found.st_uid == wish->uid && found.st_gid == wish->gid)
		return 0;
	return fchown(fifo->fd, wish->uid, wish->gid) < 0 ? -errno : 0;
}

int fifo_open(const struct fifo_wish *wish, struct fifo **ret)
{
	struct fifo *fifo = calloc(1, sizeof *fifo);

	if (!fifo)
		return -ENOMEM;
	fifo->fd = -1;
	fifo->path = strdup(wish->path);
	int error = fifo->path ? make(fifo, wish) : -ENOMEM;
	if (!error)
		error = open_made(fifo, wish);
	if (error) {
		fifo_close(fifo);
		return error;
	}
	*ret = fifo;
	return 0;
}

/* Not if the name has become somebody else's meanwhile. */
static void remove_name(const struct fifo *fifo)
{
	struct stat found;

	if (lstat(fifo->path, &found) == 0 && is_same(fifo, &found))
		unlink(fifo->path);
}

struct fifo *fifo_close(struct fifo *fifo)
{
	if (!fifo)
		return NULL;
	if (fifo->made)
		remove_name(fifo);
	if (fifo->fd >= 0)
		close(fifo->fd);
	free(fifo->path);
	free(fifo);
	return NULL;
}

int fifo_write(struct fifo *fifo, const void *record, size_t size)
{
	/* Up to PIPE_BUF octets are written as a whole or not at all: pipe(7). */
	if (size > PIPE_BUF)
		return -EMSGSIZE;
	return write(fifo->fd, record, size) < 0 ? -errno : 0;
}
