/* SPDX-License-Identifier: MIT */
/*
 * One load of the configuration: text, model, programs, and what was found. Done in main at the
 * start and under -t, in the helper thread at a reload.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "conf/load.h"
#include "core/run/options.h"

struct conf;
struct scripts;

struct load {
	const struct options *options;
	const struct conf *previous; /* in force; NULL at the start. load_clear() drops it */
	int error;		     /* 0, or negative errno: then there is no conf */
	const struct conf *conf;     /* one reference */
	struct scripts *scripts;
	struct diag_list diags;
	char *saved;	/* where config_save_dir has its copy; NULL: nowhere */
	int save_error; /* or why not */
	char *changes;	/* from previous to conf, as one line; NULL: not known */
};

/* Loads what the options name. */
void load_run(struct load *load);
void load_clear(struct load *load); /* frees what is still in it */

/* "FILE:LINE: message" of the first error and how many more there are; "" when there was none. */
void load_summary(const struct load *load, char *room, size_t size);

/* Every diagnostic, to the log or to a stream. */
void load_log(const struct load *load);
void load_print(const struct load *load, FILE *to);
