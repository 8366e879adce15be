/* SPDX-License-Identifier: MIT */
/*
 * Servers on the loopback that lie, stall, hang up and babble, for the tests of the checkers, and
 * one probe of such a server. Each server is a thread that treats every connection in one way. A
 * failure ends the test.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/base/clock.h"
#include "core/check/check.h"
#include "core/snap.h"

#define MS	   USEC_PER_MSEC
#define TIMEOUT_US (250 * MS) /* connect_timeout of lying_checker() */

struct lying;
typedef void lying_treat_fn(int fd, const struct lying *server);

struct lying {
	int fd;
	uint16_t port;
	pthread_t thread;
	lying_treat_fn *treat;
	const char *text; /* for the treatment */
	size_t size;
	char request[1024];	      /* the last one read */
	size_t request_size;	      /* of a datagram */
	_Atomic unsigned connections; /* accepted so far */
};

/* treat NULL: listens, but never accepts. text stays the caller's. */
void lying_start(struct lying *server, lying_treat_fn *treat, const char *text, size_t size);
/* The same for datagrams: each, in `request`, is treated over a socket connected to its sender. */
void lying_start_datagrams(struct lying *server, lying_treat_fn *treat, const char *text,
			   size_t size);
void lying_stop(struct lying *server);

/* Ways to treat a connection; see lying.c. */
lying_treat_fn lying_close;
lying_treat_fn lying_reset;
lying_treat_fn lying_silence;
lying_treat_fn lying_say;
lying_treat_fn lying_say_and_stay;
lying_treat_fn lying_babble;
lying_treat_fn lying_trickle;
lying_treat_fn lying_flood;

/* What a check reported last. */
struct outcome {
	unsigned reports;
	bool up;
	enum check_result result;
	int32_t code;
	uint64_t latency_us;
	char detail[DEST_ERROR_MAX];
};

/* Notes a report; owner is a struct outcome. */
check_report_fn lying_on_report;

/* A checker of that server with short times. */
struct conf_checker lying_checker(enum conf_checker_type type, const struct lying *server);
/* A url that wants 200-299. */
struct conf_url lying_url(const char *path);
/* Runs the check until it has reported so often. */
void lying_probe(const struct conf_checker *conf, unsigned reports, struct outcome *ret);
/* One report of HTTP_GET or SSL_GET of this url. */
void lying_probe_http(enum conf_checker_type type, const struct lying *server, struct conf_url *url,
		      struct outcome *ret);
/* The detail must contain this text. */
void lying_expect(const struct outcome *outcome, enum check_result result, const char *detail);
/* One probe of "/" against a server of that treatment must end so, within three timeouts. */
void lying_expect_http(enum conf_checker_type type, lying_treat_fn *treat, const char *text,
		       size_t size, enum check_result result, const char *detail);
