/* SPDX-License-Identifier: MIT */
/* Reload through the engine: what the kernel is told is the difference, and nothing else moves. */
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
	return b;
}

static void reload_unchanged_sends_nothing(void **state)
{
	struct bench *b = started(2, 2);

	(void)state;
	bench_report(b, 0, 1, CHECK_REFUSED);
	assert_int_equal(bench_set(b, 1, 0, DEST_SET_WEIGHT, 7), 0);
	struct check *check = bench_check(b, 0, 1);
	unsigned made = check_double_made();
	uint64_t changed = bench_row(b, 0, 1)->changed_us;
	uint64_t service_changed = bench_snap(b)->services[0].changed_us;
	ipvs_double_commands();
	bench_forget(b);
	bench_adopt(b, bench_conf(2, 2, 2));
	assert_int_equal(ipvs_double_commands(), 0);
	assert_int_equal(check_double_made(), made);
	assert_ptr_equal(bench_check(b, 0, 1), check);
	assert_int_equal(bench_row(b, 0, 1)->oper, DEST_DOWN);
	assert_string_equal(bench_row(b, 0, 1)->last_error, "as the test said");
	assert_int_equal(bench_weight(1, 0), 7);
	assert_int_equal(bench_row(b, 0, 1)->changed_us, changed);
	assert_int_equal(bench_snap(b)->services[0].changed_us, service_changed);
	assert_int_equal(b->n_agent, 0);
	assert_int_equal(b->main[b->n_main - 1]->kind, MSG_CONF_DONE);
	assert_int_equal(((const struct msg_conf_done *)b->main[b->n_main - 1]->body)->generation,
			 2);
	bench_free(b);
}

static void reload_moves_and_edits_in_place(void **state)
{
	struct bench *b = started(2, 3);
	struct bench_conf *c = bench_conf(2, 3, 2);

	(void)state;
	bench_report(b, 1, 2, CHECK_TIMEOUT);
	assert_int_equal(bench_set(b, 1, 1, DEST_SET_ADMIN, DEST_LOCKED), 0);
	ipvs_double_commands();
	/* The services change places, a server goes, one changes weight and limit. */
	struct conf_virtual_server first = c->services[0];
	c->services[0] = c->services[1];
	c->services[1] = first;
	c->servers[0][0].weight = 20;
	c->servers[0][0].upper_threshold = 100;
	bench_drop_server(c, 0, 1);
	/* bench_drop_server() counts on the order, so say what is meant. */
	c->services[0].n_servers = 3;
	c->services[1].n_servers = 2;
	bench_adopt(b, c);
	assert_int_equal(ipvs_double()->set_dest, 1);
	assert_int_equal(ipvs_double()->del_dest, 1);
	assert_int_equal(ipvs_double_commands(), 2);
	assert_int_equal(bench_weight(0, 0), 20);
	assert_int_equal(bench_weight(0, 1), -1);
	assert_int_equal(bench_row(b, 1, 2)->oper, DEST_DOWN);
	assert_int_equal(bench_row(b, 1, 1)->admin, DEST_LOCKED);
	assert_int_equal(bench_row(b, 1, 1)->service, 0);
	assert_int_equal(check_double_count(), 5);
	/* A service goes whole. */
	bench_adopt(b, bench_conf(1, 2, 3));
	assert_int_equal(ipvs_double()->del_service, 1);
	assert_int_equal(check_double_count(), 2);
	bench_free(b);
}

static void changed_checker_keeps_the_verdict(void **state)
{
	struct bench *b = started(1, 2);
	struct bench_conf *c = bench_conf(1, 2, 2);

	(void)state;
	bench_report(b, 0, 0, CHECK_REFUSED);
	bench_report(b, 0, 1, CHECK_OK);
	assert_int_equal(bench_weight(0, 0), -1);
	c->checkers[0][0].connect_port = 81;
	c->checkers[0][1].connect_port = 81;
	c->checkers[0][1].alpha = true;
	bench_adopt(b, c);
	assert_int_equal(bench_weight(0, 0), -1);
	assert_int_equal(bench_weight(0, 1), 10);
	bench_report(b, 0, 0, CHECK_OK);
	assert_int_equal(bench_weight(0, 0), 10);
	bench_free(b);
}

