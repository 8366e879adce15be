/* SPDX-License-Identifier: MIT */
/*
 * The table as messages to the kernel: sets of addresses, and a chain in each direction that drops
 * what is for them and from them. Neighbour discovery passes, or nobody could send to the router by
 * them (RFC 9568 section 6.4.3). Link-local addresses count on their interface only. The rules hold
 * whether the router is master or not: only a master has the addresses, and there is no moment at
 * which it has them and not the rules. Pure.
 */
#include "core/net/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/icmp6.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_OCTETS 65536
#define ELEMENTS       500 /* in one message: well below the 64 KiB of an attribute */
#define TYPE_IPV4      7   /* numbers of nft(8) for the kinds of a key, only to show them */
#define TYPE_IPV6      8
#define TYPE_IFNAME    41
#define TYPE_BITS      6

enum set { SET_IPV4, SET_IPV6, SET_LINK, SETS };

struct key {
	uint8_t octets[IFNAMSIZ + 16];
};

struct builder {
	const char *table;
	uint8_t *octets; /* messages so far */
	size_t size;
	uint32_t number; /* of messages */
	bool failed;	 /* memory is out */
	struct key *keys[SETS];
	size_t n_keys[SETS];
};

static const struct {
	const char *name;
	uint32_t type, size;
} sets[SETS] = {
	[SET_IPV4] = {"addresses4", TYPE_IPV4, 4},
	[SET_IPV6] = {"addresses6", TYPE_IPV6, 16},
	[SET_LINK] = {"links6", TYPE_IFNAME << TYPE_BITS | TYPE_IPV6, IFNAMSIZ + 16},
};

/* ---- messages ---- */

static struct nl_msg *begin(struct builder *b, int type, int flags, uint8_t family)
{
	const struct nfgenmsg body = {
		.nfgen_family = family,
		.version = NFNETLINK_V0,
		.res_id = type < NFNL_MSG_BATCH_BEGIN || type > NFNL_MSG_BATCH_END
				  ? 0
				  : htons(NFNL_SUBSYS_NFTABLES),
	};
	bool marker = body.res_id;
	struct nl_msg *message = nlmsg_alloc_size(MESSAGE_OCTETS);
	struct nlmsghdr *header;

	if (!message) {
		b->failed = true;
		return NULL;
	}
	header =
		nlmsg_put(message, 0, ++b->number, marker ? type : NFNL_SUBSYS_NFTABLES << 8 | type,
			  0, NLM_F_REQUEST | (marker ? 0 : NLM_F_ACK | flags));
	if (!header || nlmsg_append(message, (void *)&body, sizeof body, NLMSG_ALIGNTO) < 0)
		b->failed = true;
	return message;
}

static void end(struct builder *b, struct nl_msg *message)
{
	const struct nlmsghdr *header = message ? nlmsg_hdr(message) : NULL;
	size_t size = header ? NLMSG_ALIGN(header->nlmsg_len) : 0;
	uint8_t *larger = header && !b->failed ? realloc(b->octets, b->size + size) : NULL;

	if (larger) {
		memcpy(larger + b->size, header, size);
		b->octets = larger;
		b->size += size;
	} else {
		b->failed = true;
	}
	nlmsg_free(message);
}

static void put_number(struct builder *b, struct nl_msg *message, int type, uint32_t number)
{
	if (message && nla_put_u32(message, type, htonl(number)) < 0)
		b->failed = true;
}

static void put_text(struct builder *b, struct nl_msg *message, int type, const char *text)
{
	if (message && nla_put_string(message, type, text) < 0)
		b->failed = true;
}

static struct nlattr *nest(struct builder *b, struct nl_msg *message, int type)
{
	struct nlattr *attribute =
		message && !b->failed ? nla_nest_start(message, type | NLA_F_NESTED) : NULL;

	b->failed |= !attribute;
	return attribute;
}

static void unnest(struct nl_msg *message, struct nlattr *attribute)
{
	if (attribute)
		nla_nest_end(message, attribute);
}

