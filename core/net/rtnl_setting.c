/* SPDX-License-Identifier: MIT */
/*
 * Settings of the kernel that a configuration asks for: disable_local_igmp, promote_secondaries.
 * They are borrowed: what each was before is remembered and given back when the configuration asks
 * no more, and at the stop. Runs in the main thread. What is owed stands in a file beside the pid
 * file as well, so that the run after a crash gives it back; it is written when that changes only,
 * and like the pid file it lies where no disk is.
 *
 * Source: Documentation/networking/ip-sysctl.rst.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/net/rtnl_private.h"
#include "core/net/sysctl.h"

#define BORROWED_MAX 100000 /* of a file that is not ours */

static const struct {
	const char *name;
	bool per_interface;
	int value; /* while we have it */
} kinds[RTNL_SETTINGS] = {
	[RTNL_LOCAL_IGMP] = {"igmp_link_local_mcast_reports", false, 0},
	[RTNL_PROMOTE] = {"promote_secondaries", true, 1},
};

/* ---- what is owed, on file ---- */

/* One line each: the number of the interface, 0 for none; the setting; its value before. */
static void save(const struct rtnl_borrowing *b)
{
	char path[PATH_MAX];
	FILE *file;

	if (!b->n_borrowed) {
		unlink(b->path);
		return;
	}
	snprintf(path, sizeof path, "%s.new", b->path);
	file = fopen(path, "we");
	for (size_t i = 0; file && i < b->n_borrowed; i++)
		fprintf(file, "%u %s %d\n", b->borrowed[i].ifindex, kinds[b->borrowed[i].kind].name,
			b->borrowed[i].before);
	if (!file || fclose(file) != 0 || rename(path, b->path) < 0)
		log_warn("net", "cannot write %s: after a crash changed settings would stay: %s",
			 b->path, strerrordesc_np(errno));
}

static struct rtnl_borrowed *add(struct rtnl_borrowing *b, const struct rtnl_borrowed *one)
{
	struct rtnl_borrowed *larger = reallocarray(b->borrowed, b->n_borrowed + 1, sizeof *larger);

	if (!larger)
		return NULL;
	b->borrowed = larger;
	larger[b->n_borrowed] = *one;
	return &larger[b->n_borrowed++];
}

static bool read_line(const char *line, struct rtnl_borrowed *ret)
{
	char name[64];

	if (sscanf(line, "%u %63s %d", &ret->ifindex, name, &ret->before) != 3)
		return false;
	for (ret->kind = 0; ret->kind < RTNL_SETTINGS; ret->kind++)
		if (!strcmp(name, kinds[ret->kind].name))
			return kinds[ret->kind].per_interface == (ret->ifindex != 0);
	return false;
}

/* Its interface is the same, and nobody has changed it since. */
static bool is_as_we_left_it(const struct rtnl *rtnl, const struct rtnl_borrowed *one)
{
	const struct net_link *link = net_table_find_index(&rtnl->table, one->ifindex);
	int now;

	return (link || !one->ifindex) &&
	       sysctl_read(AF_INET, link ? link->now.name : NULL, kinds[one->kind].name, &now) ==
		       0 &&
	       now == kinds[one->kind].value;
}

void rtnl_setting_open(struct rtnl *rtnl, const char *pid_file)
{
	struct rtnl_borrowing *b = &rtnl->borrowing;
	struct rtnl_borrowed one;
	char line[128];
	FILE *file;

	if (snprintf(b->path, sizeof b->path, "%s.settings", pid_file) >= (int)sizeof b->path)
		log_warn("net", "the name of the pid file is too long to keep settings beside it");
	file = fopen(b->path, "re");
	while (file && b->n_borrowed < BORROWED_MAX && fgets(line, sizeof line, file))
		if (read_line(line, &one) && is_as_we_left_it(rtnl, &one))
			(void)add(b, &one);
	if (file)
		fclose(file);
}

void rtnl_setting_close(struct rtnl *rtnl)
{
	free(rtnl->borrowing.borrowed);
	conf_unref(rtnl->borrowing.conf);
}

/* ---- borrowing ---- */

static struct rtnl_borrowed *find(struct rtnl_borrowing *b, enum rtnl_setting kind,
				  uint32_t ifindex)
{
	for (size_t i = 0; i < b->n_borrowed; i++)
		if (b->borrowed[i].kind == kind && b->borrowed[i].ifindex == ifindex)
			return &b->borrowed[i];
	return NULL;
}

