/* SPDX-License-Identifier: MIT */
/*
 * Between the scheduler (check_run.c) and the checkers (checker_*.c), private to core/check. A
 * checker is one row: it starts a probe, is told of its descriptor and its deadline, and ends it,
 * whatever happened, by exactly one call of check_done(). Nothing of a probe outlives its attempt.
 * Thread: check.
 *
 * Its keywords stand in the option table of conf/, which knows no core.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/check/check.h"
#include "core/check/dial.h"
#include "core/check/verdict.h"

struct loop_io;
struct loop_timer;
struct tls_client;
struct twins;

struct checker_ops {
	const char *name; /* as in the configuration */
	void (*start)(struct check *check);
	/* of the descriptor in check_watch(); NULL: it watches none */
	void (*on_io)(struct check *check, uint32_t events);
	void (*on_timeout)(struct check *check);
	/* Gives up what check->probe holds, which may be NULL and is freed afterwards; reports
	 * nothing. NULL: it holds nothing. */
	void (*stop)(struct check *check);
};

const struct checker_ops *checker_tcp_ops(void);
const struct checker_ops *checker_http_ops(void);
const struct checker_ops *checker_ssl_ops(void);
const struct checker_ops *checker_misc_ops(void);
const struct checker_ops *checker_file_ops(void);
const struct checker_ops *checker_bfd_ops(void);
const struct checker_ops *checker_dns_ops(void);
const struct checker_ops *checker_smtp_ops(void);
const struct checker_ops *checker_udp_ops(void);
const struct checker_ops *checker_ping_ops(void);

/* Small, for there are tens of thousands: what a probe needs lives in `probe`, while it runs. */
struct check {
	struct check_env *env;
	const struct conf_checker *conf;
	const struct checker_ops *ops;
	struct loop_timer *timer; /* next attempt, or deadline of the running probe */
	check_report_fn *report;
	void *owner;
	struct loop_io *io;
	void *probe; /* of the checker */
	uint64_t started_us;
	uint64_t request;    /* MISC_CHECK: answer waited for, 0: none */
	struct twins *twins; /* NULL: nobody else probes the same */
	uint32_t twin_index; /* in twins */
	struct verdict verdict;
	int fd;		      /* of the running probe, closed by check_done(); -1: none */
	int32_t value, delta; /* what it says, 1 for up; FILE_CHECK: what that adds to the weight */
	int32_t weight; /* set by a checker before check_done(): the weight asked for; -1: none */
	int32_t code;	/* set likewise: the number in the answer; 0: there is none */
	bool has_value; /* FILE_CHECK, BFD_CHECK: it was heard of */
	bool running, suspended;
	bool waiting;	  /* due, while a twin's probe is under way */
	bool length_told; /* a wrong Content-Length was logged once */
	uint8_t turns;	  /* of the running probe that its descriptor asked for */
};

/*
 * The one exit door: ends the running probe, decides, schedules the next attempt, reports. The
 * check may be gone when it returns: return at once. detail may live in the probe; it is cleaned
 * and cut here.
 */
void check_done(struct check *check, enum check_result result, const char *detail);
/* The same with a formatted detail. */
void check_done_format(struct check *check, enum check_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Watches the probe's descriptor for these events from now on. False: check_done() was called. */
bool check_watch(struct check *check, uint32_t events);

/* on_timeout at at_us, unless this is called again or the probe ends. */
void check_set_deadline(struct check *check, uint64_t at_us);

/* Opens the socket the configuration asks for; on_timeout after connect_timeout. A stream waits for
 * EPOLLOUT, any other for EPOLLIN. False: check_done() was called. */
bool check_dial(struct check *check, enum dial_kind kind);
/* Of a stream, on EPOLLOUT: is it established? False: check_done() was called. */
bool check_dialled(struct check *check);

/* Sends one datagram. False: check_done() was called. */
bool check_send(struct check *check, const void *octets, size_t size);
/* How large the next datagram is, of which the beginning is in room; -1: there is none, or
 * check_done() was called. */
ssize_t check_receive(struct check *check, void *room, size_t size);
/* Datagrams that one turn may read before others get theirs. */
#define CHECK_DATAGRAMS_PER_TURN 16

/* Hands a program to the environment; later on_exec of checker_misc.c. False: check_done() was
 * called. */
bool check_exec_start(struct check *check);
void checker_misc_on_exec(struct check *check, const struct msg_exec_done *done);

/* The TLS settings all checks share, made at first use. NULL: check_done() was called. */
struct tls_client *check_tls_client(struct check *check);

/* checker_http.c, for the row of SSL_GET: the same with TLS in between. */
void checker_http_start_tls(struct check *check);
void checker_http_on_io(struct check *check, uint32_t events);
void checker_http_on_timeout(struct check *check);
void checker_http_stop(struct check *check);
