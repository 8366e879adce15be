/* SPDX-License-Identifier: MIT */
/* The quorum policy through the engine: what a SET may not take away, judged as a whole; what
 * forces it, what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/engine_bench.h"

/* No drain ends by itself. */
static void keep_busy(unsigned services)
{
	for (unsigned i = 0; i < services; i++)
		for (unsigned k = 0; k < 2; k++) {
			struct svc_key key = bench_key(i);
			struct dest_key dest = bench_dest(i, k);

			ipvs_double_dest(&key, &dest)->active_conns = 1;
		}
}

/* Services of two servers of weight 10 each; quorum: of the first. */
static struct bench *started(unsigned services, unsigned quorum, enum quorum_policy policy)
{
	struct bench_conf *conf = bench_conf(services, 2, 1);
	struct msg_quorum_policy message = {policy};
	struct bench *b = bench_new();

	conf->services[0].quorum = quorum;
	mail_post(b->wires.box[THREAD_CHECK], MSG_QUORUM_POLICY, &message, sizeof message);
	bench_adopt(b, conf);
	keep_busy(services);
	bench_forget(b);
	ipvs_double_commands();
	return b;
}

static struct dest_change change(unsigned service, unsigned server, enum dest_field field,
				 int32_t value)
{
	return (struct dest_change){.svc = bench_key(service),
				    .dest = bench_dest(service, server),
				    .field = field,
				    .value = value};
}

static struct dest_change drain(unsigned service, unsigned server)
{
	return change(service, server, DEST_SET_ADMIN, DEST_SHUTTING_DOWN);
}

static struct dest_change policy(enum quorum_policy value)
{
	return change(0, 0, DEST_SET_QUORUM_POLICY, (int32_t)value);
}

#define ASK(b, ...)                                                                                \
	bench_ask((b), &(struct msg_dest_set){0}, (const struct dest_change[]){__VA_ARGS__},       \
		  sizeof((const struct dest_change[]){__VA_ARGS__}) / sizeof(struct dest_change))

static void assert_refused(struct bench *b, const struct msg_reply *reply, uint32_t index)
{
	assert_int_equal(reply->error, -EPERM);
	assert_int_equal(reply->index, index);
	assert_int_equal(ipvs_double_commands(), 0);
	assert_null(bench_last_save(b));
	assert_int_equal(bench_events(b, EVENT_DRAIN) + bench_events(b, EVENT_ADMIN) +
				 bench_events(b, EVENT_QUORUM),
			 0);
}

static const struct msg_changed *last_told(const struct bench *b)
{
	const struct msg_changed *told = NULL;

	for (unsigned i = 0; i < b->n_agent; i++)
		if (b->agent[i]->kind == MSG_CHANGED)
			told = (const struct msg_changed *)b->agent[i]->body;
	return told;
}

static void allow_is_the_default(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_adopt(b, bench_conf(1, 2, 1));
	assert_int_equal(bench_snap(b)->quorum_policy, QUORUM_ALLOW);
	assert_int_equal(ASK(b, drain(0, 0), drain(0, 1))->error, 0);
	assert_false(bench_snap(b)->services[0].quorum_up);
	bench_free(b);
}

static void whatever_takes_the_quorum_is_refused(void **state)
{
	struct bench *b = started(1, 20, QUORUM_REFUSE);

	(void)state;
	assert_int_equal(bench_snap(b)->quorum_policy, QUORUM_REFUSE);
	assert_refused(b, ASK(b, drain(0, 0)), 0);
	assert_string_equal(bench_reply(b, b->request)->text,
			    "192.0.2.1:80/tcp would lose its quorum of 20, with weight 10 instead "
			    "of 20");
	assert_refused(b, ASK(b, change(0, 1, DEST_SET_ADMIN, DEST_LOCKED)), 0);
	assert_refused(b, ASK(b, change(0, 0, DEST_SET_WEIGHT, 0)), 0);
	assert_refused(b, ASK(b, change(0, 0, DEST_SET_WEIGHT, 9)), 0);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_UNLOCKED);
	assert_int_equal(bench_row(b, 0, 0)->weight_override, WEIGHT_NO_OVERRIDE);
	/* An override that holds the quorum up is not taken away either. */
	assert_int_equal(
		ASK(b, change(0, 0, DEST_SET_WEIGHT, 20), change(0, 1, DEST_SET_WEIGHT, 0))->error,
		0);
	ipvs_double_commands();
	bench_forget(b);
	assert_refused(b, ASK(b, change(0, 0, DEST_SET_WEIGHT, WEIGHT_NO_OVERRIDE)), 0);
	/* The other server gives nothing: it may go. */
	assert_int_equal(ASK(b, drain(0, 1))->error, 0);
	bench_free(b);
}