/* The first server has three checks, one of another kind than the others. */
static struct bench_conf *mixed_conf(struct conf_checker mixed[static 3], unsigned tcp,
				     uint64_t generation)
{
	struct bench_conf *c = bench_conf(1, 2, generation);

	for (unsigned i = 0; i < 3; i++) {
		mixed[i] = c->checkers[0][0];
		mixed[i].type = i == tcp ? CONF_TCP_CHECK : CONF_PING_CHECK;
	}
	c->servers[0][0].checkers = mixed;
	c->servers[0][0].n_checkers = 3;
	return c;
}

/* It is found again at another place, and its conf is that of the new place. */
static void checkers_that_change_places(void **state)
{
	struct conf_checker before[3], after[3];
	struct bench *b = bench_new();
	unsigned made = check_double_made();

	(void)state;
	bench_adopt(b, mixed_conf(before, 1, 1));
	assert_int_equal(check_double_count(), 4);
	check_double_report(check_double_find(&before[1]), CHECK_REFUSED);
	bench_run(b, 1);
	assert_int_equal(bench_row(b, 0, 0)->oper, DEST_DOWN);
	assert_int_equal(bench_row(b, 0, 0)->failed_checks, 1);
	assert_int_equal(bench_weight(0, 0), -1);
	bench_adopt(b, mixed_conf(after, 2, 2));
	assert_int_equal(check_double_made(), made + 4);
	assert_int_equal(bench_row(b, 0, 0)->oper, DEST_DOWN);
	assert_non_null(check_double_find(&after[2]));
	bench_free(b);
}

static struct bench_conf *file_conf(uint64_t generation, uint32_t index)
{
	struct bench_conf *c = bench_conf(1, 2, generation);

	for (unsigned i = 0; i < 2; i++) {
		c->checkers[0][i].type = CONF_FILE_CHECK;
		c->checkers[0][i].object.name = (char *)(i ? "other" : "spare");
		c->checkers[0][i].object.index = index + i;
	}
	return c;
}

static void post_value(struct bench *b, uint64_t generation, uint32_t index, int32_t value)
{
	struct msg_track track = {.generation = generation,
				  .kind = CONF_TRACK_FILE,
				  .index = index,
				  .decided = true,
				  .value = value};

	mail_post(b->wires.box[THREAD_CHECK], MSG_TRACK, &track, sizeof track);
	bench_run(b, 1);
}

/* The number of a file reaches the checks of that file, by the index of its own configuration. */
static void file_values_reach_their_checks(void **state)
{
	struct bench *b = bench_new();
	unsigned made = check_double_made(), count;

	(void)state;
	bench_adopt(b, file_conf(1, 0));
	post_value(b, 1, 1, 7);
	check_double_value(bench_check(b, 0, 0), &count);
	assert_int_equal(count, 0);
	assert_int_equal(check_double_value(bench_check(b, 0, 1), &count), 7);
	check_double_delta(bench_check(b, 0, 1), 7);
	bench_run(b, 1);
	assert_int_equal(bench_weight(0, 1), 17);
	check_double_delta(bench_check(b, 0, 1), -3);
	bench_run(b, 1);
	assert_int_equal(bench_weight(0, 1), 7);
	assert_int_equal(bench_row(b, 0, 1)->oper, DEST_DEGRADED);
	/* Below nothing there is nothing; a failure leaves the weight alone. */
	check_double_delta(bench_check(b, 0, 1), -INT32_MAX);
	bench_run(b, 1);
	assert_int_equal(bench_weight(0, 1), 0);
	check_double_delta(bench_check(b, 0, 1), 5);
	/* Another place in the list of files is no other check. */
	bench_adopt(b, file_conf(2, 3));
	assert_int_equal(check_double_made(), made + 2);
	assert_int_equal(bench_weight(0, 1), 15);
	post_value(b, 1, 4, 99); /* of the configuration before */
	assert_int_equal(check_double_value(bench_check(b, 0, 1), &count), 7);
	post_value(b, 2, 4, 8);
	assert_int_equal(check_double_value(bench_check(b, 0, 1), &count), 8);
	assert_int_equal(count, 2);
	bench_free(b);
}

