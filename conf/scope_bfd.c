/* SPDX-License-Identifier: MIT */
/*
 * bfd_instance. Runs in the thread that loads. Source: keepalived.conf(5), BFD CONFIGURATION; RFC
 * 5880 for what the numbers mean.
 */
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

#define NAME_MAX_OCTETS 31
#define INTERVAL_MAX_US UINT64_C(4294967000)

static void *begin_bfd(struct build *build, const struct node *node, void *parent)
{
	char *name = scope_block_name(build, node);
	struct draft_bfd *bfd;

	(void)parent;
	if (!name)
		return NULL;
	if (strlen(name) > NAME_MAX_OCTETS) {
		build_error(build, node, 1,
			    "the name of a bfd_instance must not be longer than %d octets",
			    NAME_MAX_OCTETS);
		return NULL;
	}
	bfd = items_add(&build->bfds, build->scratch, sizeof(*bfd));
	build_fill_defaults(&scope_bfd, bfd);
	bfd->model.name = name;
	bfd->tracked.node = node;
	return bfd;
}

/* Milliseconds with up to three places into the row's field. */
static void read_interval(struct build *build, const struct node *node, void *draft)
{
	uint64_t least = strcmp(node->row->name, "idle_tx") == 0 ? 1000000 : 1000, us;
	const char *text = node->words[1].text, *dot = strchr(text, '.');

	/* Read as seconds, milliseconds are a thousand times as much. */
	if (!value_parse_time(text, &us) || us > INTERVAL_MAX_US * 1000 || us / 1000 < least ||
	    us / 1000 > INTERVAL_MAX_US || (dot && strlen(dot + 1) > 3)) {
		build_error(build, node, 1,
			    "'%s' must be a number of milliseconds from %u to 4294967 with at most "
			    "three places, not '%.64s'",
			    node->row->name, (unsigned)(least / 1000), text);
		return;
	}
	value_store((char *)draft + node->row->offset, node->row->size, (int64_t)(us / 1000));
}

static void dump_interval(struct dump *dump, const struct option *row, const void *model)
{
	uint64_t us = (uint64_t)value_load((const char *)model + row->offset, row->size, false);
	char text[VALUE_TIME_MAX];

	dump_line(dump, "%s %s", row->name, value_format_time(us * 1000, text));
}

static void read_weight(struct build *build, const struct node *node, void *draft)
{
	struct draft_bfd *bfd = draft;

	scope_read_weight(build, node, 253, &bfd->model.weight, &bfd->model.reverse);
}

static void dump_bfd_weight(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_bfd *bfd = model;

	dump_weight(dump, row, bfd->weight, bfd->reverse);
}

/* Neither said means both. */
static void dump_consumer(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_bfd *bfd = model;
	bool vrrp = strcmp(row->name, "vrrp") == 0;

	if (bfd->vrrp != bfd->checker && (vrrp ? bfd->vrrp : bfd->checker))
		dump_line(dump, "%s", row->name);
}

static void check_hops(struct build *build, const struct node *node, struct conf_bfd *bfd)
{
	const struct node *hops = tree_setter(node, offsetof(struct draft_bfd, model.max_hops));

	if (bfd->max_hops <= bfd->ttl || bfd->max_hops == 255)
		return;
	build_warn(build, hops, 0, "'max_hops' is more than the TTL of %u; it is taken as %u",
		   bfd->ttl, bfd->ttl);
	bfd->max_hops = bfd->ttl;
}

static void end_bfd(struct build *build, const struct node *node, void *draft)
{
	struct conf_bfd *bfd = &((struct draft_bfd *)draft)->model;

	if (!bfd->vrrp && !bfd->checker)
		bfd->vrrp = bfd->checker = true;
	if (!bfd->ttl)
		bfd->ttl = bfd->neighbor.family == AF_INET6 ? 64 : 255;
	check_hops(build, node, bfd);
	if (ip_is_set(&bfd->source) && ip_is_set(&bfd->neighbor) &&
	    bfd->source.family != bfd->neighbor.family)
		build_error(build, tree_setter(node, offsetof(struct draft_bfd, model.source)), 1,
			    "'source_ip' and 'neighbor_ip' must be of the same family");
}

