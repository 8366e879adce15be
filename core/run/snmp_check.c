/* SPDX-License-Identifier: MIT */
/*
 * vipd --check-snmp walks the way of a manager's request backwards: is SNMP enabled, does a master
 * agent answer, does it take the tables, do managers see them. It visits the master as a subagent
 * of its own, and asks it as a manager: a request that reaches the visitor has passed the views.
 * Where a vipd runs, what that says of itself goes first.
 *
 * Thread: main, and no other exists. Changes nothing; the visit is over within seconds.
 */
#include "core/run/snmp_check.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>

#include "agent/catalog.h"
#include "agent/director_mib.h"
#include "agent/keepalived.h"
#include "agent/library.h"
#include "agent/lvs_mib.h"
#include "agent/manager.h"
#include "agent/probe.h"
#include "agent/stream.h"
#include "agent/vrrp3_mib.h"
#include "agent/vrrp_mib.h"
#include "conf/model.h"
#include "core/base/clock.h"
#include "core/run/load.h"
#include "core/run/place.h"

#define ROOT_MAX 10

struct module {
	const char *name;
	uint32_t root[ROOT_MAX];
	size_t length;
	const char *text; /* of the root, for snmpd.conf */
};

static const struct module modules[] = {
	{"VRRP-MIB", {VRRP_MIB_ROOT}, 7, ".1.3.6.1.2.1.68"},
	{"VRRPV3-MIB", {VRRP3_MIB_ROOT}, 7, ".1.3.6.1.2.1.207"},
	{"KEEPALIVED-MIB", {KEEPALIVED_ROOT}, 9, ".1.3.6.1.4.1.9586.100.5"},
	{"IPVS-DIRECTOR-MIB",
	 {DIRECTOR_ROOT},
	 DIRECTOR_ROOT_LENGTH,
	 ".1.3.6.1.4.1.8072.9999.9999.47"},
	{"LVS-MIB", {LVS_MIB_ROOT}, LVS_MIB_ROOT_LENGTH, ".1.3.6.1.4.1.8225.4711"},
};

#define MODULES (sizeof modules / sizeof modules[0])

#define ASKED_MAX 16 /* communities at addresses */

/* A community at an address; snmpd.conf has several, and which are for this machine only snmpd
 * knows. */
struct asked {
	const char *community, *address;
	struct manager *manager;
};

struct snmp_check {
	struct options options; /* with the files that a daemon would have */
	struct place place;
	FILE *to;
	unsigned findings;
	struct load load;
	struct catalog *catalog;
	struct snmp_running running;
	struct snmpd_conf snmpd;
	const char *socket; /* NULL: net-snmp's default */
	struct asked asked[ASKED_MAX];
	size_t n_asked;
	struct probe *probe;
};

static void __attribute__((format(printf, 2, 3)))
finding(struct snmp_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(check->to, format, arguments);
	va_end(arguments);
	fputc('\n', check->to);
	check->findings++;
}

static const char *socket_text(const struct snmp_check *check)
{
	return check->socket ? check->socket : STREAM_DEFAULT;
}

/* ---- the configuration ---- */

static bool is_enabled(const struct snmp_check *check)
{
	for (size_t i = 0; i < catalog_count(check->catalog); i++)
		if (catalog_is_served(check->catalog, i))
			return true;
	return false;
}

/* To where a vipd with this configuration is: its namespace, its files. */
static bool go_there(struct snmp_check *check)
{
	struct place *place = &check->place;
	int error = place_choose(place, &check->load.conf->global.process, &check->options);

	if (!error)
		error = place_enter(place);
	if (error)
		finding(check, "configuration: network namespace %s: %s",
			place->netns ? place->netns : "", strerror(-error));
	return !error;
}

static bool read_configuration(struct snmp_check *check)
{
	char text[512];

	check->load.options = &check->options;
	load_run(&check->load);
	if (check->load.error) {
		load_summary(&check->load, text, sizeof text);
		finding(check, "configuration: %s", text);
		return false;
	}
	check->socket = check->load.conf->global.snmp_socket;
	catalog_select(check->catalog, check->load.conf);
	return go_there(check);
}

