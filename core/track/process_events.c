/* SPDX-License-Identifier: MIT */
/*
 * The process events connector: one netlink socket, one subscription, fixed-size messages. Only the
 * kernel is listened to; any process may send to a netlink socket. Thread: main.
 */
#include "core/track/process_events.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/base/netns.h"

#define TURN_MESSAGES 256 /* taken before others have their turn */

struct process_events {
	const struct process_events_hooks *hooks;
	void *owner;
	int fd;
	struct loop_io *io;
};

static struct process_event whole(enum process_event_kind kind, pid_t pid, pid_t group)
{
	struct process_event event = {.kind = kind, .pid = pid};

	if (pid != group)
		event.kind = PROCESS_EVENT_OTHER;
	return event;
}

static struct process_event translate(const struct proc_event *is)
{
	struct process_event event = {.kind = PROCESS_EVENT_OTHER};

	/* what is an enum in one kernel's header is a macro in another's */
	switch ((uint32_t)is->what) {
	case PROC_EVENT_NONE:
		event.kind = PROCESS_EVENT_ANSWER;
		event.error = -(int)is->event_data.ack.err;
		return event;
	case PROC_EVENT_FORK:
		event = whole(PROCESS_EVENT_FORK, is->event_data.fork.child_pid,
			      is->event_data.fork.child_tgid);
		event.parent = is->event_data.fork.parent_tgid;
		return event;
	case PROC_EVENT_EXEC:
		return whole(PROCESS_EVENT_CHANGE, is->event_data.exec.process_pid,
			     is->event_data.exec.process_tgid);
	case PROC_EVENT_COMM:
		return whole(PROCESS_EVENT_CHANGE, is->event_data.comm.process_pid,
			     is->event_data.comm.process_tgid);
	case PROC_EVENT_EXIT:
		return whole(PROCESS_EVENT_EXIT, is->event_data.exit.process_pid,
			     is->event_data.exit.process_tgid);
	default:
		return event;
	}
}

struct process_event process_event_read(const void *octets, size_t size)
{
	struct reader r = reader_of(octets, size);
	struct proc_event event = {0};
	struct nlmsghdr head;
	struct cn_msg message;

	read_octets(&r, &head, sizeof head);
	read_octets(&r, &message, sizeof message);
	/* Older kernels have shorter events, newer ones longer. */
	if (r.bad || message.id.idx != CN_IDX_PROC || message.id.val != CN_VAL_PROC ||
	    message.len > r.left || message.len < offsetof(struct proc_event, event_data))
		return (struct process_event){.kind = PROCESS_EVENT_OTHER};
	read_octets(&r, &event, message.len < sizeof event ? message.len : sizeof event);
	return translate(&event);
}

/* Returns whether there may be more. */
static bool take_message(struct process_events *events)
{
	char octets[512];
	struct sockaddr_nl from = {0};
	socklen_t length = sizeof from;
	ssize_t size = recvfrom(events->fd, octets, sizeof octets, MSG_DONTWAIT,
				(struct sockaddr *)&from, &length);
	struct process_event event;

	if (size < 0 && errno == ENOBUFS)
		events->hooks->on_lost(events->owner);
	if (size < 0)
		return errno == ENOBUFS || errno == EINTR;
	if (from.nl_pid != 0)
		return true;
	event = process_event_read(octets, (size_t)size);
	if (event.kind == PROCESS_EVENT_ANSWER && event.error) {
		events->hooks->on_refused(event.error, events->owner);
		return false; /* events may be gone */
	}
	if (event.kind == PROCESS_EVENT_ANSWER)
		events->hooks->on_ready(events->owner);
	else if (event.kind != PROCESS_EVENT_OTHER)
		events->hooks->on_event(&event, events->owner);
	return true;
}

static void on_socket(int fd, uint32_t ready, void *owner)
{
	(void)fd;
	(void)ready;
	for (int i = 0; i < TURN_MESSAGES; i++)
		if (!take_message(owner))
			return;
}

static int subscribe(int fd)
{
	uint32_t what = PROC_CN_MCAST_LISTEN;
	struct cn_msg message = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof what};
	struct nlmsghdr head = {.nlmsg_len = sizeof head + sizeof message + sizeof what,
				.nlmsg_type = NLMSG_DONE};
	const struct iovec parts[] = {
		{&head, sizeof head}, {&message, sizeof message}, {&what, sizeof what}};

	return writev(fd, parts, sizeof parts / sizeof *parts) < 0 ? -errno : 0;
}

static void set_buffer(int fd, const struct conf_buffer *buffer)
{
	int bytes = buffer->bytes > INT32_MAX ? INT32_MAX : (int)buffer->bytes;

	if (bytes && setsockopt(fd, SOL_SOCKET, buffer->force ? SO_RCVBUFFORCE : SO_RCVBUF, &bytes,
				sizeof bytes) < 0)
		log_warn("track", "cannot set the receive buffer for process events: %s",
			 strerror(errno));
}

static int open_socket(const struct conf_buffer *buffer)
{
	const struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
	int error;

	if (fd < 0)
		return -errno;
	set_buffer(fd, buffer);
	error = bind(fd, (const struct sockaddr *)&own, sizeof own) < 0 ? -errno : subscribe(fd);
	if (!error)
		return fd;
	close(fd);
	return error;
}

int process_events_new(struct loop *loop, int netns, const struct conf_buffer *buffer,
		       const struct process_events_hooks *hooks, void *owner,
		       struct process_events **ret)
{
	struct process_events *events = calloc(1, sizeof *events);
	int error, home;

	if (!events)
		return -ENOMEM;
	events->hooks = hooks;
	events->owner = owner;
	events->fd = netns_visit(netns, &home);
	if (!events->fd) {
		events->fd = open_socket(buffer);
		netns_return(home);
	}
	error = events->fd < 0 ? events->fd
			       : loop_io_new(loop, events->fd, EPOLLIN, LOOP_NORMAL, on_socket,
					     events, &events->io);
	if (error) {
		process_events_free(events);
		return error;
	}
	*ret = events;
	return 0;
}

void process_events_set_buffer(struct process_events *events, const struct conf_buffer *buffer)
{
	set_buffer(events->fd, buffer);
}

struct process_events *process_events_free(struct process_events *events)
{
	if (!events)
		return NULL;
	loop_io_free(events->io);
	if (events->fd >= 0)
		close(events->fd);
	free(events);
	return NULL;
}
