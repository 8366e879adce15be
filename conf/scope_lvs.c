/* SPDX-License-Identifier: MIT */
/*
 * virtual_server and real_server. Sources: keepalived.conf(5), LVS CONFIGURATION; lb_algo, lb_kind,
 * nb_get_retry and nat_mask from files written for keepalived 1.x.
 */
#include "conf/scope_lvs.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/scopes.h"
#include "conf/value.h"

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

/* ---- forwarding method ---- */

static bool read_tunnel_type(struct build *build, const struct node *node, size_t *index,
			     struct conf_method *method)
{
	const char *name = *index + 1 < node->n_words ? node->words[*index + 1].text : "";
	uint64_t port;

	*index += 2;
	method->tunnel_port = 0;
	if (strcmp(name, "ipip") == 0) {
		method->tunnel = CONF_IPIP;
		return true;
	}
	if (strcmp(name, "gre") == 0) {
		method->tunnel = CONF_GRE;
		return true;
	}
	if (strcmp(name, "gue") != 0) {
		build_error(build, node, *index - 1,
			    "the tunnel type must be ipip, gue or gre, not '%.64s'", name);
		return false;
	}
	method->tunnel = CONF_GUE;
	if (*index >= node->n_words || strcmp(node->words[*index].text, "port") != 0) {
		build_error(build, node, *index, "tunnel type gue needs 'port N'");
		return false;
	}
	if (!value_unsigned(build, node, *index + 1, "the port", 1, UINT16_MAX, &port))
		return false;
	method->tunnel_port = (uint16_t)port;
	*index += 2;
	return true;
}

static bool read_checksum(struct build *build, const struct node *node, size_t index,
			  struct conf_method *method)
{
	static const struct {
		const char *name;
		enum conf_checksum checksum;
	} checksums[] = {{"nocsum", CONF_NOCSUM}, {"csum", CONF_CSUM}, {"remcsum", CONF_REMCSUM}};

	for (size_t c = 0; c < sizeof(checksums) / sizeof(*checksums); c++) {
		if (strcmp(node->words[index].text, checksums[c].name) != 0)
			continue;
		method->tunnel_checksum = checksums[c].checksum;
		return true;
	}
	build_error(build, node, index,
		    "behind TUN may stand type, nocsum, csum or remcsum, not '%.64s'",
		    node->words[index].text);
	return false;
}

static bool read_tunnel(struct build *build, const struct node *node, struct conf_method *method)
{
	for (size_t i = 2; i < node->n_words;) {
		bool is_type = strcmp(node->words[i].text, "type") == 0;

		if (!(is_type ? read_tunnel_type(build, node, &i, method)
			      : read_checksum(build, node, i++, method)))
			return false;
	}
	if (method->tunnel == CONF_IPIP && method->tunnel_checksum != CONF_NOCSUM) {
		build_error(build, node, 1, "an ipip tunnel has no checksum");
		return false;
	}
	if (method->tunnel == CONF_GRE && method->tunnel_checksum == CONF_REMCSUM) {
		build_error(build, node, 1, "a gre tunnel has no remote checksum");
		return false;
	}
	return true;
}

static const struct option_choice forwards[] = {
	{"NAT", CONF_NAT}, {"DR", CONF_DR}, {"TUN", CONF_TUN}, {NULL, 0}};

void lvs_read_method(struct build *build, const struct node *node, struct conf_method *ret)
{
	static const struct option kind = {.name = "lvs_method", .choices = forwards};
	struct conf_method method = {0};
	int forward;

	if (!value_choice(build, node, 1, &kind, &forward))
		return;
	method.forward = (enum conf_forward)forward;
	if (!read_tunnel(build, node, &method))
		return;
	if (method.forward != CONF_TUN && node->n_words > 2) {
		build_warn(build, node, 2, "only TUN has options; what stands here is ignored");
		method = (struct conf_method){.forward = method.forward};
	}
	*ret = method;
}

void lvs_dump_method(struct dump *dump, const char *name, const struct conf_method *method)
{
	static const char *const checksums[] = {"nocsum", "csum", "remcsum"};
	char type[32] = "ipip";

	if (method->forward != CONF_TUN) {
		dump_line(dump, "%s %s", name, method->forward == CONF_DR ? "DR" : "NAT");
		return;
	}
	if (method->tunnel == CONF_GUE)
		snprintf(type, sizeof(type), "gue port %u", method->tunnel_port);
	else if (method->tunnel == CONF_GRE)
		snprintf(type, sizeof(type), "gre");
	dump_line(dump, "%s TUN type %s %s", name, type, checksums[method->tunnel_checksum]);
}

