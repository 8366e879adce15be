/* SPDX-License-Identifier: MIT */
/*
 * Reads the kernel's IPVS table into one block. The kernel has no dump of all destinations: one
 * dump lists the services, one more for each service lists its destinations. Its cursor is a
 * position, not a key, so a change by somebody else between two messages can make an entry appear
 * twice (removed here) or not at all (the caller treats an absence as real only when a second look
 * agrees). Thread: check. Must not change anything in the kernel.
 */
#include "core/net/ipvs_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/net/ipvs_wire.h"

#define SYSCTLS "/proc/sys/net/ipv4/vs/"

/* What is read so far; grows by doubling. */
struct reading {
	struct ipvs_found *services;
	size_t n_services, room_services;
	struct ipvs_found_dest *dests;
	size_t n_dests, room_dests;
	uint16_t family; /* of the service whose destinations are being read */
	int error;
};

static void *grow(void *items, size_t used, size_t *room, size_t size)
{
	size_t wanted = *room ? 2 * *room : 64;
	void *bigger;

	if (used < *room)
		return items;
	bigger = reallocarray(items, wanted, size);
	if (bigger)
		*room = wanted;
	return bigger;
}

static struct nlattr *top_attribute(struct nlmsghdr *message, int attribute)
{
	struct nlattr *a[IPVS_CMD_ATTR_MAX + 1];

	if (genlmsg_parse(message, 0, a, IPVS_CMD_ATTR_MAX, NULL) < 0)
		return NULL;
	return a[attribute];
}

static void on_service(struct nlmsghdr *message, void *owner)
{
	struct reading *r = owner;
	struct nlattr *nested = top_attribute(message, IPVS_CMD_ATTR_SERVICE);
	struct ipvs_found *bigger;

	if (!nested) {
		r->error = -EBADMSG;
		return;
	}
	bigger = grow(r->services, r->n_services, &r->room_services, sizeof *r->services);
	if (!bigger) {
		r->error = -ENOMEM;
		return;
	}
	r->services = bigger;
	int error = ipvs_get_service(nested, &r->services[r->n_services]);
	if (error < 0)
		r->error = error;
	else
		r->n_services++;
}

static void on_dest(struct nlmsghdr *message, void *owner)
{
	struct reading *r = owner;
	struct nlattr *nested = top_attribute(message, IPVS_CMD_ATTR_DEST);
	struct ipvs_found_dest *bigger;

	if (!nested) {
		r->error = -EBADMSG;
		return;
	}
	bigger = grow(r->dests, r->n_dests, &r->room_dests, sizeof *r->dests);
	if (!bigger) {
		r->error = -ENOMEM;
		return;
	}
	r->dests = bigger;
	int error = ipvs_get_dest(nested, r->family, &r->dests[r->n_dests]);
	if (error < 0)
		r->error = error;
	else
		r->n_dests++;
}

static void on_info(struct nlmsghdr *message, void *owner)
{
	struct ipvs_about *about = owner;
	struct nlattr *a[IPVS_INFO_ATTR_MAX + 1];

	if (genlmsg_parse(message, 0, a, IPVS_INFO_ATTR_MAX, NULL) < 0)
		return;
	if (a[IPVS_INFO_ATTR_VERSION])
		about->version = nla_get_u32(a[IPVS_INFO_ATTR_VERSION]);
	if (a[IPVS_INFO_ATTR_CONN_TAB_SIZE])
		about->conn_table_size = nla_get_u32(a[IPVS_INFO_ATTR_CONN_TAB_SIZE]);
}

static void on_config(struct nlmsghdr *message, void *owner)
{
	struct ipvs_about *about = owner;
	struct nlattr *a[IPVS_CMD_ATTR_MAX + 1];

	if (genlmsg_parse(message, 0, a, IPVS_CMD_ATTR_MAX, NULL) < 0)
		return;
	if (a[IPVS_CMD_ATTR_TIMEOUT_TCP])
		about->tcp_timeout_s = nla_get_u32(a[IPVS_CMD_ATTR_TIMEOUT_TCP]);
	if (a[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN])
		about->tcpfin_timeout_s = nla_get_u32(a[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN]);
	if (a[IPVS_CMD_ATTR_TIMEOUT_UDP])
		about->udp_timeout_s = nla_get_u32(a[IPVS_CMD_ATTR_TIMEOUT_UDP]);
}

/* About one service, or about all: key NULL. */
static int ask(struct ipvs *ipvs, uint8_t command, int flags, const struct svc_key *key,
	       ipvs_message_fn *on_message, struct reading *r)
{
	struct nl_msg *msg = ipvs_request(ipvs, command, flags);
	struct nlattr *nest;

	if (!msg)
		return -ENOMEM;
	if (key) {
		nest = nla_nest_start(msg, IPVS_CMD_ATTR_SERVICE);
		if (!nest || ipvs_put_service_key(msg, key) < 0) {
			nlmsg_free(msg);
			return -EMSGSIZE;
		}
		nla_nest_end(msg, nest);
	}
	int error = ipvs_transact(ipvs, msg, on_message, r);
	return error < 0 ? error : r->error;
}

