/* SPDX-License-Identifier: MIT */
/* Text that came from elsewhere, made fit for logs, terminals and SNMP. Pure. */
#pragma once

#include <stddef.h>

/*
 * Copies text of size octets into room (size room_size > 0, always terminated) as printable UTF-8:
 * control characters, octets that are not UTF-8 and characters that change the direction or line of
 * what follows become
 * '?'. Cut at a character boundary. Returns room.
 */
char *text_clean(char *room, size_t room_size, const char *text, size_t size);
