/* SPDX-License-Identifier: MIT */
/* Tracked files and processes, on a real disk and with real processes: what is reported when, what
 * is made of things that are no files, what a reload leaves alone. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/load.h"
#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/track/file.h"
#include "core/track/file_read.h"
#include "core/track/process.h"

struct bench {
	struct loop *loop;
	struct file_tracker *files;
	struct process_tracker *processes;
	char folder[64];
	unsigned results;
	struct msg_track last[4]; /* by index */
};

static void on_result(const struct msg_track *track, void *owner)
{
	struct bench *bench = owner;

	bench->results++;
	assert_true(track->index < 4);
	bench->last[track->index] = *track;
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	*state = bench;
	if (!bench || loop_new(NULL, &bench->loop))
		return -1;
	strcpy(bench->folder, "/tmp/test_track_XXXXXX");
	if (!mkdtemp(bench->folder) ||
	    file_tracker_new(bench->loop, on_result, bench, &bench->files))
		return -1;
	return process_tracker_new(bench->loop, -1, on_result, bench, &bench->processes);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	static const char *const names[] = {"a", "b", "new", "sub/c", "sub"};
	char path[128];

	file_tracker_free(bench->files);
	process_tracker_free(bench->processes);
	loop_free(bench->loop);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", bench->folder, names[i]);
		(void)remove(path);
	}
	assert_int_equal(rmdir(bench->folder), 0);
	free(bench);
	return 0;
}

#define INSTANCE                                                                                   \
	"vrrp_instance VI {\n interface lo\n virtual_router_id 1\n virtual_ipaddress {\n "         \
	"192.0.2.1\n }\n }\n"

/* A configuration with that text, in which %s is the folder. */
static const struct conf *load(const struct bench *bench, const char *format, uint64_t generation)
{
	struct conf_load_options options = {.config_id = "test"};
	struct diag_list diags;
	const struct conf *conf = NULL;
	char text[4096] = INSTANCE;
	size_t used = strlen(text);

	for (const char *at = format; *at;) {
		const char *mark = strstr(at, "%s");
		size_t length = mark ? (size_t)(mark - at) : strlen(at);

		used += (size_t)snprintf(text + used, sizeof text - used, "%.*s%s", (int)length, at,
					 mark ? bench->folder : "");
		at += length + (mark ? 2 : 0);
	}
	int error = conf_load_text("test", text, used, &options, &conf, &diags);
	for (size_t i = 0; error && i < diags.count; i++)
		print_message("%u: %s\n", diags.items[i].line, diags.items[i].message);
	assert_int_equal(error, 0);
	diag_list_free(&diags);
	((struct conf *)conf)->generation = generation;
	return conf;
}

static void adopt(struct bench *bench, const char *format, uint64_t generation)
{
	const struct conf *conf = load(bench, format, generation);

	assert_int_equal(file_tracker_set_conf(bench->files, conf), 0);
	assert_int_equal(process_tracker_set_conf(bench->processes, conf), 0);
	conf_unref(conf);
}

static const char *path_of(const struct bench *bench, const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", bench->folder, name);
	return path;
}

static void put(const struct bench *bench, const char *name, const char *text)
{
	FILE *to = fopen(path_of(bench, name), "w");

	assert_non_null(to);
	fputs(text, to);
	fclose(to);
}

static void turn_for(struct bench *bench, uint64_t us)
{
	uint64_t limit_us = clock_now_us() + us;

	while (clock_now_us() < limit_us)
		loop_turn(bench->loop, 5 * USEC_PER_MSEC);
}

static void assert_value(struct bench *bench, uint32_t index, int32_t value)
{
	for (int i = 0; bench->last[index].value != value && i < 600; i++)
		turn_for(bench, 5 * USEC_PER_MSEC);
	assert_int_equal(bench->last[index].value, value);
}

#define FILE_A "track_file a {\n file %s/a\n }\n"
#define FILE_B "track_file b {\n file %s/b\n }\n"

static void test_file_follows_what_is_written(void **state)
{
	struct bench *bench = *state;
	char other[128];

	adopt(bench, FILE_A FILE_B, 1);
	assert_int_equal(bench->results, 2); /* missing: 0, and known */
	assert_true(bench->last[0].decided);
	assert_int_equal(bench->last[0].kind, CONF_TRACK_FILE);
	put(bench, "a", "5\n");
	assert_value(bench, 0, 5);
	put(bench, "b", "-7");
	assert_value(bench, 1, -7);
	put(bench, "new", "9");
	strcpy(other, path_of(bench, "new"));
	assert_int_equal(rename(other, path_of(bench, "a")), 0);
	assert_value(bench, 0, 9);
	assert_int_equal(unlink(path_of(bench, "a")), 0);
	assert_value(bench, 0, 0);
	put(bench, "b", "nonsense");
	assert_value(bench, 1, 0);
	unsigned before = bench->results;
	put(bench, "b", "0"); /* the same: nothing to report */
	put(bench, "new", "33");
	turn_for(bench, 100 * USEC_PER_MSEC);
	assert_int_equal(bench->results, before);
}

