/* SPDX-License-Identifier: MIT */
/*
 * What the tables of virtual servers, real servers and checkers share. Private to conf/.
 */
#pragma once

#include "conf/build.h"
#include "conf/dump.h"

#define METHOD_WORDS "NAT|DR|TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]"
/* NAT | DR | TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum] from word 1 on. */
void lvs_read_method(struct build *build, const struct node *node, struct conf_method *ret);
void lvs_dump_method(struct dump *dump, const char *name, const struct conf_method *method);

/* scope_own.c: keywords that only vipd has. */
extern const struct option service_own_rows[], server_own_rows[];

void dump_checkers(struct dump *dump, const struct option *row, const void *model);
