/* SPDX-License-Identifier: MIT */
/* What the results of checks mean: verdicts and delays, without a clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/check/checker.h"

#define LOOP_US	 UINT64_C(60000000)
#define RETRY_US UINT64_C(3000000)
#define MS	 USEC_PER_MSEC

static struct conf_checker rules(uint32_t retry, size_t n_urls)
{
	return (struct conf_checker){.type = n_urls ? CONF_HTTP_GET : CONF_TCP_CHECK,
				     .retry = retry,
				     .n_urls = n_urls,
				     .delay_loop_us = LOOP_US,
				     .delay_before_retry_us = RETRY_US};
}

/* One attempt: u ok, f failed, l local error. The answer in letters: "U"/"D" verdict, "!" changed,
 * and "r" when the retry delay follows instead of the loop delay, "0" when no delay does. */
static void step(struct verdict *verdict, const struct conf_checker *conf, char attempt,
		 const char *answer)
{
	enum check_result result = attempt == 'u'   ? CHECK_OK
				   : attempt == 'l' ? CHECK_LOCAL_ERROR
						    : CHECK_TIMEOUT;
	uint64_t delay_us = 0;
	bool changed = verdict_step(verdict, conf, result, &delay_us);

	assert_int_equal(verdict->up, answer[0] == 'U');
	assert_int_equal(changed, strchr(answer, '!') != NULL);
	assert_int_equal(delay_us, strchr(answer, 'r')	 ? RETRY_US
				   : strchr(answer, '0') ? MS
							 : LOOP_US);
}

/* script: "u:U! f:Ur f:D!" */
static void play(const struct conf_checker *conf, bool initially_up, const char *script)
{
	struct verdict verdict = verdict_start(conf, initially_up);

	for (const char *at = script; *at;) {
		char answer[8] = "";
		size_t n = strcspn(at + 2, " ");

		memcpy(answer, at + 2, n);
		print_message("  %c -> %s\n", *at, answer);
		step(&verdict, conf, *at, answer);
		at += 2 + n;
		at += *at == ' ';
	}
}

static void test_retries(void **state)
{
	struct conf_checker conf = rules(2, 0);

	(void)state;
	play(&conf, true, "u:U! u:U f:Ur f:Ur u:U f:Ur f:Ur f:D! f:D f:D u:U! f:Ur f:Ur f:D!");
	/* The very first failure of a server that was assumed up is not retried. */
	play(&conf, true, "f:D! f:D u:U! f:Ur");
	/* alpha */
	play(&conf, false, "f:D! f:D u:U! f:Ur f:Ur f:D!");
	play(&conf, false, "u:U! u:U");
	conf = rules(0, 0);
	play(&conf, true, "u:U! f:D! u:U! f:D!");
}

static void test_local_error_is_no_verdict(void **state)
{
	struct conf_checker conf = rules(1, 0);

	(void)state;
	play(&conf, true, "l:Ur l:Ur u:U! l:Ur f:Ur l:Ur f:D! l:Dr u:U!");
	play(&conf, false, "l:Dr u:U!");
}

static void test_urls(void **state)
{
	struct conf_checker conf = rules(1, 3);

	(void)state;
	/* up: one url per attempt, a failing one is retried */
	play(&conf, true, "u:U! u:U u:U u:U f:Ur u:U f:Ur f:D! f:D");
	/* alpha: up after the last url of a clean tour */
	play(&conf, false, "u:D u:D u:U! u:U");
	/* the second url is bad: when it answers the tour starts over */
	play(&conf, false, "u:D f:D! f:D u:D u:D u:D u:U!");
	/* the first url is bad: its success begins the tour */
	play(&conf, false, "f:D! u:D u:D u:U!");
	/* one url */
	conf = rules(1, 1);
	play(&conf, true, "f:D! u:U! f:Ur u:U");
}

static void test_fast_recovery(void **state)
{
	struct conf_checker conf = rules(1, 3);

	(void)state;
	conf.fast_recovery = true;
	/* alpha: the first tour makes no pause; up again, the pages are one interval apart */
	play(&conf, false, "u:D0 u:D0 u:U! u:U u:U");
	/* a bad page is waited for; once it answers the tour runs through */
	play(&conf, false, "u:D0 f:D! f:D u:D0 u:D0 u:D0 u:U!");
	/* up, it changes nothing */
	play(&conf, true, "u:U! f:Ur u:U");
}

static void test_url_order(void **state)
{
	struct conf_checker conf = rules(1, 3);
	struct verdict verdict = verdict_start(&conf, true);
	const enum check_result results[] = {CHECK_OK, CHECK_TIMEOUT,	  CHECK_OK, CHECK_OK,
					     CHECK_OK, CHECK_LOCAL_ERROR, CHECK_OK, CHECK_OK};
	const uint32_t urls[] = {0, 1, 1, 0, 1, 2, 2, 0};
	uint64_t delay_us;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(verdict.url, urls[i]);
		verdict_step(&verdict, &conf, results[i], &delay_us);
	}
}

static void test_down_delay_of_http(void **state)
{
	struct conf_checker conf = rules(0, 1);
	struct verdict verdict = verdict_start(&conf, true);
	uint64_t delay_us;

	(void)state;
	conf.delay_loop_us = 1000000;
	verdict_step(&verdict, &conf, CHECK_TIMEOUT, &delay_us);
	assert_int_equal(delay_us, RETRY_US); /* the longer of both */
	conf.n_urls = 0;
	verdict_step(&verdict, &conf, CHECK_TIMEOUT, &delay_us);
	assert_int_equal(delay_us, 1000000);
	conf.delay_loop_us = 0;
	verdict_step(&verdict, &conf, CHECK_OK, &delay_us);
	assert_true(delay_us >= 1000); /* never a busy loop */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retries),	  cmocka_unit_test(test_local_error_is_no_verdict),
		cmocka_unit_test(test_urls),	  cmocka_unit_test(test_fast_recovery),
		cmocka_unit_test(test_url_order), cmocka_unit_test(test_down_delay_of_http),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
