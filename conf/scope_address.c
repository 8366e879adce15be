/* SPDX-License-Identifier: MIT */
/*
 * Address lines: the blocks virtual_ipaddress, virtual_ipaddress_excluded and static_ipaddress.
 * Sources: keepalived.conf(5), virtual_ipaddress and static_ipaddress; ip-address(8) for what an
 * attribute means; linux/if_addr.h. Runs in the thread that loads.
 */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "conf/dump.h"
#include "conf/line.h"
#include "conf/scope_static.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

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

static uint32_t default_flags(const struct ip *ip)
{
	return ip->family == AF_INET6 ? IFA_F_NODAD : 0;
}

/* A host address must never be chosen as a source. */
static uint32_t default_lifetime(const struct conf_address *address)
{
	return address->ip.family == AF_INET6 && address->prefix == 128 ? 0 : UINT32_MAX;
}

/* ---- attributes ---- */

static bool read_device(struct line *line, const struct attribute *row, void *draft)
{
	struct conf_address *address = &((struct draft_address *)draft)->model;

	if (address->device) {
		build_error(line->build, line->node, line->at - 1, "an address has one '%s' only",
			    row->name);
		return false;
	}
	return value_interface(line->build, line->node, line->at++, "the interface behind 'dev'",
			       &address->device);
}

static bool read_broadcast(struct line *line, const struct attribute *row, void *draft)
{
	struct conf_address *address = &((struct draft_address *)draft)->model;
	const char *text = line_word(line);

	(void)row;
	if (strcmp(text, "+") != 0 && strcmp(text, "-") != 0)
		return line_read_address(line, "the broadcast address", &address->broadcast);
	if (address->prefix > 30) {
		build_error(line->build, line->node, line->at,
			    "an address with a prefix length of %u has no broadcast address",
			    address->prefix);
		return false;
	}
	address->broadcast = with_host_bits(&address->ip, address->prefix, *text == '+');
	line->at++;
	return true;
}

static bool read_label(struct line *line, const struct attribute *row, void *draft)
{
	const char *text = line_word(line);

	(void)row;
	if (!*text || strlen(text) >= IFNAMSIZ) {
		build_error(line->build, line->node, line->at,
			    "the label must have 1 to %d characters", IFNAMSIZ - 1);
		return false;
	}
	((struct draft_address *)draft)->model.label = arena_strdup(line->build->arena, text);
	line->at++;
	return true;
}

static bool read_lifetime(struct line *line, const struct attribute *row, void *draft)
{
	struct conf_address *address = &((struct draft_address *)draft)->model;
	uint64_t seconds = UINT32_MAX;

	(void)row;
	if (!line_take(line, "forever") &&
	    !value_unsigned(line->build, line->node, line->at++,
			    "the preferred lifetime ('forever' or seconds)", 0, UINT32_MAX,
			    &seconds))
		return false;
	address->preferred_s = (uint32_t)seconds;
	return true;
}

#define FIELD(member) ATTRIBUTE_FIELD(draft_address, model.member)

