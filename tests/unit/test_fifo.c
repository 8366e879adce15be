/* SPDX-License-Identifier: MIT */
/*
 * The notify FIFOs: made, taken, refused and given away; full ones; records; a reload; readers.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/load.h"
#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/run/exec.h"
#include "core/run/fifo.h"
#include "core/run/fifos.h"
#include "core/run/record.h"
#include "core/run/scripts.h"

#define LIMIT_US (20 * USEC_PER_SEC)

struct bench {
	char folder[32], path[64], other[64], program[64];
	struct loop *loop;
	int child;
	struct exec *exec;
	struct fifos *fifos;
	const struct conf *conf;
	struct scripts *scripts;
};

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	*state = bench;
	if (!bench)
		return -1;
	strcpy(bench->folder, "/tmp/vipd-fifo-XXXXXX");
	if (!mkdtemp(bench->folder))
		return -1;
	snprintf(bench->path, sizeof bench->path, "%s/one", bench->folder);
	snprintf(bench->other, sizeof bench->other, "%s/two", bench->folder);
	snprintf(bench->program, sizeof bench->program, "%s/program", bench->folder);
	umask(022);
	bench->child = open(EXEC_CHILD, O_PATH | O_CLOEXEC);
	if (bench->child < 0 || loop_new(NULL, &bench->loop) ||
	    exec_new(bench->loop, bench->child, &bench->exec))
		return -1;
	return fifos_new(bench->exec, &bench->fifos);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	fifos_free(bench->fifos);
	exec_free(bench->exec);
	close(bench->child);
	loop_free(bench->loop);
	scripts_free(bench->scripts);
	conf_unref(bench->conf);
	unlink(bench->path);
	unlink(bench->other);
	unlink(bench->program);
	int status = rmdir(bench->folder);
	free(bench);
	return status;
}

static int open_one(const char *path, uid_t uid, struct fifo **ret)
{
	const struct fifo_wish wish = {.path = path, .uid = uid, .gid = getegid(), .mode = 0644};

	return fifo_open(&wish, ret);
}

static bool exists(const char *path)
{
	struct stat found;

	return lstat(path, &found) == 0;
}

/* ---- one FIFO ---- */

static void test_one_is_made_and_goes_again(void **state)
{
	struct bench *bench = *state;
	struct stat found;
	struct fifo *fifo;

	assert_int_equal(open_one(bench->path, geteuid(), &fifo), 0);
	assert_int_equal(lstat(bench->path, &found), 0);
	assert_int_equal(found.st_mode, S_IFIFO | 0644);
	fifo_close(fifo);
	assert_false(exists(bench->path));
	assert_null(fifo_close(NULL));
}

static void test_it_is_given_to_its_user(void **state)
{
	struct bench *bench = *state;
	const struct fifo_wish wish = {
		.path = bench->path, .uid = 65534, .gid = 65533, .mode = 0600};
	struct stat found;
	struct fifo *fifo;

	if (geteuid() != 0)
		skip();
	assert_int_equal(fifo_open(&wish, &fifo), 0);
	assert_int_equal(lstat(bench->path, &found), 0);
	assert_int_equal(found.st_mode, S_IFIFO | 0600);
	assert_int_equal(found.st_uid, 65534);
	assert_int_equal(found.st_gid, 65533);
	fifo_close(fifo);
}

static void test_one_that_is_there_is_taken_and_left(void **state)
{
	struct bench *bench = *state;
	struct fifo *fifo;

	assert_int_equal(mkfifo(bench->path, 0600), 0);
	assert_int_equal(open_one(bench->path, geteuid(), &fifo), 0);
	fifo_close(fifo);
	assert_true(exists(bench->path));
}

static void test_a_new_owner_of_the_name_keeps_it(void **state)
{
	struct bench *bench = *state;
	struct fifo *fifo;

	assert_int_equal(open_one(bench->path, geteuid(), &fifo), 0);
	assert_int_equal(mkfifo(bench->other, 0600), 0);
	assert_int_equal(rename(bench->other, bench->path), 0);
	fifo_close(fifo);
	assert_true(exists(bench->path));
}

