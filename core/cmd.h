/* SPDX-License-Identifier: MIT */
/*
 * What others may ask: every message that crosses threads, and the wires between them. A message is
 * plain data, posted with mail_post(box, kind, &body, sizeof body). Configuration pointers in
 * MSG_CONF are counted: the receiver owns the reference.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/model.h"
#include "core/base/ip.h"
#include "core/event.h"
#include "core/snap.h"

struct beat;
struct ipvs_ops;
struct latest;
struct log_ring;
struct mailbox;

/* vipd as its own master agent; texts outlive every thread. */
struct snmp_listen {
	const char *address;   /* of net-snmp's kind */
	const char *conf_dir;  /* where its snmpd.conf is */
	const char *state_dir; /* in its folder snmp: what it stores */
};

/* Everything a thread is given at its start; made by main, outlives every thread. */
struct wires {
	struct mailbox *box[THREADS]; /* inbox of each thread */
	bool absent[THREADS];	      /* never runs: nobody reads its inbox */
	/* who publishes: the thread of that name; daemon: main */
	struct latest *vrrp, *check, *bfd, *daemon, *agent;
	struct beat *beat[THREADS];
	struct log_ring *log[THREADS];
	const struct ipvs_ops *ipvs;	/* how the check thread reaches the kernel */
	int ipvs_netns;			/* where that is, see core/base/netns.h; -1: here */
	const struct snmp_listen *snmp; /* NULL: the agent thread is a subagent */
};

/* Each carries the struct of its own name unless said otherwise. */
enum msg_kind {
	/* main -> vrrp, check, bfd, agent: adopt this configuration. The engine diffs it against
	 * its own, publishes rows made from it, then answers MSG_CONF_DONE. */
	MSG_CONF = 1,
	MSG_CONF_DONE,
	/* main -> any, no body: leave cleanly. vrrp: priority 0, addresses off; check: kernel
	 * entries per configuration; bfd: AdminDown; agent: AgentX Close. Each answers MSG_STOPPED
	 * from its thread's end. */
	MSG_STOP,
	MSG_STOPPED,

	/* main -> vrrp: one for each interface before the first MSG_CONF, then on every change. */
	MSG_LINK,
	/* main -> vrrp: what a tracked script, file or process says; main -> check: a file; bfd ->
	 * vrrp, check: a session. Of a configuration that they have got before. */
	MSG_TRACK,
	/* main -> vrrp: after each MSG_CONF with track groups, then on every change. */
	MSG_STATIC,
	/* vrrp -> main: add or remove the virtual addresses, routes and rules of an instance; and
	 * the answer. */
	MSG_ADDRS,
	MSG_ADDRS_DONE,
	/* agent or main -> vrrp, answered by MSG_REPLY. */
	MSG_VRRP_SET,
	/* main -> vrrp: one round of gratuitous ARPs and neighbour adverts, if it is master. */
	MSG_ANNOUNCE,

	/* check -> main: run a MISC_CHECK program; and the answer. */
	MSG_EXEC,
	MSG_EXEC_DONE,
	/* main -> check: after each MSG_CONF, then on every change, when connection
	 * synchronisation follows an instance; for each service with ha_suspend. */
	MSG_ROLE,
	MSG_SUSPEND,
	/* main -> check before the first MSG_CONF, one for each stored state; and the policy. */
	MSG_ADMIN,
	MSG_QUORUM_POLICY,
	/* check -> main: write the state file; and the answer. */
	MSG_ADMIN_SAVE,
	MSG_ADMIN_SAVED,
	/* agent or main -> check, all or nothing; answered by MSG_REPLY once the rows that show it
	 * are published and, when storage is nonVolatile, the state file is on disk. */
	MSG_DEST_SET,
	/* engine -> asker */
	MSG_REPLY,

	/* vrrp, check, main -> main (scripts) and agent (notifications) */
	MSG_EVENT,
	/* vrrp, check -> agent */
	MSG_CHANGED,
};

struct msg_conf {
	const struct conf *conf;
};

struct msg_conf_done {
	enum snap_thread from;
	uint64_t generation;
};

struct msg_stopped {
	enum snap_thread from;
};

struct msg_link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	bool present;	/* false: it is gone */
	bool up;	/* IFF_UP and IFF_RUNNING */
	bool enabled;	/* IFF_UP: the administrator's will */
	uint32_t lower; /* ifindex of the interface it stands on, in this namespace; 0: none */
	bool ipvlan;	/* it is one, of mode L2 */
	bool multicast;
	uint8_t mac[6];
	uint32_t mtu;
	/* first primary (not secondary, not a configured virtual) address; link-local for v6 */
	struct ip primary4, primary6;
	/* every address of the machine's own on it, in the kernel's order, as far as there is room;
	 * of IPv6 those that may be used as a source */
	uint32_t n_own4, n_own6;
	struct ip own4[LINK_ADDRESSES_MAX], own6[LINK_ADDRESSES_MAX];
	bool router; /* forwards IPv6 */
	bool vrf;    /* it is one */
};

struct msg_track {
	uint64_t generation; /* of the configuration the index belongs to */
	enum conf_track_kind kind;
	uint32_t index; /* into conf->scripts, files, processes or bfds */
	bool decided;	/* false: no result yet */
	bool up;	/* script, process, session */
	int32_t value;	/* file */
};

