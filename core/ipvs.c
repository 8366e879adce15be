/* SPDX-License-Identifier: MIT */
/*
 * The pure half of IPVS: what differs between the wanted and the found state of a service. Shared
 * by the netlink implementation, the check engine (drift) and the test recorder, so that all three
 * mean the same by "differs". No I/O, no clock.
 */
#include "core/ipvs.h"

#include <linux/ip_vs.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(IPVS_FLAGS_OURS == (IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET |
				   IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3),
	       "flags a user sets");

struct ipvs_dump *ipvs_dump_free(struct ipvs_dump *dump)
{
	free(dump);
	return NULL;
}

bool ipvs_service_differs(const struct ipvs_want *want, const struct ipvs_found *found)
{
	const char *engine = want->persistence_engine ? want->persistence_engine : "";

	if (strcmp(want->scheduler, found->scheduler) != 0 ||
	    strcmp(engine, found->persistence_engine) != 0)
		return true;
	if ((want->flags ^ found->flags) & IPVS_FLAGS_OURS)
		return true;
	if (!(want->flags & IP_VS_SVC_F_PERSISTENT))
		return false;
	return want->persistence_s != found->persistence_s ||
	       want->persistence_prefix != found->persistence_prefix;
}

static bool method_differs(const struct conf_method *want, const struct conf_method *found)
{
	if (want->forward != found->forward)
		return true;
	if (want->forward != CONF_TUN)
		return false;
	if (want->tunnel != found->tunnel)
		return true;
	if (want->tunnel == CONF_IPIP)
		return false;
	if (want->tunnel_checksum != found->tunnel_checksum)
		return true;
	return want->tunnel == CONF_GUE && want->tunnel_port != found->tunnel_port;
}

bool ipvs_dest_differs(const struct ipvs_want_dest *want, const struct ipvs_found_dest *found)
{
	return want->weight != found->weight || want->upper_threshold != found->upper_threshold ||
	       want->lower_threshold != found->lower_threshold ||
	       method_differs(&want->method, &found->method);
}

static int compare_service(const void *key, const void *element)
{
	return svc_key_compare(key, &((const struct ipvs_found *)element)->key);
}

const struct ipvs_found *ipvs_find_service(const struct ipvs_dump *dump, const struct svc_key *key)
{
	if (dump->n_services == 0)
		return NULL;
	return bsearch(key, dump->services, dump->n_services, sizeof dump->services[0],
		       compare_service);
}

static int compare_dest(const void *key, const void *element)
{
	return dest_key_compare(key, &((const struct ipvs_found_dest *)element)->key);
}

const struct ipvs_found_dest *ipvs_find_dest(const struct ipvs_found_dest *dests, size_t n_dests,
					     const struct dest_key *key)
{
	if (n_dests == 0)
		return NULL;
	return bsearch(key, dests, n_dests, sizeof dests[0], compare_dest);
}

static void keep_first(int *first, int error)
{
	if (*first == 0)
		*first = error;
}

/* What is known and not wanted. */
static int diff_deletions(const struct ipvs_want *want, const struct ipvs_found_dest *known,
			  size_t n_known, ipvs_step_fn *step, void *owner)
{
	int first = 0;

	for (size_t i = 0, w = 0; i < n_known; i++) {
		while (w < want->n_dests &&
		       dest_key_compare(&want->dests[w].key, &known[i].key) < 0)
			w++;
		if (w == want->n_dests || dest_key_compare(&want->dests[w].key, &known[i].key) != 0)
			keep_first(&first, step(IPVS_DEST_DELETE, &known[i].key, NULL, owner));
	}
	return first;
}

int ipvs_diff_dests(const struct ipvs_want *want, const struct ipvs_found_dest *known,
		    size_t n_known, ipvs_step_fn *step, void *owner)
{
	size_t kept = 0;
	int first = 0;

	for (size_t i = 0, k = 0; i < want->n_dests; i++) {
		const struct ipvs_want_dest *dest = &want->dests[i];

		while (k < n_known && dest_key_compare(&known[k].key, &dest->key) < 0)
			k++;
		if (k == n_known || dest_key_compare(&known[k].key, &dest->key) != 0) {
			keep_first(&first, step(IPVS_DEST_ADD, &dest->key, dest, owner));
			continue;
		}
		kept++;
		if (ipvs_dest_differs(dest, &known[k]))
			keep_first(&first, step(IPVS_DEST_EDIT, &dest->key, dest, owner));
	}
	if (kept < n_known)
		keep_first(&first, diff_deletions(want, known, n_known, step, owner));
	return first;
}
