/* SPDX-License-Identifier: MIT */
/*
 * The number in a tracked file. Pure. Source: keepalived.conf(5), track_file, and what keepalived
 * 2.2.7 makes of odd contents.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NUMBER_OCTETS 127 /* of a file that are looked at */

enum number_verdict {
	NUMBER_GOOD,  /* a number and white space, or nothing at all, which is 0 */
	NUMBER_MORE,  /* other text follows the number, which counts */
	NUMBER_NONE,  /* no number: 0 */
	NUMBER_LARGE, /* beyond 32 bits: 0 */
};

/* Reads a number as strtoll(3) with base 0 does: sign, 0x, leading 0 for octal. */
enum number_verdict number_read(const void *octets, size_t size, int32_t *ret);
