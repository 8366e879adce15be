/* SPDX-License-Identifier: MIT */
/* The pure parts of tracked files and processes: numbers that anybody may have written, processes
 * by any name, messages of the kernel. */
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/track/number.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_of_hostile_size),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_kernel_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
