/* SPDX-License-Identifier: MIT */
/*
 * Results as JSON, and those of the daemon laid out for people. A field that is missing prints as
 * "-": an older or newer daemon must not confuse the layout.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/ctl/ctl.h"

void ctl_print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

json_t *ctl_text(const char *text)
{
	json_t *string = text ? json_string(text) : json_null();

	return string ? string : json_string("(not UTF-8)");
}

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value && *value ? value : "-";
}

static long long number(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

static bool truth(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

static void print_wall(const char *label, long long wall_us)
{
	char room[32] = "-";
	struct tm parts;
	time_t seconds = (time_t)(wall_us / 1000000);

	if (wall_us && localtime_r(&seconds, &parts))
		strftime(room, sizeof room, "%Y-%m-%d %H:%M:%S", &parts);
	printf("%s%s", label, room);
}

static void print_daemon(const json_t *daemon)
{
	const char *name;
	json_t *thread;

	printf("vipd %s, process %lld, up %lld s\n", text(daemon, "version"), number(daemon, "pid"),
	       number(daemon, "uptime_s"));
	printf("configuration %lld of %s", number(daemon, "generation"),
	       text(daemon, "config_file"));
	print_wall(", loaded ", number(daemon, "loaded_us"));
	printf("%s\n", truth(daemon, "loading") ? ", a reload is under way" : "");
	if (strcmp(text(daemon, "last_error"), "-"))
		printf("LAST LOAD FAILED: %s\n", text(daemon, "last_error"));
	printf("threads:");
	json_object_foreach(json_object_get(daemon, "threads"), name, thread)
		printf(" %s (late by at most %.3f ms)", name,
		       (double)number(thread, "worst_late_us") / 1000);
	printf("\n");
}

static void print_agent(const json_t *agent)
{
	if (!truth(agent, "enabled")) {
		printf("SNMP agent: off\n");
		return;
	}
	printf("SNMP agent: %s %s", truth(agent, "connected") ? "connected to" : "NOT CONNECTED to",
	       text(agent, "socket"));
	printf(", %lld reconnects, notifications %lld sent %lld waiting %lld dropped\n",
	       number(agent, "reconnects"), number(agent, "notifications_sent"),
	       number(agent, "notifications_queued"), number(agent, "notifications_dropped"));
	if (strcmp(text(agent, "last_error"), "-"))
		printf("  last error: %s\n", text(agent, "last_error"));
}

static void print_addresses(const json_t *list, bool set)
{
	size_t i;
	json_t *address;

	json_array_foreach(list, i, address)
		printf("    %s%s\n", json_string_value(address), set ? "" : " (not here)");
}

static void print_instances(const json_t *instances)
{
	size_t i;
	json_t *instance;

	if (json_array_size(instances))
		printf("\n%-20s %-12s %4s %-7s %8s %-20s %s\n", "INSTANCE", "INTERFACE", "VRID",
		       "STATE", "PRIORITY", "MASTER", "SINCE");
	json_array_foreach(instances, i, instance)
	{
		printf("%-20s %-12s %4lld %-7s %4lld/%-3lld %-20s %lld s\n", text(instance, "name"),
		       text(instance, "interface"), number(instance, "vrid"),
		       text(instance, "state"), number(instance, "priority"),
		       number(instance, "base_priority"), text(instance, "master"),
		       number(instance, "state_s"));
		print_addresses(json_object_get(instance, "addresses"),
				truth(instance, "addresses_set"));
		print_addresses(json_object_get(instance, "excluded_addresses"),
				truth(instance, "addresses_set"));
	}
}

static void print_sessions(const json_t *sessions)
{
	size_t i;
	json_t *session;

	if (json_array_size(sessions))
		printf("\n%-20s %-24s %-10s %-10s %-22s %s\n", "BFD SESSION", "NEIGHBOR", "STATE",
		       "REMOTE", "INTERVAL / DETECTION", "DIAGNOSTIC");
	json_array_foreach(sessions, i, session)
		printf("%-20s %-24s %-10s %-10s %9.3f / %7.3f ms %s\n", text(session, "name"),
		       text(session, "neighbor"), text(session, "state"),
		       text(session, "remote_state"), (double)number(session, "interval_us") / 1000,
		       (double)number(session, "detection_us") / 1000, text(session, "diagnostic"));
}

static void print_drain(const json_t *server)
{
	const json_t *drain = json_object_get(server, "drain");

	if (!strcmp(text(drain, "state"), "notDraining") &&
	    !strcmp(text(server, "admin"), "unlocked"))
		return;
	printf("      %s: %lld of %lld connections left", text(drain, "state"),
	       number(drain, "remaining"), number(drain, "initial"));
	if (number(drain, "started_us"))
		print_wall(", since ", number(drain, "started_us"));
	if (number(drain, "deadline_us"))
		print_wall(", until ", number(drain, "deadline_us"));
	if (strcmp(text(server, "comment"), "-"))
		printf(" (%s)", text(server, "comment"));
	printf("\n");
}

static void print_server(const json_t *server)
{
	const char *name = text(server, "name");

	printf("  %-28s %-12s %-13s %6lld %8lld %8lld  %s\n", text(server, "server"),
	       text(server, "oper"), text(server, "admin"), number(server, "weight"),
	       number(server, "active_connections"), number(server, "inactive_connections"),
	       truth(server, "sorry") ? "sorry server" : (strcmp(name, "-") ? name : ""));
	if (strcmp(text(server, "oper"), "up") && strcmp(text(server, "last_error"), "-"))
		printf("      %s\n", text(server, "last_error"));
	if (number(server, "held_back_permille"))
		printf("      slow start: at %lld %% of its weight\n",
		       100 - number(server, "held_back_permille") / 10);
	print_drain(server);
}

static void print_services(const json_t *services)
{
	size_t i, k;
	json_t *service, *server;

	json_array_foreach(services, i, service)
	{
		const char *name = text(service, "name");

		printf("\nSERVICE %s%s%s %s, %lld of %zu up%s%s%s%s%s\n", text(service, "service"),
		       strcmp(name, "-") ? " " : "", strcmp(name, "-") ? name : "",
		       text(service, "scheduler"), number(service, "up"),
		       json_array_size(json_object_get(service, "servers")),
		       truth(service, "quorum_up") ? "" : ", QUORUM LOST",
		       truth(service, "sorry_active") ? ", sorry server in use" : "",
		       truth(service, "in_kernel") ? "" : ", not in the kernel",
		       truth(service, "drifted") ? ", changed by somebody else" : "",
		       truth(service, "suspended") ? ", checks suspended" : "");
		if (number(service, "leaving"))
			printf("  %lld no longer configured, kept for their connections\n",
			       number(service, "leaving"));
		printf("  %-28s %-12s %-13s %6s %8s %8s  %s\n", "SERVER", "HEALTH", "ADMIN",
		       "WEIGHT", "ACTIVE", "INACTIVE", "NAME");
		json_array_foreach(json_object_get(service, "servers"), k, server)
			print_server(server);
	}
}

static void print_sync_daemons(const json_t *daemons)
{
	size_t i;
	json_t *daemon;

	json_array_foreach(daemons, i, daemon)
		printf("%sConnections are synchronised as %s on %s, id %lld.\n", i ? "" : "\n",
		       text(daemon, "role"), text(daemon, "interface"), number(daemon, "id"));
}

static void print_ipvs(const json_t *ipvs)
{
	static const char *const sysctls[] = {"expire_nodest_conn", "expire_quiescent_template",
					      "conn_reuse_mode"};

	printf("\nnet.ipv4.vs:");
	for (size_t i = 0; i < sizeof sysctls / sizeof sysctls[0]; i++) {
		const json_t *value = json_object_get(ipvs, sysctls[i]);

		printf("%s %s %s", i ? "," : "", sysctls[i], json_is_integer(value) ? "" : "-");
		if (json_is_integer(value))
			printf("%lld", (long long)json_integer_value(value));
	}
	printf("\n");
	if (!strcmp(text(ipvs, "drain_quorum_policy"), "refuse"))
		printf("drain quorum policy: refuse\n");
	if (number(ipvs, "drifts"))
		printf("services changed by somebody else since the start: %lld\n",
		       number(ipvs, "drifts"));
}

void ctl_print_status(const json_t *status)
{
	const json_t *services = json_object_get(status, "services");

	print_daemon(json_object_get(status, "daemon"));
	print_agent(json_object_get(status, "agent"));
	print_instances(json_object_get(status, "instances"));
	print_sessions(json_object_get(status, "bfd_sessions"));
	if (json_array_size(services) && !truth(status, "ipvs_available"))
		printf("\nThis kernel's IPVS is not available.\n");
	if (json_array_size(services) && truth(status, "ipvs_available"))
		print_ipvs(json_object_get(status, "ipvs"));
	print_sync_daemons(json_object_get(status, "sync_daemons"));
	print_services(services);
}

void ctl_print_servers(const char *verb, const json_t *result)
{
	size_t i;
	json_t *server;

	json_array_foreach(json_object_get(result, "servers"), i, server) printf(
		"%s %s of %s: done\n", verb, text(server, "server"), text(server, "service"));
}

void ctl_print_policy(const char *word, const json_t *result)
{
	(void)word;
	printf("drain quorum policy: %s\n", text(result, "drain_quorum_policy"));
}

void ctl_print_help(const json_t *commands)
{
	size_t i;
	json_t *command;

	json_array_foreach(commands, i, command)
		printf("%s %s\n    %s\n", text(command, "command"),
		       json_string_length(json_object_get(command, "arguments"))
			       ? text(command, "arguments")
			       : "",
		       text(command, "help"));
}
