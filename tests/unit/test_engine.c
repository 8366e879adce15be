/* SPDX-License-Identifier: MIT */
/* The check thread's engine against a recorded kernel: start, health, drift, refusals,
 * stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/engine_bench.h"

static struct bench *started(unsigned services, unsigned servers)
{
	struct bench *b = bench_new();

	bench_adopt(b, bench_conf(services, servers, 1));
	return b;
}

static void start_serves_before_any_check(void **state)
{
	struct bench *b = started(2, 3);

	(void)state;
	assert_int_equal(ipvs_double()->new_service, 2);
	assert_int_equal(ipvs_double()->new_dest, 6);
	assert_int_equal(ipvs_double_commands(), 8);
	assert_int_equal(bench_weight(1, 2), 10);
	assert_int_equal(bench_row(b, 1, 2)->oper, DEST_UNKNOWN);
	assert_true(bench_row(b, 1, 2)->alive);
	assert_true(bench_row(b, 1, 2)->in_kernel);
	assert_int_equal(bench_row(b, 1, 2)->kernel_weight, 10);
	assert_true(bench_snap(b)->services[0].quorum_up);
	assert_int_equal(bench_events(b, EVENT_QUORUM), 2);
	assert_int_equal(bench_events(b, EVENT_DEST_STATE), 0);
	bench_refresh(b);
	bench_refresh(b);
	assert_int_equal(ipvs_double_commands(), 0);
	bench_free(b);
}

static void start_waits_with_alpha(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(1, 2, 1);

	(void)state;
	c->checkers[0][0].alpha = c->checkers[0][1].alpha = true;
	bench_adopt(b, c);
	assert_int_equal(bench_weight(0, 0), -1);
	assert_false(bench_row(b, 0, 0)->alive);
	assert_int_equal(bench_row(b, 0, 0)->oper, DEST_UNKNOWN);
	bench_report(b, 0, 0, CHECK_OK);
	assert_int_equal(bench_weight(0, 0), 10);
	assert_int_equal(bench_weight(0, 1), -1);
	assert_int_equal(bench_last_event(b, EVENT_DEST_STATE)->dest.oper, DEST_UP);
	bench_free(b);
}

/* A checker's own word counts: the server's is what it inherits without one. */
static void alpha_is_the_checkers(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(1, 1, 1);

	(void)state;
	c->servers[0][0].alpha = true;
	bench_adopt(b, c);
	assert_int_equal(bench_weight(0, 0), 10);
	bench_free(b);
}

static void start_adopts_what_is_there(void **state)
{
	struct bench *b = started(2, 2);
	struct bench_conf *same = bench_conf(2, 2, 1);

	(void)state;
	/* The daemon dies; its kernel state stays. Somebody else's service stands beside it. */
	struct ipvs_double kernel = *ipvs_double();
	struct svc_key foreign = bench_key(40);
	bench_free(b);
	b = bench_new();
	*ipvs_double() = kernel;
	ipvs_double()->services[ipvs_double()->n_services++].found.key = foreign;
	ipvs_double_commands();
	bench_adopt(b, same);
	assert_int_equal(ipvs_double_commands(), 0);
	assert_true(bench_row(b, 0, 0)->in_kernel);
	assert_non_null(ipvs_double_service(&foreign));
	bench_free(b);
	/* With lvs_flush nothing of the past stays. */
	b = bench_new();
	*ipvs_double() = kernel;
	ipvs_double_commands();
	same = bench_conf(1, 1, 1);
	same->conf.global.lvs_flush = true;
	bench_adopt(b, same);
	assert_int_equal(ipvs_double()->flush, 1);
	assert_int_equal(ipvs_double()->n_services, 1);
	bench_free(b);
}

static void first_checks_are_spread(void **state)
{
	struct bench *b = started(4, 4);
	uint64_t now = clock_now_us(), low = UINT64_MAX, high = 0;
	unsigned quarter[4] = {0};

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		uint64_t first = check_double_first_us(bench_check(b, i / 4, i % 4)) - now;

		low = first < low ? first : low;
		high = first > high ? first : high;
		quarter[first > 1000000 ? (first - 1000000) / 2500000 : 0]++;
	}
	assert_true(low > 800000 && high <= 11000000);
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(quarter[i], 3, 5);
	bench_free(b);
}

