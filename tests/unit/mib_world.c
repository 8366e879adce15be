/* SPDX-License-Identifier: MIT */
/* The synthetic director of the MIB tests. */
#include "tests/unit/mib_world.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/events.h"
#include "core/base/clock.h"

struct ip world_ip(const char *text)
{
	struct ip result = {0};

	if (ip_parse(text, &result) < 0)
		abort();
	return result;
}

static void fill_global(struct world *w)
{
	struct conf_global *global = &w->conf.global;

	w->conf.references = 1; /* the world's own */
	w->conf.generation = 7;
	w->conf.file = "test.conf";
	w->emails[0] = "root@example.com";
	w->emails[1] = "ops@example.com";
	*global = (struct conf_global){
		.router_id = "LVS_DEVEL",
		.emails = w->emails,
		.n_emails = 2,
		.email_from = "director@example.com",
		.smtp_server = "192.0.2.25",
		.smtp_port = 25,
		.smtp_timeout_us = 30 * USEC_PER_SEC,
		.smtp_alert = CONF_UNSET,
		.smtp_alert_vrrp = CONF_ON,
		.smtp_alert_checker = CONF_OFF,
		.snmp_vrrp = true,
		.snmp_checker = true,
		.snmp_rfcv2 = true,
		.snmp_rfcv3 = true,
		.snmp_lvs = true,
		.snmp_traps = true,
		.mcast_group4 = world_ip("224.0.0.18"),
		.mcast_group6 = world_ip("ff02::99"),
		.v3_checksum_as_v2 = true,
		.sync = {.interface = "eth1",
			 .instance = "VI_2",
			 .id = -1,
			 .maxlen = 1000,
			 .group = world_ip("224.0.0.82")},
		.lvs_flush_on_stop = 2,
		.lvs_udp_timeout_s = 300,
	};
}

static void fill_instance(struct world *w, size_t at, char *name, char *interface, uint8_t vrid,
			  uint32_t ifindex)
{
	w->instances[at] = (struct conf_instance){
		.name = name,
		.interface = interface,
		.state = CONF_STATE_BACKUP,
		.vrid = vrid,
		.priority = 100,
		.version = 2,
		.advert_us = USEC_PER_SEC,
		.preempt = true,
		.group = CONF_NONE,
		.smtp_alert = CONF_UNSET,
	};
	w->live_instances[at] = (struct snap_instance){
		.conf_index = (uint32_t)at,
		.state = VRRP_BACKUP,
		.wanted = VRRP_BACKUP,
		.admin_up = true,
		.preempt = true,
		.advert_us = USEC_PER_SEC,
		.base_priority = 100,
		.effective_priority = 90,
		.ifindex = ifindex,
		.primary = world_ip("172.17.13.120"),
		.master = world_ip("172.17.13.123"),
		.up_since_us = 900 * USEC_PER_SEC,
	};
}

static void fill_addresses(struct world *w)
{
	w->addresses[0] = (struct conf_address){.ip = world_ip("172.17.13.252"),
						.prefix = 32,
						.label = "eth1:1",
						.device = "eth1",
						.broadcast = world_ip("172.17.13.255"),
						.scope = 0};
	w->addresses[1] = (struct conf_address){
		.ip = world_ip("9.0.0.1"), .prefix = 24, .device = "eth0", .scope = 253};
	w->addresses[2] = (struct conf_address){
		.ip = world_ip("2001:db8::9"), .prefix = 64, .device = "dummy0", .scope = 200};
	w->addresses[3] =
		(struct conf_address){.ip = world_ip("10.0.0.2"), .prefix = 24, .device = "eth0"};
	w->addresses[4] =
		(struct conf_address){.ip = world_ip("10.0.0.2"), .prefix = 32, .device = "eth0"};
	w->addresses[5] = (struct conf_address){.ip = world_ip("2001:db8::10"),
						.prefix = 128,
						.device = "eth0",
						.peer = world_ip("2001:db8::11")};
	w->addresses[6] =
		(struct conf_address){.ip = world_ip("10.0.0.30"), .prefix = 24, .device = "eth0"};
	w->addresses[7] =
		(struct conf_address){.ip = world_ip("10.0.0.3"), .prefix = 24, .device = "eth0"};
}

