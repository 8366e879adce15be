/* SPDX-License-Identifier: MIT */
/*
 * One snapshot of everything the check engine knows, as rows: built from the engine's state, given
 * away, never touched again. "changed" stamps move only when a state column of that row moved, not
 * with counters or reloads. Thread: check.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/check/engine.h"
#include "core/check/machine.h"

static void snapshot_free(struct latest_value *value)
{
	struct snap_check *snap = (struct snap_check *)value;

	conf_unref(snap->conf);
	free(snap);
}

static size_t rows_of(const struct service *service)
{
	return service->n_servers + (service->conf->has_sorry ? 1 : 0);
}

/* How much there is to publish. */
struct extent {
	size_t services, dests, checkers, machines;
	size_t octets; /* of texts that are not empty */
};

static size_t text_size(const char *text)
{
	return text && *text ? strlen(text) + 1 : 0;
}

/* The texts of a server stand once for each member of its service, and once for its machine. */
static size_t server_text_size(const struct server *server, size_t n_members)
{
	return (n_members + 1) * text_size(server->admin.comment) +
	       n_members * text_size(server->last_error);
}

static void measure(const struct service *service, struct extent *extent)
{
	extent->services += service->n_members;
	extent->dests += service->n_members * rows_of(service);
	for (size_t i = 0; i < service->n_servers; i++) {
		const struct server *server = service->servers[i];

		extent->checkers += server->n_probes;
		extent->octets += server_text_size(server, service->n_members);
		for (size_t k = 0; k < server->n_probes; k++)
			extent->octets += text_size(server->probes[k]->error);
	}
}

/* A snapshot being filled: its rows are counted as they are written. */
struct filling {
	struct engine *engine;
	struct snap_check *snap;
	char *text; /* where the next one goes */
};

static struct snap_check *make_room(struct engine *engine, struct filling *ret)
{
	/* At most. What is not written is not in memory either. */
	struct extent extent = {.machines = engine->n_by_address};

	for (size_t i = 0; i < engine->n_services; i++)
		measure(engine->services[i], &extent);
	struct snap_check *snap =
		calloc(1, sizeof *snap + extent.services * sizeof(struct snap_service) +
				  extent.dests * sizeof(struct snap_dest) +
				  extent.checkers * sizeof(struct snap_checker) +
				  extent.machines * sizeof(struct snap_machine) + extent.octets);
	if (!snap)
		return NULL;
	snap->value.free = snapshot_free;
	snap->services = (struct snap_service *)(snap + 1);
	snap->dests = (struct snap_dest *)(snap->services + extent.services);
	snap->checkers = (struct snap_checker *)(snap->dests + extent.dests);
	snap->machines = (struct snap_machine *)(snap->checkers + extent.checkers);
	*ret = (struct filling){engine, snap, (char *)(snap->machines + extent.machines)};
	return snap;
}

/* The text as part of the snapshot. */
static const char *keep_text(struct filling *filling, const char *text)
{
	char *kept = filling->text;

	if (!text_size(text))
		return "";
	filling->text = stpcpy(kept, text) + 1;
	return kept;
}

/* Stamps the row when its state columns moved. */
static void stamp(struct place *place, const struct snap_dest *row, uint64_t now_us)
{
	struct shown shown;

	memset(&shown, 0, sizeof shown);
	shown.weight_override = row->weight_override;
	shown.conf_weight = row->conf_weight;
	shown.effective_weight = row->effective_weight;
	shown.kernel_weight = row->kernel_weight;
	shown.drain_timeout_s = row->drain_timeout_s;
	shown.admin = (uint8_t)row->admin;
	shown.storage = (uint8_t)row->storage;
	shown.oper = (uint8_t)row->oper;
	shown.alive = row->alive;
	shown.in_kernel = row->in_kernel;
	shown.drain = (uint8_t)row->drain;
	shown.drain_action = (uint8_t)row->drain_action;
	if (memcmp(&shown, &place->shown, sizeof shown) == 0)
		return;
	place->shown = shown;
	place->changed_us = now_us;
}

static void fill_place(struct snap_dest *row, struct place *place, uint64_t now_us)
{
	row->in_kernel = place->in_kernel;
	row->kernel_weight = place->in_kernel ? place->weight : -1;
	row->active_conns = place->active;
	row->inactive_conns = place->inactive;
	row->persistent_conns = place->persistent;
	row->stats_since_us = place->counters.since_us;
	row->stats = place->counters.stats;
	stamp(place, row, now_us);
	row->changed_us = place->changed_us;
}

