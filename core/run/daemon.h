/* SPDX-License-Identifier: MIT */
/*
 * The main thread's own: everything it holds, and the functions by which the files of core/run work
 * on it. Private to core/run. Thread: main.
 */
#pragma once

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "core/base/beat.h"
#include "core/base/tune.h"
#include "core/cmd.h"
#include "core/run/load.h"
#include "core/run/options.h"
#include "core/run/place.h"
#include "core/run/process.h"

struct bus;
struct control;
struct printout_base;
struct exec;
struct file_tracker;
struct filter;
struct fifos;
struct helper;
struct log_sink;
struct loop;
struct loop_io;
struct loop_signal;
struct loop_timer;
struct mailer;
struct process_tracker;
struct reload_time;
struct rtnl;
struct scripts;
struct store;
struct tracker;

/* One configuration that may still be referred to. */
struct generation {
	struct generation *older;
	const struct conf *conf;
	struct scripts *scripts;
};

/* Addresses that go when the newest configuration is adopted: of that one what the instance no
 * longer has, of an earlier one all that the instance had. */
struct postponed {
	uint64_t generation;
	uint32_t instance;
};

enum reload_phase {
	RELOAD_IDLE,
	RELOAD_LOADING,	 /* the helper works on `load` */
	RELOAD_ADOPTING, /* waiting for the engines to answer */
};

struct reload {
	enum reload_phase phase;
	struct load load;
	struct helper *helper;
	uint64_t ticket;	  /* of the newest request; counts */
	uint64_t running_ticket;  /* the newest request when the load under way began */
	uint64_t asked_us;	  /* when the first request since the last answer came */
	char last_error[256];	  /* "" after a success */
	char *changes;		  /* what the newest load changed; NULL: not known, or the first */
	struct reload_time *time; /* NULL: none is planned */
	uint64_t loaded_wall_us;  /* when the configuration in force was loaded */
};

/* Of the process as a whole, and what it was before the configuration said otherwise. */
struct settings {
	bool umask_set, locked;
	uint32_t rttime_us; /* limit in force; 0: as vipd was started */
	struct rlimit rttime_before;
	mode_t umask_before;
	char name_before[TUNE_NAME_MAX + 1]; /* "": never named */
};

enum printout_kind {
	PRINTOUT_DATA,
	PRINTOUT_STATS,
	PRINTOUT_STATS_CLEAR,
	PRINTOUT_JSON,
	PRINTOUT_KINDS,
};

/* Files that are written because somebody asked. */
struct printout {
	unsigned wanted; /* a bit for each kind that waits */
	struct printout_base *base;
	/* The helper's while there is one. */
	struct helper *helper;
	char *text;
	char path[PATH_MAX];
	int error;
};

enum stop_phase { STOP_NO, STOP_ENGINES, STOP_AGENT, STOP_DONE };

/* What the check thread was told last. */
struct role {
	bool master;
	uint64_t generation; /* of the configuration it was told for */
	bool *suspended;     /* by service of that one; NULL: none has ha_suspend */
};

struct daemon {
	struct options options;
	struct process_paths paths;
	struct place place;
	struct wires wires;
	struct snmp_listen snmp; /* what wires.snmp is, with --snmp-listen */
	struct beat beats[THREADS];
	bool wanted[THREADS], running[THREADS], stopped[THREADS];
	pthread_t threads[THREADS];
	uint64_t acked[THREADS]; /* newest generation that thread runs on */

	struct loop *loop;
	struct loop_io *box_io;
	struct loop_timer *tick;
	struct loop_signal *signals[8];
	struct log_sink *sink;
	struct rtnl *rtnl;
	int exec_child; /* exec_open() */
	struct exec *exec;
	struct fifos *fifos;
	struct bus *bus; /* NULL: not wanted */
	struct mailer *mailer;
	void *told; /* what mail told last: alerts.c */
	struct tracker *tracker;
	struct file_tracker *files;
	struct process_tracker *processes;
	struct store *store;
	struct filter *filter;
	struct control *control;

	struct generation *newest;
	struct postponed *postponed; /* addresses.c */
	size_t n_postponed;
	struct settings settings;
	bool begun; /* the startup script has run */
	struct role role;
	struct reload reload;
	struct printout printout;
	int ready_fd; /* the waiting parent's pipe when daemonized, else -1 */
	bool ready;
	uint64_t started_us, started_wall_us;
	uint64_t next_second_us, watchdog_us, fed_us;
	char status[128]; /* last STATUS= */

