/* SPDX-License-Identifier: MIT */
/*
 * The rtnetlink socket pair of the main thread: one socket listens to links, addresses, whether
 * they forward and, while we have any, to routes and rules; the other asks and waits for the
 * kernel's answer. The listener is read dry before each decision, and the kernel queues
 * notifications before it acknowledges, so the table is never behind our own changes. When the
 * listener overruns (ENOBUFS) everything is dumped again. It must not log per packet.
 */
#include "core/net/rtnl.h"

#include <errno.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/net/rtnl_private.h"

#define LISTEN_OCTETS (1024 * 1024)
#define RETRY_US      (100 * USEC_PER_MSEC)
#define ERRORS_MAX    16

/* libnl numbers its errors itself; what matters here has a name in errno. */
int rtnl_errno(int nl_error)
{
	switch (nl_error < 0 ? -nl_error : nl_error) {
	case 0:
		return 0;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_NOADDR:
		return -EADDRNOTAVAIL;
	case NLE_NODEV:
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_INVAL:
	case NLE_RANGE:
		return -EINVAL;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	case NLE_BUSY:
		return -EBUSY;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_DUMP_INTR:
		return -EINTR;
	default:
		return -EIO;
	}
}

/* The kernel says more than a number of what it refuses. */
static int on_refusal(struct sockaddr_nl *from, struct nlmsgerr *refusal, void *owner)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)((char *)refusal - NLMSG_HDRLEN);
	struct rtnl *rtnl = owner;
	struct nlattr *words = NULL;

	(void)from;
	rtnl->refusal = refusal->error;
	if (header->nlmsg_flags & NLM_F_ACK_TLVS && header->nlmsg_flags & NLM_F_CAPPED)
		words = nlmsg_find_attr(header, sizeof *refusal, NLMSGERR_ATTR_MSG);
	if (words)
		nla_strlcpy(rtnl->complaint, words, sizeof rtnl->complaint);
	return NL_STOP;
}

int rtnl_request(struct rtnl *rtnl, struct nl_msg *message)
{
	rtnl->refusal = 0;
	rtnl->complaint[0] = '\0';
	int error = rtnl_errno(nl_send_sync(rtnl->request, message));

	return rtnl->refusal ? rtnl->refusal : error;
}

static int on_message(struct nl_msg *message, void *owner)
{
	rtnl_take(owner, nlmsg_hdr(message));
	return NL_OK;
}

/* A header that is all zero but for the family asks for everything. */
static int dump(struct rtnl *rtnl, int type, uint8_t family)
{
	struct ifinfomsg any = {.ifi_family = family};
	size_t size = type == RTM_GETNETCONF ? sizeof(struct netconfmsg) : sizeof any;
	int error = nl_send_simple(rtnl->request, type, NLM_F_DUMP, &any, size);

	if (error >= 0)
		error = nl_recvmsgs_default(rtnl->request);
	return rtnl_errno(error < 0 ? error : 0);
}

/* -EINTR: something changed meanwhile, so something may be missing. What was read is there; what
 * was not is not forgotten for that. */
static int read_everything(struct rtnl *rtnl)
{
	rtnl->incomplete = false;
	net_table_dump_begin(&rtnl->table);
	int links = dump(rtnl, RTM_GETLINK, AF_UNSPEC);
	int addresses = links && links != -EINTR ? 0 : dump(rtnl, RTM_GETADDR, AF_UNSPEC);
	int error = addresses && addresses != -EINTR ? addresses : links ? links : addresses;
	/* A kernel without IPv6 forwards none. */
	int forwarding = error ? 0 : dump(rtnl, RTM_GETNETCONF, AF_INET6);
	if (forwarding == -EINTR || forwarding == -ENOMEM)
		error = forwarding;
	if (error || rtnl->incomplete)
		return error ? error : -ENOMEM;
	net_table_dump_end(&rtnl->table);
	rtnl->moved = rtnl->ajar = true;
	return 0;
}

/*
 * Reads the listener until it is dry. After an overrun as well, and only then everything anew:
 * until the queue is empty the kernel drops what comes and says so no second time. Of an error that
 * comes again and again the next turn of the loop hears.
 */