static void health_moves_servers(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(1, 3, 1);

	(void)state;
	c->servers[0][1].inhibit_on_failure = true;
	bench_adopt(b, c);
	uint64_t changed = bench_row(b, 0, 1)->changed_us, other = bench_row(b, 0, 2)->changed_us;
	bench_report(b, 0, 0, CHECK_REFUSED);
	bench_report(b, 0, 1, CHECK_REFUSED);
	assert_int_equal(bench_weight(0, 0), -1);
	assert_int_equal(bench_weight(0, 1), 0);
	assert_true(bench_row(b, 0, 1)->changed_us > changed);
	assert_int_equal(bench_row(b, 0, 2)->changed_us, other);
	assert_int_equal(bench_snap(b)->changed_us, bench_row(b, 0, 1)->changed_us);
	assert_int_equal(bench_events(b, EVENT_DEST_STATE), 2);
	const struct msg_event *event = bench_last_event(b, EVENT_DEST_STATE);
	assert_int_equal(event->dest.oper, DEST_DOWN);
	assert_int_equal(event->dest.rs, 1);
	assert_int_equal(event->dest.n_up, 1);
	assert_int_equal(event->dest.n_total, 3);
	assert_string_equal(event->dest.error, "as the test said");
	/* A failure on our own side is no verdict. */
	bench_report(b, 0, 2, CHECK_LOCAL_ERROR);
	assert_int_equal(bench_weight(0, 2), 10);
	bench_report(b, 0, 2, CHECK_REFUSED);
	assert_int_equal(bench_events(b, EVENT_QUORUM), 2);
	assert_false(bench_last_event(b, EVENT_QUORUM)->quorum.up);
	bench_report(b, 0, 0, CHECK_OK);
	assert_int_equal(bench_weight(0, 0), 10);
	assert_true(bench_last_event(b, EVENT_QUORUM)->quorum.up);
	bench_free(b);
}

static void events_follow_their_rows(void **state)
{
	struct bench *b = started(1, 2);

	(void)state;
	check_double_report(bench_check(b, 0, 0), CHECK_REFUSED);
	/* Turn until the event is out: by then the row must tell the same. */
	while (bench_events(b, EVENT_DEST_STATE) == 0)
		bench_run(b, 0);
	assert_false(bench_row(b, 0, 0)->alive);
	assert_false(bench_row(b, 0, 0)->in_kernel);
	bench_free(b);
}

static void dynamic_weight_is_relative_to_the_configured_one(void **state)
{
	struct bench *b = started(1, 1);
	struct bench_conf *c = bench_conf(1, 1, 2);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		check_double_weight(bench_check(b, 0, 0), 4);
		bench_run(b, 1);
		assert_int_equal(bench_weight(0, 0), 4);
	}
	assert_int_equal(bench_row(b, 0, 0)->oper, DEST_DEGRADED);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_WEIGHT, 100), 0);
	assert_int_equal(bench_weight(0, 0), 100); /* an operator's word is final */
	check_double_weight(bench_check(b, 0, 0), 200);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_WEIGHT, 0), 0);
	assert_int_equal(bench_weight(0, 0), 0);
	check_double_weight(bench_check(b, 0, 0), 4);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_WEIGHT, -1), 0);
	c->servers[0][0].weight = 3;
	bench_adopt(b, c);
	assert_int_equal(bench_weight(0, 0), 4);
	bench_report(b, 0, 0, CHECK_OK);
	assert_int_equal(bench_weight(0, 0), 3);
	bench_free(b);
}

static void drift_is_repaired(void **state)
{
	struct bench *b = started(1, 3);
	struct svc_key key = bench_key(0);
	struct double_service *service = ipvs_double_service(&key);

	(void)state;
	ipvs_double_commands();
	struct dest_key stranger = bench_dest(9, 9);
	service->dests[0].weight = 77;
	service->dests[1] = service->dests[2];
	service->dests[2] = (struct ipvs_found_dest){.key = stranger, .weight = 1};
	bench_refresh(b);
	assert_int_equal(ipvs_double()->set_dest, 1);
	assert_int_equal(ipvs_double()->new_dest, 1);
	assert_int_equal(ipvs_double()->del_dest, 1);
	assert_int_equal(bench_weight(0, 0), 10);
	assert_int_equal(bench_weight(0, 1), 10);
	assert_null(ipvs_double_dest(&key, &stranger));
	ipvs_double_commands();
	strcpy(service->found.scheduler, "rr");
	bench_refresh(b);
	assert_int_equal(ipvs_double()->set_service, 1);
	assert_int_equal(ipvs_double_commands(), 1);
	ipvs_double()->n_services = 0;
	bench_refresh(b);
	assert_int_equal(ipvs_double_commands(), 4);
	bench_free(b);
}