/* ---- virtual_server ---- */

static bool read_service_key(struct build *build, const struct node *node,
			     struct draft_virtual_server *service)
{
	uint64_t mark;
	struct svc_key *key = arena_alloc(build->arena, sizeof(*key));

	service->model.keys = key;
	if (strcmp(node->words[1].text, "fwmark") == 0) {
		service->model.type = CONF_VS_FWMARK;
		if (!value_unsigned(build, node, 2, "the firewall mark", 1, UINT32_MAX, &mark))
			return false;
		key->fwmark = (uint32_t)mark;
		return true;
	}
	if (strcmp(node->words[1].text, "group") == 0) {
		service->model.type = CONF_VS_GROUP;
		if (node->n_words < 3) {
			build_error(
				build, node, 0,
				"'virtual_server group' needs the name of a virtual_server_group");
			return false;
		}
		service->model.group_name = arena_strdup(build->arena, node->words[2].text);
		return true;
	}
	service->model.type = CONF_VS_ADDRESS;
	return value_endpoint(build, node, 1, "the address of a virtual server", &key->ip,
			      &key->port);
}

static void *begin_service(struct build *build, const struct node *node, void *parent)
{
	struct draft_virtual_server service = {.node = node}, *kept;

	(void)parent;
	if (node->n_words < 2) {
		build_error(build, node, 0,
			    "'virtual_server' needs an address, 'fwmark N' or 'group NAME'");
		return NULL;
	}
	build_fill_defaults(&scope_service, &service);
	memcpy(service.model.scheduler, "wlc", 4);
	service.model.method.forward = CONF_NAT;
	service.model.line = node->place.line;
	service.model.n_keys = 1;
	if (!read_service_key(build, node, &service))
		return NULL;
	if (node->n_words > 3)
		build_warn(build, node, 3, "'%.64s' and what follows is ignored",
			   node->words[3].text);
	kept = items_add(&build->services, build->scratch, sizeof(*kept));
	*kept = service;
	return kept;
}

static const char *const schedulers[] = {"rr", "wrr", "lc",  "wlc", "lblc", "lblcr", "sh", "mh",
					 "dh", "fo",  "ovf", "sed", "nq",   "twos",  NULL};

static void read_scheduler(struct build *build, const struct node *node, void *draft)
{
	struct draft_virtual_server *service = draft;
	const char *text = node->words[1].text;
	size_t i = 0;

	while (schedulers[i] && strcmp(schedulers[i], text) != 0)
		i++;
	if (schedulers[i])
		snprintf(service->model.scheduler, sizeof(service->model.scheduler), "%s", text);
	else
		build_error(build, node, 1,
			    "unknown scheduler '%.64s'; known are rr, wrr, lc, wlc, lblc, lblcr, "
			    "sh, mh, dh, fo, ovf, sed, nq and twos",
			    text);
}

static void dump_scheduler(struct dump *dump, const struct option *row, const void *model)
{
	dump_line(dump, "%s %s", row->name, ((const struct conf_virtual_server *)model)->scheduler);
}

static void read_service_method(struct build *build, const struct node *node, void *draft)
{
	lvs_read_method(build, node, &((struct draft_virtual_server *)draft)->model.method);
}

static void dump_service_method(struct dump *dump, const struct option *row, const void *model)
{
	lvs_dump_method(dump, row->name, &((const struct conf_virtual_server *)model)->method);
}

static void read_sorry_method(struct build *build, const struct node *node, void *draft)
{
	lvs_read_method(build, node, &((struct draft_virtual_server *)draft)->model.sorry_method);
}

static void dump_sorry_method(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_virtual_server *service = model;

	if (service->has_sorry)
		lvs_dump_method(dump, row->name, &service->sorry_method);
}

static void read_sorry(struct build *build, const struct node *node, void *draft)
{
	struct draft_virtual_server *service = draft;

	if (value_endpoint(build, node, 1, "the address of the sorry server",
			   &service->model.sorry.ip, &service->model.sorry.port))
		service->model.has_sorry = true;
}

static void dump_sorry(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_virtual_server *service = model;
	char text[IP_TEXT_MAX];

	if (service->has_sorry)
		dump_line(dump, "%s %s %u", row->name, ip_format(&service->sorry.ip, text),
			  service->sorry.port);
}

