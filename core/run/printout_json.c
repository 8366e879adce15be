/* SPDX-License-Identifier: MIT */
/*
 * Snapshots as JSON, by jansson. Names and forms of the values are keepalived's, also where they
 * are odd, since programs read them: some switches are numbers, addresses are lines of ip(8). A
 * password is not shown. Pure.
 */
#include "core/run/printout_json.h"

#include <jansson.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

#define PRECISION 16 /* digits: a moment in microseconds */
#define HIDDEN	  "********"

/* ---- values ---- */

/* Seconds; whole ones without places. */
static json_t *seconds(uint64_t us)
{
	if (us % USEC_PER_SEC == 0)
		return json_integer((json_int_t)(us / USEC_PER_SEC));
	return json_real((double)us / (double)USEC_PER_SEC);
}

static json_t *whole_seconds(uint64_t us)
{
	return json_integer((json_int_t)(us / USEC_PER_SEC));
}

static json_t *number(int64_t value)
{
	return json_integer(value);
}

/* What is not UTF-8 cannot be in JSON. */
static json_t *text(const char *value)
{
	json_t *made = json_string(value);

	return made ? made : json_string("?");
}

/* "'program' 'argument'" */
static json_t *words(char *const *argv)
{
	size_t length;
	char *line = NULL;
	FILE *to = open_memstream(&line, &length);
	json_t *made;

	for (size_t i = 0; to && argv[i]; i++)
		fprintf(to, "%s'%s'", i ? " " : "", argv[i]);
	if (!to || fclose(to) != 0) {
		free(line);
		return NULL;
	}
	made = text(line);
	free(line);
	return made;
}

/* ---- addresses, routes, what is tracked ---- */

static const char *scope_word(uint8_t scope)
{
	switch (scope) {
	case RT_SCOPE_UNIVERSE:
		return "global";
	case RT_SCOPE_SITE:
		return "site";
	case RT_SCOPE_LINK:
		return "link";
	case RT_SCOPE_HOST:
		return "host";
	default:
		return "nowhere";
	}
}

static void print_address(FILE *to, const struct conf_address *address, bool set)
{
	unsigned most = address->ip.family == AF_INET6 ? 128 : 32;
	char ip[IP_TEXT_MAX];

	fputs(ip_format(&address->ip, ip), to);
	if (address->prefix != most && !ip_is_set(&address->peer))
		fprintf(to, "/%u", address->prefix);
	if (ip_is_set(&address->broadcast))
		fprintf(to, " brd %s", ip_format(&address->broadcast, ip));
	fprintf(to, " dev %s%s%s scope %s", address->device, address->parent ? "@" : "",
		address->parent ? address->parent : "", scope_word(address->scope));
	if (address->label)
		fprintf(to, " label %s", address->label);
	if (ip_is_set(&address->peer))
		fprintf(to, " peer %s/%u", ip_format(&address->peer, ip), address->prefix);
	if (address->preferred_s == 0)
		fputs(" deprecated", to);
	if (set)
		fputs(" set", to);
}

/* Frees the line; NULL: memory is out, the list is then shorter. */
static void add_line(json_t *list, char *line)
{
	json_array_append_new(list, line ? text(line) : NULL);
	free(line);
}

static json_t *addresses(const struct conf_address *list, size_t n, bool set)
{
	json_t *made = json_array();

	for (size_t i = 0; i < n; i++) {
		size_t length;
		char *line = NULL;
		FILE *to = open_memstream(&line, &length);

		if (to) {
			print_address(to, &list[i], set);
			fclose(to);
		}
		add_line(made, line);
	}
	return made;
}

static json_t *routes(const struct conf *conf, const struct conf_instance *instance)
{
	json_t *made = json_array();

	for (size_t i = 0; i < instance->n_routes; i++)
		add_line(made, conf_route_text(conf, &instance->routes[i]));
	return made;
}

static json_t *rules(const struct conf *conf, const struct conf_instance *instance)
{
	json_t *made = json_array();

	for (size_t i = 0; i < instance->n_rules; i++)
		add_line(made, conf_rule_text(conf, &instance->rules[i]));
	return made;
}

/* By name, but scripts by their command. */
static json_t *tracked(const struct conf *conf, const struct conf_instance *instance,
		       enum conf_track_kind kind)
{
	json_t *made = json_array();

