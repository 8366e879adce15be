/* SPDX-License-Identifier: MIT */
/*
 * Where this vipd is. With a namespace or an instance its files have these names in them, as
 * keepalived's have, so that several run side by side: what is in /run by namespace as a folder
 * and instance as part of the name, the state in a folder of its own. Runs in main before there
 * are threads; a thread inherits the namespace.
 */
#include "core/run/place.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/netns.h"
#include "core/run/daemon.h"
#include "core/run/log_sink.h"
#include "core/run/log_syslog.h"
#include "core/run/pidfile.h"

#define RUN_DIR	  RUNSTATEDIR "/vipd"
#define STATE_DIR LOCALSTATEDIR "/lib/vipd"

/* ---- names ---- */

static bool has_own_names(const struct place *place, const struct conf_process *process)
{
	return process->use_pid_dir || place->netns || place->instance;
}

/* NULL when memory is out. */
static char *join(const char *a, const char *b, const char *c, const char *d)
{
	char *text;

	return asprintf(&text, "%s%s%s%s", a, b, c, d) < 0 ? NULL : text;
}

static int choose_files(struct place *place, const struct conf_process *process,
			struct options *options)
{
	bool own = has_own_names(place, process);
	const char *in = place->netns ? "/" : "", *netns = place->netns ? place->netns : "";
	const char *of = place->instance ? "_" : "",
		   *instance = place->instance ? place->instance : "";
	char *folder = join(RUN_DIR, in, netns, "");
	char *name = join(of, instance, "", "");

	if (folder && name) {
		place->pid_file =
			own ? join(folder, "/vipd", name, ".pid") : strdup(RUNSTATEDIR "/vipd.pid");
		place->control = join(folder, "/control", name, ".sock");
		place->state_dir = join(STATE_DIR, in, netns, "");
	}
	if (place->state_dir && *instance) {
		char *above = place->state_dir;

		place->state_dir = join(above, "/instance/", instance, "");
		free(above);
	}
	free(name);
	place->directory = folder;
	if (!place->pid_file || !place->control || !place->state_dir)
		return -ENOMEM;
	options->pid_file = options->pid_file ? options->pid_file : place->pid_file;
	options->control = options->control ? options->control : place->control;
	options->state_dir = options->state_dir ? options->state_dir : place->state_dir;
	return 0;
}

int place_choose(struct place *place, const struct conf_process *process, struct options *options)
{
	const char *netns = options->netns ? options->netns : process->net_namespace;

	if (netns && *netns)
		place->netns = strdup(netns);
	if (process->instance)
		place->instance = strdup(process->instance);
	if ((netns && *netns && !place->netns) || (process->instance && !place->instance))
		return -ENOMEM;
	place->tag =
		join(place->netns ? place->netns : "", place->netns && place->instance ? "_" : "",
		     place->instance ? place->instance : "", "");
	return place->tag ? choose_files(place, process, options) : -ENOMEM;
}

/* ---- taking it ---- */

/* To the log, and to whoever starts vipd, unless that is the same. */
__attribute__((format(printf, 2, 3))) static int refuse(const struct daemon *d, const char *format,
							...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	log_error("main", "%s", text);
	if (!log_sink_is_stderr(d->sink))
		fprintf(stderr, "vipd: %s\n", text);
	return EXIT_FATAL;
}

int place_enter(struct place *place)
{
	int netns, error;

	if (!place->netns)
		return 0;
	netns = netns_open(place->netns);
	if (netns < 0)
		return netns;
	error = netns_visit(netns, &place->outside);
	close(netns);
	return error;
}

static int take_namespaces(struct daemon *d)
{
	const char *ipvs = d->newest->conf->global.process.net_namespace_ipvs;
	int error = place_enter(&d->place);

	if (error)
		return refuse(d, "cannot enter network namespace %s: %s", d->place.netns,
			      strerror(-error));
	if (d->place.netns)
		log_notice("main", "in network namespace %s", d->place.netns);
	if (!ipvs)
		return 0;
	d->place.ipvs = netns_open(ipvs);
	if (d->place.ipvs < 0)
		return refuse(d, "cannot open network namespace %s for IPVS: %s",
			      *ipvs ? ipvs : "of process 1", strerror(-d->place.ipvs));
	log_notice("main", "IPVS is that of %s%s",
		   *ipvs ? "network namespace " : "the first network namespace", ipvs);
	return 0;
}

/* Every folder on the way to path, unless path is not ours to choose. What fails is told by who
 * uses it. */
static void make_folders(const char *path, mode_t mode)
{
	char *folder = path ? strdup(path) : NULL;

	for (char *at = folder; at && (at = strchr(at + 1, '/'));) {
		*at = '\0';
		mkdir(folder, mode);
		*at = '/';
	}
	free(folder);
}

static int take_pidfile(struct daemon *d)
{
	const char *path = d->options.pid_file;
	pid_t other = 0;
	int error = -ENOENT;

	/* Another vipd may take the folder away as it stops. */
	for (int attempt = 0; attempt < 3 && error == -ENOENT; attempt++) {
		make_folders(d->place.pid_file, 0755);
		error = pidfile_open(path, &d->place.lock, &other);
	}
	if (error == -EEXIST)
		return refuse(d, "pid file %s: vipd is already running as process %ld", path,
			      (long)other);
	return error ? refuse(d, "pid file %s: %s", path, strerror(-error)) : 0;
}

int place_take(struct daemon *d)
{
	struct place *place = &d->place;
	char name[LOG_NAME_MAX + 1];
	int error = place_choose(place, &d->newest->conf->global.process, &d->options);

	if (error)
		return refuse(d, "cannot start: %s", strerror(-error));
	snprintf(name, sizeof name, "vipd%s%s", *place->tag ? "_" : "", place->tag);
	log_sink_set_name(d->sink, name);
	int status = take_namespaces(d);
	if (!status)
		status = take_pidfile(d);
	if (!status && *place->tag)
		make_folders(place->state_dir, 0700);
	return status;
}

void place_leave(struct daemon *d)
{
	struct place *place = &d->place;

	place->lock = pidfile_close(place->lock);
	/* Not while another vipd has files there. */
	if (place->netns && place->directory)
		rmdir(place->directory);
}

void place_free(struct place *place)
{
	int fds[] = {place->outside, place->ipvs};

	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(place->netns);
	free(place->instance);
	free(place->tag);
	free(place->directory);
	free(place->pid_file);
	free(place->state_dir);
	free(place->control);
	*place = PLACE_NONE;
}
