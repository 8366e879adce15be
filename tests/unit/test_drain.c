/* SPDX-License-Identifier: MIT */
/* Operators' changes through the engine: replies after publication and storage, undo, drains to
 * their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/engine_bench.h"

static struct bench *started(unsigned services, unsigned servers)
{
	struct bench *b = bench_new();

	bench_adopt(b, bench_conf(services, servers, 1));
	bench_forget(b);
	ipvs_double_commands();
	return b;
}

static void use(unsigned service, unsigned server, uint32_t active, uint32_t inactive)
{
	struct svc_key key = bench_key(service);
	struct dest_key dest = bench_dest(service, server);
	struct ipvs_found_dest *found = ipvs_double_dest(&key, &dest);

	assert_non_null(found);
	found->active_conns = active;
	found->inactive_conns = inactive;
}

static void drain_runs_to_its_end(void **state)
{
	struct bench *b = started(1, 2);

	(void)state;
	use(0, 0, 2, 3);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	assert_int_equal(ipvs_double()->set_dest, 1);
	assert_int_equal(bench_weight(0, 0), 0);
	const struct snap_dest *row = bench_row(b, 0, 0);
	assert_int_equal(row->admin, DEST_SHUTTING_DOWN);
	assert_int_equal(row->drain, DRAIN_DRAINING);
	assert_int_equal(row->drain_initial, 5);
	assert_int_equal(row->effective_weight, 0);
	assert_int_equal(row->nominal_weight, 10);
	assert_int_equal(bench_last_event(b, EVENT_DRAIN)->dest.drain, DRAIN_DRAINING);
	assert_int_equal(bench_last_event(b, EVENT_DRAIN)->dest.remaining, 5);
	use(0, 0, 0, 1);
	bench_refresh(b);
	bench_run(b, 150);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_SHUTTING_DOWN);
	use(0, 0, 0, 0);
	bench_run(b, 200);
	row = bench_row(b, 0, 0);
	assert_int_equal(row->admin, DEST_LOCKED);
	assert_int_equal(row->drain, DRAIN_DRAINED);
	assert_false(row->in_kernel);
	assert_int_equal(bench_weight(0, 0), -1);
	assert_int_equal(bench_events(b, EVENT_DRAIN), 2);
	assert_int_equal(bench_last_event(b, EVENT_DRAIN)->dest.drain, DRAIN_DRAINED);
	/* What happened by itself is stored as well. */
	assert_int_equal(bench_last_save(b)->count, 1);
	assert_int_equal(bench_last_save(b)->items[0].admin, DEST_LOCKED);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_UNLOCKED), 0);
	assert_int_equal(bench_weight(0, 0), 10);
	bench_free(b);
}

static void idle_server_is_drained_at_once(void **state)
{
	struct bench *b = started(1, 2);

	(void)state;
	b->engine->refresh_us = 60 * USEC_PER_SEC; /* no refresh helps */
	bench_run(b, 30);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	bench_run(b, 150);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_LOCKED);
	assert_int_equal(bench_row(b, 0, 0)->drain, DRAIN_DRAINED);
	bench_free(b);
}

/* The whole table is looked at rarely when that takes long; a service that drains is not. */
static void rests_hold_up_no_drain(void **state)
{
	struct bench *b = started(1, 2);

	(void)state;
	b->engine->refresh_rest = 10000000; /* each takes a microsecond at least */
	bench_refresh(b);
	use(0, 0, 1, 0);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	bench_run(b, 200);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_SHUTTING_DOWN);
	use(0, 0, 0, 0);
	bench_run(b, 300);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_LOCKED);
	bench_free(b);
}

static void template_holds_a_drain(void **state)
{
	struct bench *b = started(1, 2);
	struct svc_key key = bench_key(0);
	struct dest_key dest = bench_dest(0, 0);

	(void)state;
	ipvs_double_dest(&key, &dest)->persistent_conns = 1;
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	bench_run(b, 200);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_SHUTTING_DOWN);
	ipvs_double_dest(&key, &dest)->persistent_conns = 0;
	bench_run(b, 200);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_LOCKED);
	bench_free(b);
}

