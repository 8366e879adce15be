/* SPDX-License-Identifier: MIT */
/*
 * Keyed digests (RFC 2104), by OpenSSL, of which nothing shows here. Everything that may read a
 * file or take a lock happens in hmac_new(); afterwards it is arithmetic. One thread at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct hmac;

#define HMAC_MD5_OCTETS 16

/* -ENOMEM; -EOPNOTSUPP: OpenSSL has no MD5. */
int hmac_md5_new(struct hmac **ret);
struct hmac *hmac_free(struct hmac *hmac); /* accepts and returns NULL */

/* Of the parts one after the other. Returns 0, or -EIO when OpenSSL fails; then *ret is untouched.
 */
int hmac_sum(struct hmac *hmac, const void *key, size_t key_size, const struct iovec *parts,
	     size_t n_parts, uint8_t ret[static HMAC_MD5_OCTETS]);