static void a_set_is_judged_as_a_whole(void **state)
{
	struct bench *b = started(2, 10, QUORUM_REFUSE);
	struct dest_change comment = change(0, 1, DEST_SET_COMMENT, 0);

	(void)state;
	/* Each alone would do. */
	assert_refused(b, ASK(b, drain(0, 0), drain(0, 1), comment), 1);
	assert_refused(b, ASK(b, drain(0, 1), drain(0, 0), comment), 1);
	assert_refused(b, ASK(b, drain(1, 0), drain(1, 1), drain(0, 0)), 1);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_UNLOCKED);
	assert_int_equal(ASK(b, change(0, 0, DEST_SET_ADMIN, DEST_LOCKED))->error, 0);
	ipvs_double_commands();
	bench_forget(b);
	assert_refused(b, ASK(b, comment, drain(0, 1)), 1);
	/* One for the other, in either order. */
	struct dest_change back = change(0, 0, DEST_SET_ADMIN, DEST_UNLOCKED);
	assert_int_equal(ASK(b, drain(0, 1), back)->error, 0);
	assert_int_equal(bench_row(b, 0, 1)->admin, DEST_SHUTTING_DOWN);
	assert_int_equal(bench_weight(0, 0), 10);
	assert_int_equal(bench_events(b, EVENT_QUORUM), 0);
	assert_true(bench_snap(b)->services[0].quorum_up);
	bench_free(b);
}

static void a_machine_counts_in_all_services(void **state)
{
	struct bench_conf *conf = bench_conf(3, 2, 1);
	struct msg_quorum_policy message = {QUORUM_REFUSE};
	struct bench *b = bench_new();
	struct dest_change machine = {
		.machine = true, .field = DEST_SET_ADMIN, .value = DEST_SHUTTING_DOWN};

	(void)state;
	assert_int_equal(ip_parse("10.9.9.9", &machine.dest.ip), 0);
	for (unsigned i = 0; i < 3; i++)
		conf->servers[i][0].key.ip = machine.dest.ip;
	conf->services[2].quorum = 20;
	mail_post(b->wires.box[THREAD_CHECK], MSG_QUORUM_POLICY, &message, sizeof message);
	bench_adopt(b, conf);
	bench_forget(b);
	ipvs_double_commands();
	assert_refused(b, ASK(b, machine), 0);
	assert_non_null(strstr(bench_reply(b, b->request)->text, "192.0.2.3:80/tcp"));
	assert_int_equal(bench_snap(b)->machines[3].admin, DEST_UNLOCKED);
	assert_int_equal(ASK(b, change(2, 1, DEST_SET_WEIGHT, 20), machine)->error, 0);
	bench_free(b);
}

static void the_policy_of_the_same_set_counts(void **state)
{
	struct bench *b = started(1, 20, QUORUM_REFUSE);

	(void)state;
	assert_int_equal(ASK(b, drain(0, 0), policy(QUORUM_ALLOW))->error, 0);
	assert_int_equal(bench_snap(b)->quorum_policy, QUORUM_ALLOW);
	assert_int_equal(bench_last_save(b)->policy, QUORUM_ALLOW);
	assert_int_equal(ASK(b, change(0, 0, DEST_SET_ADMIN, DEST_UNLOCKED))->error, 0);
	bench_forget(b);
	ipvs_double_commands();
	assert_refused(b, ASK(b, policy(QUORUM_REFUSE), drain(0, 0)), 1);
	assert_int_equal(bench_snap(b)->quorum_policy, QUORUM_ALLOW);
	assert_int_equal(ASK(b, policy(3))->error, -EINVAL);
	assert_int_equal(ASK(b, policy(0))->error, -EINVAL);
	bench_free(b);
}

