/* SPDX-License-Identifier: MIT */
/*
 * The control socket: a request is one line of JSON, {"command": WORD, ...}, the answer another,
 * {"ok": true, "result": ...} or {"ok": false, "error": TEXT}. Only the daemon's own user may talk.
 * Thread: main; never waits for an engine.
 */
#pragma once

#include <stdint.h>

#include "core/cmd.h"

struct control;
struct daemon;

int control_open(struct daemon *d, const char *path, struct control **ret);
struct control *control_close(struct control *control); /* accepts and returns NULL */

/* NULL control: nobody listens. error NULL: the load of that ticket, and every one before, is in
 * force. */
void control_on_reload(struct control *control, uint64_t ticket, const char *error);
void control_on_reply(struct control *control, const struct msg_reply *reply);
