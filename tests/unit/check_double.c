/* SPDX-License-Identifier: MIT */
#include "tests/unit/check_double.h"

#include <stdlib.h>

#include "core/cmd.h"

#define CHECKS 256

struct check {
	const struct conf_checker *conf;
	bool up, run, suspended;
	unsigned values;
	int32_t value;
	uint64_t first_us;
	check_report_fn *report;
	void *owner;
};

struct check_env {
	check_exec_fn *exec;
	void *owner;
};

static struct check *checks[CHECKS];
static unsigned alive, made;
static struct check_env *environment;
static uint64_t answered;
static bool refusing;

void check_double_refuse(bool refuse)
{
	refusing = refuse;
}

unsigned check_double_count(void)
{
	return alive;
}

unsigned check_double_made(void)
{
	return made;
}

struct check *check_double_find(const struct conf_checker *conf)
{
	for (unsigned i = 0; i < CHECKS; i++) {
		if (checks[i] && checks[i]->conf == conf)
			return checks[i];
	}
	return NULL;
}

static void report(struct check *check, enum check_result result, bool has_weight, uint32_t weight,
		   int32_t delta)
{
	bool up = result == CHECK_LOCAL_ERROR ? check->up : result == CHECK_OK;
	struct check_report message = {
		.up = up,
		.changed = up != check->up || !check->run,
		.result = result,
		.has_weight = has_weight,
		.weight = weight,
		.delta = delta,
		.detail = result == CHECK_OK ? "" : "as the test said",
	};

	check->up = up;
	check->run = true;
	check->report(check, &message, check->owner);
}

void check_double_report(struct check *check, enum check_result result)
{
	report(check, result, false, 0, 0);
}

void check_double_weight(struct check *check, uint32_t weight)
{
	report(check, CHECK_OK, true, weight, 0);
}

void check_double_delta(struct check *check, int32_t delta)
{
	report(check, CHECK_OK, false, 0, delta);
}

uint64_t check_double_first_us(const struct check *check)
{
	return check->first_us;
}

int check_double_exec(struct check *check, uint64_t request)
{
	return environment->exec(request, check->conf, environment->owner);
}

uint64_t check_double_exec_done(void)
{
	return answered;
}

const char *check_result_name(enum check_result result)
{
	return result == CHECK_OK ? "ok" : "error";
}

void check_env_set_tls(struct check_env *env, const struct conf_tls *conf)
{
	(void)env;
	(void)conf;
}

int check_env_new(struct loop *loop, check_exec_fn *exec, void *owner, struct check_env **ret)
{
	(void)loop;
	environment = calloc(1, sizeof *environment);
	environment->exec = exec;
	environment->owner = owner;
	*ret = environment;
	return 0;
}

void check_env_end(struct check_env *env)
{
	(void)env;
}

struct check_env *check_env_free(struct check_env *env)
{
	free(env);
	environment = NULL;
	return NULL;
}

int check_new(struct check_env *env, const struct conf_checker *conf, bool initially_up,
	      uint64_t first_us, check_report_fn *on_report, void *owner, struct check **ret)
{
	(void)env;
	for (unsigned i = refusing ? CHECKS : 0; i < CHECKS; i++) {
		if (checks[i])
			continue;
		checks[i] = calloc(1, sizeof *checks[i]);
		*checks[i] = (struct check){.conf = conf,
					    .up = initially_up,
					    .first_us = first_us,
					    .report = on_report,
					    .owner = owner};
		alive++;
		made++;
		*ret = checks[i];
		return 0;
	}
	return -1;
}

struct check *check_free(struct check *check)
{
	for (unsigned i = 0; check && i < CHECKS; i++) {
		if (checks[i] != check)
			continue;
		checks[i] = NULL;
		alive--;
		free(check);
		break;
	}
	return NULL;
}

void check_set_conf(struct check *check, const struct conf_checker *conf)
{
	check->conf = conf;
}

void check_set_value(struct check *check, int32_t value)
{
	check->values++;
	check->value = value;
}

int32_t check_double_value(const struct check *check, unsigned *ret_count)
{
	*ret_count = check->values;
	return check->value;
}

void check_suspend(struct check *check, bool suspended, uint64_t first_us)
{
	check->suspended = suspended;
	check->first_us = first_us;
}

bool check_double_suspended(const struct check *check)
{
	return check->suspended;
}

bool check_is_up(const struct check *check)
{
	return check->up;
}

bool check_has_run(const struct check *check)
{
	return check->run;
}

void check_exec_done(struct check_env *env, const struct msg_exec_done *done)
{
	(void)env;
	answered = done->request;
}
