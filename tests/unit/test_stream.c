/* SPDX-License-Identifier: MIT */
/* Addresses of the AgentX socket; a peer that does not accept or does not read never blocks us. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/stream.h"

static void test_parse(void **state)
{
	static const char *const bad[] = {
		"",
		"unix:",
		"tcp:",
		"tcp:127.0.0.1",
		"tcp:127.0.0.1:0",
		"tcp:1.2.3:5",
		"tcp:host:70",
		"tcp:1.2.3.4:65536",
		"udp:1.2.3.4:705",
		"tcp:1.2.3.4:7x",
	};
	struct stream_address address = {0};
	const struct sockaddr_un *local = (const struct sockaddr_un *)&address.storage;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address.storage;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address.storage;
	char path[200];

	(void)state;
	assert_int_equal(stream_parse(NULL, &address), 0);
	assert_string_equal(local->sun_path, "/var/agentx/master");
	assert_int_equal(stream_parse("unix:/run/a", &address), 0);
	assert_string_equal(local->sun_path, "/run/a");
	assert_int_equal(stream_parse("tcp:10.0.0.1:705", &address), 0);
	assert_int_equal(ntohs(v4->sin_port), 705);
	assert_int_equal(ntohl(v4->sin_addr.s_addr), 0x0a000001);
	assert_int_equal(stream_parse("localhost:705", &address), 0);
	assert_int_equal(ntohl(v4->sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(stream_parse("705", &address), 0);
	assert_int_equal(ntohl(v4->sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(stream_parse("tcp6:[::1]:705", &address), 0);
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(v6->sin6_port), 705);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(stream_parse(bad[i], &address), -EINVAL);
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(stream_parse(path, &address), -EINVAL);
}

static void test_full_backlog(void **state)
{
	char spec[64];
	struct stream_address address;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fds[16], n = 0, r = 0;

	(void)state;
	snprintf(spec, sizeof(spec), "unix:/tmp/test_stream.%d", (int)getpid());
	assert_int_equal(stream_parse(spec, &address), 0);
	assert_int_equal(stream_connect(&address, &fds[0]), -ENOENT);
	assert_int_equal(bind(listener, (struct sockaddr *)&address.storage, address.size), 0);
	assert_int_equal(listen(listener, 5), 0);
	while (n < 16 && (r = stream_connect(&address, &fds[n])) == 0)
		n++;
	assert_int_equal(r, -EAGAIN);
	assert_in_range(n, 5, 7);
	while (n--)
		close(fds[n]);
	close(listener);
	assert_int_equal(stream_connect(&address, &fds[0]), -ECONNREFUSED);
	unlink(spec + 5);
}

static void test_peer_that_does_not_read(void **state)
{
	struct stream_out out = {0};
	int pair[2], sent = 0, r = 0;
	uint32_t expected = 0, got[250];
	size_t used = 0;
	ssize_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	while (r == 0 && sent < 100000) {
		uint32_t message[250];

		for (int i = 0; i < 250; i++)
			message[i] = (uint32_t)(sent * 250 + i);
		r = stream_send(pair[0], &out, message, sizeof(message));
		sent += r == 0;
	}
	assert_int_equal(r, -ENOBUFS);
	assert_true(stream_is_waiting(&out));
	assert_int_equal(stream_flush(pair[0], &out), -EAGAIN);
	/* All that was taken arrives, in order. */
	while (expected < (uint32_t)sent * 250) {
		n = recv(pair[1], (char *)got + used, sizeof(got) - used, MSG_DONTWAIT);
		if (n < 0)
			assert_true(stream_flush(pair[0], &out) != -EPIPE);
		if (n < 0)
			continue;
		used += (size_t)n;
		if (used < sizeof(got))
			continue;
		for (int i = 0; i < 250; i++)
			assert_int_equal(got[i], expected++);
		used = 0;
	}
	assert_false(stream_is_waiting(&out));
	close(pair[1]);
	assert_int_equal(stream_send(pair[0], &out, "x", 1), -EPIPE);
	close(pair[0]);
	stream_out_free(&out);
}

static void test_kept_descriptor(void **state)
{
	int low = -1, first, fd;

	(void)state;
	stream_fd_keep(&low);
	first = low;
	assert_true(low >= 0);
	fd = stream_fd_move(low, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	assert_int_equal(fd, first);
	stream_fd_close(&low, fd);
	assert_int_equal(low, first);
	fd = dup(low); /* the number is still taken */
	assert_int_not_equal(fd, first);
	close(fd);
	close(low);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_full_backlog),
		cmocka_unit_test(test_peer_that_does_not_read),
		cmocka_unit_test(test_kept_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
