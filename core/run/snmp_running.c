/* SPDX-License-Identifier: MIT */
/*
 * Asks the vipd that runs for its status, for --check-snmp: its tables are its own, so a visitor
 * that is refused them has found nothing wrong. Thread: main, and no other exists.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/run/snmp_check.h"

#define ANSWER_S 5

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = ANSWER_S};
	int fd;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return -ECONNREFUSED;
	}
	return fd;
}

static size_t read_answer(void *room, size_t size, void *owner)
{
	ssize_t got;

	do
		got = recv(*(int *)owner, room, size, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? (size_t)-1 : (size_t)got;
}

static void copy_text(const json_t *from, char *room, size_t size)
{
	const char *text = json_string_value(from);

	snprintf(room, size, "%s", text ? text : "");
}

void snmp_running_ask(const char *control_socket, struct snmp_running *ret)
{
	static const char request[] = "{\"command\":\"status\"}\n";
	int fd = connect_to(control_socket);
	json_t *answer = NULL;
	const json_t *result, *agent;

	memset(ret, 0, sizeof *ret);
	if (fd < 0)
		return;
	if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)sizeof request - 1)
		answer = json_load_callback(read_answer, &fd, JSON_DISABLE_EOF_CHECK, NULL);
	close(fd);
	result = json_object_get(answer, "result");
	agent = json_object_get(result, "agent");
	ret->pid =
		(int)json_integer_value(json_object_get(json_object_get(result, "daemon"), "pid"));
	ret->enabled = json_is_true(json_object_get(agent, "enabled"));
	ret->connected = json_is_true(json_object_get(agent, "connected"));
	copy_text(json_object_get(agent, "socket"), ret->socket, sizeof ret->socket);
	copy_text(json_object_get(agent, "last_error"), ret->last_error, sizeof ret->last_error);
	json_decref(answer);
}
