/* SPDX-License-Identifier: MIT */
/*
 * Scheduling of the calling thread. Whatever starts from such a thread begins anew
 * (SCHED_RESET_ON_FORK), so that no script ever runs at real-time priority. Runs in any thread.
 */
#include "core/base/tune.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/log.h"

static void set_priority(const char *subsystem, const struct tune *wanted)
{
	struct sched_param parameter = {.sched_priority = wanted->rt_priority};
	int policy = wanted->rt_priority ? SCHED_RR | SCHED_RESET_ON_FORK : SCHED_OTHER;

	if (sched_setscheduler(gettid(), policy, &parameter) < 0)
		log_warn(subsystem, "real-time priority %u refused: %s", wanted->rt_priority,
			 strerrordesc_np(errno));
}

static void set_nice(const char *subsystem, const struct tune *wanted)
{
	if (setpriority(PRIO_PROCESS, (id_t)gettid(), wanted->nice) < 0)
		log_warn(subsystem, "nice value %d refused: %s", wanted->nice,
			 strerrordesc_np(errno));
}

/* Without a wish: every processor; the kernel takes those that exist. */
static void set_cpus(const char *subsystem, const struct tune *wanted)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned i = 0; i < TUNE_CPUS && i < CPU_SETSIZE; i++)
		if (!wanted->some_cpus || wanted->cpus[i / 64] >> i % 64 & 1)
			CPU_SET(i, &set);
	if (sched_setaffinity(gettid(), sizeof set, &set) < 0)
		log_warn(subsystem, "choice of processors refused: %s", strerrordesc_np(errno));
}

void tune_thread(const char *subsystem, const struct tune *wanted, struct tune *applied)
{
	if (wanted->rt_priority != applied->rt_priority)
		set_priority(subsystem, wanted);
	if (wanted->nice != applied->nice)
		set_nice(subsystem, wanted);
	if (wanted->some_cpus != applied->some_cpus ||
	    memcmp(wanted->cpus, applied->cpus, sizeof wanted->cpus) != 0)
		set_cpus(subsystem, wanted);
	if (*wanted->name && strcmp(wanted->name, applied->name) != 0)
		pthread_setname_np(pthread_self(), wanted->name);
	*applied = *wanted;
}
