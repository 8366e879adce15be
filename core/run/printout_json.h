/* SPDX-License-Identifier: MIT */
/*
 * What the signal JSON writes: the virtual routers, with the keys and in the order of keepalived
 * 2.2.7; in version 2 tracked processes too. Pure. Thread: main.
 */
#pragma once

#include "conf/model.h"
#include "core/snap.h"

/* A tracked process at the moment. */
struct printout_process {
	uint32_t running;
	bool enough, fork_delayed, terminate_delayed;
};

/*
 * vrrp: NULL, nothing is published. processes: one for each of vrrp->conf->processes, for version
 * 2. Returns a string that the caller frees, NULL when memory is out; what of a row there was no
 * memory for is left out.
 */
char *printout_json(const struct snap_vrrp *vrrp, unsigned version,
		    const struct printout_process *processes);
