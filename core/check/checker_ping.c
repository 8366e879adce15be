/* SPDX-License-Identifier: MIT */
/*
 * PING_CHECK: one ICMP or ICMPv6 echo request must be answered within connect_timeout. Replies to
 * others' requests are passed over; what ICMP says against the address is down at once.
 * Thread: check.
 */
#include <time.h> /* which linux/errqueue.h needs */

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "core/check/checker.h"
#include "core/check/echo_message.h"

static void start(struct check *check)
{
	struct echo *echo = calloc(1, sizeof *echo);
	uint8_t request[ECHO_OCTETS];

	check->probe = echo;
	if (!echo || getrandom(echo->mark, sizeof echo->mark, GRND_NONBLOCK) < 0 ||
	    getrandom(&echo->id, sizeof echo->id, GRND_NONBLOCK) < 0) {
		check_done(check, CHECK_LOCAL_ERROR, "cannot prepare the request");
		return;
	}
	echo->family = check->conf->connect_ip.family;
	echo_request(echo, request);
	if (check_dial(check, DIAL_ECHO))
		check_send(check, request, sizeof request);
}

/* One complaint of ICMP or of the kernel: *ret_error is set when it is about our request. False:
 * there is none left. */
static bool read_complaint(struct check *check, int *ret_error)
{
	_Alignas(struct cmsghdr) char control[256];
	uint8_t room[ECHO_READ_MAX];
	struct iovec octets = {.iov_base = room, .iov_len = sizeof room};
	struct msghdr message = {.msg_iov = &octets,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof control};
	ssize_t n = recvmsg(check->fd, &message, MSG_ERRQUEUE);
	struct sock_extended_err complaint;

	if (n < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_type != IP_RECVERR && c->cmsg_type != IPV6_RECVERR)
			continue;
		memcpy(&complaint, CMSG_DATA(c), sizeof complaint);
		if (echo_is_request(check->probe, room, (size_t)n))
			*ret_error = (int)complaint.ee_errno;
	}
	return true;
}

/* A raw socket hears what is said against everybody's requests to that address: a traceroute of
 * somebody else must not take the server down. Returns whether the check goes on. */
static bool survives(struct check *check, int error)
{
	int ours = 0;
	unsigned n = 0;

	while (n < CHECK_DATAGRAMS_PER_TURN && read_complaint(check, &ours))
		n++;
	if (!ours && n)
		return true;
	error = ours ? ours : error;
	check_done_format(check, dial_result(error), "while waiting for an answer: %s",
			  strerrordesc_np(error));
	return false;
}

static void on_io(struct check *check, uint32_t events)
{
	const struct echo *echo = check->probe;

	(void)events;
	for (unsigned i = 0; i < CHECK_DATAGRAMS_PER_TURN; i++) {
		uint8_t room[ECHO_READ_MAX];
		ssize_t n = recv(check->fd, room, sizeof room, MSG_TRUNC);

		if (n < 0 && (errno == EAGAIN || errno == EINTR || !survives(check, errno)))
			return;
		if (n < 0)
			continue;
		if (echo_is_reply(echo, room, (size_t)n)) {
			check_done(check, CHECK_OK, "echo reply");
			return;
		}
	}
}

static void on_timeout(struct check *check)
{
	check_done(check, CHECK_TIMEOUT, "no echo reply in time");
}

static const struct checker_ops ops = {
	.name = "PING_CHECK",
	.start = start,
	.on_io = on_io,
	.on_timeout = on_timeout,
};

const struct checker_ops *checker_ping_ops(void)
{
	return &ops;
}
