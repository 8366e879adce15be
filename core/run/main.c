/* SPDX-License-Identifier: MIT */
/*
 * The program: reads its command line, becomes a daemon if asked to, makes what the threads share,
 * starts them, and then is the main thread, which serves them until it is told to stop. All signals
 * are blocked before the first thread exists.
 */
#include "config.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/base/mail.h"
#include "core/net/rtnl.h"
#include "core/run/control.h"
#include "core/run/daemon.h"
#include "core/run/exec.h"
#include "core/run/exec_child.h"
#include "core/run/fifos.h"
#include "core/run/filter.h"
#include "core/run/helper.h"
#include "core/run/log_sink.h"
#include "core/run/mailer.h"
#include "core/run/process.h"
#include "core/run/scripts.h"
#include "core/run/snmp_check.h"
#include "core/run/state.h"
#include "core/run/store.h"

/* ---- -t ---- */

static int test_config(const struct options *options)
{
	struct load load = {.options = options};
	FILE *to = stderr;
	int status = 0;

	if (options->test_log)
		to = fopen(options->test_log, "we");
	if (!to) {
		fprintf(stderr, "vipd: cannot write %s: %s\n", options->test_log, strerror(errno));
		return EXIT_FATAL;
	}
	load_run(&load);
	load_print(&load, to);
	if (load.error == -EINVAL)
		status = EXIT_CONFIG_TEST;
	else if (load.error)
		status = EXIT_CANNOT_RUN;
	else if (scripts_insecure(load.scripts))
		status = EXIT_SECURITY;
	else if (options->dump) {
		char *text = conf_dump(load.conf);

		fputs(text ? text : "", stdout);
		free(text);
	}
	load_clear(&load);
	if (to != stderr && fclose(to))
		status = EXIT_FATAL;
	return status;
}

/* ---- signals ---- */

static void on_signal(int signo, void *owner)
{
	struct daemon *d = owner;

	switch (signo) {
	case SIGHUP:
		log_notice("main", "reload asked for by signal");
		reload_request(d);
		break;
	case SIGUSR1:
		printout_request(d, PRINTOUT_DATA);
		break;
	case SIGUSR2:
		printout_request(d, PRINTOUT_STATS);
		break;
	case SIGTERM:
	case SIGINT:
		stop_begin(d, 0);
		break;
	case SIGXCPU:
		log_warn("main",
			 "a thread at real-time priority has computed for half of its limit "
			 "without a pause: the kernel ends vipd at the whole");
		break;
	default:
		printout_request(d, signo == options_signal("JSON") ? PRINTOUT_JSON
								    : PRINTOUT_STATS_CLEAR);
		break;
	}
}

static int watch_signals(struct daemon *d)
{
	const int numbers[] = {SIGTERM,
			       SIGINT,
			       SIGHUP,
			       SIGUSR1,
			       SIGUSR2,
			       options_signal("STATS_CLEAR"),
			       options_signal("JSON"),
			       SIGXCPU};
	int error = 0;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && !error; i++)
		error = loop_signal_new(d->loop, numbers[i], on_signal, d, &d->signals[i]);
	return error;
}

static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
}

/* ---- hooks of what main owns ---- */

static void on_link(const struct msg_link *link, void *owner)
{
	threads_post(owner, THREAD_VRRP, MSG_LINK, link, sizeof *link);
}

static void on_static(const struct msg_static *state, void *owner)
{
	threads_post(owner, THREAD_VRRP, MSG_STATIC, state, sizeof *state);
}

static void on_addresses(void *owner)
{
	role_on_addresses(owner);
}

static const struct rtnl_hooks rtnl_hooks = {
	.link = on_link,
	.statics = on_static,
	.addresses = on_addresses,
};

static void on_saved(const struct msg_admin_saved *saved, void *owner)
{
	threads_post(owner, THREAD_CHECK, MSG_ADMIN_SAVED, saved, sizeof *saved);
}

/* ---- start ---- */

