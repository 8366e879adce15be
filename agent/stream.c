/* SPDX-License-Identifier: MIT */
/*
 * Non-blocking stream sockets for the AgentX connection; see the header. Each system call here
 * returns at once.
 *
 * Thread: agent.
 */
#include "agent/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/ip.h"

#define TCP_DEAD_AFTER_MS 15000
#define CONNECT_WAIT_US	  (3 * USEC_PER_SEC) /* TCP only */

static int parse_unix(const char *path, struct stream_address *ret)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&ret->storage;
	size_t length = strlen(path);

	if (length == 0 || length >= sizeof(address->sun_path))
		return -EINVAL;
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, length + 1);
	ret->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
	return 0;
}

static int parse_port(const char *text, uint16_t *ret)
{
	char *end;
	unsigned long port;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	port = strtoul(text, &end, 10);
	if (errno || *end || port == 0 || port > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

static int parse_host(const char *text, size_t length, bool v6, struct ip *ret)
{
	char host[IP_TEXT_MAX];

	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = '\0';
	if (length == 0 || strcmp(host, "localhost") == 0)
		return ip_parse(v6 ? "::1" : "127.0.0.1", ret);
	return ip_parse(host, ret);
}

static int parse_tcp(const char *text, bool v6, struct stream_address *ret)
{
	const char *colon = strrchr(text, ':');
	struct ip ip;
	uint16_t port;

	if (parse_port(colon ? colon + 1 : text, &port) < 0 ||
	    parse_host(text, colon ? (size_t)(colon - text) : 0, v6, &ip) < 0)
		return -EINVAL;
	ret->size = ip_to_sockaddr(&ip, port, &ret->storage);
	return 0;
}

int stream_parse(const char *text, struct stream_address *ret)
{
	struct stream_address address = {0};
	int r;

	if (!text)
		text = STREAM_DEFAULT;
	if (text[0] == '/')
		r = parse_unix(text, &address);
	else if (strncmp(text, "unix:", 5) == 0)
		r = parse_unix(text + 5, &address);
	else if (strncmp(text, "tcp:", 4) == 0)
		r = parse_tcp(text + 4, false, &address);
	else if (strncmp(text, "tcp6:", 5) == 0)
		r = parse_tcp(text + 5, true, &address);
	else
		r = parse_tcp(text, false, &address);
	if (r == 0)
		*ret = address;
	return r;
}

/* A peer whose machine vanished is noticed although nothing closes the connection. */
static void tcp_tune(int fd)
{
	int on = 1, idle_s = 5, dead_ms = TCP_DEAD_AFTER_MS;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof(dead_ms));
}

int stream_connect(const struct stream_address *address, int *ret_fd)
{
	int family = address->storage.ss_family;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (family != AF_UNIX)
		tcp_tune(fd);
	if (connect(fd, (const struct sockaddr *)&address->storage, address->size) < 0) {
		int error = errno;

		if (error != EINPROGRESS) {
			close(fd);
			return -error;
		}
		*ret_fd = fd;
		return -EINPROGRESS;
	}
	*ret_fd = fd;
	return 0;
}

int stream_poll(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t size = sizeof(error);

	if (poll(&poller, 1, 0) == 0)
		return -EINPROGRESS;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return -error;
}

static int dial_failed(struct stream_dial *dial, int error, uint64_t now_us)
{
	dial->next_us = now_us + STREAM_RETRY_US;
	return error;
}

static int dial_start(struct stream_dial *dial, uint64_t now_us)
{
	int r = stream_connect(&dial->address, &dial->fd);

	if (r == 0)
		return dial->fd;
	if (r != -EINPROGRESS)
		return dial_failed(dial, r, now_us);
	dial->connecting = true;
	dial->next_us = now_us + CONNECT_WAIT_US;
	return r;
}

int stream_dial(struct stream_dial *dial, uint64_t now_us)
{
	int r;

	if (!dial->connecting)
		return now_us < dial->next_us ? -EINPROGRESS : dial_start(dial, now_us);
	r = stream_poll(dial->fd);
	if (r == -EINPROGRESS && now_us < dial->next_us)
		return r;
	dial->connecting = false;
	if (r == 0)
		return dial->fd;
	close(dial->fd);
	return dial_failed(dial, r == -EINPROGRESS ? -ETIMEDOUT : r, now_us);
}

void stream_dial_stop(struct stream_dial *dial)
{
	if (dial->connecting)
		close(dial->fd);
	dial->connecting = false;
}

static ssize_t send_some(int fd, const uint8_t *bytes, size_t size)
{
	size_t sent = 0;

	while (sent < size) {
		ssize_t n = send(fd, bytes + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN || errno == ENOBUFS)
			break;
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)sent;
}

static int out_keep(struct stream_out *out, const uint8_t *bytes, size_t size)
{
	size_t waiting = out->used - out->at;

	if (waiting + size > STREAM_BACKLOG_MAX)
		return -ENOBUFS;
	if (out->at) {
		memmove(out->bytes, out->bytes + out->at, waiting);
		out->at = 0;
		out->used = waiting;
	}
	if (waiting + size > out->room) {
		size_t room = 2 * (waiting + size);
		uint8_t *grown = realloc(out->bytes, room);

		if (!grown)
			return -ENOMEM;
		out->bytes = grown;
		out->room = room;
	}
	memcpy(out->bytes + waiting, bytes, size);
	out->used = waiting + size;
	return 0;
}

int stream_send(int fd, struct stream_out *out, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	ssize_t sent = 0;

	if (!stream_is_waiting(out)) {
		sent = send_some(fd, from, size);
		if (sent < 0)
			return (int)sent;
	}
	if ((size_t)sent == size)
		return 0;
	return out_keep(out, from + sent, size - (size_t)sent);
}

int stream_flush(int fd, struct stream_out *out)
{
	ssize_t sent = send_some(fd, out->bytes + out->at, out->used - out->at);

	if (sent < 0)
		return (int)sent;
	out->at += (size_t)sent;
	if (stream_is_waiting(out))
		return -EAGAIN;
	stream_out_free(out);
	return 0;
}

ssize_t stream_receive(int fd, void *room, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, room, size, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n;
}

bool stream_is_waiting(const struct stream_out *out)
{
	return out->used > out->at;
}

void stream_out_free(struct stream_out *out)
{
	free(out->bytes);
	*out = (struct stream_out){0};
}

void stream_fd_keep(int *low_fd)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && *low_fd >= 0 && fd != *low_fd) {
		(void)dup3(fd, *low_fd, O_CLOEXEC);
		close(fd);
		return;
	}
	if (fd < 0 && *low_fd >= 0)
		close(*low_fd);
	*low_fd = fd;
}

int stream_fd_move(int low_fd, int fd)
{
	if (low_fd < 0 || low_fd >= fd || dup3(fd, low_fd, O_CLOEXEC) < 0)
		return fd;
	close(fd);
	return low_fd;
}

void stream_fd_close(int *low_fd, int fd)
{
	if (fd == *low_fd)
		stream_fd_keep(low_fd);
	else
		close(fd);
}
