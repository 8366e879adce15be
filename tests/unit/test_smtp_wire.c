/* SPDX-License-Identifier: MIT */
/*
 * Packets between main and vipd-mail: there and back, cut anywhere, lies.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/run/smtp_wire.h"

static const char *const recipients[] = {"first@example.org", "", "Third <third@example.org>"};

static const struct smtp_request request = {
	.server = "2001:db8::25",
	.port = 2525,
	.timeout_ms = 1500,
	.more = true,
	.name = "node",
	.from = "a@b",
	.recipients = recipients,
	.n_recipients = 3,
	.text = "Subject: x\r\n\r\nbody\r\n",
};

static void test_request(void **state)
{
	struct smtp_request got;
	uint8_t *packet;
	size_t size;

	(void)state;
	assert_int_equal(smtp_pack_request(&request, &packet, &size), 0);
	assert_int_equal(smtp_unpack_request(packet, size, &got), 0);
	assert_string_equal(got.server, request.server);
	assert_int_equal(got.port, 2525);
	assert_int_equal(got.timeout_ms, 1500);
	assert_true(got.more);
	assert_string_equal(got.name, "node");
	assert_string_equal(got.from, "a@b");
	assert_int_equal(got.n_recipients, 3);
	for (int i = 0; i < 3; i++)
		assert_string_equal(got.recipients[i], recipients[i]);
	assert_string_equal(got.text, request.text);
	assert_int_equal(smtp_longest_ms(&got), 11 * 1500);
	free((void *)got.recipients);
	free(packet);
}

/* The copy ends where the packet does, for the sanitizer to see. */
static int unpack_copy(const uint8_t *packet, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct smtp_request got = {0};

	memcpy(copy, packet, size);
	int error = smtp_unpack_request(copy, size, &got);
	if (!error)
		free((void *)got.recipients);
	free(copy);
	return error;
}

static void test_bad_requests(void **state)
{
	uint8_t *packet, many[4];
	size_t size;

	(void)state;
	assert_int_equal(smtp_pack_request(&request, &packet, &size), 0);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(unpack_copy(packet, i), -EBADMSG);
	memcpy(many, packet + 12, sizeof many);
	memset(packet + 12, 0xff, sizeof many);
	assert_int_equal(unpack_copy(packet, size), -EBADMSG);
	memcpy(packet + 12, many, sizeof many);
	packet[15]--;
	assert_int_equal(unpack_copy(packet, size), -EBADMSG);
	packet[15]++;
	packet[3]++;
	assert_int_equal(unpack_copy(packet, size), -EBADMSG);
	free(packet);
}

static void test_result(void **state)
{
	struct smtp_result result = {.verdict = SMTP_REFUSED, .n_refused = 7}, got;
	uint8_t packet[SMTP_RESULT_MAX];

	(void)state;
	memset(result.detail, 'd', sizeof result.detail - 1);
	memset(result.refusal, 'r', sizeof result.refusal - 1);
	size_t size = smtp_pack_result(&result, packet);
	assert_int_equal(smtp_unpack_result(packet, size, &got), 0);
	assert_int_equal(got.verdict, SMTP_REFUSED);
	assert_int_equal(got.n_refused, 7);
	assert_string_equal(got.detail, result.detail);
	assert_string_equal(got.refusal, result.refusal);
}

static void test_bad_results(void **state)
{
	struct smtp_result result = {.verdict = SMTP_LATER, .detail = "no", .refusal = "one"};
	uint8_t packet[SMTP_RESULT_MAX], long_one[SMTP_RESULT_MAX] = {0};

	(void)state;
	size_t size = smtp_pack_result(&result, packet);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(smtp_unpack_result(packet, i, &result), -EBADMSG);
	assert_int_equal(smtp_unpack_result(packet, size + 1, &result), -EBADMSG);
	packet[0] = SMTP_REFUSED + 1;
	assert_int_equal(smtp_unpack_result(packet, size, &result), -EBADMSG);
	packet[0] = SMTP_SENT;
	packet[5] = '\n';
	assert_int_equal(smtp_unpack_result(packet, size, &result), -EBADMSG);
	memset(long_one + 5, 'x', sizeof result.detail);
	assert_int_equal(smtp_unpack_result(long_one, 5 + sizeof result.detail + 2, &result),
			 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_bad_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
