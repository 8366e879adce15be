/* SPDX-License-Identifier: MIT */
/*
 * Network namespaces by setns(2), which with CLONE_NEWNET concerns the calling thread alone. Runs
 * in any thread.
 */
#include "core/base/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int netns_open(const char *name)
{
	char path[PATH_MAX] = "/proc/1/ns/net";

	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ||
	    (*name && snprintf(path, sizeof path, "/run/netns/%s", name) >= (int)sizeof path))
		return -EINVAL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int netns_visit(int netns, int *ret_home)
{
	*ret_home = -1;
	if (netns < 0)
		return 0;
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return -errno;
	if (setns(netns, CLONE_NEWNET) < 0) {
		int error = -errno;

		close(home);
		return error;
	}
	*ret_home = home;
	return 0;
}

void netns_return(int home)
{
	if (home < 0)
		return;
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	close(home);
}