/* False when there is nothing to look for at the master. */
static bool check_enabled(struct snmp_check *check)
{
	const struct snmp_running *running = &check->running;
	const char *file = options_config(&check->options);

	if (is_enabled(check)) {
		if (running->pid && !running->enabled)
			finding(check,
				"not enabled: the vipd that runs (process %d) has SNMP off, unlike "
				"%s: reload it",
				running->pid, file);
		return true;
	}
	if (running->enabled)
		finding(check,
			"not enabled: %s enables no part of SNMP, so vipd (process %d) will switch "
			"it off at its next reload",
			file, running->pid);
	else
		finding(check,
			"not enabled: %s has none of enable_snmp_vrrp, enable_snmp_checker, "
			"enable_snmp_rfc, enable_snmp_rfcv2, enable_snmp_rfcv3, "
			"enable_snmp_lvs in global_defs, and vipd was not given -x",
			file);
	return false;
}

/* ---- the master agent ---- */

static void master_finding(struct snmp_check *check, int error)
{
	char text[512];

	snmp_trouble_text(socket_text(check), &check->snmpd, error, text, sizeof text);
	finding(check, "%s", text);
}

static bool visit_master(struct snmp_check *check)
{
	int r = probe_open(check->socket, &check->probe);

	if (r != 0)
		master_finding(check, r);
	return r == 0;
}

/* ---- its tables ---- */

static bool belongs(const struct table *table, const struct module *module)
{
	return table->entry_length >= module->length &&
	       !memcmp(table->entry, module->root, module->length * sizeof *module->root);
}

static bool register_module(struct snmp_check *check, const struct module *module)
{
	unsigned taken = 0, refused = 0;

	for (size_t i = 0; i < catalog_count(check->catalog); i++) {
		const struct table *table = catalog_table(check->catalog, i);
		int r;

		if (!catalog_is_served(check->catalog, i) || !belongs(table, module))
			continue;
		r = probe_register(check->probe, table->entry, table->entry_length);
		if (r < 0) {
			master_finding(check, r);
			return false;
		}
		taken += r == AGENTX_DUPLICATE_REGISTRATION;
		refused += r != 0 && r != AGENTX_DUPLICATE_REGISTRATION;
	}
	if (taken)
		finding(check,
			"registration refused: another subagent of snmpd has %u tables of %s; does "
			"keepalived, or a second vipd, run with SNMP?",
			taken, module->name);
	if (refused)
		finding(check, "registration refused: the master agent at %s takes no %s",
			socket_text(check), module->name);
	return true;
}

/* A vipd that is connected holds the tables itself, and knows what it was refused. */
static bool check_tables(struct snmp_check *check)
{
	const struct snmp_running *running = &check->running;
	bool good = true;

	if (running->enabled && running->last_error[0])
		finding(check, "vipd (process %d) says: %s", running->pid, running->last_error);
	if (running->connected)
		return true;
	for (size_t i = 0; i < MODULES && good; i++)
		good = register_module(check, &modules[i]);
	return good;
}

/* ---- what managers see ---- */

/* Which of the managers heard best so far. */
static const struct asked *best_of(const struct snmp_check *check, enum manager_answer *ret)
{
	const struct asked *best = NULL;

	*ret = MANAGER_NOTHING;
	for (size_t i = 0; i < check->n_asked; i++) {
		enum manager_answer answer = manager_answer(check->asked[i].manager);

		if (answer > *ret) {
			*ret = answer;
			best = &check->asked[i];
		}
	}
	return best;
}

