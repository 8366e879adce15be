/* SPDX-License-Identifier: MIT */
/* Unit tests of the search in bodies: in every cut as in one piece, and within its bounds. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "conf/model.h"
#include "core/check/body_search.h"

static enum body_result search(const struct conf_regex *regex, const char *body, size_t size,
			       size_t step)
{
	struct body_search *search;
	enum body_result result;

	assert_int_equal(body_search_new(regex, &search), 0);
	for (size_t at = 0; at < size; at += step)
		body_search_add(search, body + at, size - at < step ? size - at : step);
	result = body_search_finish(search);
	body_search_free(search);
	return result;
}

static void expect(const struct conf_regex *regex, const char *body, size_t size, bool matches)
{
	for (size_t step = 1; step <= size + 1; step++) {
		if (search(regex, body, size, step) != (matches ? BODY_MATCHES : BODY_DIFFERS))
			fail_msg("/%s/ in pieces of %zu %s", regex->pattern, step,
				 matches ? "does not match" : "matches");
	}
}

static const struct {
	const char *pattern, *body;
	uint32_t options, min, max;
	bool matches;
} cases[] = {
	{"works", "it works\n", 0, 0, 0, true},
	{"works$", "it works\n", 0, 0, 0, true},
	{"works\\z", "it works\n", 0, 0, 0, false},
	{"wor$", "it works\n", 0, 0, 0, false},
	{"works(?! not)", "it works not", 0, 0, 0, false},
	{"works(?! not)", "it works nowhere", 0, 0, 0, true},
	{"work\\b", "it works", 0, 0, 0, false},
	{"works\\b", "it works", 0, 0, 0, true},
	{"(?<=it )works", "it works", 0, 0, 0, true},
	{"(?<!it )works", "it works", 0, 0, 0, false},
	{"^works", "it works", 0, 0, 0, false},
	{"\\Aworks", "it works", 0, 0, 0, false},
	{"(?<=\\A.)t", "it works tt", 0, 0, 0, true},
	{"(?<=\\A.)o", "it works", 0, 0, 0, false},
	{"^works", "it\nworks", 0, 0, 0, false},
	{"^works", "it\nworks", PCRE2_MULTILINE, 0, 0, true},
	{"it$", "it\nworks", PCRE2_MULTILINE, 0, 0, true},
	{"it.works", "it\nworks", 0, 0, 0, false},
	{"it.works", "it\nworks", PCRE2_DOTALL, 0, 0, true},
	{"WORKS", "it works", PCRE2_CASELESS, 0, 0, true},
	{"(.)\\1", "abcdd", 0, 0, 0, true},
	{"(.)\\1", "abcd", 0, 0, 0, false},
	{"x*", "abc", 0, 0, 0, true},
	{"it", "it works", 0, 1, 0, false},
	{"t", "it works", 0, 1, 0, true},
	{"(?<=i)t", "it works", 0, 1, 0, true},
	{"^t", "it works", 0, 1, 0, false},
	{"works", "it works", 0, 9, 0, false},
	{"works", "it works", 0, 0, 4, true},
	{"works", "it works", 0, 0, 3, false},
	{"works", "it works", 0, 3, 4, true},
	{"works", "it works works", 0, 4, 8, false},
	{"works", "it\nworks", PCRE2_FIRSTLINE, 0, 0, false},
	{"it\\nworks", "it\nworks", PCRE2_FIRSTLINE, 0, 0, true},
	{"\\nworks", "it\nworks", PCRE2_FIRSTLINE, 0, 0, true},
	{"works", "it\nworks", PCRE2_FIRSTLINE, 3, 0, true},
	{"^\xc3\xa9.\xe2\x82\xac$", "\xc3\xa9x\xe2\x82\xac", PCRE2_UTF, 0, 0, true},
	{"^...$", "\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac", PCRE2_UTF, 0, 0, true},
	{"(*UTF)^...$", "\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac", 0, 0, 0, true},
	{"(?<=\xf0\x9f\x98\x80)b",
	 "a\xf0\x9f\x98\x80"
	 "b",
	 PCRE2_UTF, 0, 0, true},
	/* What is not UTF-8 does not match, and is in nobody's way. */
	{"works", "\xff\xc3 works \xf0\x9f", PCRE2_UTF, 0, 0, true},
	{"^.works", "\xffworks", PCRE2_UTF, 0, 0, false},
};

static void test_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf_regex regex = {.pattern = (char *)cases[i].pattern,
					   .options = cases[i].options,
					   .min_offset = cases[i].min,
					   .max_offset = cases[i].max};

		expect(&regex, cases[i].body, strlen(cases[i].body), cases[i].matches);
	}
}

