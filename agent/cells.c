/* SPDX-License-Identifier: MIT */
/*
 * Filling cells and finding snapshot rows for the getters of every MIB table. Thread: agent (tests
 * and tools call it too). Reads the view only: no kernel call, no allocation, no other thread's
 * object.
 */
#include "agent/cells.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/clock.h"

bool cell_number(struct cell *ret, int64_t number)
{
	ret->number = number;
	return true;
}

bool cell_truth(struct cell *ret, bool yes)
{
	return cell_number(ret, yes ? 1 : 2);
}

bool cell_seconds(struct cell *ret, uint64_t us)
{
	return cell_number(ret, (int64_t)(us / USEC_PER_SEC));
}

bool cell_octets(struct cell *ret, const void *octets, size_t size)
{
	ret->octets = octets;
	ret->size = size;
	return true;
}

/* Length of the longest part of text that fits and ends between two characters. */
static size_t text_size(const char *text)
{
	size_t size = strnlen(text, CELL_TEXT_MAX + 1);

	if (size <= CELL_TEXT_MAX)
		return size;
	size = CELL_TEXT_MAX;
	while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

bool cell_text(struct cell *ret, const char *text)
{
	return text && cell_octets(ret, text, text_size(text));
}

bool cell_text_or_empty(struct cell *ret, const char *text)
{
	return cell_text(ret, text ? text : "");
}

bool cell_command(struct cell *ret, const struct conf_command *command)
{
	return cell_text(ret, command->text);
}

bool cell_program(struct cell *ret, const struct conf_command *command)
{
	return command->text && command->argv && cell_text(ret, command->argv[0]);
}

/* Octets of the character at text, of which size are left; 0 when it is not one. */
static size_t utf8_size(const unsigned char *text, size_t size)
{
	unsigned char first = text[0];
	unsigned char low = 0x80, high = 0xbf; /* bounds of the second octet */
	size_t need;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	need = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (size < need || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return need;
}

bool cell_is_utf8(const unsigned char *text, size_t size)
{
	size_t at = 0, step = 1;

	for (; at < size && step > 0; at += step)
		step = utf8_size(text + at, size - at);
	return step > 0;
}

bool cell_ip_type(struct cell *ret, const struct ip *ip)
{
	switch (ip->family) {
	case AF_INET:
		return cell_number(ret, 1);
	case AF_INET6:
		return cell_number(ret, 2);
	default:
		return cell_number(ret, 0);
	}
}

bool cell_ip(struct cell *ret, const struct ip *ip)
{
	return cell_octets(ret, ip->octets, ip_size(ip));
}

bool cell_ipaddress(struct cell *ret, const struct ip *ip)
{
	memset(ret->room, 0, 4);
	if (ip->family == AF_INET)
		memcpy(ret->room, ip->octets, 4);
	return cell_octets(ret, ret->room, 4);
}

bool cell_netmask(struct cell *ret, uint32_t prefix)
{
	uint32_t mask = prefix > 0 ? htonl(UINT32_MAX << ((32 - prefix) & 31)) : 0;

	memcpy(ret->room, &mask, sizeof(mask));
	return cell_octets(ret, ret->room, sizeof(mask));
}

bool cell_date(struct cell *ret, uint64_t wall_us)
{
	struct writer w = writer_of(ret->room, sizeof(ret->room));
	time_t seconds = (time_t)(wall_us / USEC_PER_SEC);
	struct tm tm;

	if (wall_us == 0 || !gmtime_r(&seconds, &tm)) {
		memset(ret->room, 0, 8);
		return cell_octets(ret, ret->room, 8);
	}
	write_be16(&w, (uint16_t)(tm.tm_year + 1900));
	write_u8(&w, (uint8_t)(tm.tm_mon + 1));
	write_u8(&w, (uint8_t)tm.tm_mday);
	write_u8(&w, (uint8_t)tm.tm_hour);
	write_u8(&w, (uint8_t)tm.tm_min);
	write_u8(&w, (uint8_t)tm.tm_sec);
	write_u8(&w, (uint8_t)(wall_us % USEC_PER_SEC / (USEC_PER_SEC / 10)));
	write_octets(&w, "+\0\0", 3); /* UTC */
	return cell_octets(ret, ret->room, w.used);
}

bool cell_timestamp(struct cell *ret, const struct view *view, uint64_t at_us)
{
	return cell_number(ret, view_timestamp(view, at_us));
}

void cell_change_agent(struct set_change *ret, enum agent_field field, uint32_t value,
		       uint32_t before)
{
	memset(ret, 0, sizeof(*ret));
	ret->target = SET_TO_AGENT;
	ret->apply.agent.field = ret->undo.agent.field = field;
	ret->apply.agent.value = value;
	ret->undo.agent.value = before;
}

uint32_t view_ifindex(const struct snap_vrrp *vrrp, const char *name)
{
	for (size_t i = 0; i < vrrp->n_links; i++)
		if (strcmp(vrrp->links[i].name, name) == 0)
			return vrrp->links[i].ifindex;
	return 0;
}

const struct conf *view_conf(const struct view *view)
{
	const struct conf *newest = NULL;

	if (view->daemon)
		newest = view->daemon->conf;
	if (view->vrrp && (!newest || view->vrrp->conf->generation > newest->generation))
		newest = view->vrrp->conf;
	if (view->check && (!newest || view->check->conf->generation > newest->generation))
		newest = view->check->conf;
	return newest;
}

const struct snap_service *view_service(const struct snap_check *check, uint32_t vs)
{
	size_t low = 0, high = check->n_services;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (check->services[middle].vs < vs)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == check->n_services || check->services[low].vs != vs)
		return NULL;
	return &check->services[low];
}

const struct snap_dest *view_dest(const struct snap_check *check,
				  const struct snap_service *service, uint32_t rs)
{
	const struct conf_virtual_server *vs = &check->conf->services[service->vs];
	const struct snap_dest *dest;
	uint32_t position = 0;

	if (rs != SNAP_SORRY)
		position = rs + (vs->has_sorry ? 1 : 0);
	if (position >= service->n_dests)
		return NULL;
	dest = &check->dests[service->first_dest + position];
	return dest->rs == rs ? dest : NULL;
}

static void stats_add(struct ipvs_stats *sum, const struct ipvs_stats *more)
{
	sum->conns += more->conns;
	sum->in_packets += more->in_packets;
	sum->out_packets += more->out_packets;
	sum->in_octets += more->in_octets;
	sum->out_octets += more->out_octets;
	sum->conn_rate += more->conn_rate;
	sum->in_packet_rate += more->in_packet_rate;
	sum->out_packet_rate += more->out_packet_rate;
	sum->in_octet_rate += more->in_octet_rate;
	sum->out_octet_rate += more->out_octet_rate;
}

void view_total_stats(const struct snap_check *check, struct ipvs_stats *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t s = 0; s < check->n_services; s++)
		stats_add(ret, &check->services[s].stats);
}

void view_service_stats(const struct snap_check *check, const struct snap_service *first,
			struct ipvs_stats *ret)
{
	const struct snap_service *end = check->services + check->n_services;

	memset(ret, 0, sizeof(*ret));
	for (const struct snap_service *s = first; s < end && s->vs == first->vs; s++)
		stats_add(ret, &s->stats);
}

void view_dest_stats(const struct snap_check *check, const struct snap_service *first,
		     uint32_t position, struct ipvs_stats *ret)
{
	const struct snap_service *end = check->services + check->n_services;

	memset(ret, 0, sizeof(*ret));
	for (const struct snap_service *s = first; s < end && s->vs == first->vs; s++)
		if (position < s->n_dests)
			stats_add(ret, &check->dests[s->first_dest + position].stats);
}
