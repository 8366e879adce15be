/* SPDX-License-Identifier: MIT */
/*
 * The search for a regular expression in a body that comes in pieces. Bounded in memory and time
 * whatever expression and body are. Pure but for the clock of the thread's processor time; any
 * thread. Source: pcre2api(3), pcre2partial(3).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct body_search;
struct conf_regex;

/* A match of so many octets is always found; a longer one only if it lies in one piece of those
 * that are looked at. */
#define BODY_MATCH_MAX 32768
/* Processor time for one body: a start, and more with each octet. A search that is linear in the
 * body gets by with it, one that is not ends. */
#define BODY_SEARCH_US	      UINT64_C(100000)
#define BODY_SEARCH_OCTETS_US UINT64_C(10) /* octets for one more us */

enum body_result {
	BODY_MATCHES,
	BODY_DIFFERS,
	BODY_GIVEN_UP, /* body_search_error() says why */
};

/* regex is not needed any more afterwards. -ENOMEM; -EINVAL: it does not compile. */
int body_search_new(const struct conf_regex *regex, struct body_search **ret);
struct body_search *body_search_free(struct body_search *search); /* accepts NULL */

void body_search_add(struct body_search *search, const void *octets, size_t size);
/* After the last piece. */
enum body_result body_search_finish(struct body_search *search);
const char *body_search_error(const struct body_search *search); /* static */