static void fill_admin(struct filling *filling, struct snap_dest *row, const struct admin *admin)
{
	row->admin = admin->state;
	row->storage = admin->storage;
	row->comment = keep_text(filling, admin->comment);
	row->admin_changed_wall_us = admin->changed_wall_us;
	row->weight_override = admin->weight_override;
	row->drain = admin->drain;
	row->drain_timeout_s = admin->drain_timeout_s;
	row->drain_action = admin->drain_action;
	row->drain_started_wall_us = admin->drain_started_wall_us;
	row->drain_deadline_wall_us = admin->drain_deadline_wall_us;
	row->drain_ended_wall_us = admin->drain_ended_wall_us;
	row->drain_initial = admin->drain_initial;
}

static void fill_server(struct filling *filling, struct snap_dest *row, struct server *server,
			size_t k, const struct server_input *input)
{
	int32_t weight = service_effective_weight(input, server->service->quorum.sorry_active);

	row->rs = server->index;
	row->key = server->conf->key;
	fill_admin(filling, row, &server->admin);
	row->oper = server->oper;
	row->alive = server->up;
	row->oper_changed_wall_us = server->oper_changed_wall_us;
	row->last_error = keep_text(filling, server->last_error);
	for (size_t i = 0; i < server->n_probes; i++) {
		row->failed_checks += !check_is_up(server->probes[i]->check);
		row->not_run_checks += !check_has_run(server->probes[i]->check);
	}
	row->conf_weight = (int32_t)server->conf->weight;
	row->nominal_weight = service_nominal_weight(input);
	row->held_permille = input->held_permille;
	row->effective_weight = weight == SERVICE_ABSENT ? 0 : weight;
	fill_place(row, &server->places[k], filling->snap->made_us);
}

static void fill_sorry(struct filling *filling, struct snap_dest *row,
		       const struct service *service, struct member *member)
{
	struct admin plain = admin_default();

	row->rs = SNAP_SORRY;
	row->key = service->conf->sorry;
	fill_admin(filling, row, &plain);
	row->last_error = "";
	row->oper = DEST_UNMONITORED;
	row->alive = service->quorum.sorry_active;
	row->conf_weight = 1;
	row->nominal_weight = 1;
	row->effective_weight = service->quorum.sorry_active ? 1 : 0;
	fill_place(row, &member->sorry, filling->snap->made_us);
}

static bool quorum_moved(const struct service_quorum *a, const struct service_quorum *b)
{
	return a->up != b->up || a->sorry_active != b->sorry_active || a->weight != b->weight ||
	       a->n_usable != b->n_usable || a->n_draining != b->n_draining ||
	       a->n_locked != b->n_locked;
}

static void stamp_service(struct engine *engine, struct service *service, uint64_t now_us)
{
	bool moved = quorum_moved(&service->quorum, &service->shown_quorum);

	for (size_t k = 0; k < service->n_members; k++) {
		struct member *member = &service->members[k];

		moved = moved || member->in_kernel != member->shown_in_kernel;
		member->shown_in_kernel = member->in_kernel;
	}
	if (!moved && service->changed_us)
		return;
	service->shown_quorum = service->quorum;
	service->changed_us = now_us;
	engine->changed_us = now_us;
}

static void fill_member(struct snap_service *row, const struct service *service,
			const struct member *member)
{
	row->vs = service->index;
	row->key = member->key;
	row->in_kernel = member->in_kernel;
	row->suspended = service->suspended;
	row->drifted = member->drifted;
	row->n_leaving = (uint32_t)service->n_leaving;
	row->quorum_up = service->quorum.up;
	row->sorry_active = service->quorum.sorry_active;
	row->quorum_weight = service->quorum.weight;
	row->n_up = service->quorum.n_usable;
	row->n_draining = service->quorum.n_draining;
	row->n_locked = service->quorum.n_locked;
	row->changed_us = service->changed_us;
	row->quorum_changed_wall_us = service->quorum_changed_wall_us;
	row->stats_since_us = member->counters.since_us;
	row->stats = member->counters.stats;
}

static void fill_checker(struct filling *filling, const struct server *server, size_t i)
{
	struct snap_check *snap = filling->snap;
	struct snap_checker *row = &snap->checkers[snap->n_checkers++];
	const struct probe *probe = server->probes[i];

	*row = probe->record;
	row->conf_index = (uint32_t)i;
	row->error = keep_text(filling, probe->error);
}

