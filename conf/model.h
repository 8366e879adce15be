/* SPDX-License-Identifier: MIT */
/*
 * The configuration as the daemon uses it: immutable, inheritance resolved, defaults filled in,
 * shared between threads by counted reference. Made by conf_load() only. Every duration is in
 * microseconds, every port in host order, every string NUL-terminated UTF-8 and never NULL unless
 * its comment says so.
 *
 * Sources: keepalived.conf(5) for meanings and defaults; where vipd differs the option table says
 * so.
 */
#pragma once

#include <net/if.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/ip.h"

#define CONF_NONE UINT32_MAX /* "no such index" */

enum conf_switch { CONF_UNSET = -1, CONF_OFF = 0, CONF_ON = 1 };

/* A command to run: executed directly, never through a shell. */
struct conf_command {
	char *text;  /* as configured, for display; NULL when no command is configured */
	char **argv; /* NULL-terminated; argv[0] is the program */
	char *user;  /* NULL: the global script user */
	char *group; /* NULL: that user's group */
};

/* ---- VRRP ---- */

/* KEEPALIVED-MIB VrrpState numbers */
enum conf_vrrp_state {
	CONF_STATE_BACKUP = 1,
	CONF_STATE_MASTER = 2,
};
enum conf_auth { CONF_AUTH_NONE = 0, CONF_AUTH_PASS = 1, CONF_AUTH_AH = 2 };

struct conf_address {
	struct ip ip;
	uint8_t prefix;
	uint8_t scope;	     /* rtnetlink RT_SCOPE_ number */
	char *device;	     /* the instance's interface unless `dev` says otherwise */
	char *label;	     /* NULL: none */
	struct ip broadcast; /* AF_UNSPEC: none */
	struct ip peer;	     /* AF_UNSPEC: none */
};

/* One line of a track_script or track_interface block. */
struct conf_track {
	char *name;	 /* of the script or interface */
	uint32_t script; /* index into conf.scripts; CONF_NONE for an interface */
	int16_t weight;	 /* 0: failure puts the instance into FAULT */
	bool reverse;
};

struct conf_notify {
	struct conf_command master, backup, fault, stop, any, master_rx_lower_pri;
};

struct conf_instance {
	char *name;
	char *interface;
	enum conf_vrrp_state state;
	uint8_t vrid;
	uint8_t priority; /* 1..255; 255: address owner */
	uint8_t version;  /* 2 or 3 */
	uint64_t advert_us;
	bool preempt;
	uint64_t preempt_delay_us;
	enum conf_auth auth;
	uint8_t auth_pass[8]; /* zero filled */
	bool accept;
	bool dont_track_primary;
	bool lower_prio_no_advert, higher_prio_send_advert;
	uint8_t down_timer_adverts;
	struct ip source;      /* mcast_src_ip; AF_UNSPEC: primary address of the interface */
	struct ip mcast_group; /* mcast_dst_ip; AF_UNSPEC: the global one */
	struct ip *peers;      /* unicast_peer; with any, adverts must not be multicast */
	size_t n_peers;
	uint64_t garp_delay_us, garp_refresh_us, garp_lower_prio_delay_us, garp_interval_us;
	uint32_t garp_repeat, garp_refresh_repeat, garp_lower_prio_repeat;
	struct conf_address *addresses; /* advertised, in configuration order */
	size_t n_addresses;
	struct conf_address *excluded; /* set with the others, not advertised */
	size_t n_excluded;
	struct conf_track *scripts;
	size_t n_scripts;
	struct conf_track *interfaces;
	size_t n_interfaces;
	struct conf_notify notify;
	enum conf_switch smtp_alert;
	uint32_t group; /* index into conf.groups, CONF_NONE when in no sync group */
	unsigned line;	/* where it was defined, for messages */
};

struct conf_group {
	char *name;
	uint32_t *members; /* indices into conf.instances */
	size_t n_members;
	struct conf_notify notify; /* master, backup, fault, stop, any */
	enum conf_switch smtp_alert;
	bool tracking_weight;
};

struct conf_script {
	char *name;
	struct conf_command command;
	uint64_t interval_us, timeout_us;
	int16_t weight;
	bool reverse;
	uint32_t rise, fall;
	bool init_fail;
};

/* ---- virtual servers ---- */

