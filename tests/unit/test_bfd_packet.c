/* SPDX-License-Identifier: MIT */
/*
 * The codec of BFD: a packet as keepalived sent it, each refusal, every truncation, there and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/bfd/packet.h"

/* keepalived 2.2.7 on its way up: poll, 100 ms, multiplier 3. */
static const uint8_t known[BFD_PACKET_OCTETS] = {
	0x20, 0xe0, 3,	  24,	0x13, 0x71, 0xf6, 0x33, 0x02, 0x3d, 0x4f, 0xb4,
	0x00, 0x01, 0x86, 0xa0, 0x00, 0x01, 0x86, 0xa0, 0,    0,    0,	  0,
};

static void test_known(void **state)
{
	uint8_t again[BFD_PACKET_OCTETS];
	struct bfd_packet p;

	(void)state;
	assert_int_equal(bfd_packet_decode(known, sizeof known, &p), BFD_ACCEPTED);
	assert_int_equal(p.diag, BFD_DIAG_NONE);
	assert_int_equal(p.state, BFD_UP);
	assert_true(p.poll && !p.final && !p.demand);
	assert_int_equal(p.multiplier, 3);
	assert_int_equal(p.my_discr, 0x1371f633);
	assert_int_equal(p.your_discr, 0x023d4fb4);
	assert_int_equal(p.min_tx_us, 100000);
	assert_int_equal(p.min_rx_us, 100000);
	bfd_packet_encode(&p, again);
	assert_memory_equal(again, known, sizeof known);
}

static void test_every_field_returns(void **state)
{
	const struct bfd_packet sent = {.diag = 31,
					.state = BFD_INIT,
					.final = true,
					.demand = true,
					.multiplier = 255,
					.my_discr = 0xfffefdfc,
					.your_discr = 0x80000001,
					.min_tx_us = UINT32_MAX,
					.min_rx_us = 1};
	uint8_t octets[BFD_PACKET_OCTETS];
	struct bfd_packet p;

	(void)state;
	bfd_packet_encode(&sent, octets);
	assert_int_equal(bfd_packet_decode(octets, sizeof octets, &p), BFD_ACCEPTED);
	assert_true(p.diag == sent.diag && p.state == sent.state && p.final && !p.poll && p.demand);
	assert_true(p.multiplier == sent.multiplier && p.my_discr == sent.my_discr &&
		    p.your_discr == sent.your_discr);
	assert_true(p.min_tx_us == sent.min_tx_us && p.min_rx_us == sent.min_rx_us);
}

static void test_refusals(void **state)
{
	static const struct {
		uint8_t at, value;
		enum bfd_discard reason;
	} cases[] = {
		{0, 0x00, BFD_BAD_VERSION},    {0, 0x40, BFD_BAD_VERSION}, {1, 0xe4, BFD_BAD_AUTH},
		{1, 0xe1, BFD_BAD_MULTIPOINT}, {2, 0, BFD_BAD_MULTIPLIER}, {3, 23, BFD_BAD_LENGTH},
		{3, 25, BFD_BAD_LENGTH},       {3, 0, BFD_BAD_LENGTH},	   {3, 255, BFD_BAD_LENGTH},
	};
	uint8_t octets[BFD_PACKET_OCTETS];
	struct bfd_packet p;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memcpy(octets, known, sizeof octets);
		octets[cases[i].at] = cases[i].value;
		assert_int_equal(bfd_packet_decode(octets, sizeof octets, &p), cases[i].reason);
	}
	memcpy(octets, known, sizeof octets);
	memset(octets + 4, 0, 4);
	assert_int_equal(bfd_packet_decode(octets, sizeof octets, &p), BFD_BAD_DISCR);
}

/* Who knows no discriminator may only be down. */
static void test_discriminator_of_the_state(void **state)
{
	static const enum bfd_discard wanted[BFD_STATES] = {
		[BFD_ADMIN_DOWN] = BFD_ACCEPTED,
		[BFD_DOWN] = BFD_ACCEPTED,
		[BFD_INIT] = BFD_BAD_STATE,
		[BFD_UP] = BFD_BAD_STATE,
	};
	uint8_t octets[BFD_PACKET_OCTETS];
	struct bfd_packet p;

	(void)state;
	memcpy(octets, known, sizeof octets);
	memset(octets + 8, 0, 4);
	for (unsigned i = 0; i < BFD_STATES; i++) {
		octets[1] = (uint8_t)(i << 6);
		assert_int_equal(bfd_packet_decode(octets, sizeof octets, &p), wanted[i]);
	}
}

/* A longer datagram is fine: the length octet counts. */
static void test_sizes(void **state)
{
	uint8_t octets[BFD_PACKET_OCTETS + 8] = {0};
	struct bfd_packet p;

	(void)state;
	memcpy(octets, known, sizeof known);
	for (size_t size = 1; size < sizeof known; size++)
		assert_int_equal(bfd_packet_decode(octets, size, &p), BFD_BAD_LENGTH);
	assert_int_equal(bfd_packet_decode(octets, 0, &p), BFD_BAD_LENGTH);
	assert_int_equal(bfd_packet_decode(octets, sizeof octets, &p), BFD_ACCEPTED);
	octets[3] = sizeof octets;
	assert_int_equal(bfd_packet_decode(octets, sizeof octets, &p), BFD_ACCEPTED);
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BFD_DISCARDS; i++)
		assert_non_null(bfd_discard_name((enum bfd_discard)i));
	for (unsigned i = 0; i < BFD_DIAGS; i++)
		assert_non_null(bfd_diag_name((enum bfd_diag)i));
	assert_string_equal(bfd_state_name(BFD_UP), "Up");
	assert_string_equal(bfd_diag_name(BFD_DIAG_ADMIN), "Administratively Down");
	assert_string_equal(bfd_diag_name(9), "Reserved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),	 cmocka_unit_test(test_every_field_returns),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_discriminator_of_the_state),
		cmocka_unit_test(test_sizes),	 cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
