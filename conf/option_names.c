/* SPDX-License-Identifier: MIT */
/*
 * Keywords of keepalived that vipd knows by name only: each use warns and is ignored with its block. A keyword
 * leaves this list when it gets a row in a table. Source: keepalived.conf(5).
 */
#include "conf/options.h"

static const char *const names[] = {
	/* top level */
	"SSL", "bfd_instance", "child_wait_time", "garp_group", "instance", "interface_up_down_delays",
	"linkbeat_interfaces", "linkbeat_use_polling", "namespace_with_ipsets", "net_namespace",
	"net_namespace_ipvs", "static_ipaddress", "static_routes", "static_rules", "track_file", "track_group",
	"use_pid_dir", "vrrp_track_file", "vrrp_track_process",
	/* global_defs */
	"bfd_cpu_affinity", "bfd_no_swap", "bfd_priority", "bfd_process_name", "bfd_rlimit_rtime",
	"bfd_rlimit_rttime", "bfd_rt_priority", "checker_cpu_affinity", "checker_no_swap", "checker_process_name",
	"checker_rlimit_rtime", "checker_rlimit_rttime", "checker_rt_priority", "config_save_dir",
	"data_use_instance", "dbus_no_interface_name", "dbus_service_name", "disable_local_igmp", "enable_dbus",
	"fifo_write_vrrp_states_on_reload", "include_check", "iproute_etc_dir", "iproute_usr_dir",
	"json_dump_file", "json_version", "log_unknown_vrids", "lvs_netlink_cmd_rcv_bufs",
	"lvs_netlink_cmd_rcv_bufs_force", "lvs_netlink_monitor_rcv_bufs", "lvs_netlink_monitor_rcv_bufs_force",
	"lvs_notify_fifo", "lvs_notify_fifo_script", "lvs_process_name", "lvs_sync_daemon", "max_auto_priority",
	"min_auto_priority_delay", "nftables", "nftables_counters", "nftables_ifindex", "nftables_ipvs",
	"nftables_ipvs_priority", "nftables_ipvs_start_fwmark", "nftables_priority", "no_checker_emails",
	"notify_fifo", "notify_fifo_script", "process_monitor_rcv_bufs", "process_monitor_rcv_bufs_force",
	"process_name", "process_names", "random_seed", "reload_check_config", "reload_file", "reload_repeat",
	"reload_time_file", "set_supplementary_groups", "shutdown_script",
	"shutdown_script_timeout", "snmp_rs_stats_update_interval", "snmp_vs_stats_update_interval",
	"startup_script", "startup_script_timeout", "state_dump_file", "stats_dump_file", "tmp_config_directory",
	"umask", "use_symlink_paths", "v3_checksum_as_v2", "vmac_addr_prefix", "vmac_prefix",
	"vrrp_check_unicast_src", "vrrp_cpu_affinity", "vrrp_delay_after_boot", "vrrp_garp_extra_if",
	"vrrp_gna_interval", "vrrp_ipsets", "vrrp_iptables", "vrrp_mcast_group6",
	"vrrp_netlink_cmd_rcv_bufs", "vrrp_netlink_cmd_rcv_bufs_force", "vrrp_netlink_monitor_rcv_bufs",
	"vrrp_netlink_monitor_rcv_bufs_force", "vrrp_no_swap", "vrrp_notify_fifo", "vrrp_notify_fifo_script",
	"vrrp_notify_priority_changes", "vrrp_owner_ignore_adverts", "vrrp_process_name", "vrrp_rlimit_rtime",
	"vrrp_rlimit_rttime", "vrrp_rx_bufs_multiplier", "vrrp_rx_bufs_policy", "vrrp_skip_check_adv_addr",
	"vrrp_strict", "vrrp_vmac_garp_intvl",
	/* vrrp_instance, vrrp_sync_group */
	"auth_hmac", "check_unicast_src", "debug", "garp_extra_if", "kernel_rx_buf_size", "mcast_dst_ip",
	"notify_deleted", "notify_priority_changes", "old_unicast_checksum", "owner_ignore_adverts",
	"promote_secondaries", "skip_check_adv_addr", "strict_mode", "thread_timer_expired",
	"timer_expired_backup", "track_bfd", "track_process", "track_src_ip", "unicast_fault_no_peer",
	"unicast_peer", "unicast_ttl", "use_ipvlan", "use_vmac", "use_vmac_addr", "virtual_routes",
	"virtual_rules", "vmac_garp_intvl", "vmac_xmit_base", "vrf",
	/* checkers */
	"BFD_CHECK", "DNS_CHECK", "FILE_CHECK", "PING_CHECK", "SMTP_CHECK", "UDP_CHECK", "fast_recovery",
	"regex", "regex_max_offset", "regex_min_offset", "regex_no_match", "regex_options", "regex_stack",
	"tls_compliant",
	NULL,
};

const char *const *option_unsupported(void)
{
	return names;
}
