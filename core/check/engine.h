/* SPDX-License-Identifier: MIT */
/*
 * The check engine's own state, shared by the files of the check thread: thread.c (loop, mail),
 * settle.c (one turn of work), reload.c and services.c (adopting a configuration), health.c
 * (verdicts), record.c, kernel.c, view.c, sysctls.c and sync.c (IPVS), drain.c, ramp.c and
 * leaving.c (how servers go and come), machine.c, change.c,
 * policy.c and command.c (SET), event.c, publish.c.
 * Private to core/check. Everything here belongs to the check thread.
 *
 * One turn of work: something changes a server and marks its service dirty; engine_settle() then
 * reduces dirty services, brings the kernel there, publishes one snapshot, posts the events that
 * belong to it, and answers who waits. The second half costs as much as the table is long, so while
 * nobody waits it is done at a pace.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/tune.h"
#include "core/check/objects.h"
#include "core/check/pace.h"
#include "core/cmd.h"
#include "core/ipvs.h"

#define REFRESH_US                                                                                 \
	UINT64_C(2000000) /* the kernel sums its counters every 2 s: asking more often buys        \
			     nothing */
#define REFRESH_LEAST_US UINT64_C(100000) /* whatever is configured */
#define REFRESH_REST                                                                               \
	99 /* times what a refresh took: a hundredth of the time for what nobody asked for */
#define REOPEN_US      UINT64_C(10000000) /* between attempts to reach a kernel without IPVS */
#define CONFIRM_US     UINT64_C(100000)	  /* second look at a server that seems drained */
#define FIRST_CHECK_US UINT64_C(1000000)  /* after start or reload; plus a share of warmup */

struct loop;
struct loop_io;
struct loop_timer;
struct mail;

struct pending_event {
	enum event_kind kind;
	struct service *service;
	struct server *server;	   /* of EVENT_DEST_STATE, EVENT_CHECK, EVENT_DRAIN, EVENT_ADMIN */
	const struct svc_key *key; /* EVENT_DRIFT: of the service's members */
	bool left;		   /* likewise: it stays so */
	int role;		   /* EVENT_SYNC, which has no service */
	uint64_t wall_us, mono_us;
	enum dest_oper oper;
	enum dest_admin admin;
	enum dest_drain drain;
	bool quorum_up, stopping;
	bool to_main, to_agent;
	enum conf_checker_type checker; /* EVENT_CHECK, with the two that follow */
	bool check_up, decisive;
	char error[DEST_ERROR_MAX];
};

struct pending_reply {
	enum snap_thread to;
	struct msg_reply reply;
};

struct undo {
	struct server *server;
	struct admin before;
	struct ramp ramp;
};

/* The one SET that waits for the disk. Later mail that would change rows waits behind it. */
struct pending_set {
	bool active;
	uint64_t ticket;
	uint64_t request;
	uint32_t at; /* the change being applied */
	enum snap_thread reply_to;
	/* What the servers were. Kept until the next one, or the next configuration: a change of a
	 * machine is taken back by it. */
	size_t n_undo, room_undo;
	struct undo *undo;
	enum quorum_policy policy; /* what it was */
};

/* Of the kernel's daemons that copy connections. */
struct sync {
	bool master;				 /* the instance that they follow is */
	struct ipvs_sync told[IPVS_SYNC_ROLES];	 /* started by us; interface "": none */
	struct ipvs_sync shown[IPVS_SYNC_ROLES]; /* what runs, by the newest look */
	uint64_t changed_us[IPVS_SYNC_ROLES];
	int error[IPVS_SYNC_ROLES]; /* last logged */
};

/* The regular look at everything. */
struct refresh {
	bool under_way;
	size_t next;		      /* of the services, who is looked at next */
	uint64_t began_us, worked_us; /* since when, and for how long in all its pieces */
};