/* One wait; true when the visitor is asked: such a question has passed the views. */
static bool hear_once(struct snmp_check *check, const uint32_t *name, size_t length, int wait_ms)
{
	struct pollfd pollers[ASKED_MAX + 1];
	bool same = false;

	for (size_t i = 0; i < check->n_asked; i++)
		pollers[i] = (struct pollfd){manager_fd(check->asked[i].manager), POLLIN, 0};
	pollers[check->n_asked] =
		(struct pollfd){check->probe ? probe_fd(check->probe) : -1, POLLIN, 0};
	if (poll(pollers, check->n_asked + 1, wait_ms) <= 0)
		return false;
	for (size_t i = 0; i < check->n_asked; i++)
		if (pollers[i].revents)
			manager_read(check->asked[i].manager);
	if (pollers[check->n_asked].revents &&
	    probe_read_get(check->probe, name, length, &same) < 0)
		check->probe = probe_close(check->probe);
	return same;
}

static enum manager_answer hear(struct snmp_check *check, const uint32_t *name, size_t length,
				const struct asked **ret_who)
{
	uint64_t until_us = clock_now_us() + MANAGER_WAIT_MS * USEC_PER_MSEC;
	enum manager_answer best = MANAGER_NOTHING;

	*ret_who = NULL;
	for (size_t i = 0; i < check->n_asked; i++)
		(void)manager_ask(check->asked[i].manager, name, length);
	for (uint64_t now_us = clock_now_us(); now_us < until_us && best != MANAGER_VALUE;
	     now_us = clock_now_us()) {
		int wait_ms = (int)((until_us - now_us) / USEC_PER_MSEC) + 1;

		if (hear_once(check, name, length, wait_ms))
			return MANAGER_VALUE;
		*ret_who = best_of(check, &best);
		if (check->n_asked == 1 && best != MANAGER_NOTHING)
			break; /* nobody else can hear better */
	}
	return best;
}

/* The first cell of a table's first column: of scalars it is there, of a table the column is. */
static size_t name_of(const struct table *table, uint32_t *ret)
{
	memcpy(ret, table->entry, table->entry_length * sizeof *ret);
	ret[table->entry_length] = table->columns[0].number;
	ret[table->entry_length + 1] = 0;
	return table->entry_length + 2;
}

static const struct table *first_table(const struct snmp_check *check, const struct module *module)
{
	for (size_t i = 0; i < catalog_count(check->catalog); i++)
		if (catalog_is_served(check->catalog, i) &&
		    belongs(catalog_table(check->catalog, i), module))
			return catalog_table(check->catalog, i);
	return NULL;
}

/* False when asking on makes no sense. */
static bool check_module(struct snmp_check *check, const struct module *module)
{
	const struct table *table = first_table(check, module);
	const struct asked *who;
	uint32_t name[OID_MAX];
	enum manager_answer answer;
	size_t length;

	if (!table)
		return true;
	length = name_of(table, name);
	answer = hear(check, name, length, &who);
	if (answer == MANAGER_NOTHING)
		finding(check,
			"no answer over SNMP: the agent at %s does not answer community '%s'%s: "
			"see "
			"agentaddress and rocommunity in snmpd.conf, and packet filters",
			check->asked[0].address, check->asked[0].community,
			check->n_asked > 1 ? ", nor any other that snmpd.conf has" : "");
	else if (answer == MANAGER_REFUSED)
		finding(check,
			"hidden: the agent at %s lets community '%s' read nothing: an access line "
			"in "
			"snmpd.conf must name a view with %s",
			who->address, who->community, module->text);
	else if (answer == MANAGER_NO_OBJECT)
		finding(check,
			"hidden: the agent at %s does not show %s to community '%s': add \"view "
			"NAME "
			"included %s\" to its view, or \"rocommunity COMMUNITY SOURCE %s\"",
			who->address, module->name, who->community, module->text, module->text);
	return answer == MANAGER_NO_OBJECT || answer == MANAGER_VALUE;
}

static void ask_as(struct snmp_check *check, const char *community, const char *address)
{
	struct asked *asked = &check->asked[check->n_asked];

	if (check->n_asked == ASKED_MAX)
		return;
	*asked = (struct asked){.community = community, .address = address};
	if (manager_new(address, community, &asked->manager) < 0)
		finding(check, "no answer over SNMP: %s is not an address", address);
	else
		check->n_asked++;
}

