/* SPDX-License-Identifier: MIT */
/*
 * Address lines: the blocks virtual_ipaddress and virtual_ipaddress_excluded. Source:
 * keepalived.conf(5), virtual_ipaddress.
 */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

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
