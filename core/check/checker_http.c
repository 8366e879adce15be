/* SPDX-License-Identifier: MIT */
/*
 * HTTP_GET and, with TLS in between, SSL_GET: fetches one url per attempt and judges what came:
 * any body at all, status, length, digest, in keepalived's order. Thread: check.
 *
 * Time: each step that makes progress may take connect_timeout, as with keepalived; all of them
 * together no more than three times that, so a server that trickles octets fails too.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/ip.h"
#include "core/base/log.h"
#include "core/check/checker.h"
#include "core/check/http_reply.h"
#include "core/check/text.h"
#include "core/check/tls.h"

#define TIMEOUTS_IN_ALL 3
/* One TLS record, so that after each read nothing is left inside OpenSSL that poll does not see. */
#define READ_SIZE 16384
/* Reads before other checks get their turn. */
#define READS_PER_TURN 16

enum step { STEP_CONNECT, STEP_HANDSHAKE, STEP_SEND, STEP_RECEIVE };

struct http_probe {
	enum step step;
	bool use_tls;
	struct tls *tls;
	struct md5 *md5; /* NULL: no digest is wanted */
	char *request;
	size_t request_size, sent;
	struct http_reply reply;
};

/* ---- the request ---- */

static const struct conf_url *url_of(const struct check *check)
{
	return &check->conf->urls[check->verdict.url];
}

static const char *host_of(const struct check *check)
{
	const struct conf_url *url = url_of(check);

	return url->virtualhost ? url->virtualhost : check->conf->virtualhost;
}

/*
 * The user agent is keepalived's on purpose: the log filters and probe exceptions of existing web
 * servers match it.
 */
static int make_request(const struct check *check, struct http_probe *probe)
{
	const struct conf_checker *conf = check->conf;
	const char *path = url_of(check)->path, *host = host_of(check);
	bool v6 = conf->connect_ip.family == AF_INET6;
	char ip[IP_TEXT_MAX], target[IP_TEXT_MAX + 10];
	int size;

	snprintf(target, sizeof target, "%s%s%s:%u", v6 ? "[" : "",
		 ip_format(&conf->connect_ip, ip), v6 ? "]" : "", conf->connect_port);
	size = asprintf(&probe->request,
			"GET %s HTTP/1.%u\r\nUser-Agent: KeepAliveClient\r\n%sHost: %s\r\n\r\n",
			*path ? path : "/", conf->http_minor,
			conf->http_minor || conf->http_close ? "Connection: close\r\n" : "",
			host ? host : target);
	if (size < 0) {
		probe->request = NULL;
		return -ENOMEM;
	}
	probe->request_size = (size_t)size;
	return 0;
}

static void on_body(const uint8_t *octets, size_t size, void *owner)
{
	struct http_probe *probe = owner;

	if (probe->md5)
		md5_add(probe->md5, octets, size);
}

static void start(struct check *check, bool use_tls)
{
	struct http_probe *probe = calloc(1, sizeof *probe);
	int error = -ENOMEM;

	if (!probe)
		goto fail;
	check->probe = probe;
	probe->use_tls = use_tls;
	http_reply_init(&probe->reply, on_body, probe);
	error = make_request(check, probe);
	if (error >= 0 && url_of(check)->has_digest)
		error = md5_new(&probe->md5);
	if (error < 0)
		goto fail;
	check_dial(check, DIAL_STREAM);
	return;
fail:
	check_done_format(check, CHECK_LOCAL_ERROR, "cannot prepare: %s", strerrordesc_np(-error));
}

static void start_plain(struct check *check)
{
	start(check, false);
}

void checker_http_start_tls(struct check *check)
{
	start(check, true);
}

void checker_http_stop(struct check *check)
{
	struct http_probe *probe = check->probe;

	check->probe = NULL;
	if (!probe)
		return;
	tls_free(probe->tls);
	md5_free(probe->md5);
	free(probe->request);
	free(probe);
}

/* ---- the verdict ---- */

static bool is_wanted(const struct conf_url *url, unsigned status)
{
	unsigned bit = status - 100;

	return status >= 100 && status < 600 && (url->status[bit / 8] >> bit % 8 & 1);
}

/* "200-299,301" into room, cut where it ends. */
static const char *format_wanted(const struct conf_url *url, char *room, size_t size)
{
	size_t used = 0;

	room[0] = '\0';
	for (unsigned first = 100; first < 600 && used < size; first++) {
		unsigned last = first;

		if (!is_wanted(url, first))
			continue;
		while (is_wanted(url, last + 1))
			last++;
		used += (size_t)snprintf(room + used, size - used,
					 last > first ? "%s%u-%u" : "%s%u", used ? "," : "", first,
					 last);
		first = last;
	}
	return room;
}