/* One member of a virtual server, whose checkers begin at first_checker. */
static void fill_dests(struct filling *filling, struct service *service, size_t k,
		       const struct server_input *inputs, size_t first_checker)
{
	struct snap_check *snap = filling->snap;
	size_t first = snap->n_dests;

	if (service->conf->has_sorry)
		fill_sorry(filling, &snap->dests[snap->n_dests++], service, &service->members[k]);
	for (size_t i = 0; i < service->n_servers; i++) {
		struct server *server = service->servers[i];
		struct snap_dest *row = &snap->dests[snap->n_dests++];

		fill_server(filling, row, server, k, &inputs[i]);
		row->first_checker = (uint32_t)first_checker;
		row->n_checkers = (uint32_t)server->n_probes;
		first_checker += server->n_probes;
	}
	for (size_t i = first; i < snap->n_dests; i++) {
		snap->dests[i].service = (uint32_t)snap->n_services;
		if (snap->dests[i].changed_us == snap->made_us)
			filling->engine->changed_us = snap->made_us;
	}
}

/* The rows of one virtual server, member by member. */
static void fill_service(struct filling *filling, struct service *service,
			 const struct server_input *inputs)
{
	struct snap_check *snap = filling->snap;
	size_t first_checker = snap->n_checkers;

	stamp_service(filling->engine, service, snap->made_us);
	for (size_t i = 0; i < service->n_servers; i++)
		for (size_t k = 0; k < service->servers[i]->n_probes; k++)
			fill_checker(filling, service->servers[i], k);
	for (size_t k = 0; k < service->n_members; k++) {
		struct snap_service *row = &snap->services[snap->n_services];

		fill_member(row, service, &service->members[k]);
		row->first_dest = (uint32_t)snap->n_dests;
		fill_dests(filling, service, k, inputs, first_checker);
		row->n_dests = (uint32_t)snap->n_dests - row->first_dest;
		snap->n_services++;
	}
}

static void fill_machine(struct filling *filling, const struct machine *machine)
{
	struct snap_check *snap = filling->snap;
	struct snap_machine *row = &snap->machines[snap->n_machines++];
	struct admin common = machine_admin(machine);

	row->ip = machine->servers[0]->conf->key.ip;
	row->admin = common.state;
	row->storage = common.storage;
	row->drain = common.drain;
	row->comment = keep_text(filling, common.comment);
	for (size_t i = 0; i < machine->count; i++) {
		const struct server *server = machine->servers[i];
		struct admin_usage usage = engine_usage(server);
		uint32_t n = (uint32_t)server->service->n_members;

		row->n_dests += n;
		if (server->oper != DEST_DOWN && server->oper != DEST_UNKNOWN)
			row->n_up += n;
		row->active_conns += usage.active;
		row->inactive_conns += usage.inactive;
	}
}

static void fill_machines(struct engine *engine, struct filling *filling)
{
	struct machine machine;

	for (size_t at = 0; at < engine->n_by_address; at += machine.count) {
		machine = machine_at(engine, at);
		fill_machine(filling, &machine);
	}
}

void publish(struct engine *engine)
{
	struct filling filling;
	struct snap_check *snap = engine->conf ? make_room(engine, &filling) : NULL;

	if (!snap) {
		if (engine->conf)
			log_error("check", "out of memory: the published rows are stale");
		return;
	}
	snap->made_us = clock_now_us();
	for (size_t i = 0; i < engine->n_services; i++) {
		struct server_input *inputs = engine_inputs(engine->services[i]);

		if (inputs)
			fill_service(&filling, engine->services[i], inputs);
		free(inputs);
	}
	fill_machines(engine, &filling);
	snap->conf = conf_ref(engine->conf);
	snap->kernel_us = engine->kernel_us;
	snap->serial = engine->views_moved ? ++engine->serial : engine->serial;
	engine->views_moved = false;
	snap->changed_us = engine->changed_us;
	snap->ipvs_available = engine->ipvs != NULL;
	snap->ipvs_version = engine->about.version;
	snap->conn_table_size = engine->about.conn_table_size;
	snap->tcp_timeout_s = engine->about.tcp_timeout_s;
	snap->tcpfin_timeout_s = engine->about.tcpfin_timeout_s;
	snap->udp_timeout_s = engine->about.udp_timeout_s;
	snap->sysctls = engine->about.sysctls;
	snap->quorum_policy = engine->policy;
	snap->drifts = engine->drifts;
	memcpy(snap->sync, engine->sync.shown, sizeof snap->sync);
	memcpy(snap->sync_changed_us, engine->sync.changed_us, sizeof snap->sync_changed_us);
	latest_publish(engine->wires->check, &snap->value);
}