	for (size_t i = 0; i < instance->n_tracks; i++) {
		const struct conf_track *track = &instance->tracks[i];

		if (track->kind != kind)
			continue;
		json_array_append_new(made,
				      kind == CONF_TRACK_SCRIPT
					      ? words(conf->scripts[track->index].command.argv)
					      : text(track->name));
	}
	return made;
}

/* Lists and scripts are there only when there is something in them. */
static void add_list(json_t *to, const char *key, json_t *list)
{
	if (json_array_size(list))
		json_object_set_new(to, key, list);
	else
		json_decref(list);
}

/* ---- one instance ---- */

static void add(json_t *to, const char *key, json_t *value)
{
	json_object_set_new(to, key, value);
}

static void add_settings(json_t *to, const struct conf_instance *instance)
{
	add(to, "dont_track_primary", number(instance->dont_track_primary));
	add(to, "skip_check_adv_addr", number(instance->skip_check_adv_addr));
	add(to, "strict_mode", number(instance->strict));
}

static void add_announcements(json_t *to, const struct conf_instance *instance)
{
	add(to, "garp_delay", whole_seconds(instance->garp_delay_us));
	add(to, "garp_refresh", whole_seconds(instance->garp_refresh_us));
	add(to, "garp_rep", number(instance->garp_repeat));
	add(to, "garp_refresh_rep", number(instance->garp_refresh_repeat));
	add(to, "garp_lower_prio_delay", whole_seconds(instance->garp_lower_prio_delay_us));
	add(to, "garp_lower_prio_rep", number(instance->garp_lower_prio_repeat));
	add(to, "lower_prio_no_advert", number(instance->lower_prio_no_advert));
	add(to, "higher_prio_send_advert", number(instance->higher_prio_send_advert));
}

static void add_state(json_t *to, const struct conf *conf, const struct snap_instance *row)
{
	const struct conf_instance *instance = &conf->instances[row->conf_index];
	bool master = row->state == VRRP_MASTER;

	add(to, "vrid", number(instance->vrid));
	add(to, "base_priority", number(row->base_priority));
	add(to, "effective_priority", number(row->effective_priority));
	add(to, "vipset", json_boolean(master && row->addresses_set));
	add(to, "promote_secondaries", json_boolean(instance->promote_secondaries));
	add(to, "adver_int", seconds(row->advert_us));
	add(to, "master_adver_int", seconds(row->advert_us));
	add(to, "accept", number(instance->accept));
	add(to, "nopreempt", json_boolean(!row->preempt));
	add(to, "preempt_delay", whole_seconds(instance->preempt_delay_us));
	add(to, "state", number(row->state));
	add(to, "wantstate", number(row->wanted));
	add(to, "version", number(instance->version));
	add(to, "smtp_alert", json_boolean(conf_mails_router(&conf->global, instance->smtp_alert)));
	add(to, "notify_deleted",
	    json_boolean(instance->notify_deleted || instance->notify.deleted.text));
}

static void add_scripts(json_t *to, const struct conf_notify *notify)
{
	const struct {
		const char *key;
		const struct conf_command *command;
	} scripts[] = {
		{"script_backup", &notify->backup},
		{"script_master", &notify->master},
		{"script_fault", &notify->fault},
		{"script_stop", &notify->stop},
		{"script_deleted", &notify->deleted},
		{"script", &notify->any},
		{"script_master_rx_lower_pri", &notify->master_rx_lower_pri},
	};

	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		if (scripts[i].command->text)
			add(to, scripts[i].key, words(scripts[i].command->argv));
}

static void add_lists(json_t *to, const struct conf *conf, const struct snap_instance *row)
{
	const struct conf_instance *instance = &conf->instances[row->conf_index];
	bool set = row->state == VRRP_MASTER && row->addresses_set;

	add_list(to, "vips", addresses(instance->addresses, instance->n_addresses, set));
	add_list(to, "evips", addresses(instance->excluded, instance->n_excluded, set));
	add_list(to, "vroutes", routes(conf, instance));
	add_list(to, "vrules", rules(conf, instance));
	add_list(to, "track_ifp", tracked(conf, instance, CONF_TRACK_INTERFACE));
	add_list(to, "track_script", tracked(conf, instance, CONF_TRACK_SCRIPT));
	add_list(to, "track_process", tracked(conf, instance, CONF_TRACK_PROCESS));
	add(to, "auth_type", number(row->auth));
	if (row->auth != CONF_AUTH_NONE)
		add(to, "auth_data", text(HIDDEN));
}