static void failed_dump_keeps_the_rows(void **state)
{
	struct bench *b = started(1, 1);
	struct svc_key key = bench_key(0);

	(void)state;
	ipvs_double_service(&key)->dests[0].stats.conns = 5000000000;
	ipvs_double_service(&key)->dests[0].active_conns = 3;
	bench_refresh(b);
	assert_int_equal(bench_row(b, 0, 0)->stats.conns, 5000000000);
	uint32_t serial = bench_snap(b)->serial;
	ipvs_double()->dump_error = -ENOBUFS;
	unsigned dumps = ipvs_double()->dumps;
	while (ipvs_double()->dumps == dumps)
		bench_run(b, 1);
	assert_int_equal(bench_row(b, 0, 0)->stats.conns, 5000000000);
	assert_int_equal(bench_row(b, 0, 0)->active_conns, 3);
	ipvs_double()->dump_error = 0;
	bench_refresh(b);
	assert_true(bench_snap(b)->serial > serial);
	assert_true(bench_snap(b)->ipvs_available);
	bench_free(b);
}

static void counters_note_a_break(void **state)
{
	struct bench *b = started(1, 2);
	struct svc_key key = bench_key(0);
	struct ipvs_found_dest *dest = &ipvs_double_service(&key)->dests[0];

	(void)state;
	dest->stats.conns = 10;
	bench_refresh(b);
	assert_int_equal(bench_row(b, 0, 0)->stats_since_us, 0);
	dest->stats.conns = 2; /* ipvsadm -Z */
	bench_refresh(b);
	uint64_t since = bench_row(b, 0, 0)->stats_since_us;
	assert_true(since > 0);
	/* Deleted and added again: totals stay visible meanwhile, then a break. */
	bench_report(b, 0, 0, CHECK_REFUSED);
	assert_int_equal(bench_row(b, 0, 0)->stats.conns, 2);
	bench_report(b, 0, 0, CHECK_OK);
	assert_true(bench_row(b, 0, 0)->stats_since_us > since);
	since = bench_row(b, 0, 0)->stats_since_us;
	/* The same when the kernel revives the entry with more than we had seen. */
	struct ipvs_found_dest saved = ipvs_double_service(&key)->dests[1];
	ipvs_double_service(&key)->n_dests = 1;
	ipvs_double()->dest_error = -EBUSY;
	bench_refresh(b);
	assert_false(bench_row(b, 0, 0)->in_kernel);
	ipvs_double()->dest_error = 0;
	saved.stats.conns = 1000;
	ipvs_double_service(&key)->dests[1] = saved;
	ipvs_double_service(&key)->n_dests = 2;
	bench_refresh(b);
	assert_int_equal(bench_row(b, 0, 0)->stats.conns, 1000);
	assert_true(bench_row(b, 0, 0)->stats_since_us > since);
	assert_int_equal(bench_row(b, 0, 1)->stats_since_us, 0);
	bench_free(b);
}

