/* SPDX-License-Identifier: MIT */
/*
 * The list blocks of VRRP objects: addresses, tracked scripts, tracked interfaces. Source:
 * keepalived.conf(5), virtual_ipaddress and track_*.
 */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

/* ---- addresses ---- */

static const struct {
	const char *name;
	uint8_t scope;
} scopes[] = {
	{"global", RT_SCOPE_UNIVERSE}, {"site", RT_SCOPE_SITE},	      {"link", RT_SCOPE_LINK},
	{"host", RT_SCOPE_HOST},       {"nowhere", RT_SCOPE_NOWHERE},
};

static const char *scope_text(uint8_t scope)
{
	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++)
		if (scopes[i].scope == scope)
			return scopes[i].name;
	return NULL;
}

static bool read_scope(struct build *build, const struct node *node, size_t index, uint8_t *ret)
{
	uint64_t number;

	for (size_t i = 0; index < node->n_words && i < sizeof(scopes) / sizeof(*scopes); i++) {
		if (strcmp(node->words[index].text, scopes[i].name) != 0)
			continue;
		*ret = scopes[i].scope;
		return true;
	}
	if (!value_unsigned(build, node, index, "the scope (site, link, host, nowhere, global)", 0,
			    255, &number))
		return false;
	*ret = (uint8_t)number;
	return true;
}

/* The address with its host bits all one or all zero. */
static struct ip with_host_bits(const struct ip *ip, uint8_t prefix, bool ones)
{
	struct ip result = *ip;

	for (unsigned bit = prefix; bit < ip_prefix_max(ip); bit++) {
		uint8_t mask = (uint8_t)(0x80u >> bit % 8);

		if (ones)
			result.octets[bit / 8] |= mask;
		else
			result.octets[bit / 8] &= (uint8_t)~mask;
	}
	return result;
}

static bool read_broadcast(struct build *build, const struct node *node, size_t index,
			   struct conf_address *address)
{
	const char *text = index < node->n_words ? node->words[index].text : "";

	if (address->ip.family != AF_INET) {
		build_error(build, node, index, "only IPv4 addresses have a broadcast address");
		return false;
	}
	if (strcmp(text, "+") == 0 || strcmp(text, "-") == 0) {
		address->broadcast = with_host_bits(&address->ip, address->prefix, *text == '+');
		return true;
	}
	return value_address(build, node, index, "the broadcast address", &address->broadcast);
}

static bool read_label(struct build *build, const struct node *node, size_t index,
		       struct conf_address *address)
{
	const char *text = index < node->n_words ? node->words[index].text : "";

	if (address->ip.family != AF_INET) {
		build_warn(build, node, index, "only IPv4 addresses have a label; it is ignored");
		return true;
	}
	if (!*text || strlen(text) >= IFNAMSIZ) {
		build_error(build, node, index, "the label must have 1 to %d characters",
			    IFNAMSIZ - 1);
		return false;
	}
	address->label = arena_strdup(build->arena, text);
	return true;
}

static bool read_peer(struct build *build, const struct node *node, size_t index,
		      struct conf_address *address)
{
	uint8_t prefix;

	if (!value_prefix(build, node, index, "the peer address", &address->peer, &prefix))
		return false;
	if (address->peer.family == address->ip.family) {
		if (strchr(node->words[index].text, '/'))
			address->prefix = prefix;
		return true;
	}
	build_error(build, node, index, "the peer address must be of the same family");
	return false;
}

/* keepalived's attributes that vipd does not have; true and *ret_words when name is one. */
static bool is_unsupported_attribute(const char *name, size_t *ret_words)
{
	static const struct {
		const char *name;
		size_t words;
	} attributes[] = {
		{"home", 1},	      {"-nodad", 1},	  {"mngtmpaddr", 1},
		{"noprefixroute", 1}, {"autojoin", 1},	  {"no_track", 1},
		{"use_vmac", 1},      {"track_group", 2}, {"preferred_lft", 2},
	};

	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		if (strcmp(attributes[i].name, name) != 0)
			continue;
		*ret_words = attributes[i].words;
		return true;
	}
	return false;
}

