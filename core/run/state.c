/* SPDX-License-Identifier: MIT */
/*
 * The state file on disk. Reading is bounded and never fails for bad content; writing goes through
 * a new file, fsync, rename and fsync of the directory, so that a crash at any moment leaves either
 * the old state or the new one. Runs in main at start and in the helper thread later.
 */
#include "core/run/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE STATE_FILE ".new"
#define BAD_FILE STATE_FILE ".bad"

/* 0 with *ret malloc'd; -EFBIG when there is more than max. */
static int read_all(int fd, size_t max, char **ret, size_t *ret_size)
{
	struct stat found;
	size_t size = 0;

	if (fstat(fd, &found) < 0)
		return -errno;
	if (!S_ISREG(found.st_mode))
		return -EINVAL;
	if ((uint64_t)found.st_size > max)
		return -EFBIG;
	size_t room = (size_t)found.st_size;
	char *text = malloc(room + 1);
	if (!text)
		return -ENOMEM;
	while (size < room) {
		ssize_t got = read(fd, text + size, room - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int error = -errno;

			free(text);
			return error;
		}
		if (got == 0)
			break;
		size += (size_t)got;
	}
	*ret = text;
	*ret_size = size;
	return 0;
}

/* A second name for the damaged file: the first is replaced by the next write. */
static bool keep_bad(int dir)
{
	unlinkat(dir, BAD_FILE, 0);
	return !linkat(dir, STATE_FILE, dir, BAD_FILE, 0);
}

static int read_in(int dir, struct state_read *ret)
{
	char *text = NULL;
	size_t size = 0;
	int fd = openat(dir, STATE_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno != ENOENT)
		return -errno;
	int error = fd < 0 ? 0 : read_all(fd, STATE_OCTETS_MAX, &text, &size);
	if (fd >= 0)
		close(fd);
	if (error == -EFBIG)
		ret->moved = !renameat(dir, STATE_FILE, dir, BAD_FILE);
	if (error)
		return error;
	if (fd < 0)
		ret->save = calloc(1, sizeof *ret->save);
	else
		error = state_decode(text, size, &ret->save, &ret->bad_lines);
	free(text);
	if (!ret->save)
		return -ENOMEM;
	if (ret->bad_lines)
		ret->moved = keep_bad(dir);
	return error;
}

int state_read(const char *dir, struct state_read *ret)
{
	*ret = (struct state_read){0};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd < 0) {
		ret->save = calloc(1, sizeof *ret->save);
		return ret->save ? 0 : -ENOMEM;
	}
	int error = read_in(fd, ret);
	close(fd);
	return error;
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t put = write(fd, text, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		text += put;
		size -= (size_t)put;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int replace(int dir, const char *text, size_t size)
{
	int fd = openat(dir, NEW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	int error = write_all(fd, text, size);
	if (close(fd) < 0 && !error)
		error = -errno;
	if (!error && renameat(dir, NEW_FILE, dir, STATE_FILE) < 0)
		error = -errno;
	if (error) {
		unlinkat(dir, NEW_FILE, 0);
		return error;
	}
	return fsync(dir) < 0 ? -errno : 0;
}

int state_write(const char *dir, const struct msg_admin_save *save)
{
	char *text = NULL;
	size_t size = 0;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = state_encode(save, &text, &size);
	if (!error)
		error = replace(fd, text, size);
	free(text);
	close(fd);
	return error;
}
