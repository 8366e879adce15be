/* SPDX-License-Identifier: MIT */
/*
 * real_server and virtual_server_group. Source: keepalived.conf(5), LVS CONFIGURATION. Checker
 * options that users write directly in a real server are handed down to its checkers.
 */
#include <string.h>

#include "conf/scope_lvs.h"
#include "conf/scopes.h"
#include "conf/value.h"

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

#define RANGE_MAX 65536 /* services that one line of a group may stand for */

/* ---- real_server ---- */

static void *begin_server(struct build *build, const struct node *node, void *parent)
{
	struct draft_virtual_server *service = parent;
	struct draft_real_server server = {.node = node}, *kept;

	if (node->n_words < 2) {
		build_error(build, node, 0, "'real_server' needs an address");
		return NULL;
	}
	if (!value_endpoint(build, node, 1, "the address of a real server", &server.model.key.ip,
			    &server.written_port))
		return NULL;
	if (node->n_words > 3)
		build_warn(build, node, 3, "'%.64s' and what follows is ignored",
			   node->words[3].text);
	build_fill_defaults(&scope_server, &server);
	server.model.line = node->place.line;
	kept = items_add(&service->servers, build->scratch, sizeof(*kept));
	*kept = server;
	return kept;
}

static void read_method(struct build *build, const struct node *node, void *draft)
{
	lvs_read_method(build, node, &((struct draft_real_server *)draft)->model.method);
}

static void dump_method(struct dump *dump, const struct option *row, const void *model)
{
	lvs_dump_method(dump, row->name, &((const struct conf_real_server *)model)->method);
}

static void keep_misplaced(struct build *build, const struct node *node, void *draft)
{
	struct draft_real_server *server = draft;
	const struct node **kept = items_add(&server->misplaced, build->scratch, sizeof(*kept));

	*kept = node;
}

#define SERVER(member) OPTION_FIELD(draft_real_server, model.member), .reload = OPTION_IN_PLACE
/* For its checkers, which have taken it over: they restart, the server does not. */
#define CHECKS(member) SERVER(member)

