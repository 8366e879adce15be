/* SPDX-License-Identifier: MIT */
/*
 * vipd-exec, what runs between the fork and the program: `vipd-exec FORM UID GID GROUPS FILES
 * PATH ARGV0 ...`. posix_spawn can change neither account nor limits. It is a program of its own
 * because vipd itself takes several milliseconds to find its libraries, each time. GROUPS are the
 * other groups of the account, numbers with commas between them, or nothing; FILES is how many the
 * program may have open: what the daemon may is more. It finds itself open as EXEC_CHILD_FD, and as
 * EXEC_PROGRAM_FD a program that was opened beforehand, of which PATH is EXEC_PROGRAM_FD_PATH.
 *
 * Exit status when the program cannot be run: 126, or 127 when it is not there.
 */
#pragma once

#define EXEC_CHILD_NAME	     "vipd-exec"
#define EXEC_CHILD_FORM	     "form 1" /* raised with every change of the arguments */
#define EXEC_CHILD_FD	     3
#define EXEC_CHILD_FD_PATH   "/proc/self/fd/3"
#define EXEC_PROGRAM_FD	     4
#define EXEC_PROGRAM_FD_PATH "/proc/self/fd/4"
#define EXEC_FDS	     5 /* those from here on mean nothing */
