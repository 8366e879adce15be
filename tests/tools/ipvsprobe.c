/* SPDX-License-Identifier: MIT */
/*
 * Drives core/net/ipvs.c by hand, for tests/vm/test_ipvs_netlink.py. Reads commands, one a line,
 * from standard input and prints the result of each: 0 or the name of an error.
 *
 *   service tcp|udp|sctp IP PORT SCHEDULER [flags=HEX] [persist=S/PREFIX] [pe=NAME]    what apply
 * wants, without service mark N inet|inet6 SCHEDULER [...] destinations dest IP PORT
 * nat|dr|tun|gue:PORT|gre [weight=N] [upper=N] [lower=N] [csum=0|1|2]   one more destination apply
 * compares with a fresh look at the service      blind   applies as if nothing were there stale
 * applies as if every destination and the service were there, each with something to edit remove |
 * flush | timeouts TCP TCPFIN UDP dump        the table as JSON, one line
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/ipvs.h"

#define DESTS_MAX 64
#define WORDS_MAX 12

struct probe {
	const struct ipvs_ops *ops;
	struct ipvs *ipvs;
	struct ipvs_want want;
	char scheduler[16], engine[16];
	struct ipvs_want_dest dests[DESTS_MAX];
};

static const char *value_of(char **words, int count, const char *name)
{
	size_t size = strlen(name);

	for (int i = 0; i < count; i++) {
		if (strncmp(words[i], name, size) == 0 && words[i][size] == '=')
			return words[i] + size + 1;
	}
	return NULL;
}

static uint32_t number_of(char **words, int count, const char *name, uint32_t otherwise)
{
	const char *text = value_of(words, count, name);

	return text ? (uint32_t)strtoul(text, NULL, 0) : otherwise;
}

static int read_key(char **words, struct svc_key *ret)
{
	struct svc_key key = {0};

	if (strcmp(words[0], "mark") == 0) {
		key.fwmark = (uint32_t)strtoul(words[1], NULL, 0);
		key.ip.family = strcmp(words[2], "inet6") == 0 ? AF_INET6 : AF_INET;
	} else {
		key.protocol = !strcmp(words[0], "tcp")	  ? IPPROTO_TCP
			       : !strcmp(words[0], "udp") ? IPPROTO_UDP
							  : IPPROTO_SCTP;
		key.port = (uint16_t)strtoul(words[2], NULL, 0);
		if (ip_parse(words[1], &key.ip) < 0)
			return -EINVAL;
	}
	*ret = key;
	return 0;
}

static int on_service(struct probe *p, char **words, int count)
{
	const char *persist = value_of(words, count, "persist");
	const char *engine = value_of(words, count, "pe");

	if (count < 5)
		return -EINVAL;
	memset(&p->want, 0, sizeof p->want);
	snprintf(p->scheduler, sizeof p->scheduler, "%s", words[4]);
	p->want.scheduler = p->scheduler;
	p->want.dests = p->dests;
	p->want.flags = number_of(words, count, "flags", 0);
	if (engine) {
		snprintf(p->engine, sizeof p->engine, "%s", engine);
		p->want.persistence_engine = p->engine;
	}
	if (persist)
		sscanf(persist, "%u/%u", &p->want.persistence_s, &p->want.persistence_prefix);
	return read_key(words + 1, &p->want.key);
}

static void read_method(const char *word, struct conf_method *ret)
{
	ret->forward = !strcmp(word, "nat") ? CONF_NAT : !strcmp(word, "dr") ? CONF_DR : CONF_TUN;
	if (strncmp(word, "gue:", 4) == 0) {
		ret->tunnel = CONF_GUE;
		ret->tunnel_port = (uint16_t)strtoul(word + 4, NULL, 0);
	} else if (strcmp(word, "gre") == 0) {
		ret->tunnel = CONF_GRE;
	}
}

static int by_key(const void *a, const void *b)
{
	return dest_key_compare(&((const struct ipvs_want_dest *)a)->key,
				&((const struct ipvs_want_dest *)b)->key);
}

static int on_dest(struct probe *p, char **words, int count)
{
	struct ipvs_want_dest dest = {0};

	if (count < 4 || p->want.n_dests == DESTS_MAX || ip_parse(words[1], &dest.key.ip) < 0)
		return -EINVAL;
	dest.key.port = (uint16_t)strtoul(words[2], NULL, 0);
	read_method(words[3], &dest.method);
	dest.weight = (int32_t)number_of(words, count, "weight", 1);
	dest.upper_threshold = number_of(words, count, "upper", 0);
	dest.lower_threshold = number_of(words, count, "lower", 0);
	dest.method.tunnel_checksum = (enum conf_checksum)number_of(words, count, "csum", 0);
	p->dests[p->want.n_dests++] = dest;
	qsort(p->dests, p->want.n_dests, sizeof p->dests[0], by_key);
	return 0;
}

static int apply(struct probe *p)
{
	struct ipvs_dump *dump = NULL;
	int error = p->ops->dump_service(p->ipvs, &p->want.key, &dump);

	if (error == -ESRCH)
		return p->ops->apply(p->ipvs, &p->want, NULL, NULL);
	if (error == 0)
		error = p->ops->apply(p->ipvs, &p->want, dump->services,
				      dump->dests + dump->services[0].first_dest);
	ipvs_dump_free(dump);
	return error;
}

/* As if a dump had shown what is wanted, but with every weight and the scheduler different: all
 * edits. */
