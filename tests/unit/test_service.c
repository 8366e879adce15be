/* SPDX-License-Identifier: MIT */
/* The reducer: effective weight over all inputs, quorum with hysteresis, who is wanted in the
 * kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/ip_vs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check/service.h"

#define SERVERS 4

struct bench {
	struct conf_virtual_server conf;
	struct conf_real_server servers[SERVERS];
	struct server_input inputs[SERVERS];
	struct service_quorum quorum;
	struct ipvs_want_dest wanted[SERVERS + 1];
};

static struct dest_key dest(unsigned last)
{
	struct dest_key key = {.port = 80};
	char text[32];

	snprintf(text, sizeof text, "10.0.0.%u", last);
	assert_int_equal(ip_parse(text, &key.ip), 0);
	return key;
}

/* Servers .4 .3 .2 .1, all up, unlocked, weight 1. */
static struct bench make(void)
{
	struct bench b = {.conf = {.id = "192.0.2.1:80/tcp", .quorum = 1, .scheduler = "rr"}};

	b.conf.n_servers = SERVERS;
	for (unsigned i = 0; i < SERVERS; i++) {
		b.servers[i] = (struct conf_real_server){
			.key = dest(SERVERS - i), .weight = 1, .method = {.forward = CONF_DR}};
		b.inputs[i] = (struct server_input){.admin = DEST_UNLOCKED,
						    .up = true,
						    .conf_weight = 1,
						    .override = WEIGHT_NO_OVERRIDE};
	}
	return b;
}

static size_t settle(struct bench *b)
{
	b->conf.servers = b->servers;
	service_reduce(&b->conf, b->inputs, &b->quorum);
	return service_want_dests(&b->conf, b->inputs, &b->quorum, b->wanted);
}

static int32_t wanted_weight(const struct bench *b, size_t count, struct dest_key key)
{
	for (size_t i = 0; i < count; i++) {
		if (dest_key_compare(&b->wanted[i].key, &key) == 0)
			return b->wanted[i].weight;
	}
	return SERVICE_ABSENT;
}

/* Written apart from the implementation: a table of cases in order of precedence. */
static int32_t reference(const struct server_input *in, bool sorry)
{
	long sum = (long)in->conf_weight + in->delta;
	int32_t weight = sum < 0 ? 0 : sum > 65535 ? 65535 : (int32_t)sum;

	if (in->override != -1)
		weight = in->override;

	switch (in->admin) {
	case DEST_SHUTTING_DOWN:
		return 0;
	case DEST_LOCKED:
		return -1;
	case DEST_UNLOCKED:
		break;
	}
	if (in->up && !sorry)
		return weight;
	if (in->up && weight == 0)
		return 0;
	return in->inhibit ? 0 : -1;
}

static void effective_weight_over_all_inputs(void **state)
{
	static const int32_t overrides[] = {-1, 0, 1, 300, 65535};
	static const uint32_t weights[] = {0, 1, 100, 65535};
	static const int32_t deltas[] = {-70000, -100, 0, 5, 70000};
	unsigned cases = 0;

	(void)state;
	for (unsigned n = 0; n < 3 * 2 * 2 * 2 * 5 * 4 * 5; n++) {
		unsigned v = n;
		struct server_input in = {.admin = (enum dest_admin)(2 + v % 3)};

		v /= 3;
		in.up = v % 2;
		v /= 2;
		in.inhibit = v % 2;
		v /= 2;
		bool sorry = v % 2;
		v /= 2;
		in.override = overrides[v % 5];
		v /= 5;
		in.conf_weight = weights[v % 4];
		v /= 4;
		in.delta = deltas[v % 5];
		assert_int_equal(service_effective_weight(&in, sorry), reference(&in, sorry));
		cases++;
	}
	assert_int_equal(cases, 2400);
}

static void quorum_has_hysteresis(void **state)
{
	struct bench b = make();

	(void)state;
	b.conf.quorum = 3;
	b.conf.hysteresis = 1;
	settle(&b);
	assert_true(b.quorum.up); /* 4 >= 3 + 1 */
	b.inputs[0].up = false;
	b.inputs[1].up = false;
	settle(&b);
	assert_true(b.quorum.up); /* 2 is not below 3 - 1 */
	b.inputs[2].up = false;
	settle(&b);
	assert_false(b.quorum.up);
	b.inputs[0].up = b.inputs[1].up = true;
	settle(&b);
	assert_int_equal(b.quorum.weight, 3);
	assert_false(b.quorum.up); /* needs 4 */
	b.inputs[2].up = true;
	settle(&b);
	assert_true(b.quorum.up);
}

