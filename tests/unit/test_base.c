/* SPDX-License-Identifier: MIT */
/* Unit tests of core/base. The mailbox, latest-value and log-ring cases run real threads: build
 * them with TSan. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/beat.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/ip.h"
#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/base/mail.h"

#define SENDERS	 4
#define MESSAGES 5000

struct note {
	unsigned sender, number;
};

struct sender {
	struct mailbox *box;
	unsigned number;
};

static void *send_notes(void *arg)
{
	struct sender *self = arg;

	for (unsigned i = 0; i < MESSAGES; i++) {
		struct note note = {self->number, i};

		if (mail_post(self->box, 7, &note, sizeof note) != 0)
			abort();
	}
	return NULL;
}

static void test_mail_order(void **state)
{
	struct mailbox *box;
	pthread_t threads[SENDERS];
	struct sender senders[SENDERS];
	unsigned next[SENDERS] = {0}, total = 0;

	(void)state;
	assert_int_equal(mailbox_new(&box), 0);
	for (unsigned i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){box, i};
		pthread_create(&threads[i], NULL, send_notes, &senders[i]);
	}
	int epoll = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN};
	epoll_ctl(epoll, EPOLL_CTL_ADD, mailbox_fd(box), &event);
	while (total < SENDERS * MESSAGES) {
		assert_int_equal(epoll_wait(epoll, &event, 1, 5000),
				 1); /* a lost wake-up ends here */
		for (struct mail *mail = mailbox_drain(box), *after; mail; mail = after, total++) {
			struct note note;

			after = mail->next;
			assert_int_equal(mail->kind, 7);
			assert_int_equal(mail->size, sizeof note);
			memcpy(&note, mail->body, sizeof note);
			assert_int_equal(note.number, next[note.sender]++);
			mail_free(mail);
		}
	}
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_null(mailbox_drain(box));
	mail_post(box, 1, NULL, 0); /* freed with the box */
	close(epoll);
	mailbox_free(box);
}

struct number {
	struct latest_value value;
	uint64_t a, b; /* always b == ~a */
};

static atomic_int alive;

static void free_number(struct latest_value *value)
{
	atomic_fetch_sub(&alive, 1);
	free(value);
}

static void publish_number(struct latest *latest, uint64_t n)
{
	struct number *number = calloc(1, sizeof *number);

	number->value.free = free_number;
	number->a = n;
	number->b = ~n;
	atomic_fetch_add(&alive, 1);
	latest_publish(latest, &number->value);
}

struct watcher {
	struct latest *latest;
	unsigned reader;
	uint64_t until;
};

static void *watch_numbers(void *arg)
{
	struct watcher *self = arg;
	uint64_t last = 0;

	while (last < self->until) {
		const struct number *number =
			(const struct number *)latest_read(self->latest, self->reader);

		if (!number)
			continue;
		if (number->b != ~number->a || number->a < last)
			abort(); /* torn or going back */
		last = number->a;
		if (last % 3 == 0)
			latest_return(self->latest, self->reader);
	}
	return NULL;
}

static void test_latest(void **state)
{
	struct latest *latest;
	pthread_t threads[2];
	struct watcher watchers[2];

	(void)state;
	assert_int_equal(latest_new(2, &latest), 0);
	assert_null(latest_read(latest, 0));
	for (unsigned i = 0; i < 2; i++) {
		watchers[i] = (struct watcher){latest, i, MESSAGES};
		pthread_create(&threads[i], NULL, watch_numbers, &watchers[i]);
	}
	for (uint64_t n = 1; n <= MESSAGES; n++)
		publish_number(latest, n);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&alive), 1); /* both readers hold the last one */
	/* Once returned, it goes when a newer one comes, and is read again until then. */
	for (unsigned i = 0; i < 2; i++)
		latest_return(latest, i);
	assert_int_equal(atomic_load(&alive), 1);
	assert_int_equal(((const struct number *)latest_read(latest, 0))->a, MESSAGES);
	publish_number(latest, MESSAGES + 1);
	assert_int_equal(atomic_load(&alive), 2);
	latest_return(latest, 0); /* a newer one is there already */
	assert_int_equal(atomic_load(&alive), 1);
	assert_int_equal(((const struct number *)latest_read(latest, 0))->a, MESSAGES + 1);
	publish_number(latest, MESSAGES + 2); /* never taken */
	latest_free(latest);
	assert_int_equal(atomic_load(&alive), 0);
}

static void *write_lines(void *arg)
{
	log_ring_use(arg);
	for (int i = 0; i < MESSAGES; i++)
		log_info("test", "line %d", i);
	return NULL;
}