void rtnl_catch_up(struct rtnl *rtnl)
{
	unsigned errors = 0;
	int error;

	do {
		error = nl_recvmsgs_default(rtnl->listen);
		errors += error < 0 && error != -NLE_AGAIN;
	} while (error != -NLE_AGAIN && errors < ERRORS_MAX);
	if (errors || rtnl->incomplete) {
		log_warn("net", "interface events were lost, reading all again");
		rtnl->shrunk = true;
		if (read_everything(rtnl) < 0)
			loop_timer_arm(rtnl->retry, clock_now_us() + RETRY_US);
	}
}

void rtnl_report(struct rtnl *rtnl)
{
	if (rtnl->reporting)
		net_table_report(&rtnl->table, rtnl->hooks->link, rtnl->owner);
	if (rtnl->reporting && rtnl->moved) {
		rtnl->moved = false;
		rtnl->hooks->addresses(rtnl->owner);
	}
	if (rtnl->shrunk || rtnl->unrouted || rtnl->ajar)
		loop_timer_arm(rtnl->restore, clock_now_us());
}

static uint64_t earlier(uint64_t a_us, uint64_t b_us)
{
	return !a_us || (b_us && b_us < a_us) ? b_us : a_us;
}

/* Links first, then addresses: routes may need them. */
static void on_restore(uint64_t now_us, void *owner)
{
	struct rtnl *rtnl = owner;

	if (rtnl->shrunk)
		routing_suspect_all(&rtnl->routing, now_us);
	rtnl->shrunk = rtnl->unrouted = false;
	rtnl_setting_look(rtnl);
	rtnl_gate_look(rtnl);
	uint64_t again_us = rtnl_macvlan_restore(rtnl, now_us);
	again_us = earlier(again_us, rtnl_restore(rtnl, now_us));
	again_us = earlier(again_us, routing_restore(&rtnl->routing, now_us));
	if (again_us)
		loop_timer_arm(rtnl->restore, again_us);
	rtnl_catch_up(rtnl);
	rtnl_report(rtnl);
	rtnl_static_look(rtnl);
}

static void on_readable(int fd, uint32_t events, void *owner)
{
	struct rtnl *rtnl = owner;

	(void)fd;
	(void)events;
	rtnl_catch_up(rtnl);
	rtnl_report(rtnl);
}

static void on_retry(uint64_t now_us, void *owner)
{
	struct rtnl *rtnl = owner;

	rtnl_catch_up(rtnl);
	int error = read_everything(rtnl);
	if (error)
		loop_timer_arm(rtnl->retry, now_us + (error == -EINTR ? 10 : 1) * RETRY_US);
	rtnl_report(rtnl);
}

static int open_socket(struct rtnl *rtnl, struct nl_sock **ret)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (!sock)
		return -ENOMEM;
	int error = nl_connect(sock, NETLINK_ROUTE);
	if (!error)
		error = nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, rtnl);
	if (error) {
		nl_socket_free(sock);
		return rtnl_errno(error);
	}
	nl_socket_enable_msg_peek(sock);
	*ret = sock;
	return 0;
}

static int open_listener(struct rtnl *rtnl)
{
	int error = open_socket(rtnl, &rtnl->listen);

	if (error)
		return error;
	nl_socket_disable_seq_check(rtnl->listen);
	error = nl_socket_set_nonblocking(rtnl->listen);
	if (!error)
		error = nl_socket_add_memberships(rtnl->listen, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
						  RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_NETCONF,
						  RTNLGRP_IPV6_NETCONF, 0);
	/* A smaller buffer only means an earlier overrun, which is handled. */
	nl_socket_set_buffer_size(rtnl->listen, LISTEN_OCTETS, 0);
	return rtnl_errno(error);
}

static int open_request(struct rtnl *rtnl)
{
	int on = 1, error = open_socket(rtnl, &rtnl->request);

	if (error)
		return error;
	/* Without these an older kernel only says less. */
	(void)setsockopt(nl_socket_get_fd(rtnl->request), SOL_NETLINK, NETLINK_EXT_ACK, &on,
			 sizeof on);
	(void)setsockopt(nl_socket_get_fd(rtnl->request), SOL_NETLINK, NETLINK_CAP_ACK, &on,
			 sizeof on);
	return rtnl_errno(nl_socket_modify_err_cb(rtnl->request, NL_CB_CUSTOM, on_refusal, rtnl));
}

