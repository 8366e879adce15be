/* SPDX-License-Identifier: MIT */
/*
 * The control commands, one row each: X(word, arguments, help). The daemon makes of a row the
 * function control_WORD(), vipctl its own ctl_WORD(); help and completion come from the same rows.
 */
#pragma once

#define CTL_COMMANDS(X)                                                                            \
	X(status, "", "instances, services, servers, drains, agent, threads")                      \
	X(drain,                                                                                   \
	  "[VS] RS | --all VS [--timeout S] [--action keep|lock|unlock] [--comment TEXT] "         \
	  "[--force]",                                                                             \
	  "let a real server finish its connections, give it no new ones")                         \
	X(undrain, "[VS] RS | --all VS", "put a drained or locked real server back into service")  \
	X(lock, "[VS] RS | --all VS [--comment TEXT] [--force]", "take a real server out at once") \
	X(policy, "allow|refuse", "whether a drain or lock may take the quorum of a service away") \
	X(reload, "", "read the configuration again and wait for the outcome")                     \
	X(config, "[FILE]", "print the effective configuration, of vipd or of a file")             \
	X(help, "", "list the commands")
