/* SPDX-License-Identifier: MIT */
/*
 * What is said about interfaces rather than instances: garp_group, linkbeat_interfaces,
 * interface_up_down_delays. Runs in the thread that loads. Source: keepalived.conf(5).
 */
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

#define FIELD OPTION_HAS_FIELD

#define GARP_MAX_US  INT64_C(2147483647) /* as keepalived, which counts in an int */
#define DELAY_MAX_US UINT64_C(255000000)

/* ---- garp_group ---- */

/* A name behind the keyword is allowed and means nothing. */
static void *begin_garp_group(struct build *build, const struct node *node, void *parent)
{
	struct draft_garp_group *group =
		items_add(&build->garp_groups, build->scratch, sizeof(*group));

	(void)parent;
	group->node = node;
	return group;
}

static void add_interface(struct build *build, const struct node *node, size_t index,
			  struct draft_garp_group *group)
{
	struct draft_interface *interface;
	char *name;

	if (!value_interface(build, node, index, "the name", &name))
		return;
	interface = items_add(&group->interfaces, build->scratch, sizeof(*interface));
	interface->name = name;
	interface->place = tree_place(node, index);
}

static void read_interface(struct build *build, const struct node *node, void *draft)
{
	add_interface(build, node, 1, draft);
}

static void read_interfaces(struct build *build, const struct node *node, void *draft)
{
	for (size_t i = 0; i < node->n_words; i++)
		add_interface(build, node, i, draft);
}

static void end_garp_group(struct build *build, const struct node *node, void *draft)
{
	struct draft_garp_group *group = draft;
	struct conf_garp_group *model = &group->model;

	(void)build;
	model->has_garp =
		tree_setter(node, offsetof(struct draft_garp_group, model.garp_interval_us));
	model->has_gna =
		tree_setter(node, offsetof(struct draft_garp_group, model.gna_interval_us));
}

/* 0 is an interval like any other. */
static void dump_interval(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_garp_group *group = model;
	bool garp = row->offset == offsetof(struct conf_garp_group, garp_interval_us);
	char text[VALUE_TIME_MAX];

	if (garp ? group->has_garp : group->has_gna)
		dump_line(dump, "%s %s", row->name,
			  value_format_time(garp ? group->garp_interval_us : group->gna_interval_us,
					    text));
}

static void dump_interfaces(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_garp_group *group = model;

	dump_open(dump, "%s", row->name);
	for (size_t i = 0; i < group->n_interfaces; i++)
		dump_line(dump, "%s", dump_word(dump, group->interfaces[i]));
	dump_close(dump);
}

#define GARP(member) OPTION_FIELD(draft_garp_group, model.member), .reload = OPTION_IN_PLACE

static const struct option garp_rows[] = {
	{"garp_interval", OPTION_TIME, GARP(garp_interval_us), .flags = FIELD, .min = 0,
	 .max = GARP_MAX_US, .dump = dump_interval,
	 .help = "least distance between gratuitous ARPs on all these interfaces together"},
	{"gna_interval", OPTION_TIME, GARP(gna_interval_us), .flags = FIELD, .min = 0,
	 .max = GARP_MAX_US, .dump = dump_interval,
	 .help = "the same for unsolicited neighbor adverts of IPv6"},
	{"interface", OPTION_CUSTOM, .min = 1, .max = 1, .flags = OPTION_REPEATABLE,
	 .reload = OPTION_IN_PLACE, .apply = read_interface, .dump = dump_never,
	 .argument = "INTERFACE", .help = "an interface of the group"},
	{"interfaces", OPTION_BLOCK, .block = &scope_garp_interfaces, .dump = dump_interfaces,
	 .help = "interfaces of the group, one per line"},
	{.name = NULL},
};

const struct option_scope scope_garp_group = {
	.name = "garp_group",
	.tables = {garp_rows},
	.model_size = sizeof(struct conf_garp_group),
	.begin = begin_garp_group,
	.end = end_garp_group,
};

const struct option_scope scope_garp_interfaces = {
	.name = "interfaces",
	.end = build_warn_empty,
	.line = read_interfaces,
};

/* ---- linkbeat_interfaces ---- */

static const char *const polls[] = {
	[CONF_POLL_ANY] = "",
	[CONF_POLL_MII] = "MII",
	[CONF_POLL_ETHTOOL] = "ETHTOOL",
	[CONF_POLL_IOCTL] = "IOCTL",
};

/* INTERFACE [MII|ETHTOOL|IOCTL] */
static void read_linkbeat(struct build *build, const struct node *node, void *draft)
{
	struct conf_linkbeat linkbeat = {.poll = CONF_POLL_ANY}, *kept;

	(void)draft;
	if (!value_interface(build, node, 0, "the name", &linkbeat.interface))
		return;
	for (enum conf_poll poll = CONF_POLL_MII; node->n_words > 1 && poll <= CONF_POLL_IOCTL;
	     poll++)
		if (strcmp(node->words[1].text, polls[poll]) == 0)
			linkbeat.poll = poll;
	if (node->n_words > 2 || (node->n_words > 1 && linkbeat.poll == CONF_POLL_ANY)) {
		build_error(build, node, 1,
			    "behind the interface only one of MII, ETHTOOL and IOCTL may follow");
		return;
	}
	kept = items_add(&build->linkbeats, build->scratch, sizeof(*kept));
	*kept = linkbeat;
}

void dump_linkbeats(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = model;

	if (!conf->n_linkbeats)
		return;
	dump_open(dump, "%s", row->name);
	for (size_t i = 0; i < conf->n_linkbeats; i++)
		dump_line(dump, "%s%s%s", dump_word(dump, conf->linkbeats[i].interface),
			  conf->linkbeats[i].poll ? " " : "", polls[conf->linkbeats[i].poll]);
	dump_close(dump);
}

const struct option_scope scope_linkbeat = {.name = "linkbeat_interfaces", .line = read_linkbeat};

/* ---- interface_up_down_delays ---- */

/* INTERFACE DOWN [UP]; keepalived's manual has UP default to DOWN, its program to 0. */
static void read_delays(struct build *build, const struct node *node, void *draft)
{
	struct conf_link_delay delay = {.interface = NULL}, *kept;

	(void)draft;
	if (!value_interface(build, node, 0, "the name", &delay.interface))
		return;
	if (node->n_words < 2) {
		build_warn(build, node, 0, "no delay follows the interface; the line is ignored");
		return;
	}
	if (!value_time(build, node, 1, "the delay of going down", 0, DELAY_MAX_US, &delay.down_us))
		return;
	if (node->n_words > 2 &&
	    !value_time(build, node, 2, "the delay of coming up", 0, DELAY_MAX_US, &delay.up_us))
		return;
	if (node->n_words > 3)
		build_warn(build, node, 3, "'%.64s' and what follows is ignored",
			   node->words[3].text);
	kept = items_add(&build->link_delays, build->scratch, sizeof(*kept));
	*kept = delay;
}

void dump_link_delays(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = model;
	char down[VALUE_TIME_MAX], up[VALUE_TIME_MAX];

	if (!conf->n_link_delays)
		return;
	dump_open(dump, "%s", row->name);
	for (size_t i = 0; i < conf->n_link_delays; i++) {
		const struct conf_link_delay *delay = &conf->link_delays[i];

		dump_line(dump, "%s %s %s", dump_word(dump, delay->interface),
			  value_format_time(delay->down_us, down),
			  value_format_time(delay->up_us, up));
	}
	dump_close(dump);
}

const struct option_scope scope_link_delays = {.name = "interface_up_down_delays",
					       .line = read_delays};
