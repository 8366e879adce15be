/* SPDX-License-Identifier: MIT */
/*
 * What the lines of static blocks take from global_defs, whether it stands before or behind them:
 * the interface, and where names of routing tables are found.
 */
#include "tests/unit/conf_text.h"

#include <linux/rtnetlink.h>
#include <unistd.h>

/* default_interface counts wherever it stands. */
static void test_default_interface(void **state)
{
	const char *texts[] = {
		"static_ipaddress {\n192.0.2.9\n192.0.2.8 dev eth1\n}\n"
		"global_defs {\ndefault_interface eth7\n}\n",
		"global_defs {\ndefault_interface eth7\n}\n"
		"static_ipaddress {\n192.0.2.9\n192.0.2.8 dev eth1\n}\n",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct loaded loaded = load_text(texts[i]);

		assert_int_equal(loaded.status, 0);
		assert_string_equal(loaded.conf->static_addresses[0].device, "eth7");
		assert_string_equal(loaded.conf->static_addresses[1].device, "eth1");
		unload(&loaded);
	}
}

static void write_names(const char *folder, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/rt_tables", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void remove_names(const char *folder)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/rt_tables", folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* So do the folders of names; the administrator's goes before the distribution's. */
static void test_name_folders(void **state)
{
	char etc[] = "/tmp/vipd-etc-XXXXXX", usr[] = "/tmp/vipd-usr-XXXXXX";
	struct loaded loaded;
	char text[512];

	(void)state;
	assert_non_null(mkdtemp(etc));
	assert_non_null(mkdtemp(usr));
	write_names(etc, "# comment\n101 blue\n");
	write_names(usr, "201 blue\n202 red\n");
	snprintf(text, sizeof(text),
		 "static_routes {\n192.0.2.0/24 dev eth0 table blue\n192.0.3.0/24 dev eth0 table "
		 "red\n192.0.4.0/24 dev eth0 table main\n}\n"
		 "global_defs {\niproute_etc_dir /nonexistent\n}\n"
		 "global_defs {\niproute_etc_dir %s\niproute_usr_dir %s\n}\n",
		 etc, usr);
	loaded = load_text(text);
	remove_names(etc);
	remove_names(usr);
	assert_int_equal(loaded.status, 0);
	assert_int_equal(loaded.conf->static_routes[0].table, 101);
	assert_int_equal(loaded.conf->static_routes[1].table, 202);
	assert_int_equal(loaded.conf->static_routes[2].table, RT_TABLE_MAIN);
	unload(&loaded);
	expect_error("static_routes {\n192.0.2.0/24 dev eth0 table blue\n}\n"
		     "global_defs {\niproute_etc_dir /nonexistent\n}\n",
		     2, "a name of iproute2's rt_tables, not 'blue'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_interface),
		cmocka_unit_test(test_name_folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
