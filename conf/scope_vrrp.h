/* SPDX-License-Identifier: MIT */
/*
 * What the tables of VRRP share: readers and dump functions. Private to conf/.
 */
#pragma once

#include "conf/build.h"
#include "conf/options.h"

/* The name behind a block keyword, NULL (and said so) when there is none. */
char *scope_block_name(struct build *build, const struct node *node);
/* "N [reverse]" from word 1 on, N from -most to most; leaves both alone when it is wrong. */
void scope_read_weight(struct build *build, const struct node *node, int64_t most,
		       int16_t *ret_weight, bool *ret_reverse);
void dump_weight(struct dump *dump, const struct option *row, int weight, bool reverse);

/* A line of a `group`: names of instances, into draft_member. */
void scope_read_members(struct build *build, const struct node *node, struct items *members);
void dump_members(struct dump *dump, const char *keyword, const uint32_t *members, size_t n);

void read_vmac(struct build *build, const struct node *node, void *draft);
void read_ipvlan(struct build *build, const struct node *node, void *draft);
void dump_vmac(struct dump *dump, const struct option *row, const void *model);
void dump_ipvlan(struct dump *dump, const struct option *row, const void *model);
void dump_auth(struct dump *dump, const struct option *row, const void *model);
void dump_hmac(struct dump *dump, const struct option *row, const void *model);

void dump_addresses(struct dump *dump, const struct option *row, const void *model);
void dump_excluded(struct dump *dump, const struct option *row, const void *model);
void dump_peers(struct dump *dump, const struct option *row, const void *model);
void dump_instance_tracks(struct dump *dump, const struct option *row, const void *model);
void dump_group_tracks(struct dump *dump, const struct option *row, const void *model);
void dump_linkbeats(struct dump *dump, const struct option *row, const void *model);
void dump_link_delays(struct dump *dump, const struct option *row, const void *model);
