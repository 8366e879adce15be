/* SPDX-License-Identifier: MIT */
/*
 * DNS_CHECK: one query over UDP. An answer with the id of the query decides: up when its status is
 * NOERROR, whatever its records, as with keepalived. Datagrams that are no answer, or to another
 * query, are passed over: a late answer to the last attempt or a forged one must not decide.
 * Thread: check.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/check/checker.h"
#include "core/check/dns_message.h"

#define HEADER_MAX 64 /* of an answer that is looked at: its header */

struct dns_probe {
	uint16_t id;
	uint32_t others; /* datagrams passed over */
};

static void start(struct check *check)
{
	const struct conf_dns_check *dns = &check->conf->dns;
	struct dns_probe *probe = calloc(1, sizeof *probe);
	uint8_t query[DNS_QUERY_MAX];
	size_t size;

	check->probe = probe;
	if (!probe || getrandom(&probe->id, sizeof probe->id, GRND_NONBLOCK) < 0) {
		check_done(check, CHECK_LOCAL_ERROR, "cannot prepare the query");
		return;
	}
	size = dns_query(probe->id, dns->type, dns->name, query);
	if (check_dial(check, DIAL_DATAGRAM))
		check_send(check, query, size);
}

static void judge(struct check *check, const struct dns_answer *answer)
{
	const char *name = dns_rcode_name(answer->rcode);
	char number[16];

	check->code = (int32_t)answer->rcode;
	snprintf(number, sizeof number, "status %u", answer->rcode);
	if (answer->rcode)
		check_done_format(check, CHECK_BAD_CONTENT, "answered %s", name ? name : number);
	else
		check_done_format(check, CHECK_OK, "%s, %u records", name, answer->records);
}

static void on_io(struct check *check, uint32_t events)
{
	struct dns_probe *probe = check->probe;

	(void)events;
	for (unsigned i = 0; i < CHECK_DATAGRAMS_PER_TURN; i++) {
		uint8_t room[HEADER_MAX];
		struct dns_answer answer;
		ssize_t n = check_receive(check, room, sizeof room);

		if (n < 0)
			return;
		if (dns_read_answer(probe->id, room,
				    (size_t)n < sizeof room ? (size_t)n : sizeof room, &answer)) {
			judge(check, &answer);
			return;
		}
		probe->others++;
	}
}

static void on_timeout(struct check *check)
{
	const struct dns_probe *probe = check->probe;

	if (probe->others)
		check_done_format(check, CHECK_TIMEOUT,
				  "no answer in time, but %u datagrams that are none to the query",
				  probe->others);
	else
		check_done(check, CHECK_TIMEOUT, "no answer in time");
}

static const struct checker_ops ops = {
	.name = "DNS_CHECK",
	.start = start,
	.on_io = on_io,
	.on_timeout = on_timeout,
};

const struct checker_ops *checker_dns_ops(void)
{
	return &ops;
}
