/* SPDX-License-Identifier: MIT */
/*
 * SNMP tables as data. A table is a sorted array of rows, each starting with its encoded index, and
 * an array of columns, one row of this description each. One walker (agent/table.c) answers GET,
 * GETNEXT and SET for all of them; GETNEXT is a binary search. Nothing here knows net-snmp, and no
 * getter calls the kernel or another thread. A group of scalars is a table with one row whose index
 * is the single sub-identifier 0.
 *
 * Thread: agent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/limit.h"
#include "core/cmd.h"
#include "core/snap.h"

#define OID_MAX 128
/* sub-identifiers of the longest index: two labels of 40 octets, each after its length */
#define INDEX_MAX 82

enum cell_type {
	CELL_INTEGER,	/* INTEGER, Integer32, TruthValue, enumerations: tag 0x02 */
	CELL_OCTETS,	/* OCTET STRING and its conventions, BITS: 0x04 */
	CELL_OID,	/* 0x06 */
	CELL_IPADDRESS, /* 0x40, four octets */
	CELL_COUNTER32, /* 0x41, low 32 bits of number */
	CELL_GAUGE32,	/* Gauge32, Unsigned32: 0x42, capped at 2^32-1 */
	CELL_TIMETICKS, /* 0x43 */
	CELL_COUNTER64, /* 0x46, also CounterBasedGauge64 */
};

/* One value. Getters of octets point into the view, or fill room and point there. */
struct cell {
	int64_t number; /* INTEGER signed; counters as unsigned 64 bit in the same bits */
	const void *octets;
	size_t size; /* octets, or sub-identifiers when oid is used */
	union {
		uint8_t room[256];
		uint32_t oid[64];
	};
};

/* The moment a PDU is answered from. All of it stays valid and unchanged while the PDU is handled.
 */
struct view {
	/* NULL before the first publication; likewise the next three */
	const struct snap_vrrp *vrrp;
	const struct snap_check *check;
	const struct snap_daemon *daemon;
	const struct snap_agent *agent;
	uint64_t now_us, now_wall_us;
	uint32_t uptime_cs;	     /* sysUpTime of the master agent at now_us */
	bool traps_enabled;	     /* vrrpNotificationCntl */
	uint32_t admin_lock;	     /* ipvsdSysAdminLock */
	uint8_t notify;		     /* ipvsdNotifyEnable: its octet */
	struct limits limits;	     /* ipvsdNotifyMinInterval, ipvsdNotifyMaxRate */
	const struct events *events; /* NULL: none are kept */
};

/* TimeStamp: sysUpTime at a monotonic moment; 0 for never or for before the master agent started.
 */
uint32_t view_timestamp(const struct view *view, uint64_t at_us);

struct events;

struct row {
	/* what the row is about: positions in the view's arrays, meaning is the table's */
	uint32_t major, minor;
	uint32_t index_length;
	uint32_t index[INDEX_MAX]; /* in struct rows not longer than index_length */
};

/* Kept one behind the other, each as long as its index: a table may have 100,000, few of them with
 * the longest. */
struct rows {
	uint32_t *words;  /* the rows, in the order they were added */
	uint32_t *places; /* where in them each begins; ascending by index once sorted */
	size_t count, room, words_room;
	size_t newest; /* place of the row added last */
	size_t recent; /* the row found last, a hint: a walk asks for the one behind it next */
};

static inline struct row *rows_at(const struct rows *rows, size_t i)
{
	return (struct row *)(rows->words + rows->places[i]);
}

/* Appends a row without an index; it grows until the next is added. NULL when memory is out.
 * Builders call it in any order. */
struct row *rows_add(struct rows *rows, uint32_t major, uint32_t minor);
/* The one row of a group of scalars. 0 or -ENOMEM. */
int rows_add_scalars(struct rows *rows);
void row_index_u32(struct row *row, uint32_t value);
void row_index_text(struct row *row, const char *text);		/* length . octets */
void row_index_ip(struct row *row, const struct ip *ip);	/* type . length . octets */
void row_index_ip_octets(struct row *row, const struct ip *ip); /* IpAddress: octets alone */

/* What the walker needs after build: ascending order; and the end of it all. */
void rows_sort(struct rows *rows);
void rows_clear(struct rows *rows); /* empty; keeps the memory for the next build */
void rows_free(struct rows *rows);  /* leaves it empty and usable */

/* RFC 3416 error-status numbers */
enum set_error {
	SET_OK = 0,
	SET_NO_ACCESS = 6,
	SET_WRONG_TYPE = 7,
	SET_WRONG_LENGTH = 8,
	SET_WRONG_ENCODING = 9,
	SET_WRONG_VALUE = 10,
	SET_NO_CREATION = 11,
	SET_INCONSISTENT_VALUE = 12,
	SET_RESOURCE_UNAVAILABLE = 13,
	SET_COMMIT_FAILED = 14,
	SET_UNDO_FAILED = 15,
	SET_NOT_WRITABLE = 17,
	SET_INCONSISTENT_NAME = 18,
};

/*
 * What one varbind of a SET asks of an engine, and what would take it back. Filled during RESERVE
 * from the snapshot alone, sent during ACTION.
 */
