/* SPDX-License-Identifier: MIT */
/*
 * The authentication header against datagrams that keepalived 2.2.7 has sent: what we make of the
 * same advert is the same to the octet, theirs is believed, and no octet that counts can change.
 */
#include "tests/unit/vrrp_message.h"

#include "core/vrrp/ah.h"

/* To the group, the key "secret12". */
#define GROUP                                                                                      \
	"45c00040 00010000 ff3318b6 c0000201 e0000012 70040000 c0000201 00000001"                  \
	"80b6323d b8b22e9b bfa54a1d 213dc801 0201525b c0000264 00000000 00000000"
/* The second one to a peer, the key "abc". */
#define PEER                                                                                       \
	"45c00040 00020000 ff3336c4 c0000201 c0000203 70040000 c0000201 00000002"                  \
	"49e3d5ed 584224e2 cabcac73 213ec801 02015259 c0000265 00000000 00000000"
#define SIZE   64
#define HEADER (VRRP_IP_HEADER + VRRP_AH_OCTETS)

static const uint8_t secret[VRRP_AUTH_OCTETS] = "secret1\x32", abc[VRRP_AUTH_OCTETS] = "abc";

static int start(void **state)
{
	return hmac_md5_new((struct hmac **)state);
}

static int end(void **state)
{
	hmac_free(*state);
	return 0;
}

static struct vrrp_envelope open_good(const uint8_t *datagram)
{
	struct vrrp_envelope envelope = {0};

	assert_int_equal(vrrp_packet_open(datagram, SIZE, &envelope), VRRP_ACCEPTED);
	assert_true(envelope.sealed);
	assert_int_equal(envelope.size, SIZE - HEADER);
	return envelope;
}

static void test_theirs_is_believed(void **state)
{
	uint8_t datagram[SIZE];
	struct vrrp_envelope envelope;

	assert_int_equal(unhex(GROUP, datagram), SIZE);
	envelope = open_good(datagram);
	assert_int_equal(envelope.sequence, 1);
	assert_int_equal(vrrp_packet_vrid(&envelope), 61);
	assert_true(vrrp_ah_is_genuine(*state, secret, &envelope));
	assert_false(vrrp_ah_is_genuine(*state, abc, &envelope));
	unhex(PEER, datagram);
	envelope = open_good(datagram);
	assert_int_equal(envelope.sequence, 2);
	assert_true(vrrp_ah_is_genuine(*state, abc, &envelope));
}

static void test_ours_is_the_same(void **state)
{
	uint8_t theirs[SIZE], ours[VRRP_IP_HEADER_MAX + SIZE];
	struct ip source = address("192.0.2.1"), group = address("224.0.0.18");

	unhex(GROUP, theirs);
	vrrp_packet_ip_header(&source, &group, VRRP_TTL, VRRP_PROTOCOL_AH, SIZE - VRRP_IP_HEADER,
			      ours);
	memcpy(ours + HEADER, theirs + HEADER, SIZE - HEADER);
	assert_int_equal(vrrp_ah_seal(*state, secret, 1, &source, &group, VRRP_TTL,
				      ours + VRRP_IP_HEADER, SIZE - VRRP_IP_HEADER),
			 0);
	assert_memory_equal(ours, theirs, SIZE);
}

/* Routers may change these: TOS, fragment bits of no fragment, checksum; and the TTL to a peer. */
static bool may_change(size_t at)
{
	return at == 1 || at == 6 || at == 8 || at == 10 || at == 11;
}

static void test_every_octet_counts(void **state)
{
	for (size_t at = 0; at < SIZE; at++) {
		uint8_t datagram[SIZE];
		struct vrrp_envelope envelope;

		unhex(PEER, datagram);
		datagram[at] ^= 0x40; /* of octet 6: don't fragment */
		if (vrrp_packet_open(datagram, SIZE, &envelope) == VRRP_ACCEPTED && envelope.sealed)
			assert_int_equal(vrrp_ah_is_genuine(*state, abc, &envelope),
					 may_change(at));
		else
			assert_false(may_change(at));
	}
}

static void test_what_is_no_header(void **state)
{
	uint8_t datagram[SIZE + 4];
	struct vrrp_envelope envelope = {0};

	(void)state;
	assert_false(vrrp_ah_is_genuine(*state, secret, &envelope));
	for (uint8_t size = VRRP_IP_HEADER; size < HEADER; size++) {
		uint8_t *copy = malloc(size);

		unhex(GROUP, datagram);
		datagram[3] = size;
		memcpy(copy, datagram, size);
		assert_int_equal(vrrp_packet_open(copy, size, &envelope), VRRP_BAD_IP);
		free(copy);
	}
	unhex(GROUP, datagram);
	datagram[VRRP_IP_HEADER] = 6;
	assert_int_equal(vrrp_packet_open(datagram, SIZE, &envelope), VRRP_OTHER_AH);
	unhex(GROUP, datagram);
	datagram[VRRP_IP_HEADER + 1] = 5;
	assert_int_equal(vrrp_packet_open(datagram, SIZE, &envelope), VRRP_BAD_IP);
	/* Behind options nobody sends it; the sum would have to know which of them may change. */
	unhex(GROUP, datagram);
	memmove(datagram + VRRP_IP_HEADER + 4, datagram + VRRP_IP_HEADER, SIZE - VRRP_IP_HEADER);
	datagram[0] = 0x46;
	datagram[3] = sizeof datagram;
	assert_int_equal(vrrp_packet_open(datagram, sizeof datagram, &envelope), VRRP_BAD_IP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_theirs_is_believed),
		cmocka_unit_test(test_ours_is_the_same),
		cmocka_unit_test(test_every_octet_counts),
		cmocka_unit_test(test_what_is_no_header),
	};

	return cmocka_run_group_tests(tests, start, end);
}
