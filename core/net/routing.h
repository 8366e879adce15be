/* SPDX-License-Identifier: MIT */
/*
 * The routes and rules that are in the kernel because of us, by owner: an instance, or the daemon
 * itself for the static ones. An owner's lines are a set: giving it another list touches what came,
 * went or changed and nothing else, in whatever order they stand. Pure: what is done to the kernel
 * goes through struct routing_ops. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"

#define ROUTING_STATIC "" /* owner of the static ones; no instance has that name */

/* One of both; of a list of routing_owner.conf. */
struct routing_entry {
	const struct conf_route *route;
	const struct conf_rule *rule;
};

struct routing_item {
	struct routing_entry is;
	void *octets; /* what the kernel is told; malloc'd; NULL: an interface is missing */
	size_t size;
	bool set;	   /* in the kernel as far as we know */
	bool complained;   /* that it could not be set has been said */
	uint64_t tried_us; /* when it was missed last; 0: never */
	uint64_t due_us;   /* look whether it is there; 0: no reason to */
};

struct routing_owner {
	char *name;
	const struct conf *conf;    /* counted */
	uint64_t generation;	    /* of the configuration that set it last */
	struct routing_item *items; /* routes first, then rules, each in the order of the file */
	size_t n_items;
};

enum routing_note {
	ROUTING_ADOPTED,  /* it was there already */
	ROUTING_FAILED,	  /* error: it cannot be set */
	ROUTING_STUCK,	  /* error: it cannot be removed */
	ROUTING_STRAY,	  /* removed; an earlier run has left it behind */
	ROUTING_RESTORED, /* set again: it was gone */
	ROUTING_LOST,	  /* error: gone, and cannot be set again */
	ROUTING_SET_LATE, /* it could not be set before, now it is */
};

struct routing_ops {
	/* Octets that tell this entry from every other. -ENODEV: an interface is missing; -ENOMEM.
	 */
	int (*compile)(void *owner, const struct routing_entry *entry, void **ret_octets,
		       size_t *ret_size);
	/* -EEXIST and -ESRCH: it is there already; it is not there. */
	int (*add)(void *owner, const struct routing_item *item);
	int (*del)(void *owner, const struct routing_item *item);
	void (*note)(void *owner, enum routing_note note, const struct routing_owner *of,
		     const struct routing_item *item, int error);
};

struct routing {
	struct routing_owner *owners;
	size_t n_owners, room;
	const struct routing_ops *ops;
	void *owner;
};

struct routing_list {
	const char *name;
	const struct conf *conf; /* what routes and rules belong to */
	const struct conf_route *routes;
	size_t n_routes;
	const struct conf_rule *rules;
	size_t n_rules;
};

void routing_clear(struct routing *routing); /* frees what it holds; the kernel keeps its own */

/* From now on the owner has this list. What it had and has no more is removed first. What fails is
 * noted; 0 or -ENOMEM, which changes nothing. */
int routing_set(struct routing *routing, const struct routing_list *list, uint64_t now_us);

/*
 * Takes everything of the list's owner away, unless a later configuration has set it meanwhile.
 * Of an owner that has nothing whatever the list names is removed: an earlier run may have left it.
 * What another owner has too stays.
 */
int routing_remove(struct routing *routing, const struct routing_list *list);

/* A later configuration has this list: if it says the same, it stands in for the one that was held
 * until now, which then may be freed. Touches nothing in the kernel. 0 or -ENOMEM. */
int routing_rebind(struct routing *routing, const struct routing_list *list);

void routing_remove_all(struct routing *routing);

/* Something happened after which these may be gone. */
void routing_suspect_all(struct routing *routing, uint64_t now_us);
void routing_suspect_route(struct routing *routing, const struct conf_prefix *to, uint64_t now_us);
void routing_suspect_rules(struct routing *routing, uint16_t family, uint64_t now_us);

/* Sets again what is tracked and gone. Returns when to call again, 0: when something happens. */
uint64_t routing_restore(struct routing *routing, uint64_t now_us);

/* NULL: it has nothing. */
const struct routing_owner *routing_find(const struct routing *routing, const char *name);
