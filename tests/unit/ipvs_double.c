/* SPDX-License-Identifier: MIT */
#include "tests/unit/ipvs_double.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

struct ipvs {
	int unused;
};

static struct ipvs_double kernel;
static struct ipvs handle;

struct ipvs_double *ipvs_double(void)
{
	return &kernel;
}

void ipvs_double_reset(void)
{
	memset(&kernel, 0, sizeof kernel);
}

unsigned ipvs_double_commands(void)
{
	unsigned count = kernel.new_service + kernel.set_service + kernel.del_service +
			 kernel.new_dest + kernel.set_dest + kernel.del_dest + kernel.flush +
			 kernel.timeouts;

	kernel.new_service = kernel.set_service = kernel.del_service = 0;
	kernel.new_dest = kernel.set_dest = kernel.del_dest = 0;
	kernel.flush = kernel.timeouts = 0;
	return count;
}

struct double_service *ipvs_double_service(const struct svc_key *key)
{
	for (size_t i = 0; i < kernel.n_services; i++) {
		if (svc_key_compare(&kernel.services[i].found.key, key) == 0)
			return &kernel.services[i];
	}
	return NULL;
}

/* Whether the kernel does not do it this time. */
static bool fails(void)
{
	return ++kernel.calls == kernel.fail_at;
}

static struct ipvs_found_dest *find_dest(struct double_service *service, const struct dest_key *key)
{
	for (size_t i = 0; service && i < service->n_dests; i++) {
		if (dest_key_compare(&service->dests[i].key, key) == 0)
			return &service->dests[i];
	}
	return NULL;
}

struct ipvs_found_dest *ipvs_double_dest(const struct svc_key *key, const struct dest_key *dest)
{
	return find_dest(ipvs_double_service(key), dest);
}

static int double_open(int netns, struct ipvs **ret)
{
	if (fails())
		return kernel.fail_error;
	(void)netns;
	if (kernel.open_error < 0)
		return kernel.open_error;
	kernel.open = true;
	*ret = &handle;
	return 0;
}

static void double_close(struct ipvs *ipvs)
{
	(void)ipvs;
	kernel.open = false;
}

static void write_service(struct double_service *service, const struct ipvs_want *want)
{
	service->found.key = want->key;
	strcpy(service->found.scheduler, want->scheduler);
	service->found.flags = want->flags;
	service->found.persistence_s = want->persistence_s;
	service->found.persistence_prefix = want->persistence_prefix;
}

static int apply_service(const struct ipvs_want *want, const struct ipvs_found *known)
{
	struct double_service *service = ipvs_double_service(&want->key);

	if (known && service && !ipvs_service_differs(want, known))
		return 0;
	if (fails())
		return kernel.fail_error;
	if (kernel.service_error < 0)
		return kernel.service_error;
	if (service) {
		kernel.set_service++;
	} else {
		kernel.new_service++;
		if (kernel.n_services == IPVS_DOUBLE_SERVICES)
			return -ENOMEM;
		service = &kernel.services[kernel.n_services++];
		memset(service, 0, sizeof *service);
	}
	write_service(service, want);
	return 0;
}

static void write_dest(struct ipvs_found_dest *dest, const struct ipvs_want_dest *want)
{
	dest->key = want->key;
	dest->weight = want->weight;
	dest->method = want->method;
	dest->upper_threshold = want->upper_threshold;
	dest->lower_threshold = want->lower_threshold;
}

static int step(enum ipvs_step what, const struct dest_key *key, const struct ipvs_want_dest *want,
		void *owner)
{
	struct double_service *service = owner;
	struct ipvs_found_dest *dest = find_dest(service, key);

	(void)what;
	if (fails())
		return kernel.fail_error;
	if (kernel.dest_error < 0) {
		if (kernel.dest_error_after == 0)
			return kernel.dest_error;
		kernel.dest_error_after--;
	}
	if (!want) {
		if (!dest)
			return 0;
		kernel.del_dest++;
		*dest = service->dests[--service->n_dests];
		return 0;
	}
	if (kernel.on_weight)
		kernel.on_weight(&service->found.key, key, want->weight);
	if (dest) {
		kernel.set_dest++;
	} else {
		kernel.new_dest++;
		if (service->n_dests == IPVS_DOUBLE_DESTS)
			return -ENOMEM;
		dest = &service->dests[service->n_dests++];
		memset(dest, 0, sizeof *dest);
	}
	write_dest(dest, want);
	return 0;
}

static int double_apply(struct ipvs *ipvs, const struct ipvs_want *want,
			const struct ipvs_found *known, const struct ipvs_found_dest *known_dests)
{
	int error = apply_service(want, known);

	(void)ipvs;
	if (error < 0 && !known)
		return error;
	int error_dests = ipvs_diff_dests(want, known_dests, known ? known->n_dests : 0, step,
					  ipvs_double_service(&want->key));
	return error < 0 ? error : error_dests;
}

static int double_remove(struct ipvs *ipvs, const struct svc_key *key)
{
	struct double_service *service = ipvs_double_service(key);

	(void)ipvs;
	if (fails())
		return kernel.fail_error;
	if (!service)
		return 0;
	kernel.del_service++;
	*service = kernel.services[--kernel.n_services];
	return 0;
}

static int double_flush(struct ipvs *ipvs)
{
	(void)ipvs;
	if (fails())
		return kernel.fail_error;
	kernel.flush++;
	kernel.n_services = 0;
	return 0;
}

