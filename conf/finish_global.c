/* SPDX-License-Identifier: MIT */
/*
 * global_defs: what is filled in when nothing was said. Runs before everything else that is
 * resolved, since instances and services inherit from it. Runs in the thread that loads.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/build.h"
#include "conf/scopes.h"

const struct node *finish_global_setter(const struct draft_global *global, size_t offset)
{
	const struct node *setter = NULL;

	for (size_t i = global->n_nodes; i > 0 && !setter; i--)
		setter = tree_setter(global->nodes[i - 1], offset);
	return setter;
}

#define WAS_SET(global, member) finish_global_setter(global, offsetof(struct draft_global, member))

static void warn_zero(struct build *build, const struct node *setter, bool is_zero)
{
	if (setter && is_zero)
		build_warn(build, setter, 1, "'%s' must be at least 1; it is taken as 1",
			   setter->row->name);
}

static void finish_garp(struct build *build, struct draft_global *global)
{
	warn_zero(build, WAS_SET(global, garp_repeat), !global->garp_repeat);
	warn_zero(build, WAS_SET(global, garp_refresh_repeat), !global->garp_refresh_repeat);
	if (global->min_garp) {
		if (!WAS_SET(global, garp_delay_us))
			global->garp_delay_us = 0;
		if (!WAS_SET(global, garp_repeat))
			global->garp_repeat = 1;
		if (!WAS_SET(global, garp_refresh_repeat))
			global->garp_refresh_repeat = 1;
	}
	if (!global->garp_repeat)
		global->garp_repeat = 1;
	if (!global->garp_refresh_repeat)
		global->garp_refresh_repeat = 1;
	if (!WAS_SET(global, garp_lower_prio_delay_us))
		global->garp_lower_prio_delay_us = global->garp_delay_us;
	if (!WAS_SET(global, garp_lower_prio_repeat))
		global->garp_lower_prio_repeat = global->garp_repeat;
}

static void read_host_name(char room[static HOST_NAME_MAX + 1])
{
	memset(room, 0, HOST_NAME_MAX + 1);
	if (gethostname(room, HOST_NAME_MAX) < 0 || !*room)
		memcpy(room, "localhost", sizeof("localhost"));
}

char *finish_email_from(char room[static EMAIL_FROM_MAX])
{
	char host[HOST_NAME_MAX + 1];

	read_host_name(host);
	snprintf(room, EMAIL_FROM_MAX, "root@%s", host);
	return room;
}

static void finish_names(struct build *build, struct conf_global *model)
{
	char host[HOST_NAME_MAX + 1], from[EMAIL_FROM_MAX];

	read_host_name(host);
	if (!model->router_id)
		model->router_id = arena_strdup(build->arena, host);
	if (!model->email_from)
		model->email_from = arena_strdup(build->arena, finish_email_from(from));
	if (!model->smtp_server)
		model->smtp_server = arena_strdup(build->arena, "");
}

static void finish_thread(struct conf_thread *thread, const struct conf_process *process,
			  const char *usual, const char *plain)
{
	bool all = process->process_names;
	const char *name = thread->thread_name ? thread->thread_name : all ? usual : plain;

	snprintf(thread->tune.name, sizeof(thread->tune.name), "%s", name);
	thread->tune.most =
		process->max_auto_priority > 0 ? (uint8_t)process->max_auto_priority : 0;
}

static void finish_threads(struct conf_global *model)
{
	finish_thread(&model->vrrp, &model->process, "vipd_vrrp", "vrrp");
	finish_thread(&model->checker, &model->process, "vipd_check", "check");
	finish_thread(&model->bfd, &model->process, "vipd_bfd", "bfd");
}

/* The command line has the last word. */
static void overrule(struct build *build, struct conf_global *model)
{
	const struct conf_load_options *options = build->options;

	if (options->snmp_all)
		model->snmp_vrrp = model->snmp_checker = model->snmp_rfcv2 = model->snmp_rfcv3 =
			true;
	if (options->snmp_socket)
		model->snmp_socket = arena_strdup(build->arena, options->snmp_socket);
}

void finish_global(struct build *build)
{
	struct draft_global *global = &build->global;
	struct conf_global *model = &global->model;
	static const uint8_t group[4] = {224, 0, 0, 18};

	build_check_needs(build, &scope_global, global->nodes, global->n_nodes);
	finish_names(build, model);
	finish_garp(build, global);
	if (!model->smtp_port)
		model->smtp_port = 25;
	warn_zero(build, WAS_SET(global, model.smtp_timeout_us), !model->smtp_timeout_us);
	if (!model->smtp_timeout_us)
		model->smtp_timeout_us = 1000000;
	if (!ip_is_set(&model->mcast_group4)) {
		model->mcast_group4.family = AF_INET;
		memcpy(model->mcast_group4.octets, group, sizeof(group));
	}
	if (!ip_is_set(&model->mcast_group6))
		(void)ip_parse("ff02::12", &model->mcast_group6);
	finish_threads(model);
	if (global->snmp_rfc)
		model->snmp_rfcv2 = model->snmp_rfcv3 = true;
	overrule(build, model);
	model->emails = items_to_array(&global->emails, build->arena, sizeof(char *));
	model->n_emails = global->emails.n;
	model->v3_checksum_as_v2 = build->global.v3_checksum_as_v2;
	build->conf->global = *model;
}
