/* SPDX-License-Identifier: MIT */
/*
 * bulk walk PORT REPETITIONS all|each REQUESTS ROW[,ROW...] OID...
 *	Walks columns by SNMPv2c GETBULK, all in one request or one after the other, from behind
 *	each row named (as 3.0), so many requests from each or, with 0, to the end of the table;
 *	prints cells, seconds, and the p50 and p99 of a request in milliseconds.
 * bulk get PORT SECONDS OID
 *	One GET after the other with a pause of 2 ms between; prints their number, p50 and p99.
 *
 * Asks 127.0.0.1 as "public". A client that costs little: net-snmp's own would be what is measured.
 * Names are kept as their octets, since those of a column begin with the octets of the column.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"

#define NAMES_MAX   64
#define OCTETS_MAX  512
#define MESSAGE_MAX 65536
#define TIMES_MAX   4000000

enum { TAG_INTEGER = 2, TAG_OCTETS = 4, TAG_NULL = 5, TAG_OID = 6, TAG_SEQUENCE = 0x30 };
enum { TAG_GET = 0xa0, TAG_RESPONSE = 0xa2, TAG_GETBULK = 0xa5, TAG_END_OF_VIEW = 0x82 };

struct name {
	uint8_t octets[OCTETS_MAX];
	size_t size;
};

struct client {
	int fd;
	int32_t request;
	uint32_t *times_us;
	size_t n_times;
};

static void fail(const char *why)
{
	fprintf(stderr, "bulk: %s\n", why);
	exit(1);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Appends the identifiers of text up to its end or a comma; returns what follows. */
static const char *name_append(struct name *name, const char *text)
{
	while (*text && *text != ',') {
		char *end;
		uint32_t id;

		text += *text == '.';
		id = (uint32_t)strtoul(text, &end, 10);
		if (end == text || name->size + 5 > OCTETS_MAX)
			fail("not an OID");
		for (int shift = 28; shift > 0; shift -= 7)
			if (id >> shift)
				name->octets[name->size++] = (uint8_t)(0x80 | (id >> shift & 0x7f));
		name->octets[name->size++] = id & 0x7f;
		text = end;
	}
	return *text ? text + 1 : text;
}

static struct name name_of(const char *text)
{
	struct name name = {.octets = {40 + 3}, .size = 1}; /* iso.org */

	if (strncmp(text, ".1.3.", 5) != 0)
		fail("not an OID under .1.3");
	(void)name_append(&name, text + 4);
	return name;
}

/* ---- messages, written from their end ---- */

struct back {
	uint8_t room[16384];
	size_t at;
};

static void put(struct back *b, const void *octets, size_t size)
{
	if (size > b->at)
		fail("request too large");
	b->at -= size;
	memcpy(b->room + b->at, octets, size);
}

static void put_head(struct back *b, uint8_t tag, size_t size)
{
	uint8_t head[] = {tag, 0x82, (uint8_t)(size >> 8), (uint8_t)size};

	put(b, head, sizeof(head));
}

static void put_number(struct back *b, int32_t value)
{
	uint8_t octets[] = {TAG_INTEGER,
			    4,
			    (uint8_t)(value >> 24),
			    (uint8_t)(value >> 16),
			    (uint8_t)(value >> 8),
			    (uint8_t)value};

	put(b, octets, sizeof(octets));
}

static void put_request(struct back *b, int32_t request, int repetitions, const struct name *names,
			size_t count)
{
	static const uint8_t version[] = {TAG_INTEGER, 1,   1,	 TAG_OCTETS, 6,	 'p',
					  'u',	       'b', 'l', 'i',	     'c'};
	static const uint8_t null[] = {TAG_NULL, 0};
	size_t end = b->at = sizeof(b->room);

	while (count-- > 0) {
		size_t mark = b->at;

		put(b, null, sizeof(null));
		put(b, names[count].octets, names[count].size);
		put_head(b, TAG_OID, names[count].size);
		put_head(b, TAG_SEQUENCE, mark - b->at);
	}
	put_head(b, TAG_SEQUENCE, end - b->at);
	put_number(b, repetitions);
	put_number(b, 0);
	put_number(b, request);
	put_head(b, repetitions ? TAG_GETBULK : TAG_GET, end - b->at);
	put(b, version, sizeof(version));
	put_head(b, TAG_SEQUENCE, end - b->at);
}

static struct reader take(struct reader *r, uint8_t *ret_tag)
{
	size_t size;
	struct reader body;

	*ret_tag = read_u8(r);
	size = read_u8(r);
	if (size & 0x80) {
		unsigned octets = size & 0x7f;

		for (size = 0; octets > 0; octets--)
			size = size << 8 | read_u8(r);
	}
	if (size > r->left)
		r->bad = true;
	body = reader_of(r->at, r->bad ? 0 : size);
	read_skip(r, size);
	return body;
}

static int32_t take_number(struct reader *r)
{
	uint8_t tag;
	struct reader body = take(r, &tag);
	int32_t value = 0;

	while (body.left)
		value = (int32_t)((uint32_t)value << 8 | read_u8(&body));
	return value;
}

/* ---- a request and its answer ---- */

