/* SPDX-License-Identifier: MIT */
/*
 * The IP header around an advertisement: what is read from one of IPv4, lies in it, options and
 * padding; what is written of IPv6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/vrrp/packet.h"

static struct ip address(const char *text)
{
	struct ip ip = {0};

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

/* IP header, message, padding of a short Ethernet frame. */
static size_t make_datagram(uint8_t *room)
{
	const struct vrrp_advert advert = {.version = 2,
					   .vrid = 51,
					   .priority = 100,
					   .interval = 1,
					   .family = AF_INET,
					   .n_addresses = 1,
					   .addresses = {{.family = AF_INET}}};
	struct ip source = address("192.0.2.1"), group = address("224.0.0.18");
	int size = vrrp_packet_encode(&advert, &source, &group, false, room + VRRP_IP_HEADER, 100);

	assert_int_equal(size, 20);
	vrrp_packet_ip_header(&source, &group, VRRP_TTL, VRRP_PROTOCOL, (size_t)size, room);
	return VRRP_IP_HEADER + (size_t)size;
}

/* Shows VR-4. */
static void test_open(void **state)
{
	uint8_t datagram[128] = {0};
	size_t size = make_datagram(datagram);
	struct vrrp_envelope envelope = {0};
	struct ip source = address("192.0.2.1");

	(void)state;
	assert_int_equal(checksum_finish(checksum_add(0, datagram, VRRP_IP_HEADER)), 0);
	assert_int_equal(vrrp_packet_open(datagram, size, &envelope), VRRP_ACCEPTED);
	assert_int_equal(envelope.size, 20);
	assert_int_equal(envelope.ttl, 255);
	assert_int_equal(ip_compare(&envelope.source, &source), 0);
	/* Padding behind the IP length is not part of the message. */
	assert_int_equal(vrrp_packet_open(datagram, size + 6, &envelope), VRRP_ACCEPTED);
	assert_int_equal(envelope.size, 20);
	for (size_t less = 0; less < size; less++) {
		uint8_t *copy = malloc(less ? less : 1);

		memcpy(copy, datagram, less);
		assert_int_equal(vrrp_packet_open(copy, less, &envelope), VRRP_BAD_IP);
		free(copy);
	}
}

static void test_open_lies(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} bad[] = {
		{0, 0x65}, /* version 6 */
		{0, 0x44}, /* header of 16 octets */
		{0, 0x4f}, /* header longer than the datagram */
		{3, 19},   /* total length below the header */
		{3, 200},  /* total length beyond the end */
		{6, 0x20}, /* more fragments */
		{7, 1},	   /* not the first fragment */
		{9, 17},   /* UDP */
	};
	struct vrrp_envelope envelope;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint8_t datagram[128] = {0};
		size_t size = make_datagram(datagram);

		datagram[bad[i].at] = bad[i].value;
		assert_int_equal(vrrp_packet_open(datagram, size, &envelope), VRRP_BAD_IP);
	}
}

/* IP options are legal: the message starts behind them. */
static void test_open_options(void **state)
{
	uint8_t datagram[128] = {0}, plain[128] = {0};
	size_t size = make_datagram(plain);
	struct vrrp_envelope envelope;

	(void)state;
	memcpy(datagram, plain, VRRP_IP_HEADER);
	memcpy(datagram + VRRP_IP_HEADER + 4, plain + VRRP_IP_HEADER, size - VRRP_IP_HEADER);
	datagram[0] = 0x46;
	datagram[3] = (uint8_t)(size + 4);
	assert_int_equal(vrrp_packet_open(datagram, size + 4, &envelope), VRRP_ACCEPTED);
	assert_int_equal(vrrp_packet_vrid(&envelope), 51);
}

/* Of IPv6 it is only written: network control, hop limit, both addresses in their places. Shows
 * VT-1. */
static void test_ip6_header(void **state)
{
	static const uint8_t want[VRRP_IP_HEADER_MAX] = {
		0x6c,	    [5] = 40, [6] = 112,   [7] = 255,	[8] = 0xfe,
		[9] = 0x80, [23] = 1, [24] = 0xff, [25] = 0x02, [39] = 0x12};
	struct ip source = address("fe80::1"), group = address("ff02::12");
	uint8_t header[VRRP_IP_HEADER_MAX];

	(void)state;
	assert_int_equal(
		vrrp_packet_ip_header(&source, &group, VRRP_TTL, VRRP_PROTOCOL, 40, header),
		sizeof header);
	assert_memory_equal(header, want, sizeof want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_lies),
		cmocka_unit_test(test_open_options),
		cmocka_unit_test(test_ip6_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
