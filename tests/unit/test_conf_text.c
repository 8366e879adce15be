/* SPDX-License-Identifier: MIT */
/*
 * The language as a whole: braces, includes, limits, and the exact text of diagnostics and keys.
 */
#include "tests/unit/conf_text.h"

#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_layouts(void **state)
{
	static const char *const texts[] = {
		"vrrp_instance v{interface eth0\nvirtual_router_id "
		"7\nvirtual_ipaddress{192.0.2.1}}",
		"vrrp_instance v\n{\ninterface eth0\nvirtual_router_id "
		"7\nvirtual_ipaddress\n\n{\n192.0.2.1\n}\n}\n",
		"vrrp_instance v # c {\n  {  interface eth0 ! x\r\n virtual_router_id\t7 }"
		"\n vrrp_instance w { interface eth1\nvirtual_router_id 7\nvirtual_ipaddress { "
		"192.0.2.2 } }",
		"\xef\xbb\xbfvrrp_instance v {\r\ninterface eth0\r\nvirtual_router_id "
		"7\r\nvirtual_ipaddress { 192.0.2.1 }\r\n}\r\n",
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct loaded loaded = load_good(texts[i], i == 2 ? 1 : 0);

		assert_string_equal(loaded.conf->instances[0].interface, "eth0");
		assert_int_equal(loaded.conf->instances[0].vrid, 7);
		unload(&loaded);
	}
}

static void test_braces(void **state)
{
	static const char good[] = "vrrp_instance v {\ninterface eth0\nvirtual_router_id "
				   "7\nvirtual_ipaddress { 192.0.2.1\n}\n";
	char text[512];

	(void)state;
	expect_warning(good, 1, "is not closed");
	snprintf(text, sizeof(text), "%s}\n}\n", good);
	expect_error(text, 7, "no block is open");
	snprintf(text, sizeof(text),
		 "%svrrp_instance w {\ninterface eth1\nvirtual_router_id 7\nvirtual_ipaddress { "
		 "192.0.2.2 }\n}\n",
		 good);
	expect_error(text, 6, "a '}' is missing before this line");
	expect_error("global_defs\nrouter_id x\n}\n", 1, "needs a '{'");
	expect_error("global_defs\n", 1, "needs a block");
	expect_error("global_defs {\nrouter_id x {\nfoo\n}\n}\n", 2, "takes no block");
	expect_error("{\nfoo { bar }\n}\nglobal_defs { }\n", 1, "unexpected '{'");
}

static void test_unknown(void **state)
{
	struct loaded loaded =
		load_text("vrrp_instance v {\ninterface eth0\nfoo {\nbar { baz "
			  "}\nprioritty\n}\nvirtual_router_id 7\n"
			  "prioritty 5\nweight 3\nvirtual_ipaddress { 192.0.2.1 }\n}\n");

	(void)state;
	assert_int_equal(loaded.diags.errors, 3);
	assert_int_equal(count_diags(&loaded, DIAG_ERROR, 3, "unknown keyword 'foo'"), 1);
	assert_int_equal(count_diags(&loaded, DIAG_ERROR, 8, "did you mean 'priority'?"), 1);
	assert_int_equal(count_diags(&loaded, DIAG_ERROR, 9, "does not belong here"), 1);
	unload(&loaded);
}

static void test_forms(void **state)
{
	struct loaded loaded;

	(void)state;
	loaded = load_good("$A=x ${B}\n$B=y\nglobal_defs {\nrouter_id \"$A\"\n}\n", 1);
	assert_string_equal(loaded.conf->global.router_id, "$A");
	unload(&loaded);
	loaded = load_good("global_defs {\nrouter_id a$b\n}\n", 0);
	assert_string_equal(loaded.conf->global.router_id, "a$b");
	unload(&loaded);
}

static void test_format(void **state)
{
	struct loaded loaded =
		load_text("global_defs {\n\trouter_id \xe4\xb8\xad\xe6\x96\x87 x\n}\n");
	char *text;

	(void)state;
	assert_int_equal(loaded.diags.count, 1);
	assert_int_equal(loaded.diags.items[0].column, 15);
	text = diag_format(&loaded.diags.items[0]);
	assert_string_equal(text, "t:2:15: warning: 'router_id' takes no more words; 'x' and what "
				  "follows is ignored\n"
				  "\trouter_id \xe4\xb8\xad\xe6\x96\x87 x\n\t               ^");
	free(text);
	unload(&loaded);
}

