/* SPDX-License-Identifier: MIT */
/*
 * Checks that probe the same in the same way: one of them does it for all. Each keeps its own
 * verdict, and may be alpha or log its failures as it likes; whatever decides what a probe does and
 * when the next one is due must be the same. Private to check_run.c. Thread: check.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct check;

struct twins {
	struct check *runner; /* whose probe the others wait for; NULL: none runs */
	struct check **checks;
	uint32_t n, room;
};

/* Finds the check its twins, if its kind has any; *tree starts as NULL. Without memory it stays
 * alone. */
void twins_join(void **tree, struct check *check);
void twins_leave(void **tree, struct check *check);
/* Before all checks leave: none of them is searched for then. They leave all the same. */
void twins_forget(void **tree);