static int double_set_timeouts(struct ipvs *ipvs, uint32_t tcp_s, uint32_t tcpfin_s, uint32_t udp_s)
{
	(void)ipvs;
	if (fails())
		return kernel.fail_error;
	kernel.timeouts++;
	kernel.tcp_s = tcp_s ? tcp_s : kernel.tcp_s;
	kernel.tcpfin_s = tcpfin_s ? tcpfin_s : kernel.tcpfin_s;
	kernel.udp_s = udp_s ? udp_s : kernel.udp_s;
	return 0;
}

static int double_start_sync(struct ipvs *ipvs, enum ipvs_sync_role role,
			     const struct ipvs_sync *want)
{
	(void)ipvs;
	if (fails())
		return kernel.fail_error;
	if (kernel.sync_error < 0)
		return kernel.sync_error;
	if (kernel.sync[role].interface[0])
		return -EEXIST;
	kernel.sync_starts++;
	kernel.sync[role] = *want;
	if (!want->ttl)
		kernel.sync[role].ttl = 1;
	return 0;
}

static int double_stop_sync(struct ipvs *ipvs, enum ipvs_sync_role role)
{
	(void)ipvs;
	if (fails())
		return kernel.fail_error;
	kernel.sync_stops++;
	kernel.sync[role] = (struct ipvs_sync){0};
	return 0;
}

static int double_read_sync(struct ipvs *ipvs, struct ipvs_sync ret[static IPVS_SYNC_ROLES])
{
	(void)ipvs;
	if (fails())
		return kernel.fail_error;
	memcpy(ret, kernel.sync, sizeof kernel.sync);
	return 0;
}

static int by_service(const void *a, const void *b)
{
	return svc_key_compare(&(*(struct double_service *const *)a)->found.key,
			       &(*(struct double_service *const *)b)->found.key);
}

static int by_dest(const void *a, const void *b)
{
	return dest_key_compare(&((const struct ipvs_found_dest *)a)->key,
				&((const struct ipvs_found_dest *)b)->key);
}

static struct ipvs_about about(void)
{
	return (struct ipvs_about){
		.version = 0x010201,
		.tcp_timeout_s = kernel.tcp_s,
		.tcpfin_timeout_s = kernel.tcpfin_s,
		.udp_timeout_s = kernel.udp_s,
		.sysctls = kernel.sysctls,
	};
}

static struct ipvs_dump *make_dump(const struct svc_key *only)
{
	struct double_service *order[IPVS_DOUBLE_SERVICES];
	size_t count = 0, dests = 0;

	for (size_t i = 0; i < kernel.n_services; i++) {
		if (only && svc_key_compare(only, &kernel.services[i].found.key) != 0)
			continue;
		order[count++] = &kernel.services[i];
		dests += kernel.services[i].n_dests;
	}
	struct ipvs_dump *dump = calloc(1, sizeof *dump + count * sizeof(struct ipvs_found) +
						   dests * sizeof(struct ipvs_found_dest));
	if (count)
		qsort(order, count, sizeof order[0], by_service);
	dump->taken_us = clock_now_us();
	dump->about = about();
	dump->services = (struct ipvs_found *)(dump + 1);
	dump->dests = (struct ipvs_found_dest *)(dump->services + count);
	for (size_t i = 0; i < count; i++) {
		struct ipvs_found *found = &dump->services[dump->n_services++];

		*found = order[i]->found;
		found->first_dest = (uint32_t)dump->n_dests;
		found->n_dests = (uint32_t)order[i]->n_dests;
		memcpy(dump->dests + dump->n_dests, order[i]->dests,
		       order[i]->n_dests * sizeof order[i]->dests[0]);
		if (order[i]->n_dests)
			qsort(dump->dests + dump->n_dests, order[i]->n_dests, sizeof dump->dests[0],
			      by_dest);
		dump->n_dests += order[i]->n_dests;
	}
	return dump;
}

/* A look at everything, by whichever request it begins with. */
static int begin_look(void)
{
	if (fails())
		return kernel.fail_error;
	kernel.dumps++;
	return kernel.dump_error;
}

static int double_read_about(struct ipvs *ipvs, struct ipvs_about *ret)
{
	int error = begin_look();

	(void)ipvs;
	if (error == 0)
		*ret = about();
	return error;
}

static int double_dump(struct ipvs *ipvs, struct ipvs_dump **ret)
{
	int error = begin_look();

	(void)ipvs;
	if (error == 0)
		*ret = make_dump(NULL);
	return error;
}

static int double_dump_service(struct ipvs *ipvs, const struct svc_key *key, struct ipvs_dump **ret)
{
	(void)ipvs;
	if (fails())
		return kernel.fail_error;
	if (kernel.dump_error < 0)
		return kernel.dump_error;
	if (kernel.on_look)
		kernel.on_look(key);
	if (!ipvs_double_service(key))
		return -ESRCH;
	*ret = make_dump(key);
	return 0;
}

static const struct ipvs_ops ops = {
	.open = double_open,
	.close = double_close,
	.apply = double_apply,
	.remove = double_remove,
	.flush = double_flush,
	.set_timeouts = double_set_timeouts,
	.start_sync = double_start_sync,
	.stop_sync = double_stop_sync,
	.read_sync = double_read_sync,
	.read_about = double_read_about,
	.dump = double_dump,
	.dump_service = double_dump_service,
};

const struct ipvs_ops *ipvs_double_ops(void)
{
	return &ops;
}
