/* SPDX-License-Identifier: MIT */
/*
 * The scopes by name, for the tables that refer to each other. Private to conf/.
 */
#pragma once

#include "conf/model.h"
#include "conf/options.h"

extern const struct option_scope scope_root, scope_global, scope_email, scope_script,
	scope_instance, scope_auth, scope_address, scope_excluded, scope_peers, scope_hmac,
	scope_group, scope_members, scope_address_group, scope_service, scope_server, scope_tcp,
	scope_http, scope_ssl, scope_url, scope_misc;
extern const struct option_scope scope_static_address, scope_routes, scope_static_routes,
	scope_rules, scope_static_rules, scope_track_group, scope_track_members;

/* Checkers, and SSL. */
extern const struct option_scope scope_tls, scope_smtp, scope_smtp_host, scope_dns, scope_bfd_check,
	scope_udp, scope_ping, scope_file_check;

extern const struct option_scope scope_instance_interface, scope_instance_script,
	scope_instance_file, scope_instance_process, scope_instance_bfd, scope_group_interface,
	scope_group_script, scope_group_file, scope_group_process, scope_group_bfd;

extern const struct option_scope scope_track_file, scope_track_process, scope_bfd, scope_garp_group,
	scope_garp_interfaces, scope_linkbeat, scope_link_delays;

/* The second table of the top level. */
extern const struct option vrrp_root_rows[];

/* Bounds that several tables share. */
/* Keepalived takes these; OPTION_ROUNDED brings them to what is sensible. */
#define TIME_ANY_MAX_US	    (INT64_MAX - 1)
#define CONNECT_TIME_MAX_US UINT32_MAX
/* Delays in whole seconds: what fits into 32 bits of microseconds, and of seconds. */
#define DELAY_WHOLE_US INT64_C(4294000000)
#define SECONDS_MAX_US (INT64_C(4294967295) * 1000000)

/* The keywords of a checker of that type. */
const struct option_scope *checker_scope(enum conf_checker_type type);

/* Dump functions of rows whose table stands in another file. */
void dump_address_groups(struct dump *dump, const struct option *row, const void *model);
void dump_tls(struct dump *dump, const struct option *row, const void *model);
void dump_services(struct dump *dump, const struct option *row, const void *model);
