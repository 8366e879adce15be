/* SPDX-License-Identifier: MIT */
/*
 * HMAC by OpenSSL, and the only file of the VRRP engine that knows it. Thread: vrrp.
 *
 * With a library context of its own no openssl.cnf is read, so neither a file nor a provider that
 * it names can delay an advert, and a machine for FIPS alone still has MD5.
 */
#include "core/vrrp/hmac.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

struct hmac {
	OSSL_LIB_CTX *library;
	EVP_MAC *mac;
	EVP_MAC_CTX *context;
};

static bool choose_digest(struct hmac *hmac)
{
	char name[] = "MD5";
	const OSSL_PARAM choice[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(hmac->context, choice) == 1;
}

int hmac_md5_new(struct hmac **ret)
{
	struct hmac *hmac = calloc(1, sizeof *hmac);

	if (!hmac)
		return -ENOMEM;
	hmac->library = OSSL_LIB_CTX_new();
	hmac->mac = hmac->library ? EVP_MAC_fetch(hmac->library, OSSL_MAC_NAME_HMAC, NULL) : NULL;
	hmac->context = hmac->mac ? EVP_MAC_CTX_new(hmac->mac) : NULL;
	if (!hmac->context || !choose_digest(hmac)) {
		ERR_clear_error();
		hmac_free(hmac);
		return -EOPNOTSUPP;
	}
	*ret = hmac;
	return 0;
}

struct hmac *hmac_free(struct hmac *hmac)
{
	if (!hmac)
		return NULL;
	EVP_MAC_CTX_free(hmac->context);
	EVP_MAC_free(hmac->mac);
	OSSL_LIB_CTX_free(hmac->library);
	free(hmac);
	return NULL;
}

int hmac_sum(struct hmac *hmac, const void *key, size_t key_size, const struct iovec *parts,
	     size_t n_parts, uint8_t ret[static HMAC_MD5_OCTETS])
{
	uint8_t sum[HMAC_MD5_OCTETS];
	size_t size = 0;
	bool good = EVP_MAC_init(hmac->context, key, key_size, NULL) == 1;

	for (size_t i = 0; good && i < n_parts; i++)
		good = EVP_MAC_update(hmac->context, parts[i].iov_base, parts[i].iov_len) == 1;
	if (!good || EVP_MAC_final(hmac->context, sum, &size, sizeof sum) != 1) {
		ERR_clear_error();
		return -EIO;
	}
	memcpy(ret, sum, sizeof sum);
	return 0;
}