/* Whether the static addresses, routes and rules that an instance needs are there. */
struct msg_static {
	uint64_t generation; /* of the configuration the index belongs to */
	uint32_t instance;   /* into conf->instances */
	bool missing;
};

struct msg_addrs {
	uint64_t request; /* counting; a late answer to an older one says nothing of a newer */
	uint64_t generation;
	uint32_t instance; /* into conf->instances */
	bool set;
};

struct msg_addrs_done {
	uint64_t request;
	int error; /* 0 or negative errno of the first address that failed */
};

/* What the value of a message is; all but the first can be taken back with 0: as configured. From
 * VRRP_SET_PRIMARY on an instance must be administratively down, else -EBUSY. */
enum vrrp_field {
	VRRP_SET_ADMIN, /* 1 up, 2 down */
	VRRP_SET_PRIORITY,
	VRRP_SET_PREEMPT,   /* 1 on, 2 off */
	VRRP_SET_PRIMARY,   /* 1: address, one of the interface; 0.0.0.0: its lowest */
	VRRP_SET_AUTH_TYPE, /* 1 none, 2 PASS, 3 AH */
	VRRP_SET_AUTH_KEY,  /* 1: key */
	/* hundredths of a second; version 2: whole seconds up to 255 s, version 3: up to 4095 */
	VRRP_SET_INTERVAL,
	VRRP_FIELDS,
};

struct msg_vrrp_set {
	uint64_t request;
	enum snap_thread reply_to;
	char instance[64]; /* name */
	enum vrrp_field field;
	int32_t value;
	struct ip address;
	uint8_t key[VRRP_KEY_OCTETS];
};

struct msg_announce {
	char instance[64]; /* name */
};

struct msg_role {
	bool master;
};

struct msg_suspend {
	uint64_t generation; /* of the configuration the index belongs to */
	uint32_t service;    /* into conf->services */
	bool suspended;	     /* none of its addresses is here */
};

/* Owner of a request in main: 0 is a MISC_CHECK slot of the check thread. */
#define EXEC_TEXT_MAX 1024

struct msg_exec {
	uint64_t request;
	uint64_t generation;
	uint32_t vs, rs, checker; /* whose command of that configuration */
	uint64_t timeout_us;
};

struct msg_exec_done {
	uint64_t request;
	int error; /* negative errno when it could not be started */
	bool timed_out;
	int wait_status; /* as of waitpid(2) */
};

#define VS_ID_MAX 128 /* struct conf_virtual_server.id, terminator included */

/* The part of a destination that belongs to the operator and outlives the process. */
struct msg_admin {
	char vs[VS_ID_MAX];
	struct dest_key dest;
	enum dest_admin admin;
	enum admin_storage storage;
	int32_t weight_override;
	uint32_t drain_timeout_s;
	enum drain_action drain_action;
	enum dest_drain drain;
	uint64_t changed_wall_us, drain_started_wall_us, drain_deadline_wall_us,
		drain_ended_wall_us;
	uint32_t drain_initial;
	char comment[ADMIN_COMMENT_MAX];
	bool of_machine; /* out of use because its machine is */
};

struct msg_quorum_policy {
	enum quorum_policy policy;
};

/* Everything to be stored; replaces what was stored before. */
struct msg_admin_save {
	uint64_t ticket;	   /* counting; a later save covers an earlier one */
	enum quorum_policy policy; /* 0 is allow */
	uint32_t count;
	struct msg_admin items[];
};

struct msg_admin_saved {
	uint64_t ticket;
	int error; /* 0 or negative errno: the old file is intact */
};

enum dest_field {
	DEST_SET_ADMIN,		/* enum dest_admin */
	DEST_SET_WEIGHT,	/* -1 (none) .. 65535 */
	DEST_SET_DRAIN_TIMEOUT, /* seconds */
	DEST_SET_DRAIN_ACTION,
	DEST_SET_STORAGE,
	DEST_SET_COMMENT,	/* text */
	DEST_SET_QUORUM_POLICY, /* enum quorum_policy, of the whole director: the keys are unused */
};

struct dest_change {
	struct svc_key svc;
	struct dest_key dest;
	enum dest_field field;
	int32_t value;
	/* of every real server with this address, whatever the service and the port */
	bool machine;
	/* takes back a change made a moment ago: from locked to shuttingDown is no error then */
	bool undo;
	char text[ADMIN_COMMENT_MAX];
};

#define DEST_CHANGES_MAX 64 /* in one SET by SNMP */

struct msg_dest_set {
	uint64_t request;
	enum snap_thread reply_to;
	uint64_t undoes; /* with changes that take back: the request that made them; 0: none */
	char who[64];	 /* for the log: "snmp", "vipctl uid 0" */
	bool force;	 /* whatever becomes of quorums */
	uint32_t count;
	struct dest_change changes[]; /* applied all or none, in this order */
};

struct msg_reply {
	uint64_t request;
	/* 0; -ENOENT no such object; -EINVAL bad value; -EBUSY not in this state; -EPERM the
	 * quorum policy forbids it; -EIO kernel or disk refused */
	int error;
	uint32_t index; /* of the change that failed */
	char text[128]; /* reason, "" on success */
};
