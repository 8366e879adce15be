/* SPDX-License-Identifier: MIT */
/* The small pure parts of the VRRP engine: durations, priorities, sync groups, the log limit,
 * names, lists, frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/vrrp/fsm.h"
#include "core/vrrp/garp.h"
#include "core/vrrp/na.h"
#include "core/vrrp/group.h"
#include "core/vrrp/limit.h"
#include "core/vrrp/packet.h"
#include "core/vrrp/priority.h"
#include "core/vrrp/timer.h"

#define START_US (1000 * USEC_PER_SEC)

static struct ip address(const char *text)
{
	struct ip ip = {0};

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static void test_timer_values(void **state)
{
	static const struct {
		uint8_t version, priority;
		uint64_t interval_us, skew_us, down_us;
	} table[] = {
		{2, 100, 1000000, 609375, 3609375},  {2, 254, 1000000, 7812, 3007812},
		{2, 1, 1000000, 996093, 3996093},    {2, 255, 1000000, 3906, 3003906},
		{2, 100, 5000000, 609375, 15609375}, /* the skew does not follow the interval */
		{3, 100, 1000000, 609375, 3609375},  {3, 100, 100000, 60937, 360937},
		{3, 254, 100000, 781, 300781},	     {3, 254, 10000, 78, 30078},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		assert_int_equal(vrrp_timer_skew_us(table[i].version, table[i].priority,
						    table[i].interval_us),
				 table[i].skew_us);
		assert_int_equal(vrrp_timer_down_us(table[i].version, table[i].priority,
						    table[i].interval_us, 3),
				 table[i].down_us);
	}
	assert_int_equal(vrrp_timer_down_us(2, 100, 1000000, 5), 5609375);
}

/* Main is asked to set them; the neighbours are not bothered. */
static void test_changed_routes(void **state)
{
	struct conf_instance conf = {.version = 2, .priority = 100, .garp_repeat = 5};
	struct vrrp_instance vi = {
		.conf = &conf, .state = VRRP_MASTER, .priority = 100, .addresses_set = true};
	struct vrrp_event event = {.kind = VRRP_EVENT_RECONF, .routing_changed = true};

	(void)state;
	assert_int_equal(vrrp_step(&vi, &event, START_US).set, VRRP_ADD_ADDRS);
	assert_true(vi.addresses_set);
	event = (struct vrrp_event){.kind = VRRP_EVENT_ADDRS_DONE, .set = true};
	assert_int_equal(vrrp_step(&vi, &event, START_US).set, 0);
	vi.state = VRRP_BACKUP;
	event = (struct vrrp_event){.kind = VRRP_EVENT_RECONF, .routing_changed = true};
	assert_int_equal(vrrp_step(&vi, &event, START_US).set, 0);
}

