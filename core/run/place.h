/* SPDX-License-Identifier: MIT */
/*
 * The place of this vipd among others on the machine: its network namespace, the name of its
 * instance, and the files that go by these. Taken once, before the first thread; a reload changes
 * nothing of it. See place_take() in daemon.h, too. Thread: main; the descriptors are for any.
 */
#pragma once

struct conf_process;
struct options;
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

#define PLACE_NONE ((struct place){.outside = -1, .ipvs = -1})

/* What the command line and a configuration say; options get the files that they do not name, which
 * are the place's and live as long. place: PLACE_NONE before. 0 or -ENOMEM. */
int place_choose(struct place *place, const struct conf_process *process, struct options *options);
/* Enters the namespace for good, if there is one: the way back is for what has to be outside. 0 or
 * negative errno. */
int place_enter(struct place *place);
void place_free(struct place *place);