/* One attribute from word *index on; moves *index behind it. */
static bool read_attribute(struct build *build, const struct node *node, size_t *index,
			   struct conf_address *address)
{
	const char *name = node->words[*index].text;
	size_t at = *index, words;

	*index += 2;
	if (strcmp(name, "dev") == 0)
		return value_interface(build, node, at + 1, "the interface behind 'dev'",
				       &address->device);
	if (strcmp(name, "scope") == 0)
		return read_scope(build, node, at + 1, &address->scope);
	if (strcmp(name, "brd") == 0 || strcmp(name, "broadcast") == 0)
		return read_broadcast(build, node, at + 1, address);
	if (strcmp(name, "label") == 0)
		return read_label(build, node, at + 1, address);
	if (strcmp(name, "peer") == 0)
		return read_peer(build, node, at + 1, address);
	if (is_unsupported_attribute(name, &words)) {
		build_warn(build, node, at, "'%s' is not supported yet; ignored", name);
		*index = at + words;
		return true;
	}
	build_error(build, node, at,
		    "unknown attribute '%.64s' of an address; known are dev, scope, brd, label and "
		    "peer",
		    name);
	return false;
}

static void read_address(struct build *build, const struct node *node, struct items *list)
{
	struct conf_address address = {.scope = RT_SCOPE_UNIVERSE};
	struct draft_address *draft;

	if (!value_prefix(build, node, 0, "the address", &address.ip, &address.prefix))
		return;
	for (size_t i = 1; i < node->n_words;)
		if (!read_attribute(build, node, &i, &address))
			return;
	draft = items_add(list, build->scratch, sizeof(*draft));
	draft->model = address;
	draft->place = node->place;
}

static void read_virtual(struct build *build, const struct node *node, void *draft)
{
	read_address(build, node, &((struct draft_instance *)draft)->addresses);
}

static void read_excluded(struct build *build, const struct node *node, void *draft)
{
	read_address(build, node, &((struct draft_instance *)draft)->excluded);
}

const struct option_scope scope_address = {.name = "virtual_ipaddress", .line = read_virtual};
const struct option_scope scope_excluded = {.name = "virtual_ipaddress_excluded",
					    .line = read_excluded};

static void print_address(struct dump *dump, const struct conf_address *address)
{
	char ip[IP_TEXT_MAX], broadcast[IP_TEXT_MAX], peer[IP_TEXT_MAX], number[8];
	const char *scope = scope_text(address->scope);

	if (!scope) {
		snprintf(number, sizeof(number), "%u", address->scope);
		scope = number;
	}
	ip_format(&address->broadcast, broadcast);
	ip_format(&address->peer, peer);
	dump_line(dump, "%s/%u%s%s%s%s dev %s scope %s%s%s", ip_format(&address->ip, ip),
		  address->prefix, ip_is_set(&address->broadcast) ? " brd " : "",
		  ip_is_set(&address->broadcast) ? broadcast : "",
		  ip_is_set(&address->peer) ? " peer " : "", ip_is_set(&address->peer) ? peer : "",
		  dump_word(dump, address->device), scope, address->label ? " label " : "",
		  address->label ? dump_word(dump, address->label) : "");
}

static void print_addresses(struct dump *dump, const char *name,
			    const struct conf_address *addresses, size_t n)
{
	if (!n)
		return;
	dump_open(dump, "%s", name);
	for (size_t i = 0; i < n; i++)
		print_address(dump, &addresses[i]);
	dump_close(dump);
}

void dump_addresses(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	print_addresses(dump, row->name, instance->addresses, instance->n_addresses);
}

void dump_excluded(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	print_addresses(dump, row->name, instance->excluded, instance->n_excluded);
}

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