/* What a file says behind a configuration that waits for the disk waits with it. */
static void file_values_keep_their_place(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = file_conf(2, 0), *old;
	struct msg_conf message = {.conf = conf_ref(&c->conf)};
	unsigned count;

	(void)state;
	bench_adopt(b, file_conf(1, 0));
	b->hold_saves = true;
	struct dest_change change = {.svc = bench_key(0),
				     .dest = bench_dest(0, 0),
				     .field = DEST_SET_WEIGHT,
				     .value = 3};
	bench_post_set(b, 1, &change, 1);
	change.field = DEST_SET_STORAGE;
	change.value = STORAGE_NONVOLATILE;
	bench_post_set(b, 2, &change, 1);
	bench_run(b, 1);
	assert_true(b->engine->pending.active);
	mail_post(b->wires.box[THREAD_CHECK], MSG_CONF, &message, sizeof message);
	post_value(b, 2, 0, 5);
	old = b->conf;
	b->conf = c;
	struct msg_admin_saved saved = {.ticket = bench_last_save(b)->ticket};
	mail_post(b->wires.box[THREAD_CHECK], MSG_ADMIN_SAVED, &saved, sizeof saved);
	b->hold_saves = false;
	bench_run(b, 1);
	assert_int_equal(check_double_value(bench_check(b, 0, 0), &count), 5);
	assert_int_equal(count, 1);
	bench_snap(b);
	latest_read(b->wires.check, SNAP_MAIN);
	assert_int_equal(old->conf.references, 1);
	free(old);
	bench_free(b);
}

static void tell_suspended(struct bench *b, uint64_t generation, bool suspended)
{
	struct msg_suspend message = {.generation = generation, .suspended = suspended};

	mail_post(b->wires.box[THREAD_CHECK], MSG_SUSPEND, &message, sizeof message);
	bench_run(b, 1);
}

static struct bench_conf *suspending_conf(uint64_t generation, bool ha_suspend)
{
	struct bench_conf *c = bench_conf(2, 1, generation);

	c->services[0].ha_suspend = ha_suspend;
	return c;
}

/* Until main says that an address is here nothing is checked, nor after it is gone; a reload
 * changes that only with the keyword itself. */
static void suspended_services_are_not_checked(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_adopt(b, suspending_conf(1, true));
	assert_true(check_double_suspended(bench_check(b, 0, 0)));
	assert_false(check_double_suspended(bench_check(b, 1, 0)));
	tell_suspended(b, 1, false);
	assert_false(check_double_suspended(bench_check(b, 0, 0)));
	bench_adopt(b, suspending_conf(2, true));
	assert_false(check_double_suspended(bench_check(b, 0, 0)));
	tell_suspended(b, 1, true); /* it came late */
	assert_false(check_double_suspended(bench_check(b, 0, 0)));
	tell_suspended(b, 2, true);
	assert_true(check_double_suspended(bench_check(b, 0, 0)));
	bench_run(b, 20);
	assert_true(bench_snap(b)->services[0].suspended);
	assert_int_equal(bench_weight(0, 0), 10);
	bench_adopt(b, suspending_conf(3, true));
	assert_true(check_double_suspended(bench_check(b, 0, 0)));
	bench_adopt(b, suspending_conf(4, false));
	assert_false(check_double_suspended(bench_check(b, 0, 0)));
	bench_free(b);
}

/* Two checkers for the first server of the first service, in either order. */
static struct bench_conf *two_checkers(struct conf_checker room[static 2], uint16_t first,
				       uint16_t second, uint64_t generation)
{
	struct bench_conf *c = bench_conf(1, 2, generation);

	room[0] = room[1] = c->checkers[0][0];
	room[0].connect_port = first;
	room[1].connect_port = second;
	room[1].line = 99; /* where it stands in the file is not what it is */
	c->servers[0][0].checkers = room;
	c->servers[0][0].n_checkers = 2;
	return c;
}