/* Both families under one VRID, one of them held. */
static void fill_version3(struct world *w)
{
	w->instances[2].addresses = &w->addresses[5];
	w->instances[2].n_addresses = 1;
	w->instances[2].version = 3;
	w->instances[2].advert_us = w->live_instances[2].advert_us = 100 * USEC_PER_MSEC;
	w->live_instances[2].primary = w->live_instances[2].master = world_ip("fe80::1");
	w->instances[4].addresses = &w->addresses[6];
	w->instances[4].n_addresses = 2;
	w->instances[4].version = 3;
	w->instances[4].v3_checksum_as_v2 = true;
	w->instances[4].advert_us = w->live_instances[4].advert_us = 250 * USEC_PER_MSEC;
	w->live_instances[4].state = VRRP_INITIALIZE;
	w->live_instances[4].up_since_us = 0;
	w->live_instances[4].admin_up = false;
	w->live_instances[4].master = (struct ip){0};
	w->live_instances[4].reason = VRRP_PREEMPTED;
	w->live_instances[4].proto_error = VRRP_CHECKSUM_ERROR;
	w->live_instances[4].counters_since_us = 990 * USEC_PER_SEC;
	w->live_instances[4].stats.advert_received = UINT64_C(0x300000001);
}

static void fill_vrrp(struct world *w)
{
	fill_instance(w, 0, "VI_1", "eth1", 62, 10);
	fill_instance(w, 1, "VI_2", "eth0", 5, 2);
	fill_instance(w, 2, "VI_6", "eth0", 7, 2);
	fill_instance(w, 3, "VI_4", "eth0", 4, 2);
	fill_instance(w, 4, "VI_3", "eth0", 7, 2);
	fill_addresses(w);
	w->instances[0].addresses = &w->addresses[0];
	w->instances[0].n_addresses = 2;
	w->instances[0].excluded = &w->addresses[2];
	w->instances[0].n_excluded = 1;
	w->instances[0].group = 0;
	w->instances[0].notify.master.text = "/etc/m.sh up";
	w->instances[0].state = CONF_STATE_MASTER;
	w->instances[0].auth = w->live_instances[0].auth = CONF_AUTH_PASS;
	w->live_instances[0].state = VRRP_MASTER;
	w->live_instances[0].addresses_set = true;
	w->live_instances[0].master = w->live_instances[0].primary;
	w->live_instances[0].stats.become_master = UINT64_C(0x100000003);
	w->instances[1].addresses = &w->addresses[3];
	w->instances[1].n_addresses = 2;
	w->instances[1].mcast_group = world_ip("224.0.0.81");
	w->instances[1].notify.deleted.text = "/etc/d.sh";
	fill_version3(w);
	w->live_instances[3].state = VRRP_FAULT;
	w->live_instances[3].admin_up = false;
	w->members[0] = 0;
	w->members[1] = 1;
	w->group = (struct conf_group){.name = "VG_1", .members = w->members, .n_members = 2};
	w->live_group.state = VRRP_MASTER;
	w->links[0] =
		(struct snap_link){.ifindex = 2,
				   .name = "eth0",
				   .n_own4 = 2,
				   .own4 = {world_ip("172.17.13.120"), world_ip("172.17.13.121")}};
	w->links[1] = (struct snap_link){.ifindex = 10, .name = "eth1"};
	w->conf.instances = w->instances;
	w->conf.n_instances = WORLD_INSTANCES;
	w->conf.groups = &w->group;
	w->conf.n_groups = 1;
	w->vrrp = (struct snap_vrrp){
		.conf = &w->conf,
		.checksum_errors = 11,
		.version_errors = 12,
		.vrid_errors = 13,
		.counters_since_us = 800 * USEC_PER_SEC,
		.n_instances = WORLD_INSTANCES,
		.instances = w->live_instances,
		.n_groups = 1,
		.groups = &w->live_group,
		.n_links = 2,
		.links = w->links,
	};
}

static struct svc_key key(const char *address, uint16_t port)
{
	return (struct svc_key){.ip = world_ip(address), .protocol = IPPROTO_TCP, .port = port};
}

static struct conf_real_server *add_server(struct world *w, size_t service, const char *address)
{
	struct conf_virtual_server *vs = &w->services[service];
	struct conf_real_server *rs;

	if (!vs->servers)
		for (vs->servers = w->servers; vs->servers->weight; vs->servers++)
			;
	rs = &vs->servers[vs->n_servers++];
	rs->key = (struct dest_key){.ip = world_ip(address), .port = 80};
	rs->weight = 10;
	rs->method.forward = CONF_DR;
	rs->smtp_alert = CONF_UNSET;
	return rs;
}