struct engine {
	const struct wires *wires;
	struct loop *loop;
	struct loop_io *inbox;
	struct loop_timer *refresh_timer, *settle_timer, *drain_timer, *ramp_timer;
	struct check_env *checks;
	const struct conf *conf;
	struct service **services; /* configuration order */
	size_t n_services;
	struct member **members; /* of all services, ascending by key */
	size_t n_members;
	struct server **by_address; /* of all services, machine by machine */
	size_t n_by_address;
	uint32_t checks_started; /* spreads start times */

	const struct ipvs_ops *ops;
	int ipvs_netns;		     /* for its open() */
	struct ipvs *ipvs;	     /* NULL: not reachable */
	uint64_t refresh_us;	     /* REFRESH_US; tests are in a hurry */
	uint32_t rest, refresh_rest; /* PACE_REST, REFRESH_REST */
	struct refresh refresh;
	struct pace look_pace, show_pace; /* of looks in one go, of snapshots */
	uint64_t reopen_at_us;
	int kernel_error;   /* last logged */
	int timeouts_error; /* of the last try to set them, which is repeated */
	struct sync sync;
	unsigned failed_looks;
	struct ipvs_about about; /* as last read */
	struct svc_key *orphans; /* ours once, which the kernel would not remove; tried again */
	size_t n_orphans, room_orphans;
	uint32_t drifts;
	uint64_t kernel_us; /* when the newest look at everything began */
	uint32_t serial;    /* of what was published */
	bool views_moved;   /* since then */
	uint64_t changed_us;

	enum quorum_policy policy;
	struct msg_admin *stored; /* from the state file, until the first configuration */
	size_t n_stored;
	uint64_t ticket;
	bool save_wanted;
	bool save_failed;
	struct pending_set pending, last; /* last: the one before */
	struct mail *deferred, **deferred_end;

	struct pending_event *events;
	size_t n_events, room_events;
	struct pending_reply *replies;
	size_t n_replies, room_replies;
	bool conf_rs_init_notifies; /* of the configuration being adopted */
	struct tune tune;	    /* in force */
	bool stopping;
};

/* thread.c */
int engine_new(const struct wires *wires, struct engine **ret);
struct engine *engine_free(struct engine *engine);
/* Work is due: one engine_settle() in the next turn of the loop, however often this is called. */
void engine_wake(struct engine *engine);
void engine_mark(struct engine *engine, struct service *service);
struct admin_time engine_time(void);
/* The reducer's inputs of one service; freed by the caller. NULL when memory is out. */
struct server_input *engine_inputs(const struct service *service);
/* Of one server: what its checkers add to the configured weight. Computed, never accumulated. */
int32_t engine_delta(const struct server *server);
struct server_input engine_input(const struct server *server);
struct admin_usage engine_usage(const struct server *server);

/* settle.c */
/* Tells the kernel at once; shows it when somebody waits for an answer or the pace allows. */
void engine_settle(struct engine *engine);
/* The same, whatever the pace. */
void engine_settle_now(struct engine *engine);
/* At everything, if the pace allows. */
void engine_look(struct engine *engine);
/* Reduces one service and queues the event of a quorum that came or went. */
void engine_reduce(struct engine *engine, struct service *service);

/* reload.c */
/* Takes over the caller's reference to conf, except on failure (-ENOMEM, everything as before). */
int engine_adopt(struct engine *engine, const struct conf *conf);

/* services.c */
int services_build(struct engine *engine, const struct conf *conf, struct service ***ret);
/* Their members by key. -ENOMEM. */
int services_index(struct service *const *services, size_t count, struct member ***ret,
		   size_t *ret_count);
void services_free_list(struct service **services, size_t count);
void services_free(struct engine *engine);
struct service *services_find_service(const struct engine *engine, const struct svc_key *key);
struct server *services_find_server(const struct service *service, const struct dest_key *key);

/* When the next check runs that has not run for a while. */
uint64_t services_first_check_us(struct engine *engine, const struct conf_checker *conf);

/* health.c */
void health_report(struct check *check, const struct check_report *report, void *probe);
void health_announce(struct engine *engine, struct server *server, const char *detail);
/* Recomputes verdict and oper state of one server; true when it went up or down. */
bool health_update(struct server *server);
/* A tracked file or a BFD session says something; its FILE_CHECKs, BFD_CHECKs hear of it. */
void health_track(struct engine *engine, const struct msg_track *track);

