/* SPDX-License-Identifier: MIT */
/*
 * A stack that posters push with compare-and-swap and the owner takes whole with one exchange and
 * turns round. Since nobody pops single elements there is no ABA case. The eventfd is written only
 * by the post that finds the stack empty, so a burst costs one system call. Posting copies the
 * message with malloc, which is the only lock a poster can touch.
 */
#include "core/base/mail.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
	_Atomic(struct mail *) newest;
	int fd;
};

int mailbox_new(struct mailbox **ret)
{
	struct mailbox *box = calloc(1, sizeof *box);

	if (!box)
		return -ENOMEM;
	box->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (box->fd < 0) {
		int error = -errno;

		free(box);
		return error;
	}
	atomic_init(&box->newest, NULL);
	*ret = box;
	return 0;
}

struct mailbox *mailbox_free(struct mailbox *box)
{
	if (!box)
		return NULL;
	for (struct mail *mail = mailbox_drain(box), *next; mail; mail = next) {
		next = mail->next;
		mail_free(mail);
	}
	close(box->fd);
	free(box);
	return NULL;
}

int mail_post(struct mailbox *box, uint32_t kind, const void *body, size_t size)
{
	struct mail *mail = size <= UINT32_MAX ? malloc(sizeof *mail + size) : NULL;

	if (!mail)
		return -ENOMEM;
	mail->kind = kind;
	mail->size = (uint32_t)size;
	if (size)
		memcpy(mail->body, body, size);
	/* Once exchanged, mail belongs to the owner: only the local copy of what it replaced may be
	 * looked at. */
	struct mail *replaced = atomic_load_explicit(&box->newest, memory_order_relaxed);
	do {
		mail->next = replaced;
	} while (!atomic_compare_exchange_weak_explicit(
		&box->newest, &replaced, mail, memory_order_release, memory_order_relaxed));
	if (!replaced) {
		uint64_t one = 1;

		/* Cannot block or fail short of 2^64-1 unread wake-ups. */
		(void)!write(box->fd, &one, sizeof one);
	}
	return 0;
}

int mailbox_fd(const struct mailbox *box)
{
	return box->fd;
}

struct mail *mailbox_drain(struct mailbox *box)
{
	struct mail *oldest = NULL;
	uint64_t count;

	/* First the wake-up, then the mail: a post in between leaves a spurious wake-up, never a
	 * lost one. */
	(void)!read(box->fd, &count, sizeof count);
	struct mail *mail = atomic_exchange_explicit(&box->newest, NULL, memory_order_acquire);
	while (mail) {
		struct mail *next = mail->next;

		mail->next = oldest;
		oldest = mail;
		mail = next;
	}
	return oldest;
}

struct mail *mail_free(struct mail *mail)
{
	free(mail);
	return NULL;
}
