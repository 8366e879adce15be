/* SPDX-License-Identifier: MIT */
/* The state file: what goes in comes out, and nothing that is valid is lost with what is damaged.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/run/state.h"

#define COUNT 5

static struct msg_admin_save *sample(void)
{
	struct msg_admin_save *save = calloc(1, sizeof *save + COUNT * sizeof save->items[0]);

	assert_non_null(save);
	save->ticket = 7;
	save->count = COUNT;
	for (int i = 0; i < COUNT; i++) {
		struct msg_admin *item = &save->items[i];

		snprintf(item->vs, sizeof item->vs, "192.0.2.%d:80/tcp", i);
		ip_parse(i % 2 ? "198.51.100.7" : "2001:db8::7", &item->dest.ip);
		item->dest.port = (uint16_t)(8000 + i);
		item->admin = i % 2 ? DEST_LOCKED : DEST_SHUTTING_DOWN;
		item->storage = STORAGE_NONVOLATILE;
		item->weight_override = i == 2 ? WEIGHT_MAX : WEIGHT_NO_OVERRIDE;
		item->drain_timeout_s = (uint32_t)i * 60;
		item->drain_action = DRAIN_LOCK;
		item->drain = DRAIN_DRAINING;
		item->changed_wall_us = UINT64_C(1700000000000000) + (uint64_t)i;
		item->drain_started_wall_us = UINT64_C(1700000000000001);
		item->drain_deadline_wall_us = UINT64_C(1700000060000001);
		item->drain_initial = UINT32_MAX;
		snprintf(item->comment, sizeof item->comment, "ticket \"%d\"\n", i);
	}
	return save;
}

static void assert_same(const struct msg_admin *a, const struct msg_admin *b)
{
	assert_string_equal(a->vs, b->vs);
	assert_string_equal(a->comment, b->comment);
	assert_int_equal(dest_key_compare(&a->dest, &b->dest), 0);
	assert_int_equal(a->admin, b->admin);
	assert_int_equal(a->storage, b->storage);
	assert_int_equal(a->weight_override, b->weight_override);
	assert_int_equal(a->drain_timeout_s, b->drain_timeout_s);
	assert_int_equal(a->drain_action, b->drain_action);
	assert_int_equal(a->drain, b->drain);
	assert_int_equal(a->changed_wall_us, b->changed_wall_us);
	assert_int_equal(a->drain_started_wall_us, b->drain_started_wall_us);
	assert_int_equal(a->drain_deadline_wall_us, b->drain_deadline_wall_us);
	assert_int_equal(a->drain_ended_wall_us, b->drain_ended_wall_us);
	assert_int_equal(a->drain_initial, b->drain_initial);
}

static int make_dir(void **state)
{
	char *dir = strdup("/tmp/vipd-state-XXXXXX");

	*state = dir;
	return dir && mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const files[] = {STATE_FILE, STATE_FILE ".bad", STATE_FILE ".new"};
	char path[256];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", (char *)*state, files[i]);
		unlink(path);
	}
	rmdir(*state);
	free(*state);
	return 0;
}

static bool exists(const char *dir, const char *file)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", dir, file);
	return !access(path, F_OK);
}

static void put_file(const char *dir, const char *text, size_t size)
{
	char path[256];

	snprintf(path, sizeof path, "%s/" STATE_FILE, dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	fclose(file);
}

static void test_round_trip(void **state)
{
	struct msg_admin_save *save = sample();
	struct state_read found;

	save->policy = QUORUM_REFUSE;
	assert_int_equal(state_write(*state, save), 0);
	assert_false(exists(*state, STATE_FILE ".new"));
	assert_int_equal(state_read(*state, &found), 0);
	assert_int_equal(found.bad_lines, 0);
	assert_false(found.moved);
	assert_int_equal(found.save->policy, QUORUM_REFUSE);
	assert_int_equal(found.save->count, COUNT);
	for (int i = 0; i < COUNT; i++)
		assert_same(&save->items[i], &found.save->items[i]);
	free(found.save);
	free(save);
}

static void test_volatile_is_not_stored(void **state)
{
	struct msg_admin_save *save = sample();
	struct state_read found;

	save->items[1].storage = STORAGE_VOLATILE;
	assert_int_equal(state_write(*state, save), 0);
	assert_int_equal(state_read(*state, &found), 0);
	assert_int_equal(found.save->count, COUNT - 1);
	assert_int_equal(found.bad_lines, 0);
	free(found.save);
	free(save);
}

/* One comment that is not UTF-8 must not keep every drain from being stored. */
static void test_odd_comment(void **state)
{
	struct msg_admin_save *save = sample();
	struct state_read found;

	snprintf(save->items[0].comment, sizeof save->items[0].comment, "na\xefve");
	assert_int_equal(state_write(*state, save), 0);
	assert_int_equal(state_read(*state, &found), 0);
	assert_int_equal(found.save->count, COUNT);
	assert_string_equal(found.save->items[0].comment, "na?ve");
	free(found.save);
	free(save);
}

static void test_missing(void **state)
{
	struct state_read found;
	char path[256];

	assert_int_equal(state_read(*state, &found), 0);
	assert_int_equal(found.save->count, 0);
	assert_int_equal(found.bad_lines, 0);
	free(found.save);
	snprintf(path, sizeof path, "%s/none", (char *)*state);
	assert_int_equal(state_read(path, &found), 0);
	assert_int_equal(found.save->count, 0);
	free(found.save);
}