	enum stop_phase stop;
	uint64_t stop_us, stop_deadline_us;
	unsigned stop_scripts; /* notify scripts that ran already: nobody waits for those */
	struct loop_timer *stop_timer;
	int exit_code;
	bool dirty_exit; /* a thread did not end: nothing may be freed */
};

/* main.c: whole life of the daemon; returns the exit status. */
int daemon_run(const struct options *options);

/* place.c: as the newest configuration says: namespace, names of files, the pid file. 0, or an exit
 * status after saying why. */
int place_take(struct daemon *d);
void place_leave(struct daemon *d); /* gives its files up; accepts one never taken */

/* threads.c */
int threads_make_wires(struct daemon *d);
void threads_free_wires(struct daemon *d);
/* Those that are wanted and do not run yet. */
int threads_start(struct daemon *d);
/* Posts to a thread that is running; memory that is out is logged. */
void threads_post(struct daemon *d, enum snap_thread to, enum msg_kind kind, const void *body,
		  size_t size);
const char *thread_name(enum snap_thread thread);

/* generation.c: the configurations still in use. */
int generation_add(struct daemon *d, const struct conf *conf,
		   struct scripts *scripts); /* takes both over */
const struct generation *generation_find(const struct daemon *d, uint64_t number);
void generation_sweep(struct daemon *d); /* frees what nobody holds any more */
void generation_free_all(struct daemon *d);

/* addresses.c */
int addresses_change(struct daemon *d, const struct msg_addrs *wanted); /* 0 or negative errno */
void addresses_settle(struct daemon *d); /* the vrrp thread has adopted a configuration */

/* reload.c */
int reload_first(struct daemon *d);	   /* at start: loads in this thread; 0 or an exit status */
void reload_hand_out(struct daemon *d);	   /* hands the newest generation to everyone */
uint64_t reload_request(struct daemon *d); /* returns the ticket that answers it */
void reload_on_adopted(struct daemon *d, const struct msg_conf_done *done);

/* reload_file.c: around the reading of the text, and what was found in it. */
void reload_file_begin(const struct daemon *d);
void reload_file_end(const struct daemon *d);
void reload_file_report(const struct daemon *d);

/* reload_time.c: a reload at the moment that a file names. */
void reload_time_use_conf(struct daemon *d); /* of the newest configuration */
void reload_time_free(struct daemon *d);

/* settings.c: whatever of the configuration concerns the process as a whole. */
void settings_apply(struct daemon *d, const struct conf *conf);

/* tracking.c: scripts, files and processes that instances track. */
int tracking_open(struct daemon *d);
void tracking_use(struct daemon *d, const struct conf *conf);
void tracking_close(struct daemon *d);

/* role.c: whether the instance is master that connection synchronisation follows, and which
 * services have an address here. */
void role_use_conf(struct daemon *d); /* after the check thread got it */
void role_on_event(struct daemon *d, const struct msg_event *event);
void role_on_addresses(struct daemon *d);

/* bracket.c: the startup script; false: it was told to stop. And the shutdown script. */
bool bracket_begin(struct daemon *d);
void bracket_end(struct daemon *d);

/* mailroom.c */
void mailroom_on_mail(int fd, uint32_t events, void *owner);

/* notify.c: scripts and FIFOs of the configuration that follow an event. */
void notify_on_event(struct daemon *d, const struct msg_event *event);
void notify_use_conf(struct daemon *d); /* the newest configuration's FIFOs */
void notify_reloaded(struct daemon *d); /* it is in force */

/* alerts.c: mail that follows an event. */
void alerts_on_event(struct daemon *d, const struct msg_event *event);
void alerts_free(struct daemon *d);

/* bus.c: the D-Bus service. */
void bus_use_conf(struct daemon *d); /* of the newest configuration */
void bus_on_event(struct daemon *d, const struct msg_event *event);
void bus_reloaded(struct daemon *d); /* it is in force */
void bus_finish(struct daemon *d);

/* printout.c: writes the file of that kind, soon. */
void printout_request(struct daemon *d, enum printout_kind kind);
void printout_free(struct daemon *d);

/* supervise.c: the pulse of main, sd_notify, snap_daemon. */
int supervise_open(struct daemon *d);
void supervise_ready(struct daemon *d); /* the first, or a reloaded, configuration is in force */
void supervise_reloading(struct daemon *d);
void supervise_publish(struct daemon *d);
void supervise_log(struct daemon *d); /* writes out the log now */

/* stop.c */
int stop_open(struct daemon *d);
void stop_begin(struct daemon *d, int exit_code);
void stop_on_stopped(struct daemon *d, const struct msg_stopped *stopped);
