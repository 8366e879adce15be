/* SPDX-License-Identifier: MIT */
/*
 * Reads processes from /proc: the name and whether it still runs from stat, in one read that agrees
 * with itself; the command line only for those who ask. Thread: main.
 */
#include "core/track/process_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/track/shortage.h"

static int read_file(pid_t pid, const char *name, char *octets, size_t room)
{
	char path[64];
	ssize_t size;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size = read(fd, octets, room);
	if (size < 0)
		size = -errno;
	close(fd);
	return (int)size;
}

bool process_read_stat(const char *text, struct process_seen *ret)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	size_t length = open && close > open ? (size_t)(close - open) - 1 : 0;

	if (!open || !close || close < open || close[1] != ' ' || !close[2] ||
	    length >= sizeof ret->name)
		return false;
	memcpy(ret->name, open + 1, length);
	ret->name[length] = '\0';
	ret->over = close[2] == 'Z' || close[2] == 'X';
	return true;
}

int process_read(pid_t pid, bool command, struct process_seen *ret)
{
	char text[512];
	int size = read_file(pid, "stat", text, sizeof text - 1);

	ret->command_size = 0;
	if (size < 0)
		return size;
	text[size] = '\0';
	if (!process_read_stat(text, ret))
		return -EINVAL;
	if (!command)
		return 0;
	size = read_file(pid, "cmdline", ret->command, sizeof ret->command);
	if (size < 0)
		return size;
	ret->command_size = (size_t)size;
	return 0;
}

int process_scan(bool command, process_fn *fn, void *owner)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	int error = 0;

	if (!folder)
		return -errno;
	while (!is_shortage(error) && (entry = readdir(folder))) {
		struct process_seen seen;
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid <= 0 || *end)
			continue;
		error = process_read((pid_t)pid, command, &seen);
		if (!error)
			fn((pid_t)pid, &seen, owner);
	}
	closedir(folder);
	return is_shortage(error) ? error : 0;
}