/* Cut anywhere: every whole line before the cut survives, and the loss is noticed. */
static void test_truncated(void **state)
{
	struct msg_admin_save *save = sample();
	char *text;
	size_t size;

	assert_int_equal(state_encode(save, &text, &size), 0);
	for (size_t cut = 0; cut < size - 1; cut++) {
		struct msg_admin_save *found;
		size_t bad, whole = 0;

		for (size_t i = 0; i < cut; i++)
			whole += text[i] == '\n';
		assert_int_equal(state_decode(text, cut, &found, &bad), 0);
		/* A line that lacks nothing but its end is whole too. */
		size_t least = whole ? whole - 1 : 0;
		assert_in_range(found->count, least, least + 1);
		assert_true(bad > 0 || found->count == COUNT);
		for (uint32_t i = 0; i < found->count; i++)
			assert_same(&found->items[i], &save->items[i]);
		free(found);
	}
	put_file(*state, text, size - 20);
	struct state_read read;
	assert_int_equal(state_read(*state, &read), 0);
	assert_int_equal(read.save->count, COUNT - 1);
	assert_true(read.moved);
	assert_true(exists(*state, STATE_FILE ".bad"));
	free(read.save);
	free(text);
	free(save);
}

/* As older files have none; a word or a type that there is not is lost, and said so. */
static void test_policy(void **state)
{
	static const struct {
		const char *header;
		enum quorum_policy policy;
		size_t bad;
	} cases[] = {
		{"{\"vipd_state\":1,\"destinations\":0}", QUORUM_ALLOW, 0},
		{"{\"vipd_state\":1,\"drain_quorum_policy\":\"refuse\"}", QUORUM_REFUSE, 0},
		{"{\"vipd_state\":1,\"drain_quorum_policy\":\"allow\"}", QUORUM_ALLOW, 0},
		{"{\"vipd_state\":1,\"drain_quorum_policy\":\"maybe\"}", QUORUM_ALLOW, 1},
		{"{\"vipd_state\":1,\"drain_quorum_policy\":2}", QUORUM_ALLOW, 1},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct state_read found;

		put_file(*state, cases[i].header, strlen(cases[i].header));
		assert_int_equal(state_read(*state, &found), 0);
		assert_int_equal(found.save->policy, cases[i].policy);
		assert_int_equal(found.bad_lines, cases[i].bad);
		free(found.save);
	}
}

static void test_junk(void **state)
{
	struct msg_admin_save *save = sample();
	struct state_read found;
	char *text;
	size_t size;
	unsigned seed = 1;

	/* A header line alone, words of the wrong type, numbers out of range: each line is judged
	 * alone. */
	static const char lines[] =
		"{\"vipd_state\":1,\"destinations\":0}\n[]\n\"x\"\n{\"virtual_server\":3}\n"
		"{\"virtual_server\":\"a\",\"address\":\"1.2.3.4\",\"port\":70000,\"admin\":"
		"\"locked\","
		"\"weight_override\":-1,\"drain_timeout_s\":0,\"drain_action\":\"lock\",\"drain\":"
		"\"drained\",\"changed_us\":0,\"drain_started_us\":0,\"drain_deadline_us\":0,"
		"\"drain_ended_us\":0,\"drain_initial\":0,\"comment\":\"\"}\n";
	put_file(*state, lines, sizeof lines - 1);
	assert_int_equal(state_read(*state, &found), 0);
	assert_int_equal(found.save->count, 0);
	assert_int_equal(found.bad_lines, 4);
	assert_true(found.moved);
	free(found.save);
	/* Random damage: no crash, and never more entries than there were. */
	assert_int_equal(state_encode(save, &text, &size), 0);
	for (int round = 0; round < 500; round++) {
		struct msg_admin_save *decoded;
		size_t bad;

		text[rand_r(&seed) % size] = (char)rand_r(&seed);
		assert_int_equal(state_decode(text, size, &decoded, &bad), 0);
		assert_in_range(decoded->count, 0, COUNT);
		free(decoded);
	}
	free(text);
	free(save);
}

static void test_huge(void **state)
{
	struct state_read found;
	char path[256];

	put_file(*state, "x", 1);
	snprintf(path, sizeof path, "%s/" STATE_FILE, (char *)*state);
	assert_int_equal(truncate(path, (off_t)STATE_OCTETS_MAX + 1), 0);
	assert_int_equal(state_read(*state, &found), -EFBIG);
	assert_null(found.save);
	assert_true(found.moved);
	assert_false(exists(*state, STATE_FILE));
	assert_true(exists(*state, STATE_FILE ".bad"));
}

static void test_not_a_file(void **state)
{
	struct state_read found;
	char path[256];

	snprintf(path, sizeof path, "%s/" STATE_FILE, (char *)*state);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(state_read(*state, &found), -EINVAL); /* and does not wait for a writer */
}

/* What cannot be written is an error, and what was there stays. */
static void test_unwritable(void **state)
{
	struct msg_admin_save *save = sample();
	struct state_read found;
	char path[256];

	assert_int_equal(state_write("/proc/vipd", save), -ENOENT);
	assert_int_equal(state_write(*state, save), 0);
	snprintf(path, sizeof path, "%s/" STATE_FILE ".new", (char *)*state);
	assert_int_equal(mkdir(path, 0700), 0);
	save->count = 1;
	assert_int_equal(state_write(*state, save), -EISDIR);
	assert_int_equal(state_read(*state, &found), 0);
	assert_int_equal(found.save->count, COUNT);
	free(found.save);
	rmdir(path);
	free(save);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		CASE(test_round_trip),	CASE(test_volatile_is_not_stored),
		CASE(test_odd_comment), CASE(test_missing),
		CASE(test_truncated),	CASE(test_policy),
		CASE(test_junk),	CASE(test_huge),
		CASE(test_not_a_file),	CASE(test_unwritable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
