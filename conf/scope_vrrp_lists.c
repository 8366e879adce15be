/* SPDX-License-Identifier: MIT */
/*
 * The list blocks of VRRP objects: unicast peers, and what an instance or a sync group tracks. Runs
 * in the thread that loads. Source: keepalived.conf(5), unicast_peer and track_*.
 */
#include <stdio.h>
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

/* ---- peers ---- */

/* ADDRESS [min_ttl N] [max_ttl N] */
static void read_peer(struct build *build, const struct node *node, void *draft)
{
	struct draft_instance *instance = draft;
	struct draft_peer peer = {.model.max_ttl = 255, .place = node->place}, *kept;
	uint64_t ttl;

	if (!value_address(build, node, 0, "the address of a peer", &peer.model.ip))
		return;
	for (size_t i = 1; i < node->n_words; i += 2) {
		const char *name = node->words[i].text;
		bool least = strcmp(name, "min_ttl") == 0;

		if (!least && strcmp(name, "max_ttl") != 0) {
			build_error(build, node, i,
				    "behind the address only 'min_ttl N' and 'max_ttl N' may "
				    "follow, not '%.64s'",
				    name);
			return;
		}
		if (!value_unsigned(build, node, i + 1, least ? "'min_ttl'" : "'max_ttl'", 0, 255,
				    &ttl))
			return;
		*(least ? &peer.model.min_ttl : &peer.model.max_ttl) = (uint8_t)ttl;
	}
	if (peer.model.min_ttl > peer.model.max_ttl)
		build_warn(build, node, 1,
			   "'min_ttl' is above 'max_ttl'; every advert of this peer is dropped");
	kept = items_add(&instance->peers, build->scratch, sizeof(*kept));
	*kept = peer;
}

const struct option_scope scope_peers = {.name = "unicast_peer", .line = read_peer};

void dump_peers(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;
	char text[IP_TEXT_MAX], least[24], most[24];

	if (!instance->n_peers)
		return;
	dump_open(dump, "%s", row->name);
	for (size_t i = 0; i < instance->n_peers; i++) {
		const struct conf_peer *peer = &instance->peers[i];

		snprintf(least, sizeof(least), " min_ttl %u", peer->min_ttl);
		snprintf(most, sizeof(most), " max_ttl %u", peer->max_ttl);
		dump_line(dump, "%s%s%s", ip_format(&peer->ip, text), peer->min_ttl ? least : "",
			  peer->max_ttl < 255 ? most : "");
	}
	dump_close(dump);
}

/* ---- tracked objects ---- */

static const char *const blocks[CONF_TRACK_KINDS] = {
	[CONF_TRACK_INTERFACE] = "track_interface",
	[CONF_TRACK_SCRIPT] = "track_script",
	[CONF_TRACK_FILE] = "track_file",
	[CONF_TRACK_PROCESS] = "track_process",
	[CONF_TRACK_BFD] = "track_bfd",
};

static enum conf_track_kind kind_of(const char *block)
{
	enum conf_track_kind kind = 0;

	while (kind < CONF_TRACK_KINDS - 1 && strcmp(blocks[kind], block) != 0)
		kind++;
	return kind;
}

/* Only the weight of a file or of processes can be 254; elsewhere it is accepted and means 253. */
static int16_t bound_weight(struct build *build, const struct node *node, enum conf_track_kind kind,
			    int64_t weight)
{
	bool wide = kind == CONF_TRACK_FILE || kind == CONF_TRACK_PROCESS;

	if (wide || (weight > -254 && weight < 254))
		return (int16_t)weight;
	weight = weight < 0 ? -253 : 253;
	build_warn(build, node, 2, "the weight can be -253 to 253 here; it is taken as %d",
		   (int)weight);
	return (int16_t)weight;
}

static bool read_weight(struct build *build, const struct node *node, struct draft_track *track)
{
	const char *word = node->n_words > 3 ? node->words[3].text : "noreverse";
	int64_t weight;

	if (!value_signed(build, node, 2, "the weight", -254, 254, &weight))
		return false;
	track->model.weight = bound_weight(build, node, track->model.kind, weight);
	track->has_weight = true;
	if (strcmp(word, "reverse") != 0 && strcmp(word, "noreverse") != 0) {
		build_error(
			build, node, 3,
			"behind the weight only 'reverse' or 'noreverse' may follow, not '%.64s'",
			word);
		return false;
	}
	track->model.reverse = strcmp(word, "reverse") == 0;
	return true;
}

/* NAME [weight N [reverse|noreverse]] */
static void read_track(struct build *build, const struct node *node, void *draft)
{
	struct draft_track track = {.place = node->place}, *kept;

	track.model.kind = kind_of(node->scope->name);
	track.model.index = CONF_NONE;
	if (track.model.kind == CONF_TRACK_INTERFACE) {
		if (!value_interface(build, node, 0, "the name", &track.model.name))
			return;
	} else {
		track.model.name = arena_strdup(build->arena, node->words[0].text);
	}
	if (node->n_words > 1 && strcmp(node->words[1].text, "weight") != 0) {
		build_error(build, node, 1,
			    "behind the name only 'weight N' may follow, not '%.64s'",
			    node->words[1].text);
		return;
	}
	if (node->n_words > 1 && !read_weight(build, node, &track))
		return;
	kept = items_add(draft, build->scratch, sizeof(*kept));
	*kept = track;
}

static void *begin_instance(struct build *build, const struct node *node, void *parent)
{
	(void)build;
	(void)node;
	return &((struct draft_instance *)parent)->tracks;
}

static void *begin_group(struct build *build, const struct node *node, void *parent)
{
	(void)build;
	(void)node;
	return &((struct draft_group *)parent)->tracks;
}

#define TRACKS(owner, kind)                                                                        \
	const struct option_scope scope_##owner##_##kind = {                                       \
		.name = "track_" #kind, .begin = begin_##owner, .line = read_track}

TRACKS(instance, interface);
TRACKS(instance, script);
TRACKS(instance, file);
TRACKS(instance, process);
TRACKS(instance, bfd);
TRACKS(group, interface);
TRACKS(group, script);
TRACKS(group, file);
TRACKS(group, process);
TRACKS(group, bfd);

/* The lines of one block; what came from the group stands there. */
static void print_tracks(struct dump *dump, const char *block, const struct conf_track *tracks,
			 size_t n)
{
	enum conf_track_kind kind = kind_of(block);
	bool open = false;

	for (size_t i = 0; i < n; i++) {
		if (tracks[i].kind != kind || tracks[i].inherited)
			continue;
		if (!open)
			dump_open(dump, "%s", block);
		open = true;
		dump_line(dump, "%s weight %d %s", dump_word(dump, tracks[i].name),
			  tracks[i].weight, tracks[i].reverse ? "reverse" : "noreverse");
	}
	if (open)
		dump_close(dump);
}

void dump_instance_tracks(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	print_tracks(dump, row->name, instance->tracks, instance->n_tracks);
}

void dump_group_tracks(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_group *group = model;

	print_tracks(dump, row->name, group->tracks, group->n_tracks);
}
