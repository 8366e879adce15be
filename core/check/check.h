/* SPDX-License-Identifier: MIT */
/*
 * One health check of one real server: when it runs, how often it is tried again, and what came
 * out. Knows sockets, TLS and programs; knows nothing of quorum, weight or IPVS. Thread: check.
 *
 * Every checker, whatever happens, ends in one exit door, check_done() (core/check/checker.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/snap.h"

struct check;
struct check_env;
struct loop;
struct msg_exec_done;

const char *check_result_name(enum check_result result); /* "timeout", ... */

/*
 * What one finished attempt means.
 *
 * CHECK_LOCAL_ERROR is no verdict: the director itself could not try (no descriptor, no port, no
 * memory, the address of bindto not on this host). The verdict stays as it was and the next attempt
 * comes after delay_before_retry, so that a director in trouble does not take every server down.
 * Log it: nothing else shows it.
 */
struct check_report {
	bool up; /* verdict after retries: the checker's present state */
	/* the verdict differs from the one before (the first verdict counts as a change) */
	bool changed;
	enum check_result result; /* of this attempt */
	/* MISC_CHECK with misc_dynamic that ended with 2..255: the program wants this weight,
	 * 0..253, i.e. the checker's dynamic part is weight - configured weight. Meaningful with
	 * CHECK_OK only: CHECK_OK without it takes the dynamic part away, a failed attempt leaves
	 * it. */
	bool has_weight;
	uint32_t weight;
	/* FILE_CHECK: what it adds to the weight. Meaningful with CHECK_OK only, as above. */
	int32_t delta;
	int32_t code;	     /* number in the answer, see struct snap_checker; 0: none */
	uint64_t latency_us; /* of the probe alone */
	/* "status 503, wanted 200-299"; printable UTF-8 under DEST_ERROR_MAX octets, never NULL;
	 * with CHECK_OK what was seen, or "". Valid during the call. */
	const char *detail;
};

typedef void check_report_fn(struct check *check, const struct check_report *report, void *owner);

/*
 * Runs a MISC_CHECK program elsewhere; the answer comes back, later, through check_exec_done() with
 * the same request (never 0). A negative errno counts as CHECK_LOCAL_ERROR. Whoever runs it
 * enforces misc_timeout_us; a check that has heard nothing two seconds after that gives up by
 * itself.
 */
typedef int check_exec_fn(uint64_t request, const struct conf_checker *conf, void *owner);

/* What all checks of one loop share. exec may be NULL where no MISC_CHECK is run. Every check is
 * freed first. */
int check_env_new(struct loop *loop, check_exec_fn *exec, void *owner, struct check_env **ret);
/* Every check is about to be freed, which costs less when this is said first; NULL is allowed. */
void check_env_end(struct check_env *env);
struct check_env *check_env_free(struct check_env *env);
/* What SSL_GET shows to servers, from now on; stays the caller's until the next call. The files are
 * read anew when the next check wants them. Without a call, or NULL: nothing. */
void check_env_set_tls(struct check_env *env, const struct conf_tls *conf);

/*
 * Starts checking at first_us (monotonic). conf must outlive the check. initially_up: the verdict
 * before the first attempt, as keepalived assumes it (true unless alpha). report is called after
 * every attempt, never from within check_new(), and as the last thing done with the check: it may
 * call check_free() for that check. Checks that probe the same in the same way share one probe:
 * each gets a report, when the first of them is due.
 */
int check_new(struct check_env *env, const struct conf_checker *conf, bool initially_up,
	      uint64_t first_us, check_report_fn *report, void *owner, struct check **ret);
struct check *
check_free(struct check *check); /* at any time; a probe under way is dropped unreported */

/*
 * Suspended: the probe under way is dropped unreported, none is started, the verdict stays. Going
 * on, the next one is at first_us. Idempotent.
 */
void check_suspend(struct check *check, bool suspended, uint64_t first_us);

/* After a reload that left the checker as it was: same settings in another configuration object. */
void check_set_conf(struct check *check, const struct conf_checker *conf);

/* What the file of a FILE_CHECK says now; of a BFD_CHECK 1: its session is up. Reported in the next
 * turn of the loop. */
void check_set_value(struct check *check, int32_t value);

bool check_is_up(const struct check *check);
bool check_has_run(const struct check *check); /* there has been a first verdict */

/* Answers to requests of checks that are gone are ignored. */
void check_exec_done(struct check_env *env, const struct msg_exec_done *done);