static void test_log_ring(void **state)
{
	struct log_ring *ring;
	struct log_line line;
	pthread_t thread;
	int read_count = 0, last = -1;

	(void)state;
	assert_int_equal(log_ring_new(&ring), 0);
	pthread_create(&thread, NULL, write_lines, ring);
	for (bool joined = false;;) {
		while (log_ring_read(ring, &line)) {
			int number = (int)strtol(line.text + strlen("line "), NULL, 10);

			assert_true(number > last);
			last = number;
			read_count++;
		}
		if (joined)
			break;
		if (read_count > 100) {
			pthread_join(thread, NULL);
			joined = true;
		}
	}
	assert_int_equal(read_count + log_ring_dropped(ring), MESSAGES);
	log_ring_free(ring);
}

/* Every length at every place of the ring, which ends in the middle of lines. */
static void test_log_lengths(void **state)
{
	struct log_ring *ring;
	struct log_line line;
	char text[LOG_LINE_MAX];
	int written = 0, read_count = 0;

	(void)state;
	memset(text, 'x', sizeof text);
	assert_int_equal(log_ring_new(&ring), 0);
	log_ring_use(ring);
	for (int round = 0; round < 20; round++) {
		while (!log_ring_dropped(ring) && written < (round + 1) * 1500) {
			log_info("test", "%d %.*s", written, written % 450, text);
			written++;
		}
		while (log_ring_read(ring, &line)) {
			char want[LOG_LINE_MAX];

			snprintf(want, sizeof want, "%d %.*s", read_count, read_count % 450, text);
			assert_string_equal(line.text, want);
			assert_int_equal(line.length, strlen(want));
			assert_int_equal(line.level, LOG_INFO);
			assert_string_equal(line.subsystem, "test");
			read_count++;
		}
	}
	assert_int_equal(read_count, 30000);
	for (written = 0; !log_ring_dropped(ring); written++)
		log_info("test", "%.60s", text);
	assert_in_range(written, 4000, 6000);
	for (read_count = 0; log_ring_read(ring, &line); read_count++)
		assert_int_equal(line.length, 60);
	assert_int_equal(read_count, written - 1);
	log_ring_use(NULL);
	log_ring_free(ring);
}

static void test_log_cut(void **state)
{
	struct log_ring *ring;
	struct log_line line;
	char text[2 * LOG_LINE_MAX];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	assert_int_equal(log_ring_new(&ring), 0);
	log_ring_use(ring);
	log_error("a-long-subsystem", "%s", text);
	log_ring_use(NULL);
	assert_true(log_ring_read(ring, &line));
	assert_false(log_ring_read(ring, &line));
	assert_int_equal(line.level, LOG_ERR);
	assert_string_equal(line.subsystem, "a-long-subs");
	assert_int_equal(strlen(line.text), LOG_LINE_MAX - 1);
	assert_string_equal(line.text + LOG_LINE_MAX - 4, "...");
	log_ring_free(ring);
}

struct trace {
	char text[16];
	size_t used;
	struct loop *loop;
	struct loop_timer *timer;
	struct loop_io *io;
	uint64_t fired_us;
	int status;
};

static void trace_add(struct trace *trace, char c)
{
	if (trace->used < sizeof trace->text - 1)
		trace->text[trace->used++] = c;
}

static void on_timer(uint64_t now_us, void *owner)
{
	struct trace *trace = owner;

	trace->fired_us = now_us;
	trace_add(trace, 't');
}

static void on_readable(int fd, uint32_t events, void *owner)
{
	struct trace *trace = owner;
	char octet;

	assert_int_equal(events, EPOLLIN);
	assert_int_equal(read(fd, &octet, 1), 1);
	trace_add(trace, 'r');
	trace->io = loop_io_free(trace->io); /* a source may go inside its own callback */
}

/* What arrived is read before the timer that expired at the same time is acted on. */
static void test_loop_priorities(void **state)
{
	struct trace trace = {.used = 0};
	struct beat beat = {0};
	int ends[2];

	(void)state;
	assert_int_equal(loop_new(&beat, &trace.loop), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(loop_timer_new(trace.loop, on_timer, &trace, &trace.timer), 0);
	assert_int_equal(loop_io_new(trace.loop, ends[0], EPOLLIN, LOOP_RECEIVE, on_readable,
				     &trace, &trace.io),
			 0);
	uint64_t at_us = clock_now_us() + 20000;
	loop_timer_arm(trace.timer, at_us);
	usleep(40000);
	assert_int_equal(write(ends[1], "x", 1), 1);
	for (int i = 0; i < 3 && trace.used < 2; i++)
		loop_turn(trace.loop, 100000);
	assert_string_equal(trace.text, "rt");
	assert_null(trace.io);
	assert_true(trace.fired_us >= at_us);
	assert_in_range(atomic_load(&beat.worst_late_us), 15000, 5000000);
	assert_true(atomic_load(&beat.at_us) > 0);

	loop_timer_arm(trace.timer, clock_now_us() + 1000);
	loop_timer_disarm(trace.timer);
	loop_turn(trace.loop, 10000);
	assert_int_equal(trace.used, 2);
	loop_timer_free(trace.timer);
	loop_free(trace.loop);
	close(ends[0]);
	close(ends[1]);
}

static void on_child_end(pid_t pid, int wait_status, void *owner)
{
	struct trace *trace = owner;

	assert_true(pid > 0);
	trace->status = wait_status;
	trace_add(trace, 'c');
}

static void on_signal(int signo, void *owner)
{
	trace_add(owner, signo == SIGUSR1 ? 's' : '?');
}

static int run_child(struct trace *trace, char *script)
{
	char *argv[] = {"sh", "-c", script, NULL}, *envp[] = {NULL};
	struct loop_child *child;
	pid_t pid;

	trace->status = -1;
	assert_int_equal(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, envp), 0);
	assert_int_equal(loop_child_new(trace->loop, pid, on_child_end, trace, &child), 0);
	while (trace->status == -1)
		loop_turn(trace->loop, 1000000);
	loop_child_free(child);
	return trace->status;
}

