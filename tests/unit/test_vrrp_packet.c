/* SPDX-License-Identifier: MIT */
/* The VRRP codec: known messages octet by octet, each reason of refusal, truncations, and lies
 * about lengths. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/vrrp/packet.h"
#include "tests/unit/vrrp_message.h"

/* Router 192.0.2.1 (fe80::1), VRID 51, address 192.0.2.10, every second. */
struct known {
	const char *name;
	const char *hex;
	struct vrrp_advert advert;
	bool pseudo;
};

#define V4_ADDRESS                                                                                 \
	{                                                                                          \
		.family = AF_INET, .octets = { 192, 0, 2, 10 }                                     \
	}

static const struct known known[] = {
	{.name = "v2",
	 .hex = "213364010001b8bfc000020a0000000000000000",
	 .advert = {.version = 2,
		    .vrid = 51,
		    .priority = 100,
		    .interval = 1,
		    .family = AF_INET,
		    .n_addresses = 1,
		    .addresses = {V4_ADDRESS}}},
	{.name = "v2 with a password",
	 .hex = "2133640101015359c000020a3132333400000000",
	 .advert = {.version = 2,
		    .vrid = 51,
		    .priority = 100,
		    .interval = 1,
		    .family = AF_INET,
		    .n_addresses = 1,
		    .auth_type = VRRP_AUTH_PASS,
		    .auth_data = "1234",
		    .addresses = {V4_ADDRESS}}},
	{.name = "v2 resigning",
	 .hex = "2133000100011cc0c000020a0000000000000000",
	 .advert = {.version = 2,
		    .vrid = 51,
		    .priority = 0,
		    .interval = 1,
		    .family = AF_INET,
		    .n_addresses = 1,
		    .addresses = {V4_ADDRESS}}},
	{.name = "v3 over IPv4, RFC 9568 checksum",
	 .hex = "313364010064a85cc000020a",
	 .advert = {.version = 3,
		    .vrid = 51,
		    .priority = 100,
		    .interval = 100,
		    .family = AF_INET,
		    .n_addresses = 1,
		    .addresses = {V4_ADDRESS}}},
	{.name = "v3 over IPv4, checksum with pseudo-header",
	 .hex = "31336401006405ccc000020a",
	 .advert = {.version = 3,
		    .vrid = 51,
		    .priority = 100,
		    .interval = 100,
		    .family = AF_INET,
		    .n_addresses = 1,
		    .addresses = {V4_ADDRESS}},
	 .pseudo = true},
	{.name = "v3 over IPv6",
	 .hex = "3133640200643fddfe8000000000000000000000000000102001 0db8000000000000000000000010",
	 .advert = {.version = 3,
		    .vrid = 51,
		    .priority = 100,
		    .interval = 100,
		    .family = AF_INET6,
		    .n_addresses = 2,
		    .addresses = {{.family = AF_INET6, .octets = {0xfe, 0x80, [15] = 0x10}},
				  {.family = AF_INET6,
				   .octets = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x10}}}},
	 .pseudo = true},
	/* As keepalived 2.2.7 sends it. */
	{.name = "v2 over IPv6",
	 .hex = "213dc8010001ead720010db8000000000000000000000010",
	 .advert = {.version = 2,
		    .vrid = 61,
		    .priority = 200,
		    .interval = 1,
		    .family = AF_INET6,
		    .n_addresses = 1,
		    .addresses = {{.family = AF_INET6,
				   .octets = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x10}}}}},
};

#define KNOWN (sizeof known / sizeof *known)

static struct vrrp_expect expect_of(const struct vrrp_advert *advert)
{
	struct vrrp_expect expect = {.version = advert->version,
				     .auth_type = advert->auth_type,
				     .interval = advert->interval,
				     .min_ttl = 255,
				     .max_ttl = 255,
				     .own = address("192.0.2.2")};

	memcpy(expect.auth_data, advert->auth_data, sizeof expect.auth_data);
	return expect;
}

static enum vrrp_discard judge(const uint8_t *message, size_t size, uint16_t family,
			       const struct vrrp_expect *expect, struct vrrp_advert *ret)
{
	uint8_t *owned;
	struct vrrp_envelope envelope = envelope_of(message, size, family, &owned);
	enum vrrp_discard reason = vrrp_packet_check(&envelope, expect, ret);

	free(owned);
	return reason;
}

