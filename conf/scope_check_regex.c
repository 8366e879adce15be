/* SPDX-License-Identifier: MIT */
/*
 * The search in the body of a page: keywords of url. An expression is compiled once while it is
 * loaded, so a wrong one is found before it fails a server. Source: keepalived.conf(5), HTTP_GET;
 * pcre2api(3) for the options.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "conf/scope_check.h"
#include "conf/scopes.h"
#include "conf/value.h"

static const struct {
	const char *name;
	uint32_t option;
} option_names[] = {
	{"allow_empty_class", PCRE2_ALLOW_EMPTY_CLASS},
	{"alt_bsux", PCRE2_ALT_BSUX},
	{"alt_circumflex", PCRE2_ALT_CIRCUMFLEX},
	{"alt_verbnames", PCRE2_ALT_VERBNAMES},
	{"auto_callout", PCRE2_AUTO_CALLOUT},
	{"caseless", PCRE2_CASELESS},
	{"dollar_endonly", PCRE2_DOLLAR_ENDONLY},
	{"dotall", PCRE2_DOTALL},
	{"dupnames", PCRE2_DUPNAMES},
	{"extended", PCRE2_EXTENDED},
	{"firstline", PCRE2_FIRSTLINE},
	{"match_unset_backref", PCRE2_MATCH_UNSET_BACKREF},
	{"multiline", PCRE2_MULTILINE},
	{"never_backslash_c", PCRE2_NEVER_BACKSLASH_C},
	{"never_ucp", PCRE2_NEVER_UCP},
	{"never_utf", PCRE2_NEVER_UTF},
	{"no_auto_capture", PCRE2_NO_AUTO_CAPTURE},
	{"no_auto_possess", PCRE2_NO_AUTO_POSSESS},
	{"no_dotstar_anchor", PCRE2_NO_DOTSTAR_ANCHOR},
	{"no_start_optimize", PCRE2_NO_START_OPTIMIZE},
	{"ucp", PCRE2_UCP},
	{"ungreedy", PCRE2_UNGREEDY},
	{"use_offset_limit", PCRE2_USE_OFFSET_LIMIT},
	{"utf", PCRE2_UTF},
};
#define N_OPTIONS (sizeof(option_names) / sizeof(*option_names))

static void read_options(struct build *build, const struct node *node, void *draft)
{
	struct conf_regex *regex = &((struct conf_url *)draft)->regex;

	for (size_t i = 1; i < node->n_words; i++) {
		const char *text = node->words[i].text;
		size_t k = 0;

		while (k < N_OPTIONS && strcmp(option_names[k].name, text) != 0)
			k++;
		if (k < N_OPTIONS)
			regex->options |= option_names[k].option;
		else
			build_error(build, node, i, "'regex_options' knows no '%.64s'", text);
	}
}

static void dump_options(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_regex *regex = &((const struct conf_url *)model)->regex;

	for (size_t i = 0; i < N_OPTIONS; i++)
		if (regex->options & option_names[i].option)
			dump_line(dump, "%s %s", row->name, option_names[i].name);
}

static void read_stack(struct build *build, const struct node *node, void *draft)
{
	struct conf_regex *regex = &((struct conf_url *)draft)->regex;
	uint64_t start, most;

	if (!value_unsigned(build, node, 1, "the size to start with", 1, UINT32_MAX, &start) ||
	    !value_unsigned(build, node, 2, "the greatest size", start, UINT32_MAX, &most))
		return;
	regex->stack_start_bytes = (uint32_t)start;
	regex->stack_max_bytes = (uint32_t)most;
}

static void dump_stack(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_regex *regex = &((const struct conf_url *)model)->regex;

	if (regex->stack_max_bytes)
		dump_line(dump, "%s %u %u", row->name, regex->stack_start_bytes,
			  regex->stack_max_bytes);
}

/* Without an expression it would be complained of; 0 is the default. */
static void dump_place(struct dump *dump, const struct option *row, const void *model)
{
	uint32_t place;

	memcpy(&place, (const char *)model + row->offset, sizeof(place));
	if (place)
		dump_line(dump, "%s %u", row->name, place);
}

