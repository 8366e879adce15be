/* SPDX-License-Identifier: MIT */
/*
 * The command line of vipd: keepalived's, so that an existing unit file needs only another program
 * name. Pure apart from what it prints. Thread: main, before any other exists.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit statuses of vipd; 0 is a clean stop, or under -t a good configuration. */
enum exit_status {
	EXIT_FATAL = 1,	      /* bad option, or the daemon could not start or run on */
	EXIT_CONFIG = 2,      /* the configuration cannot be used (not under -t) */
	EXIT_CANNOT_RUN = 4,  /* no permission; under -t also: the file cannot be read */
	EXIT_CONFIG_TEST = 5, /* -t: the configuration has errors */
	EXIT_SECURITY = 6,    /* -t: a script fails enable_script_security */
};

struct options {
	const char *config;	   /* -f; NULL: the default, see options_config() */
	const char *pid_file;	   /* -p; NULL, as the two named so below: see place.h */
	const char *snmp_socket;   /* -A; NULL: as configured */
	const char *snmp_listen;   /* --snmp-listen; NULL: be a subagent */
	const char *snmp_conf;	   /* --snmp-conf: the folder of the snmpd.conf of that agent */
	const char *config_id;	   /* -i; NULL: host name */
	const char *netns;	   /* -s; NULL: as configured */
	const char *log_file;	   /* -g; NULL: none */
	const char *test_log;	   /* -t=FILE; NULL: stderr */
	const char *check_snmp_as; /* --check-snmp=COMMUNITY[@ADDRESS]; NULL: not given */
	const char *state_dir;	   /* --state-dir; see place.h */
	const char *control;	   /* --control-socket; see place.h */
	int facility;		   /* -S, syslog.h number */
	int umask;		   /* -u; -1: keep */
	bool strict;		   /* warnings of the configuration are errors */
	bool test, foreground, console, detail, dump;
	bool include_check; /* -e */
	bool no_syslog, keep_vips, keep_ipvs, core_dump, snmp_all;
	bool only_vrrp, only_check, no_bfd;
	bool check_snmp;
	bool help, version;
	const char *signal_name; /* --signum */
};

/*
 * Fills *ret, whose strings point into argv. Options of keepalived that mean nothing here are
 * accepted, with one line on messages each. Returns 0, or -EINVAL after saying why on messages.
 */
int options_parse(int argc, char **argv, FILE *messages, struct options *ret);

/* The configuration file in force: -f, else SYSCONFDIR/vipd/vipd.conf when it exists, else
 * keepalived's own. */
const char *options_config(const struct options *options);

void options_help(FILE *to);

/* For --signum: the number, or -EINVAL for an unknown name. */
int options_signal(const char *name);