int rtnl_open(struct loop *loop, const struct rtnl_hooks *hooks, void *owner, const char *pid_file,
	      struct rtnl **ret)
{
	struct rtnl *rtnl = calloc(1, sizeof *rtnl);
	int error;

	if (!rtnl)
		return -ENOMEM;
	rtnl->hooks = hooks;
	rtnl->owner = owner;
	rtnl_routing_open(rtnl);
	macvlan_mark(pid_file, rtnl->macvlans.mark);
	error = open_listener(rtnl);
	if (!error)
		error = open_request(rtnl);
	if (!error)
		error = loop_timer_new(loop, on_retry, rtnl, &rtnl->retry);
	if (!error)
		error = loop_timer_new(loop, on_restore, rtnl, &rtnl->restore);
	if (!error)
		error = rtnl_linkbeat_open(rtnl, loop);
	if (!error)
		error = loop_io_new(loop, nl_socket_get_fd(rtnl->listen), EPOLLIN, LOOP_NORMAL,
				    on_readable, rtnl, &rtnl->io);
	if (!error)
		error = read_everything(rtnl);
	if (error == -EINTR) { /* a busy machine is no reason not to start */
		loop_timer_arm(rtnl->retry, clock_now_us() + RETRY_US);
		error = 0;
	}
	if (error) {
		rtnl_close(rtnl);
		return error;
	}
	rtnl_setting_open(rtnl, pid_file);
	*ret = rtnl;
	return 0;
}

struct rtnl *rtnl_close(struct rtnl *rtnl)
{
	if (!rtnl)
		return NULL;
	loop_io_free(rtnl->io);
	loop_timer_free(rtnl->retry);
	loop_timer_free(rtnl->restore);
	nl_socket_free(rtnl->listen);
	nl_socket_free(rtnl->request);
	net_table_clear(&rtnl->table);
	routing_clear(&rtnl->routing);
	conf_unref(rtnl->statics);
	free(rtnl->missing);
	rtnl_macvlan_close(rtnl);
	rtnl_setting_close(rtnl);
	rtnl_linkbeat_close(rtnl);
	free(rtnl);
	return NULL;
}

/* The receive buffer that the larger of both wishes, of VRRP and of checks, asks for. */
static void set_buffer(struct nl_sock *sock, const struct conf_buffer *vrrp,
		       const struct conf_buffer *lvs, int usual, const char *what)
{
	const struct conf_buffer *wish = lvs->bytes > vrrp->bytes ? lvs : vrrp;
	int octets = wish->bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)wish->bytes;

	if (!octets)
		nl_socket_set_buffer_size(sock, usual, 0);
	else if (setsockopt(nl_socket_get_fd(sock), SOL_SOCKET,
			    wish->force ? SO_RCVBUFFORCE : SO_RCVBUF, &octets, sizeof octets) < 0)
		log_warn("net", "the receive buffer for netlink %s cannot be set: %s", what,
			 strerrordesc_np(errno));
}

static void set_buffers(struct rtnl *rtnl, const struct conf_global *global)
{
	set_buffer(rtnl->request, &global->vrrp_cmd, &global->lvs_cmd, 0, "commands");
	set_buffer(rtnl->listen, &global->vrrp_monitor, &global->lvs_monitor, LISTEN_OCTETS,
		   "changes");
}

int rtnl_use_conf(struct rtnl *rtnl, const struct conf *conf)
{
	int error = net_table_use_conf(&rtnl->table, conf);

	if (error)
		return error;
	set_buffers(rtnl, &conf->global);
	rtnl_routing_rebind(rtnl, conf);
	rtnl_catch_up(rtnl);
	rtnl_linkbeat_use(rtnl, conf);
	rtnl->reporting = true;
	rtnl_report(rtnl);
	return 0;
}

bool rtnl_has_address(const struct rtnl *rtnl, const struct ip *ip)
{
	return net_table_has_address(&rtnl->table, ip);
}

uint32_t rtnl_count_links(const struct rtnl *rtnl)
{
	return (uint32_t)rtnl->table.n_links;
}
