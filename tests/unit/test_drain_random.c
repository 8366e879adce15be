/* SPDX-License-Identifier: MIT */
/*
 * The promise that matters: no sequence of checks, dynamic weights, reloads, drift and operators'
 * changes gives a server that is not unlocked a weight above 0.
 */
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

/* What operators asked for, kept apart from the engine; a drain may have completed into locked by
 * itself. */
static bool held[BENCH_SERVICES][BENCH_SERVERS];
static unsigned violations;

static void watch(const struct svc_key *service, const struct dest_key *dest, int32_t weight)
{
	unsigned i = service->ip.octets[3] - 1u, k = dest->ip.octets[3] - 1u;

	if (i < BENCH_SERVICES && k < BENCH_SERVERS && held[i][k] && weight != 0)
		violations++;
}

static void random_step(struct bench *b, unsigned *random, uint64_t *generation)
{
	unsigned i = rand_r(random) % 2, k = rand_r(random) % 3;
	struct svc_key key = bench_key(i);
	struct dest_key dest = bench_dest(i, k);
	struct ipvs_found_dest *found = ipvs_double_dest(&key, &dest);
	struct bench_conf *c;
	int error;

	switch (rand_r(random) % 10) {
	case 0:
	case 1: /* hold before asking: the command itself must already obey */
		if (bench_row(b, i, k)->admin == DEST_LOCKED)
			break;
		held[i][k] = true;
		error = bench_set(b, i, k, DEST_SET_ADMIN, DEST_SHUTTING_DOWN);
		/* A running drain may complete just before the SET comes. */
		if (error != 0)
			assert_int_equal(bench_row(b, i, k)->admin, DEST_LOCKED);
		break;
	case 2:
		held[i][k] = false;
		assert_int_equal(bench_set(b, i, k, DEST_SET_ADMIN, DEST_UNLOCKED), 0);
		break;
	case 3:
		assert_int_equal(
			bench_set(b, i, k, DEST_SET_WEIGHT, (int32_t)(rand_r(random) % 500) - 1),
			0);
		break;
	case 4:
		bench_report(b, i, k, CHECK_REFUSED);
		break;
	case 5:
		bench_report(b, i, k, CHECK_OK);
		break;
	case 6:
		check_double_weight(bench_check(b, i, k), rand_r(random) % 254);
		bench_run(b, 1);
		break;
	case 7: /* reload with other weights, and sometimes other modes */
		c = bench_conf(2, 3, ++*generation);
		for (unsigned n = 0; n < 6; n++) {
			c->servers[n / 3][n % 3].weight = rand_r(random) % 100;
			c->servers[n / 3][n % 3].inhibit_on_failure = rand_r(random) % 2;
		}
		c->services[0].has_sorry = rand_r(random) % 2;
		c->services[0].sorry = bench_dest(0, rand_r(random) % 4);
		c->services[0].sorry_method.forward = CONF_NAT;
		bench_adopt(b, c);
		break;
	case 8: /* somebody else's hands */
		if (found)
			found->weight = 999;
		bench_refresh(b);
		break;
	case 9:
		if (found)
			found->active_conns = rand_r(random) % 2;
		bench_run(b, 5);
		break;
	}
	bench_forget(b);
}

static void nothing_raises_a_held_server(void **state)
{
	unsigned random = 20240607;
	uint64_t generation = 1;
	struct bench *b = started(2, 3);

	(void)state;
	memset(held, 0, sizeof held);
	violations = 0;
	ipvs_double()->on_weight = watch;
	for (unsigned n = 0; n < 600; n++) {
		random_step(b, &random, &generation);
		if (violations)
			fail_msg("step %u: a server that is not unlocked got a weight", n);
		for (unsigned i = 0; i < 2; i++) {
			for (unsigned k = 0; k < 3; k++)
				assert_true(held[i][k] ==
					    (bench_row(b, i, k)->admin != DEST_UNLOCKED));
		}
	}
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_raises_a_held_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
