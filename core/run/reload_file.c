/* SPDX-License-Identifier: MIT */
/*
 * What a reload leaves in files for those who write the configuration: one that is there while the
 * text is being read (reload_file), and one with what was found in it (reload_check_config). The
 * configuration in force names them. Runs in main.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/model.h"
#include "core/base/log.h"
#include "core/run/daemon.h"

#define USUAL_PATH RUNSTATEDIR "/vipd.reload"

static const struct conf_process *in_force(const struct daemon *d)
{
	return &d->newest->conf->global.process;
}

static const char *mark_path(const struct conf_process *process)
{
	return process->reload_file ? process->reload_file : USUAL_PATH;
}

/* Emptied if it is there, never through a link. */
static int make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	return fd < 0 ? -errno : fd;
}

void reload_file_begin(const struct daemon *d)
{
	const struct conf_process *process = in_force(d);

	if (!process->reload_marks)
		return;
	int fd = make(mark_path(process));
	if (fd < 0)
		log_error("conf", "reload_file %s: %s", mark_path(process), strerror(-fd));
	else
		close(fd);
}

void reload_file_end(const struct daemon *d)
{
	const struct conf_process *process = in_force(d);

	if (process->reload_marks && unlink(mark_path(process)) < 0 && errno != ENOENT)
		log_error("conf", "reload_file %s: %s", mark_path(process), strerror(errno));
}

static int write_report(const struct daemon *d, const char *path)
{
	int fd = make(path), error;
	FILE *file;

	if (fd < 0)
		return fd;
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	load_print(&d->reload.load, file);
	error = ferror(file) ? -EIO : 0;
	return fclose(file) ? -errno : error;
}

void reload_file_report(const struct daemon *d)
{
	const char *path = in_force(d)->reload_check_log;
	int error = path ? write_report(d, path) : 0;

	if (error)
		log_error("conf", "reload_check_config: cannot write %s: %s", path,
			  strerror(-error));
}
