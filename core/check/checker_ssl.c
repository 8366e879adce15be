/* SPDX-License-Identifier: MIT */
/*
 * SSL_GET, and the only file that knows OpenSSL. The probe is that of HTTP_GET (checker_http.c)
 * with TLS in between. Thread: check; a handshake costs it some CPU, it never waits here.
 *
 * The socket is reached through a BIO of our own, for send(2) with MSG_NOSIGNAL: OpenSSL's writes
 * would raise SIGPIPE when a server hangs up.
 */
#include "core/check/tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/ip.h"
#include "core/check/checker.h"

struct tls_client {
	unsigned users; /* whoever made it, and each connection */
	SSL_CTX *context;
	BIO_METHOD *method;
};

struct tls {
	struct tls_client *client;
	SSL *ssl;
	int fd;
	int error;	  /* errno of the last socket failure, 0: none */
	bool eof;	  /* the peer closed the connection below TLS */
	bool established; /* the handshake is done */
	bool failed;
	const char *text; /* of the last failure; static */
};

/* ---- the socket below TLS ---- */

static int settle(BIO *bio, ssize_t n)
{
	struct tls *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (n >= 0)
		return (int)n;
	if (errno != EAGAIN && errno != EINTR)
		tls->error = errno;
	return -1;
}

static int bio_read(BIO *bio, char *room, int size)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t n = recv(tls->fd, room, (size_t)size, 0);
	int result = settle(bio, n);

	if (n == 0)
		tls->eof = true;
	if (n < 0 && !tls->error)
		BIO_set_retry_read(bio);
	return result;
}

static int bio_write(BIO *bio, const char *octets, int size)
{
	struct tls *tls = BIO_get_data(bio);
	int result = settle(bio, send(tls->fd, octets, (size_t)size, MSG_NOSIGNAL));

	if (result < 0 && !tls->error)
		BIO_set_retry_write(bio);
	return result;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	const struct tls *tls = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return tls->eof;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *make_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "check");

	if (!method)
		return NULL;
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

/* ---- client and connection ---- */

/* Never asks at the terminal. */
static int on_password(char *room, int size, int writing, void *password)
{
	size_t length = password ? strlen(password) : 0;

	(void)writing;
	if (length == 0 || length > (size_t)size)
		return -1;
	memcpy(room, password, length);
	return (int)length;
}

static int refuse(const char *what, const char *file, char reason[static TLS_REASON_MAX])
{
	unsigned long error = ERR_peek_error();
	const char *why = ERR_SYSTEM_ERROR(error) ? strerrordesc_np(ERR_GET_REASON(error))
						  : ERR_reason_error_string(error);

	snprintf(reason, TLS_REASON_MAX, "%s %s: %s", what, file, why ? why : "not usable");
	ERR_clear_error();
	return -EINVAL;
}

/* The authorities complete the chain that is shown; nobody is judged by them. */
static int read_files(SSL_CTX *context, const struct conf_tls *conf,
		      char reason[static TLS_REASON_MAX])
{
	ERR_clear_error();
	SSL_CTX_set_default_passwd_cb(context, on_password);
	SSL_CTX_set_default_passwd_cb_userdata(context, conf->password);
	if (conf->ca && SSL_CTX_load_verify_file(context, conf->ca) != 1)
		return refuse("ca", conf->ca, reason);
	if (conf->certificate &&
	    SSL_CTX_use_certificate_chain_file(context, conf->certificate) != 1)
		return refuse("certificate", conf->certificate, reason);
	if (conf->key && SSL_CTX_use_PrivateKey_file(context, conf->key, SSL_FILETYPE_PEM) != 1)
		return refuse("key", conf->key, reason);
	/* The text is the configuration's, which may go. */
	SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
	return 0;
}

