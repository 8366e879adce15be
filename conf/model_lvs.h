/* SPDX-License-Identifier: MIT */
/*
 * The part of the model that is about virtual servers: what they are to the kernel, their real
 * servers, and the checkers of these. Included by conf/model.h, whose words about units and strings
 * hold here.
 *
 * Source: keepalived.conf(5), LVS CONFIGURATION.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model_global.h"
#include "core/base/ip.h"

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
	CONF_SMTP_CHECK,
	CONF_DNS_CHECK,
	CONF_MISC_CHECK,
	CONF_BFD_CHECK,
	CONF_UDP_CHECK,
	CONF_PING_CHECK,
	CONF_FILE_CHECK,
	CONF_CHECKER_TYPES
};

/* What the body of a page is searched for. The load has compiled it once: it is valid. */
struct conf_regex {
	char *pattern;	     /* NULL: no search */
	uint32_t options;    /* as pcre2_compile() takes them */
	bool no_match;	     /* a match is the failure */
	uint32_t min_offset; /* of the body: the search starts here */
	uint32_t max_offset; /* and a match must start before; 0: anywhere */
	uint32_t stack_start_bytes, stack_max_bytes; /* of the matcher; 0: its own */
};

struct conf_url {
	char *path;
	char *virtualhost; /* NULL: the checker's */
	bool has_digest;
	uint8_t digest[16]; /* MD5 of the body */
	uint8_t status[75]; /* bit (code-100) set: accepted; codes 100..599; default 200-299 */
	struct conf_regex regex;
	enum conf_switch tls_compliant; /* CONF_UNSET: the checker's */
};

struct conf_smtp_check {
	char *helo_name;
};

struct conf_dns_check {
	uint16_t type; /* of the record asked for, RFC 1035 number */
	char *name;    /* labels of at most 63 octets; "." is the root */
};

/* Octets, of which the bits set in mask count. */
struct conf_octets {
	uint8_t *octets, *mask;
	size_t n;
};

struct conf_udp_check {
	struct conf_octets payload; /* every bit counts; none: the checker's own choice */
	struct conf_octets reply;   /* compared as far as both reach; none: any */
	uint16_t min_reply_bytes, max_reply_bytes;
	bool require_reply;
};

/* BFD_CHECK, FILE_CHECK: what the state of another object says. */
struct conf_object_check {
	char *name;
	uint32_t index; /* into conf.bfds or conf.files */
	int32_t weight; /* FILE_CHECK: times the value, added to the server's; 0: up or down */
	bool reverse;	/* the negative of it */
};

/* There are tens of thousands, most of them the same kind: fields stand where they leave no hole,
 * and what only some kinds have shares its place. Look at the type first. */
struct conf_checker {
	enum conf_checker_type type;
	struct ip connect_ip;  /* resolved: the real server's unless set */
	uint16_t connect_port; /* likewise */
	struct ip bind_ip;     /* AF_UNSPEC: any */
	uint16_t bind_port;    /* 0: any */
	uint32_t mark;	       /* SO_MARK, 0: none */
	char *bind_interface;  /* NULL: any */
	uint64_t connect_timeout_us, delay_loop_us, delay_before_retry_us, warmup_us;
	uint32_t retry;
	uint32_t n_urls; /* 0 in all that fetch no page */
	unsigned line;
	bool alpha;
	bool log_all_failures;
	union {
		struct { /* HTTP_GET, SSL_GET */
			struct conf_url *urls;
			char *virtualhost; /* NULL: none */
			char *sni_name;	   /* NULL: the virtual host */
			bool sni;
			uint8_t http_minor; /* HTTP/1.0 or 1.1 */
			bool http_close;    /* "1.0C": send Connection: close with 1.0 */
			bool fast_recovery; /* while not up, no pause between pages that answer */
			bool tls_compliant; /* a connection must end by close_notify */
		};
		struct { /* MISC_CHECK */
			struct conf_command command;
			uint64_t misc_timeout_us;
			bool misc_dynamic;
		};
		struct conf_smtp_check smtp;
		struct conf_dns_check dns;
		struct conf_udp_check udp;
		struct conf_object_check object;
	};
};

/* As many, and as tight. */
struct conf_real_server {
	struct dest_key key; /* port already adapted to the service as the kernel wants it */
	uint32_t weight;     /* 0..65535 */
	uint32_t upper_threshold, lower_threshold;
	struct conf_method method;
	struct conf_command notify_up, notify_down;
	struct conf_checker *checkers;
	uint32_t n_checkers;
	enum conf_switch smtp_alert;
	char *virtualhost; /* NULL: none */
	char *snmp_name;   /* NULL: none */
	/* Inherited by checkers; kept for KEEPALIVED-MIB. */
	uint64_t delay_loop_us, delay_before_retry_us, warmup_us, connect_timeout_us;
	uint32_t retry;
	unsigned line;
	uint64_t slow_start_us; /* vipd's own: its weight grows over this time; 0: it does not */
	bool inhibit_on_failure;
	bool alpha;
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
	/* vipd's own: the servers' default; how long a server that a reload takes away stays with
	 * weight 0 for its connections, 0: not at all */
	uint64_t slow_start_us, drain_on_removal_us;
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

/* One line of a virtual_server_group: a mark, an address, or several in a row. */
struct conf_group_member {
	uint32_t fwmark;       /* 0: addresses */
	struct ip first, last; /* the same: one */
	uint16_t port;
};

/* As written; what the kernel is told of it is in the keys of its virtual servers. */
struct conf_address_group {
	char *name;
	struct conf_group_member *members; /* in the order of the file */
	size_t n_members;
};

/* What SSL_GET shows to servers; each NULL when not configured. */
struct conf_tls {
	char *password;		      /* of the key */
	char *ca, *certificate, *key; /* files */
};

int svc_key_compare(const struct svc_key *a, const struct svc_key *b);
int dest_key_compare(const struct dest_key *a, const struct dest_key *b);

#define KEY_TEXT_MAX 64 /* octets of the longest key text, terminator included */

/* "192.0.2.1:80/tcp", "[2001:db8::1]:80/udp", "fwmark:5/inet"; "10.0.0.1:80". Each returns room. */
char *svc_key_format(const struct svc_key *key, char room[static KEY_TEXT_MAX]);
char *dest_key_format(const struct dest_key *key, char room[static KEY_TEXT_MAX]);
/* "tcp", "udp", "sctp"; "any" for what IPVS cannot balance. */
const char *conf_protocol_name(uint8_t protocol);
