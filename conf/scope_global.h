/* SPDX-License-Identifier: MIT */
/*
 * The tables that make up global_defs, one for each theme, and what they share. Private to the
 * files conf/scope_global*.c.
 */
#pragma once

#include "conf/build.h"
#include "conf/options.h"
#include "conf/scopes.h"

/* Several blocks add up to one draft; GLOBAL() is a field of it, MODEL() one that is kept. */
#define GLOBAL(member)	OPTION_FIELD(draft_global, member), .reload = OPTION_IN_PLACE
#define MODEL(member)	GLOBAL(model.member)
#define REFUSED(member) OPTION_FIELD(draft_global, model.member), .reload = OPTION_REFUSED

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

/* Delays in fractions of a second: what fits into 32 bits of microseconds. */
#define DELAY_MAX_US INT64_C(4294967295)

#define PATH_LONGEST 1023

extern const struct option global_vrrp_rows[], global_filter_rows[], global_lvs_rows[],
	global_process_rows[], global_file_rows[], root_process_rows[];

/* For rows whose value shows elsewhere: in each instance, or in the text that was read. */
void dump_nothing(struct dump *dump, const struct option *row, const void *model);
