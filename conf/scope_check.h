/* SPDX-License-Identifier: MIT */
/*
 * What the tables of the checkers share. Private to conf/.
 */
#pragma once

#include "conf/build.h"
#include "conf/dump.h"
#include "conf/options.h"

#define FIELD	       OPTION_HAS_FIELD
#define DEFAULT	       (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)
#define CHECKER(field) OPTION_FIELD(draft_checker, model.field), .reload = OPTION_RESTART

/* The options of every checker that runs by itself, and of all that use the network. */
extern const struct option check_common_rows[], check_connection_rows[];

/* A checker of that type, with its defaults, of the real server parent. */
struct draft_checker *check_add(struct build *build, const struct node *node, void *parent,
				enum conf_checker_type type);

/* Of url: the search in the body. */
extern const struct option check_regex_rows[];
/* What is wrong with it when the url is complete. */
void check_regex(struct build *build, const struct node *url, const struct conf_regex *regex);
