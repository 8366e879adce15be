/* SPDX-License-Identifier: MIT */
/*
 * Where VRRP-MIB (RFC 2787) stands, which instances it is about, and what it shares with
 * VRRPV3-MIB. Thread: agent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct conf_instance;
struct ip;
struct snap_instance;
struct view;

#define VRRP_MIB_ROOT 1, 3, 6, 1, 2, 1, 68

/* The module covers version 2 over IPv4 only. */
bool vrrp_mib_covers(const struct conf_instance *conf);

/* initialize(1) backup(2) master(3); FAULT shows as initialize. */
int vrrp_mib_state(const struct snap_instance *instance);
/* An address written twice is one row of the associated addresses. */
bool vrrp_mib_is_repeated(const struct conf_instance *conf, size_t address);
/* One of the machine's own IPv4 addresses on the interface of the instance. */
bool vrrp_mib_has_address(const struct view *view, const struct snap_instance *instance,
			  const struct ip *address);
/* Administratively down, and something vipd can run: what is asked before most of a row may be
 * changed. */
bool vrrp_mib_may_change(const struct view *view, const struct snap_instance *instance);