static const char *format_hex(const uint8_t digest[static 16], char room[static 33])
{
	for (size_t i = 0; i < 16; i++)
		snprintf(room + 2 * i, 3, "%02x", digest[i]);
	return room;
}

/* Once for each check: a server like that is so at every attempt. */
static void tell_length(struct check *check)
{
	const struct http_reply *reply = &((const struct http_probe *)check->probe)->reply;
	char ip[IP_TEXT_MAX], what[80];

	if (check->length_told)
		return;
	check->length_told = true;
	if (!reply->has_length)
		snprintf(what, sizeof what, "it cannot be read");
	else if (reply->body < reply->length)
		snprintf(what, sizeof what, "%llu announced, %llu received",
			 (unsigned long long)reply->length, (unsigned long long)reply->body);
	else
		snprintf(what, sizeof what, "%llu announced, more received",
			 (unsigned long long)reply->length);
	log_notice("check", "%s port %u: %s: wrong Content-Length: %s",
		   ip_format(&check->conf->connect_ip, ip), check->conf->connect_port,
		   url_of(check)->path, what);
}

static void judge_digest(struct check *check)
{
	struct http_probe *probe = check->probe;
	const struct conf_url *url = url_of(check);
	uint8_t digest[16];
	char found[33], wanted[33];

	if (md5_finish(probe->md5, digest) < 0)
		check_done(check, CHECK_LOCAL_ERROR, "cannot compute MD5");
	else if (memcmp(digest, url->digest, sizeof digest) != 0)
		check_done_format(check, CHECK_BAD_CONTENT, "digest %s, wanted %s",
				  format_hex(digest, found), format_hex(url->digest, wanted));
	else
		check_done_format(check, CHECK_OK, "status %u, digest matches",
				  probe->reply.status);
}

static void judge_body(struct check *check)
{
	const struct http_probe *probe = check->probe;

	if (probe->reply.length_wrong)
		tell_length(check);
	if (probe->md5)
		judge_digest(check);
	else
		check_done_format(check, CHECK_OK, "status %u, %llu octets", probe->reply.status,
				  (unsigned long long)probe->reply.body);
}

static void judge(struct check *check)
{
	const struct http_reply *reply = &((const struct http_probe *)check->probe)->reply;
	char wanted[64];

	if (reply->body == 0)
		check_done_format(check, CHECK_BAD_CONTENT, "status %u, empty body", reply->status);
	else if (!is_wanted(url_of(check), reply->status))
		check_done_format(check, CHECK_BAD_CONTENT, "status %u, wanted %s", reply->status,
				  format_wanted(url_of(check), wanted, sizeof wanted));
	else
		judge_body(check);
}

/* A reply that is no HTTP is quoted: "SSH-2.0-..." says more than an error code. */
static void done_bad(struct check *check)
{
	const struct http_reply *reply = &((const struct http_probe *)check->probe)->reply;
	char quote[HTTP_STARTED_MAX + 1];

	text_clean(quote, sizeof quote, reply->started, reply->started_size);
	if (reply->status == 0 && reply->started_size)
		check_done_format(check, CHECK_PROTOCOL_ERROR, "%s: \"%s\"", reply->error, quote);
	else
		check_done(check, CHECK_PROTOCOL_ERROR, reply->error);
}

static void done_progress(struct check *check, enum http_progress progress)
{
	if (progress == HTTP_DONE)
		judge(check);
	else
		done_bad(check);
}

/* ---- the connection ---- */

static void done_io(struct check *check, int error)
{
	const struct http_probe *probe = check->probe;

	if (error == -EPROTO && probe->tls)
		check_done_format(check, CHECK_TLS_ERROR, "TLS: %s", tls_error(probe->tls));
	else
		check_done_format(check, dial_io_result(-error), "while %s: %s",
				  probe->step == STEP_SEND ? "sending" : "receiving",
				  strerrordesc_np(-error));
}

static void extend_deadline(struct check *check)
{
	uint64_t timeout_us = check->conf->connect_timeout_us;
	uint64_t at_us = clock_now_us() + timeout_us;
	uint64_t last_us = check->started_us + TIMEOUTS_IN_ALL * timeout_us;

	check_set_deadline(check, at_us < last_us ? at_us : last_us);
}

