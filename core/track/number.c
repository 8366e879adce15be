/* SPDX-License-Identifier: MIT */
/*
 * The number in a tracked file: whoever may write the file decides what stands there, so anything
 * has a meaning and nothing has an effect beyond a number. Any thread.
 */
#include "core/track/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum number_verdict number_read(const void *octets, size_t size, int32_t *ret)
{
	static const char space[] = " \t\n\v\f\r";
	char text[NUMBER_OCTETS + 1] = "", *end;

	*ret = 0;
	memcpy(text, octets, size < NUMBER_OCTETS ? size : NUMBER_OCTETS);
	if (size <= NUMBER_OCTETS && strspn(text, space) == size)
		return NUMBER_GOOD;
	errno = 0;
	long long value = strtoll(text, &end, 0);
	if (end == text)
		return NUMBER_NONE;
	if (errno || value < INT32_MIN || value > INT32_MAX)
		return NUMBER_LARGE;
	*ret = (int32_t)value;
	return end + strspn(end, space) == text + size ? NUMBER_GOOD : NUMBER_MORE;
}