enum conf_forward { CONF_NAT = 1, CONF_DR = 2, CONF_TUN = 3 }; /* KEEPALIVED-MIB numbers */
/* kernel IP_VS_CONN_F_TUNNEL_TYPE_ numbers */
enum conf_tunnel {
	CONF_IPIP = 0,
	CONF_GUE = 1,
	CONF_GRE = 2,
};
enum conf_checksum { CONF_NOCSUM = 0, CONF_CSUM = 1, CONF_REMCSUM = 2 }; /* kernel numbers */

struct conf_method {
	enum conf_forward forward;
	enum conf_tunnel tunnel;
	uint16_t tunnel_port;
	enum conf_checksum tunnel_checksum;
};

/* What identifies a service to the kernel. Compare with svc_key_compare(). */
struct svc_key {
	uint32_t fwmark;  /* 0: by address */
	struct ip ip;	  /* family always set; octets zero with a fwmark */
	uint8_t protocol; /* IPPROTO_; 0 with a fwmark */
	uint16_t port;
};

struct dest_key {
	struct ip ip;
	uint16_t port;
};

enum conf_checker_type {
	CONF_TCP_CHECK,
	CONF_HTTP_GET,
	CONF_SSL_GET,
	CONF_MISC_CHECK,
	CONF_CHECKER_TYPES
};

struct conf_url {
	char *path;
	char *virtualhost; /* NULL: the checker's */
	bool has_digest;
	uint8_t digest[16]; /* MD5 of the body */
	uint8_t status[75]; /* bit (code-100) set: accepted; codes 100..599; default 200-299 */
};

struct conf_checker {
	enum conf_checker_type type;
	struct ip connect_ip;  /* resolved: the real server's unless set */
	uint16_t connect_port; /* likewise */
	struct ip bind_ip;     /* AF_UNSPEC: any */
	uint16_t bind_port;    /* 0: any */
	char *bind_interface;  /* NULL: any */
	uint32_t mark;	       /* SO_MARK, 0: none */
	uint64_t connect_timeout_us, delay_loop_us, delay_before_retry_us, warmup_us;
	uint32_t retry;
	bool alpha;
	bool log_all_failures;
	/* HTTP_GET, SSL_GET */
	struct conf_url *urls;
	size_t n_urls;
	char *virtualhost; /* NULL: none */
	bool sni;
	char *sni_name;	    /* NULL: the virtual host */
	uint8_t http_minor; /* HTTP/1.0 or 1.1 */
	bool http_close;    /* "1.0C": send Connection: close with 1.0 */
	/* MISC_CHECK */
	struct conf_command command;
	uint64_t misc_timeout_us;
	bool misc_dynamic;
	unsigned line;
};

struct conf_real_server {
	struct dest_key key; /* port already adapted to the service as the kernel wants it */
	uint32_t weight;     /* 0..65535 */
	uint32_t upper_threshold, lower_threshold;
	struct conf_method method;
	bool inhibit_on_failure;
	bool alpha;
	struct conf_command notify_up, notify_down;
	struct conf_checker *checkers;
	size_t n_checkers;
	char *virtualhost; /* NULL: none */
	char *snmp_name;   /* NULL: none */
	enum conf_switch smtp_alert;
	/* Inherited by checkers; kept for KEEPALIVED-MIB. */
	uint64_t delay_loop_us, delay_before_retry_us, warmup_us, connect_timeout_us;
	uint32_t retry;
	unsigned line;
};

/* KEEPALIVED-MIB numbers */
enum conf_vs_type {
	CONF_VS_FWMARK = 1,
	CONF_VS_ADDRESS = 2,
	CONF_VS_GROUP = 3,
};

struct conf_virtual_server {
	enum conf_vs_type type;
	/* stable identity: "192.0.2.1:80/tcp", "[2001:db8::1]:80/tcp", "fwmark:5/inet",
	 * "group:NAME/tcp" */
	char *id;
	char *group_name; /* NULL unless CONF_VS_GROUP */
	/* what it is to the kernel: one, or one for each member of the group */
	struct svc_key *keys;
	size_t n_keys;
	uint8_t protocol; /* IPPROTO_; 0: none given (fwmark) */
	char scheduler[16];
	bool flag1, flag2, flag3; /* sh/mh: fallback, port; flag3 */
	bool one_packet;
	bool hashed; /* for display: the kernel sets it by itself */
	struct conf_method method;
	uint32_t persistence_s;	     /* 0: not persistent */
	uint32_t persistence_prefix; /* 32 or 128 unless granularity is set */
	char *persistence_engine;    /* NULL: none */
	uint64_t delay_loop_us, delay_before_retry_us, warmup_us, connect_timeout_us;
	uint32_t retry, weight;
	bool alpha, omega, ha_suspend, inhibit_on_failure;
	uint32_t quorum, hysteresis;
	struct conf_command quorum_up, quorum_down;
	bool has_sorry;
	struct dest_key sorry;
	struct conf_method sorry_method;
	bool sorry_inhibit;
	char *virtualhost; /* NULL: none */
	char *snmp_name;   /* NULL: none */
	enum conf_switch smtp_alert;
	struct conf_real_server *servers;
	size_t n_servers;
	unsigned line;
};