static json_t *make_data(const struct conf *conf, const struct snap_instance *row)
{
	const struct conf_instance *instance = &conf->instances[row->conf_index];
	const struct conf_macvlan *macvlan = conf_instance_macvlan(instance);
	const char *vmac = macvlan ? macvlan->name : "";
	json_t *to = json_object();

	add(to, "iname", text(instance->name));
	add_settings(to, instance);
	add(to, "vmac_ifname", text(vmac));
	add(to, "ifp_ifname", text(*vmac ? vmac : instance->interface));
	add(to, "master_priority", number(row->state == VRRP_MASTER ? 0 : row->master_priority));
	add(to, "last_transition", json_real((double)row->changed_wall_us / (double)USEC_PER_SEC));
	add_announcements(to, instance);
	add_state(to, conf, row);
	add_scripts(to, &instance->notify);
	add_lists(to, conf, row);
	return to;
}

static json_t *make_stats(const struct vrrp_stats *stats)
{
	const struct {
		const char *key;
		uint64_t value;
	} counters[] = {
		{"advert_rcvd", stats->advert_received},
		{"advert_sent", stats->advert_sent},
		{"become_master", stats->become_master},
		{"release_master", stats->release_master},
		{"packet_len_err", stats->length_errors},
		{"advert_interval_err", stats->interval_errors},
		{"ip_ttl_err", stats->ttl_errors},
		{"invalid_type_rcvd", stats->invalid_type},
		{"addr_list_err", stats->address_list_errors},
		{"invalid_authtype", stats->invalid_auth_type},
		{"authtype_mismatch", stats->auth_type_mismatch},
		{"auth_failure", stats->auth_failures},
		{"pri_zero_rcvd", stats->priority_zero_received},
		{"pri_zero_sent", stats->priority_zero_sent},
	};
	json_t *to = json_object();

	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
		add(to, counters[i].key, number((int64_t)counters[i].value));
	return to;
}

/* ---- the whole ---- */

static json_t *make_instances(const struct snap_vrrp *vrrp)
{
	json_t *list = json_array();

	for (size_t i = 0; vrrp && i < vrrp->n_instances; i++) {
		json_t *both = json_object();

		add(both, "data", make_data(vrrp->conf, &vrrp->instances[i]));
		add(both, "stats", make_stats(&vrrp->instances[i].stats));
		json_array_append_new(list, both);
	}
	return list;
}

static json_t *make_process(const struct conf_track_process *conf,
			    const struct printout_process *now)
{
	static const char *const matches[] = {
		[CONF_PARAM_ANY] = "none",
		[CONF_PARAM_EXACT] = "exact",
		[CONF_PARAM_PARTIAL] = "partial",
		[CONF_PARAM_INITIAL] = "initial",
	};
	json_t *to = json_object();

	add(to, "process", text(conf->argv[0]));
	if (conf->argv[1])
		add(to, "parameters", words(conf->argv + 1));
	add(to, "param_match", text(matches[conf->match]));
	add(to, "min_processes", number(conf->quorum));
	add(to, "max_processes", number(conf->quorum_max));
	add(to, "current_processes", number(now->running));
	add(to, "have_quorum", json_boolean(now->enough));
	add(to, "weight", number(conf->weight));
	add(to, "terminate_delay", seconds(conf->terminate_delay_us));
	add(to, "fork_delay", seconds(conf->fork_delay_us));
	add(to, "fork_delay_timer_running", json_boolean(now->fork_delayed));
	add(to, "terminate_delay_timer_running", json_boolean(now->terminate_delayed));
	add(to, "full_command", json_boolean(conf->full_command));
	return to;
}

char *printout_json(const struct snap_vrrp *vrrp, unsigned version,
		    const struct printout_process *processes)
{
	json_t *all = make_instances(vrrp), *list;

	if (version > 1) {
		list = json_array();
		for (size_t i = 0; vrrp && i < vrrp->conf->n_processes; i++)
			json_array_append_new(
				list, make_process(&vrrp->conf->processes[i], &processes[i]));
		json_t *both = json_object();
		add(both, "vrrp", all);
		add(both, "track_process", list);
		all = both;
	}
	char *made = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(PRECISION));
	json_decref(all);
	return made;
}