static void test_priorities(void **state)
{
	static const struct {
		enum vrrp_tracked object;
		int16_t weight;
		bool reverse;
		int32_t sum;
		uint32_t faults;
	} table[] = {
		{VRRP_TRACKED_UP, 10, false, 10, 0},
		{VRRP_TRACKED_DOWN, 10, false, 0, 0},
		{VRRP_TRACKED_UP, -10, false, 0, 0},
		{VRRP_TRACKED_DOWN, -10, false, -10, 0},
		{VRRP_TRACKED_UP, 0, false, 0, 0},
		{VRRP_TRACKED_DOWN, 0, false, 0, 1},
		{VRRP_TRACKED_UP, 10, true, -10, 0},
		{VRRP_TRACKED_DOWN, 10, true, 0, 0},
		{VRRP_TRACKED_UP, -10, true, 0, 0},
		{VRRP_TRACKED_DOWN, -10, true, 10, 0},
		{VRRP_TRACKED_UP, 0, true, 0, 1},
		{VRRP_TRACKED_DOWN, 0, true, 0, 0},
		{VRRP_TRACKED_UNDECIDED, 10, false, 0, 0},
		{VRRP_TRACKED_UNDECIDED, -10, true, 0, 0},
		{VRRP_TRACKED_UNDECIDED, 0, false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct vrrp_sum sum = {0};

		vrrp_sum_add(&sum, table[i].object, table[i].weight, table[i].reverse);
		assert_int_equal(sum.weight, table[i].sum);
		assert_int_equal(sum.faults, table[i].faults);
	}
	assert_int_equal(vrrp_priority_effective(100, 254), 254);
	assert_int_equal(vrrp_priority_effective(100, -254), 1);
	assert_int_equal(vrrp_priority_effective(254, 1), 254);
	assert_int_equal(vrrp_priority_effective(100, -30), 70);
	assert_int_equal(vrrp_priority_effective(255, -254), 255);
}

/* What keepalived 2.2.7 advertises, but for its overflow beyond 32 bits. */
static void test_numbers_of_files(void **state)
{
	static const struct {
		int32_t value;
		int16_t weight;
		bool reverse;
		int32_t sum;
		uint32_t faults;
	} table[] = {
		{5, 1, false, 5, 0},
		{5, 2, true, -10, 0},
		{5, -3, false, -15, 0},
		{-5, -3, false, 15, 0},
		{0, 7, false, 0, 0},
		{253, 1, false, 253, 0},
		{253, 2, false, 253, 0},
		{-253, 1, false, -253, 0},
		{-254, 1, false, 0, 1},
		{-127, 2, false, 0, 1},
		{127, 2, true, 0, 1},
		{INT32_MAX, 254, false, 253, 0},
		{INT32_MIN, 254, false, 0, 1},
		{INT32_MIN, -254, false, 253, 0},
		{INT32_MIN, -1, true, 0, 1},
		{0, 0, false, 0, 0},
		{1, 0, false, 0, 1},
		{-1, 0, false, 0, 1},
		{0, 0, true, 0, 1},
		{7, 0, true, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct vrrp_sum sum = {0};
		struct vrrp_seen file = {VRRP_TRACKED_UP, table[i].value};

		vrrp_sum_add_value(&sum, &file, table[i].weight, table[i].reverse);
		assert_int_equal(sum.weight, table[i].sum);
		assert_int_equal(sum.faults, table[i].faults);
		file.state = VRRP_TRACKED_UNDECIDED;
		sum = (struct vrrp_sum){0};
		vrrp_sum_add_value(&sum, &file, table[i].weight, table[i].reverse);
		assert_int_equal(sum.weight, 0);
		assert_int_equal(sum.faults, 0);
	}
}

static void test_group_rules(void **state)
{
	struct vrrp_instance a = {.state = VRRP_BACKUP, .wanted = VRRP_MASTER};
	struct vrrp_instance b = {.state = VRRP_BACKUP, .wanted = VRRP_BACKUP};
	struct vrrp_group_sum sum = {0};

	(void)state;
	vrrp_group_add(&sum, &a);
	vrrp_group_add(&sum, &b);
	assert_false(vrrp_group_allows(&sum));
	assert_int_equal(vrrp_group_state(&sum), VRRP_BACKUP);
	b.wanted = VRRP_MASTER;
	sum = (struct vrrp_group_sum){0};
	vrrp_group_add(&sum, &a);
	vrrp_group_add(&sum, &b);
	assert_true(vrrp_group_allows(&sum));
	b.state = VRRP_MASTER;
	a.wanted = VRRP_BACKUP;
	sum = (struct vrrp_group_sum){0};
	vrrp_group_add(&sum, &a);
	vrrp_group_add(&sum, &b);
	assert_true(vrrp_group_allows(&sum));
	assert_int_equal(vrrp_group_state(&sum), VRRP_MASTER);
	a.state = VRRP_FAULT;
	vrrp_group_add(&sum, &a);
	assert_int_equal(vrrp_group_state(&sum), VRRP_FAULT);
}

static void test_limit(void **state)
{
	static struct vrrp_limit limit;
	struct ip a = address("192.0.2.1"), b = address("192.0.2.2");
	uint32_t held;

	(void)state;
	assert_true(vrrp_limit_allows(&limit, 1, &a, START_US, &held));
	for (int i = 0; i < 1000; i++)
		assert_false(vrrp_limit_allows(&limit, 1, &a, START_US + 1, &held));
	assert_true(vrrp_limit_allows(&limit, 1, &b, START_US + 1,
				      &held)); /* a second offender is seen */
	assert_true(vrrp_limit_allows(&limit, 2, &a, START_US + 1, &held));
	assert_true(vrrp_limit_allows(&limit, 1, &a, START_US + VRRP_LIMIT_WINDOW_US, &held));
	assert_int_equal(held, 1000);
	for (uint32_t i = 0, passed = 0; i < 1000; i++) {
		struct ip forged = ip_from_v4(i + 1);

		passed += vrrp_limit_allows(&limit, 3, &forged, START_US + VRRP_LIMIT_WINDOW_US,
					    &held);
		assert_true(passed <= VRRP_LIMIT_SLOTS + 1);
	}
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < VRRP_WHYS; i++)
		assert_true(strlen(vrrp_why_name(i)) > 0);
	assert_string_equal(vrrp_why_name(VRRP_WHYS), "unknown");
	for (int i = 0; i < VRRP_DISCARDS; i++)
		assert_true(strlen(vrrp_discard_name(i)) > 0);
	assert_string_equal(vrrp_discard_name(VRRP_DISCARDS), "unknown");
	assert_string_equal(vrrp_state_name(VRRP_FAULT), "FAULT");
	assert_string_equal(vrrp_state_name(4), "unknown");
}

static void test_address_list(void **state)
{
	struct vrrp_advert advert = {.n_addresses = 3};
	struct ip a = address("192.0.2.10"), b = address("192.0.2.11"), c = address("192.0.2.12");
	const struct ip same[] = {a, b, c}, permuted[] = {c, a, b}, doubled[] = {a, a, b};

	(void)state;
	memcpy(advert.addresses, same, sizeof same);
	assert_true(vrrp_packet_same_addresses(&advert, same, 3));
	assert_true(vrrp_packet_same_addresses(&advert, permuted, 3));
	assert_false(vrrp_packet_same_addresses(&advert, doubled, 3));
	assert_false(vrrp_packet_same_addresses(&advert, same, 2));
	memcpy(advert.addresses, doubled, sizeof doubled);
	assert_false(vrrp_packet_same_addresses(&advert, same, 3));
}

static void test_garp(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};
	struct ip ip = address("192.0.2.10");
	/* Ethernet, a request for IPv4 over Ethernet, sender, target */
	static const char want[GARP_FRAME] = "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\7\x08\x06"
					     "\0\1\x08\0\6\4\0\1"
					     "\2\0\0\0\0\7\xc0\0\2\x0a"
					     "\2\0\0\0\0\7\xc0\0\2\x0a";
	uint8_t frame[GARP_FRAME];

	(void)state;
	garp_encode(mac, &ip, frame);
	assert_memory_equal(frame, want, GARP_FRAME);
}

