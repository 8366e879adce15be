/* SPDX-License-Identifier: MIT */
/*
 * A process and a socket pair of packets, so that a letter and its result are each sent whole or
 * not at all. The far end stays open here, too, until the process has ended: how it ended says more
 * than the end of the socket. Runs in main.
 */
#include "core/run/courier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/run/exec.h"

#define NOBODY	 65534		    /* uid and gid without any right: Documentation/admin-guide */
#define GRACE_US (5 * USEC_PER_SEC) /* libcurl keeps the time; this is for when it does not */
#define ROOM	 (2 * 1024 * 1024)  /* octets of a letter with all its recipients */

enum end { OURS, THEIRS, ENDS };

struct courier {
	struct loop *loop;
	struct exec *exec;
	int program;
	courier_done_fn *done;
	void *owner;
	struct loop_timer *timer;
	bool running, asked;
	uint64_t token; /* counts processes */
	/* of the process */
	int ends[ENDS];
	struct loop_io *io;
};

/* ---- the process ---- */

static void drop(struct courier *courier)
{
	loop_timer_disarm(courier->timer);
	courier->io = loop_io_free(courier->io);
	close(courier->ends[OURS]);
	close(courier->ends[THEIRS]);
	courier->running = courier->asked = false;
}

void courier_rest(struct courier *courier)
{
	if (!courier->running)
		return;
	exec_cancel(courier->exec, EXEC_MAIL, courier->token, courier);
	drop(courier);
}

/* There is no answer, and none will come. */
static void fail(struct courier *courier, const char *why)
{
	struct smtp_result result = {.verdict = SMTP_LATER};

	snprintf(result.detail, sizeof result.detail, COURIER_PROGRAM " %s", why);
	courier->done(&result, courier->owner);
}

static void on_end(const struct exec_end *end, uint64_t token, void *owner)
{
	struct courier *courier = owner;
	bool asked = courier->asked;
	char why[128];

	(void)token;
	drop(courier);
	if (!asked)
		return;
	if (end->error)
		snprintf(why, sizeof why, "cannot be run: %s", strerror(-end->error));
	else if (WIFSIGNALED(end->wait_status))
		snprintf(why, sizeof why, "was ended by signal %d", WTERMSIG(end->wait_status));
	else
		snprintf(why, sizeof why, "ended with status %d", WEXITSTATUS(end->wait_status));
	fail(courier, why);
}

static void on_answer(int fd, uint32_t events, void *owner)
{
	struct courier *courier = owner;
	uint8_t packet[SMTP_RESULT_MAX];
	struct smtp_result result;
	ssize_t size = recv(fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC);

	(void)events;
	if (size < 0)
		return;
	if (!courier->asked || (size_t)size > sizeof packet ||
	    smtp_unpack_result(packet, (size_t)size, &result) < 0) {
		bool asked = courier->asked;

		courier_rest(courier);
		if (asked)
			fail(courier, "answers what makes no sense");
		return;
	}
	courier->asked = false;
	loop_timer_disarm(courier->timer);
	courier->done(&result, courier->owner);
}

static void on_timer(uint64_t now_us, void *owner)
{
	struct courier *courier = owner;

	(void)now_us;
	courier_rest(courier);
	fail(courier, "does not answer");
}

static int start(struct courier *courier)
{
	static const char *const argv[] = {COURIER_PROGRAM, NULL};
	bool root = geteuid() == 0;
	int room = ROOM, *ends = courier->ends;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	if (setsockopt(ends[OURS], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
		(void)setsockopt(ends[OURS], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	struct exec_command command = {
		.program = courier->program,
		.input = ends[THEIRS],
		.argv = argv,
		.uid = root ? NOBODY : geteuid(),
		.gid = root ? NOBODY : getegid(),
	};
	courier->running = true;
	courier->token++;
	int error = loop_io_new(courier->loop, ends[OURS], EPOLLIN, LOOP_NORMAL, on_answer, courier,
				&courier->io);
	if (!error)
		error = exec_start(courier->exec, EXEC_MAIL, &command, 0, on_end, courier->token,
				   courier);
	if (error)
		drop(courier);
	return error;
}

/* ---- for the mailer ---- */

int courier_send(struct courier *courier, const struct smtp_request *request)
{
	uint8_t *packet;
	size_t size;
	int error = smtp_pack_request(request, &packet, &size);

	if (error)
		return error;
	if (!courier->running)
		error = start(courier);
	if (!error && send(courier->ends[OURS], packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		error = -errno;
		courier_rest(courier);
	}
	free(packet);
	if (error)
		return error;
	courier->asked = true;
	loop_timer_arm(courier->timer,
		       clock_now_us() + GRACE_US + smtp_longest_ms(request) * USEC_PER_MSEC);
	return 0;
}

int courier_new(struct loop *loop, struct exec *exec, int program, courier_done_fn *done,
		void *owner, struct courier **ret)
{
	struct courier *courier = calloc(1, sizeof *courier);

	if (!courier)
		return -ENOMEM;
	*courier = (struct courier){
		.loop = loop, .exec = exec, .program = program, .done = done, .owner = owner};
	int error = loop_timer_new(loop, on_timer, courier, &courier->timer);
	if (error) {
		free(courier);
		return error;
	}
	*ret = courier;
	return 0;
}

struct courier *courier_free(struct courier *courier)
{
	if (!courier)
		return NULL;
	courier_rest(courier);
	loop_timer_free(courier->timer);
	free(courier);
	return NULL;
}
