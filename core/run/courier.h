/* SPDX-License-Identifier: MIT */
/*
 * Main's side of vipd-mail: starts it for a letter, hands it one after the other, bounds each in
 * time. It runs without the daemon's rights, as nobody where the daemon is root. Thread: main;
 * nothing here waits.
 */
#pragma once

#include "core/run/smtp_wire.h"

#define COURIER_PROGRAM "vipd-mail"

struct courier;
struct exec;
struct loop;

/* What became of the letter; that no answer came is SMTP_LATER. */
typedef void courier_done_fn(const struct smtp_result *result, void *owner);

/* program: vipd-mail, from exec_open(), the caller's, valid as long as the courier, as is exec. 0
 * or negative errno. */
int courier_new(struct loop *loop, struct exec *exec, int program, courier_done_fn *done,
		void *owner, struct courier **ret);
/* courier_rest(), and gone. Accepts and returns NULL. */
struct courier *courier_free(struct courier *courier);

/* One letter at a time; done is called once, from the loop. 0 or negative errno, and then done is
 * not called; -EMSGSIZE: too long a letter. */
int courier_send(struct courier *courier, const struct smtp_request *request);

/* Ends vipd-mail, whatever it is at: done is not called. The next letter starts it again. */
void courier_rest(struct courier *courier);