static const struct attribute address_attributes[] = {
	{"dev", ATTRIBUTE_CUSTOM, .read = read_device, .argument = "INTERFACE",
	 .help = "interface it is set on; the instance's by default"},
	{"scope", ATTRIBUTE_CUSTOM, FIELD(scope), .read = line_read_named, .value = RTNAMES_SCOPE,
	 .argument = "global | site | link | host | nowhere | N",
	 .help = "where it is valid; global by default"},
	{"brd", ATTRIBUTE_CUSTOM, .read = read_broadcast, .family = AF_INET,
	 .argument = "ADDRESS | + | -",
	 .help = "broadcast address; + sets the host bits of the address, - clears them"},
	{"broadcast", ATTRIBUTE_CUSTOM, .read = read_broadcast, .family = AF_INET,
	 .argument = "ADDRESS | + | -", .help = "the same as brd"},
	{"label", ATTRIBUTE_CUSTOM, .read = read_label, .family = AF_INET, .argument = "NAME",
	 .help = "name it is shown with, INTERFACE:NAME by custom"},
	{"peer", ATTRIBUTE_ADDRESS, FIELD(peer), .help = "the other end of a point-to-point link"},
	{"home", ATTRIBUTE_SET_BITS, FIELD(flags), .value = IFA_F_HOMEADDRESS,
	 .help = "a home address of mobile IPv6"},
	{"-nodad", ATTRIBUTE_CLEAR_BITS, FIELD(flags), .value = IFA_F_NODAD,
	 .help = "let the kernel look for duplicates of an IPv6 address before it is used"},
	{"mngtmpaddr", ATTRIBUTE_SET_BITS, FIELD(flags), .value = IFA_F_MANAGETEMPADDR,
	 .help = "template of temporary IPv6 addresses; wants a prefix length of 64"},
	{"noprefixroute", ATTRIBUTE_SET_BITS, FIELD(flags), .value = IFA_F_NOPREFIXROUTE,
	 .help = "add no route to the network of the address"},
	{"autojoin", ATTRIBUTE_SET_BITS, FIELD(flags), .value = IFA_F_MCAUTOJOIN,
	 .help = "join the multicast group that the address is"},
	{"no_track", ATTRIBUTE_FLAG, FIELD(track), .value = false,
	 .help = "do not set it again when somebody removes it"},
	{"preferred_lft", ATTRIBUTE_CUSTOM, .read = read_lifetime, .argument = "SECONDS | forever",
	 .help = "how long it is preferred as a source; 0 by default for an IPv6 address of prefix "
		 "length 128, else for ever"},
	{.name = NULL},
};

static const struct attribute virtual_attributes[] = {
	{"use_vmac", ATTRIBUTE_FLAG, FIELD(use_vmac), .value = true,
	 .help = "set it on a virtual MAC interface of its own above 'dev'"},
	{.name = NULL},
};

static const struct attribute static_attributes[] = {
	{"track_group", ATTRIBUTE_CUSTOM, ATTRIBUTE_FIELD(draft_address, group),
	 .read = read_track_group, .argument = "NAME",
	 .help = "track_group whose instances go to FAULT without it"},
	{.name = NULL},
};

/* ---- lines ---- */

/* What the kernel ignores of an address of this family. */
static void warn_family(struct line *line, const struct conf_address *address)
{
	static const char *const v6_only[] = {"home", "-nodad"};
	uint8_t scope = ip_is_link_local(&address->ip) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;

	for (size_t i = 0; address->ip.family == AF_INET && i < 2; i++)
		if (line_place(line, v6_only[i]))
			build_warn(line->build, line->node, line_place(line, v6_only[i]),
				   "'%s' has no effect on an IPv4 address", v6_only[i]);
	if (address->ip.family == AF_INET6 && line_place(line, "scope") && address->scope != scope)
		build_warn(line->build, line->node, line_place(line, "scope"),
			   "'scope' has no effect on an IPv6 address: the kernel knows it");
}

/* The prefix is then that of the peer, which is one address; so the kernel routes to it alone. */
static void prefer_peer(struct line *line, struct conf_address *address)
{
	uint8_t whole = address->ip.family == AF_INET ? 32 : 128;

	if (!ip_is_set(&address->peer) || address->prefix == whole)
		return;
	build_warn(line->build, line->node, line_place(line, "peer"),
		   "the prefix length has no effect beside 'peer', which is a single address");
	address->prefix = whole;
}

static bool check_address(struct line *line, const struct conf_address *address)
{
	if (!line_check_family(line))
		return false;
	if ((address->flags & IFA_F_MANAGETEMPADDR) &&
	    (address->ip.family != AF_INET6 || address->prefix != 64))
		build_warn(
			line->build, line->node, line_place(line, "mngtmpaddr"),
			"the kernel refuses 'mngtmpaddr' unless the address is IPv6 with a prefix "
			"length of 64");
	warn_family(line, address);
	return true;
}

