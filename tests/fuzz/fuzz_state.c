/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the state file, from memory of its own so that a read beyond it is caught. What is
 * valid in it must come back the same when it is written and read again.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/run/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static void write_and_read(const struct msg_admin_save *save)
{
	struct msg_admin_save *again = NULL;
	char *text = NULL;
	size_t size, bad;

	if (state_encode(save, &text, &size) < 0)
		return; /* memory */
	assert(state_decode(text, size, &again, &bad) == 0);
	assert(bad == 0 && again->count == save->count);
	for (uint32_t i = 0; i < save->count; i++) {
		const struct msg_admin *a = &save->items[i], *b = &again->items[i];

		assert(strcmp(a->vs, b->vs) == 0 && dest_key_compare(&a->dest, &b->dest) == 0);
		assert(a->admin == b->admin && a->weight_override == b->weight_override);
		assert(a->drain == b->drain && a->drain_timeout_s == b->drain_timeout_s);
		assert(strcmp(a->comment, b->comment) == 0);
	}
	free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	char *text = malloc(size + !size);
	struct msg_admin_save *save = NULL;
	size_t bad = 0;

	assert(text);
	if (size)
		memcpy(text, octets, size);
	if (state_decode(text, size, &save, &bad) == 0 && save)
		write_and_read(save);
	free(save);
	free(text);
	return 0;
}
