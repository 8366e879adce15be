/* SPDX-License-Identifier: MIT */
/*
 * Sessions together, in virtual time and without sockets: who is told what and in which order,
 * which packet belongs to whom, what a reload leaves alone, sockets in trouble.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/bfd/engine.h"
#include "core/bfd/packet.h"
#include "tests/unit/conf_text.h"

#define ONE "bfd_instance one {\nneighbor_ip 192.0.2.2\nmin_rx 100\nmin_tx 100\n"
#define SLOWER                                                                                     \
	"bfd_instance one {\nneighbor_ip 192.0.2.2\nmin_rx 100\nmin_tx 300\nmultiplier 9\n}\n"
#define TWO   "bfd_instance two {\nneighbor_ip 2001:db8::2\nmin_rx 100\nmin_tx 100\n"
#define TRACE 2048

static struct {
	struct bfd_engine *engine;
	uint64_t now_us;
	struct bfd_packet sent; /* last */
	unsigned n_sent;
	const char *by; /* which session */
	int open_error, send_error, listen_error;
	int sockets;
	unsigned ears; /* a bit for each family and kind */
	uint32_t random;
	char trace[TRACE]; /* what was done, in order */
	struct snap_bfd *rows;
} rig;

__attribute__((format(printf, 1, 2))) static void trace(const char *format, ...)
{
	size_t used = strlen(rig.trace);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(rig.trace + used, sizeof rig.trace - used, format, arguments);
	va_end(arguments);
}

static void assert_trace(const char *wanted)
{
	assert_string_equal(rig.trace, wanted);
	rig.trace[0] = '\0';
}

static int on_listen(void *owner, uint16_t family, bool multihop, bool wanted)
{
	unsigned bit = 1u << ((family == AF_INET6) * 2 + multihop);

	(void)owner;
	if (wanted && rig.listen_error)
		return rig.listen_error;
	assert_int_equal(!(rig.ears & bit), wanted);
	rig.ears ^= bit;
	return 0;
}

static int on_open(void *owner, const struct conf_bfd *conf)
{
	(void)owner, (void)conf;
	if (rig.open_error)
		return rig.open_error;
	return 10 + rig.sockets++;
}

static int on_send(void *owner, int fd, const struct conf_bfd *conf, const void *octets,
		   size_t size)
{
	(void)owner, (void)fd;
	if (rig.send_error)
		return rig.send_error;
	assert_int_equal(bfd_packet_decode(octets, size, &rig.sent), BFD_ACCEPTED);
	rig.n_sent++;
	rig.by = conf->name;
	trace("%s says %s%s; ", conf->name, bfd_state_name(rig.sent.state),
	      rig.sent.poll    ? " P"
	      : rig.sent.final ? " F"
			       : "");
	return 0;
}

static void on_close(void *owner, int fd)
{
	(void)owner, (void)fd;
	rig.sockets--;
}

static uint32_t on_random(void *owner)
{
	(void)owner;
	return rig.random; /* a bad one: the engine must see to it that no two are the same */
}

static void on_mail(void *owner, enum snap_thread to, enum msg_kind kind, const void *body,
		    size_t size)
{
	const struct msg_track *track = body;

	(void)owner;
	if (kind == MSG_CONF_DONE) {
		assert_int_equal(to, THREAD_MAIN);
		trace("done; ");
		return;
	}
	assert_int_equal(kind, MSG_TRACK);
	assert_int_equal(size, sizeof *track);
	assert_int_equal(track->kind, CONF_TRACK_BFD);
	assert_true(track->decided);
	trace("%s: %u of %u is %s; ", to == THREAD_VRRP ? "vrrp" : "check", track->index,
	      (unsigned)track->generation, track->up ? "up" : "down");
}

static void on_publish(void *owner, struct snap_bfd *rows)
{
	(void)owner;
	if (rig.rows)
		rig.rows->value.free(&rig.rows->value);
	rig.rows = rows;
}

__attribute__((format(printf, 3, 4))) static void on_log(void *owner, int level, const char *format,
							 ...)
{
	char line[256];
	va_list arguments;

	(void)owner;
	if (level > LOG_NOTICE)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	trace("[%s] ", line);
}

static uint64_t on_wall(void *owner)
{
	(void)owner;
	return rig.now_us;
}

static const struct bfd_ops ops = {
	.listen = on_listen,
	.open = on_open,
	.send = on_send,
	.close = on_close,
	.random = on_random,
	.mail = on_mail,
	.publish = on_publish,
	.log = on_log,
	.wall_us = on_wall,
};

