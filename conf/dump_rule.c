/* SPDX-License-Identifier: MIT */
/*
 * Rule lines in canonical form: numbers instead of names, what a packet must be first, then what
 * becomes of it. Any thread.
 */
#include <inttypes.h>
#include <linux/fib_rules.h>

#include "conf/dump.h"
#include "conf/scope_static.h"

static void print_prefix(struct dump *dump, const char *name, const struct conf_prefix *prefix)
{
	char text[IP_TEXT_MAX];

	if (ip_is_set(&prefix->ip))
		dump_part(dump, "%s %s/%u", name, ip_format(&prefix->ip, text), prefix->length);
}

static void print_ports(struct dump *dump, const char *name, const struct conf_ports *ports)
{
	if (ports->first || ports->last)
		dump_part(dump, "%s %u-%u", name, ports->first, ports->last);
}

static void print_addresses(struct dump *dump, const struct conf_rule *rule)
{
	print_prefix(dump, "from", &rule->from);
	print_prefix(dump, "to", &rule->to);
	if (rule->iif)
		dump_part(dump, "iif %s", dump_word(dump, rule->iif));
	if (rule->oif)
		dump_part(dump, "oif %s", dump_word(dump, rule->oif));
}

static void print_selectors(struct dump *dump, const struct conf_rule *rule)
{
	print_addresses(dump, rule);
	if (rule->tos)
		dump_part(dump, "tos 0x%02x", rule->tos);
	if (rule->mark || rule->mark_mask)
		dump_part(dump, "fwmark 0x%x/0x%x", rule->mark, rule->mark_mask);
	if (rule->tunnel_id)
		dump_part(dump, "tunnel-id %" PRIu64, rule->tunnel_id);
	if (rule->has_uids)
		dump_part(dump, "uidrange %u-%u", rule->uid_first, rule->uid_last);
	if (rule->ip_protocol)
		dump_part(dump, "ipproto %u", rule->ip_protocol);
	print_ports(dump, "sport", &rule->sport);
	print_ports(dump, "dport", &rule->dport);
}

static void print_action(struct dump *dump, const struct conf_rule *rule)
{
	switch (rule->action) {
	case FR_ACT_TO_TBL:
		if (rule->l3mdev)
			dump_part(dump, "l3mdev");
		else
			dump_part(dump, "table %u", rule->table);
		break;
	case FR_ACT_GOTO:
		dump_part(dump, "goto %u", rule->target);
		break;
	case FR_ACT_NOP:
		dump_part(dump, "nop");
		break;
	default:
		dump_part(dump, "%s",
			  rule->action == FR_ACT_BLACKHOLE     ? "blackhole"
			  : rule->action == FR_ACT_UNREACHABLE ? "unreachable"
							       : "prohibit");
	}
}

static void print_rule(struct dump *dump, const struct conf_rule *rule)
{
	dump_line_begin(dump, "%s%s preference %u", rule->invert ? "not " : "",
			rule->family == AF_INET6 ? "inet6" : "inet", rule->preference);
	print_selectors(dump, rule);
	dump_part(dump, "protocol %u", rule->protocol);
	print_action(dump, rule);
	if (rule->realms)
		dump_part(dump, "realms %u/%u", rule->realms >> 16, rule->realms & UINT16_MAX);
	if (rule->suppress_prefix_length >= 0)
		dump_part(dump, "suppress_prefixlength %d", rule->suppress_prefix_length);
	if (rule->suppress_group >= 0)
		dump_part(dump, "suppress_ifgroup %d", rule->suppress_group);
	if (!rule->track)
		dump_part(dump, "no_track");
	dump_track_group(dump, rule->track_group);
	dump_line_end(dump);
}

char *conf_rule_text(const struct conf *conf, const struct conf_rule *rule)
{
	struct dump *dump = dump_new(conf);

	if (!dump)
		return NULL;
	print_rule(dump, rule);
	return dump_end_line(dump);
}

static void print_rules(struct dump *dump, const char *name, const struct conf_rule *rules,
			size_t n)
{
	if (!n)
		return;
	dump_open(dump, "%s", name);
	for (size_t i = 0; i < n; i++)
		print_rule(dump, &rules[i]);
	dump_close(dump);
}

void dump_rules(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	print_rules(dump, row->name, instance->rules, instance->n_rules);
}

void dump_static_rules(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = model;

	print_rules(dump, row->name, conf->static_rules, conf->n_static_rules);
}
