/* SPDX-License-Identifier: MIT */
/*
 * Scheduling of the calling thread. Whatever starts from such a thread begins anew
 * (SCHED_RESET_ON_FORK), so that no script ever runs at real-time priority. Runs in any thread.
 */
#include "core/base/tune.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"

static bool set_priority(const char *subsystem, uint8_t rt_priority)
{
	struct sched_param parameter = {.sched_priority = rt_priority};
	int policy = rt_priority ? SCHED_RR | SCHED_RESET_ON_FORK : SCHED_OTHER;
	bool done = sched_setscheduler(gettid(), policy, &parameter) == 0;

	if (!done)
		log_warn(subsystem, "real-time priority %u refused: %s", rt_priority,
			 strerrordesc_np(errno));
	return done;
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
	uint8_t raised = applied->raised;

	if (wanted->rt_priority != applied->rt_priority || raised > wanted->most) {
		set_priority(subsystem, wanted->rt_priority);
		raised = 0;
	}
	if (wanted->nice != applied->nice)
		set_nice(subsystem, wanted);
	if (wanted->some_cpus != applied->some_cpus ||
	    memcmp(wanted->cpus, applied->cpus, sizeof wanted->cpus) != 0)
		set_cpus(subsystem, wanted);
	if (*wanted->name && strcmp(wanted->name, applied->name) != 0)
		pthread_setname_np(pthread_self(), wanted->name);
	*applied = *wanted;
	applied->raised = raised;
}

/* What is refused once would be refused again. */
void tune_late(const char *subsystem, struct tune *applied, uint64_t late_us)
{
	uint8_t now = applied->raised ? applied->raised : applied->rt_priority;

	log_warn(subsystem, "a timer came %" PRIu64 " ms late", late_us / USEC_PER_MSEC);
	if (now >= applied->most)
		return;
	if (!set_priority(subsystem, now + 1)) {
		applied->most = now;
		return;
	}
	applied->raised = now + 1;
	log_notice(subsystem, "real-time priority is %u now", applied->raised);
}
