/* SPDX-License-Identifier: MIT */
/*
 * Opening the socket of a check as its configuration asks: connect_ip, connect_port, bindto,
 * bind_port, bind_if, fwmark. Non-blocking. Knows no loop. Thread: check.
 */
#pragma once

#include "core/check/check.h"

struct conf_checker;

enum dial_kind {
	DIAL_STREAM,   /* TCP */
	DIAL_DATAGRAM, /* UDP; what ICMP says of it is an error of the socket */
	DIAL_ECHO,     /* ICMP, ICMPv6: echo replies of that address only; likewise */
};

struct dial_error {
	enum check_result result;
	const char *step; /* "connect", "bind to interface", ...; static */
	int error;	  /* errno */
};

/* Returns the socket, connected or on the way, or -1 with *ret_error filled. */
int dial_start(enum dial_kind kind, const struct conf_checker *conf, struct dial_error *ret_error);

/* Of a stream that dial_start() opened, once writable: 0, or -1 with *ret_error filled. */
int dial_finish(int fd, const struct conf_checker *conf, struct dial_error *ret_error);

/* What an error of the socket says about the server. error: errno. */
enum check_result dial_result(int error);
/* The same of a connection that was established. */
enum check_result dial_io_result(int error);
