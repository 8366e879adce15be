/* SPDX-License-Identifier: MIT */
/*
 * Letters on their way: a bounded queue, sent one after the other in the order of the events. A
 * server that cannot be reached, or says so, is tried again later and later; meanwhile letters
 * wait. What is sent, to whom and through which server is decided by the newest configuration.
 *
 * Thread: main; the sending itself is done by vipd-mail (courier.h). Without that program there is
 * no mail, which is said once for each configuration that wants some. Losses are logged here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct exec;
struct letter;
struct loop;
struct mailer;

/* exec must outlive it. 0 or negative errno. */
int mailer_new(struct loop *loop, struct exec *exec, struct mailer **ret);
/* Breaks off what is under way. Accepts and returns NULL. */
struct mailer *mailer_free(struct mailer *mailer);

/* The newest configuration, of which a reference is taken. Without a server or recipients what
 * waits is dropped. Whoever waits for a server is tried again at once. */
void mailer_use(struct mailer *mailer, const struct conf *conf);

/* Copies the letter. When the queue is full the oldest that waits is lost. */
void mailer_send(struct mailer *mailer, const struct letter *letter);

/* The daemon stops: each letter is tried once more, none again. */
void mailer_hurry(struct mailer *mailer);
/* Time is up: what is still there is lost, and said. */
void mailer_finish(struct mailer *mailer);

/* Something is on its way or waits. */
bool mailer_is_busy(const struct mailer *mailer);
uint64_t mailer_waiting(const struct mailer *mailer);
uint64_t mailer_lost(const struct mailer *mailer);
