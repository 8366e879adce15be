/* SPDX-License-Identifier: MIT */
/*
 * The command line, one table row for each option. Rows with a field take effect; rows with a
 * reason are accepted for the sake of existing unit files and say so once. Runs in main before
 * anything else; it opens nothing.
 */
#include "core/run/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define KEEPALIVED_CONFIG "/etc/keepalived/keepalived.conf"

enum value { NO_VALUE = no_argument, VALUE = required_argument, MAYBE = optional_argument };
enum kind { SWITCH, TEXT, FACILITY, UMASK, TEST, LOG_FILE, CHECK_SNMP, REFUSED, IGNORED };

struct row {
	char letter; /* 0: long form only */
	const char *word;
	enum value value;
	enum kind kind;
	size_t field;	  /* SWITCH, TEXT: offset in struct options */
	const char *help; /* IGNORED, REFUSED: the reason */
};

#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
	{'f', "use-file", VALUE, TEXT, AT(config), "FILE: the configuration file"},
	{'t', "config-test", MAYBE, TEST, 0, "[FILE]: check the configuration and exit"},
	{0, "check-snmp", MAYBE, CHECK_SNMP, 0,
	 "[=COMMUNITY[@ADDRESS]]: tell why SNMP does not work and exit"},
	{0, "strict", NO_VALUE, SWITCH, AT(strict),
	 "take warnings of the configuration for errors"},
	{'n', "dont-fork", NO_VALUE, SWITCH, AT(foreground), "stay in the foreground"},
	{'l', "log-console", NO_VALUE, SWITCH, AT(console), "log to stderr"},
	{'D', "log-detail", NO_VALUE, SWITCH, AT(detail), "log debugging detail too"},
	{'S', "log-facility", VALUE, FACILITY, 0, "NAME: 0..7, local0..local7, user or daemon"},
	{'g', "log-file", MAYBE, LOG_FILE, 0, "[FILE]: log to this file too"},
	{'G', "no-syslog", NO_VALUE, SWITCH, AT(no_syslog), "do not log to syslog"},
	{'d', "dump-conf", NO_VALUE, SWITCH, AT(dump), "log the effective configuration"},
	{'P', "vrrp", NO_VALUE, SWITCH, AT(only_vrrp), "run VRRP only"},
	{'C', "check", NO_VALUE, SWITCH, AT(only_check), "run health checks and IPVS only"},
	{'B', "no_bfd", NO_VALUE, SWITCH, AT(no_bfd), "run no BFD sessions"},
	{'p', "pid", VALUE, TEXT, AT(pid_file), "FILE: the pid file"},
	{'x', "snmp", NO_VALUE, SWITCH, AT(snmp_all), "enable every SNMP part but LVS-MIB"},
	{'A', "snmp-agent-socket", VALUE, TEXT, AT(snmp_socket), "ADDRESS: of the AgentX master"},
	{0, "snmp-listen", VALUE, TEXT, AT(snmp_listen),
	 "ADDRESS: answer SNMP there without snmpd, as udp:127.0.0.1:1161"},
	{0, "snmp-conf", VALUE, TEXT, AT(snmp_conf),
	 "DIR: where the snmpd.conf of --snmp-listen is"},
	{'i', "config-id", VALUE, TEXT, AT(config_id), "ID: for @ID lines of the configuration"},
	{'e', "all-config", NO_VALUE, SWITCH, AT(include_check), "an include must find its files"},
	{'s', "namespace", VALUE, TEXT, AT(netns), "NAME: run in this network namespace"},
	{'u', "umask", VALUE, UMASK, 0, "MASK: file creation mask"},
	{'m', "core-dump", NO_VALUE, SWITCH, AT(core_dump), "allow core dumps"},
	{'V', "dont-release-vrrp", NO_VALUE, SWITCH, AT(keep_vips), "leave addresses set at exit"},
	{'I', "dont-release-ipvs", NO_VALUE, SWITCH, AT(keep_ipvs), "leave IPVS as it is at exit"},
	{0, "state-dir", VALUE, TEXT, AT(state_dir), "DIR: where drains are stored"},
	{0, "control-socket", VALUE, TEXT, AT(control), "PATH: where vipctl finds this vipd"},
	{0, "signum", VALUE, TEXT, AT(signal_name),
	 "NAME: print the number of STOP, RELOAD, DATA, STATS, STATS_CLEAR or JSON"},
	{'v', "version", NO_VALUE, SWITCH, AT(version), "print the version and exit"},
	{'h', "help", NO_VALUE, SWITCH, AT(help), "print this and exit"},
	{0, "all", NO_VALUE, IGNORED, 0, "every engine runs always"},
	{0, "flush-log-file", NO_VALUE, IGNORED, 0, "each line is flushed always"},
	{'X', "release-vips", NO_VALUE, IGNORED, 0, "a leftover address is removed always"},
	{'R', "dont-respawn", NO_VALUE, IGNORED, 0, "there are no child processes to respawn"},
	{'r', "vrrp_pid", VALUE, IGNORED, 0, "it is one process with one pid file"},
	{'c', "checkers_pid", VALUE, IGNORED, 0, "it is one process with one pid file"},
	{'b', "bfd_pid", VALUE, IGNORED, 0, "it is one process with one pid file"},
	{'a', "address-monitoring", NO_VALUE, IGNORED, 0, "address changes are not logged"},
	{'M', "core-dump-pattern", MAYBE, IGNORED, 0, "the system's core pattern is left alone"},
	{0, "ignore-sigint", NO_VALUE, IGNORED, 0, "it is for development builds"},
	{0, "perf", MAYBE, IGNORED, 0, "it is for development builds"},
	{0, "debug", MAYBE, IGNORED, 0, "it is for development builds"},
	{0, "no-mem-check", NO_VALUE, IGNORED, 0, "it is for development builds"},
	{'L', "mem-check-log", NO_VALUE, IGNORED, 0, "it is for development builds"},
	{'O', "openssl-mem-check", NO_VALUE, IGNORED, 0, "it is for development builds"},
	{'T', "genhash", NO_VALUE, REFUSED, 0, "digests are not computed by vipd"},
	{0, "config-fd", VALUE, REFUSED, 0, "it is internal to keepalived"},
};

