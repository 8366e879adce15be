/* SPDX-License-Identifier: MIT */
/*
 * Names of states and reasons, for logs and tests. Any thread.
 */
#include "core/vrrp/fsm.h"

#include <assert.h>

static const char *const why_names[] = {
	[VRRP_WHY_START] = "started",
	[VRRP_WHY_RECOVERED] = "fault has cleared",
	[VRRP_WHY_OWNER] = "owner of the addresses",
	[VRRP_WHY_SILENCE] = "master is silent",
	[VRRP_WHY_RELEASED] = "master has resigned",
	[VRRP_WHY_PREEMPTED] = "master has a lower priority",
	[VRRP_WHY_GROUP] = "sync group",
	[VRRP_WHY_LATE] = "own adverts were too late",
	[VRRP_WHY_HIGHER_PRIORITY] = "heard a higher priority",
	[VRRP_WHY_HIGHER_ADDRESS] = "heard an equal priority with a higher address",
	[VRRP_WHY_ADDRESSES_FAILED] = "addresses could not be set",
	[VRRP_WHY_ADDRESSES_SILENT] = "addresses were not confirmed in time",
	[VRRP_WHY_UNSUPPORTED] = "not supported",
	[VRRP_WHY_LINK] = "interface is down",
	[VRRP_WHY_SOURCE] = "no source address",
	[VRRP_WHY_PEERS] = "no unicast peer",
	[VRRP_WHY_SOCKET] = "no socket",
	[VRRP_WHY_TRACK] = "tracked object is down",
	[VRRP_WHY_STATIC] = "a static address, route or rule is missing",
	[VRRP_WHY_ADMIN] = "administrator",
	[VRRP_WHY_STOP] = "stopping",
};
static_assert(sizeof why_names / sizeof *why_names == VRRP_WHYS, "one name for each reason");

static const char *const state_names[] = {
	[VRRP_INITIALIZE] = "INITIALIZE",
	[VRRP_BACKUP] = "BACKUP",
	[VRRP_MASTER] = "MASTER",
	[VRRP_FAULT] = "FAULT",
};

const char *vrrp_why_name(enum vrrp_why why)
{
	return (unsigned)why < VRRP_WHYS ? why_names[why] : "unknown";
}

const char *vrrp_state_name(enum vrrp_state state)
{
	return (unsigned)state <= VRRP_FAULT ? state_names[state] : "unknown";
}
