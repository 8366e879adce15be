/* SPDX-License-Identifier: MIT */
/*
 * linkbeat_interfaces, linkbeat_use_polling: links whose drivers do not tell netlink when they lose
 * the carrier are asked once a second, by the registers of the transceiver (MII), by ethtool or by
 * the flags of the interface. As with keepalived 2.2.7 a link is up when both say so. Runs in the
 * main thread: like rtnetlink the questions may wait for rtnl_lock, and for a driver that reads a
 * register.
 *
 * Sources: keepalived.conf(5); linux/mii.h, linux/sockios.h, linux/ethtool.h.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/mii.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/net/rtnl_private.h"

#define POLL_US USEC_PER_SEC

/* ---- asking ---- */

static int ask(int fd, unsigned long what, const char *name, struct ifreq *request)
{
	memcpy(request->ifr_name, name, IFNAMSIZ);
	return ioctl(fd, what, request) < 0 ? -errno : 0;
}

/* The bit keeps a loss until it is read: the second time it says what is. */
static int ask_mii(int fd, const char *name)
{
	struct ifreq request = {0};
	struct mii_ioctl_data mii = {0};
	int error = ask(fd, SIOCGMIIPHY, name, &request);

	for (int times = 0; times < 2 && !error; times++) {
		memcpy(&mii, &request.ifr_data, sizeof mii);
		mii.reg_num = MII_BMSR;
		memcpy(&request.ifr_data, &mii, sizeof mii);
		error = ask(fd, SIOCGMIIREG, name, &request);
	}
	if (error)
		return error;
	memcpy(&mii, &request.ifr_data, sizeof mii);
	if (!mii.val_out || mii.val_out == UINT16_MAX)
		return -EOPNOTSUPP; /* there is no transceiver */
	return mii.val_out & BMSR_LSTATUS ? 1 : 0;
}

static int ask_ethtool(int fd, const char *name)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GLINK};
	struct ifreq request = {.ifr_data = (void *)&value};
	int error = ask(fd, SIOCETHTOOL, name, &request);

	return error ? error : value.data ? 1 : 0;
}

static int ask_flags(int fd, const char *name)
{
	struct ifreq request = {0};
	int error = ask(fd, SIOCGIFFLAGS, name, &request);

	return error ? error : request.ifr_flags & IFF_RUNNING ? 1 : 0;
}

static const struct {
	const char *name;
	int (*ask)(int fd, const char *interface); /* 1: up, 0: down, negative errno */
} ways[] = {
	[CONF_POLL_MII] = {"MII", ask_mii},
	[CONF_POLL_ETHTOOL] = {"ethtool", ask_ethtool},
	[CONF_POLL_IOCTL] = {"its flags", ask_flags},
};

/* ---- who is asked ---- */

/* -1: the link is not polled; otherwise an enum conf_poll. */
static int wanted_way(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_linkbeats; i++)
		if (!strcmp(conf->linkbeats[i].interface, name))
			return conf->linkbeats[i].poll;
	if (conf->global.process.linkbeat_use_polling)
		return CONF_POLL_ANY;
	for (size_t i = 0; i < conf->n_instances; i++)
		if (conf->instances[i].linkbeat && !strcmp(conf->instances[i].interface, name))
			return CONF_POLL_ANY;
	return -1;
}

static bool polls(const struct conf *conf)
{
	bool any = conf->n_linkbeats || conf->global.process.linkbeat_use_polling;

	for (size_t i = 0; i < conf->n_instances; i++)
		any |= conf->instances[i].linkbeat;
	return any;
}

/* The preferred way, else the first that the link answers to. */
static struct net_beat choose(int fd, const char *name, enum conf_poll preferred)
{
	enum conf_poll order[] = {preferred, CONF_POLL_MII, CONF_POLL_ETHTOOL, CONF_POLL_IOCTL};

	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		int up = order[i] == CONF_POLL_ANY ? -EOPNOTSUPP : ways[order[i]].ask(fd, name);

		if (up < 0)
			continue;
		log_info("net", "the state of %s is polled by %s", name, ways[order[i]].name);
		return (struct net_beat){.by = order[i], .preferred = preferred, .up = up};
	}
	return (struct net_beat){0};
}

/* Ours are up as long as the link below is; so is lo. */
static bool may_be_polled(const struct rtnl *rtnl, const struct net_link *link)
{
	struct macvlan_debt debt;

	return link->now.present && strcmp(link->now.name, "lo") != 0 &&
	       !macvlan_is_marked(link, rtnl->macvlans.mark, &debt);
}

static void poll_link(struct rtnl *rtnl, const struct net_link *link)
{
	const struct conf *conf = rtnl->linkbeat.conf;
	int way = may_be_polled(rtnl, link) ? wanted_way(conf, link->now.name) : -1;
	struct net_beat beat = {0};
	int up = -1;

	if (way >= 0 && link->beat.by != CONF_POLL_ANY &&
	    link->beat.preferred == (enum conf_poll)way)
		up = ways[link->beat.by].ask(rtnl->linkbeat.fd, link->now.name);
	if (up >= 0) {
		beat = link->beat;
		beat.up = up;
	} else if (way >= 0) {
		beat = choose(rtnl->linkbeat.fd, link->now.name, (enum conf_poll)way);
	}
	net_table_set_beat(&rtnl->table, link->now.ifindex, &beat);
}

static void poll_all(struct rtnl *rtnl)
{
	for (size_t i = 0; i < rtnl->table.n_links; i++)
		poll_link(rtnl, &rtnl->table.links[i]);
}

static void on_poll(uint64_t now_us, void *owner)
{
	struct rtnl *rtnl = owner;

	rtnl_catch_up(rtnl);
	poll_all(rtnl);
	rtnl_report(rtnl);
	loop_timer_arm(rtnl->linkbeat.timer, now_us + POLL_US);
}

int rtnl_linkbeat_open(struct rtnl *rtnl, struct loop *loop)
{
	rtnl->linkbeat.fd = -1;
	return loop_timer_new(loop, on_poll, rtnl, &rtnl->linkbeat.timer);
}

void rtnl_linkbeat_use(struct rtnl *rtnl, const struct conf *conf)
{
	struct rtnl_linkbeat *linkbeat = &rtnl->linkbeat;

	conf_ref(conf);
	conf_unref(linkbeat->conf);
	linkbeat->conf = conf;
	if (linkbeat->fd < 0 && polls(conf)) {
		linkbeat->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (linkbeat->fd < 0)
			log_error("net", "no interface is polled: %s", strerrordesc_np(errno));
	}
	if (linkbeat->fd < 0)
		return;
	poll_all(rtnl);
	if (polls(conf))
		loop_timer_arm(linkbeat->timer, clock_now_us() + POLL_US);
	else
		loop_timer_disarm(linkbeat->timer);
}

void rtnl_linkbeat_close(struct rtnl *rtnl)
{
	loop_timer_free(rtnl->linkbeat.timer);
	if (rtnl->linkbeat.fd >= 0)
		close(rtnl->linkbeat.fd);
	conf_unref(rtnl->linkbeat.conf);
}
