/* SPDX-License-Identifier: MIT */
/*
 * Rule lines: the blocks virtual_rules and static_rules. Sources: keepalived.conf(5),
 * static_rules; ip-rule(8) for what an attribute means; linux/fib_rules.h. Runs in the thread that
 * loads.
 */
#include <inttypes.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <string.h>

#include "conf/dump.h"
#include "conf/line.h"
#include "conf/rtnames.h"
#include "conf/scope_static.h"
#include "conf/scopes.h"
#include "conf/value.h"

/* Of rules without a preference: the first gets this, each next one less. */
#define PREFERENCE_HIGHEST 16384

/* ---- selectors ---- */

/* The kernel takes a selector of 0 for none. Behind the value. */
static void warn_zero(struct line *line, const struct attribute *row, bool is_zero)
{
	if (is_zero)
		build_warn(line->build, line->node, line->at - 1,
			   "'%s 0' has no effect: to the kernel it means any", row->name);
}

static bool read_prefix(struct line *line, const struct attribute *row, void *draft)
{
	return line_read_prefix(
		line, arena_printf(line->build->scratch, "the address behind '%s'", row->name),
		(struct conf_prefix *)(void *)((char *)draft + row->offset));
}

static bool read_tos(struct line *line, const struct attribute *row, void *draft)
{
	if (!line_read_named(line, row, draft))
		return false;
	warn_zero(line, row, !((struct draft_rule *)draft)->model.tos);
	return true;
}

/* MARK[/MASK] */
static bool read_mark(struct line *line, const struct attribute *row, void *draft)
{
	struct conf_rule *rule = &((struct draft_rule *)draft)->model;
	const char *text = line_word(line), *slash = strchr(text, '/');
	const char *first = arena_strndup(line->build->scratch, text, strcspn(text, "/"));
	uint64_t mark, mask = UINT32_MAX;

	if (!rtnames_parse_number(first, &mark) || mark > UINT32_MAX ||
	    (slash && (!rtnames_parse_number(slash + 1, &mask) || mask > UINT32_MAX))) {
		build_error(line->build, line->node, line->at,
			    "'%s' must be followed by MARK[/MASK], not '%.64s'", row->name, text);
		return false;
	}
	line->at++;
	rule->mark = (uint32_t)mark;
	rule->mark_mask = mark || slash ? (uint32_t)mask : 0;
	warn_zero(line, row, !rule->mark_mask);
	return true;
}

/* FIRST-LAST, or FIRST alone. */
static bool read_range(struct line *line, const struct attribute *row, bool alone, uint32_t *first,
		       uint32_t *last)
{
	const char *text = line_word(line), *dash = strchr(text, '-');
	const char *begin = arena_strndup(line->build->scratch, text, strcspn(text, "-"));
	uint64_t low, high;

	if (!value_parse_unsigned(begin, &low) || (!dash && !alone) ||
	    !value_parse_unsigned(dash ? dash + 1 : begin, &high) || low > row->max ||
	    high > row->max) {
		build_error(line->build, line->node, line->at,
			    "'%s' must be followed by FIRST-LAST%s, each from 0 to %" PRIu64
			    ", not '%.64s'",
			    row->name, alone ? " or a number" : "", row->max, text);
		return false;
	}
	if (low > high)
		build_warn(line->build, line->node, line->at,
			   "the range runs backwards; the kernel refuses such a rule");
	line->at++;
	*first = (uint32_t)low;
	*last = (uint32_t)high;
	return true;
}

static bool read_uids(struct line *line, const struct attribute *row, void *draft)
{
	struct conf_rule *rule = &((struct draft_rule *)draft)->model;

	rule->has_uids = read_range(line, row, false, &rule->uid_first, &rule->uid_last);
	return rule->has_uids;
}

static bool read_ports(struct line *line, const struct attribute *row, void *draft)
{
	uint32_t first, last;
	struct conf_ports ports;

	if (!read_range(line, row, true, &first, &last))
		return false;
	if (first == last && (!last || last == UINT16_MAX)) {
		build_error(line->build, line->node, line->at - 1,
			    "a rule cannot be for port %u alone", last);
		return false;
	}
	if (!first || last == UINT16_MAX)
		build_warn(line->build, line->node, line->at - 1,
			   "the kernel refuses a rule with port 0 or 65535");
	ports = (struct conf_ports){(uint16_t)first, (uint16_t)last};
	memcpy((char *)draft + row->offset, &ports, sizeof(ports));
	return true;
}

