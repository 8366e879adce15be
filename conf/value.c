/* SPDX-License-Identifier: MIT */
/*
 * Numbers, times, addresses, interfaces, choices. All decimal; nothing is accepted in part: "10s"
 * is an error that says so instead of a silent 10. Runs in the thread that loads.
 */
#include "conf/value.h"

#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/ip.h"

/* Anything above stays above: it is out of every range. */
#define SECONDS_MAX (INT64_MAX / USEC_PER_SEC + 1)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool value_parse_unsigned(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!is_digit(*text))
			return false;
		/* Out of every range, so no number at all. */
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	}
	*ret = value;
	return true;
}

bool value_parse_signed(const char *text, int64_t *ret)
{
	bool negative = *text == '-';
	uint64_t value;

	if (!value_parse_unsigned(text + (negative || *text == '+'), &value))
		return false;
	if (value > INT64_MAX)
		value = INT64_MAX;
	*ret = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

bool value_parse_time(const char *text, uint64_t *ret)
{
	uint64_t seconds = 0, us = 0, scale = USEC_PER_SEC;
	bool digits = false;

	for (; is_digit(*text); text++, digits = true) {
		seconds = seconds * 10 + (uint64_t)(*text - '0');
		if (seconds > SECONDS_MAX)
			seconds = SECONDS_MAX;
	}
	if (*text == '.') {
		for (text++; is_digit(*text) && scale > 1; text++, digits = true) {
			scale /= 10;
			us += (uint64_t)(*text - '0') * scale;
		}
	}
	if (!digits || *text)
		return false;
	*ret = seconds * USEC_PER_SEC + us;
	return true;
}

bool value_parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = {"on", "true", "yes"}, *const no[] = {"off", "false",
									       "no"};

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(text, yes[i]) != 0 && strcmp(text, no[i]) != 0)
			continue;
		*ret = strcmp(text, yes[i]) == 0;
		return true;
	}
	return false;
}

char *value_format_time(uint64_t us, char room[static VALUE_TIME_MAX])
{
	int length = snprintf(room, VALUE_TIME_MAX, "%" PRIu64 ".%06" PRIu64, us / USEC_PER_SEC,
			      us % USEC_PER_SEC);

	while (length > 0 && room[length - 1] == '0')
		room[--length] = '\0';
	if (length > 0 && room[length - 1] == '.')
		room[--length] = '\0';
	return room;
}

static bool has_word(struct build *build, const struct node *node, size_t index, const char *what)
{
	if (index < node->n_words)
		return true;
	build_error(build, node, 0, "%s is missing", what);
	return false;
}

/* "10s", "5%": digits and then something. */
static const char *unit_hint(const char *text)
{
	const char *at = text + (*text == '-');

	if (!is_digit(*at))
		return "";
	at += strspn(at, "0123456789.");
	return *at ? "; write the number alone, nothing behind it" : "";
}

bool value_unsigned(struct build *build, const struct node *node, size_t index, const char *what,
		    uint64_t min, uint64_t max, uint64_t *ret)
{
	const char *text;
	uint64_t value;

	if (!has_word(build, node, index, what))
		return false;
	text = node->words[index].text;
	if (value_parse_unsigned(text, &value) && value >= min && value <= max) {
		*ret = value;
		return true;
	}
	build_error(build, node, index,
		    "%s must be a number from %" PRIu64 " to %" PRIu64 ", not '%.64s'%s", what, min,
		    max, text, unit_hint(text));
	return false;
}

bool value_signed(struct build *build, const struct node *node, size_t index, const char *what,
		  int64_t min, int64_t max, int64_t *ret)
{
	const char *text;
	int64_t value;

	if (!has_word(build, node, index, what))
		return false;
	text = node->words[index].text;
	if (value_parse_signed(text, &value) && value >= min && value <= max) {
		*ret = value;
		return true;
	}
	build_error(build, node, index,
		    "%s must be a number from %" PRId64 " to %" PRId64 ", not '%.64s'%s", what, min,
		    max, text, unit_hint(text));
	return false;
}

bool value_time(struct build *build, const struct node *node, size_t index, const char *what,
		uint64_t min, uint64_t max, uint64_t *ret)
{
	char low[VALUE_TIME_MAX], high[VALUE_TIME_MAX];
	const char *text;
	uint64_t value;

	if (!has_word(build, node, index, what))
		return false;
	text = node->words[index].text;
	if (value_parse_time(text, &value) && value >= min && value <= max) {
		*ret = value;
		return true;
	}
	build_error(build, node, index,
		    "%s must be a number of seconds from %s to %s, not '%.64s'%s", what,
		    value_format_time(min, low), value_format_time(max, high), text,
		    unit_hint(text));
	return false;
}

/* "192.0.2.1:80" is what people write who know other programs. */
static const char *port_hint(const char *text)
{
	const char *colon = strrchr(text, ':');

	return colon && strchr(text, '.') ? "; separate address and port by a space" : "";
}