/* Drains of an earlier run reach the check thread before its first configuration. */
static void send_state(struct daemon *d)
{
	struct state_read found;
	int error = state_read(d->options.state_dir, &found);

	if (error)
		log_error("main", "cannot read %s/" STATE_FILE ": %s%s", d->options.state_dir,
			  strerror(-error), found.moved ? "; moved to " STATE_FILE ".bad" : "");
	if (found.bad_lines)
		log_error("main", "%s/" STATE_FILE " is damaged: %zu entries are lost%s",
			  d->options.state_dir, found.bad_lines,
			  found.moved ? ", kept as " STATE_FILE ".bad" : "");
	for (uint32_t i = 0; found.save && i < found.save->count; i++)
		threads_post(d, THREAD_CHECK, MSG_ADMIN, &found.save->items[i],
			     sizeof found.save->items[i]);
	if (found.save && found.save->policy)
		threads_post(d, THREAD_CHECK, MSG_QUORUM_POLICY,
			     &(struct msg_quorum_policy){found.save->policy},
			     sizeof(struct msg_quorum_policy));
	free(found.save);
}

/* Without it every check by a program would fail: better not to start than to take servers out. */
static int open_exec_child(struct daemon *d)
{
	char path[PATH_MAX];

	d->exec_child = exec_open(EXEC_CHILD_NAME, path);
	if (d->exec_child < 0)
		log_error("main", "cannot start: %s, which starts programs: %s", path,
			  strerror(-d->exec_child));
	return d->exec_child < 0 ? EXIT_FATAL : 0;
}

static int open_services(struct daemon *d)
{
	int error = loop_new(&d->beats[THREAD_MAIN], &d->loop);

	if (!error)
		error = threads_make_wires(d);
	if (!error)
		error = loop_io_new(d->loop, mailbox_fd(d->wires.box[THREAD_MAIN]), EPOLLIN,
				    LOOP_NORMAL, mailroom_on_mail, d, &d->box_io);
	if (!error)
		error = watch_signals(d);
	if (!error)
		error = exec_new(d->loop, d->exec_child, &d->exec);
	if (!error)
		error = fifos_new(d->exec, &d->fifos);
	if (!error)
		error = mailer_new(d->loop, d->exec, &d->mailer);
	if (!error)
		error = tracking_open(d);
	if (!error)
		error = store_new(d->loop, d->options.state_dir, on_saved, d, &d->store);
	if (!error)
		error = filter_new(d->loop, &d->filter);
	if (!error)
		error = stop_open(d);
	if (!error)
		error = supervise_open(d);
	if (error)
		log_error("main", "cannot start: %s", strerror(-error));
	return error ? EXIT_FATAL : 0;
}

static int start(struct daemon *d)
{
	int error = rtnl_open(d->loop, &rtnl_hooks, d, d->options.pid_file, &d->rtnl);

	if (!error)
		error = threads_start(d);
	if (error) {
		log_error("main", "cannot start: %s", strerror(-error));
		return EXIT_FATAL;
	}
	send_state(d);
	reload_hand_out(d);
	error = control_open(d, d->options.control, &d->control);
	if (error)
		log_error("main", "control socket %s: %s; vipctl will not work", d->options.control,
			  strerror(-error));
	return 0;
}

/* ---- end ---- */

static void join_threads(struct daemon *d)
{
	for (int i = THREAD_VRRP; i < THREADS; i++)
		if (d->running[i] && d->stopped[i])
			pthread_join(d->threads[i], NULL);
}

static void close_services(struct daemon *d)
{
	rtnl_close(d->rtnl);
	loop_timer_free(d->tick);
	loop_timer_free(d->stop_timer);
	for (size_t i = 0; i < sizeof d->signals / sizeof d->signals[0]; i++)
		loop_signal_free(d->signals[i]);
	loop_io_free(d->box_io);
	alerts_free(d);
	bus_finish(d);
	printout_free(d);
	reload_time_free(d);
	helper_finish(d->reload.helper);
	load_clear(&d->reload.load);
	free(d->postponed);
	free(d->role.suspended);
	free(d->reload.changes);
	threads_free_wires(d);
	generation_free_all(d);
	loop_free(d->loop);
}