#define REGEX(field) OPTION_FIELD(conf_url, regex.field), .reload = OPTION_RESTART

const struct option check_regex_rows[] = {
	{"regex", OPTION_STRING, REGEX(pattern), .flags = FIELD | OPTION_ESCAPED, .max = 1023,
	 .argument = "EXPRESSION",
	 .help = "Perl-compatible regular expression that the body must match"},
	{"regex_no_match", OPTION_FLAG, REGEX(no_match), .flags = FIELD, .value = true,
	 .needs = "regex", .help = "makes a match the failure"},
	{"regex_options", OPTION_CUSTOM, REGEX(options), .flags = FIELD | OPTION_REPEATABLE,
	 .min = 1, .max = N_OPTIONS, .apply = read_options, .dump = dump_options,
	 .argument = "OPTION ...", .needs = "regex",
	 .help = "options of the expression, named as in pcre2api(3) but in lower case"},
	{"regex_min_offset", OPTION_UNSIGNED, REGEX(min_offset), .flags = DEFAULT, .min = 0,
	 .max = UINT32_MAX, .dump = dump_place, .argument = "OCTETS", .needs = "regex",
	 .help = "place in the body where the search starts"},
	{"regex_max_offset", OPTION_UNSIGNED, REGEX(max_offset), .flags = FIELD, .min = 0,
	 .max = UINT32_MAX, .dump = dump_place, .argument = "OCTETS", .needs = "regex",
	 .help = "place in the body before which a match must start; 0, the default: anywhere"},
	{"regex_stack", OPTION_CUSTOM, REGEX(stack_start_bytes), .flags = FIELD, .min = 2, .max = 2,
	 .apply = read_stack, .dump = dump_stack, .argument = "START MAX", .needs = "regex",
	 .help = "octets of memory keepalived's matcher starts with, and octets it may grow to; "
		 "here it may always take 8 MiB, and more where the second says so"},
	{.name = NULL},
};

static const struct node *setter_of(const struct node *url, size_t offset)
{
	return tree_setter(url, offsetof(struct conf_url, regex) + offset);
}

static void check_offsets(struct build *build, const struct node *url,
			  const struct conf_regex *regex)
{
	const struct node *setter = setter_of(url, offsetof(struct conf_regex, max_offset));

	if (setter && regex->max_offset && regex->max_offset <= regex->min_offset)
		build_warn(build, setter, 1,
			   "no match can start before %u: 'regex_min_offset' is %u",
			   regex->max_offset, regex->min_offset);
}

/* Octets of the body before a match that it may look at are kept, so they are limited. */
#define BEHIND_MAX 4000

static void check_behind(struct build *build, const struct node *setter, const pcre2_code *code)
{
	uint32_t behind = 0;

	pcre2_pattern_info(code, PCRE2_INFO_MAXLOOKBEHIND, &behind);
	if (behind > BEHIND_MAX)
		build_error(build, setter, 1,
			    "the expression must not look back more than %d characters, not %u",
			    BEHIND_MAX, behind);
}

static void check_pattern(struct build *build, const struct node *url,
			  const struct conf_regex *regex)
{
	const struct node *setter = setter_of(url, offsetof(struct conf_regex, pattern));
	PCRE2_SIZE at = 0;
	PCRE2_UCHAR text[128] = "";
	pcre2_code *code;
	int error;

	/* The callouts that the search needs make it larger. */
	code = pcre2_compile((PCRE2_SPTR)regex->pattern, PCRE2_ZERO_TERMINATED,
			     regex->options | PCRE2_AUTO_CALLOUT, &error, &at, NULL);
	if (code) {
		check_behind(build, setter, code);
	} else {
		pcre2_get_error_message(error, text, sizeof(text));
		build_error(build, setter, 1, "not a regular expression: %s, at octet %zu of it",
			    (const char *)text, (size_t)at);
	}
	pcre2_code_free(code);
}

void check_regex(struct build *build, const struct node *url, const struct conf_regex *regex)
{
	if (!regex->pattern)
		return;
	check_offsets(build, url, regex);
	check_pattern(build, url, regex);
}