/* record.c: what is kept of the attempts of one checker. */
void record_begin(struct probe *probe, uint32_t number);
void record_attempt(struct probe *probe, const struct check_report *report);
/* Puts a copy in place of *kept, which its owner frees. Without memory the older text stays: the
 * result beside it is true in any case. */
void record_text(char **kept, const char *text);

/* Lets the checks of a service rest or go on. */
void health_suspend(struct engine *engine, struct service *service, bool suspended);

/* kernel.c, view.c */
void kernel_open(struct engine *engine, uint64_t now_us);
void kernel_close(struct engine *engine);
/* Brings one service where it should be, after a look at it when the last one is stale. Sends
 * nothing when the kernel is there already. Returns the first error. */
int kernel_apply(struct engine *engine, struct service *service, bool *ret_sent);
/* What the kernel refuses to remove is tried again after each full look. */
void kernel_remove(struct engine *engine, const struct svc_key *key);
void kernel_set_timeouts(struct engine *engine);
/* One look at everything; marks what drifted. */
void kernel_dump(struct engine *engine);
/* The same in pieces: begin, on with each service, end. False: that failed, and the kernel may be
 * out of reach now. */
bool kernel_look_begin(struct engine *engine);
bool kernel_look_on(struct engine *engine, struct service *service);
void kernel_look_end(struct engine *engine, uint64_t began_us);
/* One look at the members of one service. */
void kernel_look(struct engine *engine, struct service *service);
void view_update(struct engine *engine, struct service *service, struct member *member,
		 const struct ipvs_dump *dump);
void view_lost(struct engine *engine);

/* refresh.c: the regular look at everything */
/* Something of ours is in the kernel, or should be. */
bool refresh_is_needed(const struct engine *engine);
/* The next one, an interval from now. One that is under way is given up. */
void refresh_arm(struct engine *engine, uint64_t now_us);
void refresh_due(uint64_t now_us, void *engine);

/* sync.c: brings the daemons where they should be. */
void sync_settle(struct engine *engine);

/* drain.c */
/* After a fresh look at the service. */
void drain_snapshot(struct engine *engine, struct service *service);
void drain_tick(struct engine *engine);
void drain_arm(struct engine *engine);
void drain_confirm(uint64_t now_us, void *engine);
/* Logs and queues the event of one effect; asks for a save when it is to be stored. What a SET did
 * is logged when it stands. */
void drain_effect(struct engine *engine, struct server *server, enum admin_effect effect,
		  const struct admin *before, const char *error);

void drain_log(const struct server *server);

/* sysctls.c */
/* Of a fresh dump: says what changed and what it means for drains. */
void sysctls_follow(struct engine *engine, const struct ipvs_sysctls *found);
/* Of a new configuration. */
void sysctls_warn(const struct engine *engine);
/* Whether a template holds a drain up. */
bool sysctls_keep_templates(const struct engine *engine);

/* command.c */
void command_set(struct engine *engine, const struct mail *mail);
void command_saved(struct engine *engine, const struct msg_admin_saved *saved);
/* Posts everything that is to be stored; *ret_ticket names the post. */
int command_save(struct engine *engine, uint64_t *ret_ticket);
void command_flush_replies(struct engine *engine);
void command_cancel(struct engine *engine);

/* event.c */
void event_dest(struct engine *engine, enum event_kind kind, struct server *server,
		const char *error);
void event_check(struct engine *engine, const struct probe *probe, bool decisive,
		 const char *error);
void event_quorum(struct engine *engine, struct service *service);
void event_sync(struct engine *engine, int role);
void event_drift(struct engine *engine, struct service *service, const struct svc_key *key,
		 bool left);
void event_initial_up(struct engine *engine, struct server *server);
void event_stopping(struct engine *engine);
void event_flush(struct engine *engine);

/* publish.c */
void publish(struct engine *engine);