static int apply_stale(struct probe *p)
{
	struct ipvs_found found = {
		.key = p->want.key, .scheduler = "none", .n_dests = (uint32_t)p->want.n_dests};
	struct ipvs_found_dest dests[DESTS_MAX];

	memset(dests, 0, sizeof dests);
	for (size_t i = 0; i < p->want.n_dests; i++) {
		dests[i].key = p->dests[i].key;
		dests[i].method = p->dests[i].method;
		dests[i].weight = p->dests[i].weight + 1;
	}
	return p->ops->apply(p->ipvs, &p->want, &found, dests);
}

static void print_dest(const struct ipvs_found_dest *d, bool first)
{
	char text[KEY_TEXT_MAX];

	printf("%s{\"dest\": \"%s\", \"forward\": %d, \"tunnel\": [%d, %u, %d], \"weight\": %d, "
	       "\"upper\": %u, \"lower\": %u, \"active\": %u, \"inactive\": %u, \"persistent\": "
	       "%u, "
	       "\"conns\": %llu, \"in_packets\": %llu, \"in_octets\": %llu}",
	       first ? "" : ", ", dest_key_format(&d->key, text), d->method.forward,
	       d->method.tunnel, d->method.tunnel_port, d->method.tunnel_checksum, d->weight,
	       d->upper_threshold, d->lower_threshold, d->active_conns, d->inactive_conns,
	       d->persistent_conns, (unsigned long long)d->stats.conns,
	       (unsigned long long)d->stats.in_packets, (unsigned long long)d->stats.in_octets);
}

static int print_dump(struct probe *p)
{
	struct ipvs_dump *dump = NULL;
	int error = p->ops->dump(p->ipvs, &dump);
	char text[KEY_TEXT_MAX];

	if (error < 0)
		return error;
	printf("{\"version\": %u, \"conn_table\": %u, \"timeouts\": [%u, %u, %u], \"services\": [",
	       dump->about.version, dump->about.conn_table_size, dump->about.tcp_timeout_s,
	       dump->about.tcpfin_timeout_s, dump->about.udp_timeout_s);
	for (size_t i = 0; i < dump->n_services; i++) {
		const struct ipvs_found *s = &dump->services[i];

		printf("%s{\"service\": \"%s\", \"scheduler\": \"%s\", \"flags\": %u, "
		       "\"persist\": [%u, %u], \"engine\": \"%s\", \"conns\": %llu, \"dests\": [",
		       i ? ", " : "", svc_key_format(&s->key, text), s->scheduler, s->flags,
		       s->persistence_s, s->persistence_prefix, s->persistence_engine,
		       (unsigned long long)s->stats.conns);
		for (size_t k = 0; k < s->n_dests; k++)
			print_dest(&dump->dests[s->first_dest + k], k == 0);
		printf("]}");
	}
	printf("]}\n");
	ipvs_dump_free(dump);
	return 1;
}

static int run(struct probe *p, char **words, int count)
{
	const char *command = words[0];

	if (strcmp(command, "service") == 0)
		return on_service(p, words, count);
	if (strcmp(command, "dest") == 0)
		return on_dest(p, words, count);
	if (strcmp(command, "apply") == 0)
		return apply(p);
	if (strcmp(command, "blind") == 0)
		return p->ops->apply(p->ipvs, &p->want, NULL, NULL);
	if (strcmp(command, "stale") == 0)
		return apply_stale(p);
	if (strcmp(command, "remove") == 0)
		return p->ops->remove(p->ipvs, &p->want.key);
	if (strcmp(command, "flush") == 0)
		return p->ops->flush(p->ipvs);
	if (strcmp(command, "dump") == 0)
		return print_dump(p);
	if (strcmp(command, "timeouts") == 0 && count == 4)
		return p->ops->set_timeouts(p->ipvs, (uint32_t)strtoul(words[1], NULL, 0),
					    (uint32_t)strtoul(words[2], NULL, 0),
					    (uint32_t)strtoul(words[3], NULL, 0));
	return -EINVAL;
}

int main(void)
{
	struct probe p = {.ops = ipvs_netlink_ops()};
	char line[512];
	int error = p.ops->open(-1, &p.ipvs);

	if (error < 0) {
		printf("open: %s\n", strerrorname_np(-error));
		return 1;
	}
	while (fgets(line, sizeof line, stdin)) {
		char *words[WORDS_MAX], *rest = line;
		int count = 0;

		for (char *word; count < WORDS_MAX && (word = strsep(&rest, " \n"));) {
			if (*word)
				words[count++] = word;
		}
		if (count == 0)
			continue;
		error = run(&p, words, count);
		if (error <= 0)
			printf("%s\n", error == 0 ? "0" : strerrorname_np(-error));
		fflush(stdout);
	}
	p.ops->close(p.ipvs);
	return 0;
}
