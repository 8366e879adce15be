/* SPDX-License-Identifier: MIT */
/*
 * The text of the mail that tells of an event: subject and body word by word as keepalived 2.2.7
 * writes them, since operators sort and filter by them; the other headers as RFC 5322 wants them.
 * Pure, any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"

#define LETTER_TEXT_MAX	   512
#define LETTER_ADDRESS_MAX 256

/* One event told. What does not fit is cut. */
struct letter {
	uint64_t wall_us;		/* when it happened */
	uint64_t number;		/* tells letters of one moment apart */
	char subject[LETTER_TEXT_MAX];	/* without the name of the node */
	char body[LETTER_TEXT_MAX / 2]; /* one line */
};

enum letter_state {
	LETTER_BACKUP,
	LETTER_MASTER,
	LETTER_FAULT,
	LETTER_STOPPING,
	LETTER_DELETED, /* of instances only */
	LETTER_STATES,
};

/* Each fills subject and body. */
void letter_instance(struct letter *letter, const char *name, enum letter_state state);
void letter_group(struct letter *letter, const char *name, enum letter_state state);
/* A checker of the server changed its mind, which may or may not have changed the server; detail:
 * why it failed. */
void letter_check(struct letter *letter, const struct conf_virtual_server *service,
		  const struct conf_real_server *server, bool up, enum conf_checker_type checker,
		  bool check_up, const char *detail);
/* The daemon stops, and the server with it. */
void letter_server_stopping(struct letter *letter, const struct conf_virtual_server *service,
			    const struct conf_real_server *server);
void letter_quorum(struct letter *letter, const struct conf_virtual_server *service, bool up,
		   uint32_t weight);
void letter_quorum_stopping(struct letter *letter, const struct conf_virtual_server *service);

/*
 * The message, headers and all, with CRLF at the end of each line: from the router_id, sender and
 * recipients of global, host (for the Message-ID) and the letter. The caller frees it; NULL: no
 * memory.
 */
char *letter_format(const struct letter *letter, const struct conf_global *global, const char *host,
		    size_t *ret_length);

/* The address in what is configured: of "Name <user@host>" what is between the brackets. Returns
 * room. */
char *letter_address(const char *configured, char room[static LETTER_ADDRESS_MAX]);

/* Control characters become spaces: none of them may end a header. */
void letter_clean(char *text);
