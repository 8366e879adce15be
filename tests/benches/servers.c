/* SPDX-License-Identifier: MIT */
/*
 * servers PORT INTERVAL_MS: every real server of a benchmark. Accepts and closes, and notes for
 * each of its addresses when. On SIGUSR1 it begins anew; on SIGTERM it prints, of the times between
 * two connections to the same address, how many there were and by how many ms they differed from
 * the interval: median, p99, largest. Addresses are told apart by their last 23 bits.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"

#define ADDRESSES (1u << 23)
#define GAPS_MAX  1000000
#define BACKLOG	  4096

struct notes {
	uint64_t *last_us; /* of each address, 0: not yet */
	double *late_ms;
	size_t n;
};

static volatile sig_atomic_t begin_anew, end;

static void on_signal(int signo)
{
	if (signo == SIGUSR1)
		begin_anew = 1;
	else
		end = 1;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void note(struct notes *notes, uint32_t address, uint64_t interval_us)
{
	uint64_t now_us = clock_now_us(), *last_us = &notes->last_us[address % ADDRESSES];

	if (*last_us && notes->n < GAPS_MAX)
		notes->late_ms[notes->n++] =
			((double)(now_us - *last_us) - (double)interval_us) / 1000;
	*last_us = now_us;
}

static int listen_at(uint16_t port)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&any, sizeof any) < 0 || listen(fd, BACKLOG) < 0) {
		perror("servers");
		exit(1);
	}
	return fd;
}

static void serve(int listener, struct notes *notes, uint64_t interval_us)
{
	struct sockaddr_in local;

	while (!end) {
		socklen_t size = sizeof local;
		int fd = accept(listener, NULL, NULL);

		if (begin_anew) {
			begin_anew = 0;
			notes->n = 0;
		}
		if (fd < 0)
			continue;
		if (getsockname(fd, (struct sockaddr *)&local, &size) == 0)
			note(notes, ntohl(local.sin_addr.s_addr), interval_us);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal}; /* interrupts accept() */
	struct notes notes = {.last_us = calloc(ADDRESSES, sizeof(uint64_t)),
			      .late_ms = calloc(GAPS_MAX, sizeof(double))};

	if (argc != 3 || !notes.last_us || !notes.late_ms)
		return 2;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	serve(listen_at((uint16_t)strtoul(argv[1], NULL, 10)), &notes,
	      strtoull(argv[2], NULL, 10) * 1000);
	if (notes.n == 0)
		return 1;
	qsort(notes.late_ms, notes.n, sizeof(double), compare);
	printf("%zu %.3f %.3f %.3f\n", notes.n, notes.late_ms[notes.n / 2],
	       notes.late_ms[notes.n * 99 / 100], notes.late_ms[notes.n - 1]);
	free(notes.last_us);
	free(notes.late_ms);
	return 0;
}
