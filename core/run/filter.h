/* SPDX-License-Identifier: MIT */
/*
 * Keeps the packet filter as the newest configuration wants it, by a helper thread. Private to
 * core/run. Thread: main.
 */
#pragma once

struct conf;
struct filter;
struct loop;

int filter_new(struct loop *loop, struct filter **ret); /* 0 or -ENOMEM */
/* Soon; what cannot be had is logged. The strings of conf must live as long as conf is in use. */
void filter_use_conf(struct filter *filter, const struct conf *conf);
/* The rules go. Waits for a helper under way. Accepts and returns NULL. */
struct filter *filter_free(struct filter *filter);
