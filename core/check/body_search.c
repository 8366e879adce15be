/* SPDX-License-Identifier: MIT */
/*
 * See core/check/body_search.h; the one file of core/check that knows PCRE2.
 *
 * What may still become part of a match is kept in a window: each piece is searched with "partial
 * hard", which finds a match only if no more octets could change it, and tells where one may have
 * begun. What is before that goes. If so much is left that the window would overflow, a match that
 * lies in it counts, and its older half goes.
 *
 * PCRE2's limits hold for each place where a match may start, not for all together, so they bound
 * no time. A callout before each item of the expression does: it looks at the processor time.
 */
#include "core/check/body_search.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/model.h"

#define WINDOW_MAX	 (2 * BODY_MATCH_MAX)
#define CALLOUTS_UNSEEN	 16	    /* between two looks at the clock */
#define HEAP_LEAST_BYTES (8u << 20) /* that the matcher may take; regex_stack can give more */
#define UTF8_MAX	 4
#define LINE_ENDS_MAX	 16

struct body_search {
	pcre2_code *code;
	pcre2_match_context *context;
	pcre2_match_data *data;
	bool utf, first_line;
	size_t behind;	      /* octets before a place that its match may look at, and one more */
	uint64_t first, last; /* octets of the body where a match may start */

	uint8_t window[WINDOW_MAX];
	uint64_t base; /* the octet of the body that is the first of the window */
	size_t size, start;

	uint64_t budget_us, end_us; /* processor time: left; end of the present search */
	unsigned callouts;
	bool found, over;
	const char *error;
};

static uint64_t processor_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int on_callout(pcre2_callout_block *block, void *owner)
{
	struct body_search *search = owner;

	(void)block;
	if (++search->callouts % CALLOUTS_UNSEEN || processor_us() < search->end_us)
		return 0;
	return PCRE2_ERROR_CALLOUT;
}

/* ---- birth and death ---- */

static int compile(struct body_search *search, const char *pattern, uint32_t options)
{
	PCRE2_SIZE at;
	uint32_t behind;
	int error;

	pcre2_code_free(search->code);
	search->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &error,
				     &at, NULL);
	if (!search->code)
		return error == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -EINVAL;
	pcre2_pattern_info(search->code, PCRE2_INFO_ALLOPTIONS, &options);
	pcre2_pattern_info(search->code, PCRE2_INFO_MAXLOOKBEHIND, &behind);
	search->utf = options & PCRE2_UTF; /* be it by (*UTF) */
	search->behind = (size_t)behind * (search->utf ? UTF8_MAX : 1) + 1;
	return search->behind <= BODY_MATCH_MAX / 2 ? 0 : -EINVAL;
}

/* As conf/scope_check_regex.c did at load; the end of the first line is looked for here. A body
 * that is not UTF-8 is no error, it does not match where it is not. */
static int prepare(struct body_search *search, const struct conf_regex *regex)
{
	uint32_t options =
		(regex->options & ~PCRE2_FIRSTLINE) | PCRE2_AUTO_CALLOUT | PCRE2_USE_OFFSET_LIMIT;
	int error = compile(search, regex->pattern, options);

	if (error == 0 && search->utf)
		error = compile(search, regex->pattern, options | PCRE2_MATCH_INVALID_UTF);
	return error;
}

int body_search_new(const struct conf_regex *regex, struct body_search **ret)
{
	struct body_search *search = calloc(1, sizeof *search);
	uint32_t heap = regex->stack_max_bytes;
	int error = -ENOMEM;

	if (!search)
		return -ENOMEM;
	search->first = regex->min_offset;
	search->last = regex->max_offset ? regex->max_offset - 1 : UINT64_MAX;
	search->first_line = regex->options & PCRE2_FIRSTLINE;
	search->budget_us = BODY_SEARCH_US;
	search->over = search->first > search->last;
	error = prepare(search, regex);
	if (error < 0)
		goto fail;
	error = -ENOMEM;
	search->context = pcre2_match_context_create(NULL);
	search->data = pcre2_match_data_create(1, NULL);
	if (!search->context || !search->data)
		goto fail;
	pcre2_set_heap_limit(search->context,
			     (heap > HEAP_LEAST_BYTES ? heap : HEAP_LEAST_BYTES) / 1024);
	pcre2_set_callout(search->context, on_callout, search);
	*ret = search;
	return 0;
fail:
	body_search_free(search);
	return error;
}

struct body_search *body_search_free(struct body_search *search)
{
	if (!search)
		return NULL;
	pcre2_match_data_free(search->data);
	pcre2_match_context_free(search->context);
	pcre2_code_free(search->code);
	free(search);
	return NULL;
}

/* ---- searching ---- */