static void test_what_is_not_ours_is_refused(void **state)
{
	struct bench *bench = *state;
	struct fifo *fifo = NULL;

	assert_int_equal(close(open(bench->path, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(open_one(bench->path, geteuid(), &fifo), -EEXIST);
	assert_int_equal(unlink(bench->path), 0);
	assert_int_equal(mkfifo(bench->other, 0600), 0);
	assert_int_equal(symlink(bench->other, bench->path), 0);
	assert_int_equal(open_one(bench->path, geteuid(), &fifo), -EEXIST);
	assert_int_equal(open_one("/nowhere/at/all", geteuid(), &fifo), -ENOENT);
	if (geteuid() == 0) {
		assert_int_equal(chown(bench->other, 65534, 65534), 0);
		assert_int_equal(open_one(bench->other, 0, &fifo), -EPERM);
		assert_int_equal(open_one(bench->other, 65534, &fifo), 0);
		fifo_close(fifo);
	}
	assert_true(exists(bench->path) && exists(bench->other));
}

static void test_a_full_one_takes_whole_records_or_none(void **state)
{
	struct bench *bench = *state;
	static const char record[1000] = "x";
	static char room[2 << 20];
	struct fifo *fifo;
	size_t written = 0;
	int error = 0;

	assert_int_equal(open_one(bench->path, geteuid(), &fifo), 0);
	while (!error && written < sizeof room) {
		error = fifo_write(fifo, record, sizeof record);
		written += error ? 0 : sizeof record;
	}
	assert_int_equal(error, -EAGAIN);
	assert_int_equal(fifo_write(fifo, room, RECORD_MAX + 1), -EMSGSIZE);
	int reader = open(bench->path, O_RDONLY | O_NONBLOCK);
	size_t got = 0;
	for (ssize_t n; (n = read(reader, room + got, sizeof room - got)) > 0;)
		got += (size_t)n;
	assert_int_equal(got, written);
	assert_int_equal(fifo_write(fifo, record, sizeof record), 0);
	close(reader);
	fifo_close(fifo);
}

/* ---- records ---- */

static void test_records(void **state)
{
	static const struct {
		struct conf_virtual_server service;
		struct svc_key key;
		const char *ip, *text;
	} cases[] = {
		{{.type = CONF_VS_ADDRESS, .protocol = 6},
		 {.port = 80},
		 "192.0.2.1",
		 "[192.0.2.1]:tcp:80"},
		{{.type = CONF_VS_ADDRESS, .protocol = 17},
		 {.port = 53},
		 "2001:db8::1",
		 "[2001:db8::1]:udp:53"},
		{{.type = CONF_VS_ADDRESS, .protocol = 132},
		 {.port = 0},
		 "192.0.2.1",
		 "[192.0.2.1]:sctp:0"},
		{{.type = CONF_VS_GROUP, .protocol = 6, .group_name = "www"},
		 {.port = 80},
		 "192.0.2.1",
		 "[www]:0"},
		{{.type = CONF_VS_FWMARK}, {.fwmark = 4294967295u}, "0.0.0.0", "FWM 4294967295"},
	};
	char record[RECORD_MAX], wanted[256];
	struct conf_real_server server = {.key.port = 8080};

	(void)state;
	assert_int_equal(ip_parse("10.0.0.1", &server.key.ip), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf_virtual_server service = cases[i].service;
		struct svc_key key = cases[i].key;

		assert_int_equal(ip_parse(cases[i].ip, &key.ip), 0);
		service.keys = &key;
		snprintf(wanted, sizeof wanted, "VS %s UP\n", cases[i].text);
		assert_int_equal(record_service(record, &service, true), strlen(wanted));
		assert_string_equal(record, wanted);
		snprintf(wanted, sizeof wanted, "RS [10.0.0.1]:%s:8080 %s DOWN\n",
			 service.protocol ? conf_protocol_name(service.protocol) : "none",
			 cases[i].text);
		assert_int_equal(record_server(record, &service, &server, false), strlen(wanted));
		assert_string_equal(record, wanted);
	}
	assert_int_equal(record_router(record, "INSTANCE", "VI 1", "MASTER", 255), 27);
	assert_string_equal(record, "INSTANCE \"VI 1\" MASTER 255\n");
}

static void test_a_name_beyond_all_reason_gives_no_record(void **state)
{
	static char name[2 * RECORD_MAX];
	char record[RECORD_MAX];
	struct svc_key key = {0};
	struct conf_virtual_server service = {
		.type = CONF_VS_GROUP, .group_name = name, .keys = &key};

	(void)state;
	memset(name, 'x', sizeof name - 1);
	assert_int_equal(record_router(record, "GROUP", name, "MASTER", 0), 0);
	assert_int_equal(record_service(record, &service, true), 0);
}

/* ---- those of a configuration ---- */

static void use(struct bench *bench, bool terminate, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void use(struct bench *bench, bool terminate, const char *format, ...)
{
	char defs[1024], text[2048];
	struct diag_list diags = {0};
	const struct conf *conf;
	struct scripts *scripts;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(defs, sizeof defs, format, arguments);
	va_end(arguments);
	snprintf(text, sizeof text, "global_defs {\n script_user %s\n%s\n}\n",
		 getpwuid(geteuid())->pw_name, defs);
	assert_int_equal(conf_load_text("t", text, strlen(text), NULL, &conf, &diags), 0);
	assert_int_equal(diags.warnings, 0);
	diag_list_free(&diags);
	assert_int_equal(scripts_resolve(conf, &scripts), 0);
	const struct fifos_wish wish = {.scripts = scripts,
					.wanted = {true, true, true},
					.terminate_lvs = terminate,
					.private = true};
	fifos_use(bench->fifos, &wish);
	scripts_free(bench->scripts);
	conf_unref(bench->conf);
	bench->conf = conf;
	bench->scripts = scripts;
}

/* What is in the FIFO; a zero octet is shown as '0'. */
static void read_text(const char *path, char *room, size_t size)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	ssize_t n = read(fd, room, size - 1);

	room[n > 0 ? n : 0] = '\0';
	for (ssize_t i = 0; i < n; i++)
		room[i] = room[i] ? room[i] : '0';
	close(fd);
}

static void write_line(struct bench *bench, enum scripts_fifo which, const char *line)
{
	fifos_write(bench->fifos, which, line, strlen(line), clock_now_us());
}

static void test_servers_records_end_in_a_zero_octet_if_wanted(void **state)
{
	struct bench *bench = *state;
	char text[64];

	use(bench, true, "notify_fifo %s\nlvs_notify_fifo %s", bench->path, bench->other);
	write_line(bench, SCRIPTS_FIFO_LVS, "a\n");
	write_line(bench, SCRIPTS_FIFO_VRRP, "b\n");
	read_text(bench->path, text, sizeof text);
	assert_string_equal(text, "a\n0b\n");
	read_text(bench->other, text, sizeof text);
	assert_string_equal(text, "a\n0");
	use(bench, false, "notify_fifo %s\nlvs_notify_fifo %s", bench->path, bench->other);
	write_line(bench, SCRIPTS_FIFO_LVS, "c\n");
	read_text(bench->path, text, sizeof text);
	assert_string_equal(text, "c\n");
}

static void test_a_reload_keeps_what_it_does_not_change(void **state)
{
	struct bench *bench = *state;
	struct stat before, after;
	char text[64];

	use(bench, true, "notify_fifo %s", bench->path);
	write_line(bench, SCRIPTS_FIFO_VRRP, "a\n");
	assert_int_equal(lstat(bench->path, &before), 0);
	use(bench, true, "notify_fifo %s\nvrrp_notify_fifo %s", bench->path, bench->other);
	write_line(bench, SCRIPTS_FIFO_VRRP, "b\n");
	assert_int_equal(lstat(bench->path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	read_text(bench->path, text, sizeof text);
	assert_string_equal(text, "a\nb\n");
	read_text(bench->other, text, sizeof text);
	assert_string_equal(text, "b\n");
	use(bench, true, "vrrp_notify_fifo %s", bench->path); /* one takes the other's name over */
	assert_false(exists(bench->other));
	write_line(bench, SCRIPTS_FIFO_VRRP, "c\n");
	read_text(bench->path, text, sizeof text);
	assert_string_equal(text, "c\n");
	use(bench, true, "%s", "");
	assert_false(exists(bench->path));
}

static void test_nobody_reads_and_records_are_counted(void **state)
{
	struct bench *bench = *state;

	use(bench, true, "notify_fifo %s", bench->path);
	for (int i = 0; i < 70000; i++)
		write_line(bench, SCRIPTS_FIFO_VRRP, "INSTANCE \"A\" MASTER 100\n");
	assert_in_range(fifos_lost(bench->fifos), 60000, 69999);
}

static void wait_for(struct bench *bench, unsigned readers, bool there)
{
	uint64_t limit_us = clock_now_us() + LIMIT_US;

	while ((exec_count(bench->exec, EXEC_READER) != readers || exists(bench->other) != there) &&
	       clock_now_us() < limit_us)
		loop_turn(bench->loop, USEC_PER_SEC / 20);
	assert_int_equal(exec_count(bench->exec, EXEC_READER), readers);
	assert_int_equal(exists(bench->other), there);
}

/* The program that reads; $2 of it is the FIFO, $1 what the configuration says. */
static void write_program(struct bench *bench, const char *text)
{
	FILE *file = fopen(bench->program, "w");

	assert_non_null(file);
	assert_true(fprintf(file, "#!/bin/sh\nout=%s\n%s", bench->other, text) > 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(bench->program, 0755), 0);
}

static void use_reader(struct bench *bench, const char *word)
{
	use(bench, true, "notify_fifo %s\nnotify_fifo_script \"%s %s\"", bench->path,
	    bench->program, word);
}

static void test_a_reader_gets_the_records_and_starts_again_at_a_reload(void **state)
{
	struct bench *bench = *state;
	char text[64];

	write_program(bench,
		      "read -r line <\"$2\"\necho \"$line $1\" >$out.new\nmv $out.new $out\n");
	for (int round = 0; round < 2; round++) {
		use_reader(bench, "first");
		wait_for(bench, 1, false);
		use_reader(bench, "first"); /* one is enough */
		wait_for(bench, 1, false);
		write_line(bench, SCRIPTS_FIFO_LVS, "VS x UP\n");
		wait_for(bench, 0, true);
		read_text(bench->other, text, sizeof text);
		assert_string_equal(text, "VS x UP first\n");
		assert_int_equal(unlink(bench->other), 0);
	}
}

static void test_a_reader_is_asked_to_end_when_its_command_changes(void **state)
{
	struct bench *bench = *state;
	char text[64] = "";

	write_program(bench, "trap 'echo $1 >$out; exit' TERM\necho up >\"$2\"\n"
			     "while :; do sleep 0.05; done\n");
	use_reader(bench, "one");
	/* It can be asked only once it listens. */
	for (int i = 0; i < 400 && strcmp(text, "up\n") != 0; i++) {
		loop_turn(bench->loop, USEC_PER_SEC / 20);
		read_text(bench->path, text, sizeof text);
	}
	assert_string_equal(text, "up\n");
	use_reader(bench, "two");
	wait_for(bench, 1, true);
	read_text(bench->other, text, sizeof text);
	assert_string_equal(text, "one\n");
	/* The second one must not outlive the test. */
	use(bench, true, "%s", "");
	wait_for(bench, 0, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(test_one_is_made_and_goes_again),
		CASE(test_it_is_given_to_its_user),
		CASE(test_one_that_is_there_is_taken_and_left),
		CASE(test_a_new_owner_of_the_name_keeps_it),
		CASE(test_what_is_not_ours_is_refused),
		CASE(test_a_full_one_takes_whole_records_or_none),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_a_name_beyond_all_reason_gives_no_record),
		CASE(test_servers_records_end_in_a_zero_octet_if_wanted),
		CASE(test_a_reload_keeps_what_it_does_not_change),
		CASE(test_nobody_reads_and_records_are_counted),
		CASE(test_a_reader_gets_the_records_and_starts_again_at_a_reload),
		CASE(test_a_reader_is_asked_to_end_when_its_command_changes),
	};

	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