static void without_ipvs_checking_goes_on(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	ipvs_double()->open_error = -ENOENT;
	struct bench_conf *c = bench_conf(1, 2, 1);
	c->conf.global.lvs_tcp_timeout_s = 600;
	bench_adopt(b, c);
	assert_false(bench_snap(b)->ipvs_available);
	assert_false(bench_row(b, 0, 0)->in_kernel);
	assert_int_equal(bench_row(b, 0, 0)->kernel_weight, -1);
	bench_report(b, 0, 0, CHECK_REFUSED);
	assert_int_equal(bench_row(b, 0, 0)->oper, DEST_DOWN);
	assert_int_equal(bench_set(b, 0, 1, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	/* It appears. */
	ipvs_double()->open_error = 0;
	b->engine->reopen_at_us = 0;
	bench_refresh(b);
	assert_true(bench_snap(b)->ipvs_available);
	assert_int_equal(ipvs_double()->timeouts, 1);
	assert_int_equal(bench_weight(0, 0), -1);
	assert_true(bench_weight(0, 1) <= 0); /* its drain may be over already */
	bench_free(b);
}

static void missing_scheduler_is_retried(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	ipvs_double()->service_error = -ENOENT;
	bench_adopt(b, bench_conf(1, 1, 1));
	assert_false(bench_row(b, 0, 0)->in_kernel);
	bench_refresh(b);
	ipvs_double()->service_error = 0;
	bench_refresh(b);
	assert_true(bench_row(b, 0, 0)->in_kernel);
	bench_free(b);
}

static void sorry_row_comes_first(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(1, 1, 1);
	struct svc_key key = bench_key(0);

	(void)state;
	c->services[0].has_sorry = true;
	c->services[0].sorry = bench_dest(8, 8);
	c->services[0].sorry_method.forward = CONF_NAT;
	bench_adopt(b, c);
	assert_int_equal(bench_snap(b)->dests[0].rs, SNAP_SORRY);
	assert_false(bench_snap(b)->dests[0].in_kernel);
	bench_report(b, 0, 0, CHECK_TIMEOUT);
	assert_true(bench_snap(b)->dests[0].in_kernel);
	assert_true(bench_snap(b)->services[0].sorry_active);
	assert_non_null(ipvs_double_dest(&key, &c->services[0].sorry));
	assert_int_equal(ipvs_double_service(&key)->n_dests, 1);
	bench_report(b, 0, 0, CHECK_OK);
	assert_false(bench_snap(b)->dests[0].in_kernel);
	bench_free(b);
}

static void programs_are_asked_of_main(void **state)
{
	struct bench *b = started(2, 2);

	(void)state;
	bench_forget(b);
	assert_int_equal(check_double_exec(bench_check(b, 1, 1), 99), 0);
	bench_run(b, 1);
	assert_int_equal(b->main[0]->kind, MSG_EXEC);
	const struct msg_exec *exec = (const struct msg_exec *)b->main[0]->body;
	assert_int_equal(exec->vs, 1);
	assert_int_equal(exec->rs, 1);
	assert_int_equal(exec->checker, 0);
	assert_int_equal(exec->generation, 1);
	struct msg_exec_done done = {.request = 99};
	mail_post(b->wires.box[THREAD_CHECK], MSG_EXEC_DONE, &done, sizeof done);
	bench_run(b, 1);
	assert_int_equal(check_double_exec_done(), 99);
	bench_free(b);
}

struct stop_case {
	bool managed, omega;
	int flush_on_stop;
};

/* The real thread body, so that its end is seen too. */
static void stop_case(const struct stop_case *want)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(2, 2, 1);
	struct msg_conf message = {.conf = conf_ref(&c->conf)};
	struct svc_key foreign = bench_key(40);
	pthread_t thread;

	b->engine = engine_free(b->engine);
	c->conf.global.lvs_flush_on_stop = want->flush_on_stop;
	c->services[0].omega = want->omega;
	c->conf.global.snmp_checker = want->managed;
	b->conf = c;
	ipvs_double()->services[ipvs_double()->n_services++].found.key = foreign;
	mail_post(b->wires.box[THREAD_CHECK], MSG_CONF, &message, sizeof message);
	mail_post(b->wires.box[THREAD_CHECK], MSG_STOP, NULL, 0);
	uint64_t before_us = clock_now_us();
	assert_int_equal(pthread_create(&thread, NULL, check_thread, &b->wires), 0);
	pthread_join(thread, NULL);
	assert_true(clock_now_us() - before_us < 300 * USEC_PER_MSEC);
	assert_int_equal(ipvs_double()->n_services, want->flush_on_stop == 1 ? 0 : 1);
	assert_false(ipvs_double()->open);
	unsigned to_main = 0, to_agent = 0, stopped = 0;
	struct mail *mail = mailbox_drain(b->wires.box[THREAD_MAIN]);
	for (struct mail *next; mail; mail = next) {
		next = mail->next;
		stopped += mail->kind == MSG_STOPPED;
		to_main += mail->kind == MSG_EVENT &&
			   ((const struct msg_event *)mail->body)->kind == EVENT_DEST_STATE &&
			   ((const struct msg_event *)mail->body)->dest.stopping;
		mail_free(mail);
	}
	mail = mailbox_drain(b->wires.box[THREAD_AGENT]);
	for (struct mail *next; mail; mail = next) {
		next = mail->next;
		to_agent += mail->kind == MSG_EVENT &&
			    ((const struct msg_event *)mail->body)->kind == EVENT_DEST_STATE;
		mail_free(mail);
	}
	assert_int_equal(stopped, 1);
	assert_int_equal(to_main, want->omega ? 2 : 0);
	assert_int_equal(to_agent, want->managed ? 4 : 0);
	bench_free(b);
}

static void stop_leaves_the_kernel_as_configured(void **state)
{
	(void)state;
	stop_case(&(struct stop_case){.managed = true, .flush_on_stop = 0});
	stop_case(&(struct stop_case){.managed = true, .omega = true, .flush_on_stop = 1});
	stop_case(&(struct stop_case){.managed = true, .flush_on_stop = 2});
	stop_case(&(struct stop_case){.omega = true});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_serves_before_any_check),
		cmocka_unit_test(start_waits_with_alpha),
		cmocka_unit_test(alpha_is_the_checkers),
		cmocka_unit_test(start_adopts_what_is_there),
		cmocka_unit_test(first_checks_are_spread),
		cmocka_unit_test(health_moves_servers),
		cmocka_unit_test(events_follow_their_rows),
		cmocka_unit_test(dynamic_weight_is_relative_to_the_configured_one),
		cmocka_unit_test(drift_is_repaired),
		cmocka_unit_test(failed_dump_keeps_the_rows),
		cmocka_unit_test(counters_note_a_break),
		cmocka_unit_test(without_ipvs_checking_goes_on),
		cmocka_unit_test(missing_scheduler_is_retried),
		cmocka_unit_test(sorry_row_comes_first),
		cmocka_unit_test(programs_are_asked_of_main),
		cmocka_unit_test(stop_leaves_the_kernel_as_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
