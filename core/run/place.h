/* SPDX-License-Identifier: MIT */
/*
 * The place of this vipd among others on the machine: its network namespace, the name of its
 * instance, and the files that go by these. Taken once, before the first thread; a reload changes
 * nothing of it. See place_take() in daemon.h. Thread: main; the descriptors are for any.
 */
#pragma once

struct pidfile;

struct place {
	char *netns, *instance; /* NULL: none */
	char *tag;		/* [NETNS][_INSTANCE]; "" for the only one of its kind */
	/* Of its own choice, where the command line leaves it: */
	char *directory; /* of the pid file, made when there was none; NULL: none made */
	char *pid_file, *state_dir, *control;
	struct pidfile *lock;
	/* see core/base/netns.h; -1: this one */
	int outside; /* where it was started */
	int ipvs;
};
