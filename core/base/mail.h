/* SPDX-License-Identifier: MIT */
/*
 * Mailbox: any thread posts, one thread (the owner) drains. Posting is lock-free and never waits:
 * the message is copied, linked with one compare-and-swap, and an eventfd wakes the owner. Order is
 * kept per sender. A message is plain data; the only pointers allowed in one are counted references
 * to a struct conf.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct mailbox;

struct mail {
	struct mail *next;
	uint32_t kind;
	uint32_t size; /* of body, in octets */
	_Alignas(max_align_t) unsigned char body[];
};

int mailbox_new(struct mailbox **ret);
/* Frees what was not drained. No thread may post any more. */
struct mailbox *mailbox_free(struct mailbox *box);

/* Any thread. size may be 0 with body NULL. Returns 0 or -ENOMEM. */
int mail_post(struct mailbox *box, uint32_t kind, const void *body, size_t size);

/* Owner: readable while mail waits. Poll it for EPOLLIN. */
int mailbox_fd(const struct mailbox *box);
/* Owner: takes everything, oldest first, linked by next; NULL when empty. The caller frees each
 * with mail_free(). */
struct mail *mailbox_drain(struct mailbox *box);
struct mail *mail_free(struct mail *mail);
