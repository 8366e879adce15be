/* SPDX-License-Identifier: MIT */
/*
 * Every row of the option tables, driven by the tables: bounds and one beyond, wrong types, missing
 * values, aliases, and the tables' own consistency. A new row is tested without a line here.
 */
#include "tests/unit/conf_text.h"

#include <inttypes.h>
#include <sys/socket.h>

#include "conf/diff.h"
#include "conf/options.h"

#define INSTANCE                                                                                   \
	"vrrp_instance v {\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress { "             \
	"192.0.2.1/24 }\n"
#define SECRET	"0123456789abcdef0123456789abcdef"
#define SERVICE "virtual_server 192.0.2.1 80 {\nprotocol TCP\n"
#define SERVER	SERVICE "real_server 192.0.2.2 80 {\n"

/* Who takes over defaults of global_defs. */
#define CONSUMERS                                                                                  \
	"vrrp_instance consumer {\ninterface eth9\nvirtual_router_id 99\nvirtual_ipaddress { "     \
	"198.51.100.1/24 }\n}\nvirtual_server 198.51.100.2 80 {\nprotocol TCP\n"                   \
	"real_server 198.51.100.3 80 {\nTCP_CHECK {\n}\n}\n}\n"

/* A place where a row of the scope may stand, complete but for it. */
static const struct context {
	const char *scope, *before, *after;
} contexts[] = {
	{"", "", ""},
	{"global_defs", "global_defs {\n", "}\n"},
	{"vrrp_script", "vrrp_script s {\nscript /bin/true\n", "}\n"},
	{"vrrp_instance", INSTANCE, "}\n"},
	{"authentication", INSTANCE "authentication {\nauth_type PASS\nauth_pass x\n", "}\n}\n"},
	{"auth_hmac", INSTANCE "auth_hmac {\nkey 0 " SECRET "\nkey 255 " SECRET "\n", "}\n}\n"},
	{"track_file", "track_file f {\nfile /a\n", "}\n"},
	{"vrrp_track_process", "vrrp_track_process p {\nprocess a\n", "}\n"},
	{"bfd_instance", "bfd_instance b {\nneighbor_ip 192.0.2.5\n", "}\n"},
	{"garp_group", "garp_group {\ngarp_interval 1\ninterface eth7\n", "}\n"},
	{"vrrp_sync_group", INSTANCE "}\nvrrp_sync_group g {\ngroup { v }\n", "}\n"},
	{"track_group", INSTANCE "}\ntrack_group g {\n", "}\n"},
	{"virtual_server", SERVICE, "real_server 192.0.2.2 80 { weight 1\n }\n}\n"},
	{"real_server", SERVER, "}\n}\n"},
	{"TCP_CHECK", SERVER "TCP_CHECK {\n", "}\n}\n}\n"},
	{"HTTP_GET", SERVER "HTTP_GET {\nurl { path /\n}\n", "}\n}\n}\n"},
	{"SSL_GET", SERVER "SSL_GET {\nurl { path /\n}\n", "}\n}\n}\n"},
	{"SMTP_CHECK", SERVER "SMTP_CHECK {\n", "}\n}\n}\n"},
	{"host", SERVER "SMTP_CHECK {\nhost {\n", "}\n}\n}\n}\n"},
	{"DNS_CHECK", SERVER "DNS_CHECK {\n", "}\n}\n}\n"},
	{"UDP_CHECK", SERVER "UDP_CHECK {\nmax_reply_length 65535\n", "}\n}\n}\n"},
	{"PING_CHECK", SERVER "PING_CHECK {\n", "}\n}\n}\n"},
	{"BFD_CHECK", SERVER "BFD_CHECK {\nname b\n",
	 "}\n}\n}\nbfd_instance b {\nneighbor_ip 192.0.2.7\n}\n"},
	{"FILE_CHECK", SERVER "FILE_CHECK {\ntrack_file f\n",
	 "}\n}\n}\ntrack_file f {\nfile /run/f\n}\n"},
	{"SSL", "SSL {\n", "}\n"},
	{"url", SERVER "HTTP_GET {\nurl {\npath /\n", "}\n}\n}\n}\n"},
	{"MISC_CHECK", SERVER "MISC_CHECK {\nmisc_path /bin/true\n", "}\n}\n}\n"},
};

static const struct context *context_of(const struct option_scope *scope)
{
	for (size_t i = 0; i < sizeof(contexts) / sizeof(*contexts); i++)
		if (strcmp(contexts[i].scope, scope->name) == 0)
			return &contexts[i];
	return NULL;
}

