/* SPDX-License-Identifier: MIT */
/*
 * From tree to model. A draft is a model struct plus what is needed only until the load ends; the
 * model struct is its first member, so one option table serves both parsing (draft) and dumping
 * (model).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf/arena.h"
#include "conf/diags.h"
#include "conf/keep.h"
#include "conf/model.h"
#include "conf/names.h"
#include "conf/options.h"
#include "conf/rtnames.h"
#include "conf/tree.h"

#define OPTION_FIELD(type, member)                                                                 \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)

/* ---- lists that become arrays ---- */

struct item {
	struct item *next;
	_Alignas(max_align_t) unsigned char body[];
};

struct items {
	struct item *first, *last;
	size_t n;
};

/* Appends a zeroed object of size octets and returns it. */
void *items_add(struct items *items, struct conf_arena *arena, size_t size);
#define ITEM(type, item) ((struct type *)(void *)(item)->body)
/* An array of copies of the first size octets of each object. */
void *items_to_array(const struct items *items, struct conf_arena *arena, size_t size);

/* ---- drafts ---- */

struct draft_global {
	struct conf_global model;
	/* Defaults of vrrp_instance. */
	uint8_t vrrp_version, down_timer_adverts;
	uint64_t garp_delay_us, garp_refresh_us, garp_lower_prio_delay_us, garp_interval_us;
	uint32_t garp_repeat, garp_refresh_repeat, garp_lower_prio_repeat;
	bool min_garp, lower_prio_no_advert, higher_prio_send_advert;
	uint64_t gna_interval_us;
	uint64_t garp_extra_if_us; /* 0: off */
	bool garp_extra_if_all;
	bool strict, check_unicast_src, skip_check_adv_addr, owner_ignore_adverts;
	bool notify_priority_changes, v3_checksum_as_v2;
	bool snmp_rfc;
	uint32_t random_seed;	   /* the reader of the text has used it */
	struct items emails;	   /* char * */
	const struct node **nodes; /* of every global_defs */
	size_t n_nodes;
};

/* What every object has that instances can track. */
struct tracked {
	const char *name;
	const struct node *node;
	int16_t weight;
	bool reverse;
	bool foreign; /* not for instances */
	bool dropped; /* there is one of that name before */
	bool used;
	uint32_t index; /* in the array of its kind in the model */
};

struct draft_script {
	struct conf_script model;
	struct tracked tracked;
};

struct draft_track_file {
	struct conf_track_file model;
	struct tracked tracked;
};

struct draft_track_process {
	struct conf_track_process model;
	struct tracked tracked;
	bool has_match;
};

struct draft_bfd {
	struct conf_bfd model;
	struct tracked tracked;
};

struct draft_track {
	struct conf_track model;
	struct place place;
	bool has_weight;
	bool dropped;
};

struct draft_hmac {
	struct conf_hmac model;
	const struct node *node; /* NULL: none */
	struct items keys;	 /* struct conf_hmac_key */
};

struct draft_instance {
	struct conf_instance model;
	const struct node *node;
	const char *auth_pass;
	bool short_mac; /* the last octet of the MAC is to be the VRID */
	bool no_virtual_address;
	struct items addresses, excluded; /* struct draft_address */
	struct items tracks;		  /* struct draft_track */
	struct items routes, rules;	  /* struct draft_route, struct draft_rule */
	struct items peers;		  /* struct draft_peer */
	struct draft_hmac hmac;
	uint16_t family;
};

struct draft_peer {
	struct conf_peer model;
	struct place place;
};

/* The track_group of a line, until it is an index. */
struct draft_group_name {
	const char *name; /* NULL: none */
	struct place place;
};

struct draft_address {
	struct conf_address model;
	struct place place;
	struct draft_group_name group;
};

struct draft_route {
	struct conf_route model;
	struct draft_group_name group;
	struct items nexthops; /* struct conf_nexthop */
	struct ip fallback;    /* behind `or` */
	bool has_to;
};

struct draft_rule {
	struct conf_rule model;
	struct draft_group_name group;
	bool has_preference;
};

struct draft_track_group {
	struct conf_track_group model;
	const struct node *node;
	bool has_members;
	struct items members; /* struct draft_member */
};

/* A user or a group that a script is to run as, and whether the machine has it. */
struct draft_account {
	const char *name;
	bool is_group, missing;
};

struct draft_member {
	const char *name;
	struct place place;
};

struct draft_group {
	struct conf_group model;
	const struct node *node;
	bool has_members;
	struct items members; /* struct draft_member */
	struct items tracks;  /* struct draft_track */
};

struct draft_garp_group {
	struct conf_garp_group model;
	const struct node *node;
	struct items interfaces; /* struct draft_interface */
};