static void add_marker(struct builder *b, int type)
{
	end(b, begin(b, type, 0, AF_UNSPEC));
}

static void add_table(struct builder *b)
{
	struct nl_msg *message =
		begin(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, NFPROTO_INET);

	put_text(b, message, NFTA_TABLE_NAME, b->table);
	put_number(b, message, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
	end(b, message);
}

static void delete_table(struct builder *b, const char *name)
{
	struct nl_msg *message = begin(b, NFT_MSG_DELTABLE, 0, NFPROTO_INET);

	put_text(b, message, NFTA_TABLE_NAME, name);
	end(b, message);
}

static void add_chain(struct builder *b, const char *name, uint32_t hook, int32_t priority)
{
	struct nl_msg *message = begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFPROTO_INET);
	struct nlattr *where;

	put_text(b, message, NFTA_CHAIN_TABLE, b->table);
	put_text(b, message, NFTA_CHAIN_NAME, name);
	where = nest(b, message, NFTA_CHAIN_HOOK);
	put_number(b, message, NFTA_HOOK_HOOKNUM, hook);
	put_number(b, message, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	unnest(message, where);
	put_number(b, message, NFTA_CHAIN_POLICY, NF_ACCEPT);
	put_text(b, message, NFTA_CHAIN_TYPE, "filter");
	end(b, message);
}

/* ---- sets ---- */

static void add_element(struct builder *b, struct nl_msg *message, const void *octets, size_t size)
{
	struct nlattr *element = nest(b, message, NFTA_LIST_ELEM);
	struct nlattr *key = nest(b, message, NFTA_SET_ELEM_KEY);

	if (message && nla_put(message, NFTA_DATA_VALUE, (int)size, octets) < 0)
		b->failed = true;
	unnest(message, key);
	unnest(message, element);
}

static void add_elements(struct builder *b, enum set set, size_t from, size_t to)
{
	struct nl_msg *message = begin(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, NFPROTO_INET);
	struct nlattr *list;

	put_text(b, message, NFTA_SET_ELEM_LIST_TABLE, b->table);
	put_text(b, message, NFTA_SET_ELEM_LIST_SET, sets[set].name);
	list = nest(b, message, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = from; i < to; i++)
		add_element(b, message, b->keys[set][i].octets, sets[set].size);
	unnest(message, list);
	end(b, message);
}

static void add_set(struct builder *b, enum set set)
{
	struct nl_msg *message = begin(b, NFT_MSG_NEWSET, NLM_F_CREATE, NFPROTO_INET);

	put_text(b, message, NFTA_SET_TABLE, b->table);
	put_text(b, message, NFTA_SET_NAME, sets[set].name);
	put_number(b, message, NFTA_SET_FLAGS, 0);
	put_number(b, message, NFTA_SET_KEY_TYPE, sets[set].type);
	put_number(b, message, NFTA_SET_KEY_LEN, sets[set].size);
	put_number(b, message, NFTA_SET_ID, set + 1);
	end(b, message);
	for (size_t at = 0; at < b->n_keys[set]; at += ELEMENTS) {
		size_t left = b->n_keys[set] - at;

		add_elements(b, set, at, at + (left < ELEMENTS ? left : ELEMENTS));
	}
}

/* ---- rules ---- */

struct expression {
	struct nlattr *element, *data;
};

static struct expression express(struct builder *b, struct nl_msg *message, const char *name)
{
	struct expression expression = {.element = nest(b, message, NFTA_LIST_ELEM)};

	put_text(b, message, NFTA_EXPR_NAME, name);
	expression.data = nest(b, message, NFTA_EXPR_DATA);
	return expression;
}

static void expressed(struct nl_msg *message, struct expression expression)
{
	unnest(message, expression.data);
	unnest(message, expression.element);
}

static void load_meta(struct builder *b, struct nl_msg *message, uint32_t key, uint32_t to)
{
	struct expression expression = express(b, message, "meta");

	put_number(b, message, NFTA_META_KEY, key);
	put_number(b, message, NFTA_META_DREG, to);
	expressed(message, expression);
}

static void load_header(struct builder *b, struct nl_msg *message, uint32_t base, uint32_t offset,
			uint32_t size, uint32_t to)
{
	struct expression expression = express(b, message, "payload");

	put_number(b, message, NFTA_PAYLOAD_DREG, to);
	put_number(b, message, NFTA_PAYLOAD_BASE, base);
	put_number(b, message, NFTA_PAYLOAD_OFFSET, offset);
	put_number(b, message, NFTA_PAYLOAD_LEN, size);
	expressed(message, expression);
}

static void compare(struct builder *b, struct nl_msg *message, uint32_t how, uint8_t octet)
{
	struct expression expression = express(b, message, "cmp");
	struct nlattr *data;

	put_number(b, message, NFTA_CMP_SREG, NFT_REG_1);
	put_number(b, message, NFTA_CMP_OP, how);
	data = nest(b, message, NFTA_CMP_DATA);
	if (message && nla_put(message, NFTA_DATA_VALUE, 1, &octet) < 0)
		b->failed = true;
	unnest(message, data);
	expressed(message, expression);
}

static void look_up(struct builder *b, struct nl_msg *message, enum set set)
{
	struct expression expression = express(b, message, "lookup");

	put_text(b, message, NFTA_LOOKUP_SET, sets[set].name);
	put_number(b, message, NFTA_LOOKUP_SREG, NFT_REG_1);
	put_number(b, message, NFTA_LOOKUP_SET_ID, set + 1);
	expressed(message, expression);
}

static void decide(struct builder *b, struct nl_msg *message, bool counted, uint32_t code)
{
	struct expression expression;
	struct nlattr *data, *verdict;

	if (counted)
		expressed(message, express(b, message, "counter"));
	expression = express(b, message, "immediate");
	put_number(b, message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nest(b, message, NFTA_IMMEDIATE_DATA);
	verdict = nest(b, message, NFTA_DATA_VERDICT);
	put_number(b, message, NFTA_VERDICT_CODE, code);
	unnest(message, verdict);
	unnest(message, data);
	expressed(message, expression);
}

static struct nl_msg *begin_rule(struct builder *b, const char *chain, uint8_t family,
				 struct nlattr **ret_list)
{
	struct nl_msg *message =
		begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NFPROTO_INET);

	put_text(b, message, NFTA_RULE_TABLE, b->table);
	put_text(b, message, NFTA_RULE_CHAIN, chain);
	*ret_list = nest(b, message, NFTA_RULE_EXPRESSIONS);
	load_meta(b, message, NFT_META_NFPROTO, NFT_REG_1);
	compare(b, message, NFT_CMP_EQ, family);
	return message;
}

static void pass_neighbours(struct builder *b, const char *chain, bool counted)
{
	struct nlattr *list;
	struct nl_msg *message = begin_rule(b, chain, NFPROTO_IPV6, &list);

	load_meta(b, message, NFT_META_L4PROTO, NFT_REG_1);
	compare(b, message, NFT_CMP_EQ, IPPROTO_ICMPV6);
	load_header(b, message, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
	compare(b, message, NFT_CMP_GTE, ND_NEIGHBOR_SOLICIT);
	compare(b, message, NFT_CMP_LTE, ND_NEIGHBOR_ADVERT);
	decide(b, message, counted, NF_ACCEPT);
	unnest(message, list);
	end(b, message);
}

/* inwards: what is for the addresses of the set; else what is from them. */
static void drop(struct builder *b, const char *chain, enum set set, bool inwards, bool counted)
{
	uint8_t family = set == SET_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	uint32_t size = family == NFPROTO_IPV4 ? 4 : 16, first = family == NFPROTO_IPV4 ? 12 : 8;
	struct nlattr *list;
	struct nl_msg *message = begin_rule(b, chain, family, &list);
	uint32_t to = NFT_REG_1;

	if (set == SET_LINK) {
		load_meta(b, message, inwards ? NFT_META_IIFNAME : NFT_META_OIFNAME, NFT_REG_1);
		to = NFT_REG_2; /* right behind the 16 octets of a name */
	}
	load_header(b, message, NFT_PAYLOAD_NETWORK_HEADER, first + (inwards ? size : 0), size, to);
	look_up(b, message, set);
	decide(b, message, counted, NF_DROP);
	unnest(message, list);
	end(b, message);
}

static void add_rules(struct builder *b, const struct conf_filter *filter)
{
	static const struct {
		const char *chain;
		uint32_t hook;
	} directions[] = {{"output", NF_INET_LOCAL_OUT}, {"input", NF_INET_LOCAL_IN}};

	for (int inwards = 0; inwards < 2; inwards++) {
		const char *chain = directions[inwards].chain;

		add_chain(b, chain, directions[inwards].hook, filter->nft_priority);
		if (b->n_keys[SET_IPV6] || b->n_keys[SET_LINK])
			pass_neighbours(b, chain, filter->nft_counters);
		for (int set = 0; set < SETS; set++)
			if (b->n_keys[set])
				drop(b, chain, (enum set)set, inwards, filter->nft_counters);
	}
}

/* ---- what is wanted ---- */

/* To the kernel the same element twice is one. */
static void collect(struct builder *b, const struct conf_address *address)
{
	enum set set = address->ip.family == AF_INET ? SET_IPV4 : SET_IPV6;
	struct key key = {0}, *larger;

	if (set == SET_IPV6 && ip_is_link_local(&address->ip)) {
		set = SET_LINK;
		memcpy(key.octets, address->device, strnlen(address->device, IFNAMSIZ - 1));
		memcpy(key.octets + IFNAMSIZ, address->ip.octets, 16);
	} else {
		memcpy(key.octets, address->ip.octets, ip_size(&address->ip));
	}
	larger = reallocarray(b->keys[set], b->n_keys[set] + 1, sizeof key);
	if (!larger) {
		b->failed = true;
		return;
	}
	b->keys[set] = larger;
	larger[b->n_keys[set]++] = key;
}

static void collect_all(struct builder *b, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_instances; i++) {
		const struct conf_instance *instance = &conf->instances[i];

		if (instance->accept || instance->priority == 255)
			continue;
		for (size_t k = 0; k < instance->n_addresses; k++)
			collect(b, &instance->addresses[k]);
		for (size_t k = 0; k < instance->n_excluded; k++)
			collect(b, &instance->excluded[k]);
	}
}

static bool has_keys(const struct builder *b)
{
	return b->n_keys[SET_IPV4] || b->n_keys[SET_IPV6] || b->n_keys[SET_LINK];
}

int nft_build(const struct conf *conf, const char *present, struct nft_batch *ret)
{
	const struct conf_filter *filter = &conf->global.filter;
	struct builder b = {.table = filter->nft_table ? filter->nft_table : NFT_TABLE};
	bool wanted;

	collect_all(&b, conf);
	wanted = has_keys(&b);
	if (wanted || present)
		add_marker(&b, NFNL_MSG_BATCH_BEGIN);
	if (present)
		delete_table(&b, present);
	if (wanted) {
		add_table(&b);
		for (int set = 0; set < SETS; set++)
			if (b.n_keys[set])
				add_set(&b, (enum set)set);
		add_rules(&b, filter);
	}
	if (wanted || present)
		add_marker(&b, NFNL_MSG_BATCH_END);
	for (int set = 0; set < SETS; set++)
		free(b.keys[set]);
	if (b.failed) {
		free(b.octets);
		return -ENOMEM;
	}
	*ret = (struct nft_batch){
		.octets = b.octets, .size = b.size, .table = wanted ? b.table : NULL};
	return 0;
}
