/* SPDX-License-Identifier: MIT */
/*
 * From a configuration to rules of the packet filter. A transaction is built in the main thread and
 * applied by the helper; the same rules again are not sent. One is under way at most, the newest
 * configuration waits. Runs in main.
 */
#include "core/run/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/model.h"
#include "core/base/log.h"
#include "core/net/nft.h"
#include "core/run/helper.h"

struct filter {
	struct loop *loop;
	struct helper *helper;
	struct nft *nft;	     /* the helper's while that works */
	const struct conf *waiting;  /* counted; NULL: none */
	const struct conf *applying; /* counted; what the helper works on */
	struct nft_batch batch;
	struct nft_batch rules; /* in force, as if nothing had been there before */
	char *table;		/* that is there; NULL: none */
	int error;		/* of the last attempt */
};

int filter_new(struct loop *loop, struct filter **ret)
{
	struct filter *filter = calloc(1, sizeof *filter);

	if (!filter)
		return -ENOMEM;
	filter->loop = loop;
	*ret = filter;
	return 0;
}

static void work(void *owner)
{
	struct filter *filter = owner;

	filter->error = filter->nft ? 0 : nft_open(&filter->nft);
	if (!filter->error)
		filter->error = nft_apply(filter->nft, &filter->batch);
}

static void complain(const struct filter *filter)
{
	if (filter->error == -EEXIST)
		log_error("net",
			  "no_accept: there is a table inet %s that is not ours; the virtual "
			  "addresses accept local traffic",
			  filter->batch.table);
	else
		log_error("net", "no_accept: the packet filter stays as it is: %s",
			  strerror(-filter->error));
}

/* The rules that are in force now, to know the same ones again. */
static void remember(struct filter *filter)
{
	free(filter->rules.octets);
	free(filter->table);
	filter->rules = (struct nft_batch){0};
	filter->table = filter->batch.table ? strdup(filter->batch.table) : NULL;
	(void)nft_build(filter->applying, NULL, &filter->rules);
}

static void start(struct filter *filter);

static void on_done(void *owner)
{
	struct filter *filter = owner;

	filter->helper = NULL;
	if (filter->error)
		complain(filter);
	else
		remember(filter);
	free(filter->batch.octets);
	filter->batch = (struct nft_batch){0};
	filter->applying = conf_unref(filter->applying);
	start(filter);
}

static bool is_in_force(const struct filter *filter, const struct nft_batch *rules)
{
	return rules->size == filter->rules.size &&
	       (!rules->size || !memcmp(rules->octets, filter->rules.octets, rules->size));
}

/* The rules of the waiting configuration, unless they are in force; false: nothing is to be done.
 */
static bool prepare(struct filter *filter)
{
	struct nft_batch plain = {0};
	bool same;

	filter->error = nft_build(filter->waiting, NULL, &plain);
	same = !filter->error && is_in_force(filter, &plain);
	free(plain.octets);
	if (!filter->error && !same)
		filter->error = nft_build(filter->waiting, filter->table, &filter->batch);
	if (filter->error)
		complain(filter);
	return !filter->error && !same;
}

static void start(struct filter *filter)
{
	if (!filter->waiting || filter->helper)
		return;
	if (!prepare(filter)) {
		filter->waiting = conf_unref(filter->waiting);
		return;
	}
	filter->applying = filter->waiting;
	filter->waiting = NULL;
	filter->error = helper_start(filter->loop, work, on_done, filter, &filter->helper);
	if (filter->error)
		on_done(filter);
}

void filter_use_conf(struct filter *filter, const struct conf *conf)
{
	conf_unref(filter->waiting);
	filter->waiting = conf_ref(conf);
	start(filter);
}

struct filter *filter_free(struct filter *filter)
{
	if (!filter)
		return NULL;
	helper_finish(filter->helper);
	nft_close(filter->nft);
	conf_unref(filter->waiting);
	conf_unref(filter->applying);
	free(filter->batch.octets);
	free(filter->rules.octets);
	free(filter->table);
	free(filter);
	return NULL;
}
