/* SPDX-License-Identifier: MIT */
/* Shared by the files of vipctl only. One process, one thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

enum ctl_exit {
	CTL_OK = 0,
	CTL_REFUSED = 1,     /* the daemon says no, or the configuration has errors */
	CTL_USAGE = 2,	     /* bad arguments */
	CTL_UNREACHABLE = 3, /* no vipd answers at that socket */
};

/* ctl_print.c: results for people, on stdout. */
void ctl_print_status(const json_t *status);
void ctl_print_servers(const char *verb, const json_t *result);
void ctl_print_help(const json_t *commands);

/* ctl_check.c: loads a file without a daemon. */
int ctl_check(const char *file, bool json);
