/* SPDX-License-Identifier: MIT */
/*
 * A VRRP instance as a row: what VRRP-MIB, VRRPV3-MIB and the instances of KEEPALIVED-MIB have in
 * common. Thread: agent. In every table here major is the instance's place in the snapshot; a view
 * without a vrrp snapshot has no rows, so only the builders meet one.
 */
#pragma once

#include "agent/table.h"

/* What the tables of one RFC are about, and how they are keyed. */
struct router_kind {
	bool (*covers)(const struct conf_instance *conf);
	/* the index of an instance (interface, VRID and what else the module asks for), or of one
	 * of its associated addresses when address is not NULL */
	void (*index)(struct row *row, uint32_t ifindex, const struct conf_instance *conf,
		      const struct ip *address);
	/* only addresses of the family of the first one are associated; else all are */
	bool one_family;
};

/* Builders of both RFCs' tables: one row for each instance whose interface exists, and one for each
 * different associated address of these (minor: its place). 0 or -ENOMEM. */
int router_build(const struct router_kind *kind, const struct view *view, struct rows *ret);
int router_build_addresses(const struct router_kind *kind, const struct view *view,
			   struct rows *ret);
int router_build_scalars(const struct view *view, struct rows *ret);

const struct snap_instance *router_live(const struct view *view, const struct row *row);
const struct conf_instance *router_conf(const struct view *view, const struct row *row);

/* RFC numbers of a state: initialize(1) backup(2) master(3); FAULT shows as initialize. */
int router_state(const struct snap_instance *instance);
/* How many rows an instance has among the associated addresses: one written twice is one. */
uint32_t router_n_addresses(const struct router_kind *kind, const struct conf_instance *conf);
/* The virtual router MAC address of a family (AF_INET6; anything else counts as IPv4). */
bool router_mac(struct cell *ret, int family, uint8_t vrid);

/* Getters of columns that several modules have. */
bool router_base_priority(const struct view *view, const struct row *row, struct cell *ret);
bool router_preempt(const struct view *view, const struct row *row, struct cell *ret);
bool router_accept(const struct view *view, const struct row *row, struct cell *ret);
bool router_checksum_errors(const struct view *view, const struct row *row, struct cell *ret);
bool router_version_errors(const struct view *view, const struct row *row, struct cell *ret);
bool router_vrid_errors(const struct view *view, const struct row *row, struct cell *ret);
bool router_became_master(const struct view *view, const struct row *row, struct cell *ret);
bool router_adverts(const struct view *view, const struct row *row, struct cell *ret);
bool router_interval_errors(const struct view *view, const struct row *row, struct cell *ret);
bool router_ttl_errors(const struct view *view, const struct row *row, struct cell *ret);
bool router_zero_received(const struct view *view, const struct row *row, struct cell *ret);
bool router_zero_sent(const struct view *view, const struct row *row, struct cell *ret);
bool router_invalid_type(const struct view *view, const struct row *row, struct cell *ret);
bool router_list_errors(const struct view *view, const struct row *row, struct cell *ret);
bool router_length_errors(const struct view *view, const struct row *row, struct cell *ret);

/* Administratively down, and something vipd can run: what the RFCs ask before most of a row may be
 * changed (RFC 2787, vrrpOperAdminState). */
bool router_may_change(const struct view *view, const struct row *row);
/* One of the machine's own IPv4 addresses on the interface of the instance. */
bool router_has_address(const struct view *view, const struct row *row, const struct ip *address);

/* A change of the row's instance, with a value that fits in a number; before: what an undo goes
 * back to, see enum vrrp_field. SET_OK. */
enum set_error router_change(const struct view *view, const struct row *row, enum vrrp_field field,
			     int64_t value, int32_t before, struct set_change *ret);
/* Of what the configuration alone says: the truth it has now is taken, the other is
 * SET_INCONSISTENT_VALUE. */
enum set_error router_keep(bool now, const struct cell *value, struct set_change *ret);

/* RowStatus (RFC 2579) of a row that the configuration keeps active: it may be made what it is. */
enum { ROW_ACTIVE = 1, ROW_NOT_IN_SERVICE = 2, ROW_NOT_READY = 3 };
bool router_row_status(const struct view *view, const struct row *row, struct cell *ret);
enum set_error router_set_row_status(const struct view *view, const struct row *row,
				     const struct cell *value, struct set_change *ret);

/* Setters of the same kind as the getters, at any time. */
enum set_error router_set_priority(const struct view *view, const struct row *row,
				   const struct cell *value, struct set_change *ret);
enum set_error router_set_preempt(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret);
enum set_error router_set_accept(const struct view *view, const struct row *row,
				 const struct cell *value, struct set_change *ret);