static bool find_protocol(const char *name, uint8_t *ret)
{
	struct protoent entry, *found = NULL;
	char room[1024];
	uint64_t number;

	if (value_parse_unsigned(name, &number) && number <= UINT8_MAX) {
		*ret = (uint8_t)number;
		return true;
	}
	if (getprotobyname_r(name, &entry, room, sizeof(room), &found) != 0 || !found)
		return false;
	*ret = (uint8_t)found->p_proto;
	return true;
}

static bool read_ip_protocol(struct line *line, const struct attribute *row, void *draft)
{
	if (!find_protocol(line_word(line), &((struct draft_rule *)draft)->model.ip_protocol)) {
		build_error(line->build, line->node, line->at,
			    "'%s' must be followed by a name of /etc/protocols or a number from 0 "
			    "to 255, not '%.64s'",
			    row->name, line_word(line));
		return false;
	}
	line->at++;
	warn_zero(line, row, !((struct draft_rule *)draft)->model.ip_protocol);
	return true;
}

static bool read_tunnel(struct line *line, const struct attribute *row, void *draft)
{
	uint64_t *id = &((struct draft_rule *)draft)->model.tunnel_id;

	if (!value_unsigned(line->build, line->node, line->at++, "'tunnel-id'", 0, UINT64_MAX, id))
		return false;
	warn_zero(line, row, !*id);
	return true;
}

/* ---- actions ---- */

/* A rule has one action. */
static bool set_action(struct line *line, struct draft_rule *draft, uint8_t action)
{
	if (draft->model.action) {
		build_error(line->build, line->node, line->at - 1,
			    "a rule has one action only: one of table, l3mdev, goto, nop, "
			    "blackhole, unreachable, prohibit");
		return false;
	}
	draft->model.action = action;
	return true;
}

static bool read_table(struct line *line, const struct attribute *row, void *draft)
{
	struct draft_rule *rule = draft;

	if (!set_action(line, rule, FR_ACT_TO_TBL) || !line_read_named(line, row, draft))
		return false;
	if (rule->model.table)
		return true;
	build_error(line->build, line->node, line->at - 1, "there is no table 0");
	return false;
}

static bool read_l3mdev(struct line *line, const struct attribute *row, void *draft)
{
	struct draft_rule *rule = draft;

	(void)row;
	rule->model.l3mdev = true;
	return set_action(line, rule, FR_ACT_TO_TBL);
}

static bool read_goto(struct line *line, const struct attribute *row, void *draft)
{
	struct draft_rule *rule = draft;
	uint64_t target;

	(void)row;
	if (!set_action(line, rule, FR_ACT_GOTO) ||
	    !value_unsigned(line->build, line->node, line->at++, "'goto'", 0, UINT32_MAX, &target))
		return false;
	rule->model.target = (uint32_t)target;
	return true;
}

static bool read_action(struct line *line, const struct attribute *row, void *draft)
{
	return set_action(line, draft, (uint8_t)row->value);
}

static bool parse_type(const char *text, uint8_t *ret)
{
	static const struct {
		const char *name, *number;
		uint8_t action;
	} types[] = {
		{"blackhole", "6", FR_ACT_BLACKHOLE},
		{"unreachable", "7", FR_ACT_UNREACHABLE},
		{"prohibit", "8", FR_ACT_PROHIBIT},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(text, types[i].name) == 0 || strcmp(text, types[i].number) == 0) {
			*ret = types[i].action;
			return true;
		}
	return false;
}

static bool read_type(struct line *line, const struct attribute *row, void *draft)
{
	uint8_t action;

	(void)row;
	if (!parse_type(line_word(line), &action)) {
		build_error(line->build, line->node, line->at,
			    "behind 'type' must stand blackhole, unreachable or prohibit, not "
			    "'%.64s'",
			    line_word(line));
		return false;
	}
	line->at++;
	return set_action(line, draft, action);
}

static bool read_preference(struct line *line, const struct attribute *row, void *draft)
{
	struct draft_rule *rule = draft;
	uint64_t preference;

	if (!value_unsigned(line->build, line->node, line->at++,
			    arena_printf(line->build->scratch, "'%s'", row->name), 0, UINT32_MAX,
			    &preference))
		return false;
	rule->model.preference = (uint32_t)preference;
	rule->has_preference = true;
	return true;
}

static bool read_realms(struct line *line, const struct attribute *row, void *draft)
{
	(void)row;
	return rtnames_read_realms(line->build, line->node, line->at++,
				   &((struct draft_rule *)draft)->model.realms);
}

/* ---- the table ---- */

#define FIELD(member)		ATTRIBUTE_FIELD(draft_rule, model.member)
#define CUSTOM(function, words) ATTRIBUTE_CUSTOM, .read = (function), .argument = (words)

