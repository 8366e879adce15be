/* SPDX-License-Identifier: MIT */
/*
 * A stream socket to the master agent that never blocks: connect() gives up at once when the other
 * side's backlog is full (a stopped snmpd), send takes what the socket takes and keeps the rest.
 * close-on-exec from birth. net-snmp's own unix and tcp transports do neither.
 *
 * Thread: agent. Knows nothing of AgentX.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "core/base/clock.h"

#define STREAM_DEFAULT	   "/var/agentx/master"
#define STREAM_BACKLOG_MAX 1048576 /* octets kept while the peer does not read */
#define STREAM_RETRY_US	   (500 * USEC_PER_MSEC)

struct stream_address {
	struct sockaddr_storage storage;
	socklen_t size;
};

/*
 * "/path", "unix:/path", "tcp:ADDRESS:PORT", "tcp6:[ADDRESS]:PORT", "ADDRESS:PORT" or "PORT" (then
 * 127.0.0.1). ADDRESS is numeric or "localhost": looking a name up could block. NULL:
 * STREAM_DEFAULT. -EINVAL otherwise.
 */
int stream_parse(const char *text, struct stream_address *ret);

/*
 * Starts to connect. *ret_fd is the caller's in both good cases: 0 when connected, -EINPROGRESS
 * when stream_poll() is to be asked. Else a negative errno: -EAGAIN when the backlog is full,
 * -ENOENT, -ECONNREFUSED...
 */
int stream_connect(const struct stream_address *address, int *ret_fd);
/* 0 connected, -EINPROGRESS not yet, or why it failed. */
int stream_poll(int fd);

/* Connecting until it succeeds. Zeroed but for the address: at once. */
struct stream_dial {
	struct stream_address address;
	uint64_t next_us; /* of the next attempt; while connecting: of giving up */
	int fd;
	bool connecting;
};

/*
 * A connected descriptor, the caller's; -EINPROGRESS: not yet; else why an attempt failed, which is
 * made again STREAM_RETRY_US later, without end.
 */
int stream_dial(struct stream_dial *dial, uint64_t now_us);
void stream_dial_stop(struct stream_dial *dial);

/* What could not be sent yet. Zeroed: empty. */
struct stream_out {
	uint8_t *bytes;
	size_t at, used, room; /* bytes[at..used) wait */
};

/* Sends or keeps all of it. -ENOBUFS when more than STREAM_BACKLOG_MAX would wait, or why the
 * socket is dead. */
int stream_send(int fd, struct stream_out *out, const void *bytes, size_t size);
/* Sends what waits. 0: nothing waits any more; -EAGAIN: some still does; else the socket is dead.
 */
int stream_flush(int fd, struct stream_out *out);
/* What is there, up to size octets. 0: the end; -1: nothing, or the socket is dead; see errno. */
ssize_t stream_receive(int fd, void *room, size_t size);
bool stream_is_waiting(const struct stream_out *out);
void stream_out_free(struct stream_out *out);

/*
 * A descriptor number kept for the connection by something harmless, -1 for none: select() with a
 * number above 1023 is slow, and after a reconnect in a busy process the lowest free one may well
 * be.
 */
void stream_fd_keep(int *low_fd); /* occupies a number, or again the one given */
/* fd, moved to the kept number when that is lower. */
int stream_fd_move(int low_fd, int fd);
/* Closes fd; keeps the number when it is the kept one. */
void stream_fd_close(int *low_fd, int fd);
