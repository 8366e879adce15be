/* SPDX-License-Identifier: MIT */
/*
 * The packet filter that keeps hosts from talking to virtual addresses (no_accept): one nftables
 * table of our own, told to the kernel as one transaction. The table belongs to the socket: nobody
 * else can change it, a flush of all rules leaves it, and it is gone with the process, however that
 * ends. Errors: negative errno.
 *
 * Sources: linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h; nft(8), "flags owner".
 */
#pragma once

#include <stddef.h>

#include "conf/model.h"

#define NFT_TABLE "vipd" /* unless `nftables` names another */

struct nft;

/* A transaction, as octets. */
struct nft_batch {
	void *octets; /* malloc'd; NULL: nothing is wanted */
	size_t size;
	const char *table; /* that is there after it; NULL: none */
};

/* What conf asks for, instead of the table `present` (NULL: none). Pure; any thread. 0 or -ENOMEM.
 */
int nft_build(const struct conf *conf, const char *present, struct nft_batch *ret);

/* 0 or negative errno; -EPROTONOSUPPORT: a kernel without nftables. */
int nft_open(struct nft **ret);
struct nft *nft_close(struct nft *nft); /* with the table; accepts and returns NULL */

/*
 * Waits for other users of nftables, which may take seconds: not for the main thread. One thread at
 * a time. Nothing is changed when it fails; -EEXIST: the table is somebody else's.
 */
int nft_apply(struct nft *nft, const struct nft_batch *batch);