static void quorum_needs_weight_not_heads(void **state)
{
	struct bench b = make();

	(void)state;
	for (unsigned i = 0; i < SERVERS; i++)
		b.inputs[i].override = 0;
	size_t count = settle(&b);
	assert_false(b.quorum.up);
	assert_int_equal(b.quorum.n_usable, SERVERS);
	/* Without a sorry server everybody stays where he is. */
	assert_int_equal(count, SERVERS);
}

static void sorry_takes_over_and_leaves(void **state)
{
	struct bench b = make();

	(void)state;
	b.conf.has_sorry = true;
	b.conf.sorry = dest(200);
	b.conf.sorry_method.forward = CONF_NAT;
	b.conf.quorum = 2;
	assert_int_equal(settle(&b), SERVERS);
	assert_int_equal(wanted_weight(&b, SERVERS, dest(200)), SERVICE_ABSENT);
	for (unsigned i = 0; i < 3; i++)
		b.inputs[i].up = false;
	size_t count = settle(&b);
	assert_true(b.quorum.sorry_active);
	assert_int_equal(count, 1); /* the live server is taken out too */
	assert_int_equal(wanted_weight(&b, count, dest(200)), 1);
	assert_int_equal(b.wanted[0].method.forward, CONF_NAT);
	b.conf.sorry_inhibit = true;
	b.inputs[0].up = true;
	count = settle(&b);
	assert_int_equal(count, 3);
	assert_int_equal(wanted_weight(&b, count, dest(200)), 0);
}

static void draining_servers_stay_under_a_sorry_server(void **state)
{
	struct bench b = make();

	(void)state;
	b.conf.has_sorry = true;
	b.conf.sorry = dest(200);
	for (unsigned i = 0; i < SERVERS; i++)
		b.inputs[i].admin = DEST_SHUTTING_DOWN;
	b.inputs[0].up = false;
	size_t count = settle(&b);
	assert_true(b.quorum.sorry_active);
	assert_int_equal(count, SERVERS + 1);
	for (unsigned i = 1; i <= SERVERS; i++)
		assert_int_equal(wanted_weight(&b, count, dest(i)), 0);
	assert_int_equal(wanted_weight(&b, count, dest(200)), 1);
	/* So do servers an operator quiesced by weight. */
	b = make();
	b.conf.has_sorry = true;
	b.conf.sorry = dest(200);
	for (unsigned i = 0; i < SERVERS; i++)
		b.inputs[i].override = 0;
	assert_int_equal(settle(&b), SERVERS + 1);
}

static void a_sorry_server_that_drains_gets_nothing(void **state)
{
	struct bench b = make();

	(void)state;
	b.conf.has_sorry = true;
	b.conf.sorry = dest(1);
	for (unsigned i = 0; i < SERVERS; i++)
		b.inputs[i].up = false;
	size_t count = settle(&b);
	assert_int_equal(wanted_weight(&b, count, dest(1)), 1);
	b.inputs[3].admin = DEST_SHUTTING_DOWN; /* .1 */
	count = settle(&b);
	assert_int_equal(wanted_weight(&b, count, dest(1)), 0);
	b.inputs[3].admin = DEST_LOCKED;
	count = settle(&b);
	assert_int_equal(wanted_weight(&b, count, dest(1)), SERVICE_ABSENT);
}

static void wanted_is_sorted_and_complete(void **state)
{
	struct bench b = make();
	struct svc_key key = {.ip = dest(99).ip, .protocol = 6, .port = 80};

	(void)state;
	b.servers[1].upper_threshold = 10;
	b.servers[1].lower_threshold = 5;
	b.conf.persistence_s = 300;
	b.conf.persistence_prefix = 24;
	b.conf.one_packet = b.conf.flag1 = b.conf.flag2 = b.conf.flag3 = true;
	size_t count = settle(&b);
	assert_int_equal(count, SERVERS);
	for (size_t i = 1; i < count; i++)
		assert_true(dest_key_compare(&b.wanted[i - 1].key, &b.wanted[i].key) < 0);
	assert_int_equal(b.wanted[2].upper_threshold, 10); /* server 1 is .3 */
	assert_int_equal(b.wanted[2].lower_threshold, 5);
	struct ipvs_want want = service_want(&b.conf, &key, b.wanted, count);
	assert_int_equal(want.flags, IPVS_FLAGS_OURS);
	assert_int_equal(want.persistence_s, 300);
	b.conf.persistence_s = 0;
	want = service_want(&b.conf, &key, b.wanted, count);
	assert_int_equal(want.flags, IPVS_FLAGS_OURS & ~IP_VS_SVC_F_PERSISTENT);
}