static int by_service_key(const void *a, const void *b)
{
	return svc_key_compare(&((const struct ipvs_found *)a)->key,
			       &((const struct ipvs_found *)b)->key);
}

static int by_dest_key(const void *a, const void *b)
{
	return dest_key_compare(&((const struct ipvs_found_dest *)a)->key,
				&((const struct ipvs_found_dest *)b)->key);
}

static void sort_services(struct reading *r)
{
	size_t kept = 0;

	if (r->n_services == 0)
		return;
	qsort(r->services, r->n_services, sizeof *r->services, by_service_key);
	for (size_t i = 0; i < r->n_services; i++) {
		if (kept && by_service_key(&r->services[kept - 1], &r->services[i]) == 0)
			continue;
		r->services[kept++] = r->services[i];
	}
	r->n_services = kept;
}

/* Those from first on. */
static void sort_dests(struct reading *r, size_t first)
{
	size_t kept = first;

	if (r->n_dests == first)
		return;
	qsort(r->dests + first, r->n_dests - first, sizeof *r->dests, by_dest_key);
	for (size_t i = first; i < r->n_dests; i++) {
		if (kept > first && by_dest_key(&r->dests[kept - 1], &r->dests[i]) == 0)
			continue;
		r->dests[kept++] = r->dests[i];
	}
	r->n_dests = kept;
}

static int read_dests(struct ipvs *ipvs, struct reading *r)
{
	for (size_t i = 0; i < r->n_services; i++) {
		struct ipvs_found *service = &r->services[i];
		size_t first = r->n_dests;

		r->family = service->key.ip.family;
		int error = ask(ipvs, IPVS_CMD_GET_DEST, NLM_F_DUMP, &service->key, on_dest, r);
		if (error < 0)
			return error;
		sort_dests(r, first);
		service->first_dest = (uint32_t)first;
		service->n_dests = (uint32_t)(r->n_dests - first);
	}
	return 0;
}

static int finish(struct reading *r, struct ipvs_dump **ret)
{
	size_t services = r->n_services * sizeof *r->services;
	size_t dests = r->n_dests * sizeof *r->dests;
	struct ipvs_dump *dump = malloc(sizeof *dump + services + dests);

	if (!dump)
		return -ENOMEM;
	*dump = (struct ipvs_dump){
		.taken_us = clock_now_us(),
		.services = (struct ipvs_found *)(dump + 1),
		.n_services = r->n_services,
		.n_dests = r->n_dests,
	};
	dump->dests = (struct ipvs_found_dest *)(dump->services + r->n_services);
	if (services)
		memcpy(dump->services, r->services, services);
	if (dests)
		memcpy(dump->dests, r->dests, dests);
	*ret = dump;
	return 0;
}

/* A small number, -1 when there is none. Those of the thread's network namespace. */
static int read_sysctl(const char *path)
{
	char text[8] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	return n > 0 && text[0] >= '0' && text[0] <= '9' ? (int)strtol(text, NULL, 10) : -1;
}

static struct ipvs_sysctls read_sysctls(void)
{
	return (struct ipvs_sysctls){
		.expire_nodest_conn = read_sysctl(SYSCTLS "expire_nodest_conn"),
		.expire_quiescent_template = read_sysctl(SYSCTLS "expire_quiescent_template"),
		.conn_reuse_mode = read_sysctl(SYSCTLS "conn_reuse_mode"),
	};
}

static int ask_plainly(struct ipvs *ipvs, uint8_t command, ipvs_message_fn *on_message,
		       struct ipvs_about *about)
{
	struct nl_msg *msg = ipvs_request(ipvs, command, NLM_F_ACK);

	return msg ? ipvs_transact(ipvs, msg, on_message, about) : -ENOMEM;
}

static void release(struct reading *r)
{
	free(r->services);
	free(r->dests);
}

int ipvs_read_about(struct ipvs *ipvs, struct ipvs_about *ret)
{
	struct ipvs_about about = {.sysctls = read_sysctls()};
	int error = ask_plainly(ipvs, IPVS_CMD_GET_INFO, on_info, &about);

	if (error == 0)
		error = ask_plainly(ipvs, IPVS_CMD_GET_CONFIG, on_config, &about);
	if (error == 0)
		*ret = about;
	return error;
}

int ipvs_read_table(struct ipvs *ipvs, struct ipvs_dump **ret)
{
	struct reading r = {0};
	struct ipvs_about about;
	int error = ipvs_read_about(ipvs, &about);

	if (error == 0)
		error = ask(ipvs, IPVS_CMD_GET_SERVICE, NLM_F_DUMP, NULL, on_service, &r);
	if (error == 0) {
		sort_services(&r);
		error = read_dests(ipvs, &r);
	}
	if (error == 0)
		error = finish(&r, ret);
	if (error == 0)
		(*ret)->about = about;
	release(&r);
	return error;
}

int ipvs_read_service(struct ipvs *ipvs, const struct svc_key *key, struct ipvs_dump **ret)
{
	struct reading r = {0};
	int error = ask(ipvs, IPVS_CMD_GET_SERVICE, NLM_F_ACK, key, on_service, &r);

	if (error == 0)
		error = read_dests(ipvs, &r);
	if (error == 0)
		error = finish(&r, ret);
	release(&r);
	return error;
}