static void test_loop_signal_and_child(void **state)
{
	struct trace trace = {.used = 0};
	struct loop_signal *watch;
	sigset_t set;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(loop_new(NULL, &trace.loop), 0);
	assert_int_equal(loop_signal_new(trace.loop, SIGUSR1, on_signal, &trace, &watch), 0);
	kill(getpid(), SIGUSR1);
	loop_turn(trace.loop, 1000000);
	assert_string_equal(trace.text, "s");
	int status = run_child(&trace, "exit 3");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	status = run_child(&trace, "kill -TERM $$");
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	loop_signal_free(watch);
	loop_free(trace.loop);
}

static void test_buf(void **state)
{
	const uint8_t octets[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct reader r = reader_of(octets, sizeof octets);
	uint8_t copy[4] = {9, 9, 9, 9}, room[8];

	(void)state;
	assert_int_equal(read_u8(&r), 1);
	assert_int_equal(read_be16(&r), 0x0203);
	assert_int_equal(read_be32(&r), 0x04050607);
	read_skip(&r, 1);
	assert_false(r.bad);
	assert_int_equal(r.left, 1);
	read_octets(&r, copy, sizeof copy);
	assert_true(r.bad);
	assert_memory_equal(copy, "\0\0\0\0", 4);
	assert_int_equal(read_u8(&r), 0); /* bad stays bad although an octet is left */

	struct writer w = writer_of(room, sizeof room);
	write_u8(&w, 1);
	write_be16(&w, 0x0203);
	write_be32(&w, 0x04050607);
	assert_int_equal(w.used, 7);
	assert_memory_equal(room, octets, 7);
	write_be16(&w, 1);
	assert_true(w.bad);
	assert_int_equal(w.used, 7);
}

static void test_checksum(void **state)
{
	/* The example of RFC 1071 section 3, and the same split at every even place. */
	const uint8_t octets[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	assert_int_equal(checksum_finish(checksum_add(0, octets, 8)), (uint16_t)~0xddf2);
	for (size_t i = 0; i <= 8; i += 2)
		assert_int_equal(checksum_finish(checksum_add(checksum_add(0, octets, i),
							      octets + i, 8 - i)),
				 (uint16_t)~0xddf2);
	assert_int_equal(checksum_finish(checksum_add(0, octets + 1, 1)), (uint16_t)~0x0100);
}

static void test_ip(void **state)
{
	struct ip a, b, none = {.family = AF_UNSPEC};
	struct sockaddr_storage storage;
	char text[IP_TEXT_MAX];

	(void)state;
	assert_int_equal(ip_parse("192.0.2.9", &a), 0);
	assert_int_equal(ip_parse("192.0.2.200", &b), 0);
	assert_true(ip_compare(&a, &b) < 0); /* unsigned octets */
	assert_int_equal(ip_parse("192.0.2", &b), -EINVAL);
	assert_int_equal(ip_parse("192.0.2.1/24", &b), -EINVAL);
	assert_int_equal(ip_parse("", &b), -EINVAL);
	assert_string_equal(ip_format(&a, text), "192.0.2.9");
	assert_string_equal(ip_format(&none, text), "-");
	assert_int_equal(ip_parse("2001:db8::1", &b), 0);
	assert_true(ip_compare(&a, &b) < 0);
	assert_int_equal(ip_prefix_max(&b), 128);
	ip_to_sockaddr(&b, 80, &storage);
	struct ip back = ip_from_sockaddr((struct sockaddr *)&storage);
	assert_int_equal(ip_compare(&b, &back), 0);
	ip_to_sockaddr(&a, 80, &storage);
	back = ip_from_sockaddr((struct sockaddr *)&storage);
	assert_int_equal(ip_compare(&a, &back), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail_order),
		cmocka_unit_test(test_latest),
		cmocka_unit_test(test_log_ring),
		cmocka_unit_test(test_log_lengths),
		cmocka_unit_test(test_log_cut),
		cmocka_unit_test(test_loop_priorities),
		cmocka_unit_test(test_loop_signal_and_child),
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_ip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
