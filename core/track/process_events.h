/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells of processes as they come and go: its process events connector. It answers
 * only in the first network and process namespace and with CAP_NET_ADMIN; whether it does is known
 * when on_ready() is called, or never.
 *
 * Thread: main. Errors: negative errno. Source: linux/cn_proc.h, linux/connector.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/model.h"

struct loop;
struct process_events;

enum process_event_kind {
	PROCESS_EVENT_OTHER,  /* nothing of interest, or nothing that was understood */
	PROCESS_EVENT_ANSWER, /* to the subscription: error */
	PROCESS_EVENT_FORK,   /* pid was made by parent */
	PROCESS_EVENT_CHANGE, /* pid runs another program or has another name */
	PROCESS_EVENT_EXIT,   /* pid has ended */
};

/* Of whole processes: what concerns one thread of several is OTHER. */
struct process_event {
	enum process_event_kind kind;
	pid_t pid, parent;
	int error; /* 0 or negative errno */
};

struct process_events_hooks {
	void (*on_ready)(void *owner);
	void (*on_event)(const struct process_event *event, void *owner); /* FORK, CHANGE, EXIT */
	void (*on_lost)(void *owner);		    /* some were dropped: look at everything */
	void (*on_refused)(int error, void *owner); /* it will not do; may be freed then */
};

/* Subscribes in that network namespace, -1: here (core/base/netns.h). hooks must outlive it. */
int process_events_new(struct loop *loop, int netns, const struct conf_buffer *buffer,
		       const struct process_events_hooks *hooks, void *owner,
		       struct process_events **ret);
/* Another receive buffer; one of 0 octets leaves what is. */
void process_events_set_buffer(struct process_events *events, const struct conf_buffer *buffer);
struct process_events *process_events_free(struct process_events *events);

/* One message of the kernel. Pure. */
struct process_event process_event_read(const void *octets, size_t size);