/* Services whose labels are good, shared, and too long. */
static void fill_labels(struct world *w)
{
	w->keys[4] = key("2001:db8::1", 443);
	w->services[3].snmp_name = "web";
	w->services[3].persistence_prefix = 128;
	add_server(w, 3, "2001:db8::2")->snmp_name = "web1";

	w->keys[5] = key("10.9.9.9", 443);
	w->services[4].snmp_name = "twin";
	add_server(w, 4, "10.0.0.9");

	w->keys[6] = key("10.9.9.8", 25);
	add_server(w, 5, "10.0.0.8")->snmp_name = "a label of forty-one octets, one too many";
	add_server(w, 5, "10.0.0.7");
}

/* The group of service 2 as it is written: an address and what no kernel service stands for here.
 */
static void fill_farm(struct world *w)
{
	w->group_members[0] = (struct conf_group_member){
		.first = world_ip("10.9.0.2"), .last = world_ip("10.9.0.2"), .port = 80};
	w->group_members[1] = (struct conf_group_member){
		.first = world_ip("10.9.1.1"), .last = world_ip("10.9.1.9"), .port = 81};
	w->group_members[2] = (struct conf_group_member){.fwmark = 77};
	w->group_members[3] = (struct conf_group_member){
		.first = world_ip("2001:db8::1"), .last = world_ip("2001:db8::1"), .port = 82};
	w->address_groups[0] = (struct conf_address_group){
		.name = "farm", .members = w->group_members, .n_members = 4};
	w->conf.address_groups = w->address_groups;
	w->conf.n_address_groups = 1;
}

static void fill_services(struct world *w)
{
	for (size_t i = 0; i < WORLD_SERVICES; i++) {
		struct conf_virtual_server *vs = &w->services[i];

		vs->type = CONF_VS_ADDRESS;
		vs->protocol = IPPROTO_TCP;
		memcpy(vs->scheduler, "wlc", 4);
		vs->method.forward = CONF_DR;
		vs->persistence_prefix = 32;
		vs->delay_loop_us = 3500 * USEC_PER_MSEC;
		vs->quorum = 1;
		vs->weight = 1;
		vs->smtp_alert = CONF_UNSET;
		vs->keys = &w->keys[i < 3 ? i : i + 1];
		vs->n_keys = 1;
	}
	w->keys[0] = key("172.17.13.252", 80);
	w->services[0].id = "172.17.13.252:80/tcp";
	w->services[0].has_sorry = true;
	w->services[0].sorry = (struct dest_key){.ip = world_ip("127.0.0.1"), .port = 80};
	w->services[0].sorry_method.forward = CONF_NAT;
	w->services[0].persistence_s = 50;
	w->services[0].quorum_up.text = "/bin/up now";
	w->argv[0] = "/bin/up";
	w->services[0].quorum_up.argv = w->argv;
	add_server(w, 0, "172.17.13.173");
	add_server(w, 0, "172.17.13.142")->alpha = true;

	w->keys[1] = (struct svc_key){.fwmark = 5, .ip.family = AF_INET};
	w->services[1].type = CONF_VS_FWMARK;
	w->services[1].id = "fwmark:5/inet";
	w->services[1].protocol = 0;
	w->services[1].snmp_name = "twin";
	add_server(w, 1, "10.0.0.1");

	w->keys[2] = key("10.9.0.2", 80);
	w->keys[3] = key("10.9.0.1", 80);
	w->services[2].type = CONF_VS_GROUP;
	w->services[2].group_name = "farm";
	w->services[2].id = "group:farm/tcp";
	w->services[2].n_keys = 2;
	memcpy(w->services[2].scheduler, "mh", 3);
	w->services[2].flag1 = true;
	add_server(w, 2, "10.0.1.1");
	add_server(w, 2, "10.0.1.2");

	fill_farm(w);
	fill_labels(w);
	w->conf.services = w->services;
	w->conf.n_services = WORLD_SERVICES;
}

static void fill_dest(struct world *w, uint32_t service, uint32_t rs, uint32_t at)
{
	const struct conf_virtual_server *vs = &w->services[w->live_services[service].vs];

	w->live_dests[at] = (struct snap_dest){
		.service = service,
		.rs = rs,
		.key = rs == SNAP_SORRY ? vs->sorry : vs->servers[rs].key,
		.admin = DEST_UNLOCKED,
		.storage = STORAGE_NONVOLATILE,
		.comment = "",
		.oper = DEST_UP,
		.last_error = "",
		.alive = rs != SNAP_SORRY,
		.in_kernel = true,
		.conf_weight = rs == SNAP_SORRY ? 1 : 10,
		.weight_override = WEIGHT_NO_OVERRIDE,
		.effective_weight = 10,
		.kernel_weight = 10,
		.active_conns = 3,
		.inactive_conns = 4,
		.drain = DRAIN_NONE,
		.drain_action = DRAIN_KEEP,
		.stats = {.conns = UINT64_C(0x100000007),
			  .conn_rate = UINT64_C(0x200000009),
			  .in_packets = UINT64_C(0x100000005),
			  .out_octets = 77},
	};
}

