/* SPDX-License-Identifier: MIT */
/* The boundaries of AgentX PDUs, in pieces of any size; nonsense is seen in its header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/frame.h"
#include "core/base/buf.h"

#define BIG	 0x10
#define RESPONSE 18

static size_t write_pdu(uint8_t *room, uint8_t type, uint8_t flags, uint32_t length, size_t payload)
{
	struct writer w = writer_of(room, 1024);

	write_u8(&w, 1);
	write_u8(&w, type);
	write_u8(&w, flags);
	write_u8(&w, 0);
	for (unsigned i = 0; i < 3; i++)
		write_be32(&w, i);
	write_be32(&w, flags & BIG ? length : __builtin_bswap32(length));
	for (size_t i = 0; i < payload; i++)
		write_u8(&w, 0xff);
	assert_false(w.bad);
	return w.used;
}

static void test_pieces(void **state)
{
	uint8_t octets[1024];
	size_t size = 0;

	(void)state;
	size += write_pdu(octets + size, RESPONSE, BIG, 8, 8);
	size += write_pdu(octets + size, 9, BIG, 0, 0);
	size += write_pdu(octets + size, 5, 0, 64, 64);
	for (size_t piece = 1; piece <= size; piece++) {
		struct frame frame = {0};

		for (size_t at = 0; at < size; at += piece) {
			size_t here = size - at < piece ? size - at : piece;

			frame_take(&frame, octets + at, here, 1 + at);
			assert_int_equal(frame.since_us == 0,
					 at + here == 28 || at + here == 48 || at + here == size);
		}
	}
}

/* The time is that of its first octet, however many follow. */
static void test_since(void **state)
{
	struct frame frame = {0};
	uint8_t octets[1024];
	size_t size = write_pdu(octets, RESPONSE, BIG, 100, 100);

	(void)state;
	frame_take(&frame, octets, 3, 70);
	frame_take(&frame, octets + 3, 90, 80);
	assert_int_equal(frame.since_us, 70);
	assert_false(frame_is_lost(&frame, 70 + FRAME_WHOLE_US));
	assert_true(frame_is_lost(&frame, 71 + FRAME_WHOLE_US));
	frame_take(&frame, octets + 93, size - 93, 90);
	assert_int_equal(frame.since_us, 0);
	frame_take(&frame, octets, 0, 95);
	assert_int_equal(frame.since_us, 0);
	assert_false(frame_is_lost(&frame, 100 * FRAME_WHOLE_US));
}

static bool is_nonsense(uint8_t version, uint8_t type, uint8_t flags, uint32_t length)
{
	struct frame frame = {0};
	uint8_t octets[1024];
	size_t size = write_pdu(octets, type, flags, length, 0);

	octets[0] = version;
	frame_take(&frame, octets, size, 1);
	return frame_is_lost(&frame, 1);
}

static void test_nonsense(void **state)
{
	(void)state;
	assert_false(is_nonsense(1, RESPONSE, BIG, FRAME_PAYLOAD_MAX));
	assert_false(is_nonsense(1, RESPONSE, 0, FRAME_PAYLOAD_MAX));
	assert_true(is_nonsense(1, RESPONSE, BIG, FRAME_PAYLOAD_MAX + 4));
	assert_true(is_nonsense(1, RESPONSE, 0, FRAME_PAYLOAD_MAX + 4));
	assert_true(is_nonsense(1, RESPONSE, BIG, 0x7ffffff0));
	assert_true(is_nonsense(1, RESPONSE, BIG, UINT32_MAX - 3));
	assert_true(is_nonsense(1, RESPONSE, BIG, 7));
	assert_true(is_nonsense(2, RESPONSE, BIG, 8));
	assert_true(is_nonsense(1, 0, BIG, 8));
	assert_true(is_nonsense(1, RESPONSE + 1, BIG, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
