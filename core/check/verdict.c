/* SPDX-License-Identifier: MIT */
/*
 * The rules by which results become a verdict. Pure: no clock, no loop, no sockets.
 *
 * While a server is up, a failure is tried again `retry` times, delay_before_retry apart, before it
 * counts. While it is down there are no retries. One url is fetched per attempt; a bad url is kept
 * until it answers, and then the tour starts again at the first, so that a server comes up only
 * after every url of one clean tour has passed. With fast_recovery that tour makes no pause.
 */
#include "core/check/verdict.h"

/* A delay of zero in the configuration must not become a busy loop. */
#define DELAY_MIN_US UINT64_C(1000)

static uint64_t longer(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct verdict verdict_start(const struct conf_checker *conf, bool initially_up)
{
	/*
	 * Kept from keepalived: the attempts start out used up. A server that is assumed up before
	 * anything was checked leaves at the very first failure, whatever `retry` says.
	 */
	return (struct verdict){.up = initially_up, .tries = conf->retry};
}

static uint32_t url_count(const struct conf_checker *conf)
{
	return conf->n_urls ? conf->n_urls : 1;
}

static void pass(struct verdict *verdict, const struct conf_checker *conf)
{
	bool recovered = verdict->url_bad;

	verdict->tries = 0;
	verdict->url_bad = false;
	if (recovered && verdict->url != 0) {
		verdict->url = 0;
		return;
	}
	if (++verdict->url < url_count(conf))
		return;
	verdict->url = 0;
	verdict->up = true;
}

/* Returns the delay until the next attempt. */
static uint64_t fail(struct verdict *verdict, const struct conf_checker *conf)
{
	verdict->url_bad = true;
	if (verdict->up && verdict->tries < conf->retry) {
		verdict->tries++;
		return conf->delay_before_retry_us;
	}
	verdict->up = false;
	verdict->decided = true;
	if (conf->n_urls)
		return longer(conf->delay_before_retry_us, conf->delay_loop_us);
	return conf->delay_loop_us;
}

bool verdict_step(struct verdict *verdict, const struct conf_checker *conf,
		  enum check_result result, uint64_t *ret_delay_us)
{
	struct verdict before = *verdict;
	uint64_t delay_us;

	if (result == CHECK_LOCAL_ERROR) {
		*ret_delay_us = longer(conf->delay_before_retry_us, DELAY_MIN_US);
		return false;
	}
	if (result == CHECK_OK) {
		pass(verdict, conf);
		bool fast = conf->n_urls && conf->fast_recovery && !verdict->up;
		delay_us = fast ? 0 : conf->delay_loop_us;
		/* An alpha server in the middle of its first tour is still undecided. */
		if (verdict->up)
			verdict->decided = true;
	} else {
		delay_us = fail(verdict, conf);
	}
	*ret_delay_us = longer(delay_us, DELAY_MIN_US);
	return verdict->decided && (!before.decided || verdict->up != before.up);
}
