/* SPDX-License-Identifier: MIT */
/*
 * The socket that owns the table, and the way of a transaction to the kernel, which works on it
 * while it is sent: what comes back is there at once. Runs in a helper thread, as other users of
 * nftables can keep the kernel busy for long.
 *
 * libnftables is not used: it ends the process when memory, or a socket, cannot be had.
 */
#include "core/net/nft.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_OCTETS 32768
#define BUFFER_OCTETS (1024 * 1024) /* a batch is one datagram */

struct nft {
	int fd;
};

static int open_socket(void)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER), on = 1;
	int octets = BUFFER_OCTETS;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
	/* Beyond what others may have, where we may. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof octets) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
	if (connect(fd, (const struct sockaddr *)&kernel, sizeof kernel) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

int nft_open(struct nft **ret)
{
	int fd = open_socket();
	struct nft *nft;

	if (fd < 0)
		return fd;
	nft = malloc(sizeof *nft);
	if (!nft) {
		close(fd);
		return -ENOMEM;
	}
	nft->fd = fd;
	*ret = nft;
	return 0;
}

struct nft *nft_close(struct nft *nft)
{
	if (!nft)
		return NULL;
	close(nft->fd);
	free(nft);
	return NULL;
}

/* The first error of one datagram, which may hold several answers. */
static int read_answers(void *octets, size_t size, unsigned *ret_count)
{
	int first = 0, left = (int)size;

	for (struct nlmsghdr *header = octets; nlmsg_ok(header, left);
	     header = nlmsg_next(header, &left)) {
		const struct nlmsgerr *answer = nlmsg_data(header);

		if (header->nlmsg_type != NLMSG_ERROR ||
		    header->nlmsg_len < NLMSG_LENGTH(sizeof answer->error))
			continue;
		++*ret_count;
		if (!first)
			first = answer->error;
	}
	return first;
}

static int take_answers(struct nft *nft)
{
	char *room = malloc(ANSWER_OCTETS);
	unsigned count = 0;
	int first = 0;

	while (room) {
		ssize_t size = recv(nft->fd, room, ANSWER_OCTETS, MSG_DONTWAIT);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			break;
		int error = read_answers(room, (size_t)size, &count);
		if (!first)
			first = error;
	}
	free(room);
	return first ? first : count ? 0 : -EIO;
}

int nft_apply(struct nft *nft, const struct nft_batch *batch)
{
	if (send(nft->fd, batch->octets, batch->size, 0) < 0)
		return -errno;
	return take_answers(nft);
}