static void give_up(struct body_search *search, int error)
{
	switch (error) {
	case PCRE2_ERROR_CALLOUT:
		search->error = "takes too long";
		break;
	case PCRE2_ERROR_HEAPLIMIT:
	case PCRE2_ERROR_NOMEMORY:
		search->error = "needs too much memory";
		break;
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
		search->error = "needs too many steps";
		break;
	default:
		search->error = "fails in PCRE2";
		break;
	}
}

/* Looks at the first size octets of the window. Afterwards start is the place where a match may
 * still begin. */
static void look(struct body_search *search, size_t size, uint32_t options)
{
	uint64_t began_us = processor_us(), spent_us;
	uint64_t place = search->base + search->start;
	int result;

	if (place > search->last) {
		search->over = true;
		return;
	}
	if (search->last != UINT64_MAX)
		pcre2_set_offset_limit(search->context, (size_t)(search->last - search->base));
	search->end_us = began_us + search->budget_us;
	result = pcre2_match(search->code, search->window, size, search->start, options,
			     search->data, search->context);
	spent_us = processor_us() - began_us;
	search->budget_us -= spent_us < search->budget_us ? spent_us : search->budget_us;
	if (result >= 0)
		search->found = true;
	else if (result == PCRE2_ERROR_PARTIAL)
		search->start = pcre2_get_ovector_pointer(search->data)[0];
	else if (result == PCRE2_ERROR_NOMATCH)
		search->start = size;
	else
		give_up(search, result);
}

/* Newlines at the end of the window: of ^ behind the last one PCRE2 says in multiline mode that it
 * does not match, not that it may. */
static size_t line_ends(const struct body_search *search)
{
	size_t n = 0;

	while (n < LINE_ENDS_MAX && n < search->size &&
	       search->window[search->size - n - 1] == '\n')
		n++;
	return n;
}

/* Octets at the end of the window that begin a character but do not end it. */
static size_t half_character(const struct body_search *search)
{
	size_t n = 0;

	if (!search->utf)
		return 0;
	while (n < UTF8_MAX - 1 && n < search->size) {
		uint8_t octet = search->window[search->size - ++n];

		if (octet >= 0xc0)
			return octet >= (n > 2 ? 0xf0 : n > 1 ? 0xe0 : 0xc0) ? n : 0;
		if (octet < 0x80)
			return 0;
	}
	return 0;
}

/* Octets before which no match can begin, and none can look, go. */
static void trim(struct body_search *search)
{
	size_t gone = search->start > search->behind ? search->start - search->behind : 0;

	memmove(search->window, search->window + gone, search->size - gone);
	search->base += gone;
	search->size -= gone;
	search->start -= gone;
}

static void search_window(struct body_search *search)
{
	size_t half = half_character(search);
	size_t size = search->size - (half ? half : line_ends(search));

	/* Not yet where the search starts. */
	if (search->base + size <= search->first) {
		search->start = size;
		trim(search);
		return;
	}
	if (search->base + search->start < search->first)
		search->start = (size_t)(search->first - search->base);
	if (search->start < size)
		look(search, size, PCRE2_PARTIAL_HARD);
	if (search->size - search->start > BODY_MATCH_MAX && !search->found && !search->error) {
		look(search, size, PCRE2_NOTEOL);
		search->start = search->size - BODY_MATCH_MAX;
	}
	if (!search->found && !search->error)
		trim(search);
}

/* A match must start in the first line: at its end at the latest. */
static void find_line_end(struct body_search *search, size_t from)
{
	uint64_t place = search->base + from;
	const uint8_t *end;

	if (place < search->first)
		from += search->first - place < search->size - from
				? (size_t)(search->first - place)
				: search->size - from;
	end = memchr(search->window + from, '\n', search->size - from);
	if (!end)
		return;
	place = search->base + (uint64_t)(end - search->window);
	search->last = place < search->last ? place : search->last;
	search->first_line = false;
}

static bool is_decided(const struct body_search *search)
{
	return search->found || search->over || search->error;
}

void body_search_add(struct body_search *search, const void *octets, size_t size)
{
	const uint8_t *at = octets;

	while (size && !is_decided(search)) {
		size_t room = WINDOW_MAX - search->size;
		size_t n = size < room ? size : room;

		memcpy(search->window + search->size, at, n);
		search->size += n;
		at += n;
		size -= n;
		search->budget_us += n / BODY_SEARCH_OCTETS_US;
		if (search->first_line)
			find_line_end(search, search->size - n);
		search_window(search);
	}
}

enum body_result body_search_finish(struct body_search *search)
{
	if (!is_decided(search) && search->base + search->size >= search->first) {
		if (search->base + search->start < search->first)
			search->start = (size_t)(search->first - search->base);
		look(search, search->size, 0);
	}
	if (search->error)
		return BODY_GIVEN_UP;
	return search->found ? BODY_MATCHES : BODY_DIFFERS;
}

const char *body_search_error(const struct body_search *search)
{
	return search->error;
}