/* Added, removed, changed, moved: only the checker that it is about starts anew. */
static void only_the_changed_checker_starts_anew(void **state)
{
	struct conf_checker rooms[4][2];
	struct bench *b = bench_new();

	(void)state;
	bench_adopt(b, two_checkers(rooms[0], 80, 81, 1));
	unsigned made = check_double_made();
	struct check *first = b->engine->services[0]->servers[0]->probes[0]->check;
	struct check *second = b->engine->services[0]->servers[0]->probes[1]->check;
	bench_adopt(b, two_checkers(rooms[1], 81, 80, 2));
	assert_int_equal(check_double_made(), made);
	assert_ptr_equal(b->engine->services[0]->servers[0]->probes[0]->check, second);
	assert_ptr_equal(b->engine->services[0]->servers[0]->probes[1]->check, first);
	bench_adopt(b, two_checkers(rooms[2], 82, 80, 3));
	assert_int_equal(check_double_made(), made + 1);
	assert_ptr_equal(b->engine->services[0]->servers[0]->probes[1]->check, first);
	assert_int_equal(check_double_count(), 3);
	struct bench_conf *c = two_checkers(rooms[3], 80, 83, 4);
	c->servers[0][0].n_checkers = 1;
	ipvs_double_commands();
	bench_adopt(b, c);
	assert_int_equal(check_double_made(), made + 1);
	assert_ptr_equal(b->engine->services[0]->servers[0]->probes[0]->check, first);
	assert_int_equal(check_double_count(), 2);
	assert_int_equal(ipvs_double_commands(), 0);
	bench_free(b);
}

/* Of a service and of a server too; what is inherited and not used by a checker restarts none. */
static void settings_of_a_service_change_in_place(void **state)
{
	struct bench *b = started(2, 2);
	struct bench_conf *c = bench_conf(2, 2, 2);

	(void)state;
	bench_report(b, 0, 1, CHECK_REFUSED);
	unsigned made = check_double_made();
	struct check *check = bench_check(b, 0, 1);
	ipvs_double_commands();
	strcpy(c->services[0].scheduler, "rr");
	c->services[0].persistence_s = 50;
	c->services[0].delay_loop_us = 1;
	c->servers[0][0].retry = 7;
	c->servers[1][0].weight = 20;
	bench_adopt(b, c);
	assert_int_equal(ipvs_double()->set_service, 1);
	assert_int_equal(ipvs_double()->set_dest, 1);
	assert_int_equal(ipvs_double_commands(), 2);
	assert_int_equal(bench_weight(1, 0), 20);
	assert_int_equal(check_double_made(), made);
	assert_ptr_equal(bench_check(b, 0, 1), check);
	assert_int_equal(bench_row(b, 0, 1)->oper, DEST_DOWN);
	bench_free(b);
}

static void timeouts_are_set_once(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(1, 1, 1);

	(void)state;
	ipvs_double()->tcp_s = 900;
	ipvs_double()->udp_s = 300;
	c->conf.global.lvs_tcp_timeout_s = 600;
	bench_adopt(b, c);
	assert_int_equal(ipvs_double()->tcp_s, 600);
	assert_int_equal(ipvs_double()->udp_s, 300);
	assert_int_equal(ipvs_double()->timeouts, 1);
	c = bench_conf(1, 1, 2);
	c->conf.global.lvs_tcp_timeout_s = 600;
	bench_adopt(b, c);
	assert_int_equal(ipvs_double()->timeouts, 1);
	bench_free(b);
}

static void groups_are_several_services(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(1, 2, 1);

	(void)state;
	c->services[0].type = CONF_VS_GROUP;
	c->keys[0][1] = bench_key(30);
	c->services[0].n_keys = 2;
	bench_adopt(b, c);
	assert_int_equal(ipvs_double()->new_service, 2);
	assert_int_equal(ipvs_double()->new_dest, 4);
	assert_int_equal(check_double_count(), 2);
	assert_int_equal(bench_snap(b)->n_services, 2);
	assert_int_equal(bench_snap(b)->n_dests, 4);
	/* The second member goes; the first stays untouched. */
	ipvs_double_commands();
	c = bench_conf(1, 2, 2);
	c->services[0].type = CONF_VS_GROUP;
	bench_adopt(b, c);
	assert_int_equal(ipvs_double()->del_service, 1);
	assert_int_equal(ipvs_double_commands(), 1);
	bench_free(b);
}

