/* SPDX-License-Identifier: MIT */
/*
 * A visit to a master agent: the few PDUs of RFC 2741 it takes, one at a time, in network byte
 * order. What the master asks meanwhile is left unanswered: the visit is over before it would mind.
 *
 * Thread: main, while it is the only one.
 */
#include "agent/probe.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/stream.h"
#include "core/base/buf.h"
#include "core/base/clock.h"

/* RFC 2741 sections 6.1 and 6.2 */
enum { PDU_OPEN = 1, PDU_CLOSE = 2, PDU_REGISTER = 3, PDU_GET = 5, PDU_RESPONSE = 18 };
enum { FLAG_CONTEXT = 0x08, FLAG_NETWORK_ORDER = 0x10, REASON_SHUTDOWN = 5, PRIORITY = 127 };

#define VERSION	     1
#define HEADER_SIZE  20
#define PDU_MAX	     4096 /* of what is looked at; a master may well send more */
#define NAME_MAX_IDS 128

struct probe {
	int fd;
	uint32_t session, packet;
};

struct pdu {
	uint8_t type, flags;
	uint32_t session, packet;
	uint8_t room[PDU_MAX];
	size_t size;
};

/* ---- octets ---- */

static int wait_for(int fd, short events, uint64_t until_us)
{
	struct pollfd poller = {.fd = fd, .events = events};
	uint64_t now_us = clock_now_us();
	int r;

	if (now_us >= until_us)
		return -ETIMEDOUT;
	r = poll(&poller, 1, (int)((until_us - now_us) / USEC_PER_MSEC) + 1);
	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	return r ? 0 : -ETIMEDOUT;
}

static int receive(int fd, uint8_t *room, size_t size, uint64_t until_us)
{
	for (size_t have = 0; have < size;) {
		int r = wait_for(fd, POLLIN, until_us);
		ssize_t n;

		if (r < 0)
			return r;
		n = stream_receive(fd, room + have, size - have);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return -EPROTO;
		if (n > 0)
			have += (size_t)n;
	}
	return 0;
}

static uint32_t take_u32(struct reader *r, uint8_t flags)
{
	uint32_t value = read_be32(r);

	return flags & FLAG_NETWORK_ORDER ? value : __builtin_bswap32(value);
}

static int receive_pdu(struct probe *probe, uint64_t until_us, struct pdu *ret)
{
	uint8_t head[HEADER_SIZE];
	int r = receive(probe->fd, head, sizeof(head), until_us);
	struct reader reader = reader_of(head, sizeof(head));

	if (r < 0)
		return r;
	if (read_u8(&reader) != VERSION)
		return -EPROTO;
	ret->type = read_u8(&reader);
	ret->flags = read_u8(&reader);
	read_skip(&reader, 1);
	ret->session = take_u32(&reader, ret->flags);
	read_skip(&reader, 4); /* transaction */
	ret->packet = take_u32(&reader, ret->flags);
	ret->size = take_u32(&reader, ret->flags);
	if (ret->type == 0 || ret->type > PDU_RESPONSE || ret->size > PDU_MAX)
		return -EPROTO;
	return receive(probe->fd, ret->room, ret->size, until_us);
}

static void write_name(struct writer *w, const uint32_t *name, size_t length)
{
	write_u8(w, (uint8_t)length);
	write_u8(w, 0); /* no prefix */
	write_be16(w, 0);
	for (size_t i = 0; i < length; i++)
		write_be32(w, name[i]);
}

