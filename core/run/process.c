/* SPDX-License-Identifier: MIT */
/*
 * What happens to the process before its first thread: rights, limits, and the classic way into the
 * background, in which the starting process waits until the daemon is ready and ends with its
 * status. Runs in main.
 */
#include "core/run/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int process_prepare(const struct options *options)
{
	if (geteuid() != 0) {
		fprintf(stderr, "vipd: it must be started by root\n");
		return EXIT_CANNOT_RUN;
	}
	if (options->umask >= 0)
		umask((mode_t)options->umask);
	if (options->core_dump) {
		struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

		if (setrlimit(RLIMIT_CORE, &unlimited) < 0)
			fprintf(stderr, "vipd: cannot allow core dumps: %s\n", strerror(errno));
	}
	return 0;
}

/* The parent stays until the child is ready or has failed, and ends with its status. */
static int wait_for_child(pid_t child, int fd)
{
	char octet;
	int status;
	ssize_t got;

	do
		got = read(fd, &octet, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		return 0;
	if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status))
		return WEXITSTATUS(status);
	return EXIT_FATAL;
}

/* The same file after the working directory has changed. NULL when memory is out. */
static char *absolute(const char *path)
{
	char *here = NULL, *whole = NULL;

	if (*path == '/')
		return strdup(path);
	here = getcwd(NULL, 0);
	if (here && asprintf(&whole, "%s/%s", here, path) < 0)
		whole = NULL;
	free(here);
	return whole;
}

static int make_absolute(struct options *options, struct process_paths *ret)
{
	const char **fields[PROCESS_PATHS] = {&options->config,	   &options->pid_file,
					      &options->state_dir, &options->control,
					      &options->log_file,  &options->snmp_conf};

	for (int i = 0; i < PROCESS_PATHS; i++) {
		if (!*fields[i])
			continue;
		ret->text[i] = absolute(*fields[i]);
		if (!ret->text[i])
			return -ENOMEM;
		*fields[i] = ret->text[i];
	}
	return 0;
}

void process_free_paths(struct process_paths *paths)
{
	for (int i = 0; i < PROCESS_PATHS; i++)
		free(paths->text[i]);
}

int process_become_daemon(struct options *options, struct process_paths *paths, int *ret_ready)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t child = fork();
	if (child < 0)
		return -errno;
	if (child > 0) {
		close(ends[1]);
		_exit(wait_for_child(child, ends[0]));
	}
	close(ends[0]);
	setsid();
	int error = make_absolute(options, paths);
	if (error)
		return error;
	*ret_ready = ends[1];
	return chdir("/") < 0 ? -errno : 0;
}

void process_leave_terminal(const struct options *options)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (!options->console)
		dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}