static int set_up(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof rig);
	rig.now_us = 10 * USEC_PER_SEC;
	rig.random = 7;
	return bfd_engine_new(&ops, NULL, &rig.engine);
}

static int tear_down(void **state)
{
	(void)state;
	bfd_engine_free(rig.engine);
	on_publish(NULL, NULL);
	assert_int_equal(rig.sockets, 0);
	assert_int_equal(rig.ears, 0);
	return 0;
}

static void adopt(const char *text, uint64_t generation)
{
	struct loaded loaded = load_good(text, 0);

	((struct conf *)loaded.conf)->generation = generation;
	bfd_engine_conf(rig.engine, conf_ref(loaded.conf), rig.now_us);
	bfd_engine_flush(rig.engine, rig.now_us);
	unload(&loaded);
}

static void run_ms(uint64_t ms)
{
	for (uint64_t until_us = rig.now_us + ms * USEC_PER_MSEC; rig.now_us < until_us;) {
		uint64_t due_us = bfd_engine_due_us(rig.engine);

		rig.now_us = due_us && due_us < until_us ? due_us : until_us;
		bfd_engine_tick(rig.engine, rig.now_us);
		bfd_engine_flush(rig.engine, rig.now_us);
	}
}

static struct ip address(const char *text)
{
	struct ip ip = {0};

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static void hear_packet(const char *from, int ttl, const struct bfd_packet *packet)
{
	bool six = strchr(from, ':');
	const struct bfd_arrival arrival = {.source = address(from),
					    .destination =
						    address(six ? "2001:db8::1" : "192.0.2.1"),
					    .ttl = ttl};
	uint8_t octets[BFD_PACKET_OCTETS];

	bfd_packet_encode(packet, octets);
	bfd_engine_receive(rig.engine, &arrival, octets, sizeof octets, rig.now_us);
	bfd_engine_flush(rig.engine, rig.now_us);
}

static void hear(const char *from, enum bfd_state state, uint32_t yours)
{
	const struct bfd_packet packet = {.state = state,
					  .multiplier = 3,
					  .my_discr = 99,
					  .your_discr = yours,
					  .min_tx_us = 100000,
					  .min_rx_us = 100000};

	hear_packet(from, 255, &packet);
}

/* Told before it is sent and logged; the first state is down. */
static void test_comes_up_and_goes_down(void **state)
{
	(void)state;
	adopt(ONE "}\n", 1);
	assert_trace("vrrp: 0 of 1 is down; check: 0 of 1 is down; done; ");
	run_ms(1);
	assert_trace("one says Down; ");
	hear("192.0.2.2", BFD_DOWN, 0);
	assert_trace("one says Init; ");
	hear("192.0.2.2", BFD_UP, rig.sent.my_discr);
	assert_trace("vrrp: 0 of 1 is up; check: 0 of 1 is up; one says Up P; [one: Init -> Up] ");
	assert_int_equal(rig.rows->sessions[0].state, BFD_UP);
	assert_int_equal(rig.rows->sessions[0].became_up, 1);
	run_ms(299);
	rig.trace[0] = '\0';
	run_ms(2);
	assert_trace("vrrp: 0 of 1 is down; check: 0 of 1 is down; one says Down; [one: Up -> Down "
		     "(local diagnostic: Control Detection Time Expired, remote diagnostic: No "
		     "Diagnostic)] ");
	assert_int_equal(rig.rows->sessions[0].diag, BFD_DIAG_EXPIRED);
	bfd_engine_stop(rig.engine, rig.now_us);
	assert_trace("one says AdminDown; ");
	assert_int_equal(bfd_engine_due_us(rig.engine) > rig.now_us + USEC_PER_SEC, 0);
}

/* By discriminator and address; never by one of them alone. */
static void test_whose_packet(void **state)
{
	uint32_t one, two;
	struct bfd_packet packet = {.state = BFD_INIT, .multiplier = 3, .my_discr = 1};

	(void)state;
	adopt(ONE "}\n" TWO "hoplimit 255\nmax_hops 1\n}\n", 1);
	assert_int_equal(rig.ears, 1u << 0 | 1u << 2);
	run_ms(1);
	one = rig.rows->sessions[0].local_discr;
	two = rig.rows->sessions[1].local_discr;
	assert_int_not_equal(one, two);
	packet.your_discr = two;
	hear_packet("192.0.2.2", 255, &packet);
	packet.your_discr = one;
	hear_packet("192.0.2.3", 255, &packet);
	hear_packet("192.0.2.2", 254, &packet); /* from behind a router */
	packet.your_discr = 0;
	packet.state = BFD_DOWN;
	hear_packet("192.0.2.9", 255, &packet);
	run_ms(1000); /* the counters appear */
	assert_int_equal(rig.rows->sessions[0].state, BFD_DOWN);
	assert_int_equal(rig.rows->sessions[0].received, 0);
	assert_int_equal(rig.rows->sessions[0].discarded, 1);
	packet.your_discr = two;
	packet.state = BFD_INIT;
	hear_packet("2001:db8::2", 254, &packet);
	assert_int_equal(rig.rows->sessions[1].state, BFD_UP);
	assert_int_equal(rig.rows->sessions[0].state, BFD_DOWN);
}

static void bring_up(const char *from, size_t index)
{
	run_ms(1);
	hear(from, BFD_INIT, rig.rows->sessions[index].local_discr);
	assert_int_equal(rig.rows->sessions[index].state, BFD_UP);
}

/* Intervals by a poll; everything else anew; each told for the new configuration. */
static void test_reload(void **state)
{
	uint32_t discr;

	(void)state;
	adopt(ONE "}\n", 1);
	bring_up("192.0.2.2", 0);
	discr = rig.rows->sessions[0].local_discr;
	rig.trace[0] = '\0';
	adopt(TWO "}\n" SLOWER, 2);
	assert_trace("vrrp: 0 of 2 is down; check: 0 of 2 is down; vrrp: 1 of 2 is up; check: 1 of "
		     "2 is up; done; ");
	assert_int_equal(rig.rows->sessions[1].local_discr, discr);
	assert_int_equal(rig.ears, 1u << 0 | 1u << 2);
	run_ms(100);
	assert_string_equal(rig.by, "one");
	assert_true(rig.sent.poll && rig.sent.multiplier == 9 && rig.sent.min_tx_us == 300000);
	rig.trace[0] = '\0';
	adopt(ONE "source_ip 192.0.2.1\n}\n", 3);
	assert_trace("two says AdminDown; one says AdminDown; [one: Up -> AdminDown] "
		     "vrrp: 0 of 3 is down; check: 0 of 3 is down; done; ");
	assert_int_equal(rig.ears, 1u << 0);
	assert_int_equal(rig.sockets, 0);
	adopt("", 4);
	assert_trace("one says AdminDown; done; ");
	assert_int_equal(rig.rows->n_sessions, 0);
	assert_int_equal(rig.ears, 0);
}

/* Said once, tried with every packet, and never a reason to be down by itself. */
static void test_sockets_in_trouble(void **state)
{
	(void)state;
	rig.open_error = -EADDRNOTAVAIL;
	rig.listen_error = -EADDRINUSE;
	adopt(ONE "}\n", 1);
	assert_trace(
		"vrrp: 0 of 1 is down; check: 0 of 1 is down; [UDP port 3784 of IPv4 cannot be "
		"used: Address already in use; tried again every 5 s] done; ");
	run_ms(3000);
	assert_trace("[one: packets cannot be sent: Cannot assign requested address] ");
	rig.open_error = 0;
	rig.send_error = -ENETUNREACH;
	run_ms(1100);
	assert_trace("[one: packets cannot be sent: Network is unreachable] ");
	rig.send_error = rig.listen_error = 0;
	run_ms(1000);
	assert_true(strstr(rig.trace, "one says Down; [one: packets are sent again] "));
	run_ms(5000);
	assert_int_equal(rig.ears, 1);
}

/* However many bad packets come, a line in ten seconds for each kind, and the count. */
static void test_bad_packets_do_not_fill_rows(void **state)
{
	const struct bfd_arrival arrival = {.source = address("192.0.2.2"), .ttl = 255};
	const struct snap_bfd *before;

	(void)state;
	adopt(ONE "}\n", 1);
	run_ms(1);
	before = rig.rows;
	for (size_t size = 0; size < BFD_PACKET_OCTETS; size++)
		bfd_engine_receive(rig.engine, &arrival, "\x20\x40\3\30", size < 4 ? size : 4,
				   rig.now_us);
	bfd_engine_flush(rig.engine, rig.now_us);
	assert_ptr_equal(rig.rows, before);
	assert_int_equal(rig.rows->sessions[0].state, BFD_DOWN);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_comes_up_and_goes_down),
		TEST(test_whose_packet),
		TEST(test_reload),
		TEST(test_sockets_in_trouble),
		TEST(test_bad_packets_do_not_fill_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
