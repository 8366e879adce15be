/* SPDX-License-Identifier: MIT */
/*
 * The programs a configuration wants run, looked up once: where each is, as whom it runs, whether
 * it may; likewise whose its FIFOs are. Made together with the configuration, because user names
 * and paths may take time to resolve.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf/model.h"
#include "core/run/exec.h"

struct scripts;

struct scripts_note {
	int level; /* syslog.h */
	char text[256];
};

/*
 * Any thread; waits for the user database and the file system. conf must outlive the result. 0 or
 * -ENOMEM; a script that cannot or may not run is a note, not an error.
 */
int scripts_resolve(const struct conf *conf, struct scripts **ret);
struct scripts *scripts_free(struct scripts *scripts);

/* How to run a command of that configuration: 0, or -EACCES when it was found unusable. Valid with
 * scripts. */
int scripts_command(const struct scripts *scripts, const struct conf_command *command,
		    struct exec_command *ret);

enum scripts_fifo { SCRIPTS_FIFO_ALL, SCRIPTS_FIFO_VRRP, SCRIPTS_FIFO_LVS, SCRIPTS_FIFOS };

/* A FIFO of that configuration and whose it shall be; NULL when none is configured, or its user
 * does not exist. */
const struct conf_fifo *scripts_fifo(const struct scripts *scripts, enum scripts_fifo which,
				     uid_t *ret_uid, gid_t *ret_gid);

/* What was found on the way. */
const struct scripts_note *scripts_notes(const struct scripts *scripts, size_t *ret_count);
size_t scripts_insecure(const struct scripts *scripts); /* refused by enable_script_security */
