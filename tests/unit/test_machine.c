/* SPDX-License-Identifier: MIT */
/* Changes of a whole machine through the engine: which of its servers they reach, how they are
 * given back and undone, what a reload adds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "tests/unit/engine_bench.h"

#define SERVICES 3

static struct ip machine_ip(void)
{
	struct ip ip;

	assert_int_equal(ip_parse("10.9.9.9", &ip), 0);
	return ip;
}

/* The first server of each service is the same machine; the second is one of its own. */
static struct bench_conf *machine_conf(unsigned services, uint64_t generation)
{
	struct bench_conf *conf = bench_conf(services, 2, generation);

	for (unsigned i = 0; i < services; i++)
		conf->servers[i][0].key.ip = machine_ip();
	return conf;
}

static struct bench *started(unsigned services)
{
	struct bench *b = bench_new();

	bench_adopt(b, machine_conf(services, 1));
	bench_forget(b);
	return b;
}

/* The administrative states of the machine's servers, a letter each. */
static void assert_states(struct bench *b, const char *wanted)
{
	const struct snap_check *snap = bench_snap(b);
	struct ip ip = machine_ip();
	char text[BENCH_SERVICES + 1];
	size_t n = 0;

	for (size_t i = 0; i < snap->n_dests; i++)
		if (ip_compare(&snap->dests[i].key.ip, &ip) == 0)
			text[n++] = "??lsu"[snap->dests[i].admin];
	text[n] = '\0';
	assert_string_equal(text, wanted);
}

static const struct snap_machine *machine_row(struct bench *b)
{
	const struct snap_check *snap = bench_snap(b);
	struct ip ip = machine_ip();

	for (size_t i = 0; i < snap->n_machines; i++)
		if (ip_compare(&snap->machines[i].ip, &ip) == 0)
			return &snap->machines[i];
	return NULL;
}

/* Each drain has a connection to wait for. */
static void keep_busy(unsigned services)
{
	for (unsigned i = 0; i < services; i++) {
		struct svc_key key = bench_key(i);
		struct dest_key dest = {.ip = machine_ip(), .port = 80};

		ipvs_double_dest(&key, &dest)->active_conns = 1;
	}
}

static int ask(struct bench *b, struct dest_change change, uint64_t undoes)
{
	return bench_ask(b, &(struct msg_dest_set){.undoes = undoes}, &change, 1)->error;
}

static int ask_machine(struct bench *b, int32_t value)
{
	struct dest_change change = {.machine = true,
				     .dest = {.ip = machine_ip()},
				     .field = DEST_SET_ADMIN,
				     .value = value};

	return ask(b, change, 0);
}

static int ask_one(struct bench *b, unsigned service, int32_t value)
{
	struct dest_change change = {.svc = bench_key(service),
				     .dest = {.ip = machine_ip(), .port = 80},
				     .field = DEST_SET_ADMIN,
				     .value = value};

	return ask(b, change, 0);
}

static void whole_machine_drains_and_returns(void **state)
{
	struct bench *b = started(SERVICES);

	(void)state;
	keep_busy(SERVICES);
	assert_int_equal(ask_machine(b, DEST_SHUTTING_DOWN), 0);
	assert_states(b, "sss");
	assert_int_equal(machine_row(b)->admin, DEST_SHUTTING_DOWN);
	assert_int_equal(machine_row(b)->drain, DRAIN_DRAINING);
	assert_int_equal(machine_row(b)->n_dests, SERVICES);
	assert_int_equal(bench_row(b, 1, 1)->admin, DEST_UNLOCKED);
	assert_int_equal(bench_last_save(b)->count, SERVICES);
	assert_true(bench_last_save(b)->items[0].of_machine);
	assert_int_equal(ask_machine(b, DEST_UNLOCKED), 0);
	assert_states(b, "uuu");
	assert_int_equal(bench_last_save(b)->items[0].of_machine, false);
	bench_free(b);
}

