/* SPDX-License-Identifier: MIT */
/*
 * The check thread on a bench: its engine with mailboxes around it, a kernel in memory, obedient
 * checks, and configurations made by hand. Service i has the key 192.0.2.(i+1):80/tcp, its server k
 * the key 10.0.i.(k+1):80.
 */
#pragma once

#include "tests/unit/check_double.h"
#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/loop.h"
#include "core/base/mail.h"
#include "core/check/engine.h"
#include "tests/unit/ipvs_double.h"

#define BENCH_SERVICES 12
#define BENCH_SERVERS  4
#define BENCH_MAIL     512

struct bench_conf {
	struct conf conf;
	struct conf_virtual_server services[BENCH_SERVICES];
	char ids[BENCH_SERVICES][32];
	struct svc_key keys[BENCH_SERVICES][2];
	struct conf_real_server servers[BENCH_SERVICES][BENCH_SERVERS];
	struct conf_checker checkers[BENCH_SERVICES][BENCH_SERVERS];
};

struct bench {
	struct wires wires;
	struct engine *engine;
	struct bench_conf *conf;			   /* the newest adopted */
	struct mail *main[BENCH_MAIL], *agent[BENCH_MAIL]; /* what was posted, in order */
	unsigned n_main, n_agent;
	bool hold_saves; /* do not answer MSG_ADMIN_SAVE */
	int save_error;	 /* what saves are answered with */
	uint64_t request;
};

struct svc_key bench_key(unsigned service);
struct dest_key bench_dest(unsigned service, unsigned server);

/* n services of m servers, weight 10, one TCP_CHECK each, quorum 1, wlc, NAT. */
struct bench_conf *bench_conf(unsigned services, unsigned servers, uint64_t generation);
/* Drops a server; those after it move up. */
void bench_drop_server(struct bench_conf *conf, unsigned service, unsigned server);

struct bench *bench_new(void);
struct bench *bench_free(struct bench *bench);
/* Posts the configuration and lets it settle. The bench owns it from now on. */
void bench_adopt(struct bench *bench, struct bench_conf *conf);
/* Turns the loop for that long, answering saves as a main thread would. */
void bench_run(struct bench *bench, unsigned ms);
void bench_refresh(struct bench *bench); /* one kernel dump at least */
/* Forgets collected mail. */
void bench_forget(struct bench *bench);
/* One SET; returns the error of its reply. */
int bench_set(struct bench *bench, unsigned service, unsigned server, enum dest_field field,
	      int32_t value);
void bench_post_set(struct bench *bench, uint64_t request, const struct dest_change *changes,
		    uint32_t count);
/* The same with what `how` says besides (force, undoes); the reply. */
const struct msg_reply *bench_ask(struct bench *bench, const struct msg_dest_set *how,
				  const struct dest_change *changes, uint32_t count);
/* The reply to that request; NULL: none yet. */
const struct msg_reply *bench_reply(const struct bench *bench, uint64_t request);
struct check *bench_check(const struct bench *bench, unsigned service, unsigned server);
void bench_report(struct bench *bench, unsigned service, unsigned server, enum check_result result);
const struct snap_check *bench_snap(struct bench *bench);
const struct snap_dest *bench_row(struct bench *bench, unsigned service, unsigned server);
unsigned bench_events(const struct bench *bench, enum event_kind kind); /* at the agent */
const struct msg_event *bench_last_event(const struct bench *bench, enum event_kind kind);
const struct msg_admin_save *bench_last_save(const struct bench *bench);
/* Weight in the kernel, -1: absent. */
int32_t bench_weight(unsigned service, unsigned server);