static void test_strict(void **state)
{
	static const char text[] = "global_defs {\nenable_snmp_keepalived\nnftables_ifindex\n}\n";
	struct conf_load_options options = {.strict = true};
	const struct conf *conf = NULL;
	struct diag_list diags;

	(void)state;
	assert_int_equal(conf_load_text("t", text, strlen(text), &options, &conf, &diags), -EINVAL);
	assert_int_equal(diags.errors, 2);
	assert_null(conf);
	diag_list_free(&diags);
}

static void test_order_and_bound(void **state)
{
	char *text = malloc(400000), *at = text;
	struct loaded loaded;

	(void)state;
	at += snprintf(at, 100, "global_defs {\n");
	for (int i = 0; i <= 5000; i++)
		at += snprintf(at, 100, "enable_traps\n");
	snprintf(at, 100, "nonsense\n}\n");
	loaded = load_text(text);
	assert_int_equal(loaded.diags.warnings, 5000);
	assert_int_equal(loaded.diags.errors, 1);
	assert_int_equal(loaded.diags.count, 1002);
	assert_int_equal(count_diags(&loaded, DIAG_ERROR, 5003, "nonsense"), 1);
	for (size_t i = 1; i + 1 < loaded.diags.count; i++)
		assert_true(loaded.diags.items[i - 1].line <= loaded.diags.items[i].line);
	assert_non_null(strstr(loaded.diags.items[1001].message, "4000 more"));
	unload(&loaded);
	free(text);
}

static void test_limits(void **state)
{
	char *text = malloc(200000);
	struct loaded loaded;

	(void)state;
	memset(text, 'a', 70000);
	snprintf(text + 70000, 100, "\nglobal_defs { }\n");
	expect_error(text, 1, "longer than 65536");
	memset(text, '{', 100);
	text[100] = '\0';
	loaded = load_text(text);
	assert_int_equal(count_diags(&loaded, DIAG_ERROR, 1, "more than 32 blocks"), 1);
	unload(&loaded);
	assert_int_equal(conf_load_text("t", "a\0b", 3, NULL, &loaded.conf, &loaded.diags),
			 -EINVAL);
	assert_int_equal(count_diags(&loaded, DIAG_ERROR, 0, "NUL"), 1);
	unload(&loaded);
	free(text);
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct loaded load_file(const char *name)
{
	struct loaded loaded = {0};

	loaded.status = conf_load(name, NULL, &loaded.conf, &loaded.diags);
	return loaded;
}

static void test_includes(void **state)
{
	struct loaded loaded;

	(void)state;
	assert_int_equal(mkdir("d[1]", 0700), 0);
	assert_int_equal(mkdir("d[1]/sub", 0700), 0);
	write_file("main.conf",
		   "global_defs {\ninclude d[1]/{z,a*}.inc\n}\ninclude none*\ninclude missing\n");
	write_file("d[1]/main.conf", "global_defs {\ninclude {z,a*}.inc\ninclude s*\n}\n");
	write_file("d[1]/z.inc", "router_id z\n");
	write_file("d[1]/a2.inc", "include sub/x\n");
	write_file("d[1]/a1.inc", "enable_traps\n");
	write_file("d[1]/a3.inc", "nonsense\n");
	write_file("d[1]/sub/x", "snmp_socket eth5");
	assert_int_equal(chmod("d[1]/a3.inc", 0755), 0);
	loaded = load_file("d[1]/main.conf");
	show_diags(&loaded);
	assert_int_equal(loaded.status, 0);
	assert_string_equal(loaded.conf->global.router_id, "z");
	assert_string_equal(loaded.conf->global.snmp_socket, "eth5");
	assert_true(loaded.conf->global.snmp_traps);
	assert_int_equal(count_diags(&loaded, DIAG_NOTE, 2, "execute bit"), 1);
	assert_int_equal(count_diags(&loaded, DIAG_NOTE, 3, "is a directory"), 1);
	unload(&loaded);
	loaded = load_file("main.conf");
	assert_int_equal(loaded.status, 0);
	assert_int_equal(count_diags(&loaded, DIAG_NOTE, 4, "matches no file"), 1);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 5, "matches no file"), 1);
	unload(&loaded);
}

