/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB 1.5: the checkers of destinations. The rows are those of the check engine's
 * snapshot; under a group one checker has a row in every member service. Thread: agent. No cell is
 * ever absent.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/director_mib.h"
#include "core/base/clock.h"

/* ipvsdChkLastResult: none(1), then enum check_result in its order */
#define RESULT_NONE  1
#define RESULT_FIRST 2
_Static_assert(CHECK_RESULTS == 9, "ipvsdChkLastResult has as many");

static int add_checkers(const struct snap_check *check, uint32_t d, struct rows *ret)
{
	const struct snap_dest *dest = &check->dests[d];

	for (uint32_t c = dest->first_checker; c < dest->first_checker + dest->n_checkers; c++) {
		struct row *row = rows_add(ret, d, c);

		if (!row)
			return -ENOMEM;
		director_index_service(row, &check->services[dest->service].key);
		director_index_dest(row, &dest->key);
		row_index_u32(row, check->checkers[c].number);
	}
	return 0;
}

static int build(const struct view *view, struct rows *ret)
{
	int error = 0;

	for (uint32_t d = 0; view->check && d < view->check->n_dests && !error; d++)
		error = add_checkers(view->check, d, ret);
	return error;
}

static const struct snap_checker *live(const struct view *view, const struct row *row)
{
	return &view->check->checkers[row->minor];
}

static const struct snap_service *service_of(const struct view *view, const struct row *row)
{
	return &view->check->services[view->check->dests[row->major].service];
}

static const struct conf_checker *conf_of(const struct view *view, const struct row *row)
{
	const struct snap_check *check = view->check;
	uint32_t rs = check->dests[row->major].rs;

	return &check->conf->services[service_of(view, row)->vs]
			.servers[rs]
			.checkers[live(view, row)->conf_index];
}

static const char *const types[] = {
	[CONF_TCP_CHECK] = "TCP_CHECK",	  [CONF_HTTP_GET] = "HTTP_GET",
	[CONF_SSL_GET] = "SSL_GET",	  [CONF_SMTP_CHECK] = "SMTP_CHECK",
	[CONF_DNS_CHECK] = "DNS_CHECK",	  [CONF_MISC_CHECK] = "MISC_CHECK",
	[CONF_BFD_CHECK] = "BFD_CHECK",	  [CONF_UDP_CHECK] = "UDP_CHECK",
	[CONF_PING_CHECK] = "PING_CHECK", [CONF_FILE_CHECK] = "FILE_CHECK",
};
_Static_assert(CELL_COUNT(types) == CONF_CHECKER_TYPES, "every type");

static bool type(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, types[conf_of(view, row)->type]);
}

static bool target(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_checker *conf = conf_of(view, row);
	struct dest_key key = {.ip = conf->connect_ip, .port = conf->connect_port};
	char text[KEY_TEXT_MAX], *room = (char *)ret->room;

	switch (conf->type) {
	case CONF_MISC_CHECK:
		return cell_command(ret, &conf->command) || cell_text(ret, "");
	case CONF_FILE_CHECK:
	case CONF_BFD_CHECK:
		return cell_text_or_empty(ret, conf->object.name);
	case CONF_PING_CHECK:
		return cell_text(ret, ip_format(&conf->connect_ip, room));
	default:
		break;
	}
	snprintf(room, sizeof(ret->room), "%s%s", dest_key_format(&key, text),
		 conf->n_urls && conf->urls[0].path ? conf->urls[0].path : "");
	return cell_text(ret, room);
}

/* A FILE_CHECK with a weight moves that of its server; every other checker decides. */
static bool required(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_checker *conf = conf_of(view, row);

	return cell_truth(ret, conf->type != CONF_FILE_CHECK || conf->object.weight == 0);
}

static bool enabled(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, !service_of(view, row)->suspended);
}

static bool state(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->oper);
}

static bool last_result(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_checker *checker = live(view, row);

	return cell_number(ret, checker->runs ? RESULT_FIRST + (int)checker->result : RESULT_NONE);
}

static bool last_code(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->code);
}

static bool last_error(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, live(view, row)->error);
}

static bool last_run(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_date(ret, live(view, row)->ran_wall_us);
}

static bool latency(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->latency_us);
}

static bool least(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->least_us);
}

static bool greatest(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->greatest_us);
}

static bool mean(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->mean_us);
}

static bool interval(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)(conf_of(view, row)->delay_loop_us / USEC_PER_MSEC));
}

static bool timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_checker *conf = conf_of(view, row);
	uint64_t us = conf->connect_timeout_us;

	if (conf->type == CONF_MISC_CHECK)
		us = conf->misc_timeout_us;
	if (conf->type == CONF_FILE_CHECK || conf->type == CONF_BFD_CHECK)
		us = 0;
	return cell_number(ret, (int64_t)(us / USEC_PER_MSEC));
}

static bool retries(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, conf_of(view, row)->retry);
}

static bool consecutive_fails(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->consecutive_fails);
}

static bool runs(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)live(view, row)->runs);
}

static bool fails(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)live(view, row)->fails);
}

static bool transitions(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->transitions);
}

static bool last_change(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_date(ret, live(view, row)->changed_wall_us);
}

static bool since(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, live(view, row)->since_us);
}

static const struct column columns[] = {
	COLUMN_READ(2, OCTETS, type),
	COLUMN_READ(3, OCTETS, target),
	COLUMN_READ(4, INTEGER, required),
	COLUMN_READ(5, INTEGER, enabled),
	COLUMN_READ(6, INTEGER, state),
	COLUMN_READ(7, INTEGER, last_result),
	COLUMN_READ(8, INTEGER, last_code),
	COLUMN_READ(9, OCTETS, last_error),
	COLUMN_READ(10, OCTETS, last_run),
	COLUMN_READ(11, GAUGE32, latency),
	COLUMN_READ(12, GAUGE32, least),
	COLUMN_READ(13, GAUGE32, greatest),
	COLUMN_READ(14, GAUGE32, mean),
	COLUMN_READ(15, GAUGE32, interval),
	COLUMN_READ(16, GAUGE32, timeout),
	COLUMN_READ(17, GAUGE32, retries),
	COLUMN_READ(18, GAUGE32, consecutive_fails),
	COLUMN_READ(19, COUNTER64, runs),
	COLUMN_READ(20, COUNTER64, fails),
	COLUMN_READ(21, COUNTER32, transitions),
	COLUMN_READ(22, OCTETS, last_change),
	COLUMN_READ(23, TIMETICKS, since),
};

const struct table director_checkers = {
	.name = "ipvsdChkTable",
	.entry = {DIRECTOR_ROOT, 1, 5, 1, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};