static void test_known_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < KNOWN; i++) {
		const struct vrrp_advert *want = &known[i].advert;
		struct vrrp_expect expect = expect_of(want);
		struct vrrp_advert advert;
		uint8_t message[128];
		size_t size = unhex(known[i].hex, message);

		assert_int_equal(judge(message, size, want->family, &expect, &advert),
				 VRRP_ACCEPTED);
		assert_int_equal(advert.version, want->version);
		assert_int_equal(advert.vrid, want->vrid);
		assert_int_equal(advert.priority, want->priority);
		assert_int_equal(advert.interval, want->interval);
		assert_int_equal(advert.auth_type, want->auth_type);
		assert_memory_equal(advert.auth_data, want->auth_data, sizeof want->auth_data);
		assert_true(
			vrrp_packet_same_addresses(&advert, want->addresses, want->n_addresses));
	}
}

static void test_known_encode(void **state)
{
	(void)state;
	for (size_t i = 0; i < KNOWN; i++) {
		const struct vrrp_advert *advert = &known[i].advert;
		struct ip source = address(advert->family == AF_INET ? "192.0.2.1" : "fe80::1");
		struct ip group = address(advert->family == AF_INET ? "224.0.0.18" : "ff02::12");
		uint8_t want[128], room[128];
		size_t size = unhex(known[i].hex, want);

		assert_int_equal(vrrp_packet_encode(advert, &source, &group, known[i].pseudo, room,
						    sizeof room),
				 size);
		assert_memory_equal(room, want, size);
		for (size_t less = 0; less < size; less++)
			assert_int_equal(vrrp_packet_encode(advert, &source, &group,
							    known[i].pseudo, room, less),
					 -ENOBUFS);
	}
}

/* Whatever is missing, nothing behind the end is read and the packet is refused for its length. */
static void test_truncations(void **state)
{
	(void)state;
	for (size_t i = 0; i < KNOWN; i++) {
		struct vrrp_expect expect = expect_of(&known[i].advert);
		struct vrrp_advert advert;
		uint8_t message[128];
		size_t size = unhex(known[i].hex, message);

		for (size_t less = 0; less < size; less++)
			assert_int_equal(
				judge(message, less, known[i].advert.family, &expect, &advert),
				less < 8 ? VRRP_SHORT : VRRP_BAD_LENGTH);
		message[size] = 0;
		assert_int_equal(judge(message, size + 1, known[i].advert.family, &expect, &advert),
				 VRRP_BAD_LENGTH);
	}
}

static void test_every_flipped_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < KNOWN; i++) {
		struct vrrp_expect expect = expect_of(&known[i].advert);
		struct vrrp_advert advert;
		uint8_t message[128];
		size_t size = unhex(known[i].hex, message);

		for (size_t bit = 0; bit < size * 8; bit++) {
			message[bit / 8] ^= 1 << bit % 8;
			assert_int_not_equal(
				judge(message, size, known[i].advert.family, &expect, &advert),
				VRRP_ACCEPTED);
			message[bit / 8] ^= 1 << bit % 8;
		}
	}
}

/* One change to a good version 2 message with password "1234", checksum put right again unless the
 * change is to it. */
struct lie {
	const char *name;
	size_t at;
	uint8_t value;
	bool keep_checksum;
	enum vrrp_discard reason;
};

static const struct lie lies[] = {
	{"version 0", 0, 0x01, false, VRRP_BAD_VERSION},
	{"version 1", 0, 0x11, false, VRRP_BAD_VERSION},
	{"version 3 for a version 2 router", 0, 0x31, false, VRRP_BAD_VERSION},
	{"version 4", 0, 0x41, false, VRRP_BAD_VERSION},
	{"version 15", 0, 0xf1, false, VRRP_BAD_VERSION},
	{"type 0", 0, 0x20, false, VRRP_BAD_TYPE},
	{"type 2", 0, 0x22, false, VRRP_BAD_TYPE},
	{"type 15", 0, 0x2f, false, VRRP_BAD_TYPE},
	{"VRID 0", 1, 0, false, VRRP_UNKNOWN_VRID},
	{"no address", 3, 0, false, VRRP_BAD_LENGTH},
	{"two addresses in the room of one", 3, 2, false, VRRP_BAD_LENGTH},
	{"255 addresses in the room of one", 3, 255, false, VRRP_BAD_LENGTH},
	{"no authentication", 4, 0, false, VRRP_OTHER_AUTH_TYPE},
	{"authentication header", 4, 2, false, VRRP_OTHER_AUTH_TYPE},
	{"authentication type 3", 4, 3, false, VRRP_BAD_AUTH_TYPE},
	{"authentication type 255", 4, 255, false, VRRP_BAD_AUTH_TYPE},
	{"interval 2", 5, 2, false, VRRP_OTHER_INTERVAL},
	{"interval 0", 5, 0, false, VRRP_OTHER_INTERVAL},
	{"wrong checksum", 6, 0, true, VRRP_BAD_CHECKSUM},
	{"other first letter of the password", 12, 'x', false, VRRP_BAD_AUTH_DATA},
	{"other last octet of the password", 19, 1, false, VRRP_BAD_AUTH_DATA},
};