static void read_persistence(struct build *build, const struct node *node, void *draft)
{
	struct draft_virtual_server *service = draft;
	uint64_t seconds = 360;

	if (node->n_words > 1 &&
	    !value_unsigned(build, node, 1, "'persistence_timeout'", 0, 2678400, &seconds))
		return;
	if (!seconds)
		build_warn(build, node, 1, "'persistence_timeout 0' is taken as not persistent");
	service->model.persistence_s = (uint32_t)seconds;
}

static void dump_persistence(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_virtual_server *service = model;

	if (service->persistence_s)
		dump_line(dump, "%s %u", row->name, service->persistence_s);
}

/* A netmask with its ones in front, as a length; -1 when it has gaps. */
static int mask_length(const struct ip *mask)
{
	unsigned length = 0;

	while (length < 32 && (mask->octets[length / 8] & (0x80u >> length % 8)))
		length++;
	for (unsigned bit = length; bit < 32; bit++)
		if (mask->octets[bit / 8] & (0x80u >> bit % 8))
			return -1;
	return (int)length;
}

static void read_granularity(struct build *build, const struct node *node, void *draft)
{
	struct draft_virtual_server *service = draft;
	uint64_t length;
	struct ip mask;

	if (ip_parse(node->words[1].text, &mask) == 0 && mask.family == AF_INET) {
		int bits = mask_length(&mask);

		if (bits > 0)
			service->model.persistence_prefix = (uint32_t)bits;
		else
			build_error(build, node, 1, "'%.64s' is no netmask", node->words[1].text);
		return;
	}
	if (value_unsigned(build, node, 1,
			   "'persistence_granularity' (a netmask or a prefix length)", 1, 128,
			   &length))
		service->model.persistence_prefix = (uint32_t)length;
}

static void dump_granularity(struct dump *dump, const struct option *row, const void *model)
{
	dump_line(dump, "%s %u", row->name,
		  ((const struct conf_virtual_server *)model)->persistence_prefix);
}

static void dump_protocol(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_virtual_server *service = model;

	if (service->protocol)
		dump_line(dump, "%s %s", row->name,
			  service->protocol == IPPROTO_TCP   ? "TCP"
			  : service->protocol == IPPROTO_UDP ? "UDP"
							     : "SCTP");
}

static void dump_family(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_virtual_server *service = model;

	if (service->type == CONF_VS_FWMARK)
		dump_line(dump, "%s %s", row->name,
			  service->keys[0].ip.family == AF_INET6 ? "inet6" : "inet");
}

static void dump_servers(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_virtual_server *service = model;

	for (size_t i = 0; i < service->n_servers; i++) {
		const struct conf_real_server *server = &service->servers[i];
		char text[IP_TEXT_MAX];

		dump_open(dump, "%s %s %u", row->name, ip_format(&server->key.ip, text),
			  server->key.port);
		dump_scope(dump, &scope_server, server);
		dump_close(dump);
	}
}

static const struct option_choice protocols[] = {
	{"TCP", IPPROTO_TCP}, {"UDP", IPPROTO_UDP}, {"SCTP", IPPROTO_SCTP}, {NULL, 0}};
static const struct option_choice families[] = {{"inet", AF_INET}, {"inet6", AF_INET6}, {NULL, 0}};

#define SERVICE(member)	 OPTION_FIELD(draft_virtual_server, model.member), .reload = OPTION_IN_PLACE
#define RESTARTS(member) OPTION_FIELD(draft_virtual_server, model.member), .reload = OPTION_RESTART

