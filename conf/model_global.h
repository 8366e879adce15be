/* SPDX-License-Identifier: MIT */
/*
 * The part of the model that is about the daemon as a whole: global_defs and the plain keywords of
 * the top level; and what every part of the model is made of. As in conf/model.h durations are in
 * microseconds unless a name says otherwise, and strings are never NULL unless a comment says so.
 * Included by conf/model.h; not meant to be included by itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/ip.h"
#include "core/base/tune.h"

#define CONF_NONE UINT32_MAX /* "no such index" */

enum conf_switch { CONF_UNSET = -1, CONF_OFF = 0, CONF_ON = 1 };

/* A command to run: executed directly, never through a shell. */
struct conf_command {
	char *text;  /* as configured, for display; NULL when no command is configured */
	char **argv; /* NULL-terminated; argv[0] is the program */
	char *user;  /* NULL: the global script user */
	char *group; /* NULL: that user's group */
};

/* A FIFO that events are written to, and the program that reads it. */
struct conf_fifo {
	char *fifo_path; /* NULL: none */
	char *fifo_user, *fifo_group;
	struct conf_command fifo_reader; /* gets the path as its last argument */
};

/* Rules of the packet filter, for no_accept, for use_vmac and for groups of virtual servers. */
struct conf_filter {
	char *nft_table; /* NULL: nftables is not asked for */
	int32_t nft_priority;
	bool nft_counters;
	char *nft_ipvs_table; /* NULL: virtual server groups are not marked */
	int32_t nft_ipvs_priority;
	uint32_t nft_ipvs_mark; /* the first one */
	bool iptables;
	char *iptables_in, *iptables_out; /* chains; NULL: no rules in that direction */
	enum conf_switch ipsets;
	char **ipset_names;
	size_t n_ipset_names;
};

struct conf_sync_daemon {
	char *interface; /* NULL: no daemon */
	char *instance;	 /* whose state it follows; NULL: master and backup run always */
	int id;		 /* 0..255, -1: the instance's virtual_router_id, or 0 */
	uint16_t maxlen; /* 0: the kernel's */
	uint16_t port;	 /* likewise */
	uint8_t ttl;	 /* likewise */
	struct ip group; /* AF_UNSPEC: the kernel's */
};

/* Receive buffer of a socket. */
struct conf_buffer {
	uint32_t bytes; /* 0: as the kernel makes it */
	bool force;	/* beyond net.core.rmem_max */
};

/* One of the engines. */
struct conf_thread {
	struct tune tune;
	char *thread_name; /* NULL: vipd's own; tune has the name in force */
	bool no_swap;
	uint32_t rttime_us; /* most CPU time without a blocking call, at a real-time priority; 0:
			       any */
};

enum conf_rx_policy { CONF_RX_KERNEL, CONF_RX_MTU, CONF_RX_ADVERT, CONF_RX_BYTES };

/* Keywords of the process and of files. */
struct conf_process {
	bool process_names;
	char *process_name;	   /* of the main thread; NULL: vipd */
	struct conf_buffer events; /* process connector */
	enum conf_rx_policy rx_policy;
	uint32_t rx_bytes, rx_multiplier;
	int8_t max_auto_priority; /* -1: never, 0: off */
	uint32_t auto_priority_delay_us;
	int umask;	       /* -1: none given */
	char *config_save_dir; /* NULL: none, as with all that follow */
	char *iproute_usr_dir, *iproute_etc_dir;
	bool reload_check_config;
	char *reload_check_log;
	char *reload_time_file;
	bool reload_repeat;
	bool reload_marks; /* reload_file is given */
	char *reload_file; /* NULL: the default, when given */
	/* of the top level */
	char *net_namespace, *net_namespace_ipvs; /* NULL: none; "": the machine's first */
	char *instance;
	bool use_pid_dir, linkbeat_use_polling;
	uint64_t child_wait_us;
};

/* vipd's own: what becomes of what others change in the kernel's table. */
enum conf_drift { CONF_DRIFT_REPAIR, CONF_DRIFT_LEAVE };

