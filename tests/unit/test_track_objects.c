/* SPDX-License-Identifier: MIT */
/* Tracked files and processes: what their contents mean, what is made of odd ones, what a reload
 * leaves alone. */
#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/load.h"
#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/track/file.h"
#include "core/track/file_read.h"
#include "core/track/number.h"
#include "core/track/process.h"
#include "core/track/process_events.h"
#include "core/track/process_match.h"
#include "core/track/process_read.h"

/* ---- numbers ---- */

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		enum number_verdict verdict;
		int32_t value;
	} table[] = {
		{"", NUMBER_GOOD, 0},
		{"\n", NUMBER_GOOD, 0},
		{"5", NUMBER_GOOD, 5},
		{" -12\n", NUMBER_GOOD, -12},
		{"+9\r\n", NUMBER_GOOD, 9},
		{"\n\n 0x10\n", NUMBER_GOOD, 16},
		{"010", NUMBER_GOOD, 8},
		{"08", NUMBER_MORE, 0},
		{"3 junk", NUMBER_MORE, 3},
		{"12abc", NUMBER_MORE, 12},
		{"1e3", NUMBER_MORE, 1},
		{"5.9", NUMBER_MORE, 5},
		{"1 2", NUMBER_MORE, 1},
		{"0x", NUMBER_MORE, 0},
		{"junk", NUMBER_NONE, 0},
		{"- 5", NUMBER_NONE, 0},
		{"\xff\xfe\x01", NUMBER_NONE, 0},
		{"2147483647", NUMBER_GOOD, INT32_MAX},
		{"-2147483648", NUMBER_GOOD, INT32_MIN},
		{"2147483648", NUMBER_LARGE, 0},
		{"-2147483649", NUMBER_LARGE, 0},
		{"99999999999999999999999", NUMBER_LARGE, 0},
		{"-0xffffffffffffffffffff", NUMBER_LARGE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int32_t value = 77;

		assert_int_equal(number_read(table[i].text, strlen(table[i].text), &value),
				 table[i].verdict);
		assert_int_equal(value, table[i].value);
	}
}

/* Only the beginning counts, wherever the text is cut, and a NUL ends the number. */
static void test_numbers_of_hostile_size(void **state)
{
	char large[4096];
	int32_t value;

	(void)state;
	memset(large, '0', sizeof large);
	large[200] = '7';
	assert_int_equal(number_read(large, sizeof large, &value), NUMBER_MORE);
	assert_int_equal(value, 0);
	memset(large, ' ', sizeof large);
	assert_int_equal(number_read(large, sizeof large, &value), NUMBER_NONE);
	memset(large, '9', sizeof large);
	assert_int_equal(number_read(large, sizeof large, &value), NUMBER_LARGE);
	assert_int_equal(number_read("5\0007", 3, &value), NUMBER_MORE);
	assert_int_equal(value, 5);
	assert_int_equal(number_read("\0005", 2, &value), NUMBER_NONE);
	for (size_t size = 0; size <= sizeof large; size++)
		(void)number_read(large, size, &value);
}

/* ---- matching ---- */

static void test_matches(void **state)
{
	static const struct {
		char *argv[4];
		enum conf_param_match match;
		bool full, matches;
	} table[] = {
		{{"prog"}, CONF_PARAM_ANY, false, true},
		{{"/bin/prog"}, CONF_PARAM_ANY, false, false},
		{{"/bin/prog"}, CONF_PARAM_ANY, true, true},
		{{"prog"}, CONF_PARAM_ANY, true, false},
		{{"pro"}, CONF_PARAM_ANY, false, false},
		{{"/bin/prog", "-a", "1000"}, CONF_PARAM_EXACT, false, true},
		{{"/bin/prog", "-a"}, CONF_PARAM_EXACT, false, false},
		{{"/bin/prog"}, CONF_PARAM_EXACT, false, false},
		{{"/bin/prog", "-a", "100"}, CONF_PARAM_EXACT, false, false},
		{{"prog", "-a", "1000"}, CONF_PARAM_EXACT, false, false},
		{{"/bin/prog", "-a"}, CONF_PARAM_PARTIAL, false, true},
		{{"/bin/prog"}, CONF_PARAM_PARTIAL, false, true},
		{{"/bin/prog", "-"}, CONF_PARAM_PARTIAL, false, false},
		{{"/bin/prog", "-a", "10"}, CONF_PARAM_INITIAL, false, true},
		{{"/bin/prog", "-"}, CONF_PARAM_INITIAL, false, true},
		{{"/bin/prog", "-", "1000"}, CONF_PARAM_INITIAL, false, false},
		{{"/bin/pro"}, CONF_PARAM_INITIAL, false, false},
	};
	static const char command[] = "/bin/prog\0-a\0"
				      "1000";
	struct process_seen seen = {.name = "prog", .command_size = sizeof command};

	(void)state;
	memcpy(seen.command, command, sizeof command);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct conf_track_process wanted = {.argv = (char **)table[i].argv,
							  .match = table[i].match,
							  .full_command = table[i].full};

		assert_int_equal(process_matches(&wanted, &seen), table[i].matches);
		/* cut anywhere nothing is read behind the end */
		for (seen.command_size = 0; seen.command_size < sizeof command; seen.command_size++)
			(void)process_matches(&wanted, &seen);
		seen.over = true;
		assert_false(process_matches(&wanted, &seen));
		seen.over = false;
	}
}