static void end(struct daemon *d)
{
	control_close(d->control);
	d->store = store_free(d->store);
	d->filter = filter_free(d->filter);
	tracking_close(d);
	d->fifos = fifos_free(d->fifos);
	d->mailer = mailer_free(d->mailer);
	d->exec = exec_free(d->exec);
	join_threads(d);
	if (d->begun)
		bracket_end(d);
	if (d->exec_child >= 0)
		close(d->exec_child);
	place_leave(d);
	log_notice("main", "stopped");
	supervise_log(d);
	/* A thread that still runs may use anything; so may a load that waits for a server, a file
	 * for its disk. */
	if (d->dirty_exit || d->reload.helper || d->printout.helper)
		_exit(d->exit_code);
	close_services(d);
	log_ring_use(NULL);
	log_ring_free(d->wires.log[THREAD_MAIN]);
	log_sink_close(d->sink);
	place_free(&d->place);
	process_free_paths(&d->paths);
}

static int live(struct daemon *d)
{
	int status = reload_first(d);

	if (!status)
		status = place_take(d);
	if (!status)
		status = open_exec_child(d);
	if (!status)
		status = open_services(d);
	if (!status)
		settings_apply(d, d->newest->conf);
	if (!status && !bracket_begin(d))
		return 0;
	d->begun = !status;
	if (!status)
		status = start(d);
	if (status) {
		d->exit_code = status;
		for (int i = THREAD_VRRP; i < THREADS; i++)
			d->dirty_exit |= d->running[i];
		return status;
	}
	if (!d->options.foreground)
		process_leave_terminal(&d->options);
	status = loop_run(d->loop);
	if (status < 0) {
		log_error("main", "the main loop failed: %s", strerror(-status));
		d->exit_code = EXIT_FATAL;
		d->dirty_exit = true;
	}
	return d->exit_code;
}

int daemon_run(const struct options *options)
{
	struct daemon d = {
		.options = *options,
		.ready_fd = -1,
		.exec_child = -1,
		.place = PLACE_NONE,
		.started_us = clock_now_us(),
		.started_wall_us = clock_wall_us(),
		.wanted = {[THREAD_VRRP] = !options->only_check,
			   [THREAD_CHECK] = !options->only_vrrp,
			   [THREAD_AGENT] = true},
	};
	int status = process_prepare(options);

	if (status)
		return status;
	int error =
		options->foreground ? 0 : process_become_daemon(&d.options, &d.paths, &d.ready_fd);
	block_signals();
	if (!error)
		error = log_sink_open(&d.options, &d.sink);
	if (!error)
		error = log_ring_new(&d.wires.log[THREAD_MAIN]);
	if (error) {
		fprintf(stderr, "vipd: cannot start: %s\n", strerror(-error));
		log_sink_close(d.sink);
		process_free_paths(&d.paths);
		return EXIT_FATAL;
	}
	log_ring_use(d.wires.log[THREAD_MAIN]);
	status = live(&d);
	end(&d);
	return status;
}

#define LARGE_BYTES (128 * 1024)

/*
 * What is large (a configuration being read, a snapshot of every row) comes and goes. It must go
 * back to the kernel each time: left to itself glibc raises this bound after the first such block
 * and keeps them in its heaps, a multiple of what is in use.
 */
static void keep_memory_small(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
}

int main(int argc, char **argv)
{
	struct options options;

	keep_memory_small();
	if (options_parse(argc, argv, stderr, &options))
		return EXIT_FATAL;
	if (options.help) {
		options_help(stdout);
		return 0;
	}
	if (options.version) {
		printf("vipd " PACKAGE_VERSION "\n");
		return 0;
	}
	if (options.signal_name) {
		int number = options_signal(options.signal_name);

		if (number < 0) {
			fprintf(stderr,
				"vipd: no signal is called %s; STOP, RELOAD, DATA, STATS, "
				"STATS_CLEAR and JSON are\n",
				options.signal_name);
			return EXIT_FATAL;
		}
		printf("%d\n", number);
		return 0;
	}
	if (options.check_snmp)
		return snmp_check(&options, stdout);
	return options.test ? test_config(&options) : daemon_run(&options);
}
