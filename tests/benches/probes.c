/* SPDX-License-Identifier: MIT */
/*
 * probes tcp|tls ADDRESS PORT COUNT: the floor for what a check costs. One after the other, each to
 * the next address (many ports in use to one address are slow to search), by a bare loop of the
 * system calls that a check needs (tcp), or of OpenSSL over a blocking socket (tls: handshake, GET,
 * answer to its end). Prints microseconds of processor time of one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

struct floor {
	struct sockaddr_in to;
	int epoll;
	SSL_CTX *tls; /* NULL: none */
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void probe_tcp(const struct floor *floor)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
	struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
	socklen_t size = sizeof error;

	if (fd < 0)
		fail("socket");
	if (connect(fd, (const struct sockaddr *)&floor->to, sizeof floor->to) < 0 &&
	    errno != EINPROGRESS)
		fail("connect");
	if (epoll_ctl(floor->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ||
	    epoll_wait(floor->epoll, &event, 1, -1) != 1)
		fail("epoll");
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
		fail("connect");
	close(fd);
}

static void probe_tls(const struct floor *floor)
{
	static const char request[] = "GET / HTTP/1.0\r\nHost: floor\r\n\r\n";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL *ssl = SSL_new(floor->tls);
	char room[4096];

	if (fd < 0 || !ssl ||
	    connect(fd, (const struct sockaddr *)&floor->to, sizeof floor->to) < 0)
		fail("connect");
	if (SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1 ||
	    SSL_write(ssl, request, sizeof request - 1) <= 0)
		fail("TLS");
	while (SSL_read(ssl, room, sizeof room) > 0)
		;
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

int main(int argc, char **argv)
{
	struct floor floor = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
	struct timespec began, ended;
	long count;

	if (argc != 5 || inet_pton(AF_INET, argv[2], &floor.to.sin_addr) != 1)
		return 2;
	floor.to.sin_family = AF_INET;
	floor.to.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
	count = strtol(argv[4], NULL, 10);
	if (strcmp(argv[1], "tls") == 0)
		floor.tls = SSL_CTX_new(TLS_client_method());
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
	for (long i = 0; i < count; i++) {
		floor.to.sin_addr.s_addr = htonl(ntohl(floor.to.sin_addr.s_addr) + 1);
		if (floor.tls)
			probe_tls(&floor);
		else
			probe_tcp(&floor);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
	printf("%.3f\n", ((double)(ended.tv_sec - began.tv_sec) * 1e6 +
			  (double)(ended.tv_nsec - began.tv_nsec) / 1e3) /
				 (double)count);
	SSL_CTX_free(floor.tls);
	close(floor.epoll);
	return 0;
}