static const struct option server_rows[] = {
	{"weight", OPTION_UNSIGNED, SERVER(weight), .flags = FIELD, .min = 0, .max = INT32_MAX,
	 .help = "share of the connections; the service's weight by default, no more than 65535 in "
		 "the kernel"},
	{"lvs_method", OPTION_CUSTOM, SERVER(method), .flags = FIELD, .min = 1, .max = 6,
	 .apply = read_method, .dump = dump_method, .argument = METHOD_WORDS,
	 .help = "how packets reach this server; the service's method by default"},
	{"lb_kind", OPTION_ALIAS, .alias_of = "lvs_method", .flags = OPTION_DEPRECATED},
	{"uthreshold", OPTION_UNSIGNED, SERVER(upper_threshold), .flags = DEFAULT, .min = 0,
	 .max = UINT32_MAX, .help = "no new connections above this number of them; 0 for no limit"},
	{"lthreshold", OPTION_UNSIGNED, SERVER(lower_threshold), .flags = DEFAULT, .min = 0,
	 .max = UINT32_MAX,
	 .help = "new connections again below this number of them, which 'uthreshold' must reach; "
		 "0 for three quarters of that"},
	{"inhibit_on_failure", OPTION_BOOL, SERVER(inhibit_on_failure), .flags = FIELD,
	 .help = "weight 0 instead of removal on failure; the service's setting by default"},
	{"alpha", OPTION_BOOL, CHECKS(alpha), .flags = FIELD,
	 .help = "down until the first checks have passed; the service's setting by default"},
	{"delay_loop", OPTION_TIME, CHECKS(delay_loop_us), .flags = FIELD | OPTION_ROUNDED,
	 .min = 1, .max = TIME_ANY_MAX_US,
	 .help = "time between two checks; the service's by default"},
	{"retry", OPTION_UNSIGNED, CHECKS(retry), .flags = FIELD, .min = 1, .max = UINT32_MAX,
	 .help = "further attempts after a failed check; the service's by default"},
	{"nb_get_retry", OPTION_ALIAS, .alias_of = "retry", .flags = OPTION_DEPRECATED},
	{"delay_before_retry", OPTION_TIME, CHECKS(delay_before_retry_us),
	 .flags = FIELD | OPTION_ROUNDED, .min = 0, .max = TIME_ANY_MAX_US,
	 .help = "pause before such a further attempt; the service's by default"},
	{"warmup", OPTION_TIME, CHECKS(warmup_us), .flags = FIELD | OPTION_ROUNDED, .min = 0,
	 .max = TIME_ANY_MAX_US,
	 .help = "first checks are spread over this time; the service's by default"},
	{"connect_timeout", OPTION_TIME, CHECKS(connect_timeout_us),
	 .flags = FIELD | OPTION_ROUNDED, .min = 1, .max = CONNECT_TIME_MAX_US,
	 .help = "how long a check waits for the server; the service's by default"},
	{"notify_up", OPTION_COMMAND, SERVER(notify_up), .flags = FIELD,
	 .help = "command that is run when the server comes up"},
	{"notify_down", OPTION_COMMAND, SERVER(notify_down), .flags = FIELD,
	 .help = "command that is run when the server goes down"},
	{"virtualhost", OPTION_STRING, SERVER(virtualhost), .flags = FIELD, .max = 255,
	 .help = "host name that HTTP checks ask for; the service's by default"},
	{"snmp_name", OPTION_STRING, SERVER(snmp_name), .flags = FIELD, .max = 255,
	 .help = "name shown over SNMP"},
	{"smtp_alert", OPTION_BOOL, SERVER(smtp_alert), .flags = DEFAULT, .initial = CONF_UNSET,
	 .help = "sends mail when the server changes state"},
	{"TCP_CHECK", OPTION_BLOCK, .block = &scope_tcp,
	 .flags = OPTION_REPEATABLE | OPTION_OBJECTS, .dump = dump_checkers,
	 .help = "passes when a TCP connection succeeds"},
	{"HTTP_GET", OPTION_BLOCK, .block = &scope_http,
	 .flags = OPTION_REPEATABLE | OPTION_OBJECTS, .dump = dump_checkers,
	 .help = "passes when pages answer as they should"},
	{"SSL_GET", OPTION_BLOCK, .block = &scope_ssl, .flags = OPTION_REPEATABLE | OPTION_OBJECTS,
	 .dump = dump_checkers, .help = "passes when pages answer over TLS as they should"},
	{"SMTP_CHECK", OPTION_BLOCK, .block = &scope_smtp,
	 .flags = OPTION_REPEATABLE | OPTION_OBJECTS, .dump = dump_checkers,
	 .help = "passes when a mail server greets and answers HELO"},
	{"DNS_CHECK", OPTION_BLOCK, .block = &scope_dns,
	 .flags = OPTION_REPEATABLE | OPTION_OBJECTS, .dump = dump_checkers,
	 .help = "passes when a name server answers a question without error"},
	{"BFD_CHECK", OPTION_BLOCK, .block = &scope_bfd_check,
	 .flags = OPTION_REPEATABLE | OPTION_OBJECTS, .dump = dump_checkers,
	 .help = "passes while a BFD session is up"},
	{"UDP_CHECK", OPTION_BLOCK, .block = &scope_udp,
	 .flags = OPTION_REPEATABLE | OPTION_OBJECTS, .dump = dump_checkers,
	 .help = "passes when a datagram is not refused, or is answered when an answer is "
		 "required"},
	{"PING_CHECK", OPTION_BLOCK, .block = &scope_ping,
	 .flags = OPTION_REPEATABLE | OPTION_OBJECTS, .dump = dump_checkers,
	 .help = "passes when an ICMP echo comes back"},
	{"FILE_CHECK", OPTION_BLOCK, .block = &scope_file_check,
	 .flags = OPTION_REPEATABLE | OPTION_OBJECTS, .dump = dump_checkers,
	 .help = "lets the number in a tracked file move the weight of the server"},
	{"MISC_CHECK", OPTION_BLOCK, .block = &scope_misc,
	 .flags = OPTION_REPEATABLE | OPTION_OBJECTS, .dump = dump_checkers,
	 .help = "passes when a command succeeds"},
	{.name = NULL},
};