int tls_client_new(const struct conf_tls *conf, struct tls_client **ret,
		   char reason[static TLS_REASON_MAX])
{
	struct tls_client *client = calloc(1, sizeof *client);
	int error;

	if (!client)
		return -ENOMEM;
	client->users = 1;
	client->context = SSL_CTX_new(TLS_client_method());
	client->method = make_method();
	if (!client->context || !client->method) {
		ERR_clear_error();
		tls_client_free(client);
		return -ENOMEM;
	}
	error = read_files(client->context, conf, reason);
	if (error < 0) {
		tls_client_free(client);
		return error;
	}
	SSL_CTX_set_verify(client->context, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(client->context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(client->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
	/* Many servers end a reply by closing the connection without close_notify. */
	SSL_CTX_set_options(client->context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_TICKET);
	*ret = client;
	return 0;
}

struct tls_client *tls_client_free(struct tls_client *client)
{
	if (!client || --client->users)
		return NULL;
	SSL_CTX_free(client->context);
	BIO_meth_free(client->method);
	free(client);
	return NULL;
}

/* RFC 6066 section 3 forbids addresses as server names. */
static bool is_host_name(const char *name)
{
	struct ip ip;

	return name && *name && ip_parse(name, &ip) < 0;
}

int tls_new(struct tls_client *client, int fd, const char *server_name, bool compliant,
	    struct tls **ret)
{
	struct tls *tls = calloc(1, sizeof *tls);
	BIO *bio;

	if (!tls)
		return -ENOMEM;
	tls->fd = fd;
	tls->client = client;
	client->users++;
	tls->ssl = SSL_new(client->context);
	bio = BIO_new(client->method);
	if (!tls->ssl || !bio)
		goto fail;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	bio = NULL; /* the connection's now */
	if (is_host_name(server_name) && SSL_set_tlsext_host_name(tls->ssl, server_name) != 1)
		goto fail;
	if (compliant)
		SSL_clear_options(tls->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_set_connect_state(tls->ssl);
	*ret = tls;
	return 0;
fail:
	ERR_clear_error();
	BIO_free(bio);
	tls_free(tls);
	return -ENOMEM;
}

struct tls *tls_free(struct tls *tls)
{
	if (!tls)
		return NULL;
	/* Says good-bye when that is allowed; the answer is not waited for. */
	if (tls->ssl && SSL_is_init_finished(tls->ssl) && !tls->failed)
		SSL_shutdown(tls->ssl);
	SSL_free(tls->ssl);
	ERR_clear_error();
	tls_client_free(tls->client);
	free(tls);
	return NULL;
}

static const char *failure_text(const struct tls *tls)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	if (tls->error)
		return strerrordesc_np(tls->error);
	if (tls->eof && tls->established)
		return "closed without close_notify";
	if (tls->eof)
		return "connection closed";
	return reason ? reason : "unknown TLS failure";
}

/* Turns the result of an SSL_ function into ours. */
static int outcome(struct tls *tls, int result, uint32_t *ret_events)
{
	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_NONE:
		return result;
	case SSL_ERROR_WANT_READ:
		*ret_events = EPOLLIN;
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		*ret_events = EPOLLOUT;
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		tls->failed = true;
		tls->text = failure_text(tls);
		ERR_clear_error();
		return -EPROTO;
	}
}

int tls_handshake(struct tls *tls, uint32_t *ret_events)
{
	int result;

	ERR_clear_error();
	result = outcome(tls, SSL_do_handshake(tls->ssl), ret_events);
	if (result == 0) {
		tls->failed = true;
		tls->text = "connection closed";
		return -EPROTO;
	}
	tls->established = result > 0;
	return result > 0 ? 0 : result;
}

ssize_t tls_write(struct tls *tls, const void *octets, size_t size, uint32_t *ret_events)
{
	ERR_clear_error();
	return outcome(tls, SSL_write(tls->ssl, octets, (int)size), ret_events);
}

ssize_t tls_read(struct tls *tls, void *room, size_t size, uint32_t *ret_events)
{
	ERR_clear_error();
	return outcome(tls, SSL_read(tls->ssl, room, (int)size), ret_events);
}

const char *tls_error(const struct tls *tls)
{
	return tls->text;
}

/* ---- MD5 ---- */

struct md5 {
	EVP_MD_CTX *context;
};

int md5_new(struct md5 **ret)
{
	struct md5 *md5 = calloc(1, sizeof *md5);

	if (!md5)
		return -ENOMEM;
	md5->context = EVP_MD_CTX_new();
	/* A FIPS-only OpenSSL has no MD5. */
	if (!md5->context || EVP_DigestInit_ex(md5->context, EVP_md5(), NULL) != 1) {
		ERR_clear_error();
		md5_free(md5);
		return -EOPNOTSUPP;
	}
	*ret = md5;
	return 0;
}

struct md5 *md5_free(struct md5 *md5)
{
	if (!md5)
		return NULL;
	EVP_MD_CTX_free(md5->context);
	free(md5);
	return NULL;
}

void md5_add(struct md5 *md5, const void *octets, size_t size)
{
	EVP_DigestUpdate(md5->context, octets, size);
}

int md5_finish(struct md5 *md5, uint8_t ret[static 16])
{
	return EVP_DigestFinal_ex(md5->context, ret, NULL) == 1 ? 0 : -EIO;
}

/* ---- the row ---- */

static const struct checker_ops ops = {
	.name = "SSL_GET",
	.start = checker_http_start_tls,
	.on_io = checker_http_on_io,
	.on_timeout = checker_http_on_timeout,
	.stop = checker_http_stop,
};

const struct checker_ops *checker_ssl_ops(void)
{
	return &ops;
}