static unsigned lines_in(const char *text)
{
	unsigned lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* Loads the row with words behind it, and wants an error in its line or none in any. */
static void try_row(const struct context *context, const struct option *row, const char *words,
		    bool good)
{
	unsigned line = lines_in(context->before) + 1;
	struct loaded loaded;
	char text[8192];

	snprintf(text, sizeof(text), "%s%s %s\n%s", context->before, row->name, words,
		 context->after);
	loaded = load_text(text);
	if (good != !count_diags(&loaded, DIAG_ERROR, good ? 0 : line, NULL)) {
		print_message("%s %s in %s should be %s\n", row->name, words, context->scope,
			      good ? "good" : "bad");
		show_diags(&loaded);
		fail();
	}
	unload(&loaded);
}

static void try_number(const struct context *context, const struct option *row, int64_t value,
		       bool good)
{
	char text[64];

	if (row->flags & OPTION_WHOLE)
		snprintf(text, sizeof(text), "%" PRId64, value / 1000000);
	else if (row->type == OPTION_TIME)
		snprintf(text, sizeof(text), "%s%" PRId64 ".%06" PRId64, value < 0 ? "-" : "",
			 value / 1000000, (value < 0 ? -value : value) % 1000000);
	else
		snprintf(text, sizeof(text), "%" PRId64, value);
	try_row(context, row, text, good);
}

static void try_numbers(const struct context *context, const struct option *row)
{
	int64_t step = row->flags & OPTION_WHOLE ? 1000000 : 1;

	assert_true(row->min < row->max);
	if (row->flags & OPTION_HAS_DEFAULT)
		assert_in_range(row->initial - row->min, 0, row->max - row->min);
	try_number(context, row, row->min, true);
	try_number(context, row, row->max, true);
	try_number(context, row, row->min - step, false);
	try_number(context, row, row->max + step, false);
	try_row(context, row, "99999999999999999999999999", false);
	try_row(context, row, "junk", false);
	try_row(context, row, "5x", false);
	if (row->type != OPTION_TIME || row->flags & OPTION_WHOLE)
		try_row(context, row, "1.5", false);
	try_row(context, row, "0x5", false);
	try_row(context, row, "", false);
}

static void try_words(const struct context *context, const struct option *row,
		      const char *const *words, bool good)
{
	for (; *words; words++)
		try_row(context, row, *words, good);
}

static void try_string(const struct context *context, const struct option *row)
{
	char word[2048];

	assert_in_range(row->max, 1, 1024);
	memset(word, 'a', sizeof(word));
	word[row->max] = '\0';
	try_row(context, row, word, true);
	word[row->max] = 'a';
	word[row->max + 1] = '\0';
	try_row(context, row, word, false);
	try_row(context, row, "", false);
}

static void try_choices(const struct context *context, const struct option *row)
{
	for (const struct option_choice *choice = row->choices; choice->name; choice++)
		try_row(context, row, choice->name,
			!(strcmp(row->name, "ip_family") == 0 && choice->value == AF_INET6));
	try_row(context, row, "nonsense", false);
	try_row(context, row, "", false);
}

static void try_type(const struct context *context, const struct option *row)
{
	static const char *const bools[] = {"", "on", "off", "true", "false", "yes", "no", NULL};
	static const char *const no_bools[] = {"ON", "1", "maybe", NULL};
	static const char *const interfaces[] = {"eth0", "abcdefghijklmno", NULL};
	static const char *const no_interfaces[] = {"abcdefghijklmnop", "a/b", "..", "", NULL};
	static const char *const addresses[] = {"192.0.2.9", NULL};
	static const char *const no_addresses[] = {"192.0.2.300", "host", "/24", "", NULL};
	static const char *const commands[] = {"/bin/true", "\"/bin/echo 'a b' c\"", NULL};
	static const char *const no_commands[] = {"", "\"\"", "\"a 'b\"", NULL};

	switch (row->type) {
	case OPTION_BOOL:
		try_words(context, row, bools, true);
		try_words(context, row, no_bools, false);
		break;
	case OPTION_UNSIGNED:
	case OPTION_SIGNED:
	case OPTION_TIME:
		try_numbers(context, row);
		break;
	case OPTION_CHOICE:
		try_choices(context, row);
		break;
	case OPTION_STRING:
		try_string(context, row);
		break;
	case OPTION_INTERFACE:
		try_words(context, row, interfaces, true);
		try_words(context, row, no_interfaces, false);
		break;
	case OPTION_ADDRESS:
		try_words(context, row, addresses, true);
		try_words(context, row, no_addresses, false);
		break;
	case OPTION_COMMAND:
		try_words(context, row, commands, true);
		try_words(context, row, no_commands + !!(row->flags & OPTION_BARE), false);
		break;
	case OPTION_CUSTOM:
		if (row->min)
			try_row(context, row, "", false);
		break;
	case OPTION_FLAG:
	case OPTION_OBSOLETE:
		try_row(context, row, "", true);
		break;
	case OPTION_BLOCK:
	case OPTION_ALIAS:
		break;
	}
}

static void test_every_row(void **state)
{
	size_t rows = 0;

	(void)state;
	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		const struct context *context = context_of(*scope);
		const struct option *row;

		/* List blocks have no rows. */
		for (size_t i = 0; (row = option_at(*scope, i)); i++, rows++) {
			assert_non_null(context);
			try_type(context, row);
		}
	}
	assert_true(rows > 150);
}