static void dying_server_ends_its_drain(void **state)
{
	struct bench *b = started(1, 2);

	(void)state;
	use(0, 0, 1, 0);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	bench_report(b, 0, 0, CHECK_REFUSED);
	assert_int_equal(bench_weight(0, 0), 0); /* stays: its connection hangs on it */
	use(0, 0, 0, 0);
	bench_run(b, 200);
	assert_int_equal(bench_row(b, 0, 0)->drain, DRAIN_DRAINED);
	assert_string_equal(bench_last_event(b, EVENT_DRAIN)->dest.error, "the server was down");
	assert_int_equal(bench_events(b, EVENT_DEST_STATE), 1);
	bench_free(b);
}

static void deadline_comes_without_a_refresh(void **state)
{
	struct bench *b = started(1, 2);

	(void)state;
	use(0, 0, 1, 0);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_DRAIN_TIMEOUT, 1), 0);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_DRAIN_ACTION, DRAIN_LOCK), 0);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	assert_true(bench_row(b, 0, 0)->drain_deadline_wall_us >
		    clock_wall_us() + 500 * USEC_PER_MSEC);
	b->engine->refresh_us = 60 * USEC_PER_SEC;
	bench_run(b, 1100);
	assert_int_equal(bench_row(b, 0, 0)->drain, DRAIN_TIMED_OUT);
	assert_int_equal(bench_weight(0, 0), -1);
	bench_free(b);
}

static void values_are_refused_as_a_whole(void **state)
{
	struct bench *b = started(2, 2);
	struct dest_change changes[] = {
		{.svc = bench_key(0),
		 .dest = bench_dest(0, 0),
		 .field = DEST_SET_WEIGHT,
		 .value = 5},
		{.svc = bench_key(1),
		 .dest = bench_dest(1, 0),
		 .field = DEST_SET_ADMIN,
		 .value = DEST_SHUTTING_DOWN},
		{.svc = bench_key(1),
		 .dest = bench_dest(1, 1),
		 .field = DEST_SET_WEIGHT,
		 .value = 65536},
	};

	(void)state;
	bench_post_set(b, 77, changes, 3);
	bench_run(b, 1);
	assert_int_equal(bench_reply(b, 77)->error, -EINVAL);
	assert_int_equal(bench_reply(b, 77)->index, 2);
	assert_string_equal(bench_reply(b, 77)->text, "a weight is -1 (none) or 0..65535");
	assert_int_equal(ipvs_double_commands(), 0);
	assert_int_equal(bench_row(b, 0, 0)->weight_override, -1);
	assert_int_equal(bench_row(b, 1, 0)->admin, DEST_UNLOCKED);
	assert_int_equal(bench_events(b, EVENT_DRAIN) + bench_events(b, EVENT_ADMIN), 0);
	assert_null(bench_last_save(b));
	changes[2].value = 65535;
	bench_post_set(b, 78, changes, 3);
	bench_run(b, 1);
	assert_int_equal(bench_reply(b, 78)->error, 0);
	assert_int_equal(bench_weight(0, 0), 5);
	assert_int_equal(bench_weight(1, 1), 65535);
	bench_free(b);
}

static void errors_have_their_numbers(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(1, 1, 1);
	struct dest_change change = {
		.svc = bench_key(0), .dest = bench_dest(5, 5), .field = DEST_SET_WEIGHT};

	(void)state;
	c->services[0].has_sorry = true;
	c->services[0].sorry = bench_dest(5, 5);
	c->services[0].sorry_method.forward = CONF_NAT;
	bench_adopt(b, c);
	bench_post_set(b, 1001, &change, 1);
	bench_run(b, 1);
	assert_int_equal(bench_reply(b, 1001)->error, -ENOENT);
	assert_string_equal(bench_reply(b, 1001)->text,
			    "the sorry server has no administrative state");
	assert_int_equal(bench_set(b, 3, 0, DEST_SET_WEIGHT, 1), -ENOENT);
	assert_int_equal(bench_set(b, 0, 3, DEST_SET_WEIGHT, 1), -ENOENT);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, 1), -EINVAL);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_LOCKED), 0);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), -EBUSY);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_LOCKED);
	bench_free(b);
}

