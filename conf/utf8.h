/* SPDX-License-Identifier: MIT */
/*
 * The little of Unicode that a configuration file needs: decoding, counting characters for columns,
 * and the space separators that editors and web pages slip in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of the character at text (left octets remain), 0 when it is not valid UTF-8 (RFC 3629). */
size_t utf8_decode(const char *text, size_t left, uint32_t *ret);
/* Characters in size octets; an octet that is not part of a valid one counts as one. */
size_t utf8_count(const char *text, size_t size);
/* General category Zs without U+0020: no-break, ideographic and the typographic spaces. */
bool utf8_is_space(uint32_t character);
/* "ideographic space", "no-break space" or just "space". */
const char *utf8_space_name(uint32_t character);
/* Not a control, nor one that changes how the rest of the line is shown. */
bool utf8_is_visible(uint32_t character);
/* Replaces in place what is no character, or no visible one, by '?', for a message. */
void utf8_clean(char *text);
/* Columns a terminal uses: 2 for East Asian wide characters, else 1. */
unsigned utf8_width(uint32_t character);