#define MISPLACED(keyword)                                                                         \
	{                                                                                          \
		keyword, OPTION_CUSTOM, .flags = OPTION_MISPLACED, .min = 0, .max = 100,           \
					.apply = keep_misplaced,                                   \
					.help = "belongs in a checker; handed down"                \
	}

static const struct option misplaced_rows[] = {
	MISPLACED("connect_ip"),       MISPLACED("connect_port"),
	MISPLACED("bindto"),	       MISPLACED("bind_port"),
	MISPLACED("bind_if"),	       MISPLACED("fwmark"),
	MISPLACED("log_all_failures"), {.name = NULL},
};

const struct option_scope scope_server = {
	.name = "real_server",
	.tables = {server_rows, server_own_rows, misplaced_rows},
	.model_size = sizeof(struct conf_real_server),
	.begin = begin_server,
};

/* ---- virtual_server_group ---- */

static void *begin_address_group(struct build *build, const struct node *node, void *parent)
{
	struct draft_address_group *group;

	(void)parent;
	if (node->n_words < 2 || !*node->words[1].text) {
		build_error(build, node, 0, "'virtual_server_group' needs a name");
		return NULL;
	}
	group = items_add(&build->address_groups, build->scratch, sizeof(*group));
	group->name = node->words[1].text;
	group->node = node;
	return group;
}

static void add_key(struct build *build, struct draft_address_group *group, const struct node *node,
		    const struct svc_key *key)
{
	struct draft_key *draft = items_add(&group->keys, build->scratch, sizeof(*draft));

	draft->key = *key;
	draft->place = node->place;
}