/* What the kernel knows is the same, so operators' states and verdicts are, too. */
static void another_name_changes_nothing(void **state)
{
	struct bench *b = started(1, 2);
	struct bench_conf *c = bench_conf(1, 2, 2);

	(void)state;
	bench_report(b, 0, 0, CHECK_REFUSED);
	assert_int_equal(bench_set(b, 0, 1, DEST_SET_ADMIN, DEST_LOCKED), 0);
	struct check *check = bench_check(b, 0, 0);
	ipvs_double_commands();
	bench_forget(b);
	c->services[0].type = CONF_VS_GROUP;
	strcpy(c->ids[0], "group:web/tcp");
	bench_adopt(b, c);
	assert_int_equal(ipvs_double_commands(), 0);
	assert_int_equal(bench_row(b, 0, 0)->oper, DEST_DOWN);
	assert_int_equal(bench_row(b, 0, 1)->admin, DEST_LOCKED);
	assert_ptr_equal(bench_check(b, 0, 0), check);
	/* The file has it under the new name. */
	assert_non_null(bench_last_save(b));
	assert_string_equal(bench_last_save(b)->items[0].vs, "group:web/tcp");
	bench_free(b);
}

static void a_kernel_service_goes_from_one_to_another(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(2, 2, 1);

	(void)state;
	c->keys[0][1] = bench_key(30);
	c->services[0].n_keys = 2;
	bench_adopt(b, c);
	assert_int_equal(ipvs_double()->new_service, 3);
	assert_int_equal(ipvs_double()->new_dest, 6);
	ipvs_double_commands();
	c = bench_conf(2, 2, 2);
	c->keys[1][1] = bench_key(30);
	c->services[1].n_keys = 2;
	bench_adopt(b, c);
	/* Its servers are others now; itself it stays. */
	assert_int_equal(ipvs_double()->new_dest, 2);
	assert_int_equal(ipvs_double()->del_dest, 2);
	assert_int_equal(ipvs_double_commands(), 4);
	struct svc_key key = bench_key(30);
	assert_int_equal(ipvs_double_service(&key)->n_dests, 2);
	bench_free(b);
}

/* Main waits for the number of the configuration it handed out. */
static void without_memory_the_old_rows_stay_and_main_is_answered(void **state)
{
	struct bench *b = started(1, 1);
	struct bench_conf *c = bench_conf(1, 3, 2);
	struct msg_conf message = {.conf = conf_ref(&c->conf)};

	(void)state;
	bench_forget(b);
	check_double_refuse(true);
	mail_post(b->wires.box[THREAD_CHECK], MSG_CONF, &message, sizeof message);
	bench_run(b, 1);
	check_double_refuse(false);
	assert_int_equal(bench_snap(b)->n_dests, 1);
	assert_int_equal(b->main[b->n_main - 1]->kind, MSG_CONF_DONE);
	assert_int_equal(((const struct msg_conf_done *)b->main[b->n_main - 1]->body)->generation,
			 2);
	assert_int_equal(c->conf.references, 1);
	free(c);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reload_unchanged_sends_nothing),
		cmocka_unit_test(reload_moves_and_edits_in_place),
		cmocka_unit_test(changed_checker_keeps_the_verdict),
		cmocka_unit_test(checkers_that_change_places),
		cmocka_unit_test(file_values_reach_their_checks),
		cmocka_unit_test(file_values_keep_their_place),
		cmocka_unit_test(only_the_changed_checker_starts_anew),
		cmocka_unit_test(settings_of_a_service_change_in_place),
		cmocka_unit_test(timeouts_are_set_once),
		cmocka_unit_test(suspended_services_are_not_checked),
		cmocka_unit_test(groups_are_several_services),
		cmocka_unit_test(another_name_changes_nothing),
		cmocka_unit_test(a_kernel_service_goes_from_one_to_another),
		cmocka_unit_test(without_memory_the_old_rows_stay_and_main_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
