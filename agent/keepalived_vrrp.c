/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.2.3: VRRP instances; and the list of everything in K.2. Thread: agent. Rows are
 * numbered by configuration order.
 *
 * Holes: a script column has no instance where no such script is configured, vrrpInstanceSyncGroup
 * none outside a group, vrrpInstanceLvsSyncInterface none unless the sync daemon follows the
 * instance, the multicast address none where adverts go to peers. Every other number is always
 * there. Of the columns the MIB calls read-write, base priority and preemption can be changed. The
 * other four (accept, promote_secondaries, linkbeat, deleted notifications) are the
 * configuration's: the value they have is taken, the other answers inconsistentValue.
 */
#include <string.h>

#include "agent/cells.h"
#include "agent/keepalived.h"
#include "agent/router.h"
#include "core/base/clock.h"

static int build_instances(const struct view *view, struct rows *ret)
{
	const struct snap_vrrp *vrrp = view->vrrp;
	int error = 0;

	for (uint32_t i = 0; vrrp && i < vrrp->n_instances && !error; i++)
		error = keepalived_add_row(ret, i, 0,
					   keepalived_index(vrrp->instances[i].conf_index), 0);
	return error;
}

static bool instance_name(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, router_conf(view, row)->name);
}

static bool instance_vrid(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_conf(view, row)->vrid);
}

static bool instance_state(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_live(view, row)->state);
}

static bool instance_initial(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_conf(view, row)->state);
}

static bool instance_wanted(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_live(view, row)->wanted);
}

static bool instance_effective(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_live(view, row)->effective_priority);
}

static bool instance_vips(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, router_live(view, row)->addresses_set); /* allSet(1) notAllSet(2) */
}

static bool instance_interface(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, router_conf(view, row)->interface);
}

static bool instance_track(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, !router_conf(view, row)->dont_track_primary);
}

/* Seconds in version 2, centiseconds in version 3. */
static bool instance_advert(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_instance *conf = router_conf(view, row);

	return cell_number(ret, (int64_t)(router_live(view, row)->advert_us /
					  (conf->version == 3 ? USEC_PER_CSEC : USEC_PER_SEC)));
}

static bool instance_delay(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_seconds(ret, router_conf(view, row)->preempt_delay_us);
}

static bool instance_auth(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_live(view, row)->auth);
}

static bool instance_promotes(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, router_conf(view, row)->promote_secondaries);
}

static bool instance_polls(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, router_conf(view, row)->linkbeat);
}

/* The sync daemon follows at most one instance. */
static const char *sync_interface(const struct view *view, const struct row *row)
{
	const struct conf_sync_daemon *sync = &view->vrrp->conf->global.sync;
	bool follows = sync->instance && strcmp(sync->instance, router_conf(view, row)->name) == 0;

	return follows ? sync->interface : NULL;
}

static bool instance_sync(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, sync_interface(view, row));
}

static bool instance_sync_interface(const struct view *view, const struct row *row,
				    struct cell *ret)
{
	return cell_text(ret, sync_interface(view, row));
}

static bool instance_checksum(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, router_conf(view, row)->v3_checksum_as_v2);
}

static bool instance_group(const struct view *view, const struct row *row, struct cell *ret)
{
	uint32_t group = router_conf(view, row)->group;

	return group != CONF_NONE && cell_text(ret, view->vrrp->conf->groups[group].name);
}

static bool instance_garp(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_seconds(ret, router_conf(view, row)->garp_delay_us);
}

static bool instance_smtp(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, conf_mails_router(&view->vrrp->conf->global,
						 router_conf(view, row)->smtp_alert));
}

static bool instance_exec(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, keepalived_any_notify(&router_conf(view, row)->notify));
}

static bool instance_master(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &router_conf(view, row)->notify.master);
}

static bool instance_backup(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &router_conf(view, row)->notify.backup);
}

static bool instance_fault(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &router_conf(view, row)->notify.fault);
}

static bool instance_stop(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &router_conf(view, row)->notify.stop);
}

static bool instance_any(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &router_conf(view, row)->notify.any);
}

static bool instance_version(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_conf(view, row)->version);
}

static bool instance_deleted(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &router_conf(view, row)->notify.deleted);
}

static bool instance_tells_deleted(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, router_conf(view, row)->notify_deleted);
}

static bool instance_rx_lower(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &router_conf(view, row)->notify.master_rx_lower_pri);
}

/* NULL when the adverts go to peers. */
static const struct ip *multicast(const struct view *view, const struct row *row)
{
	const struct conf_instance *conf = router_conf(view, row);
	const struct conf_global *global = &view->vrrp->conf->global;

	if (conf->n_peers)
		return NULL;
	if (ip_is_set(&conf->mcast_group))
		return &conf->mcast_group;
	return conf_instance_family(conf) == AF_INET6 ? &global->mcast_group6
						      : &global->mcast_group4;
}

