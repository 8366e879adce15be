/* SPDX-License-Identifier: MIT */
/*
 * Dump functions of the list blocks of VRRP objects, for their tables. Private to conf/.
 */
#pragma once

#include "conf/options.h"

void dump_addresses(struct dump *dump, const struct option *row, const void *model);
void dump_excluded(struct dump *dump, const struct option *row, const void *model);
void dump_peers(struct dump *dump, const struct option *row, const void *model);
void dump_track_scripts(struct dump *dump, const struct option *row, const void *model);
void dump_track_interfaces(struct dump *dump, const struct option *row, const void *model);
