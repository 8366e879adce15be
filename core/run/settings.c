/* SPDX-License-Identifier: MIT */
/*
 * What a configuration says about the process as a whole: the name and file creation mask, whether
 * its memory may be swapped out, how long it may compute in real time, how many files it may have
 * open. Each is brought from what is in force to what is wanted, so that a reload that takes a
 * keyword away undoes it. Runs in main.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "conf/model.h"
#include "core/base/log.h"
#include "core/run/daemon.h"

#define FILES_BESIDES 256 /* mailboxes, timers, netlink, clients of the control socket, AgentX */

/* The command line's mask wins. */
static void set_umask(struct daemon *d, const struct conf_process *process)
{
	struct settings *settings = &d->settings;

	if (d->options.umask >= 0)
		return;
	if (process->umask >= 0) {
		mode_t before = umask((mode_t)process->umask);

		if (!settings->umask_set)
			settings->umask_before = before;
	} else if (settings->umask_set) {
		umask(settings->umask_before);
	}
	settings->umask_set = process->umask >= 0;
}

static void set_name(struct daemon *d, const struct conf_process *process)
{
	struct settings *settings = &d->settings;
	char name[TUNE_NAME_MAX + 1];

	if (!process->process_name && !*settings->name_before)
		return;
	if (!*settings->name_before)
		pthread_getname_np(pthread_self(), settings->name_before,
				   sizeof settings->name_before);
	snprintf(name, sizeof name, "%s",
		 process->process_name ? process->process_name : settings->name_before);
	pthread_setname_np(pthread_self(), name);
}

/* Pages are locked as they are used: a thread's stack is mostly air. */
static void set_locked(struct daemon *d, bool wanted)
{
	if (wanted == d->settings.locked)
		return;
	if (wanted ? mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0 : munlockall() < 0)
		log_warn("main", "memory cannot be %s: %s", wanted ? "locked" : "unlocked",
			 strerrordesc_np(errno));
	else
		d->settings.locked = wanted;
}

static uint32_t least_rttime(const struct conf_global *global)
{
	const struct conf_thread *threads[] = {&global->vrrp, &global->checker, &global->bfd};
	uint32_t least_us = 0;

	for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
		if (threads[i]->tune.rt_priority && threads[i]->rttime_us &&
		    (!least_us || threads[i]->rttime_us < least_us))
			least_us = threads[i]->rttime_us;
	return least_us;
}

/* The limit is one of the process; the kernel counts each thread for itself. Half of it is told by
 * SIGXCPU (main.c), the whole is the end, as with keepalived's processes. */
static void limit_rttime(struct daemon *d, const struct conf_global *global)
{
	struct settings *settings = &d->settings;
	uint32_t wanted_us = least_rttime(global);
	struct rlimit limit = {.rlim_cur = wanted_us / 2, .rlim_max = wanted_us};

	if (wanted_us == settings->rttime_us)
		return;
	if (!settings->rttime_us)
		getrlimit(RLIMIT_RTTIME, &settings->rttime_before);
	if (setrlimit(RLIMIT_RTTIME, wanted_us ? &limit : &settings->rttime_before) < 0)
		log_warn("main", "the limit of real-time computing stays: %s (CAP_SYS_RESOURCE)",
			 strerrordesc_np(errno));
	else
		settings->rttime_us = wanted_us;
}

/* An attempt of a check and a run of a program have a descriptor or two, an instance its sockets.
 */
static size_t count_files(const struct conf *conf)
{
	size_t users = conf->n_scripts + conf->n_instances + conf->n_bfds;

	for (size_t i = 0; i < conf->n_services; i++)
		for (size_t k = 0; k < conf->services[i].n_servers; k++)
			users += conf->services[i].servers[k].n_checkers;
	return FILES_BESIDES + 2 * users;
}

/* As far as the hard limit allows: more would be a decision of the machine's administrator.
 * Programs are not concerned (core/run/exec.c). What was raised stays, as open files do. */
static void allow_files(const struct conf *conf)
{
	rlim_t wanted = count_files(conf);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || wanted <= limit.rlim_cur)
		return;
	if (wanted > limit.rlim_max)
		log_warn("main",
			 "%lu files may be open at once, but the hard limit is %lu: routers and "
			 "checks fail when it is reached (systemd: LimitNOFILE=)",
			 (unsigned long)wanted, (unsigned long)limit.rlim_max);
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warn("main", "the limit of open files cannot be raised: %s",
			 strerrordesc_np(errno));
}

void settings_apply(struct daemon *d, const struct conf *conf)
{
	const struct conf_global *global = &conf->global;

	set_umask(d, &global->process);
	set_name(d, &global->process);
	allow_files(conf);
	limit_rttime(d, global);
	set_locked(d, global->vrrp.no_swap || global->checker.no_swap || global->bfd.no_swap);
}
