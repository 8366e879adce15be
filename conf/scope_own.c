/* SPDX-License-Identifier: MIT */
/*
 * Keywords about virtual and real servers that keepalived does not have: how a server comes back
 * into service and how it leaves when it is taken out of the configuration. Constant tables.
 */
#include "conf/scope_lvs.h"

#define SECONDS_MAX_US (INT64_C(604800) * 1000000) /* a week, as for a drain */

#define SERVICE(member) OPTION_FIELD(draft_virtual_server, model.member)
#define SERVER(member)	OPTION_FIELD(draft_real_server, model.member)
#define WHOLE                                                                                      \
	.reload = OPTION_IN_PLACE, .flags = OPTION_HAS_FIELD | OPTION_HAS_DEFAULT | OPTION_WHOLE,  \
	.min = 0, .max = SECONDS_MAX_US, .argument = "SECONDS"

const struct option service_own_rows[] = {
	{"slow_start", OPTION_TIME, SERVICE(slow_start_us), WHOLE,
	 .help = "what the real servers have that name none; vipd's own"},
	{"drain_on_removal", OPTION_TIME, SERVICE(drain_on_removal_us), WHOLE,
	 .help = "a real server that a reload takes away stays in the kernel with weight 0 until "
		 "its connections have ended, but no longer than this; vipd's own"},
	{.name = NULL},
};

const struct option server_own_rows[] = {
	{"slow_start", OPTION_TIME, SERVER(slow_start_us), WHOLE,
	 .help = "time over which the weight grows to its full size after the server comes back "
		 "from a failure, a drain or a lock, so nothing with a weight of 1; the service's "
		 "by "
		 "default; vipd's own"},
	{.name = NULL},
};