/* The same answer as of one match over the whole body, for many expressions. */
static void test_random(void **state)
{
	static const char *const parts[] = {
		"a",	  "b",	 "c",	".",	  "a*",	   "[ab]+", "(?:ab)?",
		"b{2,3}", "^",	 "$",	"\\b",	  "(?=b)", "(?!a)", "(?<=a)",
		"(?<!b)", "\\n", "c+?", "(a|bc)", "\\z",   ".*c",
	};
	unsigned seed = 4711;

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		char pattern[64] = "", body[24];
		struct conf_regex regex = {.pattern = pattern};
		size_t size = (size_t)rand_r(&seed) % sizeof body, at;
		pcre2_match_data *data = pcre2_match_data_create(1, NULL);
		pcre2_code *code;
		int error;

		for (int n = 1 + rand_r(&seed) % 4; n > 0; n--)
			strcat(pattern, parts[(size_t)rand_r(&seed) % 20]);
		for (size_t i = 0; i < size; i++)
			body[i] = "abc\n"[rand_r(&seed) % 4];
		regex.options = rand_r(&seed) % 2 ? PCRE2_MULTILINE : PCRE2_DOTALL;
		code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, regex.options,
				     &error, &at, NULL);
		assert_non_null(code);
		/* A body of nothing is never searched. */
		if (size)
			expect(&regex, body, size,
			       pcre2_match(code, (PCRE2_SPTR)body, size, 0, 0, data, NULL) >= 0);
		pcre2_code_free(code);
		pcre2_match_data_free(data);
	}
}

/* ---- large bodies ---- */

#define LARGE (3u << 20)

static char *large_body(void)
{
	char *body = malloc(LARGE);

	for (size_t i = 0; i < LARGE; i++)
		body[i] = i % 80 == 79 ? '\n' : 'x';
	return body;
}

static void test_large(void **state)
{
	char *body = large_body();
	struct conf_regex regex = {.pattern = (char *)"needle"};

	(void)state;
	assert_int_equal(search(&regex, body, LARGE, 16384), BODY_DIFFERS);
	memcpy(body + LARGE - 6, "needle", 6);
	assert_int_equal(search(&regex, body, LARGE, 16384), BODY_MATCHES);
	memcpy(body + 16380, "needle", 6);
	regex.max_offset = 16381;
	assert_int_equal(search(&regex, body, LARGE, 16384), BODY_MATCHES);
	regex.max_offset = 16380;
	assert_int_equal(search(&regex, body, LARGE, 16384), BODY_DIFFERS);
	regex.min_offset = 16381;
	regex.max_offset = 0;
	assert_int_equal(search(&regex, body, LARGE, 16384), BODY_MATCHES);
	/* It may go on to the end of the body, which nobody keeps. */
	regex = (struct conf_regex){.pattern = (char *)"needle.*", .options = PCRE2_DOTALL};
	assert_int_equal(search(&regex, body, LARGE, 16384), BODY_MATCHES);
	free(body);
}

/* A match of as much as is promised, wherever it lies. */
static void test_long_match(void **state)
{
	struct conf_regex regex = {.pattern = (char *)"<.{32766}>", .options = PCRE2_DOTALL};

	(void)state;
	for (size_t at = 0; at < 40000; at += 7919) {
		char *body = large_body();

		body[at] = '<';
		body[at + 32767] = '>';
		assert_int_equal(search(&regex, body, LARGE / 8, 16384), BODY_MATCHES);
		assert_int_equal(search(&regex, body, LARGE / 8, 1000), BODY_MATCHES);
		body[at + 32767] = '=';
		assert_int_equal(search(&regex, body, LARGE / 8, 16384), BODY_DIFFERS);
		free(body);
	}
}

/* ---- bounds ---- */

static void expect_given_up(const char *pattern, const char *why)
{
	struct conf_regex regex = {.pattern = (char *)pattern, .options = PCRE2_DOTALL};
	char *body = malloc(LARGE);
	struct body_search *search;
	clock_t began = clock();

	memset(body, 'a', LARGE);
	assert_int_equal(body_search_new(&regex, &search), 0);
	for (size_t at = 0; at < LARGE; at += 16384)
		body_search_add(search, body + at, 16384);
	assert_int_equal(body_search_finish(search), BODY_GIVEN_UP);
	assert_string_equal(body_search_error(search), why);
	/* All budgets of the body together, and as much again. The processor's time: a machine's
	 * other work is none of ours. */
	assert_true(clock() - began < 3 * CLOCKS_PER_SEC);
	body_search_free(search);
	free(body);
}

static void test_bounds(void **state)
{
	(void)state;
	expect_given_up("(?:a|aa)+b", "needs too much memory");
	expect_given_up("(?:a|aa)+[bc]", "needs too much memory");
	expect_given_up("(?:a*)*[bc]", "takes too long");
	expect_given_up("(a+)+[bc]", "takes too long");
	expect_given_up("(?:[^b]*[cd])+", "takes too long");
	expect_given_up("a[^b]*[cd]", "takes too long");
	expect_given_up("(?=(a+))a*[bc]\\1", "takes too long");
}

static void test_refused(void **state)
{
	struct conf_regex regex = {.pattern = (char *)"("};
	struct body_search *search;

	(void)state;
	assert_int_equal(body_search_new(&regex, &search), -EINVAL);
	regex.pattern = (char *)"(?<=a{20000})b";
	assert_int_equal(body_search_new(&regex, &search), -EINVAL);
	body_search_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),   cmocka_unit_test(test_random),
		cmocka_unit_test(test_large),  cmocka_unit_test(test_long_match),
		cmocka_unit_test(test_bounds), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
