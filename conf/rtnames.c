/* SPDX-License-Identifier: MIT */
/*
 * Reads /etc/iproute2 and /usr/share/iproute2. What stands in /etc goes before what stands in
 * /usr/share, and both go before the names that are known anyway. A file that is missing or cannot
 * be read is no error: most systems have only some of them. Source: ip-route(8), ip-rule(8),
 * linux/rtnetlink.h, RFC 2474, RFC 2597, RFC 3246. Runs in the thread that loads.
 */
#include "conf/rtnames.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/build.h"
#include "conf/names.h"
#include "conf/scopes.h"

#define FILE_MAX  (64u * 1024)
#define REALM_MAX 255u

struct known {
	const char *name;
	uint32_t number;
};

static const struct known tables[] = {
	{"local", RT_TABLE_LOCAL},
	{"main", RT_TABLE_MAIN},
	{"default", RT_TABLE_DEFAULT},
	{"unspec", RT_TABLE_UNSPEC},
	{NULL, 0},
};
static const struct known protocols[] = {
	{"unspec", RTPROT_UNSPEC},
	{"redirect", RTPROT_REDIRECT},
	{"kernel", RTPROT_KERNEL},
	{"boot", RTPROT_BOOT},
	{"static", RTPROT_STATIC},
	{"gated", RTPROT_GATED},
	{"ra", RTPROT_RA},
	{"mrt", RTPROT_MRT},
	{"zebra", RTPROT_ZEBRA},
	{"bird", RTPROT_BIRD},
	{"dnrouted", RTPROT_DNROUTED},
	{"xorp", RTPROT_XORP},
	{"ntk", RTPROT_NTK},
	{"dhcp", RTPROT_DHCP},
	{"keepalived", RTPROT_KEEPALIVED},
	{"babel", RTPROT_BABEL},
	{"openr", RTPROT_OPENR},
	{"bgp", RTPROT_BGP},
	{"isis", RTPROT_ISIS},
	{"ospf", RTPROT_OSPF},
	{"rip", RTPROT_RIP},
	{"eigrp", RTPROT_EIGRP},
	{NULL, 0},
};
static const struct known scopes[] = {
	{"global", RT_SCOPE_UNIVERSE}, {"site", RT_SCOPE_SITE},	      {"link", RT_SCOPE_LINK},
	{"host", RT_SCOPE_HOST},       {"nowhere", RT_SCOPE_NOWHERE}, {NULL, 0},
};
static const struct known realms[] = {{"cosmos", 0}, {NULL, 0}};
static const struct known dsfields[] = {
	{"default", 0}, {"AF11", 0x28}, {"AF12", 0x30}, {"AF13", 0x38}, {"AF21", 0x48},
	{"AF22", 0x50}, {"AF23", 0x58}, {"AF31", 0x68}, {"AF32", 0x70}, {"AF33", 0x78},
	{"AF41", 0x88}, {"AF42", 0x90}, {"AF43", 0x98}, {"CS1", 0x20},	{"CS2", 0x40},
	{"CS3", 0x60},	{"CS4", 0x80},	{"CS5", 0xa0},	{"CS6", 0xc0},	{"CS7", 0xe0},
	{"EF", 0xb8},	{NULL, 0},
};
static const struct known groups[] = {{"default", 0}, {NULL, 0}};

static const struct {
	const char *file;
	const struct known *known;
} kinds[] = {
	[RTNAMES_TABLE] = {"rt_tables", tables},      [RTNAMES_PROTOCOL] = {"rt_protos", protocols},
	[RTNAMES_SCOPE] = {"rt_scopes", scopes},      [RTNAMES_REALM] = {"rt_realms", realms},
	[RTNAMES_DSFIELD] = {"rt_dsfield", dsfields}, [RTNAMES_GROUP] = {"group", groups},
};

bool rtnames_parse_number(const char *text, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (*end || errno)
		return false;
	*ret = value;
	return true;
}

/* ---- files ---- */

static void add(struct build *build, struct items *entries, const char *name, uint32_t number)
{
	struct known *entry = items_add(entries, build->scratch, sizeof(*entry));

	*entry = (struct known){name, number};
}

/* "NUMBER NAME", and "#" begins a comment. */
static void add_line(struct build *build, struct items *entries, char *line)
{
	char *words[2] = {"", ""}, *word;
	uint64_t value;

	line[strcspn(line, "#")] = '\0';
	for (size_t n = 0; n < 2 && (word = strsep(&line, " \t\r"));)
		if (*word)
			words[n++] = word;
	if (*words[1] && rtnames_parse_number(words[0], &value) && value <= UINT32_MAX)
		add(build, entries, words[1], (uint32_t)value);
}