/* As keepalived 2.2.7 sends it, which forwards nothing; a router says so. */
static void test_na(void **state)
{
	static const uint8_t mac[6] = {0x7a, 0x88, 0xbb, 0x9e, 0xcd, 0x8a};
	struct ip ip = address("2001:db8::10");
	static const char want[NA_FRAME + 1] =
		"\x33\x33\0\0\0\1\x7a\x88\xbb\x9e\xcd\x8a\x86\xdd\x60\0\0\0\0\x20\x3a\xff"
		"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x10\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
		"\x88\0\xf7\x5b\x20\0\0\0\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x10"
		"\2\1\x7a\x88\xbb\x9e\xcd\x8a";
	uint8_t frame[NA_FRAME], router[NA_FRAME];

	(void)state;
	na_encode(mac, &ip, false, frame);
	assert_memory_equal(frame, want, NA_FRAME);
	na_encode(mac, &ip, true, router);
	assert_int_equal(router[58], 0xa0);
	assert_int_equal(router[56], frame[56] - 0x80); /* the checksum follows */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timer_values), cmocka_unit_test(test_changed_routes),
		cmocka_unit_test(test_priorities),   cmocka_unit_test(test_numbers_of_files),
		cmocka_unit_test(test_group_rules),  cmocka_unit_test(test_limit),
		cmocka_unit_test(test_names),	     cmocka_unit_test(test_address_list),
		cmocka_unit_test(test_garp),	     cmocka_unit_test(test_na),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
