/* SPDX-License-Identifier: MIT */
/*
 * Equality of checkers (core/check/same.h). Where it was written in the file does not count. Pure.
 */
#include "core/check/same.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_command(const struct conf_command *a, const struct conf_command *b)
{
	if (!same_text(a->text, b->text) || !same_text(a->user, b->user) ||
	    !same_text(a->group, b->group) || !a->argv != !b->argv)
		return false;
	for (size_t i = 0; a->argv && (a->argv[i] || b->argv[i]); i++) {
		if (!same_text(a->argv[i], b->argv[i]))
			return false;
	}
	return true;
}

static bool same_regex(const struct conf_regex *a, const struct conf_regex *b)
{
	return same_text(a->pattern, b->pattern) && a->options == b->options &&
	       a->no_match == b->no_match && a->min_offset == b->min_offset &&
	       a->max_offset == b->max_offset && a->stack_start_bytes == b->stack_start_bytes &&
	       a->stack_max_bytes == b->stack_max_bytes;
}

static bool same_url(const struct conf_url *a, const struct conf_url *b)
{
	return same_text(a->path, b->path) && same_text(a->virtualhost, b->virtualhost) &&
	       a->has_digest == b->has_digest &&
	       memcmp(a->digest, b->digest, sizeof a->digest) == 0 &&
	       memcmp(a->status, b->status, sizeof a->status) == 0 &&
	       same_regex(&a->regex, &b->regex) && a->tls_compliant == b->tls_compliant;
}

static bool same_urls(const struct conf_checker *a, const struct conf_checker *b)
{
	if (a->n_urls != b->n_urls)
		return false;
	for (size_t i = 0; i < a->n_urls; i++) {
		if (!same_url(&a->urls[i], &b->urls[i]))
			return false;
	}
	return true;
}

static bool same_connection(const struct conf_checker *a, const struct conf_checker *b)
{
	return ip_compare(&a->connect_ip, &b->connect_ip) == 0 &&
	       a->connect_port == b->connect_port && ip_compare(&a->bind_ip, &b->bind_ip) == 0 &&
	       a->bind_port == b->bind_port && same_text(a->bind_interface, b->bind_interface) &&
	       a->mark == b->mark;
}

static bool same_timing(const struct conf_checker *a, const struct conf_checker *b)
{
	return a->connect_timeout_us == b->connect_timeout_us &&
	       a->delay_loop_us == b->delay_loop_us &&
	       a->delay_before_retry_us == b->delay_before_retry_us &&
	       a->warmup_us == b->warmup_us && a->retry == b->retry &&
	       a->misc_timeout_us == b->misc_timeout_us;
}

bool same_checker(const struct conf_checker *a, const struct conf_checker *b)
{
	return a->type == b->type && a->alpha == b->alpha &&
	       a->log_all_failures == b->log_all_failures && a->sni == b->sni &&
	       a->http_minor == b->http_minor && a->http_close == b->http_close &&
	       a->fast_recovery == b->fast_recovery && a->tls_compliant == b->tls_compliant &&
	       a->misc_dynamic == b->misc_dynamic && same_text(a->virtualhost, b->virtualhost) &&
	       same_text(a->sni_name, b->sni_name) && same_connection(a, b) && same_timing(a, b) &&
	       same_urls(a, b) && same_command(&a->command, &b->command);
}