struct steps {
	unsigned count;
	enum ipvs_step step[16];
	uint8_t last_octet[16];
};

static int record(enum ipvs_step step, const struct dest_key *key,
		  const struct ipvs_want_dest *want, void *owner)
{
	struct steps *steps = owner;

	assert_true((step == IPVS_DEST_DELETE) == (want == NULL));
	steps->step[steps->count] = step;
	steps->last_octet[steps->count++] = key->ip.octets[3];
	return step == IPVS_DEST_EDIT ? -5 : 0;
}

static void diff_sends_only_differences(void **state)
{
	struct ipvs_want_dest dests[] = {
		{.key = dest(1), .weight = 1, .method = {.forward = CONF_DR}},
		{.key = dest(2), .weight = 2, .method = {.forward = CONF_DR}},
		{.key = dest(4),
		 .weight = 4,
		 .method = {.forward = CONF_TUN, .tunnel = CONF_GUE, .tunnel_port = 6080}},
	};
	struct ipvs_found_dest known[] = {
		{.key = dest(0), .weight = 1, .method = {.forward = CONF_DR}},
		{.key = dest(1), .weight = 1, .method = {.forward = CONF_DR, .tunnel_port = 9}},
		{.key = dest(2), .weight = 1, .method = {.forward = CONF_DR}},
		{.key = dest(9), .weight = 1, .method = {.forward = CONF_DR}},
	};
	struct ipvs_want want = {.dests = dests, .n_dests = 3};
	struct steps steps = {0};

	(void)state;
	assert_int_equal(ipvs_diff_dests(&want, known, 4, record, &steps), -5);
	assert_int_equal(steps.count, 4);
	assert_int_equal(steps.step[0], IPVS_DEST_EDIT);
	assert_int_equal(steps.last_octet[0], 2);
	assert_int_equal(steps.step[1], IPVS_DEST_ADD);
	assert_int_equal(steps.last_octet[1], 4);
	assert_int_equal(steps.step[2], IPVS_DEST_DELETE);
	assert_int_equal(steps.last_octet[2], 0);
	assert_int_equal(steps.last_octet[3], 9);
	known[0] = (struct ipvs_found_dest){.key = dest(4), .weight = 4, .method = dests[2].method};
	assert_false(ipvs_dest_differs(&dests[2], &known[0]));
	known[0].method.tunnel_port = 6081;
	assert_true(ipvs_dest_differs(&dests[2], &known[0]));
}

static void service_flags_of_the_kernel_do_not_differ(void **state)
{
	struct ipvs_want want = {
		.scheduler = "sh", .flags = IP_VS_SVC_F_SCHED1, .persistence_prefix = 32};
	struct ipvs_found found = {.scheduler = "sh",
				   .persistence_prefix = 24,
				   .flags = IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_HASHED};

	(void)state;
	assert_false(ipvs_service_differs(&want, &found));
	found.flags |= IP_VS_SVC_F_SCHED2;
	assert_true(ipvs_service_differs(&want, &found));
	found.flags = want.flags |= IP_VS_SVC_F_PERSISTENT;
	assert_true(ipvs_service_differs(&want, &found));
	found.persistence_prefix = 32;
	assert_false(ipvs_service_differs(&want, &found));
	strcpy(found.persistence_engine, "sip");
	assert_true(ipvs_service_differs(&want, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(effective_weight_over_all_inputs),
		cmocka_unit_test(quorum_has_hysteresis),
		cmocka_unit_test(quorum_needs_weight_not_heads),
		cmocka_unit_test(sorry_takes_over_and_leaves),
		cmocka_unit_test(draining_servers_stay_under_a_sorry_server),
		cmocka_unit_test(a_sorry_server_that_drains_gets_nothing),
		cmocka_unit_test(wanted_is_sorted_and_complete),
		cmocka_unit_test(diff_sends_only_differences),
		cmocka_unit_test(service_flags_of_the_kernel_do_not_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
