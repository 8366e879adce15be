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

void reload_file_begin(const struct daemon *d)
{
	const struct conf_process *process = in_force(d);
	const char *path = process->reload_file ? process->reload_file : USUAL_PATH;
	int fd;

	if (!process->reload_marks)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		log_error("conf", "reload_file %s: %s", path, strerror(errno));
	else
		close(fd);
}

void reload_file_end(const struct daemon *d)
{
	const struct conf_process *process = in_force(d);
	const char *path = process->reload_file ? process->reload_file : USUAL_PATH;

	if (process->reload_marks && unlink(path) < 0 && errno != ENOENT)
		log_error("conf", "reload_file %s: %s", path, strerror(errno));
}

void reload_file_report(const struct daemon *d)
{
	const char *path = in_force(d)->reload_check_log;
	int fd =
		path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644) : -1;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool bad = !file;

	if (!path)
		return;
	if (file) {
		load_print(&d->reload.load, file);
		bad = ferror(file);
		bad |= fclose(file) != 0;
	} else if (fd >= 0) {
		close(fd);
	}
	if (bad)
		log_error("conf", "reload_check_config: cannot write %s: %s", path,
			  strerror(errno));
}
