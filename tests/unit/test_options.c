/* SPDX-License-Identifier: MIT */
/* The command line: keepalived's options in both spellings, what is accepted without effect, what
 * is refused. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "core/run/options.h"

#define WORDS_MAX 12

/* Parses words up to a NULL; what was said is in *ret_text, to be freed. */
static int parse(const char *const *words, struct options *ret, char **ret_text)
{
	char *argv[WORDS_MAX] = {0};
	size_t size;
	int argc = 0;
	FILE *messages = open_memstream(ret_text, &size);

	assert_non_null(messages);
	for (; words[argc]; argc++)
		argv[argc] = (char *)words[argc];
	int error = options_parse(argc, argv, messages, ret);
	fclose(messages);
	return error;
}

#define PARSE(ret, text, ...) parse((const char *const[]){"vipd", __VA_ARGS__, NULL}, ret, text)

static void test_defaults(void **state)
{
	struct options options;
	char *text;

	(void)state;
	assert_int_equal(parse((const char *const[]){"vipd", NULL}, &options, &text), 0);
	assert_string_equal(text, "");
	assert_null(options.config);
	assert_null(options.pid_file);
	assert_false(options.test);
	assert_false(options.foreground);
	assert_int_equal(options.facility, LOG_DAEMON);
	free(text);
}

/* The unit file of Debian's keepalived and what people add to DAEMON_ARGS. */
static void test_short_and_long(void **state)
{
	struct options a, b;
	char *text;

	(void)state;
	assert_int_equal(PARSE(&a, &text, "-nlD", "-f", "/x.conf", "-p/y.pid", "-x", "-A",
			       "tcp:127.0.0.1:705", "-P"),
			 0);
	free(text);
	assert_int_equal(PARSE(&b, &text, "--dont-fork", "--log-console", "--log-detail",
			       "--use-file=/x.conf", "--pid", "/y.pid", "--snmp",
			       "--snmp-agent-socket=tcp:127.0.0.1:705", "--vrrp"),
			 0);
	assert_string_equal(text, "");
	free(text);
	assert_true(a.foreground && a.console && a.detail && a.snmp_all && a.only_vrrp);
	assert_true(b.foreground && b.console && b.detail && b.snmp_all && b.only_vrrp);
	assert_string_equal(a.config, "/x.conf");
	assert_string_equal(a.config, b.config);
	assert_string_equal(a.pid_file, b.pid_file);
	assert_string_equal(a.snmp_socket, b.snmp_socket);
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

/* Every way to write an option of DAEMON_ARGS means the same. */
static void test_forms_agree(void **state)
{
	static const char *const forms[][3][3] = {
		{{"-S", "0"}, {"--log-facility=0"}, {"--log-facility", "local0"}},
		{{"-p", "/a"}, {"--pid=/a"}, {"--pid", "/a"}},
		{{"-A", "/a"}, {"--snmp-agent-socket=/a"}, {"--snmp-agent-socket", "/a"}},
		{{"-f", "/a"}, {"--use-file=/a"}, {"--use-file", "/a"}},
		{{"-i", "a"}, {"--config-id=a"}, {"--config-id", "a"}},
		{{"-s", "a"}, {"--namespace=a"}, {"--namespace", "a"}},
		{{"-u", "027"}, {"--umask=027"}, {"--umask", "027"}},
		{{"-P"}, {"--vrrp"}, {"--vrrp"}},
		{{"-C"}, {"--check"}, {"--check"}},
		{{"-d"}, {"--dump-conf"}, {"--dump-conf"}},
	};
	struct options o[3], none;
	char *text;

	(void)state;
	assert_int_equal(parse((const char *const[]){"vipd", NULL}, &none, &text), 0);
	free(text);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		for (size_t f = 0; f < 3; f++) {
			const char *second = forms[i][f][1];

			assert_int_equal(PARSE(&o[f], &text, "-n", forms[i][f][0],
					       second ? second : "-D", second ? "-D" : NULL),
					 0);
			assert_string_equal(text, "");
			free(text);
			assert_true(o[f].foreground && o[f].detail);
		}
		for (size_t f = 1; f < 3; f++) {
			assert_int_equal(o[f].facility, o[0].facility);
			assert_int_equal(o[f].umask, o[0].umask);
			assert_int_equal(o[f].only_vrrp, o[0].only_vrrp);
			assert_int_equal(o[f].only_check, o[0].only_check);
			assert_int_equal(o[f].dump, o[0].dump);
			assert_string_equal(or_dash(o[f].pid_file), or_dash(o[0].pid_file));
			assert_string_equal(or_dash(o[f].snmp_socket), or_dash(o[0].snmp_socket));
			assert_string_equal(or_dash(o[f].config), or_dash(o[0].config));
			assert_string_equal(or_dash(o[f].config_id), or_dash(o[0].config_id));
			assert_string_equal(or_dash(o[f].netns), or_dash(o[0].netns));
		}
		assert_true(o[0].facility != none.facility || o[0].umask != none.umask ||
			    o[0].only_vrrp || o[0].only_check || o[0].dump || o[0].config ||
			    o[0].config_id || o[0].netns || o[0].snmp_socket || o[0].pid_file);
	}
}

