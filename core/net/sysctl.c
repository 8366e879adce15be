/* SPDX-License-Identifier: MIT */
/*
 * Settings of interfaces as files. Main thread: they are the kernel's own memory, no disk is behind
 * them. A name of an interface may have dots, so the path is made of it as it is.
 */
#include "core/net/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_setting(uint16_t family, const char *interface, const char *name, int flags)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "/proc/sys/net/ipv%d/%s%s%s%s", family == AF_INET6 ? 6 : 4,
		 interface ? "conf/" : "", interface ? interface : "", interface ? "/" : "", name);
	int fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int sysctl_read(uint16_t family, const char *interface, const char *name, int *ret)
{
	char text[32];
	int fd = open_setting(family, interface, name, O_RDONLY);

	if (fd < 0)
		return fd;
	ssize_t size = read(fd, text, sizeof text - 1);
	int error = size < 0 ? -errno : 0;
	close(fd);
	if (error)
		return error;
	text[size] = '\0';
	*ret = (int)strtol(text, NULL, 10);
	return 0;
}

int sysctl_write(uint16_t family, const char *interface, const char *name, int value)
{
	char text[32];
	int size = snprintf(text, sizeof text, "%d\n", value);
	int fd = open_setting(family, interface, name, O_WRONLY);

	if (fd < 0)
		return fd;
	int error = write(fd, text, (size_t)size) < 0 ? -errno : 0;
	close(fd);
	return error;
}