static void refusing_kernel_undoes(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(1, 2, 1);

	(void)state;
	c->services[0].type = CONF_VS_GROUP;
	c->keys[0][1] = bench_key(30);
	c->services[0].n_keys = 2;
	bench_adopt(b, c);
	bench_forget(b);
	use(0, 0, 1, 0);
	/* The second member of the group fails. */
	ipvs_double()->dest_error = -ENOMEM;
	ipvs_double()->dest_error_after = 1;
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), -EIO);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_UNLOCKED);
	assert_int_equal(bench_row(b, 0, 0)->drain, DRAIN_NONE);
	assert_int_equal(bench_events(b, EVENT_DRAIN), 0);
	assert_null(bench_last_save(b));
	ipvs_double()->dest_error = 0;
	bench_refresh(b);
	assert_int_equal(bench_weight(0, 0), 10);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	struct svc_key second = bench_key(30);
	struct dest_key dest = bench_dest(0, 0);
	assert_int_equal(ipvs_double_dest(&second, &dest)->weight, 0);
	bench_free(b);
}

static void reply_waits_for_the_disk(void **state)
{
	struct bench *b = started(1, 2);
	struct dest_change change = {.svc = bench_key(0),
				     .dest = bench_dest(0, 0),
				     .field = DEST_SET_WEIGHT,
				     .value = 3};
	struct dest_change next = change;

	(void)state;
	b->hold_saves = true;
	bench_post_set(b, 1, &change, 1);
	next.value = 4;
	bench_post_set(b, 2, &next, 1);
	bench_run(b, 30);
	assert_null(bench_reply(b, 1));
	assert_int_equal(bench_row(b, 0, 0)->weight_override, 3);
	const struct msg_admin_save *save = bench_last_save(b);
	assert_int_equal(save->count, 1);
	assert_int_equal(save->items[0].weight_override, 3);
	assert_string_equal(save->items[0].vs, "192.0.2.1:80/tcp");
	b->hold_saves = false;
	struct msg_admin_saved saved = {.ticket = save->ticket};
	mail_post(b->wires.box[THREAD_CHECK], MSG_ADMIN_SAVED, &saved, sizeof saved);
	bench_run(b, 2);
	assert_int_equal(bench_reply(b, 1)->error, 0);
	assert_int_equal(bench_reply(b, 2)->error, 0);
	assert_int_equal(bench_weight(0, 0), 4);
	bench_free(b);
}

static void failing_disk_undoes(void **state)
{
	struct bench *b = started(1, 2);

	(void)state;
	b->save_error = -ENOSPC;
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_LOCKED), -EIO);
	assert_int_equal(bench_row(b, 0, 0)->admin, DEST_UNLOCKED);
	assert_int_equal(bench_weight(0, 0), 10);
	/* volatile does not need the disk, and is not in what is saved. */
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_STORAGE, STORAGE_VOLATILE), -EIO);
	b->save_error = 0;
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_STORAGE, STORAGE_VOLATILE), 0);
	b->save_error = -ENOSPC;
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_LOCKED), 0);
	b->save_error = 0;
	assert_int_equal(bench_set(b, 0, 1, DEST_SET_WEIGHT, 2), 0);
	assert_int_equal(bench_last_save(b)->count, 1);
	bench_free(b);
}

static void stop_answers_who_waits(void **state)
{
	struct bench *b = started(1, 2);
	struct dest_change change = {.svc = bench_key(0),
				     .dest = bench_dest(0, 0),
				     .field = DEST_SET_WEIGHT,
				     .value = 3};

	(void)state;
	b->hold_saves = true;
	bench_post_set(b, 5, &change, 1);
	bench_post_set(b, 6, &change, 1);
	bench_run(b, 2);
	mail_post(b->wires.box[THREAD_CHECK], MSG_STOP, NULL, 0);
	bench_run(b, 0);
	assert_int_equal(bench_reply(b, 5)->error, -EIO);
	bench_free(b);
}

