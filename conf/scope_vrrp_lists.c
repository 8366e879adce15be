/* SPDX-License-Identifier: MIT */
/*
 * The list blocks of VRRP objects: unicast peers, tracked scripts, tracked interfaces. Source:
 * keepalived.conf(5), unicast_peer and track_*.
 */
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

/* ---- peers ---- */

static void read_peer_line(struct build *build, const struct node *node, void *draft)
{
	struct draft_instance *instance = draft;
	struct ip ip, *kept;

	if (!value_address(build, node, 0, "the address of a peer", &ip))
		return;
	if (node->n_words > 1)
		build_warn(build, node, 1, "'%.64s' and what follows is not supported yet; ignored",
			   node->words[1].text);
	kept = items_add(&instance->peers, build->scratch, sizeof(*kept));
	*kept = ip;
}

const struct option_scope scope_peers = {.name = "unicast_peer", .line = read_peer_line};

void dump_peers(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;
	char text[IP_TEXT_MAX];

	if (!instance->n_peers)
		return;
	dump_open(dump, "%s", row->name);
	for (size_t i = 0; i < instance->n_peers; i++)
		dump_line(dump, "%s", ip_format(&instance->peers[i], text));
	dump_close(dump);
}

/* ---- tracked objects ---- */

static bool read_weight(struct build *build, const struct node *node, struct draft_track *track)
{
	int64_t weight;

	if (!value_signed(build, node, 2, "the weight", -254, 254, &weight))
		return false;
	/* As keepalived: 254 is accepted and means 253. */
	track->model.weight = (int16_t)(weight > 253 ? 253 : weight < -253 ? -253 : weight);
	track->has_weight = true;
	if (node->n_words > 3 && strcmp(node->words[3].text, "noreverse") != 0 &&
	    strcmp(node->words[3].text, "reverse") != 0) {
		build_error(
			build, node, 3,
			"behind the weight only 'reverse' or 'noreverse' may follow, not '%.64s'",
			node->words[3].text);
		return false;
	}
	track->model.reverse = node->n_words > 3 && strcmp(node->words[3].text, "reverse") == 0;
	return true;
}

/* NAME [weight N [reverse|noreverse]] */
static void read_track(struct build *build, const struct node *node, struct items *list)
{
	struct draft_track track = {.place = node->place};
	struct draft_track *draft;

	track.model.script = CONF_NONE;
	if (node->n_words > 1 && strcmp(node->words[1].text, "weight") != 0) {
		build_error(build, node, 1,
			    "behind the name only 'weight N' may follow, not '%.64s'",
			    node->words[1].text);
		return;
	}
	if (node->n_words > 1 && !read_weight(build, node, &track))
		return;
	track.model.name = arena_strdup(build->arena, node->words[0].text);
	draft = items_add(list, build->scratch, sizeof(*draft));
	*draft = track;
}

static void read_interface(struct build *build, const struct node *node, struct items *list)
{
	char *name;

	if (value_interface(build, node, 0, "the name", &name))
		read_track(build, node, list);
}

static void read_instance_script(struct build *build, const struct node *node, void *draft)
{
	read_track(build, node, &((struct draft_instance *)draft)->scripts);
}

static void read_instance_interface(struct build *build, const struct node *node, void *draft)
{
	read_interface(build, node, &((struct draft_instance *)draft)->interfaces);
}

static void read_group_script(struct build *build, const struct node *node, void *draft)
{
	read_track(build, node, &((struct draft_group *)draft)->scripts);
}

static void read_group_interface(struct build *build, const struct node *node, void *draft)
{
	read_interface(build, node, &((struct draft_group *)draft)->interfaces);
}

const struct option_scope scope_track_script = {.name = "track_script",
						.line = read_instance_script};
const struct option_scope scope_track_interface = {.name = "track_interface",
						   .line = read_instance_interface};
const struct option_scope scope_group_script = {.name = "track_script", .line = read_group_script};
const struct option_scope scope_group_interface = {.name = "track_interface",
						   .line = read_group_interface};

static void print_tracks(struct dump *dump, const char *name, const struct conf_track *tracks,
			 size_t n)
{
	if (!n)
		return;
	dump_open(dump, "%s", name);
	for (size_t i = 0; i < n; i++)
		dump_line(dump, "%s weight %d %s", dump_word(dump, tracks[i].name),
			  tracks[i].weight, tracks[i].reverse ? "reverse" : "noreverse");
	dump_close(dump);
}

void dump_track_scripts(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	print_tracks(dump, row->name, instance->scripts, instance->n_scripts);
}

void dump_track_interfaces(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	print_tracks(dump, row->name, instance->interfaces, instance->n_interfaces);
}