/* interface NULL: of the whole network namespace. What is so already is nobody's debt. */
static bool borrow(struct rtnl *rtnl, enum rtnl_setting kind, const char *interface,
		   uint32_t ifindex)
{
	struct rtnl_borrowed one = {.kind = kind, .ifindex = ifindex};
	int error;

	if (find(&rtnl->borrowing, kind, ifindex))
		return false;
	error = sysctl_read(AF_INET, interface, kinds[kind].name, &one.before);
	if (!error && one.before == kinds[kind].value)
		return false;
	if (!error)
		error = sysctl_write(AF_INET, interface, kinds[kind].name, kinds[kind].value);
	if (error) {
		log_error("net", "cannot set %s%s%s to %d: %s", kinds[kind].name,
			  interface ? " of " : "", interface ? interface : "", kinds[kind].value,
			  strerror(-error));
		return false;
	}
	return add(&rtnl->borrowing, &one); /* without memory it is not given back */
}

void rtnl_setting_look(struct rtnl *rtnl)
{
	const struct conf *conf = rtnl->borrowing.conf;
	bool changed = false;

	if (!conf)
		return;
	if (conf->global.disable_local_igmp)
		changed |= borrow(rtnl, RTNL_LOCAL_IGMP, NULL, 0);
	for (size_t i = 0; i < conf->n_instances; i++) {
		const struct conf_instance *instance = &conf->instances[i];
		const struct net_link *link =
			instance->promote_secondaries
				? net_table_find_link(&rtnl->table, instance->interface)
				: NULL;

		if (link)
			changed |= borrow(rtnl, RTNL_PROMOTE, link->now.name, link->now.ifindex);
	}
	if (changed)
		save(&rtnl->borrowing);
}

/* ---- giving back ---- */

static bool is_wanted(const struct conf *conf, const struct rtnl_borrowed *one,
		      const char *interface)
{
	if (!conf)
		return false;
	if (one->kind == RTNL_LOCAL_IGMP)
		return conf->global.disable_local_igmp;
	for (size_t i = 0; i < conf->n_instances; i++)
		if (conf->instances[i].promote_secondaries &&
		    !strcmp(conf->instances[i].interface, interface))
			return true;
	return false;
}

/* What somebody has changed meanwhile is his. */
static void give_back(const struct rtnl_borrowed *one, const char *interface)
{
	int now, error = sysctl_read(AF_INET, interface, kinds[one->kind].name, &now);

	if (!error && now == kinds[one->kind].value)
		error = sysctl_write(AF_INET, interface, kinds[one->kind].name, one->before);
	if (error)
		log_error("net", "cannot set %s%s%s back to %d: %s", kinds[one->kind].name,
			  interface ? " of " : "", interface ? interface : "", one->before,
			  strerror(-error));
}

/* An interface that is gone has taken its settings with it. */
static void give_back_unwanted(struct rtnl *rtnl, const struct conf *conf)
{
	struct rtnl_borrowing *b = &rtnl->borrowing;
	size_t kept = 0;

	for (size_t i = 0; i < b->n_borrowed; i++) {
		const struct rtnl_borrowed *one = &b->borrowed[i];
		const struct net_link *link = net_table_find_index(&rtnl->table, one->ifindex);

		if (one->ifindex && !link)
			continue;
		if (is_wanted(conf, one, link ? link->now.name : NULL))
			b->borrowed[kept++] = *one;
		else
			give_back(one, link ? link->now.name : NULL);
	}
	if (kept == b->n_borrowed)
		return;
	b->n_borrowed = kept;
	save(b);
}

void rtnl_set_settings(struct rtnl *rtnl, const struct conf *conf)
{
	struct rtnl_borrowing *b = &rtnl->borrowing;

	conf_ref(conf);
	conf_unref(b->conf);
	b->conf = conf;
	rtnl_catch_up(rtnl);
	give_back_unwanted(rtnl, conf);
	rtnl_setting_look(rtnl);
}

void rtnl_remove_settings(struct rtnl *rtnl)
{
	conf_unref(rtnl->borrowing.conf);
	rtnl->borrowing.conf = NULL;
	rtnl_catch_up(rtnl);
	give_back_unwanted(rtnl, NULL);
}
