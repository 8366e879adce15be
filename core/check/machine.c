/* SPDX-License-Identifier: MIT */
/*
 * Machines: real servers by address, over all services. What an operator asks of a machine is asked
 * of each of its real servers; those that it takes out of use are marked, so that giving the
 * machine back leaves alone what was taken out by itself. Thread: check. Must not touch the kernel.
 */
#include "core/check/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"

static int by_address(const void *a, const void *b)
{
	const struct server *left = *(struct server *const *)a, *right = *(struct server *const *)b;
	int order = ip_compare(&left->conf->key.ip, &right->conf->key.ip);

	/* Equal addresses in configuration order: what is shown of them does not depend on chance.
	 */
	if (order == 0)
		order = (left->service->index > right->service->index) -
			(left->service->index < right->service->index);
	if (order == 0)
		order = (left->index > right->index) - (left->index < right->index);
	return order;
}

int machines_index(struct service *const *services, size_t count, struct server ***ret,
		   size_t *ret_count)
{
	size_t n = 0, used = 0;
	struct server **list;

	for (size_t i = 0; i < count; i++)
		n += services[i]->n_servers;
	list = calloc(n + 1, sizeof(struct server *));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < services[i]->n_servers; k++)
			list[used++] = services[i]->servers[k];
	qsort(list, n, sizeof(struct server *), by_address);
	*ret = list;
	*ret_count = n;
	return 0;
}

struct machine machine_at(const struct engine *engine, size_t first)
{
	struct machine machine = {.servers = engine->by_address + first};
	const struct ip *ip = &machine.servers[0]->conf->key.ip;

	while (first + machine.count < engine->n_by_address &&
	       ip_compare(&machine.servers[machine.count]->conf->key.ip, ip) == 0)
		machine.count++;
	return machine;
}

struct machine machine_find(const struct engine *engine, const struct ip *ip)
{
	size_t low = 0, high = engine->n_by_address;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ip_compare(&engine->by_address[middle]->conf->key.ip, ip) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == engine->n_by_address ||
	    ip_compare(&engine->by_address[low]->conf->key.ip, ip) != 0)
		return (struct machine){0};
	return machine_at(engine, low);
}

struct server *machine_find_server(const struct engine *engine, const struct service *service,
				   const struct dest_key *key)
{
	struct machine machine = machine_find(engine, &key->ip);

	for (size_t i = 0; i < machine.count; i++)
		if (machine.servers[i]->service == service &&
		    machine.servers[i]->conf->key.port == key->port)
			return machine.servers[i];
	return NULL;
}

/* ---- as one ---- */

static enum dest_admin common_state(const struct machine *machine)
{
	enum dest_admin state = DEST_LOCKED;

	/* The numbers ascend with freedom. */
	for (size_t i = 0; i < machine->count; i++)
		if (machine->servers[i]->admin.state > state)
			state = machine->servers[i]->admin.state;
	return state;
}

static enum dest_drain common_drain(const struct machine *machine)
{
	static const enum dest_drain any[] = {DRAIN_KERNEL_ERROR, DRAIN_DRAINING, DRAIN_TIMED_OUT};
	unsigned counts[DRAIN_KERNEL_ERROR + 1] = {0};

	for (size_t i = 0; i < machine->count; i++)
		counts[machine->servers[i]->admin.drain]++;
	for (size_t i = 0; i < sizeof any / sizeof any[0]; i++)
		if (counts[any[i]])
			return any[i];
	if (counts[DRAIN_DRAINED] == machine->count)
		return DRAIN_DRAINED;
	return counts[DRAIN_CANCELLED] ? DRAIN_CANCELLED : DRAIN_NONE;
}

struct admin machine_admin(const struct machine *machine)
{
	struct admin common = admin_default();

	common.state = common_state(machine);
	common.drain = common_drain(machine);
	memcpy(common.comment, machine->servers[0]->admin.comment, sizeof common.comment);
	for (size_t i = 0; i < machine->count; i++) {
		const struct admin *admin = &machine->servers[i]->admin;

		if (admin->storage == STORAGE_VOLATILE)
			common.storage = STORAGE_VOLATILE;
		if (strcmp(admin->comment, common.comment) != 0)
			memset(common.comment, 0, sizeof common.comment);
	}
	return common;
}

/* ---- changes ---- */

bool machine_concerns(const struct machine *machine, const struct server *server,
		      const struct dest_change *change)
{
	bool any_held = false;

	if (change->field != DEST_SET_ADMIN)
		return true;
	switch (change->value) {
	case DEST_SHUTTING_DOWN:
		return server->admin.state == DEST_UNLOCKED;
	case DEST_UNLOCKED:
		for (size_t i = 0; i < machine->count; i++)
			any_held = any_held || machine->servers[i]->admin.of_machine;
		return server->admin.of_machine || !any_held;
	default:
		return true;
	}
}

/* ---- new rows ---- */

/* A real server that is new on a machine that is out of use as a whole is so, too: nobody has asked
 * for it to get connections there. */
static void hold_new(struct engine *engine, const struct machine *machine)
{
	const struct server *held = NULL;
	char text[KEY_TEXT_MAX];

	for (size_t i = 0; i < machine->count && !held; i++)
		if (machine->servers[i]->admin.of_machine)
			held = machine->servers[i];
	for (size_t i = 0; i < machine->count && held; i++) {
		struct server *server = machine->servers[i];

		if (!server->is_new || server->admin.state != DEST_UNLOCKED)
			continue;
		server->admin.state = DEST_LOCKED;
		server->admin.of_machine = true;
		server->admin.storage = held->admin.storage;
		server->admin.changed_wall_us = engine_time().wall_us;
		memcpy(server->admin.comment, held->admin.comment, sizeof held->admin.comment);
		log_notice("check", "%s of %s is locked: its machine is out of use",
			   dest_key_format(&server->conf->key, text), server->service->conf->id);
		engine_mark(engine, server->service);
		engine->save_wanted = true;
	}
}

void machines_hold_new(struct engine *engine)
{
	struct machine machine;

	for (size_t at = 0; at < engine->n_by_address; at += machine.count) {
		machine = machine_at(engine, at);
		hold_new(engine, &machine);
	}
}
