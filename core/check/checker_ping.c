/* SPDX-License-Identifier: MIT */
/*
 * PING_CHECK: one ICMP or ICMPv6 echo request must be answered within connect_timeout. Replies to
 * others' requests are passed over; what ICMP says against the address is down at once.
 * Thread: check.
 */
#include <stdlib.h>
#include <sys/random.h>

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

static void on_io(struct check *check, uint32_t events)
{
	const struct echo *echo = check->probe;

	(void)events;
	for (unsigned i = 0; i < CHECK_DATAGRAMS_PER_TURN; i++) {
		uint8_t room[ECHO_READ_MAX];
		ssize_t n = check_receive(check, room, sizeof room);

		if (n < 0)
			return;
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

static void stop(struct check *check)
{
	free(check->probe);
	check->probe = NULL;
}

static const struct checker_ops ops = {
	.name = "PING_CHECK",
	.start = start,
	.on_io = on_io,
	.on_timeout = on_timeout,
	.stop = stop,
};

const struct checker_ops *checker_ping_ops(void)
{
	return &ops;
}