static void stored_drain_holds_from_the_first_command(void **state)
{
	struct bench *b = bench_new();
	struct msg_admin item = {.dest = bench_dest(0, 0),
				 .admin = DEST_SHUTTING_DOWN,
				 .storage = STORAGE_NONVOLATILE,
				 .weight_override = 300,
				 .drain_action = DRAIN_KEEP,
				 .drain = DRAIN_DRAINING,
				 .drain_initial = 9};

	(void)state;
	strcpy(item.vs, "192.0.2.1:80/tcp");
	mail_post(b->wires.box[THREAD_CHECK], MSG_ADMIN, &item, sizeof item);
	item.dest = bench_dest(0, 1);
	item.admin = DEST_UNLOCKED;
	item.drain = DRAIN_NONE;
	mail_post(b->wires.box[THREAD_CHECK], MSG_ADMIN, &item, sizeof item);
	item.dest = bench_dest(7, 7); /* a row that is gone */
	mail_post(b->wires.box[THREAD_CHECK], MSG_ADMIN, &item, sizeof item);
	bench_adopt(b, bench_conf(1, 3, 1));
	assert_int_equal(bench_weight(0, 0), 0);
	assert_int_equal(bench_weight(0, 1), 300);
	assert_int_equal(ipvs_double()->set_dest, 0); /* never anything else */
	assert_int_equal(bench_row(b, 0, 0)->drain_initial, 9);
	assert_int_equal(bench_last_save(b)->count, 2);
	bench_free(b);
}

static void removed_row_comes_back_unlocked(void **state)
{
	struct bench *b = started(1, 2);
	struct bench_conf *c = bench_conf(1, 2, 2);

	(void)state;
	assert_int_equal(bench_set(b, 0, 1, DEST_SET_ADMIN, DEST_LOCKED), 0);
	bench_drop_server(c, 0, 1);
	bench_adopt(b, c);
	assert_int_equal(bench_last_save(b)->count, 0);
	bench_adopt(b, bench_conf(1, 2, 3));
	assert_int_equal(bench_row(b, 0, 1)->admin, DEST_UNLOCKED);
	assert_int_equal(bench_weight(0, 1), 10);
	bench_free(b);
}

static void all_draining_brings_the_sorry_server(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(1, 2, 1);
	struct svc_key key = bench_key(0);
	struct dest_key sorry = bench_dest(8, 8);

	(void)state;
	c->services[0].has_sorry = true;
	c->services[0].sorry = sorry;
	c->services[0].sorry_method.forward = CONF_NAT;
	bench_adopt(b, c);
	use(0, 0, 1, 0);
	use(0, 1, 1, 0);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	assert_null(ipvs_double_dest(&key, &sorry));
	assert_int_equal(bench_set(b, 0, 1, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	assert_non_null(ipvs_double_dest(&key, &sorry));
	assert_int_equal(bench_weight(0, 0), 0);
	assert_int_equal(bench_weight(0, 1), 0);
	assert_int_equal(bench_set(b, 0, 1, DEST_SET_ADMIN, DEST_UNLOCKED), 0);
	assert_null(ipvs_double_dest(&key, &sorry));
	assert_int_equal(bench_weight(0, 1), 10);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drain_runs_to_its_end),
		cmocka_unit_test(idle_server_is_drained_at_once),
		cmocka_unit_test(rests_hold_up_no_drain),
		cmocka_unit_test(template_holds_a_drain),
		cmocka_unit_test(dying_server_ends_its_drain),
		cmocka_unit_test(deadline_comes_without_a_refresh),
		cmocka_unit_test(values_are_refused_as_a_whole),
		cmocka_unit_test(errors_have_their_numbers),
		cmocka_unit_test(refusing_kernel_undoes),
		cmocka_unit_test(reply_waits_for_the_disk),
		cmocka_unit_test(failing_disk_undoes),
		cmocka_unit_test(stop_answers_who_waits),
		cmocka_unit_test(stored_drain_holds_from_the_first_command),
		cmocka_unit_test(removed_row_comes_back_unlocked),
		cmocka_unit_test(all_draining_brings_the_sorry_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
