/* SPDX-License-Identifier: MIT */
/* The address of a configured sender or recipient: what vipd-mail needs of letters, by itself.
 * Pure. */
#include <stdio.h>
#include <string.h>

#include "core/run/letter.h"

void letter_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == '\x7f')
			*text = ' ';
}

char *letter_address(const char *configured, char room[static LETTER_ADDRESS_MAX])
{
	const char *open = strrchr(configured, '<');
	const char *from = open ? open + 1 : configured;

	snprintf(room, LETTER_ADDRESS_MAX, "%.*s", (int)strcspn(from, ">"), from);
	letter_clean(room);
	return room;
}
