/* SPDX-License-Identifier: MIT */
/*
 * The state machine of one virtual router: RFC 3768 section 6.4 with keepalived's extensions
 * (FAULT, preempt delay, answers to losing adverts, repeated gratuitous ARP). Pure: no I/O, no
 * clock, no lock, no log.
 *
 * vrrp_step() is the only writer of VRRP state. It returns what is to be done; the caller does it
 * in this order: adverts, addresses, gratuitous ARP, group, notifications (RFC 3768 section 6.4.2:
 * the advert goes first, so that the old master yields before caches are rewritten).
 *
 * Gratuitous ARP: one burst goes out at once with the transition, because the neighbours' caches
 * are what a takeover waits for; a second when the addresses are confirmed to be on the interface,
 * because an answer to a query in between may have come from the old master; a third garp_delay_us
 * after the transition, as configured.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/base/ip.h"
#include "core/snap.h"

/* What keeps an instance in INITIALIZE. */
enum vrrp_hold { VRRP_HOLD_START = 1 << 0, VRRP_HOLD_ADMIN = 1 << 1, VRRP_HOLD_STOP = 1 << 2 };

/* What keeps an instance in FAULT. */
enum vrrp_fault {
	VRRP_FAULT_UNSUPPORTED =
		1 << 0,		  /* a version, family or authentication this engine does not run */
	VRRP_FAULT_LINK = 1 << 1, /* interface absent or down */
	VRRP_FAULT_SOURCE = 1 << 2, /* no address to send from */
	VRRP_FAULT_SOCKET = 1 << 3, /* the system refused a socket */
	VRRP_FAULT_TRACK = 1 << 4,  /* a tracked script or interface of weight 0 is down */
	VRRP_FAULT_GROUP = 1 << 5,  /* another member of the sync group is held or in FAULT */
	VRRP_FAULT_ADDRESSES =
		1 << 6,		    /* the addresses could not be set; the machine's own finding */
	VRRP_FAULT_STATIC = 1 << 7, /* a static address, route or rule of a track group is gone */
	VRRP_FAULT_PEERS = 1 << 8,  /* unicast without a peer, and unicast_fault_no_peer */
};

/* Why the last transition happened. */
enum vrrp_why {
	VRRP_WHY_START,
	VRRP_WHY_RECOVERED,
	VRRP_WHY_OWNER,
	VRRP_WHY_SILENCE,
	VRRP_WHY_RELEASED,
	VRRP_WHY_PREEMPTED,
	VRRP_WHY_GROUP,
	VRRP_WHY_LATE,
	VRRP_WHY_HIGHER_PRIORITY,
	VRRP_WHY_HIGHER_ADDRESS,
	VRRP_WHY_ADDRESSES_FAILED,
	VRRP_WHY_ADDRESSES_SILENT,
	VRRP_WHY_UNSUPPORTED,
	VRRP_WHY_LINK,
	VRRP_WHY_SOURCE,
	VRRP_WHY_PEERS,
	VRRP_WHY_SOCKET,
	VRRP_WHY_TRACK,
	VRRP_WHY_STATIC,
	VRRP_WHY_ADMIN,
	VRRP_WHY_STOP,
	VRRP_WHYS,
};

const char *vrrp_why_name(enum vrrp_why why);
const char *vrrp_state_name(enum vrrp_state state);

/* After the addresses could not be set, wait this long (or for a change of link or configuration).
 */
#define VRRP_RETRY_US (30 * UINT64_C(1000000))

/*
 * A master whose addresses are not confirmed within its master-down interval goes to FAULT, but not
 * before so long: with adverts every 10 ms that interval is shorter than the kernel may take to set
 * an address on a busy machine.
 */
#define VRRP_CONFIRM_LEAST_US (3 * UINT64_C(1000000))

struct vrrp_instance {
	/* Parameters: written by the owner between steps. */
	const struct conf_instance *conf;
	struct ip primary; /* source of our adverts; AF_UNSPEC: none */
	uint8_t priority;  /* effective */
	uint64_t advert_us;
	bool preempt;
	bool grouped; /* to become master it must ask the sync group */

	/* State: written by vrrp_step() only. */
	enum vrrp_state state, wanted;
	uint32_t holds, faults; /* masks of enum vrrp_hold, vrrp_fault */
	struct ip master;	/* source of the last advert heard in BACKUP */
	uint8_t master_priority;
	uint64_t master_adver_us; /* version 3: learned interval; 0: none */
	bool addresses_set;	  /* confirmed */
	enum vrrp_reason reason, next_reason;
	uint64_t become_master, release_master; /* transitions */
	uint64_t changed_us, up_since_us;
	/* Deadlines, 0 for none. */
	uint64_t adver_at_us, down_at_us, preempt_at_us, confirm_at_us, garp_at_us,
		lower_garp_at_us, refresh_at_us, extra_at_us, retry_at_us;
	bool preempt_waited; /* the delay has run out */
};

enum vrrp_event_kind {
	VRRP_EVENT_CONDITIONS,	 /* holds, faults: what they are now; retry: forget
				    VRRP_FAULT_ADDRESSES */
	VRRP_EVENT_ADVERT,	 /* an accepted advertisement of another router: source, priority,
				    interval_us */
	VRRP_EVENT_TICK,	 /* time has passed */
	VRRP_EVENT_ADDRS_DONE,	 /* set, error */
	VRRP_EVENT_GROUP_MASTER, /* the sync group takes over as a whole */
	VRRP_EVENT_GROUP_BACKUP, /* the sync group has yielded */
	VRRP_EVENT_GROUP_LOWER,	 /* another member heard a losing advert */
	VRRP_EVENT_RECONF,	 /* conf was replaced: what has changed of it */
	VRRP_EVENTS,
};

struct vrrp_event {
	enum vrrp_event_kind kind;
	uint32_t holds, faults;
	bool retry;
	struct ip source;
	uint8_t priority;
	uint64_t interval_us;
	bool set;
	int error;
	bool timers_changed, addresses_changed, routing_changed;
};

enum vrrp_action {
	VRRP_SEND_ADVERT = 1 << 0,
	VRRP_SEND_RELEASE = 1 << 1, /* priority 0 */
	VRRP_ADD_ADDRS = 1 << 2,
	VRRP_DEL_ADDRS = 1 << 3,
	VRRP_SEND_GARP = 1 << 4,   /* garp_repeat times all addresses */
	VRRP_STOP_GARP = 1 << 5,   /* forget what is still queued */
	VRRP_ASK_GROUP = 1 << 6,   /* may we become master? */
	VRRP_TELL_STATE = 1 << 7,  /* state changed from old, for the reason why */
	VRRP_TELL_LOWER = 1 << 8,  /* as master, heard a losing advert */
	VRRP_TELL_ROW = 1 << 9,	   /* something else that others may see has changed */
	VRRP_SEND_EXTRA = 1 << 10, /* gratuitous ARP as garp_extra_if has it */
};

struct vrrp_actions {
	uint32_t set; /* mask of enum vrrp_action */
	uint32_t garp_repeat;
	enum vrrp_state old;
	enum vrrp_why why;
};

/* now_us is monotonic. A new instance is all zero but for its parameters and stays in
 * INITIALIZE until its first VRRP_EVENT_CONDITIONS. */
struct vrrp_actions vrrp_step(struct vrrp_instance *vi, const struct vrrp_event *event,
			      uint64_t now_us);

/* When VRRP_EVENT_TICK is due next; 0: never. */
uint64_t vrrp_due_us(const struct vrrp_instance *vi);

/* The current master-down interval. */
uint64_t vrrp_down_us(const struct vrrp_instance *vi);
