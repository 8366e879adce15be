/* SPDX-License-Identifier: MIT */
/*
 * The control socket and its clients: lines in, lines out, one request of a client at a time. A
 * request that needs an engine waits here, by number, until the engine's reply arrives in main's
 * mailbox. Runs in main; every socket is non-blocking.
 */
#include "core/run/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/ctl/commands.h"
#include "core/run/control_private.h"
#include "core/run/daemon.h"

#define CLIENTS_MAX  32
#define LINE_MAX_IN  65536
#define REPLY_MAX_US (5 * USEC_PER_SEC)
#define RETRY_US     USEC_PER_SEC

struct client {
	struct client *next;
	struct control *control;
	int fd;
	uid_t uid;
	struct loop_io *io;
	char *in; /* LINE_MAX_IN octets */
	size_t n_in;
	char *out;
	size_t n_out, sent;
	bool busy;		/* a request waits for its answer */
	bool leaving;		/* no more input; goes when the output is sent */
	uint64_t reload_ticket; /* 0: not waiting for one */
	uint64_t first_request; /* 0: not waiting for replies */
	uint32_t n_requests, n_replies;
	uint64_t deadline_us;
	json_t *result;
	char error[160];
};

struct control {
	struct daemon *daemon;
	int fd;
	char *path;
	struct loop_io *io;
	struct loop_timer *timer;
	struct loop_timer *retry; /* who connected while there was no descriptor */
	struct client *clients;
	unsigned n_clients;
	uint64_t next_request;
};

struct command {
	const char *word;
	control_fn *fn;
};