/* Nothing that stands in the file's place is waited for, and nothing follows a link out to where
 * changes are not told. */
static void test_file_that_is_none(void **state)
{
	struct bench *bench = *state;
	char octets[8];

	assert_int_equal(mkfifo(path_of(bench, "a"), 0600), 0);
	assert_int_equal(file_read(path_of(bench, "a"), octets, sizeof octets), -EINVAL);
	adopt(bench, FILE_A, 1);
	assert_int_equal(bench->last[0].value, 0);
	assert_int_equal(unlink(path_of(bench, "a")), 0);
	assert_int_equal(mkdir(path_of(bench, "a"), 0700), 0);
	assert_int_equal(file_read(path_of(bench, "a"), octets, sizeof octets), -EINVAL);
	assert_int_equal(rmdir(path_of(bench, "a")), 0);
	assert_int_equal(symlink("/proc/sys/kernel/pid_max", path_of(bench, "a")), 0);
	assert_int_equal(file_read(path_of(bench, "a"), octets, sizeof octets), -EREMOTE);
	assert_int_equal(file_init(path_of(bench, "a"), 1, true), -ELOOP);
	assert_int_equal(unlink(path_of(bench, "a")), 0);
	assert_string_equal(file_refusal("/proc"), "it is in proc");
	assert_string_equal(file_refusal("/sys"), "it is in sysfs");
	assert_null(file_refusal(bench->folder));
	put(bench, "a", "12345678901234567890");
	assert_int_equal(file_read(path_of(bench, "a"), octets, sizeof octets), sizeof octets);
}

static void test_file_is_initialised(void **state)
{
	struct bench *bench = *state;

	put(bench, "a", "5");
	put(bench, "b", "6");
	adopt(bench,
	      "track_file a {\n file %s/a\n init_file 3\n }\n"
	      "track_file b {\n file %s/b\n init_file -4 overwrite\n }\n"
	      "track_file c {\n file %s/new\n init_file\n }\n",
	      1);
	assert_int_equal(bench->last[0].value, 5);
	assert_int_equal(bench->last[1].value, -4);
	assert_int_equal(access(path_of(bench, "new"), F_OK), 0);
	put(bench, "b", "8");
	assert_value(bench, 1, 8);
	/* The next start is one, a reload is none. */
	adopt(bench,
	      "track_file b {\n file %s/b\n init_file -4 overwrite\n weight 3\n }\n"
	      "track_file a {\n file %s/a\n init_file 3\n }\n",
	      2);
	assert_int_equal(bench->last[0].value, 8);
	assert_int_equal(bench->last[0].generation, 2);
	put(bench, "a", "44");
	assert_value(bench, 1, 44);
}

static void test_file_moves_to_another_path(void **state)
{
	struct bench *bench = *state;

	put(bench, "a", "5");
	put(bench, "b", "6");
	adopt(bench, FILE_A, 1);
	adopt(bench, "track_file a {\n file %s/b\n }\n", 2);
	assert_int_equal(bench->last[0].value, 6);
	put(bench, "a", "7");
	put(bench, "b", "8");
	assert_value(bench, 0, 8);
	adopt(bench, "", 3);
	unsigned before = bench->results;
	put(bench, "b", "9");
	turn_for(bench, 50 * USEC_PER_MSEC);
	assert_int_equal(bench->results, before);
}

static void test_file_in_a_folder_that_comes_and_goes(void **state)
{
	struct bench *bench = *state;
	char other[128];

	adopt(bench, "track_file c {\n file %s/sub/c\n }\n", 1);
	assert_int_equal(bench->last[0].value, 0);
	assert_int_equal(mkdir(path_of(bench, "sub"), 0700), 0);
	put(bench, "sub/c", "21");
	assert_value(bench, 0, 21); /* within two seconds */
	put(bench, "sub/c", "22");
	assert_value(bench, 0, 22);
	strcpy(other, path_of(bench, "sub"));
	assert_int_equal(rename(other, path_of(bench, "new")), 0);
	assert_value(bench, 0, 0);
	assert_int_equal(unlink(path_of(bench, "new/c")), 0);
	assert_int_equal(rmdir(path_of(bench, "new")), 0);
}

/* ---- processes ---- */

static pid_t start(const char *name)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, name);
	for (;;)
		pause();
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void assert_up(struct bench *bench, uint32_t index, bool up)
{
	for (int i = 0; bench->last[index].up != up && i < 600; i++)
		turn_for(bench, 5 * USEC_PER_MSEC);
	assert_true(bench->last[index].decided);
	assert_int_equal(bench->last[index].up, up);
}