static void what_was_out_by_itself_stays_out(void **state)
{
	struct bench *b = started(SERVICES);

	(void)state;
	keep_busy(SERVICES);
	assert_int_equal(ask_one(b, 1, DEST_LOCKED), 0);
	assert_int_equal(ask_machine(b, DEST_SHUTTING_DOWN), 0);
	assert_states(b, "sls");
	assert_int_equal(ask_machine(b, DEST_UNLOCKED), 0);
	assert_states(b, "ulu");
	/* With none taken out by its machine, the machine gives back all. */
	assert_int_equal(ask_one(b, 0, DEST_LOCKED), 0);
	assert_int_equal(ask_one(b, 2, DEST_LOCKED), 0);
	assert_int_equal(machine_row(b)->admin, DEST_LOCKED);
	assert_int_equal(ask_machine(b, DEST_SHUTTING_DOWN), -EBUSY);
	assert_int_equal(ask_machine(b, DEST_UNLOCKED), 0);
	assert_states(b, "uuu");
	/* What is asked of one is its own from then on. */
	assert_int_equal(ask_machine(b, DEST_LOCKED), 0);
	assert_int_equal(ask_one(b, 0, DEST_LOCKED), 0);
	assert_int_equal(ask_machine(b, DEST_UNLOCKED), 0);
	assert_states(b, "luu");
	bench_free(b);
}

static void refusals(void **state)
{
	struct bench *b = started(SERVICES);
	struct dest_change change = {
		.machine = true, .field = DEST_SET_ADMIN, .value = DEST_LOCKED};

	(void)state;
	assert_int_equal(ip_parse("10.9.9.8", &change.dest.ip), 0);
	assert_int_equal(ask(b, change, 0), -ENOENT);
	assert_int_equal(ask_machine(b, 1), -EINVAL);
	assert_states(b, "uuu");
	/* The kernel refuses in the middle: nothing stays. */
	ipvs_double()->dest_error = -EIO;
	ipvs_double()->dest_error_after = 1;
	assert_int_equal(ask_machine(b, DEST_LOCKED), -EIO);
	ipvs_double()->dest_error = 0;
	assert_states(b, "uuu");
	bench_free(b);
}

static void undo_restores_each(void **state)
{
	struct bench *b = started(SERVICES);
	struct dest_change change = {.machine = true,
				     .undo = true,
				     .dest = {.ip = machine_ip()},
				     .field = DEST_SET_ADMIN};

	(void)state;
	keep_busy(SERVICES);
	assert_int_equal(ask_one(b, 0, DEST_SHUTTING_DOWN), 0);
	assert_int_equal(ask_one(b, 1, DEST_LOCKED), 0);
	assert_int_equal(ask_machine(b, DEST_LOCKED), 0);
	assert_states(b, "lll");
	assert_int_equal(ask(b, change, b->request), 0);
	keep_busy(1); /* the double forgets connections with the entry, a kernel does not */
	assert_states(b, "slu");
	/* One that was refused has nothing to take back. */
	assert_int_equal(ask_machine(b, 1), -EINVAL);
	assert_int_equal(ask(b, change, b->request), 0);
	assert_states(b, "slu");
	/* Something else came between. */
	assert_int_equal(ask_machine(b, DEST_LOCKED), 0);
	assert_int_equal(ask_one(b, 2, DEST_UNLOCKED), 0);
	assert_int_equal(ask(b, change, b->request - 1), -EIO);
	assert_states(b, "llu");
	bench_free(b);
}

static void new_server_of_a_held_machine(void **state)
{
	struct bench *b = started(SERVICES);

	(void)state;
	keep_busy(SERVICES);
	assert_int_equal(ask_machine(b, DEST_SHUTTING_DOWN), 0);
	bench_adopt(b, machine_conf(SERVICES + 1, 2));
	assert_states(b, "sssl");
	assert_int_equal(ask_machine(b, DEST_UNLOCKED), 0);
	assert_states(b, "uuuu");
	bench_adopt(b, machine_conf(SERVICES + 2, 3));
	assert_states(b, "uuuuu");
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_machine_drains_and_returns),
		cmocka_unit_test(what_was_out_by_itself_stays_out),
		cmocka_unit_test(refusals),
		cmocka_unit_test(undo_restores_each),
		cmocka_unit_test(new_server_of_a_held_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
