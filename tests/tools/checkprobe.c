/* SPDX-License-Identifier: MIT */
/*
 * checkprobe FILE COUNT: runs the first checker of the first real server of a configuration COUNT
 *times, the first time at once and then when it is due, and prints one line per attempt:
 *
 *	up=1 changed=1 result=ok weight=- latency_us=412 detail=status 200, 5 octets
 *
 * For tests against real servers, without the daemon. Programs of a MISC_CHECK run as children, as
 *the caller's user.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/load.h"
#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/check/check.h"
#include "core/cmd.h"

struct probe {
	struct loop *loop;
	struct check_env *env;
	struct check *check;
	struct loop_child *child;
	struct loop_timer *deadline;
	pid_t pid;
	uint64_t request;
	bool timed_out;
	unsigned long left;
};

static void on_child(pid_t pid, int wait_status, void *owner)
{
	struct probe *probe = owner;
	struct msg_exec_done done = {.request = probe->request,
				     .timed_out = probe->timed_out,
				     .wait_status = wait_status};

	(void)pid;
	loop_timer_disarm(probe->deadline);
	probe->child = loop_child_free(probe->child);
	check_exec_done(probe->env, &done);
}

static void on_deadline(uint64_t now_us, void *owner)
{
	struct probe *probe = owner;

	(void)now_us;
	probe->timed_out = true;
	kill(probe->pid, SIGKILL);
}

static int on_exec(uint64_t request, const struct conf_checker *conf, void *owner)
{
	struct probe *probe = owner;
	int error = posix_spawn(&probe->pid, conf->command.argv[0], NULL, NULL, conf->command.argv,
				environ);

	if (error)
		return -error;
	probe->request = request;
	probe->timed_out = false;
	loop_timer_arm(probe->deadline, clock_now_us() + conf->misc_timeout_us);
	return loop_child_new(probe->loop, probe->pid, on_child, probe, &probe->child);
}

static void on_report(struct check *check, const struct check_report *report, void *owner)
{
	struct probe *probe = owner;
	char weight[12] = "-";

	(void)check;
	if (report->has_weight)
		snprintf(weight, sizeof weight, "%" PRIu32, report->weight);
	printf("up=%d changed=%d result=%s weight=%s latency_us=%" PRIu64 " detail=%s\n",
	       report->up, report->changed, check_result_name(report->result), weight,
	       report->latency_us, report->detail);
	fflush(stdout);
	if (--probe->left == 0)
		loop_quit(probe->loop, 0);
}

static int run(struct probe *probe, const struct conf *conf)
{
	const struct conf_real_server *server = &conf->services[0].servers[0];
	int error = loop_new(NULL, &probe->loop);

	if (error >= 0)
		error = loop_timer_new(probe->loop, on_deadline, probe, &probe->deadline);
	if (error >= 0)
		error = check_env_new(probe->loop, on_exec, probe, &probe->env);
	if (error >= 0)
		check_env_set_tls(probe->env, &conf->tls);
	if (error >= 0)
		error = check_new(probe->env, &server->checkers[0], !server->checkers[0].alpha, 1,
				  on_report, probe, &probe->check);
	if (error >= 0)
		error = loop_run(probe->loop);
	check_free(probe->check);
	check_env_free(probe->env);
	loop_child_free(probe->child);
	loop_timer_free(probe->deadline);
	loop_free(probe->loop);
	return error;
}

static void print_diags(struct diag_list *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		char *text = diag_format(&diags->items[i]);

		fprintf(stderr, "%s\n", text ? text : "no memory");
		free(text);
	}
	diag_list_free(diags);
}

int main(int argc, char **argv)
{
	const struct conf_load_options options = {.strict = false};
	const struct conf *conf = NULL;
	struct diag_list diags;
	struct probe probe = {.left = argc == 3 ? strtoul(argv[2], NULL, 10) : 0};
	sigset_t children;
	int error;

	if (!probe.left) {
		fprintf(stderr, "usage: checkprobe FILE COUNT\n");
		return 2;
	}
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	error = conf_load(argv[1], &options, &conf, &diags);
	print_diags(&diags);
	if (error < 0)
		return 1;
	if (conf->n_services && conf->services[0].n_servers &&
	    conf->services[0].servers[0].n_checkers)
		error = run(&probe, conf);
	else
		error = -ENOENT;
	conf_unref(conf);
	if (error < 0)
		fprintf(stderr, "checkprobe: %s\n", strerror(-error));
	return error < 0;
}
