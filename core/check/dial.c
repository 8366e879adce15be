/* SPDX-License-Identifier: MIT */
/*
 * Sockets of checks. What fails before the first packet leaves (no descriptor, no port, the bound
 * address not on this host) is the director's own trouble and says so; what connect() reports later
 * is about the server or the way to it.
 */
#include "core/check/dial.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/model.h"
#include "core/base/ip.h"

static int fail(struct dial_error *ret, enum check_result result, const char *step)
{
	*ret = (struct dial_error){.result = result, .step = step, .error = errno};
	return -1;
}

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

static int bind_interface(int fd, const char *name, struct dial_error *ret_error)
{
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) < 0)
		return fail(ret_error, CHECK_LOCAL_ERROR, "bind to the interface");
	return 0;
}

static int bind_address(int fd, const struct conf_checker *conf, struct dial_error *ret_error)
{
	struct ip any = {.family = conf->connect_ip.family};
	struct sockaddr_storage address;
	socklen_t size = ip_to_sockaddr(ip_is_set(&conf->bind_ip) ? &conf->bind_ip : &any,
					conf->bind_port, &address);
	/* The same source port to the same server, again and again: closing must leave no TIME_WAIT
	 * behind, or the next connect() fails for a minute where there are no TCP timestamps. */
	struct linger abort_on_close = {.l_onoff = 1};

	if (conf->bind_port) {
		set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof abort_on_close);
	} else {
		/* The port is chosen at connect(), so that it need be unique per server only. */
		set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	}
	if (bind(fd, (const struct sockaddr *)&address, size) < 0)
		return fail(ret_error, CHECK_LOCAL_ERROR, "bind");
	return 0;
}

/*
 * A raw socket, not a ping socket: that one needs the sysctl ping_group_range to be widened, for
 * every program of the network namespace, and raw sockets a director may open anyway, for VRRP. The
 * kernel hands it what comes from the connected address, after this filter.
 */
static int filter_echo(int fd, uint16_t family)
{
	struct icmp_filter filter = {.data = ~(1u << ICMP_ECHOREPLY)};
	struct icmp6_filter filter6;

	if (family == AF_INET)
		return setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof filter);
	ICMP6_FILTER_SETBLOCKALL(&filter6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter6);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, sizeof filter6);
}

/* Without it the kernel keeps "host unreachable" and the like to itself. */
static int want_errors(int fd, uint16_t family)
{
	return family == AF_INET ? set_int(fd, IPPROTO_IP, IP_RECVERR, 1)
				 : set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

static int open_socket(enum dial_kind kind, uint16_t family)
{
	const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd;

	if (kind == DIAL_STREAM)
		return socket(family, SOCK_STREAM | flags, 0);
	fd = kind == DIAL_DATAGRAM ? socket(family, SOCK_DGRAM | flags, 0)
				   : socket(family, SOCK_RAW | flags,
					    family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return fd;
	if (want_errors(fd, family) < 0 || (kind == DIAL_ECHO && filter_echo(fd, family) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int prepare(int fd, const struct conf_checker *conf, struct dial_error *ret_error)
{
	if (conf->bind_interface && bind_interface(fd, conf->bind_interface, ret_error) < 0)
		return -1;
	if (conf->mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &conf->mark, sizeof conf->mark) < 0)
		return fail(ret_error, CHECK_LOCAL_ERROR, "set the fwmark");
	if (!ip_is_set(&conf->bind_ip) && !conf->bind_port)
		return 0;
	return bind_address(fd, conf, ret_error);
}

enum check_result dial_result(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ECONNRESET:
		return CHECK_REFUSED;
	case ETIMEDOUT:
		return CHECK_TIMEOUT;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EADDRNOTAVAIL: /* no free port */
	case EADDRINUSE:
	case EAGAIN:
	case ENODEV:
	case EMSGSIZE: /* the way became narrower: the next attempt knows */
		return CHECK_LOCAL_ERROR;
	default: /* EHOSTUNREACH, ENETUNREACH, prohibited by a route or a filter, ... */
		return CHECK_UNREACHABLE;
	}
}

enum check_result dial_io_result(int error)
{
	switch (error) {
	case ETIMEDOUT:
		return CHECK_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return CHECK_UNREACHABLE;
	case ENOMEM:
	case ENOBUFS:
		return CHECK_LOCAL_ERROR;
	default: /* ECONNRESET, EPIPE */
		return CHECK_PROTOCOL_ERROR;
	}
}

int dial_start(enum dial_kind kind, const struct conf_checker *conf, struct dial_error *ret_error)
{
	struct sockaddr_storage address;
	uint16_t port = kind == DIAL_ECHO ? 0 : conf->connect_port;
	socklen_t size = ip_to_sockaddr(&conf->connect_ip, port, &address);
	int fd = open_socket(kind, conf->connect_ip.family);

	if (fd < 0)
		return fail(ret_error, CHECK_LOCAL_ERROR, "open a socket");
	if (prepare(fd, conf, ret_error) < 0)
		goto fail;
	if (connect(fd, (const struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS) {
		fail(ret_error, dial_result(errno), "connect");
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return -1;
}

/* Without a listener a local port in the ephemeral range can end up connected to itself. */
static bool is_self_connected(int fd, const struct conf_checker *conf)
{
	struct sockaddr_storage ours, theirs;
	socklen_t size = sizeof ours;

	if (getsockname(fd, (struct sockaddr *)&ours, &size) < 0)
		return false;
	return size == ip_to_sockaddr(&conf->connect_ip, conf->connect_port, &theirs) &&
	       memcmp(&ours, &theirs, size) == 0;
}

int dial_finish(int fd, const struct conf_checker *conf, struct dial_error *ret_error)
{
	int error = 0;
	socklen_t size = sizeof error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (!error && is_self_connected(fd, conf))
		error = ECONNREFUSED;
	if (!error)
		return 0;
	errno = error;
	return fail(ret_error, dial_result(error), "connect");
}
