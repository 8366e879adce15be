/* SPDX-License-Identifier: MIT */
/*
 * What separates two configurations. The one place that decides it: the engines ask here what a
 * reload leaves alone, vipctl and the log list what is found here. Objects are known by their
 * identity, never by where they stand; what is compared are the rows of the option tables, so a new
 * keyword is covered by its row.
 *
 * Any thread, one at a time for each struct conf_diff. Both configurations must outlive it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"

struct dump;
struct option;

struct conf_diff {
	const struct conf *old; /* NULL: there was none */
	const struct conf *new;
	/* For each object of the new one the index of the old one that it continues, CONF_NONE when
	 * it is added. Known by name; a virtual server by its id. */
	uint32_t *instances, *groups, *scripts, *files, *processes, *bfds, *services;
	struct dump *old_text, *new_text; /* private */
};

/* Returns 0 or -ENOMEM. old may be NULL. */
int conf_diff_new(const struct conf *old, const struct conf *new, struct conf_diff **ret);
/* Accepts and returns NULL. */
struct conf_diff *conf_diff_free(struct conf_diff *diff);

/* The map of one kind of tracked objects, NULL for those that are not matched. */
const uint32_t *conf_diff_tracked(const struct conf_diff *diff, enum conf_track_kind kind);

/*
 * The same for the real servers of a virtual server, known by address and port, and for the
 * checkers of a real server, which have no name: one continues another when every setting is the
 * same. map has room for one index for each new one. old may be NULL. Returns 0 or -ENOMEM.
 */
int conf_diff_servers(const struct conf_virtual_server *old, const struct conf_virtual_server *new,
		      uint32_t *map);
int conf_diff_checkers(struct conf_diff *diff, const struct conf_real_server *old,
		       const struct conf_real_server *new, uint32_t *map);

/*
 * Whether it must be stopped and started anew: a row with OPTION_RESTART differs, or an instance
 * changes its address family or its own macvlan. True also when memory is out: doing too much is
 * safe.
 */
bool conf_instance_restarts(struct conf_diff *diff, const struct conf_instance *old,
			    const struct conf_instance *new);
/* Whether the same addresses have macvlans of the same names; the text alone does not say it. */
bool conf_instance_same_devices(const struct conf_instance *old, const struct conf_instance *new);
bool conf_script_restarts(struct conf_diff *diff, const struct conf_script *old,
			  const struct conf_script *new);
bool conf_file_restarts(struct conf_diff *diff, const struct conf_track_file *old,
			const struct conf_track_file *new);
bool conf_process_restarts(struct conf_diff *diff, const struct conf_track_process *old,
			   const struct conf_track_process *new);
bool conf_bfd_restarts(struct conf_diff *diff, const struct conf_bfd *old,
		       const struct conf_bfd *new);

/*
 * Whether that keyword of vrrp_instance says something else. The order of a list's lines does not
 * count. True also when memory is out.
 */
bool conf_instance_changed(struct conf_diff *diff, const struct conf_instance *old,
			   const struct conf_instance *new, const char *keyword);

/* ---- for people ---- */

enum conf_change_kind { CONF_ADDED, CONF_REMOVED, CONF_CHANGED };

/* How a reload deals with a changed object or keyword. */
enum conf_change_way {
	CONF_IN_PLACE,
	CONF_RESTARTED, /* the object is stopped and started anew */
	CONF_REFUSED,	/* the old value stays until the daemon is restarted */
};

/* A keyword of a changed object; one entry for each line of a list that comes or goes. */
struct conf_change_word {
	const char *keyword;
	const char *old, *new; /* what stands behind it; NULL: it is not there */
	enum conf_change_way way;
};

struct conf_change {
	enum conf_change_kind kind;
	enum conf_change_way way; /* CONF_REFUSED: every keyword is */
	const char *type;	  /* "vrrp_instance" */
	const char *name;	  /* "VI_1", "192.0.2.1:80/tcp"; "" when the type says it all */
	const char *inside;	  /* "virtual_server 192.0.2.1:80/tcp"; "" at the top level */
	struct conf_change_word *words; /* of a changed object */
	size_t n_words;
};

struct conf_changes {
	struct conf_change *items; /* in the order of the option tables, then of the files */
	size_t count;
	struct conf_arena *arena; /* private */
};

/* What a reload from old to new, neither NULL, changes. Returns 0 or -ENOMEM. */
int conf_changes_new(const struct conf *old, const struct conf *new, struct conf_changes **ret);
/* Accepts and returns NULL. */
struct conf_changes *conf_changes_free(struct conf_changes *changes);

/* "2 instances changed in place, 1 service added"; "nothing changes". malloc'd; NULL: no memory. */
char *conf_changes_summary(const struct conf_changes *changes);
