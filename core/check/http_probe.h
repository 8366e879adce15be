/* SPDX-License-Identifier: MIT */
/*
 * One running probe of HTTP_GET or SSL_GET: between what fetches (checker_http.c) and what judges
 * (http_judge.c), private to them. Thread: check.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/check/checker.h"
#include "core/check/http_reply.h"

struct body_search;
struct md5;
struct tls;

enum http_step { STEP_CONNECT, STEP_HANDSHAKE, STEP_SEND, STEP_RECEIVE };

struct http_probe {
	enum http_step step;
	bool use_tls;
	struct tls *tls;
	struct md5 *md5;	    /* NULL: no digest is wanted */
	struct body_search *search; /* NULL: no regex is */
	bool compliant;		    /* the connection must end by close_notify */
	bool ending;		    /* the reply is whole, the end of the connection is awaited */
	size_t surplus;		    /* octets since */
	char *request;
	size_t request_size, sent;
	struct http_reply reply;
};

/* The url whose turn it is. */
const struct conf_url *http_url(const struct check *check);

/* Each ends the probe: of a whole reply, of one that is none. */
void http_judge(struct check *check);
void http_judge_bad(struct check *check);