static const struct command commands[] = {
#define ROW(word, arguments, help) {#word, control_##word},
	CTL_COMMANDS(ROW)
#undef ROW
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void free_client(struct client *client)
{
	loop_io_free(client->io);
	close(client->fd);
	json_decref(client->result);
	free(client->in);
	free(client->out);
	free(client);
}

static void drop_client(struct client *client)
{
	struct client **at = &client->control->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->control->n_clients--;
	free_client(client);
}

struct daemon *control_daemon(const struct client *client)
{
	return client->control->daemon;
}

uid_t control_uid(const struct client *client)
{
	return client->uid;
}

/* ---- answers ---- */

static void set_events(struct client *client)
{
	uint32_t events = client->busy || client->leaving ? 0 : EPOLLIN;

	if (client->sent < client->n_out)
		events |= EPOLLOUT;
	loop_io_set_events(client->io, events);
}

/* Takes over the reference. */
static void put_line(struct client *client, json_t *line)
{
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	size_t size = text ? strlen(text) : 0;
	char *out = text ? realloc(client->out, client->n_out + size + 1) : NULL;

	json_decref(line);
	if (out) {
		memcpy(out + client->n_out, text, size);
		out[client->n_out + size] = '\n';
		client->out = out;
		client->n_out += size + 1;
	} else {
		client->leaving = true;
	}
	free(text);
	client->busy = false;
	client->reload_ticket = 0;
	client->first_request = 0;
	client->deadline_us = 0;
	set_events(client);
}

void control_answer(struct client *client, json_t *result)
{
	put_line(client, json_pack("{s:b, s:o}", "ok", 1, "result", result));
}

void control_refuse(struct client *client, const char *format, ...)
{
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	json_t *line = json_pack("{s:b, s:s}", "ok", 0, "error", text);
	if (!line) /* the text quotes something that is not UTF-8 */
		line = json_pack("{s:b, s:s}", "ok", 0, "error", "bad text in the request");
	put_line(client, line);
}

/* ---- requests that wait ---- */

static void handle_lines(struct client *client);

void control_wait_reload(struct client *client, uint64_t ticket)
{
	client->reload_ticket = ticket;
}

uint64_t control_new_requests(struct client *client, uint32_t count)
{
	uint64_t first = client->control->next_request;

	client->control->next_request += count;
	return first;
}

void control_wait_replies(struct client *client, uint64_t first, uint32_t count, json_t *result)
{
	client->first_request = first;
	client->n_requests = count;
	client->n_replies = 0;
	client->error[0] = '\0';
	json_decref(client->result);
	client->result = result;
	client->deadline_us = clock_now_us() + REPLY_MAX_US;
	loop_timer_arm(client->control->timer, client->deadline_us);
}

void control_on_reload(struct control *control, uint64_t ticket, const char *error)
{
	struct client *next;

	for (struct client *client = control ? control->clients : NULL; client; client = next) {
		next = client->next;
		if (!client->reload_ticket || client->reload_ticket > ticket)
			continue;
		if (error)
			control_refuse(client, "%s", error);
		else
			control_status(client, NULL);
		handle_lines(client);
	}
}

static void finish_replies(struct client *client)
{
	json_t *result = client->result;

	client->result = NULL;
	if (client->error[0]) {
		json_decref(result);
		control_refuse(client, "%s", client->error);
	} else {
		control_answer(client, result);
	}
	handle_lines(client);
}

void control_on_reply(struct control *control, const struct msg_reply *reply)
{
	struct client *client = control ? control->clients : NULL;

	while (client && (!client->first_request || reply->request < client->first_request ||
			  reply->request >= client->first_request + client->n_requests))
		client = client->next;
	if (!client)
		return;
	if (reply->error && !client->error[0])
		snprintf(client->error, sizeof client->error, "%s%s",
			 reply->text[0] ? reply->text : strerror(-reply->error),
			 reply->error == -EPERM ? "; with --force all the same" : "");
	if (++client->n_replies == client->n_requests)
		finish_replies(client);
}

static void on_timer(uint64_t now_us, void *owner)
{
	struct control *control = owner;
	uint64_t next_us = UINT64_MAX;

	for (struct client *client = control->clients; client; client = client->next) {
		if (client->deadline_us && client->deadline_us <= now_us) {
			snprintf(client->error, sizeof client->error,
				 "the check thread does not answer; the change may still happen");
			finish_replies(client);
		} else if (client->deadline_us && client->deadline_us < next_us) {
			next_us = client->deadline_us;
		}
	}
	if (next_us != UINT64_MAX)
		loop_timer_arm(control->timer, next_us);
}

/* ---- requests ---- */

static void handle_line(struct client *client, const char *line, size_t size)
{
	json_error_t why;
	json_t *request = json_loadb(line, size, JSON_REJECT_DUPLICATES, &why);
	const char *word = json_string_value(json_object_get(request, "command"));
	size_t i = 0;

	client->busy = true;
	if (!request) {
		control_refuse(client, "not JSON: %s", why.text);
		return;
	}
	while (word && i < COMMANDS && strcmp(commands[i].word, word))
		i++;
	if (!word)
		control_refuse(client, "a request is an object with a \"command\"");
	else if (i == COMMANDS)
		control_refuse(client, "unknown command '%s'", word);
	else
		commands[i].fn(client, request);
	json_decref(request);
}

static void handle_lines(struct client *client)
{
	while (!client->busy && !client->leaving) {
		char *end = memchr(client->in, '\n', client->n_in);

		if (!end && client->n_in == LINE_MAX_IN) {
			control_refuse(client, "the line is too long");
			client->leaving = true;
		}
		if (!end)
			break;
		size_t size = (size_t)(end - client->in);
		handle_line(client, client->in, size);
		client->n_in -= size + 1;
		memmove(client->in, end + 1, client->n_in);
	}
	set_events(client);
}

/* False: the client is gone. */
static bool read_some(struct client *client)
{
	ssize_t got = recv(client->fd, client->in + client->n_in, LINE_MAX_IN - client->n_in, 0);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return false;
	client->n_in += (size_t)got;
	return true;
}

static bool write_some(struct client *client)
{
	ssize_t put = send(client->fd, client->out + client->sent, client->n_out - client->sent,
			   MSG_NOSIGNAL);

	if (put < 0)
		return errno == EAGAIN || errno == EINTR;
	client->sent += (size_t)put;
	if (client->sent == client->n_out) {
		client->sent = client->n_out = 0;
		if (client->leaving)
			return false;
	}
	return true;
}

static void on_client(int fd, uint32_t events, void *owner)
{
	struct client *client = owner;
	bool alive = !(events & (EPOLLHUP | EPOLLERR)) || (events & EPOLLIN);

	(void)fd;
	if (alive && (events & EPOLLOUT))
		alive = write_some(client);
	if (alive && (events & EPOLLIN))
		alive = read_some(client);
	if (!alive) {
		drop_client(client);
		return;
	}
	handle_lines(client);
}

/* ---- the socket ---- */

static int peer_uid(int fd, uid_t *ret)
{
	struct ucred who;
	socklen_t size = sizeof who;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return -errno;
	*ret = who.uid;
	return who.uid == 0 || who.uid == geteuid() ? 0 : -EPERM;
}

static int add_client(struct control *control, int fd)
{
	struct client *client = calloc(1, sizeof *client);
	int error;

	if (!client)
		return -ENOMEM;
	client->control = control;
	client->fd = fd;
	error = peer_uid(fd, &client->uid);
	if (!error && control->n_clients >= CLIENTS_MAX)
		error = -EBUSY;
	client->in = error ? NULL : malloc(LINE_MAX_IN);
	if (!error && !client->in)
		error = -ENOMEM;
	if (!error)
		error = loop_io_new(control->daemon->loop, fd, EPOLLIN, LOOP_NORMAL, on_client,
				    client, &client->io);
	if (error) {
		free(client->in);
		free(client);
		return error;
	}
	client->next = control->clients;
	control->clients = client;
	control->n_clients++;
	return 0;
}

static void accept_clients(struct control *control)
{
	int client, error;

	while ((client = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		error = add_client(control, client);
		if (!error)
			continue;
		log_warn("main", "control client refused: %s", strerror(-error));
		close(client);
	}
	if (errno != EAGAIN)
		loop_timer_arm(control->retry, clock_now_us() + RETRY_US);
}

/* Edge-triggered: a listener that waits for a free descriptor must not keep main busy. */
static void on_connection(int fd, uint32_t events, void *owner)
{
	(void)fd;
	(void)events;
	accept_clients(owner);
}

static void on_retry(uint64_t now_us, void *owner)
{
	(void)now_us;
	accept_clients(owner);
}

int control_open(struct daemon *d, const char *path, struct control **ret)
{
	struct control *control = calloc(1, sizeof *control);
	int error = -ENOMEM;

	if (!control)
		return -ENOMEM;
	control->daemon = d;
	control->next_request = 1;
	control->fd = -1;
	control->path = strdup(path);
	if (!control->path)
		goto fail;
	control->fd = control_listen(path);
	if (control->fd < 0) {
		error = control->fd;
		goto fail;
	}
	error = loop_timer_new(d->loop, on_timer, control, &control->timer);
	if (!error)
		error = loop_timer_new(d->loop, on_retry, control, &control->retry);
	if (!error)
		error = loop_io_new(d->loop, control->fd, EPOLLIN | EPOLLET, LOOP_NORMAL,
				    on_connection, control, &control->io);
	if (error)
		goto fail;
	*ret = control;
	return 0;
fail:
	control_close(control);
	return error;
}

struct control *control_close(struct control *control)
{
	if (!control)
		return NULL;
	while (control->clients)
		drop_client(control->clients);
	loop_io_free(control->io);
	loop_timer_free(control->retry);
	loop_timer_free(control->timer);
	if (control->fd >= 0) {
		unlink(control->path);
		close(control->fd);
	}
	free(control->path);
	free(control);
	return NULL;
}
