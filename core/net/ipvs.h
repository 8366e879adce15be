/* SPDX-License-Identifier: MIT */
/*
 * The kernel behind struct ipvs_ops: generic netlink family IPVS. Thread: whichever opened it
 * (check).
 */
#pragma once

#include "core/ipvs.h"

const struct ipvs_ops *ipvs_netlink_ops(void);