static const struct attribute rule_attributes[] = {
	{"not", ATTRIBUTE_FLAG, FIELD(invert), .value = true,
	 .help = "the rule is for what does not match"},
	{"inet", CUSTOM(line_read_family, ""), .help = "the rule is of IPv4"},
	{"inet6", CUSTOM(line_read_family, ""), .value = true, .help = "the rule is of IPv6"},
	{"from", CUSTOM(read_prefix, "ADDRESS[/LENGTH] | all"), FIELD(from), .help = "the source"},
	{"to", CUSTOM(read_prefix, "ADDRESS[/LENGTH] | all"), FIELD(to), .help = "the destination"},
	{"iif", ATTRIBUTE_INTERFACE, FIELD(iif), .help = "interface the packet came by"},
	{"dev", ATTRIBUTE_INTERFACE, FIELD(iif), .help = "the same as iif"},
	{"oif", ATTRIBUTE_INTERFACE, FIELD(oif), .help = "interface the sender is bound to"},
	{"tos", CUSTOM(read_tos, "NAME | N"), .value = RTNAMES_DSFIELD, FIELD(tos),
	 .help = "traffic class"},
	{"dsfield", CUSTOM(read_tos, "NAME | N"), .value = RTNAMES_DSFIELD, FIELD(tos),
	 .help = "the same as tos"},
	{"fwmark", CUSTOM(read_mark, "MARK[/MASK]"), .help = "mark of the packet filter"},
	{"tunnel-id", CUSTOM(read_tunnel, "N"), .max = UINT64_MAX,
	 .help = "key of the tunnel the packet came by"},
	{"uidrange", CUSTOM(read_uids, "FIRST-LAST"), .max = UINT32_MAX,
	 .help = "user of the sender"},
	{"ipproto", CUSTOM(read_ip_protocol, "NAME | N"), .help = "protocol of the packet"},
	{"ip_proto", CUSTOM(read_ip_protocol, "NAME | N"), .help = "the same as ipproto"},
	{"sport", CUSTOM(read_ports, "PORT[-PORT]"), FIELD(sport), .max = UINT16_MAX,
	 .help = "source port"},
	{"dport", CUSTOM(read_ports, "PORT[-PORT]"), FIELD(dport), .max = UINT16_MAX,
	 .help = "destination port"},
	{"preference", CUSTOM(read_preference, "N"), .help = "rules go in this order"},
	{"priority", CUSTOM(read_preference, "N"), .help = "the same as preference"},
	{"order", CUSTOM(read_preference, "N"), .help = "the same as preference"},
	{"protocol", ATTRIBUTE_NAMED(RTNAMES_PROTOCOL), FIELD(protocol),
	 .help = "who has made the rule; keepalived (18) by default"},
	{"table", CUSTOM(read_table, "NAME | N"), .value = RTNAMES_TABLE, FIELD(table),
	 .max = UINT32_MAX, .help = "look into this routing table"},
	{"lookup", CUSTOM(read_table, "NAME | N"), .value = RTNAMES_TABLE, FIELD(table),
	 .max = UINT32_MAX, .help = "the same as table"},
	{"l3mdev", CUSTOM(read_l3mdev, ""), .help = "look into the table of the packet's VRF"},
	{"goto", CUSTOM(read_goto, "N"), .help = "go on with the rule of this preference"},
	{"nop", CUSTOM(read_action, ""), .value = FR_ACT_NOP, .help = "do nothing"},
	{"blackhole", CUSTOM(read_action, ""), .value = FR_ACT_BLACKHOLE,
	 .help = "drop the packet"},
	{"unreachable", CUSTOM(read_action, ""), .value = FR_ACT_UNREACHABLE,
	 .help = "refuse the packet as unreachable"},
	{"prohibit", CUSTOM(read_action, ""), .value = FR_ACT_PROHIBIT,
	 .help = "refuse the packet as prohibited"},
	{"type", CUSTOM(read_type, "blackhole | unreachable | prohibit"),
	 .help = "the same as the word alone"},
	{"realms", CUSTOM(read_realms, "SOURCE[/DESTINATION]"),
	 .help = "realms for accounting, with a table"},
	{"suppress_prefixlength", ATTRIBUTE_UNSIGNED, FIELD(suppress_prefix_length),
	 .max = INT32_MAX, .help = "ignore routes of this prefix length or less"},
	{"sup_pl", ATTRIBUTE_UNSIGNED, FIELD(suppress_prefix_length), .max = INT32_MAX,
	 .help = "the same as suppress_prefixlength"},
	{"suppress_ifgroup", ATTRIBUTE_NAMED(RTNAMES_GROUP), FIELD(suppress_group),
	 .max = INT32_MAX, .help = "ignore routes by interfaces of this group"},
	{"sup_group", ATTRIBUTE_NAMED(RTNAMES_GROUP), FIELD(suppress_group), .max = INT32_MAX,
	 .help = "the same as suppress_ifgroup"},
	{"no_track", ATTRIBUTE_FLAG, FIELD(track), .value = false,
	 .help = "its removal by somebody else does not matter"},
	{.name = NULL},
};