#define ROWS	  (sizeof rows / sizeof rows[0])
#define LONG_BASE 256 /* getopt's value of a row: this plus its number */

static void build_tables(char *letters, struct option *words)
{
	*letters++ = ':';
	for (size_t i = 0; i < ROWS; i++) {
		words[i] =
			(struct option){rows[i].word, (int)rows[i].value, NULL, LONG_BASE + (int)i};
		if (!rows[i].letter)
			continue;
		*letters++ = rows[i].letter;
		for (int colons = (int)rows[i].value; colons > 0; colons--)
			*letters++ = ':';
	}
	*letters = '\0';
	words[ROWS] = (struct option){0};
}

static int parse_facility(const char *text, int *ret)
{
	if (!strncmp(text, "local", 5))
		text += 5;
	if (text[0] >= '0' && text[0] <= '7' && !text[1])
		*ret = LOG_LOCAL0 + ((text[0] - '0') << 3);
	else if (!strcmp(text, "user"))
		*ret = LOG_USER;
	else if (!strcmp(text, "daemon"))
		*ret = LOG_DAEMON;
	else
		return -EINVAL;
	return 0;
}

static int parse_umask(const char *text, int *ret)
{
	char *end;

	errno = 0;
	unsigned long mask = strtoul(text, &end, 0);
	if (errno || *end || end == text || !isdigit((unsigned char)*text) || mask > 0777)
		return -EINVAL;
	*ret = (int)mask;
	return 0;
}

/* keepalived writes -tFILE, -t=FILE and --config-test=FILE alike. */
static const char *skip_equals(const char *text)
{
	return text && *text == '=' ? text + 1 : text;
}

