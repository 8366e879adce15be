/* SPDX-License-Identifier: MIT */
/* Shared by the files of vipctl only. One process, one thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

enum ctl_exit {
	CTL_OK = 0,
	CTL_REFUSED = 1,     /* the daemon says no */
	CTL_USAGE = 2,	     /* bad arguments */
	CTL_UNREACHABLE = 3, /* no vipd answers at that socket */
	/* As vipd -t has them. */
	CTL_UNREADABLE = 4, /* the file cannot be read */
	CTL_ERRORS = 5,	    /* the configuration has errors */
};

struct conf;
struct conf_load_options;
struct diag_list;

/* ctl_print.c: results for people and programs, on stdout. */
void ctl_print_json(const json_t *value);
/* NULL is null; what is not UTF-8, which JSON cannot hold, a remark. */
json_t *ctl_text(const char *text);
void ctl_print_status(const json_t *status);
void ctl_print_servers(const char *verb, const json_t *result);
void ctl_print_policy(const char *word, const json_t *result);
void ctl_print_help(const json_t *commands);

/* ctl_check.c: files, without a daemon. Each returns the exit status. */
int ctl_check(const char *file, const struct conf_load_options *options, bool json);
int ctl_config_of(const char *file, const struct conf_load_options *options, bool json);
/* Loads a file for another purpose; what is wrong with it goes to stderr. One reference. */
int ctl_load(const char *file, const struct conf_load_options *options, const struct conf **ret);

/* ctl_diff.c: what a reload from one to the other changes. */
int ctl_print_diff(const struct conf *old, const struct conf *new, bool json);
/* From the answer to "config"; the strings of *ret_options are the answer's. */
int ctl_load_running(const json_t *answer, struct conf_load_options *ret_options,
		     const struct conf **ret);
