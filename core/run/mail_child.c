/* SPDX-License-Identifier: MIT */
/*
 * The program vipd-mail: sends the letters that it is told of on its standard input, a socket of
 * packets, and tells there what became of each (smtp_wire.h). It is a program of its own so that
 * the daemon has neither libcurl and the thirty libraries behind it in its memory nor their code
 * beside its rights: vipd-exec has taken those away before it starts. Ends when the daemon has
 * closed the socket, or ends it; it may wait for anything.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/run/exec_child.h"
#include "core/run/smtp.h"

/* The next packet, which the caller frees; NULL: there is none. */
static uint8_t *receive(size_t *ret_size)
{
	ssize_t size = recv(STDIN_FILENO, NULL, 0, MSG_PEEK | MSG_TRUNC);

	if (size <= 0)
		return NULL;
	uint8_t *packet = malloc((size_t)size);
	if (packet && recv(STDIN_FILENO, packet, (size_t)size, 0) != size) {
		free(packet);
		packet = NULL;
	}
	*ret_size = (size_t)size;
	return packet;
}

static int work(struct smtp *smtp)
{
	uint8_t *packet, answer[SMTP_RESULT_MAX];
	size_t size;
	int error = 0;

	while (!error && (packet = receive(&size))) {
		struct smtp_request request;
		struct smtp_result result;

		error = smtp_unpack_request(packet, size, &request);
		if (!error) {
			smtp_send(smtp, &request, &result);
			free((void *)request.recipients);
			size = smtp_pack_result(&result, answer);
			if (send(STDIN_FILENO, answer, size, MSG_NOSIGNAL) < 0)
				error = -errno;
		}
		free(packet);
	}
	return error;
}

int main(void)
{
	struct smtp *smtp;

	close(EXEC_PROGRAM_FD);
	prctl(PR_SET_NAME, "vipd-mail"); /* else that descriptor's number */
	signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || smtp_new(&smtp) < 0)
		return EXIT_FAILURE;
	int error = work(smtp);
	smtp_free(smtp);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
