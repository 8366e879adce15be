/* SPDX-License-Identifier: MIT */
/*
 * FILE_CHECK: follows the number in a tracked file. Main reads the file; what it says comes through
 * check_set_value() and is judged at once. Thread: check.
 *
 * With a weight the number times it is added to the weight of the server; below what an integer
 * can say it is a failure. Without one any number but 0 is a failure, or with reverse 0 alone.
 */
#include <inttypes.h>

#include "core/check/checker.h"

static void judge(struct check *check)
{
	const struct conf_object_check *object = &check->conf->object;
	int64_t change = (int64_t)check->value * object->weight * (object->reverse ? -1 : 1);

	if (object->weight == 0 && (check->value != 0) != object->reverse) {
		check_done_format(check, CHECK_BAD_CONTENT, "%s says %" PRId32, object->name,
				  check->value);
		return;
	}
	if (change < -INT32_MAX) {
		check_done_format(check, CHECK_BAD_CONTENT,
				  "%s says %" PRId32 ", less than any weight", object->name,
				  check->value);
		return;
	}
	check->delta = change > INT32_MAX ? INT32_MAX : (int32_t)change;
	check_done_format(check, CHECK_OK, "%s says %" PRId32 ", weight %+" PRId32, object->name,
			  check->value, check->delta);
}

/* Before the file was read the check waits; its timer comes with the number. */
static void start(struct check *check)
{
	if (check->has_value)
		judge(check);
}

static const struct checker_ops ops = {
	.name = "FILE_CHECK",
	.start = start,
	.on_timeout = judge,
};

const struct checker_ops *checker_file_ops(void)
{
	return &ops;
}
