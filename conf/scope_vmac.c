/* SPDX-License-Identifier: MIT */
/*
 * use_vmac and use_ipvlan: words in any order but for the names. Runs in the thread that loads.
 * Source: keepalived.conf(5), use_vmac and use_ipvlan.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/value.h"

#define MAC_TEXT_MAX 18

/* "0:11:22:33:44[:55]": the octets, 0 when it is something else. */
static size_t parse_mac(const char *text, uint8_t mac[static 6])
{
	size_t n = 0;

	for (;;) {
		size_t digits = strspn(text, "0123456789abcdefABCDEF");

		if (digits < 1 || digits > 2 || n == 6)
			return 0;
		mac[n++] = (uint8_t)strtoul(text, NULL, 16);
		text += digits;
		if (!*text)
			return n;
		if (*text++ != ':')
			return 0;
	}
}

static bool read_mac(struct build *build, const struct node *node, size_t index,
		     struct draft_instance *instance)
{
	uint8_t mac[6] = {0};
	size_t n = parse_mac(node->words[index].text, mac);

	if (n < 5) {
		build_error(
			build, node, index,
			"the MAC address must have 5 or 6 octets (with 5 the last is the VRID), "
			"not '%.64s'",
			node->words[index].text);
		return false;
	}
	if (mac[0] & 1) {
		build_error(build, node, index, "'%.64s' is a multicast address",
			    node->words[index].text);
		return false;
	}
	memcpy(instance->model.vmac.mac, mac, sizeof(mac));
	instance->model.vmac.has_mac = true;
	instance->short_mac = n == 5;
	return true;
}

/* The first is the name of the new interface, the second that of the one below. */
static bool read_name(struct build *build, const struct node *node, size_t index,
		      struct conf_vmac *vmac)
{
	if (vmac->parent) {
		build_error(build, node, index, "'%.64s' is one name too many",
			    node->words[index].text);
		return false;
	}
	return value_interface(build, node, index, "the name",
			       vmac->name ? &vmac->parent : &vmac->name);
}

static bool read_link_group(struct build *build, const struct node *node, size_t index,
			    struct conf_vmac *vmac)
{
	uint64_t group;

	if (!value_unsigned(build, node, index, "the group of the interface", 0, UINT32_MAX,
			    &group))
		return false;
	vmac->link_group = (uint32_t)group;
	vmac->has_link_group = true;
	return true;
}

/* Of use_vmac and use_ipvlan the last counts. */
static void start(struct build *build, const struct node *node, struct draft_instance *instance,
		  enum conf_vmac_kind kind)
{
	if (instance->model.vmac.kind != CONF_VMAC_NONE && instance->model.vmac.kind != kind)
		build_warn(build, node, 0, "'%s' takes the place of '%s'", node->row->name,
			   kind == CONF_VMAC_MACVLAN ? "use_ipvlan" : "use_vmac");
	instance->model.vmac = (struct conf_vmac){.kind = kind};
	instance->short_mac = false;
}

void read_vmac(struct build *build, const struct node *node, void *draft)
{
	struct draft_instance *instance = draft;
	struct conf_vmac *vmac = &instance->model.vmac;
	bool good = true;

	start(build, node, instance, CONF_VMAC_MACVLAN);
	for (size_t i = 1; i < node->n_words && good; i++) {
		const char *text = node->words[i].text;

		if (strchr(text, ':'))
			good = read_mac(build, node, i, instance);
		else if (strcmp(text, "netlink_notify_msg") == 0)
			vmac->netlink_notify = true;
		else if (strcmp(text, "group") == 0)
			good = read_link_group(build, node, ++i, vmac);
		else
			good = read_name(build, node, i, vmac);
	}
}

static const struct option_choice modes[] = {{"bridge", CONF_IPVLAN_BRIDGE},
					     {"private", CONF_IPVLAN_PRIVATE},
					     {"vepa", CONF_IPVLAN_VEPA},
					     {NULL, 0}};

static bool find_mode(const char *text, enum conf_ipvlan_mode *ret)
{
	for (const struct option_choice *mode = modes; mode->name; mode++) {
		if (strcmp(mode->name, text) != 0)
			continue;
		*ret = (enum conf_ipvlan_mode)mode->value;
		return true;
	}
	return false;
}

/* No interface has such a name: a slash, a colon, or an IPv4 address. */
static bool looks_like_address(const char *text)
{
	struct ip ip;

	return strpbrk(text, "/:") || ip_parse(text, &ip) == 0;
}

void read_ipvlan(struct build *build, const struct node *node, void *draft)
{
	struct draft_instance *instance = draft;
	struct conf_vmac *vmac = &instance->model.vmac;
	bool good = true;

	start(build, node, instance, CONF_VMAC_IPVLAN);
	for (size_t i = 1; i < node->n_words && good; i++) {
		const char *text = node->words[i].text;

		if (find_mode(text, &vmac->mode))
			continue;
		if (looks_like_address(text))
			good = value_prefix(build, node, i, "the address of the ipvlan", &vmac->ip,
					    &vmac->prefix);
		else if (strcmp(text, "group") == 0)
			good = read_link_group(build, node, ++i, vmac);
		else
			good = read_name(build, node, i, vmac);
	}
}

/* ---- dump ---- */

static void print(struct dump *dump, const struct option *row, const struct conf_vmac *vmac,
		  const char *middle, const char *end)
{
	char group[24] = "";

	if (vmac->has_link_group)
		snprintf(group, sizeof(group), " group %u", vmac->link_group);
	dump_line(dump, "%s%s%s%s%s%s%s%s", row->name, vmac->name ? " " : "",
		  vmac->name ? dump_word(dump, vmac->name) : "", vmac->parent ? " " : "",
		  vmac->parent ? dump_word(dump, vmac->parent) : "", middle, end, group);
}

void dump_vmac(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_vmac *vmac = &((const struct conf_instance *)model)->vmac;
	const uint8_t *mac = vmac->mac;
	char text[MAC_TEXT_MAX + 1] = "";

	if (vmac->kind != CONF_VMAC_MACVLAN)
		return;
	if (vmac->has_mac)
		snprintf(text, sizeof(text), " %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
			 mac[2], mac[3], mac[4], mac[5]);
	print(dump, row, vmac, text, vmac->netlink_notify ? " netlink_notify_msg" : "");
}

void dump_ipvlan(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_vmac *vmac = &((const struct conf_instance *)model)->vmac;
	char ip[IP_TEXT_MAX], text[IP_TEXT_MAX + 8] = "", mode[16];

	if (vmac->kind != CONF_VMAC_IPVLAN)
		return;
	if (ip_is_set(&vmac->ip))
		snprintf(text, sizeof(text), " %s/%u", ip_format(&vmac->ip, ip), vmac->prefix);
	snprintf(mode, sizeof(mode), " %s", modes[vmac->mode].name);
	print(dump, row, vmac, text, mode);
}
