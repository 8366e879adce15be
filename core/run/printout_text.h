/* SPDX-License-Identifier: MIT */
/*
 * The texts that SIGUSR1 and SIGUSR2 write to files: the configuration with the state of
 * everything, and the counters of the virtual routers, the latter word by word as keepalived 2.2.7
 * writes them. Pure. Each text is the caller's to free, NULL when memory is out; a
 * snapshot may be NULL: its engine has published nothing.
 */
#pragma once

#include "conf/model.h"
#include "core/snap.h"

/* keepalived's word for a state; "?" for none that there is. Not freed. */
const char *printout_state(enum vrrp_state state);

char *printout_data(const struct conf *conf, const struct snap_vrrp *vrrp,
		    const struct snap_check *check);

/* What was counted when counters were last cleared, by name of instance. */
struct printout_base {
	size_t n;
	struct printout_base_row {
		char name[64];
		struct vrrp_stats stats;
	} rows[];
};

/* base: NULL, nothing was cleared so far. */
char *printout_stats(const struct snap_vrrp *vrrp, const struct printout_base *base);

/* The counters of now as a new base; NULL: no memory. The caller frees it. */
struct printout_base *printout_base_new(const struct snap_vrrp *vrrp);
