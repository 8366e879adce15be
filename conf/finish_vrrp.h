/* SPDX-License-Identifier: MIT */
/*
 * The parts of finish_vrrp(). Private to conf/.
 */
#pragma once

#include "conf/build.h"
#include "conf/names.h"

/* The statement that set a field of the instance, NULL when none did. */
#define SETTER(instance, member)                                                                   \
	tree_setter((instance)->node, offsetof(struct draft_instance, model.member))

/* Objects that can be tracked, by kind: name to struct tracked. */
struct tracked_names {
	struct names kinds[CONF_TRACK_KINDS];
};

/* Reports names given twice; entries must be sorted, what says which kind of object it is. */
void finish_names(struct build *build, const struct names *names, const char *what,
		  const struct node *(*node_of)(const void *object));

void finish_tracked_names(struct build *build, struct tracked_names *ret);
/* Drops lines of a group that cannot stay; what is left goes to the members. */
void finish_group_tracks(struct build *build, struct draft_group *group,
			 const struct tracked_names *names);
/* group: of the instance, or NULL. */
void finish_instance_tracks(struct build *build, struct draft_instance *instance,
			    const struct draft_group *group, const struct tracked_names *names);
/* The arrays of the model, once every line that tracks is known, and the indices into them. */
void finish_tracked(struct build *build);
void finish_track_indices(struct conf_track *tracks, size_t n, const struct tracked_names *names);

/* Where an address goes when neither its line nor an instance says so. Of the model. */
char *finish_default_interface(struct build *build);
void finish_instance(struct build *build, struct draft_instance *instance);
/* Strict mode takes back what goes beyond the RFC. */
void finish_strict(struct build *build, struct draft_instance *instance);
/* Peers, destination, and interfaces of its own; the family must be known. */
void finish_unicast(struct build *build, struct draft_instance *instance);
/* Whether there is an interface, or an instance that can do without. */
void finish_interface(struct build *build, struct draft_instance *instance);
void finish_links(struct build *build);
/* The macvlans of every instance, and which addresses go there. */
void finish_macvlans(struct build *build);