/* The last 32 bits of an address, which is all a range can change. */
static uint32_t low_bits(const struct ip *ip)
{
	const uint8_t *at = ip->octets + ip_size(ip) - 4;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void set_low_bits(struct ip *ip, uint32_t value)
{
	uint8_t *at = ip->octets + ip_size(ip) - 4;

	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static void add_member(struct build *build, struct draft_address_group *group,
		       const struct svc_key *first, uint32_t count)
{
	struct conf_group_member *member =
		items_add(&group->members, build->scratch, sizeof(*member));

	*member = (struct conf_group_member){.fwmark = first->fwmark,
					     .first = first->ip,
					     .last = first->ip,
					     .port = first->port};
	if (count > 1)
		set_low_bits(&member->last, low_bits(&first->ip) + count - 1);
}

static void read_group_mark(struct build *build, const struct node *node,
			    struct draft_address_group *group)
{
	struct svc_key key = {0};
	uint64_t mark;

	if (!value_unsigned(build, node, 1, "the firewall mark", 1, UINT32_MAX, &mark))
		return;
	key.fwmark = (uint32_t)mark;
	if (node->n_words > 2 && strcmp(node->words[2].text, "inet6") == 0) {
		key.ip.family = AF_INET6;
	} else if (node->n_words > 2 && strcmp(node->words[2].text, "inet") == 0) {
		key.ip.family = AF_INET;
	} else if (node->n_words > 2) {
		build_error(build, node, 2, "behind the mark may stand inet or inet6, not '%.64s'",
			    node->words[2].text);
		return;
	}
	add_key(build, group, node, &key);
	add_member(build, group, &key, 1);
}

/* The end of "START-END": a whole address, or the last octet (IPv4) or group (IPv6, hexadecimal)
 * alone. */
static bool parse_range_end(const char *text, const struct ip *start, struct ip *ret)
{
	bool v4 = start->family == AF_INET;
	uint32_t value = 0, limit = v4 ? 0xff : 0xffff;
	struct ip end;

	if (ip_parse(text, &end) == 0) {
		*ret = end;
		return end.family == start->family;
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		const char *digits = "0123456789abcdef", *digit = strchr(digits, *text | 0x20);

		if (!digit || !*digit || (v4 && digit - digits > 9))
			return false;
		value = value * (v4 ? 10 : 16) + (uint32_t)(digit - digits);
		if (value > limit)
			return false;
	}
	*ret = *start;
	set_low_bits(ret, (low_bits(start) & ~limit) | value);
	return true;
}

static bool same_high_bits(const struct ip *a, const struct ip *b)
{
	return memcmp(a->octets, b->octets, ip_size(a) - 4) == 0;
}

static bool read_range(struct build *build, const struct node *node, const char *dash,
		       struct ip *start, uint32_t *ret_count)
{
	const char *text = node->words[0].text;
	char *first = arena_strndup(build->scratch, text, (size_t)(dash - text));
	struct ip end;

	if (ip_parse(first, start) < 0 || !parse_range_end(dash + 1, start, &end)) {
		build_error(
			build, node, 0,
			"'%.64s' is no range of addresses; write 192.0.2.10-20 or two addresses",
			text);
		return false;
	}
	if (!same_high_bits(start, &end) || low_bits(&end) < low_bits(start) ||
	    low_bits(&end) - low_bits(start) >= RANGE_MAX) {
		build_error(
			build, node, 0,
			"a range must not end before it starts, nor have more than %d addresses",
			RANGE_MAX);
		return false;
	}
	*ret_count = low_bits(&end) - low_bits(start) + 1;
	return true;
}

static bool read_block(struct build *build, const struct node *node, struct ip *start,
		       uint32_t *ret_count)
{
	uint8_t prefix;
	unsigned host_bits;

	if (!value_prefix(build, node, 0, "the address", start, &prefix))
		return false;
	if (!prefix) {
		build_error(build, node, 0, "the prefix length must not be 0");
		return false;
	}
	host_bits = ip_prefix_max(start) - prefix;
	if (host_bits > 16) {
		build_error(build, node, 0, "a block of more than %d addresses", RANGE_MAX);
		return false;
	}
	if (low_bits(start) & ((UINT32_C(1) << host_bits) - 1)) {
		build_error(build, node, 0, "the host bits of '%.64s' must be zero",
			    node->words[0].text);
		return false;
	}
	*ret_count = UINT32_C(1) << host_bits;
	return true;
}

static void read_group_line(struct build *build, const struct node *node, void *draft)
{
	struct draft_address_group *group = draft;
	const char *text = node->words[0].text, *dash = strchr(text, '-');
	struct svc_key key = {0};
	uint32_t count = 1, first;
	uint64_t port = 0;
	bool good;

	if (strcmp(text, "fwmark") == 0) {
		read_group_mark(build, node, group);
		return;
	}
	good = dash		   ? read_range(build, node, dash, &key.ip, &count)
	       : strchr(text, '/') ? read_block(build, node, &key.ip, &count)
				   : value_address(build, node, 0, "the address", &key.ip);
	if (!good || (node->n_words > 1 &&
		      !value_unsigned(build, node, 1, "the port", 0, UINT16_MAX, &port)))
		return;
	if (group->keys.n + count > RANGE_MAX) {
		build_error(build, node, 0,
			    "a virtual_server_group must not have more than %d addresses",
			    RANGE_MAX);
		return;
	}
	key.port = (uint16_t)port;
	add_member(build, group, &key, count);
	first = low_bits(&key.ip);
	for (uint32_t i = 0; i < count; i++) {
		set_low_bits(&key.ip, first + i);
		add_key(build, group, node, &key);
	}
}

const struct option_scope scope_address_group = {
	.name = "virtual_server_group",
	.begin = begin_address_group,
	.line = read_group_line,
};

static bool is_first_of_group(const struct conf *conf, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (conf->services[i].group_name &&
		    strcmp(conf->services[i].group_name, conf->services[index].group_name) == 0)
			return false;
	return true;
}

static void print_key(struct dump *dump, const struct svc_key *key)
{
	char text[IP_TEXT_MAX];

	if (key->fwmark)
		dump_line(dump, "fwmark %u %s", key->fwmark,
			  key->ip.family == AF_INET6 ? "inet6" : "inet");
	else
		dump_line(dump, "%s %u", ip_format(&key->ip, text), key->port);
}

void dump_address_groups(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = model;

	for (size_t i = 0; i < conf->n_services; i++) {
		const struct conf_virtual_server *service = &conf->services[i];

		if (service->type != CONF_VS_GROUP || !is_first_of_group(conf, i))
			continue;
		dump_open(dump, "%s %s", row->name, dump_word(dump, service->group_name));
		for (size_t k = 0; k < service->n_keys; k++)
			print_key(dump, &service->keys[k]);
		dump_close(dump);
	}
}
