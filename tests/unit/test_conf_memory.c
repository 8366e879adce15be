/* SPDX-License-Identifier: MIT */
/*
 * Memory being out at any allocation: the load says so, leaks nothing and leaves nothing half made.
 * Linked with
 * --wrap=calloc, which is what arenas allocate with.
 */
#include "tests/unit/conf_text.h"

#include "conf/diff.h"

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

/* Allocations that still succeed; negative: all. */
static int allocations_left = -1;

void *__wrap_calloc(size_t n, size_t size)
{
	if (allocations_left == 0)
		return NULL;
	if (allocations_left > 0)
		allocations_left--;
	return __real_calloc(n, size);
}

/* Big enough for more than one chunk of each arena. */
static char *make_text(void)
{
	char *text = malloc(300000), *at = text;

	assert_non_null(text);
	at = stpcpy(at,
		    "global_defs {\nvrrp_strict\n}\nvirtual_server 192.0.2.1 80 {\nprotocol TCP\n");
	for (unsigned i = 0; i < 1000; i++)
		at += snprintf(at, 200,
			       "real_server 198.51.%u.%u 80 {\nTCP_CHECK {\nretry 2\n}\n}\n",
			       i / 250, i % 250);
	/* Names of iproute2 come from files; none may stay open. */
	stpcpy(at, "}\nstatic_routes {\n192.0.2.0/24 dev eth0 table main protocol keepalived\n}\n");
	return text;
}

static void test_every_allocation(void **state)
{
	char *text = make_text();
	int failures = 0, r;

	(void)state;
	do {
		const struct conf *conf = NULL;
		struct diag_list diags;

		allocations_left = failures;
		r = conf_load_text("t", text, strlen(text), NULL, &conf, &diags);
		allocations_left = -1;
		if (r < 0) {
			assert_int_equal(r, -ENOMEM);
			assert_null(conf);
			assert_int_equal(diags.count, 0);
			failures++;
		} else {
			assert_int_equal(conf->services[0].n_servers, 1000);
		}
		diag_list_free(&diags);
		conf_unref(conf);
	} while (r < 0 && failures < 1000);
	assert_in_range(failures, 8, 999);
	free(text);
}

/* The same when two configurations are compared, and when a load keeps what must not change. */
static void test_comparing(void **state)
{
	char *text = make_text(), *other = malloc(400000);
	struct conf_changes *changes;
	struct loaded old, new;
	int failures = 0, r;

	(void)state;
	assert_non_null(other);
	stpcpy(stpcpy(other,
		      "global_defs {\nlvs_flush\n}\nvirtual_server fwmark 1 {\nquorum 2\n"
		      "real_server 192.0.2.1 80 {\nMISC_CHECK {\nmisc_path \"/a b\"\n}\n}\n}\n"),
	       text);
	old = load_text(text);
	new = load_text(other);
	do {
		allocations_left = failures++;
		r = conf_changes_new(old.conf, new.conf, &changes);
		allocations_left = -1;
	} while (r == -ENOMEM && failures < 5000);
	assert_int_equal(r, 0);
	assert_in_range(failures, 8, 4999);
	assert_int_equal(changes->count, 2);
	conf_changes_free(changes);
	unload(&new);
	failures = 0;
	do {
		struct conf_load_options options = {.previous = old.conf};

		allocations_left = failures++;
		r = conf_load_text("t", other, strlen(other), &options, &new.conf, &new.diags);
		allocations_left = -1;
		if (r < 0)
			assert_int_equal(new.diags.count, 0);
	} while (r == -ENOMEM && failures < 5000);
	assert_int_equal(r, 0);
	assert_false(new.conf->global.lvs_flush);
	unload(&new);
	unload(&old);
	free(text);
	free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation),
		cmocka_unit_test(test_comparing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