static bool instance_mcast_type(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct ip *group = multicast(view, row);

	return group && cell_ip_type(ret, group);
}

static bool instance_mcast(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct ip *group = multicast(view, row);

	return group && cell_ip(ret, group);
}

static enum set_error set_tells_deleted(const struct view *view, const struct row *row,
					const struct cell *value, struct set_change *ret)
{
	return router_keep(router_conf(view, row)->notify_deleted, value, ret);
}

static enum set_error set_promotes(const struct view *view, const struct row *row,
				   const struct cell *value, struct set_change *ret)
{
	return router_keep(router_conf(view, row)->promote_secondaries, value, ret);
}

static enum set_error set_polls(const struct view *view, const struct row *row,
				const struct cell *value, struct set_change *ret)
{
	return router_keep(router_conf(view, row)->linkbeat, value, ret);
}

static const struct column instance_columns[] = {
	COLUMN_READ(2, OCTETS, instance_name),
	COLUMN_READ(3, GAUGE32, instance_vrid),
	COLUMN_READ(4, INTEGER, instance_state),
	COLUMN_READ(5, INTEGER, instance_initial),
	COLUMN_READ(6, INTEGER, instance_wanted),
	COLUMN_WRITE(7, INTEGER, router_base_priority, router_set_priority, 1, 255),
	COLUMN_READ(8, INTEGER, instance_effective),
	COLUMN_READ(9, INTEGER, instance_vips),
	COLUMN_READ(10, OCTETS, instance_interface),
	COLUMN_READ(11, INTEGER, instance_track),
	COLUMN_READ(12, GAUGE32, instance_advert),
	COLUMN_WRITE(13, INTEGER, router_preempt, router_set_preempt, 1, 2),
	COLUMN_READ(14, GAUGE32, instance_delay),
	COLUMN_READ(15, INTEGER, instance_auth),
	COLUMN_READ(16, INTEGER, instance_sync),
	COLUMN_READ(17, OCTETS, instance_sync_interface),
	COLUMN_READ(18, OCTETS, instance_group),
	COLUMN_READ(19, GAUGE32, instance_garp),
	COLUMN_READ(20, INTEGER, instance_smtp),
	COLUMN_READ(21, INTEGER, instance_exec),
	COLUMN_READ(22, OCTETS, instance_master),
	COLUMN_READ(23, OCTETS, instance_backup),
	COLUMN_READ(24, OCTETS, instance_fault),
	COLUMN_READ(25, OCTETS, instance_stop),
	COLUMN_READ(26, OCTETS, instance_any),
	COLUMN_WRITE(27, INTEGER, router_accept, router_set_accept, 1, 2),
	COLUMN_WRITE(28, INTEGER, instance_promotes, set_promotes, 1, 2),
	COLUMN_WRITE(29, INTEGER, instance_polls, set_polls, 1, 2),
	COLUMN_READ(30, INTEGER, instance_version),
	COLUMN_READ(31, OCTETS, instance_rx_lower),
	COLUMN_READ(32, OCTETS, instance_deleted),
	COLUMN_WRITE(33, INTEGER, instance_tells_deleted, set_tells_deleted, 1, 2),
	COLUMN_READ(34, INTEGER, instance_mcast_type),
	COLUMN_READ(35, OCTETS, instance_mcast),
	COLUMN_READ(36, INTEGER, instance_checksum),
};

static const struct table instances = {
	.name = "vrrpInstanceTable",
	.entry = {KEEPALIVED_ROOT, 2, 3, 1},
	.entry_length = 12,
	.columns = instance_columns,
	.n_columns = CELL_COUNT(instance_columns),
	.build = build_instances,
};

static const struct table *const tables[] = {
	&keepalived_sync_groups,
	&keepalived_sync_members,
	&instances,
	&keepalived_tracked_interfaces,
	&keepalived_tracked_scripts,
	&keepalived_addresses,
	&keepalived_routes,
	&keepalived_rules,
	&keepalived_scripts,
	&keepalived_nexthops,
	&keepalived_tracked_files,
	&keepalived_files,
	&keepalived_sync_interfaces,
	&keepalived_sync_scripts,
	&keepalived_sync_files,
	&keepalived_tracked_bfds,
	&keepalived_bfds,
	&keepalived_sync_bfds,
	&keepalived_tracked_processes,
	&keepalived_processes,
	&keepalived_sync_processes,
};

struct table_list keepalived_vrrp_tables(void)
{
	return (struct table_list){.items = tables, .count = CELL_COUNT(tables)};
}
