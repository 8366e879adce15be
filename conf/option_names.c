/* SPDX-License-Identifier: MIT */
/*
 * Keywords of keepalived that vipd knows by name only: each use warns and is ignored with its
 * block. A keyword leaves this list when it gets a row in a table. Source: keepalived.conf(5).
 */
#include "conf/options.h"

static const char *const names[] = {
	/* top level */
	"SSL",
	"bfd_instance",
	"garp_group",
	"interface_up_down_delays",
	"linkbeat_interfaces",
	"static_ipaddress",
	"static_routes",
	"static_rules",
	"track_file",
	"track_group",
	"vrrp_track_file",
	"vrrp_track_process",
	/* global_defs */
	/* vrrp_instance, vrrp_sync_group */
	"auth_hmac",
	"check_unicast_src",
	"debug",
	"garp_extra_if",
	"kernel_rx_buf_size",
	"notify_deleted",
	"notify_priority_changes",
	"old_unicast_checksum",
	"owner_ignore_adverts",
	"promote_secondaries",
	"skip_check_adv_addr",
	"strict_mode",
	"thread_timer_expired",
	"timer_expired_backup",
	"track_bfd",
	"track_process",
	"track_src_ip",
	"unicast_fault_no_peer",
	"unicast_ttl",
	"use_ipvlan",
	"use_vmac",
	"use_vmac_addr",
	"virtual_routes",
	"virtual_rules",
	"vmac_garp_intvl",
	"vmac_xmit_base",
	"vrf",
	/* checkers */
	"BFD_CHECK",
	"DNS_CHECK",
	"FILE_CHECK",
	"PING_CHECK",
	"SMTP_CHECK",
	"UDP_CHECK",
	"fast_recovery",
	"regex",
	"regex_max_offset",
	"regex_min_offset",
	"regex_no_match",
	"regex_options",
	"regex_stack",
	"tls_compliant",
	NULL,
};

const char *const *option_known_names(void)
{
	return names;
}