static int send_pdu(struct probe *probe, uint8_t type, const struct writer *payload)
{
	uint8_t room[PDU_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct stream_out rest = {0};
	bool waiting;
	int r;

	write_u8(&w, VERSION);
	write_u8(&w, type);
	write_u8(&w, FLAG_NETWORK_ORDER);
	write_u8(&w, 0);
	write_be32(&w, probe->session);
	write_be32(&w, 0); /* transaction */
	write_be32(&w, ++probe->packet);
	write_be32(&w, (uint32_t)payload->used);
	write_octets(&w, payload->start, payload->used);
	if (payload->bad || w.bad)
		return -EMSGSIZE;
	r = stream_send(probe->fd, &rest, room, w.used);
	waiting = stream_is_waiting(&rest);
	stream_out_free(&rest);
	if (r < 0)
		return -EPROTO;
	return waiting ? -ETIMEDOUT : 0; /* it does not even read */
}

/* Sends, and reads up to the answer: 0 or the error in it. */
static int ask(struct probe *probe, uint8_t type, const struct writer *payload)
{
	uint64_t until_us = clock_now_us() + PROBE_WAIT_MS * USEC_PER_MSEC;
	struct pdu pdu = {0};
	struct reader reader;
	int r = send_pdu(probe, type, payload);

	while (r == 0 && (pdu.type != PDU_RESPONSE || pdu.packet != probe->packet))
		r = receive_pdu(probe, until_us, &pdu);
	if (r < 0)
		return r;
	reader = reader_of(pdu.room, pdu.size);
	read_skip(&reader, 4); /* sysUpTime */
	r = take_u32(&reader, pdu.flags) >> 16;
	if (!(pdu.flags & FLAG_NETWORK_ORDER))
		r = (int)__builtin_bswap16((uint16_t)r);
	if (type == PDU_OPEN)
		probe->session = pdu.session;
	return reader.bad ? -EPROTO : r;
}

/* ---- the visit ---- */

static int connect_to(const char *socket, int *ret_fd)
{
	uint64_t until_us = clock_now_us() + PROBE_WAIT_MS * USEC_PER_MSEC;
	struct stream_address address;
	int r = stream_parse(socket, &address);

	if (r == 0)
		r = stream_connect(&address, ret_fd);
	if (r == -EAGAIN)
		return -ETIMEDOUT; /* its backlog is full of others that wait */
	if (r != -EINPROGRESS)
		return r;
	r = wait_for(*ret_fd, POLLOUT, until_us);
	if (r == 0)
		r = stream_poll(*ret_fd);
	if (r < 0)
		close(*ret_fd);
	return r;
}

int probe_open(const char *socket, struct probe **ret)
{
	static const char description[] = "vipd --check-snmp";
	uint8_t room[64];
	struct writer w = writer_of(room, sizeof(room));
	struct probe *probe = calloc(1, sizeof(*probe));
	int r;

	if (!probe)
		return -ENOMEM;
	r = connect_to(socket, &probe->fd);
	if (r < 0) {
		free(probe);
		return r;
	}
	write_be32(&w, 0); /* no timeout of its own */
	write_name(&w, NULL, 0);
	write_be32(&w, sizeof(description) - 1);
	write_octets(&w, description, sizeof(description) - 1);
	while (w.used % 4)
		write_u8(&w, 0);
	r = ask(probe, PDU_OPEN, &w);
	if (r != 0) {
		close(probe->fd);
		free(probe);
		return r;
	}
	*ret = probe;
	return 0;
}

struct probe *probe_close(struct probe *probe)
{
	uint8_t room[4];
	struct writer w = writer_of(room, sizeof(room));

	if (!probe)
		return NULL;
	write_u8(&w, REASON_SHUTDOWN);
	write_u8(&w, 0);
	write_be16(&w, 0);
	(void)ask(probe, PDU_CLOSE, &w);
	close(probe->fd);
	free(probe);
	return NULL;
}

int probe_register(struct probe *probe, const uint32_t *root, size_t length)
{
	uint8_t room[8 + 4 * NAME_MAX_IDS];
	struct writer w = writer_of(room, sizeof(room));

	write_u8(&w, 0); /* timeout: the master's */
	write_u8(&w, PRIORITY);
	write_be16(&w, 0);
	write_name(&w, root, length);
	return ask(probe, PDU_REGISTER, &w);
}

int probe_fd(const struct probe *probe)
{
	return probe->fd;
}

static bool read_same_name(struct reader *r, uint8_t flags, const uint32_t *name, size_t length)
{
	static const uint32_t internet[] = {1, 3, 6, 1};
	uint32_t found[NAME_MAX_IDS + 5];
	size_t count = read_u8(r), n = 0;
	uint8_t prefix = read_u8(r);

	read_skip(r, 2);
	if (count > NAME_MAX_IDS)
		return false;
	for (; prefix && n < 4; n++)
		found[n] = internet[n];
	if (prefix)
		found[n++] = prefix;
	while (count-- > 0)
		found[n++] = take_u32(r, flags);
	return !r->bad && n == length && memcmp(found, name, length * sizeof(*name)) == 0;
}

int probe_read_get(struct probe *probe, const uint32_t *name, size_t length, bool *ret_same)
{
	struct pdu pdu;
	struct reader reader;
	int r = receive_pdu(probe, clock_now_us() + PROBE_WAIT_MS * USEC_PER_MSEC, &pdu);

	if (r < 0)
		return r;
	reader = reader_of(pdu.room, pdu.size);
	if (pdu.flags & FLAG_CONTEXT)
		reader.bad = true; /* not ours: we ask in the default one */
	*ret_same = pdu.type == PDU_GET && read_same_name(&reader, pdu.flags, name, length);
	return 0;
}
