/* SPDX-License-Identifier: MIT */
/*
 * The ten traffic figures of a service, destination or node appear in several tables and widths.
 * These macros define one getter for each, named PREFIX_conns and so on, from FETCH(view, row,
 * struct ipvs_stats *), which returns false when there is no such row. The walker cuts or caps to
 * the width of the column.
 */
#pragma once

#include "agent/cells.h"

#define TRAFFIC_GETTER(prefix, fetch, suffix, field, expression)                                   \
	static bool prefix##_##field##suffix(const struct view *view, const struct row *row,       \
					     struct cell *ret)                                     \
	{                                                                                          \
		struct ipvs_stats stats;                                                           \
                                                                                                   \
		return fetch(view, row, &stats) && cell_number(ret, (int64_t)(expression));        \
	}

/* Totals and rates. */
#define TRAFFIC_GETTERS(prefix, fetch)                                                             \
	TRAFFIC_GETTER(prefix, fetch, , conns, stats.conns)                                        \
	TRAFFIC_GETTER(prefix, fetch, , in_packets, stats.in_packets)                              \
	TRAFFIC_GETTER(prefix, fetch, , out_packets, stats.out_packets)                            \
	TRAFFIC_GETTER(prefix, fetch, , in_octets, stats.in_octets)                                \
	TRAFFIC_GETTER(prefix, fetch, , out_octets, stats.out_octets)                              \
	TRAFFIC_GETTER(prefix, fetch, , conn_rate, stats.conn_rate)                                \
	TRAFFIC_GETTER(prefix, fetch, , in_packet_rate, stats.in_packet_rate)                      \
	TRAFFIC_GETTER(prefix, fetch, , out_packet_rate, stats.out_packet_rate)                    \
	TRAFFIC_GETTER(prefix, fetch, , in_octet_rate, stats.in_octet_rate)                        \
	TRAFFIC_GETTER(prefix, fetch, , out_octet_rate, stats.out_octet_rate)

/* The ten columns of TRAFFIC_GETTERS in a row, as our own MIB has them; first: of ten numbers. */
#define TRAFFIC_COLUMNS(first, prefix)                                                             \
	COLUMN_READ((first), COUNTER64, prefix##_conns),                                           \
		COLUMN_READ((first) + 1, COUNTER64, prefix##_in_packets),                          \
		COLUMN_READ((first) + 2, COUNTER64, prefix##_out_packets),                         \
		COLUMN_READ((first) + 3, COUNTER64, prefix##_in_octets),                           \
		COLUMN_READ((first) + 4, COUNTER64, prefix##_out_octets),                          \
		COLUMN_READ((first) + 5, COUNTER64, prefix##_conn_rate),                           \
		COLUMN_READ((first) + 6, COUNTER64, prefix##_in_packet_rate),                      \
		COLUMN_READ((first) + 7, COUNTER64, prefix##_out_packet_rate),                     \
		COLUMN_READ((first) + 8, COUNTER64, prefix##_in_octet_rate),                       \
		COLUMN_READ((first) + 9, COUNTER64, prefix##_out_octet_rate)

/* The same in the order and the widths of LVS-MIB. */
#define TRAFFIC_COLUMNS_OLD(first, prefix)                                                         \
	COLUMN_READ((first), COUNTER32, prefix##_conns),                                           \
		COLUMN_READ((first) + 1, COUNTER32, prefix##_in_packets),                          \
		COLUMN_READ((first) + 2, COUNTER32, prefix##_out_packets),                         \
		COLUMN_READ((first) + 3, COUNTER64, prefix##_in_octets),                           \
		COLUMN_READ((first) + 4, COUNTER64, prefix##_out_octets),                          \
		COLUMN_READ((first) + 5, GAUGE32, prefix##_conn_rate),                             \
		COLUMN_READ((first) + 6, GAUGE32, prefix##_in_packet_rate),                        \
		COLUMN_READ((first) + 7, GAUGE32, prefix##_out_packet_rate),                       \
		COLUMN_READ((first) + 8, GAUGE32, prefix##_in_octet_rate),                         \
		COLUMN_READ((first) + 9, GAUGE32, prefix##_out_octet_rate)

#define TRAFFIC_HALVES(prefix, fetch, field)                                                       \
	TRAFFIC_GETTER(prefix, fetch, _low, field, stats.field &UINT32_MAX)                        \
	TRAFFIC_GETTER(prefix, fetch, _high, field, stats.field >> 32)

/* Rates as two 32-bit halves, the way KEEPALIVED-MIB shows them. */
#define TRAFFIC_HALF_GETTERS(prefix, fetch)                                                        \
	TRAFFIC_HALVES(prefix, fetch, conn_rate)                                                   \
	TRAFFIC_HALVES(prefix, fetch, in_packet_rate)                                              \
	TRAFFIC_HALVES(prefix, fetch, out_packet_rate)                                             \
	TRAFFIC_HALVES(prefix, fetch, in_octet_rate)                                               \
	TRAFFIC_HALVES(prefix, fetch, out_octet_rate)
