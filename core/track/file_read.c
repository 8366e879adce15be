/* SPDX-License-Identifier: MIT */
/*
 * Disk access for tracked files. Who writes the file is not trusted: a FIFO, a device or a link to
 * one is not waited for, and of a large file only the beginning is read. Network file systems, FUSE
 * and what the kernel makes up do not tell of changes, or hang, and are refused; a read-only one
 * never changes. Thread: main.
 */
#include "core/track/file_read.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

static const struct {
	uint32_t magic;
	const char *why;
} refused[] = {
	{NFS_SUPER_MAGIC, "it is on NFS"},	   {FUSE_SUPER_MAGIC, "it is on FUSE"},
	{CIFS_SUPER_MAGIC, "it is on CIFS"},	   {SMB2_SUPER_MAGIC, "it is on SMB"},
	{PROC_SUPER_MAGIC, "it is in proc"},	   {SYSFS_MAGIC, "it is in sysfs"},
	{CGROUP_SUPER_MAGIC, "it is in a cgroup"}, {CGROUP2_SUPER_MAGIC, "it is in a cgroup"},
};

static const char *refusal(const struct statfs *system)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if ((uint32_t)system->f_type == refused[i].magic)
			return refused[i].why;
	return system->f_flags & ST_RDONLY ? "its file system is read-only" : NULL;
}

const char *file_refusal(const char *directory)
{
	struct statfs system;

	return statfs(directory, &system) < 0 ? NULL : refusal(&system);
}

/* A link may lead anywhere, so the open file itself is asked. */
static int check_open_file(int fd)
{
	struct statfs system;
	struct stat status;

	if (fstat(fd, &status) < 0 || fstatfs(fd, &system) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	return refusal(&system) ? -EREMOTE : 0;
}

int file_read(const char *path, char *octets, size_t room)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	ssize_t size;
	int error;

	if (fd < 0)
		return -errno;
	error = check_open_file(fd);
	size = error ? error : read(fd, octets, room);
	if (!error && size < 0)
		size = -errno;
	close(fd);
	return (int)size;
}

int file_init(const char *path, int32_t value, bool overwrite)
{
	int mode = overwrite ? O_TRUNC : O_EXCL;
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | mode, 0644);
	int error = 0;

	if (fd < 0)
		return errno == EEXIST && !overwrite ? 0 : -errno;
	if (dprintf(fd, "%d\n", value) < 0)
		error = -errno;
	if (close(fd) < 0 && !error)
		error = -errno;
	return error;
}
