/* SPDX-License-Identifier: MIT */
/*
 * What runs between the fork and the program: `vipd --exec UID GID GROUPS FILES PATH ARGV0 ...`.
 * posix_spawn can change neither account nor limits, so vipd starts itself in this role first.
 * FILES is how many the program may have open: what the daemon may is more.
 */
#pragma once

#define EXEC_CHILD_WORD	  "--exec"
#define EXEC_CHILD_ALONE  "alone"  /* no group but the one */
#define EXEC_CHILD_GROUPS "groups" /* also the other groups of the account */

/* Takes main's arguments; returns only when the program cannot be run: an exit status (126, 127).
 */
int exec_child_main(int argc, char **argv);
