/* SPDX-License-Identifier: MIT */
/*
 * The kernel's settings of one interface or of none, through /proc/sys/net, which answers at once.
 * Thread: main; its network namespace counts. Errors: negative errno; -EROFS in a container that
 * may not.
 */
#pragma once

#include <stdint.h>

#define SYSCTL_ALL "all" /* in the place of an interface */

/* family: AF_INET or AF_INET6; interface NULL: a setting of none, such as net.ipv4.ip_forward;
 * name: as in Documentation/networking/ip-sysctl.rst. */
int sysctl_read(uint16_t family, const char *interface, const char *name, int *ret);
int sysctl_write(uint16_t family, const char *interface, const char *name, int value);
