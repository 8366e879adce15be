/* SPDX-License-Identifier: MIT */
/*
 * What runs between the fork and the program: `vipd --exec UID GID PATH ARGV0 ...`. posix_spawn
 * cannot change the account, so vipd starts itself in this role first.
 */
#pragma once

#define EXEC_CHILD_WORD "--exec"

/* Takes main's arguments; returns only when the program cannot be run: an exit status (126, 127).
 */
int exec_child_main(int argc, char **argv);
