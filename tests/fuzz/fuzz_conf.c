/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: configuration text. Whatever loads must dump, and the dump must load to the same
 * dump. Texts that include files are left alone: they would read this machine.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"
#include "conf/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static char *load_and_dump(const char *text, size_t size)
{
	const struct conf *conf = NULL;
	struct diag_list diags;
	char *dump = NULL;
	int r = conf_load_text("fuzz", text, size, NULL, &conf, &diags);

	assert((r == 0) == (diags.errors == 0));
	for (size_t i = 0; i < diags.count; i++) {
		char *line = diag_format(&diags.items[i]);

		assert(line);
		free(line);
	}
	if (r == 0) {
		dump = conf_dump(conf);
		assert(dump);
	}
	diag_list_free(&diags);
	conf_unref(conf);
	return dump;
}

static int has_include(const char *text, size_t size)
{
	static const char word[] = "include";

	for (size_t i = 0; i + sizeof(word) - 1 <= size; i++)
		if (memcmp(text + i, word, sizeof(word) - 1) == 0)
			return 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	const char *text = (const char *)octets;
	char *first, *second;

	if (has_include(text, size))
		return 0;
	first = load_and_dump(text, size);
	if (!first)
		return 0;
	second = load_and_dump(first, strlen(first));
	if (!second || strcmp(first, second) != 0) {
		fprintf(stderr, "---- first\n%s---- second\n%s", first,
			second ? second : "(refused)\n");
		abort();
	}
	free(first);
	free(second);
	return 0;
}
