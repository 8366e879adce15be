/* SPDX-License-Identifier: MIT */
/*
 * The lines that programs read from the notify FIFOs, as keepalived.conf(5) has them. Pure.
 *
 * Each fills room with the line, its newline and a terminator, and returns its length without the
 * terminator; 0 when it does not fit, which no name of reasonable length comes near.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf/model.h"

#define RECORD_MAX PIPE_BUF /* what a FIFO takes as a whole */

#define RECORD_SUBJECT_MAX (RECORD_MAX / 2)

/* [ADDRESS]:PROTOCOL:PORT, FWM MARK or [GROUP]:0. False: it does not fit. */
bool record_name_service(char room[static RECORD_SUBJECT_MAX],
			 const struct conf_virtual_server *service);
/* [ADDRESS]:PROTOCOL:PORT */
void record_name_server(char room[static RECORD_SUBJECT_MAX],
			const struct conf_virtual_server *service,
			const struct conf_real_server *server);

/* INSTANCE "NAME" WORD PRIORITY; kind: INSTANCE or GROUP */
size_t record_router(char room[static RECORD_MAX], const char *kind, const char *name,
		     const char *word, unsigned priority);
/* VS [ADDRESS]:PROTOCOL:PORT UP */
size_t record_service(char room[static RECORD_MAX], const struct conf_virtual_server *service,
		      bool up);
/* RS [ADDRESS]:PROTOCOL:PORT, its service as above, UP */
size_t record_server(char room[static RECORD_MAX], const struct conf_virtual_server *service,
		     const struct conf_real_server *server, bool up);