struct draft_interface {
	char *name;
	struct place place;
};

struct draft_key {
	struct svc_key key; /* protocol 0 */
	struct place place;
	bool dropped;
};

struct draft_address_group {
	const char *name;
	const struct node *node;
	struct items keys;    /* struct draft_key */
	struct items members; /* struct conf_group_member */
	bool used, checked;
	bool repeated; /* there is one of that name already */
};

struct draft_checker {
	struct conf_checker model;
	const struct node *node;
	const struct node *host; /* the `host` of an SMTP_CHECK that this one is for; NULL: none */
};

struct draft_real_server {
	struct conf_real_server model;
	const struct node *node;
	uint16_t written_port;
	size_t order; /* in the service */
	bool dropped;
	struct items checkers;	/* struct draft_checker */
	struct items misplaced; /* const struct node * */
};

struct draft_virtual_server {
	struct conf_virtual_server model;
	const struct node *node;
	struct draft_address_group *group;
	uint16_t family;   /* of ip_family, AF_UNSPEC: not given */
	unsigned inherits; /* enum given: what the service itself sets */
	bool sh_fallback, sh_port, mh_fallback, mh_port;
	struct items servers; /* struct draft_real_server */
	bool dropped;
};

struct build {
	struct conf_arena *scratch; /* gone when the load ends */
	struct conf_arena *arena;   /* of the model */
	struct diags diags;
	struct conf *conf;
	const struct node *root; /* the whole text, for what must be known before its place */
	struct draft_global global;
	struct items scripts, instances, groups, address_groups, services;
	struct items accounts; /* struct draft_account */
	bool tls_seen;
	struct items files, processes, bfds, garp_groups;
	struct items linkbeats, link_delays; /* of the model's structs */
	struct items track_groups, static_addresses, static_routes, static_rules;
	uint32_t rules_without_preference[2];	  /* IPv4, IPv6 */
	struct names *route_names[RTNAMES_KINDS]; /* NULL: not read yet */
	bool *unsupported;			  /* by option_unsupported_index(): said already */
	const struct conf_load_options *options;
	struct keep *keep; /* what a reload must not change; NULL: nothing */
};

/* ---- driving ---- */

/* Applies the whole tree to the drafts. */
void build_apply(struct build *build, struct node *root);
/* Applies one statement to a draft of the scope that has its row. */
void build_apply_row(struct build *build, const struct node *node, void *draft);
/* Stores the defaults of every row of the scope. */
void build_fill_defaults(const struct option_scope *scope, void *draft);
/* Reports rows that are required and missing in the block. */
void build_check_required(struct build *build, const struct option_scope *scope,
			  const struct node *block);

/* Warns of what needs another keyword, which none of the n blocks of one object has. */
void build_check_needs(struct build *build, const struct option_scope *scope,
		       const struct node *const *blocks, size_t n);

/* For .end of a list block: an empty one is a slip. */
void build_warn_empty(struct build *build, const struct node *node, void *draft);

/* Says at word number index, once for a load, what becomes of a keyword without a feature. */
void build_warn_unsupported(struct build *build, const struct node *node, size_t index,
			    const char *scope, const char *name);

/* Rules between keywords, inheritance, and the arrays of the model. */
void finish_global(struct build *build);
/* The statement of global_defs that set the field of that offset last, NULL when none did. */
const struct node *finish_global_setter(const struct draft_global *global, size_t offset);
/* The sender of mail when none is given, into room; returns room. */
#define EMAIL_FROM_MAX 272
char *finish_email_from(char room[static EMAIL_FROM_MAX]);
void finish_vrrp(struct build *build);
void finish_services(struct build *build);
/* Track groups, static addresses, routes and rules; after finish_vrrp(). */
void finish_static(struct build *build);
/* Routes and rules of one instance. */
void finish_instance_routes(struct build *build, struct draft_instance *instance);
/* One server's checkers; the server's and service's own values are final. */
void finish_checkers(struct build *build, struct draft_virtual_server *service,
		     struct draft_real_server *server);
/* Applies checker options written directly in the real server. */
void finish_misplaced(struct build *build, struct draft_real_server *server);

/* ---- diagnostics at a word of a statement ---- */

#define build_error(build, node, index, ...) build_add(build, DIAG_ERROR, node, index, __VA_ARGS__)
#define build_warn(build, node, index, ...)  build_add(build, DIAG_WARNING, node, index, __VA_ARGS__)
#define build_add(build, severity, node, index, ...)                                               \
	do {                                                                                       \
		struct place place_ = tree_place(node, index);                                     \
		diags_add(&(build)->diags, severity, &place_, __VA_ARGS__);                        \
	} while (0)
