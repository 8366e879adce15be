/* SPDX-License-Identifier: MIT */
/*
 * The scopes by name, for the tables that refer to each other. Private to conf/.
 */
#pragma once

#include "conf/model.h"
#include "conf/options.h"

extern const struct option_scope scope_root, scope_global, scope_email, scope_script,
	scope_instance, scope_auth, scope_address, scope_excluded, scope_peers, scope_track_script,
	scope_track_interface, scope_group, scope_members, scope_group_script,
	scope_group_interface, scope_address_group, scope_service, scope_server, scope_tcp,
	scope_http, scope_ssl, scope_url, scope_misc;

/* Bounds that several tables share. */
#define TIME_MAX_US   (INT64_C(2678400) * 1000000) /* 31 days */
#define TIME_LEAST_US 1000

/* The keywords of a checker of that type. */
const struct option_scope *checker_scope(enum conf_checker_type type);

/* Dump functions of rows whose table stands in another file. */
void dump_address_groups(struct dump *dump, const struct option *row, const void *model);
void dump_services(struct dump *dump, const struct option *row, const void *model);
