/* SPDX-License-Identifier: MIT */
/*
 * The attribute `encap` of routes and next hops: lightweight tunnels. Sources: ip-route(8), ENCAP;
 * linux/lwtunnel.h, linux/mpls.h, linux/ila.h. Runs in the thread that loads.
 */
#include <inttypes.h>
#include <string.h>

#include "conf/rtnames.h"
#include "conf/scope_route.h"
#include "conf/value.h"

#define LABEL_MAX 0xfffff /* 20 bits, RFC 3032 */

#define FIELD(member) ATTRIBUTE_FIELD(conf_encap, member)
#define COMMON                                                                                     \
	{"id", ATTRIBUTE_UNSIGNED, FIELD(id), .max = UINT64_MAX, .help = "tunnel key"},            \
		{"dst", ATTRIBUTE_ADDRESS, FIELD(dst), .help = "outer destination"},               \
		{"src", ATTRIBUTE_ADDRESS, FIELD(src), .help = "outer source"},                    \
		{"tos", ATTRIBUTE_NAMED(RTNAMES_DSFIELD), FIELD(tos),                              \
		 .help = "outer traffic class"},                                                   \
		{"dsfield", ATTRIBUTE_NAMED(RTNAMES_DSFIELD), FIELD(tos),                          \
		 .help = "the same as tos"},                                                       \
		{"hoplimit", ATTRIBUTE_UNSIGNED, FIELD(ttl), .max = UINT8_MAX,                     \
		 .help = "outer time to live"},                                                    \
	{                                                                                          \
		"flags", ATTRIBUTE_UNSIGNED, FIELD(tunnel_flags),                                  \
			.max = UINT16_MAX, .help = "tunnel flags of the kernel"                    \
	}

static const struct attribute ip_attributes[] = {
	COMMON,
	{"ttl", ATTRIBUTE_UNSIGNED, FIELD(ttl), .max = UINT8_MAX, .help = "the same as hoplimit"},
	{.name = NULL},
};
static const struct attribute ip6_attributes[] = {
	COMMON,
	{"tc", ATTRIBUTE_NAMED(RTNAMES_DSFIELD), FIELD(tos), .help = "the same as tos"},
	{.name = NULL},
};

static bool read_ip(struct line *line, struct conf_encap *encap)
{
	bool is_ip6 = encap->type == CONF_ENCAP_IP6;
	struct line part = line_part(line, is_ip6 ? ip6_attributes : ip_attributes);

	part.family = is_ip6 ? AF_INET6 : AF_INET;
	if (!line_read(&part, encap))
		return false;
	line->at = part.at;
	if (line_place(&part, "id") || ip_is_set(&encap->dst) || ip_is_set(&encap->src))
		return true;
	build_error(line->build, line->node, line->at - 1,
		    "the encapsulation needs an 'id', 'dst' or 'src'");
	return false;
}

/* LABEL[/LABEL] */
static bool read_labels(struct line *line, struct conf_encap *encap)
{
	char *rest = arena_strdup(line->build->scratch, line_word(line)), *text;
	uint64_t label;

	while ((text = strsep(&rest, "/"))) {
		if (encap->n_labels < CONF_LABELS_MAX && rtnames_parse_number(text, &label) &&
		    label <= LABEL_MAX) {
			encap->labels[encap->n_labels++] = (uint32_t)label;
			continue;
		}
		build_error(
			line->build, line->node, line->at,
			"'mpls' must be followed by LABEL[/LABEL], each from 0 to %u, not '%.64s'",
			LABEL_MAX, line_word(line));
		return false;
	}
	line->at++;
	return true;
}

/* Four groups of up to four hexadecimal digits. */
static bool parse_locator(const char *text, uint64_t *ret)
{
	uint64_t locator = 0;

	for (unsigned group = 0; group < 4; group++) {
		size_t digits = strspn(text, "0123456789abcdefABCDEF");
		uint64_t value = 0;

		if (!digits || digits > 4 || text[digits] != (group < 3 ? ':' : '\0'))
			return false;
		for (size_t i = 0; i < digits; i++)
			value = value * 16 + (uint64_t)(text[i] <= '9' ? text[i] - '0'
								       : (text[i] | 32) - 'a' + 10);
		locator = locator << 16 | value;
		text += digits + 1;
	}
	*ret = locator;
	return true;
}

static bool read_locator(struct line *line, struct conf_encap *encap)
{
	if (parse_locator(line_word(line), &encap->locator)) {
		line->at++;
		return true;
	}
	build_error(line->build, line->node, line->at,
		    "'ila' must be followed by a locator like 2001:db8:0:1, not '%.64s'",
		    line_word(line));
	return false;
}

bool read_encap(struct line *line, const struct attribute *row, void *draft)
{
	struct conf_encap encap = {0};
	bool good;

	if (line_take(line, "ip")) {
		encap.type = CONF_ENCAP_IP;
		good = read_ip(line, &encap);
	} else if (line_take(line, "ip6")) {
		encap.type = CONF_ENCAP_IP6;
		good = read_ip(line, &encap);
	} else if (line_take(line, "mpls")) {
		encap.type = CONF_ENCAP_MPLS;
		good = read_labels(line, &encap);
	} else if (line_take(line, "ila")) {
		encap.type = CONF_ENCAP_ILA;
		good = read_locator(line, &encap);
	} else {
		build_error(line->build, line->node, line->at,
			    "behind 'encap' must stand ip, ip6, mpls or ila, not '%.64s'",
			    line_word(line));
		return false;
	}
	if (good)
		memcpy((char *)draft + row->offset, &encap, sizeof(encap));
	return good;
}

/* ---- dump ---- */

static void print_ip(struct dump *dump, const struct conf_encap *encap)
{
	char text[IP_TEXT_MAX];

	dump_part(dump, "id %" PRIu64, encap->id);
	if (ip_is_set(&encap->dst))
		dump_part(dump, "dst %s", ip_format(&encap->dst, text));
	if (ip_is_set(&encap->src))
		dump_part(dump, "src %s", ip_format(&encap->src, text));
	if (encap->tos)
		dump_part(dump, "tos 0x%02x", encap->tos);
	if (encap->ttl)
		dump_part(dump, "hoplimit %u", encap->ttl);
	if (encap->tunnel_flags)
		dump_part(dump, "flags %u", encap->tunnel_flags);
}

void dump_encap(struct dump *dump, const struct conf_encap *encap)
{
	switch (encap->type) {
	case CONF_ENCAP_NONE:
		break;
	case CONF_ENCAP_IP:
	case CONF_ENCAP_IP6:
		dump_part(dump, "encap %s", encap->type == CONF_ENCAP_IP6 ? "ip6" : "ip");
		print_ip(dump, encap);
		break;
	case CONF_ENCAP_MPLS:
		dump_part(dump, encap->n_labels > 1 ? "encap mpls %u/%u" : "encap mpls %u",
			  encap->labels[0], encap->labels[1]);
		break;
	case CONF_ENCAP_ILA:
		dump_part(dump, "encap ila %x:%x:%x:%x", (unsigned)(encap->locator >> 48),
			  (unsigned)(encap->locator >> 32 & 0xffff),
			  (unsigned)(encap->locator >> 16 & 0xffff),
			  (unsigned)(encap->locator & 0xffff));
	}
}
