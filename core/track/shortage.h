/* SPDX-License-Identifier: MIT */
/*
 * Trouble of ours, by which nothing is found out about what is tracked: what was known stands, and
 * it is looked at again. Without this a daemon that is short of descriptors would find that all
 * its processes have ended, and yield.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>

static inline bool is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}