static void add_file(struct build *build, struct items *entries, const char *path)
{
	size_t size = 0;
	ssize_t n = 0;
	char *text;
	int fd;

	if (access(path, R_OK) < 0)
		return;
	/* Taken first: an allocation may end the load, and then nothing must be open. */
	text = arena_alloc(build->scratch, FILE_MAX + 1);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	while (size < FILE_MAX && (n = read(fd, text + size, FILE_MAX - size)) > 0)
		size += (size_t)n;
	close(fd);
	for (char *line; (line = strsep(&text, "\n"));)
		add_line(build, entries, line);
}

/* The paths one behind the other, an empty one at the end. */
static char *list_files(struct conf_arena *arena, const char *pattern)
{
	size_t length = 1, at = 0;
	glob_t found;
	char *list;

	if (glob(pattern, 0, NULL, &found) != 0)
		return "";
	for (size_t i = 0; i < found.gl_pathc; i++)
		length += strlen(found.gl_pathv[i]) + 1;
	list = arena_try(arena, length);
	for (size_t i = 0; list && i < found.gl_pathc; i++) {
		size_t size = strlen(found.gl_pathv[i]) + 1;

		memcpy(list + at, found.gl_pathv[i], size);
		at += size;
	}
	globfree(&found);
	if (!list)
		arena_give_up(arena);
	return list;
}

static void add_folder(struct build *build, struct items *entries, const char *folder,
		       const char *file)
{
	const char *path = list_files(build->scratch,
				      arena_printf(build->scratch, "%s/%s.d/*.conf", folder, file));

	for (; *path; path += strlen(path) + 1)
		add_file(build, entries, path);
	add_file(build, entries, arena_printf(build->scratch, "%s/%s", folder, file));
}

/* A folder that global_defs names, wherever it stands: names are needed before all is read. */
static const char *find_folder(const struct build *build, const char *keyword, const char *usual)
{
	const char *folder = usual;

	for (const struct node *block = build->root->first; block; block = block->next) {
		if (!block->row || block->row->block != &scope_global)
			continue;
		for (const struct node *node = block->first; node; node = node->next)
			if (node->row && strcmp(node->row->name, keyword) == 0 && node->n_words > 1)
				folder = node->words[1].text;
	}
	return folder;
}

static struct names *read_names(struct build *build, enum rtnames_kind kind)
{
	struct names *names = arena_alloc(build->scratch, sizeof(*names));
	struct items entries = {0};

	add_folder(build, &entries, find_folder(build, "iproute_etc_dir", "/etc/iproute2"),
		   kinds[kind].file);
	add_folder(build, &entries, find_folder(build, "iproute_usr_dir", "/usr/share/iproute2"),
		   kinds[kind].file);
	for (const struct known *known = kinds[kind].known; known->name; known++)
		add(build, &entries, known->name, known->number);
	*names = names_new(build->scratch, entries.n);
	for (struct item *item = entries.first; item; item = item->next)
		names_add(names, ITEM(known, item)->name, ITEM(known, item));
	names_sort(names);
	return names;
}

/* ---- looking up ---- */

bool rtnames_find(struct build *build, enum rtnames_kind kind, const char *text, uint32_t max,
		  uint32_t *ret)
{
	const struct known *known;
	uint64_t number;

	if (*text >= '0' && *text <= '9') {
		if (!rtnames_parse_number(text, &number) || number > max)
			return false;
		*ret = (uint32_t)number;
		return true;
	}
	if (!build->route_names[kind])
		build->route_names[kind] = read_names(build, kind);
	known = names_find(build->route_names[kind], text);
	if (!known || known->number > max)
		return false;
	*ret = known->number;
	return true;
}

bool rtnames_read(struct build *build, const struct node *node, size_t index,
		  enum rtnames_kind kind, const char *what, uint32_t max, uint32_t *ret)
{
	const char *near = NULL, *text;

	if (index >= node->n_words) {
		build_error(build, node, 0, "%s is missing", what);
		return false;
	}
	text = node->words[index].text;
	if (rtnames_find(build, kind, text, max, ret))
		return true;
	if (build->route_names[kind])
		near = names_nearest(build->route_names[kind], text);
	build_error(
		build, node, index,
		"%s must be a number from 0 to %u or a name of iproute2's %s, not '%.64s'%s%s%s",
		what, max, kinds[kind].file, text, near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "");
	return false;
}

bool rtnames_read_realms(struct build *build, const struct node *node, size_t index, uint32_t *ret)
{
	const char *text = index < node->n_words ? node->words[index].text : "";
	const char *slash = strchr(text, '/');
	uint32_t first = 0, second = 0;

	if (rtnames_find(build, RTNAMES_REALM,
			 arena_strndup(build->scratch, text, strcspn(text, "/")), REALM_MAX,
			 &first) &&
	    (!slash || rtnames_find(build, RTNAMES_REALM, slash + 1, REALM_MAX, &second))) {
		*ret = slash ? first << 16 | second : first;
		return true;
	}
	build_error(
		build, node, index,
		"'realms' must be followed by SOURCE[/DESTINATION], each a number from 0 to %u or "
		"a name of iproute2's rt_realms, not '%.64s'",
		REALM_MAX, text);
	return false;
}
