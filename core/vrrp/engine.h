/* SPDX-License-Identifier: MIT */
/*
 * All virtual routers of the daemon together: configuration, links, tracked objects, sync groups,
 * received packets. Deterministic: time comes with each call, every effect leaves through struct
 * vrrp_ops. The vrrp thread drives it with sockets and mailboxes, the tests with scripts in virtual
 * time.
 *
 * Calls take now_us (monotonic). After a batch of calls the owner calls vrrp_engine_flush(), which
 * publishes rows when they are due and only then posts the events and answers that refer to them;
 * then it arms one timer at vrrp_engine_due_us() and calls vrrp_engine_tick() when it fires.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cmd.h"

struct vrrp_engine;
struct vrrp_envelope;

/* The number of no interface: what an instance without one speaks and listens over. The kernel
 * counts its own from 1, and never that far. */
#define VRRP_ANYWHERE INT32_MAX

/* None may call back into the engine. Errors: negative errno. ifindex may be VRRP_ANYWHERE in open,
 * close, hear_ah, buffer and send, with the name "". */
struct vrrp_ops {
	/* Makes the interface able to send, and to receive unicast, in a family (AF_INET,
	 * AF_INET6); called once for both until close. mac NULL, or of a macvlan: then it receives
	 * what its namesakes on other machines send, without joining a group. */
	int (*open)(void *owner, uint32_t ifindex, uint16_t family, const char *name,
		    const uint8_t *mac);
	void (*close)(void *owner, uint32_t ifindex, uint16_t family); /* leaves every group */
	/* On an interface open in IPv4: receive AH as well, or, which cannot fail, no longer. */
	int (*hear_ah)(void *owner, uint32_t ifindex, const char *name, bool on);
	/* On an interface open in its family: receive what is sent to group. */
	int (*join)(void *owner, uint32_t ifindex, const struct ip *group);
	void (*leave)(void *owner, uint32_t ifindex, const struct ip *group);
	/* How much may wait to be read of an interface open in a family; 0: as much as the system
	 * gives unasked. */
	int (*buffer)(void *owner, uint32_t ifindex, uint16_t family, uint32_t octets);
	/* protocol: VRRP_PROTOCOL, or VRRP_PROTOCOL_AH for a message that begins with its header */
	int (*send)(void *owner, uint32_t ifindex, const struct ip *source,
		    const struct ip *destination, uint8_t ttl, uint8_t protocol,
		    const void *message, size_t size);
	/* One gratuitous ARP for an IPv4 address; one unsolicited neighbour advertisement for an
	 * IPv6 address, with the router flag or without. */
	int (*garp)(void *owner, uint32_t ifindex, const uint8_t mac[6], const struct ip *address);
	int (*na)(void *owner, uint32_t ifindex, const uint8_t mac[6], const struct ip *address,
		  bool router);
	void (*mail)(void *owner, enum snap_thread to, enum msg_kind kind, const void *body,
		     size_t size);
	void (*publish)(void *owner, struct snap_vrrp *rows); /* takes rows */
	void (*log)(void *owner, int level, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
	uint64_t (*now_us)(void *owner); /* the clock that the calls below are given */
	uint64_t (*wall_us)(void *owner);
};

int vrrp_engine_new(const struct vrrp_ops *ops, void *owner, struct vrrp_engine **ret);
/* Silent: who wants resignations calls vrrp_engine_stop() before. Accepts and returns NULL. */
struct vrrp_engine *vrrp_engine_free(struct vrrp_engine *engine);

/*
 * Takes over the caller's reference. An instance that was there under the same name, interface,
 * VRID, version and family keeps its state, counters and timers; the others resign and go, or
 * start. Answers MSG_CONF_DONE at the next flush. -ENOMEM: the old configuration stays in force.
 */
int vrrp_engine_conf(struct vrrp_engine *engine, const struct conf *conf, uint64_t now_us);

void vrrp_engine_link(struct vrrp_engine *engine, const struct msg_link *link, uint64_t now_us);
void vrrp_engine_track(struct vrrp_engine *engine, const struct msg_track *track);
void vrrp_engine_static(struct vrrp_engine *engine, const struct msg_static *is);
void vrrp_engine_addrs_done(struct vrrp_engine *engine, const struct msg_addrs_done *done,
			    uint64_t now_us);
/* Answered by MSG_REPLY at the next flush. */
void vrrp_engine_set(struct vrrp_engine *engine, const struct msg_vrrp_set *set, uint64_t now_us);
void vrrp_engine_announce(struct vrrp_engine *engine, const struct msg_announce *wanted,
			  uint64_t now_us);
/* An IPv4 datagram with its header, as received on ifindex. */
void vrrp_engine_receive(struct vrrp_engine *engine, uint32_t ifindex, const void *datagram,
			 size_t size, uint64_t now_us);
/* An IPv6 message, and what the kernel says of its header. */
void vrrp_engine_receive6(struct vrrp_engine *engine, uint32_t ifindex,
			  const struct vrrp_envelope *envelope, uint64_t now_us);
/* What is due by then, first what was due first. */
void vrrp_engine_tick(struct vrrp_engine *engine, uint64_t now_us);
/* All resign. Flush once more, then free. */
void vrrp_engine_stop(struct vrrp_engine *engine, uint64_t now_us);

void vrrp_engine_flush(struct vrrp_engine *engine, uint64_t now_us);
/* When vrrp_engine_tick() or vrrp_engine_flush() has something to do; 0: never. */
uint64_t vrrp_engine_due_us(const struct vrrp_engine *engine);
