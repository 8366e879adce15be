/* SPDX-License-Identifier: MIT */
/*
 * What is kept of the attempts of one checker: how many, how they ended, how long they took. Only
 * for others to see; nothing is decided by it. Counts from the checker's beginning, across reloads
 * that leave it as it is. Thread: check.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/check/engine.h"

/* The mean moves by this part of the difference. */
#define MEAN_PART 8

void record_begin(struct probe *probe, uint32_t number)
{
	probe->record = (struct snap_checker){
		.number = number,
		.oper = DEST_UNKNOWN,
		.since_us = clock_now_us(),
	};
}

static void record_latency(struct snap_checker *record, bool passed)
{
	uint32_t us = record->latency_us;
	bool first = record->runs == record->fails + 1;

	if (!passed)
		return;
	if (first || us < record->least_us)
		record->least_us = us;
	if (us > record->greatest_us)
		record->greatest_us = us;
	if (first)
		record->mean_us = us;
	else
		record->mean_us =
			(uint32_t)(((uint64_t)record->mean_us * (MEAN_PART - 1) + us) / MEAN_PART);
}

void record_text(char **kept, const char *text)
{
	char *copy;

	if (*kept && strcmp(*kept, text) == 0)
		return;
	copy = strdup(text);
	if (!copy)
		return;
	free(*kept);
	*kept = copy;
}

void record_attempt(struct probe *probe, const struct check_report *report)
{
	struct snap_checker *record = &probe->record;
	bool passed = report->result == CHECK_OK;
	enum dest_oper oper = DEST_UNKNOWN;

	record->runs++;
	record->fails += !passed;
	record->consecutive_fails = passed ? 0 : record->consecutive_fails + 1;
	record->result = report->result;
	record->code = report->code;
	record->ran_wall_us = clock_wall_us();
	record->latency_us =
		report->latency_us > UINT32_MAX ? UINT32_MAX : (uint32_t)report->latency_us;
	record_latency(record, passed);
	if (!passed)
		record_text(&probe->error, report->detail);
	if (check_has_run(probe->check))
		oper = check_is_up(probe->check) ? DEST_UP : DEST_DOWN;
	if (oper == record->oper)
		return;
	record->oper = oper;
	record->transitions++;
	record->changed_wall_us = record->ran_wall_us;
}