static void what_is_lost_cannot_be_taken(void **state)
{
	struct bench *b = started(1, 20, QUORUM_REFUSE);

	(void)state;
	/* Not yet settled: the check has lost it, not the manager. */
	check_double_report(bench_check(b, 0, 1), CHECK_REFUSED);
	assert_int_equal(ASK(b, drain(0, 0))->error, 0);
	assert_false(bench_snap(b)->services[0].quorum_up);
	assert_int_equal(ASK(b, change(0, 1, DEST_SET_ADMIN, DEST_LOCKED))->error, 0);
	bench_free(b);
}

static void hysteresis_counts(void **state)
{
	struct bench_conf *conf = bench_conf(1, 2, 1);
	struct bench *b = bench_new();

	(void)state;
	conf->services[0].quorum = 15;
	conf->services[0].hysteresis = 5;
	bench_adopt(b, conf);
	keep_busy(1);
	bench_forget(b);
	assert_int_equal(ASK(b, policy(QUORUM_REFUSE), drain(0, 0))->error, 0);
	assert_true(bench_snap(b)->services[0].quorum_up); /* at 10 it is held */
	bench_forget(b);
	ipvs_double_commands();
	assert_refused(b, ASK(b, change(0, 1, DEST_SET_WEIGHT, 9)), 0);
	bench_free(b);
}

static void force_and_taking_back(void **state)
{
	struct bench *b = started(1, 20, QUORUM_REFUSE);
	struct dest_change forced = drain(0, 0);
	struct dest_change back = change(0, 1, DEST_SET_ADMIN, DEST_LOCKED);

	(void)state;
	assert_int_equal(bench_ask(b, &(struct msg_dest_set){.force = true}, &forced, 1)->error, 0);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_SHUTTING_DOWN);
	assert_int_equal(bench_snap(b)->quorum_policy, QUORUM_REFUSE);
	assert_int_equal(ASK(b, change(0, 0, DEST_SET_ADMIN, DEST_UNLOCKED))->error, 0);
	/* What takes a change back is never refused. */
	back.undo = true;
	assert_int_equal(ASK(b, back)->error, 0);
	assert_int_equal(bench_row(b, 0, 1)->admin, DEST_LOCKED);
	bench_free(b);
}

static void the_policy_is_stored_or_refused(void **state)
{
	struct bench *b = started(1, 20, QUORUM_ALLOW);

	(void)state;
	assert_int_equal(ASK(b, policy(QUORUM_REFUSE))->error, 0);
	assert_int_equal(bench_last_save(b)->policy, QUORUM_REFUSE);
	assert_int_equal(bench_last_save(b)->count, 0);
	bench_forget(b);
	assert_int_equal(ASK(b, policy(QUORUM_REFUSE))->error, 0);
	assert_null(bench_last_save(b)); /* nothing new */
	b->save_error = -ENOSPC;
	assert_int_equal(ASK(b, policy(QUORUM_ALLOW))->error, -EIO);
	assert_int_equal(bench_snap(b)->quorum_policy, QUORUM_REFUSE);
	const struct msg_changed *told = last_told(b);
	assert_string_equal(told->what, "drain quorum policy (undone)");
	assert_string_equal(told->now, "refuse");
	b->save_error = 0;
	/* A change that fails beside it takes it back. */
	assert_int_equal(ASK(b, policy(QUORUM_ALLOW), change(0, 0, DEST_SET_ADMIN, 1))->error,
			 -EINVAL);
	assert_int_equal(bench_snap(b)->quorum_policy, QUORUM_REFUSE);
	/* It goes on through a reload. */
	struct bench_conf *next = bench_conf(1, 2, 2);
	next->services[0].quorum = 20;
	bench_adopt(b, next);
	assert_int_equal(ASK(b, drain(0, 0))->error, -EPERM);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allow_is_the_default),
		cmocka_unit_test(whatever_takes_the_quorum_is_refused),
		cmocka_unit_test(a_set_is_judged_as_a_whole),
		cmocka_unit_test(a_machine_counts_in_all_services),
		cmocka_unit_test(the_policy_of_the_same_set_counts),
		cmocka_unit_test(what_is_lost_cannot_be_taken),
		cmocka_unit_test(hysteresis_counts),
		cmocka_unit_test(force_and_taking_back),
		cmocka_unit_test(the_policy_is_stored_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