static int take_row(const struct row *row, const char *value, FILE *messages, struct options *ret)
{
	int error = 0;

	switch (row->kind) {
	case SWITCH:
		*(bool *)((char *)ret + row->field) = true;
		break;
	case TEXT:
		*(const char **)((char *)ret + row->field) = value;
		break;
	case TEST:
		ret->test = true;
		ret->test_log = skip_equals(value);
		break;
	case LOG_FILE:
		ret->log_file = value ? skip_equals(value) : LOCALSTATEDIR "/log/vipd.log";
		break;
	case CHECK_SNMP:
		ret->check_snmp = true;
		ret->check_snmp_as = value;
		break;
	case FACILITY:
		error = parse_facility(value, &ret->facility);
		break;
	case UMASK:
		error = parse_umask(value, &ret->umask);
		break;
	case IGNORED:
		fprintf(messages, "vipd: --%s has no effect in vipd: %s\n", row->word, row->help);
		return 0;
	case REFUSED:
		fprintf(messages, "vipd: --%s is refused: %s\n", row->word, row->help);
		return -EINVAL;
	}
	if (error)
		fprintf(messages, "vipd: --%s: bad value '%s'\n", row->word, value);
	return error;
}

static const struct row *row_of(int found)
{
	if (found >= LONG_BASE)
		return &rows[found - LONG_BASE];
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].letter == (char)found)
			return &rows[i];
	return NULL;
}

int options_parse(int argc, char **argv, FILE *messages, struct options *ret)
{
	char letters[3 * ROWS + 2];
	struct option words[ROWS + 1];
	struct options options = {
		.snmp_conf = SYSCONFDIR "/vipd",
		.facility = LOG_DAEMON,
		.umask = -1,
	};
	int found;

	build_tables(letters, words);
	opterr = 0;
	optind = 0; /* glibc: start over */
	while ((found = getopt_long(argc, argv, letters, words, NULL)) != -1) {
		const struct row *row = found == '?' || found == ':' ? NULL : row_of(found);

		if (!row) {
			fprintf(messages, "vipd: %s '%s'; try --help\n",
				found == ':' ? "a value is missing after" : "unknown option",
				argv[optind - 1]);
			return -EINVAL;
		}
		if (take_row(row, optarg, messages, &options))
			return -EINVAL;
	}
	if (optind < argc) {
		fprintf(messages, "vipd: unexpected argument '%s'; try --help\n", argv[optind]);
		return -EINVAL;
	}
	if (options.only_vrrp && options.only_check)
		options.only_vrrp = options.only_check = false;
	*ret = options;
	return 0;
}

const char *options_config(const struct options *options)
{
	if (options->config)
		return options->config;
	if (!access(SYSCONFDIR "/vipd/vipd.conf", F_OK))
		return SYSCONFDIR "/vipd/vipd.conf";
	return KEEPALIVED_CONFIG;
}

void options_help(FILE *to)
{
	fprintf(to, "Usage: vipd [OPTION]...\n\n");
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].kind == IGNORED || rows[i].kind == REFUSED)
			continue;
		fprintf(to, "  %c%c %s--%-18s %s\n", rows[i].letter ? '-' : ' ',
			rows[i].letter ? rows[i].letter : ' ', " ", rows[i].word, rows[i].help);
	}
	fprintf(to,
		"\nAccepted without effect, so that a unit file of keepalived works unchanged:\n ");
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].kind == IGNORED)
			fprintf(to, " --%s", rows[i].word);
	fprintf(to,
		"\n\nExit status: 0 clean stop or good configuration, 1 bad option or failure,\n"
		"2 unusable configuration, 4 no permission or (-t) unreadable file,\n"
		"5 (-t) configuration errors, 6 (-t) insecure script.\n");
}

int options_signal(const char *name)
{
	if (!strcmp(name, "STOP"))
		return SIGTERM;
	if (!strcmp(name, "RELOAD"))
		return SIGHUP;
	if (!strcmp(name, "DATA"))
		return SIGUSR1;
	if (!strcmp(name, "STATS"))
		return SIGUSR2;
	if (!strcmp(name, "STATS_CLEAR"))
		return SIGRTMAX - 1;
	if (!strcmp(name, "JSON"))
		return SIGRTMIN + 2;
	return -EINVAL;
}
