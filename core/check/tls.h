/* SPDX-License-Identifier: MIT */
/*
 * TLS as a client that checks servers needs it, and MD5: everything of OpenSSL behind two opaque
 * types, so that only checker_ssl.c includes its headers. Thread: check.
 *
 * Certificates of servers are not verified and no session is kept, as with keepalived: the question
 * is whether the server answers, and an expired certificate must not take a farm down. What the
 * SSL block gives is for servers that want to see a certificate of ours.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct conf_tls;
struct md5;
struct tls;
struct tls_client;

#define TLS_REASON_MAX 256

/* Reads the files. -EINVAL: reason says what is wrong with which of them; -ENOMEM. */
int tls_client_new(const struct conf_tls *conf, struct tls_client **ret,
		   char reason[static TLS_REASON_MAX]);
/* Connections made with it go on. */
struct tls_client *tls_client_free(struct tls_client *client);

/* Over fd, a connected non-blocking socket that stays the caller's. server_name (SNI): NULL sends
 * none. compliant: the end of the connection without close_notify is an error. */
int tls_new(struct tls_client *client, int fd, const char *server_name, bool compliant,
	    struct tls **ret);
struct tls *tls_free(struct tls *tls);

/*
 * -EAGAIN: call again once the socket has *ret_events (EPOLLIN, EPOLLOUT). -EPROTO: tls_error()
 * says what. tls_read returns 0 when the peer has closed.
 */
int tls_handshake(struct tls *tls, uint32_t *ret_events);
ssize_t tls_write(struct tls *tls, const void *octets, size_t size, uint32_t *ret_events);
ssize_t tls_read(struct tls *tls, void *room, size_t size, uint32_t *ret_events);
const char *tls_error(const struct tls *tls); /* of the last -EPROTO; static */

int md5_new(struct md5 **ret);
struct md5 *md5_free(struct md5 *md5);
void md5_add(struct md5 *md5, const void *octets, size_t size);
int md5_finish(struct md5 *md5, uint8_t ret[static 16]);
