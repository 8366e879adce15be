/* SPDX-License-Identifier: MIT */
/*
 * HTTP_GET and, with TLS in between, SSL_GET: fetches one url per attempt; http_judge.c judges what
 * came. Thread: check.
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
#include "core/check/body_search.h"
#include "core/check/checker.h"
#include "core/check/http_probe.h"
#include "core/check/tls.h"

#define TIMEOUTS_IN_ALL 3
/* One TLS record, so that after each read nothing is left inside OpenSSL that poll does not see. */
#define READ_SIZE 16384
/* Reads before other checks get their turn. */
#define READS_PER_TURN 16
/* Octets after the reply that are passed over until the connection ends. */
#define SURPLUS_MAX 65536

/* ---- the request ---- */

static const char *host_of(const struct check *check)
{
	const struct conf_url *url = http_url(check);

	return url->virtualhost ? url->virtualhost : check->conf->virtualhost;
}

/*
 * The user agent is keepalived's on purpose: the log filters and probe exceptions of existing web
 * servers match it.
 */
static int make_request(const struct check *check, struct http_probe *probe)
{
	const struct conf_checker *conf = check->conf;
	const char *path = http_url(check)->path, *host = host_of(check);
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
	if (probe->search)
		body_search_add(probe->search, octets, size);
}

static bool is_compliant(const struct check *check)
{
	enum conf_switch own = http_url(check)->tls_compliant;

	return own == CONF_UNSET ? check->conf->tls_compliant : own == CONF_ON;
}

static void start(struct check *check, bool use_tls)
{
	struct http_probe *probe = calloc(1, sizeof *probe);
	int error = -ENOMEM;

	if (!probe)
		goto fail;
	check->probe = probe;
	probe->use_tls = use_tls;
	probe->compliant = use_tls && is_compliant(check);
	http_reply_init(&probe->reply, on_body, probe);
	error = make_request(check, probe);
	if (error >= 0 && http_url(check)->has_digest)
		error = md5_new(&probe->md5);
	if (error >= 0 && http_url(check)->regex.pattern)
		error = body_search_new(&http_url(check)->regex, &probe->search);
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

	if (!probe)
		return;
	tls_free(probe->tls);
	md5_free(probe->md5);
	body_search_free(probe->search);
	free(probe->request);
}

/* ---- the connection ---- */

static void done_progress(struct check *check, enum http_progress progress)
{
	if (progress == HTTP_DONE)
		http_judge(check);
	else
		http_judge_bad(check);
}

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
	if (!client)
		return false;
	if (tls_new(client, check->fd, name, probe->compliant, &probe->tls) < 0) {
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

/* The reply is whole, and yet the connection must end as it should. Nothing else is wanted. */
static enum http_progress await_end(struct http_probe *probe, size_t size)
{
	probe->ending = true;
	probe->surplus += size;
	if (probe->surplus <= SURPLUS_MAX)
		return HTTP_MORE;
	probe->reply.error = "more and more after the reply";
	return HTTP_BAD;
}

static enum http_progress feed(struct check *check, const uint8_t *octets, size_t size)
{
	struct http_probe *probe = check->probe;
	struct reader in = reader_of(octets, size);
	enum http_progress progress;

	if (probe->ending)
		return await_end(probe, size);
	progress = http_reply_feed(&probe->reply, &in);
	check->code = probe->reply.status;
	if (progress == HTTP_DONE && in.left && probe->reply.has_length)
		probe->reply.length_wrong = true; /* more than announced */
	if (progress == HTTP_DONE && probe->compliant)
		return await_end(probe, in.left);
	return progress;
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
		progress = n ? feed(check, room, (size_t)n) : http_reply_finish(&probe->reply);
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
	else if (probe->ending)
		check_done(check, CHECK_TIMEOUT, "connection not ended in time");
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
