/* SPDX-License-Identifier: MIT */
/*
 * What address, route and rule lines share, and the dump functions of their blocks. Private to
 * conf/.
 */
#pragma once

#include "conf/line.h"
#include "conf/options.h"

/* The static blocks and track_group, for the top level. */
extern const struct option static_rows[];

/* Attribute `track_group NAME`; its field is a struct draft_group_name. */
bool read_track_group(struct line *line, const struct attribute *row, void *draft);
/* " track_group NAME" behind a line, nothing for CONF_NONE. */
void dump_track_group(struct dump *dump, uint32_t group);

void dump_static_addresses(struct dump *dump, const struct option *row, const void *model);
void dump_routes(struct dump *dump, const struct option *row, const void *model);
void dump_static_routes(struct dump *dump, const struct option *row, const void *model);
void dump_rules(struct dump *dump, const struct option *row, const void *model);
void dump_static_rules(struct dump *dump, const struct option *row, const void *model);
