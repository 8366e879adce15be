/* SPDX-License-Identifier: MIT */
/*
 * UDP_CHECK: sends one datagram. What ICMP or the kernel says against it (port, host or net
 * unreachable) is down. Silence until connect_timeout is up, unless require_reply asks for an
 * answer; then the first that comes decides, by its size and its octets. Thread: check.
 */
#include <sys/random.h>

#include "core/check/checker.h"
#include "core/check/udp_reply.h"

#define DEFAULT_OCTETS 16    /* of a payload that is not configured: random */
#define REPLY_MAX      65536 /* more than a datagram can carry */

static void start(struct check *check)
{
	const struct conf_octets *payload = &check->conf->udp.payload;
	uint8_t random[DEFAULT_OCTETS];

	if (!check_dial(check, DIAL_DATAGRAM))
		return;
	if (payload->n) {
		check_send(check, payload->octets, payload->n);
		return;
	}
	if (getrandom(random, sizeof random, GRND_NONBLOCK) < 0)
		check_done(check, CHECK_LOCAL_ERROR, "no random octets to send");
	else
		check_send(check, random, sizeof random);
}

static void on_io(struct check *check, uint32_t events)
{
	const struct conf_udp_check *udp = &check->conf->udp;
	uint8_t reply[REPLY_MAX];
	char found[UDP_REPLY_TEXT_MAX];
	ssize_t n = check_receive(check, reply, sizeof reply);

	(void)events;
	if (n >= 0)
		check_done(check, udp_reply_judge(udp, reply, (size_t)n, found), found);
}

static void on_timeout(struct check *check)
{
	if (check->conf->udp.require_reply)
		check_done(check, CHECK_TIMEOUT, "no reply in time");
	else
		check_done(check, CHECK_OK, "nothing was said against it");
}

static const struct checker_ops ops = {
	.name = "UDP_CHECK",
	.start = start,
	.on_io = on_io,
	.on_timeout = on_timeout,
};

const struct checker_ops *checker_udp_ops(void)
{
	return &ops;
}