#define BFD(member) OPTION_FIELD(draft_bfd, model.member)

static const struct option bfd_rows[] = {
	{"neighbor_ip", OPTION_ADDRESS, BFD(neighbor), .reload = OPTION_RESTART,
	 .flags = FIELD | OPTION_REQUIRED, .help = "the other end of the session"},
	{"neighbour_ip", OPTION_ALIAS, .alias_of = "neighbor_ip"},
	{"source_ip", OPTION_ADDRESS, BFD(source), .reload = OPTION_RESTART, .flags = FIELD,
	 .help = "own address of the session; any by default"},
	{"min_rx", OPTION_CUSTOM, BFD(min_rx_us), .reload = OPTION_IN_PLACE, .flags = DEFAULT,
	 .min = 1, .max = 1, .initial = 10000, .apply = read_interval, .dump = dump_interval,
	 .argument = "MILLISECONDS",
	 .help = "least interval of packets from the neighbor, 1..4294967"},
	{"min_tx", OPTION_CUSTOM, BFD(min_tx_us), .reload = OPTION_IN_PLACE, .flags = DEFAULT,
	 .min = 1, .max = 1, .initial = 10000, .apply = read_interval, .dump = dump_interval,
	 .argument = "MILLISECONDS", .help = "least interval of own packets, 1..4294967"},
	{"idle_tx", OPTION_CUSTOM, BFD(idle_tx_us), .reload = OPTION_IN_PLACE, .flags = DEFAULT,
	 .min = 1, .max = 1, .initial = 1000000, .apply = read_interval, .dump = dump_interval,
	 .argument = "MILLISECONDS",
	 .help = "interval of own packets while the session is down, 1000..4294967"},
	{"multiplier", OPTION_UNSIGNED, BFD(multiplier), .reload = OPTION_IN_PLACE,
	 .flags = DEFAULT, .min = 1, .max = 255, .initial = 5,
	 .help = "missed packets until the session is down"},
	{"passive", OPTION_FLAG, BFD(passive), .reload = OPTION_RESTART, .flags = FIELD,
	 .value = true, .help = "send nothing until the neighbor does"},
	{"ttl", OPTION_UNSIGNED, BFD(ttl), .reload = OPTION_RESTART, .flags = FIELD, .min = 1,
	 .max = 255,
	 .help = "TTL of own packets; 255 for IPv4 and 64 for IPv6 by default. Neighbors that keep "
		 "to RFC 5881 want 255"},
	{"hoplimit", OPTION_ALIAS, .alias_of = "ttl"},
	{"max_hops", OPTION_SIGNED, BFD(max_hops), .reload = OPTION_IN_PLACE, .flags = DEFAULT,
	 .min = -1, .max = 255, .initial = 0,
	 .help = "by how much the TTL of a packet may be below the own one; 255: any"},
	{"multihop", OPTION_BOOL, BFD(multihop), .reload = OPTION_RESTART, .flags = FIELD,
	 .help = "the neighbor is behind routers: port 4784 instead of 3784"},
	{"weight", OPTION_CUSTOM, BFD(weight), .reload = OPTION_IN_PLACE, .flags = FIELD, .min = 1,
	 .max = 2, .apply = read_weight, .dump = dump_bfd_weight, .argument = "N [reverse]",
	 .help = "-253..253: added to the priority while up, negative while down; 0: down is "
		 "FAULT"},
	{"vrrp", OPTION_FLAG, BFD(vrrp), .reload = OPTION_IN_PLACE, .flags = FIELD, .value = true,
	 .dump = dump_consumer, .help = "tell instances only, unless checker is said too"},
	{"checker", OPTION_FLAG, BFD(checker), .reload = OPTION_IN_PLACE, .flags = FIELD,
	 .value = true, .dump = dump_consumer,
	 .help = "tell checkers only, unless vrrp is said too"},
	{.name = NULL},
};

const struct option_scope scope_bfd = {
	.name = "bfd_instance",
	.tables = {bfd_rows},
	.model_size = sizeof(struct conf_bfd),
	.begin = begin_bfd,
	.end = end_bfd,
};
