/* SPDX-License-Identifier: MIT */
/*
 * addressprobe DEVICE ADDRESS TIMES: sets and removes a virtual address (IPv6, /64) so often, as an
 * instance does that is master for a moment, by core/net as the daemon does, without a pause.
 */
#include <linux/if_addr.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/model.h"
#include "core/base/loop.h"
#include "core/net/rtnl.h"

static void no_link(const struct msg_link *link, void *owner)
{
	(void)link;
	(void)owner;
}

static void no_static(const struct msg_static *state, void *owner)
{
	(void)state;
	(void)owner;
}

static void no_addresses(void *owner)
{
	(void)owner;
}

int main(int argc, char **argv)
{
	static const struct rtnl_hooks hooks = {no_link, no_static, no_addresses};
	struct conf_address address = {
		.prefix = 64, .flags = IFA_F_NODAD, .preferred_s = UINT32_MAX, .track = true};
	struct conf_instance instance = {.name = "probe", .addresses = &address, .n_addresses = 1};
	struct loop *loop;
	struct rtnl *rtnl;
	int error = 0;

	if (argc != 4 || ip_parse(argv[2], &address.ip) < 0) {
		fprintf(stderr, "usage: addressprobe DEVICE ADDRESS TIMES\n");
		return 2;
	}
	address.device = argv[1];
	if (loop_new(NULL, &loop) < 0 || rtnl_open(loop, &hooks, NULL, "/run/probe.pid", &rtnl) < 0)
		return 1;
	for (long i = strtol(argv[3], NULL, 10); i > 0 && !error; i--) {
		error = rtnl_set_addresses(rtnl, &instance, 1);
		if (!error)
			error = rtnl_remove_addresses(rtnl, &instance, 1);
	}
	rtnl_close(rtnl);
	loop_free(loop);
	return error ? 1 : 0;
}