static void test_stat(void **state)
{
	static const struct {
		const char *text;
		bool good;
		const char *name;
		bool over;
	} table[] = {
		{"1 (init) S 0 1", true, "init", false},
		{"7 (a) Z (b)) R 1", true, "a) Z (b)", false},
		{"7 (x) Z 1", true, "x", true},
		{"7 () X 1", true, "", true},
		{"7 ) ( S", false, "", false},
		{"7 (x)", false, "", false},
		{"7 (x) ", false, "", false},
		{"", false, "", false},
		{"7 (0123456789012345678901234567890123456789012345678901234567890123) S", false,
		 "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct process_seen seen = {.name = ""};

		assert_int_equal(process_read_stat(table[i].text, &seen), table[i].good);
		assert_string_equal(seen.name, table[i].name);
		assert_int_equal(seen.over, table[i].over);
	}
}

/* ---- the kernel's messages ---- */

static size_t make_message(char *octets, uint32_t what, const uint32_t *data, size_t n_data)
{
	struct nlmsghdr head = {.nlmsg_type = NLMSG_DONE};
	struct cn_msg message = {.id = {CN_IDX_PROC, CN_VAL_PROC}};
	size_t before = offsetof(struct proc_event, event_data), at = 0;

	message.len = (uint16_t)(before + n_data * sizeof *data);
	memcpy(octets, &head, sizeof head);
	at += sizeof head;
	memcpy(octets + at, &message, sizeof message);
	at += sizeof message;
	memset(octets + at, 0, before);
	memcpy(octets + at, &what, sizeof what);
	memcpy(octets + at + before, data, n_data * sizeof *data);
	return at + message.len;
}

static void test_kernel_messages(void **state)
{
	static const struct {
		uint32_t what, data[4];
		struct process_event event;
	} table[] = {
		{PROC_EVENT_NONE, {0}, {PROCESS_EVENT_ANSWER, 0, 0, 0}},
		{PROC_EVENT_NONE, {EPERM}, {PROCESS_EVENT_ANSWER, 0, 0, -EPERM}},
		{PROC_EVENT_FORK, {10, 11, 20, 20}, {PROCESS_EVENT_FORK, 20, 11, 0}},
		{PROC_EVENT_FORK, {10, 10, 21, 10}, {PROCESS_EVENT_OTHER, 21, 10, 0}},
		{PROC_EVENT_EXEC, {30, 30}, {PROCESS_EVENT_CHANGE, 30, 0, 0}},
		{PROC_EVENT_COMM, {31, 31}, {PROCESS_EVENT_CHANGE, 31, 0, 0}},
		{PROC_EVENT_COMM, {32, 31}, {PROCESS_EVENT_OTHER, 32, 0, 0}},
		{PROC_EVENT_EXIT, {40, 40}, {PROCESS_EVENT_EXIT, 40, 0, 0}},
		{PROC_EVENT_UID, {40, 40}, {PROCESS_EVENT_OTHER, 0, 0, 0}},
		{0xffffffff, {40, 40}, {PROCESS_EVENT_OTHER, 0, 0, 0}},
	};
	char octets[256];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t size = make_message(octets, table[i].what, table[i].data, 4);
		struct process_event event = process_event_read(octets, size);

		assert_memory_equal(&event, &table[i].event, sizeof event);
		for (size_t cut = 0; cut < size; cut++)
			assert_int_equal(process_event_read(octets, cut).kind, PROCESS_EVENT_OTHER);
		octets[sizeof(struct nlmsghdr)] ^= 1; /* another connector */
		assert_int_equal(process_event_read(octets, size).kind, PROCESS_EVENT_OTHER);
	}
}

/* ---- both trackers ---- */

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
	return process_tracker_new(bench->loop, on_result, bench, &bench->processes);
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

int main(void)
{
#define IN_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_of_hostile_size),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_kernel_messages),
		IN_BENCH(test_file_follows_what_is_written),
		IN_BENCH(test_file_that_is_none),
		IN_BENCH(test_file_is_initialised),
		IN_BENCH(test_file_moves_to_another_path),
		IN_BENCH(test_file_in_a_folder_that_comes_and_goes),
		IN_BENCH(test_process_comes_and_goes),
		IN_BENCH(test_process_that_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