static void mend_checksum(uint8_t *message, size_t size)
{
	uint16_t checksum;

	message[6] = message[7] = 0;
	checksum = checksum_finish(checksum_add(0, message, size));
	message[6] = checksum >> 8;
	message[7] = checksum & 0xff;
}

static void test_lies(void **state)
{
	struct vrrp_expect expect = expect_of(&known[1].advert);

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		struct vrrp_advert advert;
		uint8_t message[128];
		size_t size = unhex(known[1].hex, message);

		message[lies[i].at] = lies[i].value;
		if (!lies[i].keep_checksum)
			mend_checksum(message, size);
		if (judge(message, size, AF_INET, &expect, &advert) != lies[i].reason)
			fail_msg(
				"%s: %s", lies[i].name,
				vrrp_discard_name(judge(message, size, AF_INET, &expect, &advert)));
	}
}

static void test_envelope_reasons(void **state)
{
	static const uint8_t ttls[] = {0, 1, 64, 254};
	struct vrrp_expect expect = expect_of(&known[0].advert);
	struct vrrp_advert advert = {.vrid = 7};
	uint8_t message[128], *owned;
	size_t size = unhex(known[0].hex, message);
	struct vrrp_envelope envelope = envelope_of(message, size, AF_INET, &owned);

	(void)state;
	assert_int_equal(vrrp_packet_check(&envelope, NULL, &advert), VRRP_UNKNOWN_VRID);
	assert_int_equal(vrrp_packet_vrid(&envelope), 51);
	for (size_t i = 0; i < sizeof ttls; i++) {
		envelope.ttl = ttls[i];
		assert_int_equal(vrrp_packet_check(&envelope, &expect, &advert), VRRP_BAD_TTL);
		/* Charged even when the router is not known: TTL comes first. */
		assert_int_equal(vrrp_packet_check(&envelope, NULL, &advert), VRRP_BAD_TTL);
	}
	expect.own = envelope.source;
	assert_int_equal(vrrp_packet_check(&envelope, &expect, &advert), VRRP_OWN);
	assert_int_equal(advert.vrid, 7); /* untouched */
	envelope.size = 1;
	assert_int_equal(vrrp_packet_vrid(&envelope), 0);
	free(owned);
}

/* Unicast: the TTL is what the peer's configuration says, or not looked at. */
static void test_unicast_ttl(void **state)
{
	static const struct {
		uint8_t min, max, ttl;
		enum vrrp_discard reason;
	} table[] = {
		{0, 255, 0, VRRP_ACCEPTED},    {0, 255, 64, VRRP_ACCEPTED},
		{254, 255, 253, VRRP_BAD_TTL}, {254, 255, 254, VRRP_ACCEPTED},
		{10, 20, 20, VRRP_ACCEPTED},   {10, 20, 21, VRRP_BAD_TTL},
	};
	struct vrrp_expect expect = expect_of(&known[0].advert);
	struct vrrp_advert advert;
	uint8_t message[128], *owned;
	size_t size = unhex(known[0].hex, message);
	struct vrrp_envelope envelope = envelope_of(message, size, AF_INET, &owned);

	(void)state;
	envelope.destination = address("192.0.2.2");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		expect.min_ttl = table[i].min;
		expect.max_ttl = table[i].max;
		envelope.ttl = table[i].ttl;
		assert_int_equal(vrrp_packet_check(&envelope, &expect, &advert), table[i].reason);
	}
	/* Whose it is nobody knows, so no TTL is right or wrong. */
	assert_int_equal(vrrp_packet_check(&envelope, NULL, &advert), VRRP_UNKNOWN_VRID);
	free(owned);
}

static void test_v3_reasons(void **state)
{
	struct vrrp_expect expect = expect_of(&known[3].advert);
	struct vrrp_advert advert;
	uint8_t message[128];
	size_t size = unhex(known[3].hex, message);

	(void)state;
	message[4] = 0xf0; /* reserved bits: ignored */
	mend_checksum(message, size);
	assert_int_equal(judge(message, size, AF_INET, &expect, &advert), VRRP_ACCEPTED);
	assert_int_equal(advert.interval, 100);
	message[4] = message[5] = 0;
	mend_checksum(message, size);
	assert_int_equal(judge(message, size, AF_INET, &expect, &advert), VRRP_ZERO_INTERVAL);
	message[3] = 0;
	mend_checksum(message, 8);
	assert_int_equal(judge(message, 8, AF_INET, &expect, &advert), VRRP_NO_ADDRESS);
}

