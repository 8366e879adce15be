/* SPDX-License-Identifier: MIT */
/*
 * Digits at their places, then mktime(3): what it has to correct was no date.
 */
#include "core/run/reload_moment.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"

static const char *const forms[] = {
	"hh:mm:ss",	      "hh:mm:ssZ",	     "yy-MM-dd hh:mm:ss",
	"yy-MM-dd hh:mm:ssZ", "YYYY-MM-dd hh:mm:ss", "YYYY-MM-dd hh:mm:ssZ"};

#define FORMS (sizeof forms / sizeof *forms)

static int *field_of(struct tm *tm, char letter)
{
	switch (letter) {
	case 'h':
		return &tm->tm_hour;
	case 'm':
		return &tm->tm_min;
	case 's':
		return &tm->tm_sec;
	case 'd':
		return &tm->tm_mday;
	case 'M':
		return &tm->tm_mon;
	case 'y':
	case 'Y':
		return &tm->tm_year;
	default:
		return NULL;
	}
}

static bool read_form(const char *form, const char *text, size_t size, struct tm *ret)
{
	*ret = (struct tm){0};
	if (strlen(form) != size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int *field = field_of(ret, form[i]);

		if (!field && text[i] != form[i])
			return false;
		if (field && (text[i] < '0' || text[i] > '9'))
			return false;
		if (field)
			*field = *field * 10 + (text[i] - '0');
	}
	ret->tm_year += *form == 'y' ? 100 : *form == 'Y' ? -1900 : 0;
	ret->tm_mon -= *form == 'h' ? 0 : 1;
	return ret->tm_hour < 24 && ret->tm_min < 60 && ret->tm_sec < 60;
}

static time_t moment_of(struct tm tm, bool utc)
{
	struct tm asked = tm;
	time_t moment;

	tm.tm_isdst = -1;
	moment = utc ? timegm(&tm) : mktime(&tm);
	return tm.tm_mday == asked.tm_mday && tm.tm_mon == asked.tm_mon ? moment : -1;
}

/* Today, or else tomorrow; by the calendar, as a day need not have 24 hours. */
static time_t next_of(const struct tm *time, bool utc, time_t now)
{
	time_t moment = -1;

	for (int days = 0; days < 2 && moment <= now; days++) {
		struct tm day;

		if (utc)
			gmtime_r(&now, &day);
		else
			localtime_r(&now, &day);
		day.tm_mday += days;
		day.tm_hour = time->tm_hour;
		day.tm_min = time->tm_min;
		day.tm_sec = time->tm_sec;
		day.tm_isdst = -1;
		moment = utc ? timegm(&day) : mktime(&day);
	}
	return moment;
}

int reload_moment_read(const char *text, uint64_t now_wall_us, uint64_t *ret_wall_us,
		       bool *ret_daily)
{
	size_t size = strcspn(text, "\n");
	time_t now = (time_t)(now_wall_us / USEC_PER_SEC), moment;
	struct tm tm;

	for (size_t i = 0; i < FORMS; i++) {
		bool daily = *forms[i] == 'h', utc = strchr(forms[i], 'Z') != NULL;

		if (!read_form(forms[i], text, size, &tm))
			continue;
		moment = daily ? next_of(&tm, utc, now) : moment_of(tm, utc);
		if (moment < 0)
			return -EINVAL;
		*ret_wall_us = (uint64_t)moment * USEC_PER_SEC;
		*ret_daily = daily;
		return 0;
	}
	return -EINVAL;
}
