/* SPDX-License-Identifier: MIT */
/*
 * One message to one SMTP server, by libcurl: the only file that knows it. Waits for names, for the
 * server, for every answer, so it runs in vipd-mail; what there is to say comes back in the result.
 */
#pragma once

#include "core/run/smtp_wire.h"

struct smtp;

/* 0 or negative errno. */
int smtp_new(struct smtp **ret);
/* Accepts and returns NULL. */
struct smtp *smtp_free(struct smtp *smtp);

/* Sends the letter to every recipient. */
void smtp_send(struct smtp *smtp, const struct smtp_request *request, struct smtp_result *ret);
