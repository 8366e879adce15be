/* SPDX-License-Identifier: MIT */
/* Replays the seeds of tests/fuzz/fuzz_http.c, so that what fuzzing once found stays found. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEED_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static void replay(const char *folder, const char *name)
{
	char path[4096];
	uint8_t *octets = malloc(SEED_MAX);
	size_t size;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	print_message("  %s\n", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	size = fread(octets, 1, SEED_MAX, file);
	fclose(file);
	assert_int_equal(LLVMFuzzerTestOneInput(octets, size), 0);
	free(octets);
}

static void test_corpus(void **state)
{
	const char *source = getenv("srcdir");
	char folder[2048];
	unsigned count = 0;
	struct dirent *entry;
	DIR *dir;

	(void)state;
	snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/http", source ? source : ".");
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		replay(folder, entry->d_name);
		count++;
	}
	closedir(dir);
	assert_true(count >= 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