/* --check-snmp=COMMUNITY[@ADDRESS] goes before what snmpd.conf says. */
static void choose_managers(struct snmp_check *check)
{
	const char *given = check->options.check_snmp_as;
	const char *at = given ? strrchr(given, '@') : NULL;
	struct snmpd_conf *snmpd = &check->snmpd;

	if (given) {
		snprintf(snmpd->communities[0], sizeof snmpd->communities[0], "%.*s",
			 at ? (int)(at - given) : (int)strlen(given), given);
		snmpd->n_communities = 1;
	}
	if (at) {
		snprintf(snmpd->addresses[0], sizeof snmpd->addresses[0], "%s", at + 1);
		snmpd->n_addresses = 1;
	}
	for (size_t i = 0; i < snmpd->n_communities; i++)
		for (size_t k = 0; k < snmpd->n_addresses; k++)
			ask_as(check, snmpd->communities[i], snmpd->addresses[k]);
}

static void check_views(struct snmp_check *check)
{
	bool good = true;

	choose_managers(check);
	if (!check->snmpd.n_communities)
		fprintf(check->to,
			"not tried: whether managers see the tables; no snmpd.conf found names a "
			"community: try --check-snmp=COMMUNITY[@ADDRESS]\n");
	for (size_t i = 0; i < MODULES && good && check->n_asked; i++)
		good = check_module(check, &modules[i]);
}

/* ---- all of it ---- */

/* An agent of vipd's own: nobody to visit. Only the one that runs answers. */
static void check_own(struct snmp_check *check)
{
	const struct snmp_running *running = &check->running;

	if (!running->pid)
		finding(check, "nobody listens at %s: no vipd answers at %s", check->socket,
			check->options.control);
	else if (running->last_error[0])
		finding(check, "vipd (process %d) says: %s", running->pid, running->last_error);
	else if (check_enabled(check))
		check_views(check);
}

static void check_all(struct snmp_check *check)
{
	const struct snmp_running *running = &check->running;
	bool goes_on;

	if (!read_configuration(check))
		return;
	snmp_running_ask(check->options.control, &check->running);
	if (running->enabled && running->socket[0])
		check->socket = running->socket; /* it may have been given -A */
	manager_start(check->options.snmp_listen ? check->options.snmp_conf : NULL, &check->snmpd);
	if (check->options.snmp_listen) {
		check->socket = check->options.snmp_listen;
		snprintf(check->snmpd.addresses[0], sizeof check->snmpd.addresses[0], "%s",
			 check->socket);
		check->snmpd.n_addresses = 1;
		check_own(check);
		return;
	}
	goes_on = check_enabled(check);
	if (!visit_master(check) || !goes_on)
		return;
	if (check_tables(check))
		check_views(check);
}

static void say_works(const struct snmp_check *check)
{
	if (check->options.snmp_listen)
		fprintf(check->to, "SNMP works: vipd (process %d) answers on %s%s\n",
			check->running.pid, check->socket,
			check->n_asked ? ", and managers see the tables" : "");
	else
		fprintf(check->to, "SNMP works: the master agent at %s takes the tables%s\n",
			socket_text(check), check->n_asked ? ", and managers see them" : "");
}

int snmp_check(const struct options *options, FILE *to)
{
	struct snmp_check check = {.options = *options, .to = to, .place = PLACE_NONE};
	int r = catalog_new(NULL, &check.catalog);

	if (r < 0)
		finding(&check, "cannot check: %s", strerror(-r));
	else
		check_all(&check);
	if (!check.findings)
		say_works(&check);
	for (size_t i = 0; i < check.n_asked; i++)
		manager_free(check.asked[i].manager);
	probe_close(check.probe);
	catalog_free(check.catalog);
	load_clear(&check.load);
	place_free(&check.place);
	return check.findings ? EXIT_FATAL : 0;
}
