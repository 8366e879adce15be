/* SPDX-License-Identifier: MIT */
/*
 * What UDP_CHECK makes of a datagram that answers its own. Pure; any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/snap.h"

struct conf_udp_check;

#define UDP_REPLY_TEXT_MAX 64

/* Its size and octets are judged with require_reply, without it any answer is good. ret_text: what
 * was found, for people. */
enum check_result udp_reply_judge(const struct conf_udp_check *udp, const uint8_t *reply,
				  size_t size, char ret_text[static UDP_REPLY_TEXT_MAX]);