static const struct option service_rows[] = {
	{"lvs_sched", OPTION_CUSTOM, SERVICE(scheduler), .flags = FIELD, .min = 1, .max = 1,
	 .apply = read_scheduler, .dump = dump_scheduler,
	 .argument = "rr|wrr|lc|wlc|lblc|lblcr|sh|mh|dh|fo|ovf|sed|nq|twos",
	 .help = "scheduler that picks a real server for each new connection; wlc by default"},
	{"lb_algo", OPTION_ALIAS, .alias_of = "lvs_sched"},
	{"lvs_method", OPTION_CUSTOM, SERVICE(method), .flags = FIELD, .min = 1, .max = 6,
	 .apply = read_service_method, .dump = dump_service_method, .argument = METHOD_WORDS,
	 .help = "how packets reach the real servers; NAT by default"},
	{"lb_kind", OPTION_ALIAS, .alias_of = "lvs_method"},
	{"protocol", OPTION_CHOICE, RESTARTS(protocol), .flags = FIELD | OPTION_IGNORE_CASE,
	 .choices = protocols, .dump = dump_protocol,
	 .help = "protocol of the service; UDP when an address is given without it, none with a "
		 "firewall mark"},
	{"ip_family", OPTION_CHOICE, OPTION_FIELD(draft_virtual_server, family),
	 .reload = OPTION_RESTART, .flags = FIELD, .choices = families, .dump = dump_family,
	 .help = "family of a service by firewall mark; that of the first real server by default"},
	{"delay_loop", OPTION_TIME, SERVICE(delay_loop_us), .flags = DEFAULT | OPTION_ROUNDED,
	 .min = 1, .max = TIME_ANY_MAX_US, .initial = 60000000,
	 .help = "time between two checks of a real server"},
	{"retry", OPTION_UNSIGNED, SERVICE(retry), .flags = DEFAULT, .min = 1, .max = UINT32_MAX,
	 .initial = 1,
	 .help = "further attempts after a failed check before the server counts as down"},
	{"nb_get_retry", OPTION_ALIAS, .alias_of = "retry", .flags = OPTION_DEPRECATED},
	{"delay_before_retry", OPTION_TIME, SERVICE(delay_before_retry_us),
	 .flags = DEFAULT | OPTION_ROUNDED, .min = 0, .max = TIME_ANY_MAX_US, .initial = 1000000,
	 .help = "pause before such a further attempt"},
	{"warmup", OPTION_TIME, SERVICE(warmup_us), .flags = FIELD | OPTION_ROUNDED, .min = 0,
	 .max = TIME_ANY_MAX_US,
	 .help = "first checks are spread over this time; delay_loop by default"},
	{"connect_timeout", OPTION_TIME, SERVICE(connect_timeout_us),
	 .flags = DEFAULT | OPTION_ROUNDED, .min = 1, .max = CONNECT_TIME_MAX_US,
	 .initial = 5000000, .help = "how long a check waits for a real server"},
	{"weight", OPTION_UNSIGNED, SERVICE(weight), .flags = DEFAULT, .min = 1, .max = INT32_MAX,
	 .initial = 1,
	 .help = "weight of real servers that name none; the kernel is given no more than 65535"},
	{"persistence_timeout", OPTION_CUSTOM, SERVICE(persistence_s), .flags = FIELD, .min = 0,
	 .max = 1, .apply = read_persistence, .dump = dump_persistence, .argument = "[SECONDS]",
	 .help = "time for which a client stays with its real server; 360 when no number is given"},
	{"persistence_engine", OPTION_STRING, SERVICE(persistence_engine), .flags = FIELD,
	 .max = 15, .help = "kernel module that recognises clients by more than their address"},
	{"persistence_granularity", OPTION_CUSTOM, SERVICE(persistence_prefix), .flags = FIELD,
	 .min = 1, .max = 1, .apply = read_granularity, .dump = dump_granularity,
	 .argument = "NETMASK|LENGTH",
	 .help = "how much of the address makes a client; the whole by default"},
	{"ops", OPTION_FLAG, SERVICE(one_packet), .flags = FIELD, .value = true,
	 .help = "schedules each packet anew; with UDP and firewall marks only"},
	{"hashed", OPTION_FLAG, SERVICE(hashed), .flags = FIELD, .value = true,
	 .help = "kept for display: the kernel sets this flag of a service by itself"},
	{"flag-1", OPTION_FLAG, SERVICE(flag1), .flags = FIELD, .value = true,
	 .help = "sets the first flag of the scheduler"},
	{"flag-2", OPTION_FLAG, SERVICE(flag2), .flags = FIELD, .value = true,
	 .help = "sets the second flag of the scheduler"},
	{"flag-3", OPTION_FLAG, SERVICE(flag3), .flags = FIELD, .value = true,
	 .help = "sets the third flag of the scheduler"},
	{"sh-fallback", OPTION_FLAG, OPTION_FIELD(draft_virtual_server, sh_fallback),
	 .flags = FIELD, .value = true,
	 .help = "scheduler sh picks another server when the chosen one is away"},
	{"sh-port", OPTION_FLAG, OPTION_FIELD(draft_virtual_server, sh_port), .flags = FIELD,
	 .value = true, .help = "scheduler sh counts the source port too"},
	{"mh-fallback", OPTION_FLAG, OPTION_FIELD(draft_virtual_server, mh_fallback),
	 .flags = FIELD, .value = true,
	 .help = "scheduler mh picks another server when the chosen one is away"},
	{"mh-port", OPTION_FLAG, OPTION_FIELD(draft_virtual_server, mh_port), .flags = FIELD,
	 .value = true, .help = "scheduler mh counts the source port too"},
	{"alpha", OPTION_FLAG, SERVICE(alpha), .flags = FIELD, .value = true,
	 .help = "real servers count as down until their first checks have passed"},
	{"omega", OPTION_FLAG, SERVICE(omega), .flags = FIELD, .value = true,
	 .help = "runs the down scripts of servers and quorum when vipd stops"},
	{"ha_suspend", OPTION_FLAG, SERVICE(ha_suspend), .flags = FIELD, .value = true,
	 .help = "suspends the checks while the address is not on this host"},
	{"inhibit_on_failure", OPTION_FLAG, SERVICE(inhibit_on_failure), .flags = FIELD,
	 .value = true, .help = "a failed real server gets weight 0 instead of being removed"},
	{"quorum", OPTION_UNSIGNED, SERVICE(quorum), .flags = DEFAULT, .min = 1, .max = UINT32_MAX,
	 .initial = 1,
	 .help = "least total weight of living servers for the service to count as up; cut to the "
		 "total weight of all"},
	{"hysteresis", OPTION_UNSIGNED, SERVICE(hysteresis), .flags = DEFAULT, .min = 0,
	 .max = UINT32_MAX,
	 .help = "margin around the quorum within which the state stays as it is; below the "
		 "quorum"},
	{"quorum_up", OPTION_COMMAND, SERVICE(quorum_up), .flags = FIELD,
	 .help = "command that is run when the quorum is gained"},
	{"quorum_down", OPTION_COMMAND, SERVICE(quorum_down), .flags = FIELD,
	 .help = "command that is run when the quorum is lost"},
	{"sorry_server", OPTION_CUSTOM, SERVICE(sorry), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_sorry, .dump = dump_sorry, .argument = "ADDRESS [PORT]",
	 .help = "server that answers while the quorum is lost"},
	{"sorry_server_inhibit", OPTION_FLAG, SERVICE(sorry_inhibit), .flags = FIELD, .value = true,
	 .needs = "sorry_server", .help = "gives the sorry server weight 0 instead of removing it"},
	{"sorry_server_lvs_method", OPTION_CUSTOM, SERVICE(sorry_method), .flags = FIELD, .min = 1,
	 .max = 6, .needs = "sorry_server", .apply = read_sorry_method, .dump = dump_sorry_method,
	 .argument = METHOD_WORDS,
	 .help = "how packets reach the sorry server; the service's method by default"},
	{"smtp_alert", OPTION_BOOL, SERVICE(smtp_alert), .flags = DEFAULT, .initial = CONF_UNSET,
	 .help = "sends mail when the service or its servers change state; as in global_defs by "
		 "default"},
	{"virtualhost", OPTION_STRING, SERVICE(virtualhost), .flags = FIELD, .max = 255,
	 .help = "host name that HTTP checks ask for"},
	{"snmp_name", OPTION_STRING, SERVICE(snmp_name), .flags = FIELD, .max = 255,
	 .help = "name shown over SNMP"},
	{"nat_mask", OPTION_OBSOLETE, .help = "IPVS has no use for a netmask"},
	{"real_server", OPTION_BLOCK, .block = &scope_server, .flags = OPTION_OBJECTS,
	 .dump = dump_servers, .argument = "ADDRESS [PORT]", .help = "a server behind the service"},
	{.name = NULL},
};

const struct option_scope scope_service = {
	.name = "virtual_server",
	.tables = {service_rows, service_own_rows},
	.model_size = sizeof(struct conf_virtual_server),
	.begin = begin_service,
};

void dump_services(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = model;

	for (size_t i = 0; i < conf->n_services; i++) {
		const struct conf_virtual_server *service = &conf->services[i];
		char text[IP_TEXT_MAX];

		if (service->type == CONF_VS_GROUP)
			dump_open(dump, "%s group %s", row->name,
				  dump_word(dump, service->group_name));
		else if (service->type == CONF_VS_FWMARK)
			dump_open(dump, "%s fwmark %u", row->name, service->keys[0].fwmark);
		else
			dump_open(dump, "%s %s %u", row->name,
				  ip_format(&service->keys[0].ip, text), service->keys[0].port);
		dump_scope(dump, &scope_service, service);
		dump_close(dump);
	}
}