/* The varbinds of the answer, in room. */
static struct reader ask(struct client *client, int repetitions, const struct name *names,
			 size_t count, uint8_t *room)
{
	struct back request;
	struct reader message, pdu;
	uint64_t began = now_us();
	uint8_t tag;
	ssize_t n;

	put_request(&request, ++client->request, repetitions, names, count);
	if (send(client->fd, request.room + request.at, sizeof(request.room) - request.at, 0) < 0)
		fail("cannot send");
	do {
		n = recv(client->fd, room, MESSAGE_MAX, 0);
		if (n < 0)
			fail("no answer");
		message = reader_of(room, (size_t)n);
		message = take(&message, &tag);
		(void)take_number(&message); /* version */
		(void)take(&message, &tag);  /* community */
		pdu = take(&message, &tag);
	} while (take_number(&pdu) != client->request);
	if (tag != TAG_RESPONSE || take_number(&pdu) != 0)
		fail("an error instead of an answer");
	(void)take_number(&pdu); /* error index */
	if (client->n_times < TIMES_MAX)
		client->times_us[client->n_times++] = (uint32_t)(now_us() - began);
	return take(&pdu, &tag);
}

static bool has_prefix(const struct reader *octets, const struct name *prefix)
{
	return octets->left > prefix->size && !memcmp(octets->at, prefix->octets, prefix->size);
}

/* How columns are walked. */
struct plan {
	int repetitions;
	unsigned long requests; /* 0: to the end */
	const char *rows;
};

/* Walks columns side by side from behind a row until the first is at its end; returns the cells. */
static size_t walk(struct client *client, const struct plan *plan, const char *row,
		   const struct name *roots, size_t count)
{
	struct name names[NAMES_MAX];
	uint8_t room[MESSAGE_MAX];
	size_t cells = 0;

	memcpy(names, roots, count * sizeof(*names));
	for (size_t i = 0; i < count; i++)
		(void)name_append(&names[i], row);
	for (unsigned long n = 0; !plan->requests || n < plan->requests; n++) {
		struct reader list = ask(client, plan->repetitions, names, count, room);

		if (!list.left)
			fail("an empty answer");
		for (size_t i = 0; list.left; i = (i + 1) % count) {
			uint8_t tag, value_tag;
			struct reader varbind = take(&list, &tag);
			struct reader name = take(&varbind, &tag);

			(void)take(&varbind, &value_tag);
			if (varbind.bad || list.bad)
				fail("a damaged answer");
			if (!has_prefix(&name, &roots[i]) || value_tag == TAG_END_OF_VIEW)
				return cells;
			names[i].size = name.left;
			memcpy(names[i].octets, name.at, name.left);
			cells++;
		}
	}
	return cells;
}

/* Walks from each row of the plan. */
static size_t walk_all(struct client *client, const struct plan *plan, const struct name *roots,
		       size_t count)
{
	size_t cells = 0;

	for (const char *row = plan->rows; *row;) {
		struct name skipped = {.size = 0};

		cells += walk(client, plan, row, roots, count);
		row = name_append(&skipped, row);
	}
	return cells;
}

/* ---- what is printed ---- */

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void print(struct client *client, size_t cells, uint64_t took_us)
{
	size_t n = client->n_times;

	qsort(client->times_us, n, sizeof(*client->times_us), compare);
	printf("%zu %.6f %.3f %.3f\n", cells, (double)took_us / 1e6, client->times_us[n / 2] / 1e3,
	       client->times_us[n * 99 / 100] / 1e3);
}

static void get_for(struct client *client, unsigned seconds, const struct name *name)
{
	uint64_t began = now_us(), until = began + seconds * 1000000ull;
	uint8_t room[MESSAGE_MAX];

	while (now_us() < until) {
		(void)ask(client, 0, name, 1, room);
		usleep(2000);
	}
	print(client, client->n_times, now_us() - began);
}

static int connect_to(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval patience = {.tv_sec = 30};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("no socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

int main(int argc, char **argv)
{
	struct client client = {.times_us = malloc(TIMES_MAX * sizeof(uint32_t))};
	struct name names[NAMES_MAX];
	bool walks = argc > 7 && !strcmp(argv[1], "walk");
	size_t count = 0, cells = 0, step;
	struct plan plan;
	uint64_t began;

	if (!client.times_us || argc < 5)
		fail("usage: bulk walk PORT REPETITIONS all|each REQUESTS ROWS OID... | "
		     "get PORT SECONDS OID");
	client.fd = connect_to((unsigned)strtoul(argv[2], NULL, 10));
	for (int i = walks ? 7 : 4; i < argc && count < NAMES_MAX; i++)
		names[count++] = name_of(argv[i]);
	if (!walks) {
		get_for(&client, (unsigned)strtoul(argv[3], NULL, 10), names);
		return 0;
	}
	plan.repetitions = (int)strtol(argv[3], NULL, 10);
	plan.requests = strtoul(argv[5], NULL, 10);
	plan.rows = argv[6];
	step = !strcmp(argv[4], "all") ? count : 1;
	began = now_us();
	for (size_t i = 0; i < count; i += step)
		cells += walk_all(&client, &plan, &names[i], step);
	print(&client, cells, now_us() - began);
	return 0;
}
