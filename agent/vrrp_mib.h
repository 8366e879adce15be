/* SPDX-License-Identifier: MIT */
/*
 * Where VRRP-MIB (RFC 2787) stands, and which instances it is about. Thread: agent.
 */
#pragma once

#include <stdbool.h>

struct conf_instance;

#define VRRP_MIB_ROOT 1, 3, 6, 1, 2, 1, 68

/* The module covers version 2 over IPv4 only. */
bool vrrp_mib_covers(const struct conf_instance *conf);