bool value_address(struct build *build, const struct node *node, size_t index, const char *what,
		   struct ip *ret)
{
	const char *text, *slash, *address;

	if (!has_word(build, node, index, what))
		return false;
	text = node->words[index].text;
	slash = strchr(text, '/');
	address = slash ? arena_strndup(build->scratch, text, (size_t)(slash - text)) : text;
	if (ip_parse(address, ret) == 0) {
		/* keepalived looks at nothing from the slash on. */
		if (slash)
			build_warn(build, node, index, "%s is an address alone; '%.64s' is ignored",
				   what, slash);
		return true;
	}
	build_error(build, node, index, "%s must be an IPv4 or IPv6 address, not '%.64s'%s", what,
		    text, port_hint(text));
	return false;
}

bool value_prefix(struct build *build, const struct node *node, size_t index, const char *what,
		  struct ip *ret, uint8_t *ret_prefix)
{
	const char *text, *slash, *address;
	uint64_t length;
	struct ip ip;

	if (!has_word(build, node, index, what))
		return false;
	text = node->words[index].text;
	slash = strchr(text, '/');
	address =
		arena_strndup(build->scratch, text, slash ? (size_t)(slash - text) : strlen(text));
	if (ip_parse(address, &ip) < 0) {
		build_error(build, node, index, "%s must be an IPv4 or IPv6 address, not '%.64s'%s",
			    what, text, port_hint(text));
		return false;
	}
	length = ip_prefix_max(&ip);
	if (slash && (!value_parse_unsigned(slash + 1, &length) || length > ip_prefix_max(&ip))) {
		build_error(build, node, index,
			    "the prefix length must be a number from 0 to %u, not '%.64s'",
			    ip_prefix_max(&ip), slash + 1);
		return false;
	}
	*ret = ip;
	*ret_prefix = (uint8_t)length;
	return true;
}

bool value_endpoint(struct build *build, const struct node *node, size_t index, const char *what,
		    struct ip *ret, uint16_t *ret_port)
{
	uint64_t port = 0;
	struct ip ip;

	if (!value_address(build, node, index, what, &ip))
		return false;
	if (index + 1 < node->n_words &&
	    !value_unsigned(build, node, index + 1, "the port", 0, UINT16_MAX, &port))
		return false;
	*ret = ip;
	*ret_port = (uint16_t)port;
	return true;
}

bool value_interface(struct build *build, const struct node *node, size_t index, const char *what,
		     char **ret)
{
	const char *text;

	if (!has_word(build, node, index, what))
		return false;
	text = node->words[index].text;
	/* dev_valid_name() of the kernel. */
	if (*text && strlen(text) < IFNAMSIZ && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
	    !strpbrk(text, "/: \t")) {
		*ret = arena_strdup(build->arena, text);
		return true;
	}
	build_error(
		build, node, index,
		"%s must be the name of a network interface (at most %d characters), not '%.64s'",
		what, IFNAMSIZ - 1, text);
	return false;
}

static const char *list_choices(struct build *build, const struct option_choice *choices)
{
	const char *text = "";

	for (; choices->name; choices++)
		text = arena_printf(build->scratch, "%s%s%s", text, *text ? ", " : "",
				    choices->name);
	return text;
}

bool value_choice(struct build *build, const struct node *node, size_t index,
		  const struct option *row, int *ret)
{
	const char *text;

	if (!has_word(build, node, index,
		      arena_printf(build->scratch, "the value of '%s'", node->words[0].text)))
		return false;
	text = node->words[index].text;
	for (const struct option_choice *choice = row->choices; choice->name; choice++) {
		bool same = row->flags & OPTION_IGNORE_CASE ? strcasecmp(choice->name, text) == 0
							    : strcmp(choice->name, text) == 0;

		if (same) {
			if (row->flags & OPTION_CASE_WARNED && strcmp(choice->name, text) != 0)
				build_warn(build, node, index, "'%.64s' is taken as %s", text,
					   choice->name);
			*ret = choice->value;
			return true;
		}
	}
	build_error(build, node, index, "'%s' must be one of %s, not '%.64s'", node->words[0].text,
		    list_choices(build, row->choices), text);
	return false;
}

void value_store(void *field, size_t size, int64_t value)
{
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	switch (size) {
	case 1:
		memcpy(field, &u8, size);
		break;
	case 2:
		memcpy(field, &u16, size);
		break;
	case 4:
		memcpy(field, &u32, size);
		break;
	default:
		memcpy(field, &value, sizeof(value));
	}
}

int64_t value_load(const void *field, size_t size, bool is_signed)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	int64_t i64;

	switch (size) {
	case 1:
		memcpy(&u8, field, size);
		return is_signed ? (int8_t)u8 : u8;
	case 2:
		memcpy(&u16, field, size);
		return is_signed ? (int16_t)u16 : u16;
	case 4:
		memcpy(&u32, field, size);
		return is_signed ? (int32_t)u32 : (int64_t)u32;
	default:
		memcpy(&i64, field, sizeof(i64));
		return i64;
	}
}