static const struct attribute static_attributes[] = {
	{"track_group", CUSTOM(read_track_group, "NAME"), ATTRIBUTE_FIELD(draft_rule, group),
	 .help = "track_group whose instances go to FAULT without it; needs 'dev'"},
	{.name = NULL},
};

/* ---- lines ---- */

/* An action that is no look-up has no routes to suppress. */
static bool check_action(struct line *line, const struct draft_rule *draft)
{
	const struct conf_rule *rule = &draft->model;

	if (!rule->action)
		build_error(line->build, line->node, 0,
			    "the rule has no action: table, l3mdev, goto, nop, blackhole, "
			    "unreachable or prohibit");
	else if (rule->action != FR_ACT_TO_TBL &&
		 (rule->realms || rule->suppress_prefix_length >= 0 || rule->suppress_group >= 0))
		build_error(line->build, line->node, 0,
			    "only a rule with 'table' or 'l3mdev' has realms or suppresses routes");
	else if (rule->action == FR_ACT_GOTO && !draft->has_preference)
		build_error(line->build, line->node, line_place(line, "goto"),
			    "'goto' needs a 'preference'");
	else if (rule->action == FR_ACT_GOTO && rule->preference >= rule->target)
		build_error(line->build, line->node, line_place(line, "goto"),
			    "'goto %u' must lead behind the preference %u", rule->target,
			    rule->preference);
	else
		return true;
	return false;
}

static void give_preference(struct line *line, struct conf_rule *rule)
{
	uint32_t *used = &line->build->rules_without_preference[rule->family == AF_INET6];

	rule->preference = PREFERENCE_HIGHEST - (*used < PREFERENCE_HIGHEST ? (*used)++ : *used);
	build_warn(line->build, line->node, 0,
		   "a rule should have a 'preference'; this one gets %u", rule->preference);
}

static bool finish_rule(struct line *line, struct draft_rule *draft)
{
	struct conf_rule *rule = &draft->model;

	if (line->family == AF_UNSPEC)
		line->family = AF_INET;
	rule->family = line->family;
	if (!check_action(line, draft))
		return false;
	if (draft->group.name && !rule->iif) {
		build_error(line->build, line->node, line_place(line, "track_group"),
			    "a rule with 'track_group' needs 'dev'");
		return false;
	}
	if (!draft->has_preference)
		give_preference(line, rule);
	if (rule->track && rule->protocol != RTPROT_KEEPALIVED) {
		build_warn(line->build, line->node, line_place(line, "protocol"),
			   "a rule with another 'protocol' than keepalived (%d) cannot be tracked; "
			   "it gets that one, unless it has 'no_track'",
			   RTPROT_KEEPALIVED);
		rule->protocol = RTPROT_KEEPALIVED;
	}
	return true;
}

/* An action's number stands alone, as a word that is no attribute. */
static bool read_bare_word(struct line *line, void *draft)
{
	uint8_t action;

	if (!parse_type(line_word(line), &action)) {
		line_refuse(line, "a rule");
		return false;
	}
	line->at++;
	return set_action(line, draft, action);
}

static void read_rule(struct build *build, const struct node *node, struct items *list,
		      const struct option_scope *scope)
{
	struct line line = line_start(build, node, scope);
	struct draft_rule draft = {
		.model = {.protocol = RTPROT_KEEPALIVED,
			  .suppress_prefix_length = -1,
			  .suppress_group = -1,
			  .track = true,
			  .track_group = CONF_NONE},
	};

	if (line_read_all(&line, read_bare_word, &draft) && finish_rule(&line, &draft))
		*(struct draft_rule *)items_add(list, build->scratch, sizeof(draft)) = draft;
}

static void read_virtual(struct build *build, const struct node *node, void *draft)
{
	read_rule(build, node, &((struct draft_instance *)draft)->rules, &scope_rules);
}

static void read_static(struct build *build, const struct node *node, void *draft)
{
	(void)draft;
	read_rule(build, node, &build->static_rules, &scope_static_rules);
}

const struct option_scope scope_rules = {
	.name = "virtual_rules",
	.line = read_virtual,
	.attributes = {rule_attributes},
};
const struct option_scope scope_static_rules = {
	.name = "static_rules",
	.line = read_static,
	.attributes = {rule_attributes, static_attributes},
};
