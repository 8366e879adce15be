/* SPDX-License-Identifier: MIT */
/*
 * The metrics of routes: what a route tells TCP and IP about its path. Sources: ip-route(8);
 * linux/rtnetlink.h for the numbers. The kernel keeps the round-trip time in eighths and its
 * variance in quarters of a millisecond; here as in ip(8) both are written in milliseconds or
 * seconds. Runs in the thread that loads.
 */
#include <linux/rtnetlink.h>
#include <string.h>
#include <strings.h>

#include "conf/scope_route.h"
#include "conf/value.h"
#include "core/base/clock.h"

#define CONGESTION_MAX 15 /* TCP_CA_NAME_MAX of the kernel less its NUL */

_Static_assert(CONF_METRICS > RTAX_MAX, "a route has room for every metric of the kernel");

struct route_metric {
	const char *name;
	uint8_t number; /* RTAX_ */
	uint8_t unit;	/* so many in a millisecond; 0: a plain number */
	bool lockable;
};

static const struct route_metric metrics[] = {
	{"mtu", RTAX_MTU, 0, true},
	{"advmss", RTAX_ADVMSS, 0, true},
	{"rtt", RTAX_RTT, 8, true},
	{"rttvar", RTAX_RTTVAR, 4, true},
	{"reordering", RTAX_REORDERING, 0, true},
	{"cwnd", RTAX_CWND, 0, true},
	{"ssthresh", RTAX_SSTHRESH, 0, true},
	{"rto_min", RTAX_RTO_MIN, 1, true},
	{"window", RTAX_WINDOW, 0, false},
	{"hoplimit", RTAX_HOPLIMIT, 0, false},
	{"initcwnd", RTAX_INITCWND, 0, false},
	{"initrwnd", RTAX_INITRWND, 0, false},
	{"quickack", RTAX_QUICKACK, 0, false},
	{"fastopen_no_cookie", RTAX_FASTOPEN_NO_COOKIE, 0, false},
	{.name = NULL},
};

static const struct route_metric *find_metric(const char *name)
{
	const struct route_metric *metric = metrics;

	while (metric->name && strcmp(metric->name, name) != 0)
		metric++;
	return metric;
}

static void store_metric(struct conf_route *route, unsigned number, uint32_t value, bool locked)
{
	uint32_t bit = UINT32_C(1) << number;

	route->metrics[number] = value;
	route->metrics_given |= bit;
	route->metrics_locked = locked ? route->metrics_locked | bit : route->metrics_locked & ~bit;
}

bool read_metric(struct line *line, const struct attribute *row, void *draft)
{
	const struct route_metric *metric = find_metric(row->name);
	bool locked = metric->lockable && line_take(line, "lock");
	uint64_t value;

	if (!value_unsigned(line->build, line->node, line->at++,
			    arena_printf(line->build->scratch, "'%s'", row->name), row->min,
			    row->max, &value))
		return false;
	store_metric(&((struct draft_route *)draft)->model, metric->number, (uint32_t)value,
		     locked);
	return true;
}

/* Milliseconds alone, or seconds with up to three places and "s", or milliseconds and "ms". */
static bool parse_milliseconds(struct conf_arena *scratch, const char *text, uint64_t *ret)
{
	static const char *const seconds[] = {"s", "sec", "secs"};
	static const char *const milliseconds[] = {"", "ms", "msec", "msecs"};
	size_t digits = strspn(text, "0123456789.");
	const char *number = arena_strndup(scratch, text, digits), *unit = text + digits;
	uint64_t us;

	for (size_t i = 0; i < sizeof(milliseconds) / sizeof(*milliseconds); i++)
		if (strcasecmp(unit, milliseconds[i]) == 0)
			return value_parse_unsigned(number, ret);
	for (size_t i = 0; i < sizeof(seconds) / sizeof(*seconds); i++) {
		if (strcasecmp(unit, seconds[i]) != 0 || !value_parse_time(number, &us) ||
		    us % USEC_PER_MSEC)
			continue;
		*ret = us / USEC_PER_MSEC;
		return true;
	}
	return false;
}

bool read_metric_time(struct line *line, const struct attribute *row, void *draft)
{
	const struct route_metric *metric = find_metric(row->name);
	bool locked = line_take(line, "lock");
	const char *text = line_word(line);
	uint64_t milliseconds;

	if (!parse_milliseconds(line->build->scratch, text, &milliseconds) ||
	    milliseconds > row->max) {
		build_error(
			line->build, line->node, line->at,
			"'%s' must be a number of milliseconds from 0 to %u, or of seconds with "
			"'s' behind it, not '%.64s'",
			row->name, (unsigned)row->max, text);
		return false;
	}
	line->at++;
	store_metric(&((struct draft_route *)draft)->model, metric->number,
		     (uint32_t)milliseconds * metric->unit, locked);
	return true;
}

bool read_features(struct line *line, const struct attribute *row, void *draft)
{
	(void)row;
	if (!line_take(line, "ecn")) {
		build_error(line->build, line->node, line->at,
			    "the one feature is 'ecn', not '%.64s'", line_word(line));
		return false;
	}
	store_metric(&((struct draft_route *)draft)->model, RTAX_FEATURES, RTAX_FEATURE_ECN, false);
	return true;
}

bool read_congestion(struct line *line, const struct attribute *row, void *draft)
{
	struct conf_route *route = &((struct draft_route *)draft)->model;

	route->congestion_locked = line_take(line, "lock");
	if (line_at_end(line)) {
		build_error(line->build, line->node, line->at - 1, "'%s' needs a name", row->name);
		return false;
	}
	if (strlen(line_word(line)) > CONGESTION_MAX)
		build_warn(line->build, line->node, line->at,
			   "the kernel knows no name of more than %d characters", CONGESTION_MAX);
	route->congestion = arena_strdup(line->build->arena, line_word(line));
	line->at++;
	return true;
}

/* ---- dump ---- */

static void print_metric(struct dump *dump, const struct conf_route *route,
			 const struct route_metric *metric)
{
	uint32_t bit = UINT32_C(1) << metric->number, value = route->metrics[metric->number];

	if (route->metrics_given & bit)
		dump_part(dump, "%s %s%u", metric->name, route->metrics_locked & bit ? "lock " : "",
			  metric->unit ? value / metric->unit : value);
}

void dump_metrics(struct dump *dump, const struct conf_route *route)
{
	for (const struct route_metric *metric = metrics; metric->name; metric++)
		print_metric(dump, route, metric);
	if (route->metrics_given & UINT32_C(1) << RTAX_FEATURES)
		dump_part(dump, "features ecn");
	if (route->congestion)
		dump_part(dump, "congctl %s%s", route->congestion_locked ? "lock " : "",
			  dump_word(dump, route->congestion));
}
