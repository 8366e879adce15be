/* SPDX-License-Identifier: MIT */
/*
 * Network namespaces: which one the calling thread makes its sockets in. A socket stays where it
 * was made, whatever its thread does later. Any thread.
 */
#pragma once

/*
 * A descriptor of the namespace of that name (ip-netns(8)), of the first process's for "". Returns
 * it, or negative errno; -EINVAL for what cannot be such a name.
 */
int netns_open(const char *name);

/*
 * Takes the calling thread there, until netns_return() with *ret_home. netns -1: stays where it is.
 * Returns 0 or negative errno, and then nothing is to be undone.
 */
int netns_visit(int netns, int *ret_home);
/* Ends the process when the way back is barred: to go on in the wrong network would be worse. */
void netns_return(int home);
