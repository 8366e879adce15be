/* SPDX-License-Identifier: MIT */
/*
 * Makes the control socket: its folder, its mode, and what becomes of a socket file that is there
 * already. Runs in main, at start only.
 */
#include "core/run/control_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket file nobody listens on is a leftover and goes. */
static int clear_path(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	int answer = connect(fd, (const struct sockaddr *)address, sizeof *address);
	int error = answer < 0 ? errno : 0;
	close(fd);
	if (!error || error == EAGAIN)
		return -EADDRINUSE;
	if (error == ECONNREFUSED)
		unlink(address->sun_path);
	return 0;
}

static int make_directory(const char *path)
{
	char directory[sizeof((struct sockaddr_un *)0)->sun_path];
	char *slash;

	snprintf(directory, sizeof directory, "%s", path);
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return 0;
	*slash = '\0';
	return mkdir(directory, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int control_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	int error = make_directory(path);
	if (!error)
		error = clear_path(&address);
	if (error)
		return error;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Nobody can connect before listen(), so the mode is set in time. */
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || chmod(path, 0600) < 0 ||
	    listen(fd, 8) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	return fd;
}
