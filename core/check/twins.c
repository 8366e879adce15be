/* SPDX-License-Identifier: MIT */
/*
 * Finds checks that probe the same (core/check/twins.h): a tree of one check for each probe, and a
 * group for those that have company. Programs are not shared, nor what follows a file or a session:
 * these are run by main, or not at all. Thread: check.
 */
#include "core/check/twins.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "core/check/checker.h"

/* ---- the order of probes ---- */

static int by_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_text(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int by_octets(const struct conf_octets *a, const struct conf_octets *b)
{
	int order = by_number(a->n, b->n);

	if (!order && a->n)
		order = memcmp(a->octets, b->octets, a->n);
	if (!order && a->n && a->mask && b->mask)
		order = memcmp(a->mask, b->mask, a->n);
	return order ? order : by_number(a->mask != NULL, b->mask != NULL);
}

static int by_connection(const struct conf_checker *a, const struct conf_checker *b)
{
	int order = ip_compare(&a->connect_ip, &b->connect_ip);

	order = order ? order : by_number(a->connect_port, b->connect_port);
	order = order ? order : ip_compare(&a->bind_ip, &b->bind_ip);
	order = order ? order : by_number(a->bind_port, b->bind_port);
	order = order ? order : by_text(a->bind_interface, b->bind_interface);
	return order ? order : by_number(a->mark, b->mark);
}

static int by_times(const struct conf_checker *a, const struct conf_checker *b)
{
	int order = by_number(a->connect_timeout_us, b->connect_timeout_us);

	order = order ? order : by_number(a->delay_loop_us, b->delay_loop_us);
	order = order ? order : by_number(a->delay_before_retry_us, b->delay_before_retry_us);
	return order ? order : by_number(a->retry, b->retry);
}

static int by_regex(const struct conf_regex *a, const struct conf_regex *b)
{
	int order = by_text(a->pattern, b->pattern);

	order = order ? order : by_number(a->options, b->options);
	order = order ? order : by_number(a->no_match, b->no_match);
	order = order ? order : by_number(a->min_offset, b->min_offset);
	order = order ? order : by_number(a->max_offset, b->max_offset);
	order = order ? order : by_number(a->stack_start_bytes, b->stack_start_bytes);
	return order ? order : by_number(a->stack_max_bytes, b->stack_max_bytes);
}

static int by_url(const struct conf_url *a, const struct conf_url *b)
{
	int order = by_text(a->path, b->path);

	order = order ? order : by_text(a->virtualhost, b->virtualhost);
	order = order ? order : by_number(a->has_digest, b->has_digest);
	order = order ? order : memcmp(a->digest, b->digest, sizeof a->digest);
	order = order ? order : memcmp(a->status, b->status, sizeof a->status);
	order = order ? order : by_number(a->tls_compliant, b->tls_compliant);
	return order ? order : by_regex(&a->regex, &b->regex);
}

static int by_page(const struct conf_checker *a, const struct conf_checker *b)
{
	int order = by_text(a->virtualhost, b->virtualhost);

	order = order ? order : by_number(a->sni, b->sni);
	order = order ? order : by_text(a->sni_name, b->sni_name);
	order = order ? order : by_number(a->http_minor, b->http_minor);
	order = order ? order : by_number(a->http_close, b->http_close);
	order = order ? order : by_number(a->fast_recovery, b->fast_recovery);
	order = order ? order : by_number(a->tls_compliant, b->tls_compliant);
	order = order ? order : by_number(a->n_urls, b->n_urls);
	for (size_t i = 0; i < a->n_urls && !order; i++)
		order = by_url(&a->urls[i], &b->urls[i]);
	return order;
}

static int by_datagram(const struct conf_udp_check *a, const struct conf_udp_check *b)
{
	int order = by_octets(&a->payload, &b->payload);

	order = order ? order : by_number(a->require_reply, b->require_reply);
	order = order ? order : by_octets(&a->reply, &b->reply);
	order = order ? order : by_number(a->min_reply_bytes, b->min_reply_bytes);
	return order ? order : by_number(a->max_reply_bytes, b->max_reply_bytes);
}

/* Of one type. */
static int by_question(const struct conf_checker *a, const struct conf_checker *b)
{
	int order;

	switch (a->type) {
	case CONF_HTTP_GET:
	case CONF_SSL_GET:
		return by_page(a, b);
	case CONF_SMTP_CHECK:
		return by_text(a->smtp.helo_name, b->smtp.helo_name);
	case CONF_DNS_CHECK:
		order = by_number(a->dns.type, b->dns.type);
		return order ? order : by_text(a->dns.name, b->dns.name);
	case CONF_UDP_CHECK:
		return by_datagram(&a->udp, &b->udp);
	default:
		return 0;
	}
}

static int by_probe(const void *x, const void *y)
{
	const struct conf_checker *a = ((const struct check *)x)->conf;
	const struct conf_checker *b = ((const struct check *)y)->conf;
	int order = by_number(a->type, b->type);

	order = order ? order : by_connection(a, b);
	order = order ? order : by_times(a, b);
	return order ? order : by_question(a, b);
}

/* ---- groups ---- */

static bool add(struct twins *twins, struct check *check)
{
	if (twins->n == twins->room) {
		uint32_t room = twins->room ? 2 * twins->room : 2;
		struct check **bigger = reallocarray(twins->checks, room, sizeof(struct check *));

		if (!bigger)
			return false;
		twins->checks = bigger;
		twins->room = room;
	}
	check->twins = twins;
	check->twin_index = twins->n;
	twins->checks[twins->n++] = check;
	return true;
}

static void free_group(struct twins *twins)
{
	free(twins->checks);
	free(twins);
}

/* The group of a check that had no company so far; it may run already. */
static bool begin(struct check *first)
{
	struct twins *twins = calloc(1, sizeof *twins);

	if (!twins)
		return false;
	if (!add(twins, first)) {
		free_group(twins);
		return false;
	}
	twins->runner = first->running ? first : NULL;
	return true;
}

static bool can_share(const struct check *check)
{
	switch (check->conf->type) {
	case CONF_MISC_CHECK:
	case CONF_FILE_CHECK:
	case CONF_BFD_CHECK:
		return false;
	default:
		return true;
	}
}

void twins_join(void **tree, struct check *check)
{
	struct check *first;
	void *node;

	if (!can_share(check))
		return;
	node = tsearch(check, tree, by_probe);
	if (!node)
		return;
	memcpy(&first, node, sizeof first);
	if (first != check && (first->twins || begin(first)))
		add(first->twins, check);
}

static void leave_tree(void **tree, const struct check *check, struct check *heir)
{
	struct check *first;
	void *node = tfind(check, tree, by_probe);

	if (!node)
		return;
	memcpy(&first, node, sizeof first);
	if (first != check)
		return;
	if (heir)
		memcpy(node, &heir, sizeof heir);
	else
		tdelete(check, tree, by_probe);
}

void twins_leave(void **tree, struct check *check)
{
	struct twins *twins = check->twins;

	if (!can_share(check))
		return;
	if (twins) {
		struct check *last = twins->checks[--twins->n];

		twins->checks[check->twin_index] = last;
		last->twin_index = check->twin_index;
		check->twins = NULL;
	}
	leave_tree(tree, check, twins && twins->n ? twins->checks[0] : NULL);
	if (twins && !twins->n)
		free_group(twins);
}

static void keep(void *check)
{
	(void)check;
}

void twins_forget(void **tree)
{
	tdestroy(*tree, keep);
	*tree = NULL;
}