static void test_config_test_forms(void **state)
{
	struct options options;
	char *text;

	(void)state;
	assert_int_equal(PARSE(&options, &text, "-t"), 0);
	assert_true(options.test);
	assert_null(options.test_log);
	free(text);
	assert_int_equal(PARSE(&options, &text, "-t=/tmp/found"), 0);
	assert_string_equal(options.test_log, "/tmp/found");
	free(text);
	assert_int_equal(PARSE(&options, &text, "--config-test=/tmp/found"), 0);
	assert_string_equal(options.test_log, "/tmp/found");
	free(text);
}

static void test_both_engines(void **state)
{
	struct options options;
	char *text;

	(void)state;
	assert_int_equal(PARSE(&options, &text, "-P", "-C"), 0);
	assert_false(options.only_vrrp || options.only_check);
	free(text);
}

static void test_ignored_says_so_once(void **state)
{
	struct options options;
	char *text;

	(void)state;
	assert_int_equal(PARSE(&options, &text, "-R", "--vrrp_pid", "/run/vrrp.pid", "-n"), 0);
	assert_non_null(strstr(text, "--dont-respawn has no effect in vipd: "));
	assert_non_null(strstr(text, "--vrrp_pid has no effect in vipd: "));
	assert_true(options.foreground);
	free(text);
}

static void test_bad(void **state)
{
	static const char *const bad[][3] = {
		{"-Z", "unknown option"},	   {"--nonsense", "unknown option"},
		{"-f", "a value is missing"},	   {"-Smail", "--log-facility: bad value 'mail'"},
		{"-u99999", "--umask: bad value"}, {"-u-1", "--umask: bad value"},
		{"stray", "unexpected argument"},  {"-T", "--genhash is refused"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct options options;
		char *text;

		assert_int_equal(PARSE(&options, &text, bad[i][0]), -EINVAL);
		assert_non_null(strstr(text, bad[i][1]));
		free(text);
	}
}

static void test_values(void **state)
{
	struct options options;
	char *text;

	(void)state;
	assert_int_equal(PARSE(&options, &text, "-S3", "-u", "027", "-i", "left", "-e", "-g"), 0);
	assert_int_equal(options.facility, LOG_LOCAL3);
	assert_int_equal(options.umask, 027);
	assert_string_equal(options.config_id, "left");
	assert_true(options.include_check);
	assert_non_null(options.log_file);
	assert_false(options.check_snmp);
	free(text);
	assert_int_equal(PARSE(&options, &text, "--log-facility=local7"), 0);
	assert_int_equal(options.facility, LOG_LOCAL7);
	free(text);
	assert_int_equal(options_signal("RELOAD"), SIGHUP);
	assert_int_equal(options_signal("STOP"), SIGTERM);
	assert_int_equal(options_signal("DATA"), SIGUSR1);
	assert_int_equal(options_signal("STATS"), SIGUSR2);
	assert_int_equal(options_signal("STATS_CLEAR"), SIGRTMAX - 1);
	assert_int_equal(options_signal("JSON"), SIGRTMIN + 2);
	assert_int_equal(options_signal("BIRDS"), -EINVAL);
}

static void test_check_snmp(void **state)
{
	struct options options;
	char *text;

	(void)state;
	assert_int_equal(PARSE(&options, &text, "--check-snmp"), 0);
	assert_true(options.check_snmp);
	assert_null(options.check_snmp_as);
	free(text);
	assert_int_equal(PARSE(&options, &text, "--check-snmp=watch@192.0.2.1"), 0);
	assert_true(options.check_snmp);
	assert_string_equal(options.check_snmp_as, "watch@192.0.2.1");
	assert_null(options.snmp_listen);
	assert_string_equal(options.snmp_conf, "/etc/vipd");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),     cmocka_unit_test(test_short_and_long),
		cmocka_unit_test(test_forms_agree),  cmocka_unit_test(test_config_test_forms),
		cmocka_unit_test(test_both_engines), cmocka_unit_test(test_ignored_says_so_once),
		cmocka_unit_test(test_bad),	     cmocka_unit_test(test_values),
		cmocka_unit_test(test_check_snmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