static void test_include_strictness(void **state)
{
	static const struct {
		const char *line;
		unsigned errors;
	} cases[] = {
		{"include q", 0},
		{"includer q", 0},
		{"includem q", 1},
		{"includer q*", 0},
		{"includem q*", 0},
		{"includem {q,r}", 1},
		{"includew q*", 1},
		{"includew q", 1},
		{"global_defs {\ninclude_check\n}\ninclude q*", 1},
		{"global_defs {\ninclude_check match\n}\ninclude q*", 0},
		{"global_defs {\ninclude_check match\n}\ninclude q", 1},
		{"global_defs {\ninclude_check match\ninclude_check +wildcard_match\n}\n"
		 "include q*",
		 1},
		{"global_defs {\ninclude_check\ninclude_check match\n}\ninclude q*", 0},
		{"global_defs {\ninclude_check\ninclude_check -match -readable\n}\ninclude q", 0},
		{"global_defs {\ninclude_check\ninclude_check -brace_match\n}\ninclude {p,q}", 0},
		{"global_defs {\ninclude_check brace_match\n}\ninclude {p,q}", 1},
		{"includem {p,q}*", 0},
		{"includew {p*,q*}", 1},
		{"includeb {p,q}", 1},
		{"includeb {p,p}", 0},
		{"includea {p,q*}", 1},
		{"includea p", 0},
		{"include", 1},
		{"include p p", 1},
		{"include {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", 1},
		{"include self", 1},
	};

	(void)state;
	write_file("p", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct loaded loaded;

		write_file("self", cases[i].line);
		loaded = load_file("self");
		if (loaded.diags.errors != cases[i].errors)
			print_message("%s\n", cases[i].line);
		assert_int_equal(loaded.diags.errors, cases[i].errors);
		unload(&loaded);
	}
}

static void test_files(void **state)
{
	struct loaded loaded = load_file("absent");

	(void)state;
	assert_int_equal(loaded.status, -ENOENT);
	assert_int_equal(loaded.diags.errors, 1);
	assert_string_equal(loaded.diags.items[0].file, "absent");
	unload(&loaded);
	loaded = load_file(".");
	assert_int_equal(loaded.status, -EISDIR);
	unload(&loaded);
}

static void test_references(void **state)
{
	struct loaded loaded = load_good("", 0);
	const struct conf *second = conf_ref(loaded.conf);

	(void)state;
	assert_null(conf_unref(second));
	assert_int_equal(loaded.conf->n_instances, 0);
	unload(&loaded);
	assert_null(conf_unref(NULL));
}

static int in_own_directory(void **state)
{
	static const char name[] = "/tmp/vipd-conf-XXXXXX";
	char *directory = strdup(name);

	*state = directory;
	return mkdtemp(directory) ? chdir(directory) : -1;
}

static int remove_directory(void **state)
{
	static const char *const files[] = {"d[1]/sub/x",  "d[1]/z.inc",  "d[1]/a1.inc",
					    "d[1]/a2.inc", "d[1]/a3.inc", "d[1]/main.conf",
					    "main.conf",   "p",		  "self"};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		unlink(files[i]);
	rmdir("d[1]/sub");
	rmdir("d[1]");
	if (chdir("/") < 0 || rmdir(*state) < 0)
		return -1;
	free(*state);
	return 0;
}

static struct ip ip_of(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static void test_key_texts(void **state)
{
	struct svc_key v4 = {0, ip_of("192.0.2.1"), IPPROTO_TCP, 80}, v6 = v4;
	struct svc_key mark = {.fwmark = 5};
	const char *longest = "2001:db8:1111:2222:3333:4444:5555:6666";
	struct dest_key dest = {ip_of(longest), 65535};
	char text[KEY_TEXT_MAX];

	(void)state;
	assert_string_equal(svc_key_format(&v4, text), "192.0.2.1:80/tcp");
	v6.ip = dest.ip;
	v6.protocol = IPPROTO_SCTP;
	v6.port = dest.port;
	assert_string_equal(svc_key_format(&v6, text),
			    "[2001:db8:1111:2222:3333:4444:5555:6666]:65535/sctp");
	mark.ip.family = AF_INET6;
	assert_string_equal(svc_key_format(&mark, text), "fwmark:5/inet6");
	assert_string_equal(dest_key_format(&dest, text),
			    "[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
	dest = (struct dest_key){v4.ip, 0};
	assert_string_equal(dest_key_format(&dest, text), "192.0.2.1:0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),		cmocka_unit_test(test_braces),
		cmocka_unit_test(test_unknown),		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_format),		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_order_and_bound), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_includes),	cmocka_unit_test(test_include_strictness),
		cmocka_unit_test(test_files),		cmocka_unit_test(test_references),
		cmocka_unit_test(test_key_texts),
	};

	return cmocka_run_group_tests(tests, in_own_directory, remove_directory);
}
