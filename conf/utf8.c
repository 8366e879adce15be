/* SPDX-License-Identifier: MIT */
/*
 * Decoding per RFC 3629 (shortest form, no surrogates, up to U+10FFFF). Independent of the locale,
 * so that a file means the same whatever the daemon was started with. Pure.
 */
#include "conf/utf8.h"

#include <string.h>

static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

size_t utf8_decode(const char *text, size_t left, uint32_t *ret)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = (const unsigned char *)text;
	size_t length = left ? sequence_length(*at) : 0;
	uint32_t value;

	if (!length || length > left)
		return 0;
	value = length == 1 ? *at : *at & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < lowest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*ret = value;
	return length;
}

size_t utf8_count(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t at = 0; at < size; count++) {
		uint32_t character;
		size_t length = utf8_decode(text + at, size - at, &character);

		at += length ? length : 1;
	}
	return count;
}

bool utf8_is_space(uint32_t character)
{
	return character == 0xa0 || character == 0x1680 ||
	       (character >= 0x2000 && character <= 0x200a) || character == 0x202f ||
	       character == 0x205f || character == 0x3000;
}

const char *utf8_space_name(uint32_t character)
{
	switch (character) {
	case 0x3000:
		return "ideographic space";
	case 0xa0:
	case 0x202f:
		return "no-break space";
	default:
		return "space";
	}
}

unsigned utf8_width(uint32_t character)
{
	static const struct {
		uint32_t from, to;
	} wide[] = {
		{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
		{0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
		{0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
	};

	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++)
		if (character >= wide[i].from && character <= wide[i].to)
			return 2;
	return 1;
}

bool utf8_is_visible(uint32_t character)
{
	if (character < 0x20 || (character >= 0x7f && character < 0xa0))
		return false;
	/* Marks of direction, separators of lines and paragraphs. */
	return character != 0x200e && character != 0x200f && character != 0x061c &&
	       (character < 0x2028 || character > 0x202e) &&
	       (character < 0x2066 || character > 0x2069);
}

void utf8_clean(char *text)
{
	size_t left = strlen(text);
	char *to = text;

	while (left) {
		uint32_t character = 0;
		size_t length = utf8_decode(text, left, &character);

		if (length && utf8_is_visible(character)) {
			memmove(to, text, length);
			to += length;
		} else {
			*to++ = '?';
		}
		text += length ? length : 1;
		left -= length ? length : 1;
	}
	*to = '\0';
}