/* ---- global ---- */

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
	bool no_email_faults;
	/* NULL: keepalived_script if it exists, else the daemon's own */
	char *script_user, *script_group;
	bool script_security;
	char *snmp_socket; /* NULL: net-snmp's default */
	bool snmp_vrrp, snmp_checker, snmp_rfcv2, snmp_rfcv3;
	bool snmp_traps;
	bool snmp_read_only; /* vipd's own: every SET answers notWritable */
	struct ip mcast_group4;
	bool dynamic_interfaces; /* for display: vipd always waits for missing interfaces */
	bool lvs_flush;
	/* 0 no, 1 everything, 2 our virtual servers only; MIB: enabled(1) disabled(2) flushVS(3) */
	int lvs_flush_on_stop;
	/* 0: leave the kernel's */
	uint32_t lvs_tcp_timeout_s, lvs_tcpfin_timeout_s, lvs_udp_timeout_s;
	bool checker_log_all_failures, rs_init_notifies;
	uint8_t vrrp_rt_priority; /* SCHED_RR, 0: off */
	int8_t vrrp_nice, checker_nice;
	uint64_t startup_delay_us;
};

struct conf {
	_Atomic uint32_t references;
	/* 1 for the first load of the process, then counting; set by the caller of conf_load() */
	uint64_t generation;
	char *file;
	struct conf_global global;
	struct conf_instance *instances;
	size_t n_instances;
	struct conf_group *groups;
	size_t n_groups;
	struct conf_script *scripts;
	size_t n_scripts;
	struct conf_virtual_server *services;
	size_t n_services;
	struct conf_arena *arena; /* owns every pointer above; private to conf/ */
};

/*
 * Any thread. Dropping the last reference frees. The main thread keeps a reference of its own until
 * it is the last holder, so that no engine ever pays for the free.
 */
const struct conf *conf_ref(const struct conf *conf);
const struct conf *conf_unref(const struct conf *conf); /* accepts and returns NULL */

/*
 * Why the VRRP engine must not run this instance, NULL when it may. An instance that asks for what
 * vipd cannot do stays in FAULT: running it in another way (multicast instead of unicast, another
 * group) would be worse than not at all. The one list; said at load and by the engine.
 */
static inline const char *conf_instance_unsupported(const struct conf_instance *instance)
{
	if ((instance->n_addresses && instance->addresses[0].ip.family == AF_INET6) ||
	    instance->source.family == AF_INET6)
		return "VRRP over IPv6 is not supported yet";
	if (instance->version != 2)
		return "VRRP version 3 is not supported yet";
	if (instance->auth == CONF_AUTH_AH)
		return "authentication by AH is not supported";
	if (instance->n_peers)
		return "unicast_peer is not supported yet";
	if (ip_is_set(&instance->mcast_group))
		return "mcast_dst_ip is not supported yet";
	return NULL;
}

int svc_key_compare(const struct svc_key *a, const struct svc_key *b);
int dest_key_compare(const struct dest_key *a, const struct dest_key *b);

#define KEY_TEXT_MAX 64 /* octets of the longest key text, terminator included */

/* "192.0.2.1:80/tcp", "[2001:db8::1]:80/udp", "fwmark:5/inet"; "10.0.0.1:80". Each returns room. */
char *svc_key_format(const struct svc_key *key, char room[static KEY_TEXT_MAX]);
char *dest_key_format(const struct dest_key *key, char room[static KEY_TEXT_MAX]);
/* "tcp", "udp", "sctp"; "any" for what IPVS cannot balance. */
const char *conf_protocol_name(uint8_t protocol);