/* Steps return true when the next one may be tried at once; false when they wait or are done. */
static bool step_connect(struct check *check)
{
	struct http_probe *probe = check->probe;
	const struct conf_checker *conf = check->conf;
	struct tls_client *client;
	const char *name = NULL;

	if (!check_dialled(check))
		return false;
	if (!probe->use_tls) {
		probe->step = STEP_SEND;
		return true;
	}
	if (conf->sni)
		name = conf->sni_name ? conf->sni_name : host_of(check);
	client = check_tls_client(check);
	if (!client || tls_new(client, check->fd, name, &probe->tls) < 0) {
		check_done(check, CHECK_LOCAL_ERROR, "cannot set up TLS");
		return false;
	}
	probe->step = STEP_HANDSHAKE;
	return true;
}

static bool step_handshake(struct check *check)
{
	struct http_probe *probe = check->probe;
	uint32_t events = 0;
	int error = tls_handshake(probe->tls, &events);

	if (error == -EAGAIN)
		check_watch(check, events);
	else if (error < 0)
		check_done_format(check, CHECK_TLS_ERROR, "TLS handshake: %s",
				  tls_error(probe->tls));
	else
		probe->step = STEP_SEND;
	return error == 0;
}

static ssize_t write_some(struct check *check, uint32_t *ret_events)
{
	struct http_probe *probe = check->probe;
	const char *at = probe->request + probe->sent;
	size_t size = probe->request_size - probe->sent;
	ssize_t n;

	if (probe->tls)
		return tls_write(probe->tls, at, size, ret_events);
	*ret_events = EPOLLOUT;
	n = send(check->fd, at, size, MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static ssize_t read_some(struct check *check, void *room, size_t size, uint32_t *ret_events)
{
	struct http_probe *probe = check->probe;
	ssize_t n;

	if (probe->tls)
		return tls_read(probe->tls, room, size, ret_events);
	*ret_events = EPOLLIN;
	n = recv(check->fd, room, size, 0);
	return n < 0 ? -errno : n;
}

static bool is_transient(ssize_t error)
{
	return error == -EAGAIN || error == -EINTR;
}

static bool step_send(struct check *check)
{
	struct http_probe *probe = check->probe;
	uint32_t events = EPOLLOUT;
	ssize_t n;

	while (probe->sent < probe->request_size) {
		n = write_some(check, &events);
		if (is_transient(n)) {
			check_watch(check, events);
			return false;
		}
		if (n < 0) {
			done_io(check, (int)n);
			return false;
		}
		probe->sent += (size_t)n;
	}
	probe->step = STEP_RECEIVE;
	return true;
}

/* Each turn ends waiting for more, or done. */
static void step_receive(struct check *check)
{
	struct http_probe *probe = check->probe;
	uint8_t room[READ_SIZE];
	uint32_t events = EPOLLIN;

	for (unsigned i = 0; i < READS_PER_TURN; i++) {
		enum http_progress progress;
		ssize_t n = read_some(check, room, sizeof room, &events);

		if (is_transient(n))
			break;
		if (n < 0) {
			done_io(check, (int)n);
			return;
		}
		if (n == 0) {
			progress = http_reply_finish(&probe->reply);
		} else {
			struct reader in = reader_of(room, (size_t)n);

			progress = http_reply_feed(&probe->reply, &in);
			if (progress == HTTP_DONE && in.left && probe->reply.has_length)
				probe->reply.length_wrong = true; /* more than announced */
		}
		if (progress != HTTP_MORE) {
			done_progress(check, progress);
			return;
		}
	}
	check_watch(check, events);
}

void checker_http_on_io(struct check *check, uint32_t events)
{
	const struct http_probe *probe = check->probe;

	(void)events;
	extend_deadline(check);
	if (probe->step == STEP_CONNECT && !step_connect(check))
		return;
	if (probe->step == STEP_HANDSHAKE && !step_handshake(check))
		return;
	if (probe->step == STEP_SEND && !step_send(check))
		return;
	step_receive(check);
}

void checker_http_on_timeout(struct check *check)
{
	const struct http_probe *probe = check->probe;

	if (probe->step == STEP_CONNECT)
		check_done(check, CHECK_TIMEOUT, "no connection in time");
	else if (probe->step == STEP_HANDSHAKE)
		check_done(check, CHECK_TIMEOUT, "TLS handshake not finished in time");
	else if (probe->reply.header_octets == 0)
		check_done(check, CHECK_TIMEOUT, "no reply in time");
	else
		check_done(check, CHECK_TIMEOUT, "reply not finished in time");
}

static const struct checker_ops ops = {
	.name = "HTTP_GET",
	.start = start_plain,
	.on_io = checker_http_on_io,
	.on_timeout = checker_http_on_timeout,
	.stop = checker_http_stop,
};

const struct checker_ops *checker_http_ops(void)
{
	return &ops;
}