static void read_address(struct build *build, const struct node *node, struct items *list,
			 const struct option_scope *scope)
{
	struct line line = line_start(build, node, scope);
	struct draft_address draft = {.place = node->place};
	struct conf_address *address = &draft.model;

	if (!value_prefix(build, node, 0, "the address", &address->ip, &address->prefix))
		return;
	line.family = address->ip.family;
	line.at = 1;
	address->track = true;
	address->track_group = CONF_NONE;
	address->flags = default_flags(&address->ip);
	address->preferred_s = default_lifetime(address);
	if (!line_read(&line, &draft))
		return;
	if (!line_at_end(&line)) {
		line_refuse(&line, "an address");
		return;
	}
	prefer_peer(&line, address);
	if (check_address(&line, address))
		*(struct draft_address *)items_add(list, build->scratch, sizeof(draft)) = draft;
}

static void read_virtual(struct build *build, const struct node *node, void *draft)
{
	read_address(build, node, &((struct draft_instance *)draft)->addresses, &scope_address);
}

static void read_excluded(struct build *build, const struct node *node, void *draft)
{
	read_address(build, node, &((struct draft_instance *)draft)->excluded, &scope_excluded);
}

static void read_static(struct build *build, const struct node *node, void *draft)
{
	(void)draft;
	read_address(build, node, &build->static_addresses, &scope_static_address);
}

const struct option_scope scope_address = {
	.name = "virtual_ipaddress",
	.line = read_virtual,
	.attributes = {address_attributes, virtual_attributes},
};
const struct option_scope scope_excluded = {
	.name = "virtual_ipaddress_excluded",
	.line = read_excluded,
	.attributes = {address_attributes, virtual_attributes},
};
const struct option_scope scope_static_address = {
	.name = "static_ipaddress",
	.line = read_static,
	.attributes = {address_attributes, static_attributes},
};

/* ---- dump ---- */

static void print_scope(struct dump *dump, uint8_t scope)
{
	static const struct {
		const char *name;
		uint8_t scope;
	} scopes[] = {
		{"global", RT_SCOPE_UNIVERSE}, {"site", RT_SCOPE_SITE},
		{"link", RT_SCOPE_LINK},       {"host", RT_SCOPE_HOST},
		{"nowhere", RT_SCOPE_NOWHERE},
	};

	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++)
		if (scopes[i].scope == scope) {
			dump_part(dump, "scope %s", scopes[i].name);
			return;
		}
	dump_part(dump, "scope %u", scope);
}

static void print_flags(struct dump *dump, const struct conf_address *address)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} flags[] = {
		{"home", IFA_F_HOMEADDRESS},
		{"mngtmpaddr", IFA_F_MANAGETEMPADDR},
		{"noprefixroute", IFA_F_NOPREFIXROUTE},
		{"autojoin", IFA_F_MCAUTOJOIN},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (address->flags & flags[i].bit)
			dump_part(dump, "%s", flags[i].name);
	if (default_flags(&address->ip) & ~address->flags & IFA_F_NODAD)
		dump_part(dump, "-nodad");
}

static void print_address(struct dump *dump, const struct conf_address *address)
{
	char text[IP_TEXT_MAX];

	dump_line_begin(dump, "%s/%u", ip_format(&address->ip, text), address->prefix);
	if (ip_is_set(&address->broadcast))
		dump_part(dump, "brd %s", ip_format(&address->broadcast, text));
	if (ip_is_set(&address->peer))
		dump_part(dump, "peer %s", ip_format(&address->peer, text));
	dump_part(dump, "dev %s",
		  dump_word(dump, address->parent ? address->parent : address->device));
	print_scope(dump, address->scope);
	if (address->label)
		dump_part(dump, "label %s", dump_word(dump, address->label));
	print_flags(dump, address);
	if (address->preferred_s == UINT32_MAX && default_lifetime(address) != UINT32_MAX)
		dump_part(dump, "preferred_lft forever");
	else if (address->preferred_s != default_lifetime(address))
		dump_part(dump, "preferred_lft %u", address->preferred_s);
	if (address->use_vmac)
		dump_part(dump, "use_vmac");
	if (!address->track)
		dump_part(dump, "no_track");
	dump_track_group(dump, address->track_group);
	dump_line_end(dump);
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

void dump_static_addresses(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = model;

	print_addresses(dump, row->name, conf->static_addresses, conf->n_static_addresses);
}