struct conf_global {
	char *router_id; /* host name by default */
	char **emails;
	size_t n_emails;
	char *email_from;
	char *smtp_server; /* "" : none */
	uint16_t smtp_port;
	char *smtp_helo; /* NULL: host name */
	uint64_t smtp_timeout_us;
	enum conf_switch smtp_alert, smtp_alert_vrrp, smtp_alert_checker;
	bool no_email_faults, no_checker_emails;
	/* NULL: keepalived_script if it exists, else the daemon's own */
	char *script_user, *script_group;
	bool script_security, use_symlink_paths, set_supplementary_groups;
	struct conf_command startup_script, shutdown_script;
	uint64_t startup_timeout_us, shutdown_timeout_us;
	struct conf_fifo notify_fifo, vrrp_fifo, lvs_fifo;
	bool fifo_write_states;
	bool lvs_fifo_nul; /* a record of a server ends with a zero octet */
	char *snmp_socket; /* NULL: net-snmp's default */
	bool snmp_vrrp, snmp_checker, snmp_rfcv2, snmp_rfcv3;
	bool snmp_lvs; /* vipd's own: LVS-MIB, the alias */
	bool snmp_traps;
	bool snmp_read_only;		   /* vipd's own: every SET answers notWritable */
	uint64_t vs_stats_us, rs_stats_us; /* 0: not given */
	bool dbus;
	char *dbus_service_name, *dbus_no_interface_name; /* NULL: keepalived's default */
	bool data_use_instance;
	uint8_t json_version;
	char *state_dump_file, *stats_dump_file, *json_dump_file; /* NULL: the default */
	struct ip mcast_group4, mcast_group6;
	bool dynamic_interfaces; /* for display: vipd always waits for missing interfaces */
	bool allow_if_changes;
	char *default_interface; /* NULL: eth0 */
	bool disable_local_igmp, log_unknown_vrids;
	char *vmac_prefix, *vmac_addr_prefix; /* NULL: "vrrp", the former */
	struct conf_filter filter;
	bool lvs_flush;
	/* 0 no, 1 everything, 2 our virtual servers only; MIB: enabled(1) disabled(2) flushVS(3) */
	int lvs_flush_on_stop;
	/* 0: leave the kernel's */
	uint32_t lvs_tcp_timeout_s, lvs_tcpfin_timeout_s, lvs_udp_timeout_s;
	enum conf_drift lvs_drift;
	bool v3_checksum_as_v2; /* default of instances; for display */
	struct conf_sync_daemon sync;
	bool checker_log_all_failures, rs_init_notifies;
	struct conf_buffer vrrp_cmd, vrrp_monitor, lvs_cmd, lvs_monitor; /* of netlink */
	struct conf_thread vrrp, checker, bfd;
	struct conf_process process;
	/* 0: none */
	uint64_t startup_delay_us, delay_after_boot_us;
};

/* Whether mail tells of an instance or sync group with that smtp_alert of its own. */
static inline bool conf_mails_router(const struct conf_global *global, enum conf_switch own)
{
	if (own == CONF_UNSET)
		own = global->smtp_alert_vrrp;
	return (own == CONF_UNSET ? global->smtp_alert : own) == CONF_ON;
}

/* The same of a virtual server. */
static inline bool conf_mails_service(const struct conf_global *global, enum conf_switch own)
{
	if (own == CONF_UNSET)
		own = global->smtp_alert_checker;
	return (own == CONF_UNSET ? global->smtp_alert : own) == CONF_ON;
}

/* The same of a real server, which is told of unless something says no. */
static inline bool conf_mails_server(const struct conf_global *global, enum conf_switch own)
{
	if (own == CONF_UNSET)
		own = global->smtp_alert_checker;
	return (own == CONF_UNSET ? global->smtp_alert : own) != CONF_OFF;
}

/* Whether any part is to be seen over SNMP; without, the agent waits for a configuration. */
static inline bool conf_wants_snmp(const struct conf_global *global)
{
	return global->snmp_vrrp || global->snmp_checker || global->snmp_rfcv2 ||
	       global->snmp_rfcv3 || global->snmp_lvs;
}
