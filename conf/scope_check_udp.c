/* SPDX-License-Identifier: MIT */
/*
 * The checkers that send datagrams: UDP_CHECK and DNS_CHECK. Source: keepalived.conf(5), the
 * checkers of a real_server; RFC 1035 for names and types.
 */
#include <stdio.h>
#include <string.h>

#include "conf/scope_check.h"
#include "conf/scopes.h"
#include "conf/value.h"

/* ---- UDP_CHECK ---- */

#define OCTETS_MAX 65507 /* that a datagram can carry over IPv4 */

static void *begin_udp(struct build *build, const struct node *node, void *parent)
{
	return check_add(build, node, parent, CONF_UDP_CHECK);
}

/* One digit, or X for any; false: neither. */
static bool read_nibble(char c, bool wildcards, uint8_t *ret, uint8_t *ret_mask)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = c ? strchr(digits, c | 0x20) : NULL;

	*ret_mask = digit ? 0xf : 0;
	*ret = digit ? (uint8_t)(digit - digits) : 0;
	return digit || (wildcards && (c | 0x20) == 'x');
}

/* Two digits make an octet; one that is left before white space makes one by itself. */
static bool read_group(const char *text, bool wildcards, struct conf_octets *octets)
{
	while (*text && !strchr(" \t", *text)) {
		uint8_t high = 0, high_mask = 0xf, low, low_mask;

		if (text[1] && !strchr(" \t", text[1]) &&
		    !read_nibble(*text++, wildcards, &high, &high_mask))
			return false;
		if (!read_nibble(*text++, wildcards, &low, &low_mask))
			return false;
		octets->octets[octets->n] = (uint8_t)(high << 4 | low);
		octets->mask[octets->n++] = (uint8_t)(high_mask << 4 | low_mask);
	}
	return true;
}

static bool read_word(const char *text, bool wildcards, struct conf_octets *octets)
{
	for (text += strspn(text, " \t"); *text; text += strspn(text, " \t")) {
		if (!read_group(text, wildcards, octets))
			return false;
		text += strcspn(text, " \t");
	}
	return true;
}

static void read_octets(struct build *build, const struct node *node, bool wildcards,
			struct conf_octets *ret)
{
	struct conf_octets octets = {0};
	size_t digits = 0;

	for (size_t i = 1; i < node->n_words; i++)
		digits += strlen(node->words[i].text);
	octets.octets = arena_array(build->arena, digits, 1);
	octets.mask = arena_array(build->arena, digits, 1);
	for (size_t i = 1; i < node->n_words; i++) {
		size_t before = octets.n;

		if (read_word(node->words[i].text, wildcards, &octets) && octets.n > before)
			continue;
		build_error(build, node, i, "'%s' takes hexadecimal digits%s, not '%.64s'",
			    node->row->name, wildcards ? " and X for any digit" : "",
			    node->words[i].text);
		return;
	}
	if (octets.n > OCTETS_MAX) {
		build_error(build, node, 1, "'%s' must not have more than %d octets",
			    node->row->name, OCTETS_MAX);
		return;
	}
	*ret = octets;
}

static void dump_octets(struct dump *dump, const char *name, const struct conf_octets *octets)
{
	char *text = dump_room(dump, 2 * octets->n + 1), *to = text;

	for (size_t i = 0; i < octets->n; i++) {
		to += snprintf(to, 3, "%02x", octets->octets[i]);
		if (!(octets->mask[i] & 0xf0))
			to[-2] = 'X';
		if (!(octets->mask[i] & 0x0f))
			to[-1] = 'X';
	}
	dump_line(dump, "%s%s%s", name, octets->n ? " " : "", text);
}

static void read_payload(struct build *build, const struct node *node, void *draft)
{
	read_octets(build, node, false, &((struct draft_checker *)draft)->model.udp.payload);
}

static void dump_payload(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_udp_check *udp = &((const struct conf_checker *)model)->udp;

	if (udp->payload.n)
		dump_octets(dump, row->name, &udp->payload);
}

static void read_reply(struct build *build, const struct node *node, void *draft)
{
	struct conf_udp_check *udp = &((struct draft_checker *)draft)->model.udp;

	udp->require_reply = true;
	udp->reply.n = 0;
	if (node->n_words > 1)
		read_octets(build, node, true, &udp->reply);
}

