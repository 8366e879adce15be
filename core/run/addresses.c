/* SPDX-License-Identifier: MIT */
/*
 * Virtual addresses, routes and rules as the vrrp thread asks for them, instance by instance.
 *
 * While that thread adopts a configuration, instances leave and one master after the other asks for
 * its new addresses. An address that goes from one to another stays where it is if none goes before
 * all have asked: what would go is noted, and goes when the configuration is adopted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/rtnl.h"
#include "core/run/daemon.h"

static const struct conf_instance *find_instance(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_instances; i++)
		if (!strcmp(conf->instances[i].name, name))
			return &conf->instances[i];
	return NULL;
}

/* What the instance no longer has; true: something was looked for. The kernel may take secondary
 * addresses of a subnet away with its primary one, so a master sets its own once more. */
static bool remove_outdated(struct daemon *d, const struct generation *generation,
			    const struct conf_instance *instance)
{
	bool any = false;

	for (const struct generation *old = generation->older; old; old = old->older) {
		const struct conf_instance *before = find_instance(old->conf, instance->name);

		if (before)
			rtnl_remove_outdated(d->rtnl, before, instance, old->conf->generation);
		any = any || before;
	}
	return any;
}

/* True: it waits for addresses_settle(). False also when memory is out. */
static bool postpone(struct daemon *d, const struct generation *generation, uint32_t instance)
{
	struct postponed *more;

	if (d->stop != STOP_NO || d->acked[THREAD_VRRP] >= d->newest->conf->generation ||
	    !d->newest->older)
		return false;
	more = reallocarray(d->postponed, d->n_postponed + 1, sizeof *more);
	if (!more)
		return false;
	d->postponed = more;
	d->postponed[d->n_postponed++] = (struct postponed){
		.generation = generation->conf->generation,
		.instance = instance,
	};
	return true;
}

/* True: it was postponed, and is no more. */
static bool forget(struct daemon *d, const struct generation *generation, uint32_t instance)
{
	size_t left = 0;
	bool any;

	for (size_t i = 0; i < d->n_postponed; i++)
		if (d->postponed[i].generation != generation->conf->generation ||
		    d->postponed[i].instance != instance)
			d->postponed[left++] = d->postponed[i];
	any = left < d->n_postponed;
	d->n_postponed = left;
	return any;
}

/* Routes and rules need the addresses; what the kernel refuses of them is no reason not to be
 * master. */
static int set(struct daemon *d, const struct generation *generation, uint32_t index)
{
	const struct conf_instance *instance = &generation->conf->instances[index];
	uint64_t number = generation->conf->generation;
	int error = rtnl_set_addresses(d->rtnl, instance, number);

	forget(d, generation, index);
	if (!postpone(d, generation, index) && remove_outdated(d, generation, instance))
		error = rtnl_set_addresses(d->rtnl, instance, number);
	rtnl_set_routing(d->rtnl, generation->conf, instance);
	return error;
}

static int take_away(struct daemon *d, const struct generation *generation, uint32_t index)
{
	const struct conf_instance *instance = &generation->conf->instances[index];

	rtnl_remove_routing(d->rtnl, generation->conf, instance);
	return rtnl_remove_addresses(d->rtnl, instance, generation->conf->generation);
}

static int drop(struct daemon *d, const struct generation *generation, uint32_t index)
{
	if (forget(d, generation, index))
		remove_outdated(d, generation, &generation->conf->instances[index]);
	if (generation != d->newest && postpone(d, generation, index))
		return 0;
	return take_away(d, generation, index);
}

int addresses_change(struct daemon *d, const struct msg_addrs *wanted)
{
	const struct generation *generation = generation_find(d, wanted->generation);

	if (!generation || wanted->instance >= generation->conf->n_instances)
		return -ENOENT;
	if (wanted->set)
		return set(d, generation, wanted->instance);
	if (d->options.keep_vips && d->stop != STOP_NO)
		return 0;
	return drop(d, generation, wanted->instance);
}

static void settle(struct daemon *d, const struct generation *generation, uint32_t index)
{
	const struct conf_instance *instance = &generation->conf->instances[index];

	if (generation != d->newest) {
		take_away(d, generation, index);
		return;
	}
	if (remove_outdated(d, generation, instance))
		rtnl_set_addresses(d->rtnl, instance, generation->conf->generation);
	rtnl_set_routing(d->rtnl, generation->conf, instance);
}

void addresses_settle(struct daemon *d)
{
	for (size_t i = 0; i < d->n_postponed; i++) {
		const struct generation *generation =
			generation_find(d, d->postponed[i].generation);

		if (generation)
			settle(d, generation, d->postponed[i].instance);
	}
	d->n_postponed = 0;
}
