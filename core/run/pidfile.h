/* SPDX-License-Identifier: MIT */
/*
 * The pid file: a lock that ends with the process, and the pid for those who look. Thread: main.
 */
#pragma once

#include <sys/types.h>

struct pidfile;

/*
 * Creates and locks path. -EEXIST with *ret_other set when another process holds it (0: unknown).
 * The lock is lost by fork(): take it in the process that stays.
 */
int pidfile_open(const char *path, struct pidfile **ret, pid_t *ret_other);
struct pidfile *
pidfile_close(struct pidfile *pidfile); /* removes the file; accepts and returns NULL */
