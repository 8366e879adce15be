/* SPDX-License-Identifier: MIT */
/*
 * Snapshots as text. The state of routers has keepalived's words where it has any, since people
 * grep for them; the configuration is vipd's canonical form. Pure.
 */
#include "core/run/printout_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/load.h"
#include "core/base/clock.h"
#include "core/bfd/packet.h"
#include "core/check/admin.h"

const char *printout_state(enum vrrp_state state)
{
	static const char *const words[] = {
		[VRRP_INITIALIZE] = "INIT",
		[VRRP_BACKUP] = "BACKUP",
		[VRRP_MASTER] = "MASTER",
		[VRRP_FAULT] = "FAULT",
	};

	return (unsigned)state < sizeof words / sizeof words[0] ? words[state] : "?";
}

static void write_moment(FILE *to, const char *what, uint64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / USEC_PER_SEC);
	char date[64] = "";
	struct tm tm;

	if (wall_us && localtime_r(&seconds, &tm))
		strftime(date, sizeof date, "%a %b %e %T %Y", &tm);
	fprintf(to, "   %s = %" PRIu64 ".%06" PRIu64 " (%s)\n", what, wall_us / USEC_PER_SEC,
		wall_us % USEC_PER_SEC, wall_us ? date : "never");
}

static void write_instance(FILE *to, const struct conf *conf, const struct snap_instance *row)
{
	const struct conf_instance *instance = &conf->instances[row->conf_index];
	char ip[IP_TEXT_MAX];

	fprintf(to, " VRRP Instance = %s\n   VRRP Version = %u\n   State = %s\n   Wantstate = %s\n",
		instance->name, instance->version, printout_state(row->state),
		printout_state(row->wanted));
	if (!row->admin_up)
		fputs("   Taken down by a manager\n", to);
	write_moment(to, "Last transition", row->changed_wall_us);
	if (instance->vrf)
		fprintf(to, "   VRF = %s%s\n", instance->vrf, row->ifindex ? "" : " (absent)");
	else if (!conf_instance_is_wide(instance))
		fprintf(to, "   Interface = %s%s\n", instance->interface,
			row->ifindex ? "" : " (absent)");
	if (ip_is_set(&row->primary))
		fprintf(to, "   Using src_ip = %s\n", ip_format(&row->primary, ip));
	fprintf(to, "   Virtual Router ID = %u\n   Priority = %u\n   Effective priority = %u\n",
		instance->vrid, row->base_priority, row->effective_priority);
	if (ip_is_set(&row->master))
		fprintf(to, "   Master = %s, priority %u\n", ip_format(&row->master, ip),
			row->master_priority);
	fprintf(to, "   Virtual IP (%zu): %s\n", instance->n_addresses,
		row->addresses_set ? "set" : "not set");
}

static void write_routers(FILE *to, const struct snap_vrrp *vrrp)
{
	fputs("------< VRRP Topology >------\n", to);
	for (size_t i = 0; i < vrrp->n_instances; i++)
		write_instance(to, vrrp->conf, &vrrp->instances[i]);
	if (vrrp->n_groups)
		fputs("------< VRRP Sync groups >------\n", to);
	for (size_t g = 0; g < vrrp->n_groups; g++)
		fprintf(to, " VRRP Sync Group = %s, %s\n",
			vrrp->conf->groups[vrrp->groups[g].conf_index].name,
			printout_state(vrrp->groups[g].state));
}

static void write_dest(FILE *to, const struct snap_dest *row)
{
	char text[KEY_TEXT_MAX];

	fprintf(to, "   %s = %s, %s, %s, weight %d%s%s\n",
		row->rs == SNAP_SORRY ? "Sorry server" : "Real server",
		dest_key_format(&row->key, text), row->alive ? "up" : "down",
		admin_state_name(row->admin), row->effective_weight, row->alive ? "" : ": ",
		row->alive ? "" : row->last_error);
}

static void write_services(FILE *to, const struct snap_check *check)
{
	char text[KEY_TEXT_MAX];

	fputs("------< LVS Topology >------\n", to);
	for (size_t i = 0; i < check->n_services; i++) {
		const struct snap_service *row = &check->services[i];

		fprintf(to, " Virtual server = %s (%s)\n   Quorum = %s, weight %u%s\n",
			check->conf->services[row->vs].id, svc_key_format(&row->key, text),
			row->quorum_up ? "up" : "down", row->quorum_weight,
			row->in_kernel ? "" : ", not in the kernel");
		for (uint32_t k = 0; k < row->n_dests; k++)
			write_dest(to, &check->dests[row->first_dest + k]);
	}
}

