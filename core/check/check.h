/* SPDX-License-Identifier: MIT */
/*
 * One health check of one real server: when it runs, how often it is tried again, and what came out. Knows
 * sockets, TLS and programs; knows nothing of quorum, weight or IPVS. Thread: check.
 *
 * Every checker, whatever happens, ends in one exit door, check_done() (core/check/checker.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"

struct check;
struct check_env;
struct loop;
struct msg_exec_done;

enum check_result {
	CHECK_OK,
	CHECK_TIMEOUT,
	CHECK_REFUSED,
	CHECK_UNREACHABLE,
	CHECK_PROTOCOL_ERROR,
	CHECK_BAD_CONTENT,
	CHECK_TLS_ERROR,
	CHECK_SCRIPT_ERROR,
	CHECK_LOCAL_ERROR, /* we could not even try: descriptors, ports, memory */
	CHECK_RESULTS
};

const char *check_result_name(enum check_result result); /* "timeout", ... */

/* What one finished attempt means. */
struct check_report {
	bool up; /* verdict after retries: the checker's present state */
	bool changed; /* the verdict differs from the one before (the first verdict counts as a change) */
	enum check_result result; /* of this attempt */
	int32_t weight_delta;	  /* MISC_CHECK with misc_dynamic: to add to the configured weight */
	uint64_t latency_us;	  /* of the probe alone */
	const char *detail; /* "status 503, wanted 200-299"; printable UTF-8 under DEST_ERROR_MAX; valid during the call */
};

typedef void check_report_fn(struct check *check, const struct check_report *report, void *owner);

/* Runs a MISC_CHECK program elsewhere; the answer comes back through check_exec_done() with the same request. */
typedef int check_exec_fn(uint64_t request, const struct conf_checker *conf, void *owner);

int check_env_new(struct loop *loop, check_exec_fn *exec, void *owner, struct check_env **ret);
struct check_env *check_env_free(struct check_env *env);

/*
 * Starts checking at first_us (monotonic). conf must outlive the check. initially_up: the verdict before the
 * first attempt, as keepalived assumes it (true unless alpha). report is called after every attempt.
 */
int check_new(struct check_env *env, const struct conf_checker *conf, bool initially_up, uint64_t first_us,
	      check_report_fn *report, void *owner, struct check **ret);
struct check *check_free(struct check *check);

/* After a reload that left the checker as it was: same settings in another configuration object. */
void check_set_conf(struct check *check, const struct conf_checker *conf);

bool check_is_up(const struct check *check);
bool check_has_run(const struct check *check);

void check_exec_done(struct check_env *env, const struct msg_exec_done *done);