enum set_target {
	SET_TO_NOBODY, /* it is so already */
	SET_TO_CHECK,
	SET_TO_VRRP,
	SET_TO_AGENT,
};

/* What the agent keeps itself. */
enum agent_field {
	AGENT_TRAPS,	       /* vrrpNotificationCntl: 1 enabled, 2 disabled */
	AGENT_EVENTS,	       /* ipvsdEventMax */
	AGENT_LOCK,	       /* ipvsdSysAdminLock: the next value */
	AGENT_NOTIFY,	       /* ipvsdNotifyEnable: its octet */
	AGENT_NOTIFY_INTERVAL, /* ipvsdNotifyMinInterval */
	AGENT_NOTIFY_RATE,     /* ipvsdNotifyMaxRate */
};

struct set_change {
	enum set_target target;
	union {
		struct dest_change dest;
		/* request and reply_to are the sender's */
		struct msg_vrrp_set vrrp;
		struct {
			enum agent_field field;
			uint32_t value;
		} agent;
	} apply, undo;
};

struct column {
	uint32_t number;
	enum cell_type type;
	/* False: no such instance; GETNEXT skips the cell. */
	bool (*get)(const struct view *view, const struct row *row, struct cell *ret);
	/* Writable columns only. Numbers outside min..max, or octets whose size is outside
	 * min..max, are refused with wrongValue or wrongLength before set is asked; set decides the
	 * rest without side effect. */
	enum set_error (*set)(const struct view *view, const struct row *row,
			      const struct cell *value, struct set_change *ret);
	int64_t min, max;
};

struct table {
	const char *name;
	/* OID of the entry; of the group's parent for scalars (".1.3....1.2" + ".0") */
	uint32_t entry[OID_MAX];
	size_t entry_length;
	const struct column *columns; /* ascending by number */
	size_t n_columns;
	/* Adds every row. Called when the snapshots changed and the table is asked for. Negative
	 * errno on failure. */
	int (*build)(const struct view *view, struct rows *ret);
};

/*
 * A place in a table found by the walker.
 * table_get: exact. table_next: the first cell after name (any OID), or at name when inclusive.
 * Both fill *ret and name of the cell (OID_MAX room) and return its column; NULL when there is
 * none, with *ret_no_object telling noSuchObject (unknown column) from noSuchInstance for
 * table_get.
 */
const struct column *table_get(const struct table *table, const struct rows *rows,
			       const struct view *view, const uint32_t *name, size_t name_length,
			       const struct row **ret_row, struct cell *ret, bool *ret_no_object);
const struct column *table_next(const struct table *table, struct rows *rows,
				const struct view *view, const uint32_t *name, size_t name_length,
				bool inclusive, uint32_t *ret_name, size_t *ret_name_length,
				const struct row **ret_row, struct cell *ret);

/*
 * What a SET of name to value may do, by RFC 3416 section 4.2.5: notWritable, wrongType,
 * wrongLength, wrongValue, noCreation, or what the column's set says. type: enum cell_type of
 * value, -1 for any other ASN.1 type. Fills *ret on SET_OK only; changes nothing.
 */
enum set_error table_set(const struct table *table, const struct rows *rows,
			 const struct view *view, const uint32_t *name, size_t name_length,
			 int type, const struct cell *value, struct set_change *ret);

/* Every table there is, ascending by OID; one file for each MIB group provides its part. */
struct table_list {
	const struct table *const *items;
	size_t count;
};

struct table_list keepalived_global_tables(void); /* agent/keepalived_global.c: K.1 */
struct table_list keepalived_vrrp_tables(void);	  /* agent/keepalived_vrrp.c: K.2 */
struct table_list keepalived_check_tables(void);  /* agent/keepalived_check.c: K.3 */
struct table_list vrrp_mib_tables(void);	  /* agent/vrrp_mib.c: 1.3.6.1.2.1.68 */
struct table_list vrrp3_mib_tables(void);	  /* agent/vrrp3_mib.c: 1.3.6.1.2.1.207 */
struct table_list director_mib_tables(void);	  /* agent/director_mib.c: IPVS-DIRECTOR-MIB */
struct table_list lvs_mib_tables(void);		  /* agent/lvs_mib.c: LVS-MIB */

/* ---- notifications ---- */

struct varbind {
	uint32_t name[OID_MAX];
	size_t name_length;
	enum cell_type type;
	struct cell cell;
};

#define NOTIFICATION_VARBINDS_MAX 16

struct notification {
	uint32_t trap[OID_MAX]; /* value of snmpTrapOID.0 */
	size_t trap_length;
	/* stands for its last number: those that tell of the same state have the same */
	uint32_t kind;
	uint64_t wall_us, mono_us;
	size_t n_varbinds;
	struct varbind varbinds[NOTIFICATION_VARBINDS_MAX];
};

/*
 * Turns one event into the notifications it means (0 to 4: KEEPALIVED-MIB, VRRP-MIB, our own),
 * varbinds in MIB order with full instance OIDs. serial: running number of our own notifications,
 * advanced as used. Octets of every varbind lie in its own cell (octets is NULL, room holds size
 * octets), so a notification may be copied and outlive view and event.
 */
size_t notifications_of(const struct view *view, const struct msg_event *event, uint32_t *serial,
			struct notification ret[static 4]);