/* Whether the kernel tells of processes or /proc is looked through, depends on who runs this. */
static void test_process_comes_and_goes(void **state)
{
	struct bench *bench = *state;
	char name[16], text[512];
	pid_t first, second;

	snprintf(name, sizeof name, "vt%d", (int)getpid());
	snprintf(text, sizeof text,
		 "vrrp_track_process one {\n process %s\n }\n"
		 "vrrp_track_process two {\n process %s\n quorum 2\n terminate_delay 0.5\n }\n"
		 "vrrp_track_process none {\n process %s\n quorum_max 0\n }\n",
		 name, name, name);
	first = start(name);
	turn_for(bench, 50 * USEC_PER_MSEC);
	adopt(bench, text, 1);
	assert_int_equal(bench->last[0].kind, CONF_TRACK_PROCESS);
	assert_up(bench, 0, true); /* ran before */
	assert_up(bench, 1, false);
	assert_up(bench, 2, false);
	second = start(name);
	assert_up(bench, 1, true);
	/* Nothing is forgotten by a reload. */
	unsigned before = bench->results;
	adopt(bench, text, 2);
	assert_int_equal(bench->results, before + 3);
	assert_true(bench->last[0].up && bench->last[1].up && !bench->last[2].up);
	assert_int_equal(bench->last[1].generation, 2);
	uint64_t ended_us = clock_now_us();
	end(second);
	assert_up(bench, 1, false);
	assert_true(clock_now_us() - ended_us >= 500 * USEC_PER_MSEC);
	assert_true(bench->last[0].up);
	end(first);
	assert_up(bench, 0, false);
	assert_up(bench, 2, true);
	/* Nothing runs and nothing waits once tracking is over; the status may still ask. */
	assert_int_equal(process_tracker_running(NULL, NULL, 0), 0);
	assert_false(process_tracker_waits(NULL, NULL, 0, PROCESS_EVENT_EXIT));
}

/* One that is back in time was never missed. */
static void test_process_that_is_replaced(void **state)
{
	struct bench *bench = *state;
	char name[16], text[256];
	pid_t pid;

	snprintf(name, sizeof name, "vr%d", (int)getpid());
	snprintf(text, sizeof text, "vrrp_track_process p {\n process %s\n delay 2\n }\n", name);
	pid = start(name);
	turn_for(bench, 50 * USEC_PER_MSEC);
	adopt(bench, text, 1);
	assert_up(bench, 0, true);
	unsigned before = bench->results;
	end(pid);
	turn_for(bench, 1100 * USEC_PER_MSEC);
	pid = start(name);
	turn_for(bench, 2500 * USEC_PER_MSEC);
	assert_int_equal(bench->results, before);
	/* More are needed now: that counts at once. */
	snprintf(text, sizeof text,
		 "vrrp_track_process p {\n process %s\n delay 2\n quorum 2\n }\n", name);
	adopt(bench, text, 2);
	assert_false(bench->last[0].up);
	end(pid);
}

/* ---- trouble of ours ---- */

/* More files than are open: none, one, as many as may be. */
static void allow_files(unsigned count)
{
	struct rlimit limit;
	int lowest = dup(STDIN_FILENO);

	if (lowest >= 0)
		close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = count > 1 ? limit.rlim_max : count ? (rlim_t)lowest + 1 : 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Who is short of descriptors finds no process, which is not that there is none. */
static void test_shortage_ends_no_process(void **state)
{
	struct bench *bench = *state;
	const struct conf *conf;
	char name[16], text[256];
	pid_t pid;

	snprintf(name, sizeof name, "vs%d", (int)getpid());
	snprintf(text, sizeof text, "vrrp_track_process p {\n process %s\n }\n", name);
	pid = start(name);
	turn_for(bench, 50 * USEC_PER_MSEC);
	adopt(bench, text, 1);
	assert_up(bench, 0, true);
	conf = load(bench, text, 2);
	allow_files(1); /* for /proc, for no process */
	assert_int_equal(process_tracker_set_conf(bench->processes, conf), 0);
	turn_for(bench, 1200 * USEC_PER_MSEC);
	assert_true(bench->last[0].up);
	allow_files(0);
	turn_for(bench, 1200 * USEC_PER_MSEC);
	assert_true(bench->last[0].up);
	end(pid);
	allow_files(2);
	assert_up(bench, 0, false);
	conf_unref(conf);
}

static void test_shortage_changes_no_number(void **state)
{
	struct bench *bench = *state;
	FILE *to;

	put(bench, "a", "7");
	adopt(bench, FILE_A, 1);
	assert_value(bench, 0, 7);
	to = fopen(path_of(bench, "a"), "r+");
	assert_non_null(to);
	fputs("8", to);
	allow_files(0);
	fclose(to);
	turn_for(bench, 200 * USEC_PER_MSEC);
	assert_int_equal(bench->last[0].value, 7);
	allow_files(2);
	assert_value(bench, 0, 8);
}

int main(void)
{
#define IN_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IN_BENCH(test_file_follows_what_is_written),
		IN_BENCH(test_file_that_is_none),
		IN_BENCH(test_file_is_initialised),
		IN_BENCH(test_file_moves_to_another_path),
		IN_BENCH(test_file_in_a_folder_that_comes_and_goes),
		IN_BENCH(test_process_comes_and_goes),
		IN_BENCH(test_process_that_is_replaced),
		IN_BENCH(test_shortage_ends_no_process),
		IN_BENCH(test_shortage_changes_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
