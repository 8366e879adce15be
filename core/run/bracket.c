/* SPDX-License-Identifier: MIT */
/*
 * startup_script and shutdown_script: one program before anything else is started, one after all
 * else has ended. Nothing else happens meanwhile, so it runs on a loop of its own that ends with
 * it; a request to stop ends a startup script too. Runs in main.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#include "conf/model.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/run/daemon.h"
#include "core/run/exec.h"
#include "core/run/scripts.h"

struct bracket {
	struct loop *loop;
	struct exec *exec;
	struct loop_signal *term, *interrupt;
	const char *what;
	bool stopped; /* by a signal */
};

static void on_end(const struct exec_end *end, uint64_t token, void *owner)
{
	struct bracket *bracket = owner;

	(void)token;
	if (end->error)
		log_error("main", "%s cannot run: %s", bracket->what, strerror(-end->error));
	else if (end->timed_out)
		log_error("main", "%s took too long and was killed", bracket->what);
	else if (!WIFEXITED(end->wait_status) || WEXITSTATUS(end->wait_status))
		log_warn("main", "%s failed", bracket->what);
	loop_quit(bracket->loop, 0);
}

static void on_signal(int signo, void *owner)
{
	struct bracket *bracket = owner;

	(void)signo;
	bracket->stopped = true;
	loop_quit(bracket->loop, 0);
}

static int run(struct bracket *bracket, int child, const struct exec_command *command,
	       uint64_t timeout_us)
{
	int error = loop_new(NULL, &bracket->loop);

	if (!error)
		error = loop_signal_new(bracket->loop, SIGTERM, on_signal, bracket, &bracket->term);
	if (!error)
		error = loop_signal_new(bracket->loop, SIGINT, on_signal, bracket,
					&bracket->interrupt);
	if (!error)
		error = exec_new(bracket->loop, child, &bracket->exec);
	/* A track script's class: when nobody waits for it any more it is killed. */
	if (!error)
		error = exec_start(bracket->exec, EXEC_TRACK, command, timeout_us, on_end, 0,
				   bracket);
	if (!error)
		error = loop_run(bracket->loop);
	exec_free(bracket->exec);
	loop_signal_free(bracket->term);
	loop_signal_free(bracket->interrupt);
	loop_free(bracket->loop);
	return error;
}

static bool run_script(struct daemon *d, const char *what, const struct conf_command *script,
		       uint64_t timeout_us)
{
	struct bracket bracket = {.what = what};
	struct exec_command command;

	if (!script->text)
		return true;
	if (scripts_command(d->newest->scripts, script, &command) < 0) {
		log_error("main", "%s cannot or must not run", what);
		return true;
	}
	log_info("main", "running the %s", what);
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%llu", (unsigned long long)timeout_us);
	int error = run(&bracket, d->exec_child, &command, timeout_us);
	if (error < 0)
		log_error("main", "%s cannot run: %s", what, strerror(-error));
	return !bracket.stopped;
}

bool bracket_begin(struct daemon *d)
{
	const struct conf_global *global = &d->newest->conf->global;

	return run_script(d, "startup script", &global->startup_script, global->startup_timeout_us);
}

void bracket_end(struct daemon *d)
{
	const struct conf_global *global = &d->newest->conf->global;

	(void)run_script(d, "shutdown script", &global->shutdown_script,
			 global->shutdown_timeout_us);
}
