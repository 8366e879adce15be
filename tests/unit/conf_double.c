/* SPDX-License-Identifier: MIT */
/* The four functions of the model that engine tests need, counting references only: tests own their configurations. */
#include "conf/model.h"

const struct conf *conf_ref(const struct conf *conf)
{
	atomic_fetch_add(&((struct conf *)conf)->references, 1);
	return conf;
}

const struct conf *conf_unref(const struct conf *conf)
{
	if (conf)
		atomic_fetch_sub(&((struct conf *)conf)->references, 1);
	return NULL;
}

static int compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

int svc_key_compare(const struct svc_key *a, const struct svc_key *b)
{
	int order = compare(a->fwmark, b->fwmark);

	order = order ? order : ip_compare(&a->ip, &b->ip);
	order = order ? order : compare(a->protocol, b->protocol);
	return order ? order : compare(a->port, b->port);
}

int dest_key_compare(const struct dest_key *a, const struct dest_key *b)
{
	int order = ip_compare(&a->ip, &b->ip);

	return order ? order : compare(a->port, b->port);
}
