/* SPDX-License-Identifier: MIT */
/*
 * A checked server may answer anything, terminal escapes included. What it said is shown to
 * operators only after it went through here. Pure; any thread.
 */
#include "core/check/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/buf.h"

struct lead {
	uint8_t mask, bits; /* first octet & mask == bits */
	size_t size;	    /* of the character, in octets */
	uint32_t least;	    /* smaller ones are overlong */
};

static const struct lead leads[] = {
	{0x80, 0x00, 1, 0},
	{0xe0, 0xc0, 2, 0x80},
	{0xf0, 0xe0, 3, 0x800},
	{0xf8, 0xf0, 4, 0x10000},
};

static const struct lead *lead_of(uint8_t octet)
{
	for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++)
		if ((octet & leads[i].mask) == leads[i].bits)
			return &leads[i];
	return NULL;
}

static bool is_printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	if (c >= 0xd800 && c <= 0xdfff)
		return false;
	/* Zero width and direction marks, line separators, invisible operators, byte order mark. */
	if ((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0x061c || c == 0xfeff)
		return false;
	return c <= 0x10ffff && (c & 0xfffe) != 0xfffe && (c < 0xfff0 || c > 0xfffd) && c < 0xe0000;
}

/* Size of the printable character at the cursor, 0 when there is none. */
static size_t character(struct reader r)
{
	const struct lead *lead;
	uint8_t first = read_u8(&r);
	uint32_t c;

	lead = lead_of(first);
	if (!lead)
		return 0;
	c = first & (uint8_t)~lead->mask;
	for (size_t i = 1; i < lead->size; i++) {
		uint8_t next = read_u8(&r);

		if ((next & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (next & 0x3f);
	}
	return !r.bad && c >= lead->least && is_printable(c) ? lead->size : 0;
}

char *text_clean(char *room, size_t room_size, const char *text, size_t size)
{
	struct reader in = reader_of(text, size);
	size_t used = 0;

	while (in.left) {
		size_t n = character(in);

		if (used + (n ? n : 1) >= room_size)
			break;
		if (n) {
			read_octets(&in, room + used, n);
		} else {
			read_skip(&in, 1);
			room[used] = '?';
			n = 1;
		}
		used += n;
	}
	room[used] = '\0';
	return room;
}