static void write_session(FILE *to, const struct conf_bfd *bfd, const struct snap_bfd_session *row)
{
	char ip[IP_TEXT_MAX];

	fprintf(to, " BFD Instance = %s\n   Neighbor IP = %s\n", bfd->name,
		ip_format(&bfd->neighbor, ip));
	if (ip_is_set(&bfd->source))
		fprintf(to, "   Source IP = %s\n", ip_format(&bfd->source, ip));
	fprintf(to,
		"   local state = %s\n   remote state = %s\n"
		"   local discriminator = 0x%08" PRIx32 "\n   remote discriminator = 0x%08" PRIx32
		"\n   local diag = %s\n   remote diag = %s\n",
		bfd_state_name(row->state), bfd_state_name(row->remote_state), row->local_discr,
		row->remote_discr, bfd_diag_name(row->diag), bfd_diag_name(row->remote_diag));
	fprintf(to,
		"   remote min tx intv = %" PRIu32 " us\n   remote min rx intv = %" PRIu32
		" us\n   remote detect multiplier = %u\n   local tx intv = %" PRIu64
		" us\n   local detection time = %" PRIu64 " us\n",
		row->remote_min_tx_us, row->remote_min_rx_us, row->remote_multiplier, row->send_us,
		row->detect_us);
	fprintf(to, "   packets = %" PRIu64 " sent, %" PRIu64 " received, %" PRIu64 " discarded\n",
		row->sent, row->received, row->discarded);
	write_moment(to, "last seen", row->heard_wall_us);
	write_moment(to, "Last transition", row->changed_wall_us);
}

static void write_sessions(FILE *to, const struct snap_bfd *bfd)
{
	fputs("------< BFD Topology >------\n", to);
	for (size_t i = 0; i < bfd->n_sessions; i++)
		write_session(to, &bfd->conf->bfds[bfd->sessions[i].conf_index], &bfd->sessions[i]);
}

char *printout_data(const struct conf *conf, const struct snap_vrrp *vrrp,
		    const struct snap_check *check, const struct snap_bfd *bfd)
{
	size_t length;
	char *text = NULL, *settings = conf_dump(conf);
	FILE *to = settings ? open_memstream(&text, &length) : NULL;

	if (to) {
		fprintf(to, "------< Configuration >------\n%s", settings);
		if (vrrp)
			write_routers(to, vrrp);
		if (check)
			write_services(to, check);
		if (bfd && bfd->n_sessions)
			write_sessions(to, bfd);
	}
	free(settings);
	if (to && fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

/* ---- counters ---- */

static struct vrrp_stats less(const struct vrrp_stats *now, const struct vrrp_stats *then)
{
	struct vrrp_stats left = *now;
	uint64_t *to = (uint64_t *)&left;
	const uint64_t *minus = (const uint64_t *)then;

	/* An instance that has started anew counts from zero, below what it was. */
	for (size_t i = 0; i < sizeof left / sizeof *to; i++)
		to[i] = to[i] < minus[i] ? to[i] : to[i] - minus[i];
	return left;
}

static struct vrrp_stats since(const struct printout_base *base, const char *name,
			       const struct vrrp_stats *now)
{
	for (size_t i = 0; base && i < base->n; i++)
		if (!strcmp(base->rows[i].name, name))
			return less(now, &base->rows[i].stats);
	return *now;
}

static void write_stats(FILE *to, const char *name, const struct vrrp_stats *stats)
{
	const struct {
		const char *text;
		uint64_t value;
	} lines[] = {
		{"  Advertisements:\n    Received", stats->advert_received},
		{"    Sent", stats->advert_sent},
		{"  Became master", stats->become_master},
		{"  Released master", stats->release_master},
		{"  Packet Errors:\n    Length", stats->length_errors},
		{"    TTL", stats->ttl_errors},
		{"    Invalid Type", stats->invalid_type},
		{"    Advertisement Interval", stats->interval_errors},
		{"    Address List", stats->address_list_errors},
		{"  Authentication Errors:\n    Invalid Type", stats->invalid_auth_type},
		{"    Type Mismatch", stats->auth_type_mismatch},
		{"    Failure", stats->auth_failures},
		{"  Priority Zero:\n    Received", stats->priority_zero_received},
		{"    Sent", stats->priority_zero_sent},
	};

	fprintf(to, "VRRP Instance: %s\n", name);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		fprintf(to, "%s: %" PRIu64 "\n", lines[i].text, lines[i].value);
}

char *printout_stats(const struct snap_vrrp *vrrp, const struct printout_base *base)
{
	size_t length;
	char *text = NULL;
	FILE *to = open_memstream(&text, &length);

	if (!to)
		return NULL;
	for (size_t i = 0; vrrp && i < vrrp->n_instances; i++) {
		const struct snap_instance *row = &vrrp->instances[i];
		const char *name = vrrp->conf->instances[row->conf_index].name;
		struct vrrp_stats stats = since(base, name, &row->stats);

		write_stats(to, name, &stats);
	}
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

struct printout_base *printout_base_new(const struct snap_vrrp *vrrp)
{
	size_t n = vrrp ? vrrp->n_instances : 0;
	struct printout_base *base = calloc(1, sizeof *base + n * sizeof base->rows[0]);

	if (!base)
		return NULL;
	base->n = n;
	for (size_t i = 0; i < n; i++) {
		const struct snap_instance *row = &vrrp->instances[i];

		snprintf(base->rows[i].name, sizeof base->rows[i].name, "%s",
			 vrrp->conf->instances[row->conf_index].name);
		base->rows[i].stats = row->stats;
	}
	return base;
}
