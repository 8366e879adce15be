/* SPDX-License-Identifier: MIT */
/*
 * Attributes of generic netlink family IPVS to and from our structs. No socket here. Private to
 * core/net/ipvs*. Source: include/uapi/linux/ip_vs.h, net/netfilter/ipvs/ip_vs_ctl.c of Linux 6.1
 * (which attributes are mandatory, byte order).
 */
#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "core/ipvs.h"

/* Writers: 0, or -EMSGSIZE when the message is full. full: what NEW and SET need beyond the key. */
int ipvs_put_service_key(struct nl_msg *msg, const struct svc_key *key);
int ipvs_put_service(struct nl_msg *msg, const struct ipvs_want *want);
int ipvs_put_dest_key(struct nl_msg *msg, const struct dest_key *key);
int ipvs_put_dest(struct nl_msg *msg, const struct ipvs_want_dest *want);

/* Readers of one IPVS_CMD_ATTR_SERVICE or _DEST. -EBADMSG when a mandatory attribute is missing. */
int ipvs_get_service(struct nlattr *nested, struct ipvs_found *ret);
int ipvs_get_dest(struct nlattr *nested, uint16_t service_family, struct ipvs_found_dest *ret);