/* ---- the difference of two values ---- */

/* Two good values of the row's type; false when the type says nothing of what is good. */
/* Of the range as far as the limit: great values of some keywords are brought to a greatest one. */
static int64_t middle(int64_t min, int64_t max, int64_t limit)
{
	return max < limit ? max : min > limit ? min + 1 : limit;
}

static bool two_values(const struct option *row, char a[static 64], char b[static 64])
{
	switch (row->type) {
	case OPTION_FLAG:
		*a = *b = '\0';
		return true;
	case OPTION_BOOL:
		strcpy(a, "on");
		strcpy(b, "off");
		return true;
	case OPTION_UNSIGNED:
	case OPTION_SIGNED:
		snprintf(a, 64, "%" PRId64, middle(row->min, row->max, UINT16_MAX));
		snprintf(b, 64, "%" PRId64, middle(row->min, row->max, UINT16_MAX) - 1);
		return true;
	case OPTION_TIME:
		snprintf(a, 64, "%" PRId64, middle(0, row->max / 1000000, 1000));
		snprintf(b, 64, "%" PRId64, middle(0, row->max / 1000000, 1000) - 1);
		return true;
	case OPTION_CHOICE:
		snprintf(a, 64, "%s", row->choices[0].name);
		snprintf(b, 64, "%s", row->choices[1].name ? row->choices[1].name : "");
		return *b;
	case OPTION_STRING:
	case OPTION_INTERFACE:
		strcpy(a, "aa");
		strcpy(b, "bb");
		return true;
	case OPTION_ADDRESS:
		strcpy(a, "192.0.2.8");
		strcpy(b, "192.0.2.9");
		return true;
	case OPTION_COMMAND:
		strcpy(a, "/bin/true");
		strcpy(b, "/bin/false");
		return true;
	default:
		return false;
	}
}

static struct loaded load_row(const struct context *context, const struct option *row,
			      const char *words)
{
	char text[8192];

	/* A script that nobody tracks is not in the model. */
	bool script = strcmp(context->scope, "vrrp_script") == 0;

	snprintf(text, sizeof(text), "%s%s %s\n%s" CONSUMERS "%s%s", context->before,
		 row ? row->name : "", words, context->after, script ? INSTANCE : "",
		 script ? "track_script {\ns\n}\n}\n" : "");
	return load_text(text);
}

/* How many changes the list of conf/diff.h has, -1 when one of the texts is refused. */
static int count_changes(const struct loaded *a, const struct loaded *b)
{
	struct conf_changes *changes;
	int count;

	if (!a->conf || !b->conf)
		return -1;
	assert_int_equal(conf_changes_new(a->conf, b->conf, &changes), 0);
	count = (int)changes->count;
	conf_changes_free(changes);
	return count;
}

/* Some give what is the default anyway, or mean nothing where the context puts them. */
static bool may_be_silent(const char *scope, const char *name)
{
	static const char *const names[] = {"preempt",
					    "accept",
					    "no_accept",
					    "no_virtual_ipaddress",
					    "ops",
					    "quorum",
					    "hysteresis",
					    "sh-fallback",
					    "sh-port",
					    "mh-fallback",
					    "mh-port",
					    "enable_sni",
					    "sni_name",
					    "random_seed",
					    "unicast_ttl",
					    "vmac_xmit_base",
					    "vrf",
					    "tls_compliant",
					    "check_unicast_src",
					    "vrrp_check_unicast_src",
					    "lthreshold",
					    "v3_checksum_as_v2",
					    NULL};

	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	/* An echo has no ports. */
	return strcmp(scope, "PING_CHECK") == 0 && strstr(name, "_port");
}