static void dump_reply(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_udp_check *udp = &((const struct conf_checker *)model)->udp;

	if (udp->require_reply)
		dump_octets(dump, row->name, &udp->reply);
}

#define WORDS_MAX 1024 /* on a line of hexadecimal digits */

static const struct option udp_rows[] = {
	{"payload", OPTION_CUSTOM, CHECKER(udp.payload), .flags = FIELD, .min = 1, .max = WORDS_MAX,
	 .apply = read_payload, .dump = dump_payload, .argument = "HEX ...",
	 .help = "octets to send, in hexadecimal digits; something arbitrary by default"},
	{"require_reply", OPTION_CUSTOM, CHECKER(udp.reply), .flags = FIELD, .min = 0,
	 .max = WORDS_MAX, .apply = read_reply, .dump = dump_reply, .argument = "[HEX ...]",
	 .help = "an answer must come, and match these digits as far as it reaches; X stands for "
		 "any digit"},
	{"min_reply_length", OPTION_UNSIGNED, CHECKER(udp.min_reply_bytes), .flags = DEFAULT,
	 .min = 0, .max = UINT16_MAX, .argument = "OCTETS",
	 .help = "least size of the answer in octets"},
	{"max_reply_length", OPTION_UNSIGNED, CHECKER(udp.max_reply_bytes), .flags = DEFAULT,
	 .min = 0, .max = UINT16_MAX, .initial = 255, .argument = "OCTETS",
	 .help = "greatest size of the answer in octets"},
	{.name = NULL},
};

const struct option_scope scope_udp = {
	.name = "UDP_CHECK",
	.tables = {check_common_rows, check_connection_rows, udp_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_udp,
};

/* ---- DNS_CHECK ---- */

#define LABEL_MAX  63
#define DOMAIN_MAX 253 /* as text, without the dot of the root */

static void *begin_dns(struct build *build, const struct node *node, void *parent)
{
	struct draft_checker *checker = check_add(build, node, parent, CONF_DNS_CHECK);

	checker->model.dns.name = arena_strdup(build->arena, ".");
	return checker;
}

/* Why text is no domain name; NULL: it is one. */
static const char *name_fault(const char *text)
{
	size_t size = strlen(text);

	if (!*text || strcmp(text, ".") == 0)
		return NULL;
	if (size - (text[size - 1] == '.') > DOMAIN_MAX)
		return "a domain name must not be longer than 253 octets";
	while (*text) {
		size_t length = strcspn(text, ".");

		if (!length)
			return "a domain name must not have an empty label";
		if (length > LABEL_MAX)
			return "a label of a domain name must not be longer than 63 octets";
		text += length + (text[length] == '.');
	}
	return NULL;
}

static void read_name(struct build *build, const struct node *node, void *draft)
{
	struct draft_checker *checker = draft;
	const char *text = node->words[1].text, *fault = name_fault(text);

	if (fault)
		build_error(build, node, 1, "%s", fault);
	else
		checker->model.dns.name = arena_strdup(build->arena, *text ? text : ".");
}

static void dump_name(struct dump *dump, const struct option *row, const void *model)
{
	dump_line(dump, "%s %s", row->name,
		  dump_word(dump, ((const struct conf_checker *)model)->dns.name));
}

/* RFC 1035, 3596, 4034 */
static const struct option_choice record_types[] = {
	{"A", 1},    {"NS", 2},	   {"CNAME", 5},  {"SOA", 6},	  {"MX", 15},
	{"TXT", 16}, {"AAAA", 28}, {"RRSIG", 46}, {"DNSKEY", 48}, {NULL, 0}};

static const struct option dns_rows[] = {
	{"type", OPTION_CHOICE, CHECKER(dns.type), .flags = DEFAULT | OPTION_IGNORE_CASE,
	 .choices = record_types, .initial = 6, .help = "type of the record asked for"},
	{"name", OPTION_CUSTOM, CHECKER(dns.name), .flags = FIELD, .min = 1, .max = 1,
	 .apply = read_name, .dump = dump_name, .argument = "DOMAIN",
	 .help = "domain asked for; the root by default"},
	{.name = NULL},
};

const struct option_scope scope_dns = {
	.name = "DNS_CHECK",
	.tables = {check_common_rows, check_connection_rows, dns_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_dns,
};