static void fill_check(struct world *w)
{
	uint32_t row = 0, dest = 0;

	for (uint32_t vs = 0; vs < WORLD_SERVICES; vs++)
		for (uint32_t k = 0; k < w->services[vs].n_keys; k++, row++) {
			struct snap_service *service = &w->live_services[row];

			service->vs = vs;
			service->key = w->services[vs].keys[k];
			service->quorum_up = true;
			service->in_kernel = true;
			service->n_up = (uint32_t)w->services[vs].n_servers;
			service->stats.conns = UINT64_C(0x100000000) + row;
			service->first_dest = dest;
			if (w->services[vs].has_sorry)
				fill_dest(w, row, SNAP_SORRY, dest++);
			for (uint32_t rs = 0; rs < w->services[vs].n_servers; rs++)
				fill_dest(w, row, rs, dest++);
			service->n_dests = dest - service->first_dest;
		}
	assert(row == WORLD_ROWS && dest == WORLD_DESTS);
	w->check = (struct snap_check){
		.conf = &w->conf,
		.kernel_us = 999 * USEC_PER_SEC,
		.serial = 41,
		.changed_us = 950 * USEC_PER_SEC,
		.ipvs_available = true,
		.ipvs_version = 0x010201,
		.conn_table_size = 4096,
		.tcp_timeout_s = 900,
		.sysctls = {.expire_nodest_conn = 1, .conn_reuse_mode = -1},
		.quorum_policy = QUORUM_REFUSE,
		.drifts = 7,
		.n_services = WORLD_ROWS,
		.services = w->live_services,
		.n_dests = WORLD_DESTS,
		.dests = w->live_dests,
		.n_checkers = 3,
		.checkers = w->live_checkers,
		.n_machines = 2,
		.machines = w->machines,
	};
	world_fill_checkers(w);
	world_fill_machines(w);
}

struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert(w);
	fill_global(w);
	fill_vrrp(w);
	world_fill_tracks(w);
	fill_services(w);
	fill_check(w);
	w->daemon = (struct snap_daemon){
		.conf = &w->conf,
		.generation = 3,
		.n_processes = 1,
		.running = w->running,
		.static_set = w->static_set,
		.n_owners = WORLD_INSTANCES + 1,
		.owner_first = w->owner_first,
		.set = w->set,
		.loaded_wall_us = UINT64_C(1700000000500000),
		.started_wall_us = UINT64_C(1700000000000000),
		.started_us = 800 * USEC_PER_SEC,
		.netns = "blue",
	};
	snprintf(w->daemon.load_error, sizeof(w->daemon.load_error),
		 "test.conf:3: no such keyword");
	world_fill_events(w);
	w->agent = (struct snap_agent){.connected = true, .reconnects = 2, .notifications_sent = 5};
	w->view = (struct view){
		.agent = &w->agent,
		.admin_lock = 5,
		.events = w->events,
		.vrrp = &w->vrrp,
		.check = &w->check,
		.daemon = &w->daemon,
		.now_us = 1000 * USEC_PER_SEC,
		.now_wall_us = UINT64_C(1700000200000000),
		.uptime_cs = 50000,
		.traps_enabled = true,
		.notify = UINT8_MAX,
	};
	return w;
}

void world_free(struct world *world)
{
	if (world)
		events_free(world->events);
	free(world);
}

size_t world_tables(const struct table *ret[static WORLD_TABLES_MAX])
{
	const struct table_list lists[] = {
		vrrp_mib_tables(),	  vrrp3_mib_tables(),	     keepalived_global_tables(),
		keepalived_vrrp_tables(), keepalived_check_tables(), director_mib_tables(),
		lvs_mib_tables(),
	};
	size_t count = 0;

	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++)
		for (size_t i = 0; i < lists[l].count; i++) {
			assert(count < WORLD_TABLES_MAX);
			ret[count++] = lists[l].items[i];
		}
	return count;
}