/* False, after saying so, when another value makes no difference. */
static bool try_change(const struct context *context, const struct option *row)
{
	char one[64], other[64];
	struct loaded a, b;
	int count;

	if (!two_values(row, one, other))
		return true;
	a = load_row(context, row->type == OPTION_FLAG ? NULL : row, one);
	b = load_row(context, row, other);
	count = count_changes(&a, &b);
	unload(&a);
	unload(&b);
	if (count || may_be_silent(context->scope, row->name))
		return true;
	print_message("%s in %s: %s or %s makes no difference\n", row->name, context->scope, one,
		      other);
	return false;
}

/* A keyword is covered by the list of changes as soon as it has a row. */
static void test_every_change(void **state)
{
	bool good = true;

	(void)state;
	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		const struct context *context = context_of(*scope);
		const struct option *row;

		for (size_t i = 0; context && (row = option_at(*scope, i)); i++)
			good &= try_change(context, row);
	}
	assert_true(good);
}

static void check_needed(const struct option_scope *scope, const struct option *row)
{
	const struct option *needed = option_find(scope, row->needs);

	assert_non_null(needed);
	assert_ptr_equal(option_resolve(scope, needed), needed);
}

static void check_row(const struct option_scope *scope, const struct option *row)
{
	assert_ptr_equal(option_find(scope, row->name), row);
	if (row->type == OPTION_ALIAS) {
		const struct option *target = option_resolve(scope, row);

		assert_non_null(target);
		assert_int_not_equal(target->type, OPTION_ALIAS);
		return;
	}
	assert_non_null(row->help);
	assert_int_equal(row->type == OPTION_BLOCK, row->block != NULL);
	assert_int_equal(row->type == OPTION_CHOICE, row->choices != NULL);
	if (row->type == OPTION_CUSTOM)
		assert_non_null(row->apply);
	if (row->flags & OPTION_HAS_FIELD)
		assert_true(row->size);
	if (row->needs)
		check_needed(scope, row);
}

static void test_consistency(void **state)
{
	(void)state;
	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		const struct option *row;

		for (size_t i = 0; (row = option_at(*scope, i)); i++)
			check_row(*scope, row);
	}
}

static void test_aliases(void **state)
{
	(void)state;
	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		const struct context *context = context_of(*scope);
		const struct option *row;

		for (size_t i = 0; (row = option_at(*scope, i)); i++) {
			struct loaded loaded;
			char text[1024];

			if (row->type != OPTION_ALIAS)
				continue;
			snprintf(text, sizeof(text), "%s%s\n%s", context->before, row->name,
				 context->after);
			loaded = load_text(text);
			assert_int_equal(count_diags(&loaded, DIAG_WARNING,
						     lines_in(context->before) + 1, "deprecated"),
					 row->flags & OPTION_DEPRECATED ? 1 : 0);
			unload(&loaded);
		}
	}
}

/* A row, or an attribute of the lines, of a scope with that name. */
static bool has_keyword(const char *scope, const char *name)
{
	for (const struct option_scope *const *at = option_scopes(); *at; at++)
		if (strcmp((*at)->name, scope) == 0 &&
		    (option_find(*at, name) || option_is_attribute(*at, name)))
			return true;
	return false;
}

static void test_unsupported(void **state)
{
	const struct option_unsupported *entry;

	(void)state;
	for (size_t i = 0; (entry = option_unsupported_at(i)); i++) {
		assert_ptr_equal(option_unsupported(entry->scope, entry->name), entry);
		assert_true(option_unsupported_index(entry) < option_unsupported_count());
		assert_true(has_keyword(entry->scope, entry->name));
	}
	assert_null(option_unsupported("vrrp_instance", "priority"));
	assert_null(option_unsupported("vrrp_instance", "zzz"));
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(option_distance("priority", "priority", 3), 0);
	assert_int_equal(option_distance("prioritty", "priority", 3), 1);
	assert_int_equal(option_distance("priorty", "priority", 3), 1);
	assert_int_equal(option_distance("prioirty", "priority", 3), 1);
	assert_int_equal(option_distance("abc", "xyz", 2), 3);
	assert_string_equal(option_nearest(option_root(), "virtual_sever"), "virtual_server");
	assert_null(option_nearest(option_root(), "zzz"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),   cmocka_unit_test(test_every_change),
		cmocka_unit_test(test_consistency), cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_unsupported), cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
