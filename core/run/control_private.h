/* SPDX-License-Identifier: MIT */
/* Shared by the files of the control socket only. Thread: main. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/cmd.h"
#include "core/run/control.h"

struct client;

/* Each request ends in exactly one of these two. result's reference is taken over. */
void control_answer(struct client *client, json_t *result);
void control_refuse(struct client *client, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct daemon *control_daemon(const struct client *client);
uid_t control_uid(const struct client *client);

/* The client waits for the outcome of that reload ticket. */
void control_wait_reload(struct client *client, uint64_t ticket);

/*
 * The client waits for `count` replies to the requests numbered from `first`; result (taken over)
 * is its answer when all are good.
 */
uint64_t control_new_requests(struct client *client, uint32_t count);
void control_wait_replies(struct client *client, uint64_t first, uint32_t count, json_t *result);

/* One function for each row of CTL_COMMANDS. */
typedef void control_fn(struct client *client, const json_t *request);
control_fn control_status, control_drain, control_undrain, control_lock, control_policy,
	control_reload, control_config, control_help;

/*
 * control_listen.c: a listening socket only root can connect to, or a negative errno; -EADDRINUSE
 * when somebody answers at that path already.
 */
int control_listen(const char *path);