static void test_v3_link_local_first(void **state)
{
	struct vrrp_advert sent = known[5].advert, advert;
	struct vrrp_expect expect = expect_of(&sent);
	struct ip source = address("fe80::1"), group = address("ff02::12");
	uint8_t message[128];
	int size;

	(void)state;
	sent.addresses[0] = known[5].advert.addresses[1];
	size = vrrp_packet_encode(&sent, &source, &group, true, message, sizeof message);
	assert_int_equal(judge(message, size, AF_INET6, &expect, &advert), VRRP_ACCEPTED);
	expect.link_local_first = true;
	assert_int_equal(judge(message, size, AF_INET6, &expect, &advert), VRRP_NOT_LINK_LOCAL);
	/* Nothing to do with IPv4. */
	size = vrrp_packet_encode(&known[3].advert, &source, &group, false, message,
				  sizeof message);
	assert_int_equal(judge(message, size, AF_INET, &expect, &advert), VRRP_ACCEPTED);
}

static void test_full_house(void **state)
{
	static struct vrrp_advert sent, advert;
	struct vrrp_expect expect = {.version = 2, .interval = 1, .max_ttl = 255};
	struct ip source = address("192.0.2.1"), group = address("224.0.0.18");
	uint8_t message[VRRP_MESSAGE_MAX];
	int size;

	(void)state;
	sent = known[0].advert;
	sent.n_addresses = 255;
	for (size_t i = 0; i < 255; i++)
		sent.addresses[i] =
			(struct ip){.family = AF_INET, .octets = {10, 0, 0, (uint8_t)i}};
	size = vrrp_packet_encode(&sent, &source, &group, false, message, sizeof message);
	assert_int_equal(size, 16 + 4 * 255);
	assert_int_equal(judge(message, size, AF_INET, &expect, &advert), VRRP_ACCEPTED);
	assert_true(vrrp_packet_same_addresses(&advert, sent.addresses, 255));
}

static void test_encode_refuses(void **state)
{
	struct vrrp_advert advert = known[0].advert;
	struct ip source = address("192.0.2.1"), group = address("224.0.0.18");
	uint8_t room[128];

	(void)state;
	advert.version = 1;
	assert_int_equal(vrrp_packet_encode(&advert, &source, &group, false, room, sizeof room),
			 -EINVAL);
	advert.version = 2;
	advert.family = AF_UNSPEC;
	assert_int_equal(vrrp_packet_encode(&advert, &source, &group, false, room, sizeof room),
			 -EINVAL);
}

/* 12 bits of centiseconds, 8 of seconds: both ends arrive as sent, what is beyond is not cut. */
static void test_intervals(void **state)
{
	static const struct {
		uint8_t version;
		uint16_t most;
	} table[] = {{2, 255}, {3, 4095}};
	struct ip source = address("192.0.2.1"), group = address("224.0.0.18");

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct vrrp_advert sent = known[0].advert, advert;
		struct vrrp_expect expect = {.version = table[i].version, .max_ttl = 255};
		uint8_t room[128];
		int size;

		sent.version = table[i].version;
		for (unsigned j = 0; j < 2; j++) {
			sent.interval = expect.interval = j ? table[i].most : 1;
			size = vrrp_packet_encode(&sent, &source, &group, true, room, sizeof room);
			assert_int_equal(judge(room, (size_t)size, AF_INET, &expect, &advert),
					 VRRP_ACCEPTED);
			assert_int_equal(advert.interval, sent.interval);
		}
		sent.interval = table[i].most + 1;
		assert_int_equal(
			vrrp_packet_encode(&sent, &source, &group, true, room, sizeof room),
			-EINVAL);
	}
}

/* The pseudo-header is of this packet: a checksum made for another destination is wrong. */
static void test_v3_checksum_of_another_destination(void **state)
{
	struct ip source = address("192.0.2.1"), other = address("192.0.2.7");
	struct vrrp_expect expect = expect_of(&known[3].advert);
	struct vrrp_advert advert;
	uint8_t room[128];
	int size = vrrp_packet_encode(&known[3].advert, &source, &other, true, room, sizeof room);

	(void)state;
	assert_int_equal(judge(room, (size_t)size, AF_INET, &expect, &advert), VRRP_BAD_CHECKSUM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_decode),
		cmocka_unit_test(test_known_encode),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_every_flipped_bit),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_envelope_reasons),
		cmocka_unit_test(test_unicast_ttl),
		cmocka_unit_test(test_v3_reasons),
		cmocka_unit_test(test_v3_link_local_first),
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_v3_checksum_of_another_destination),
		cmocka_unit_test(test_full_house),
		cmocka_unit_test(test_encode_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
