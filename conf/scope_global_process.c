/* SPDX-License-Identifier: MIT */
/*
 * global_defs and the top level: scheduling of the threads, buffers, and what concerns the process
 * as a whole. Sources: keepalived.conf(5), GLOBAL CONFIGURATION, and what keepalived 2.2.7 accepts.
 * Its processes are vipd's threads; the one for BFD is there when there are sessions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf/dump.h"
#include "conf/scope_global.h"
#include "conf/value.h"

#define NAME_LONGEST 200

/* ---- processors ---- */

/* A number beyond the processors of the machine is a slip, as with keepalived. */
static uint64_t last_cpu(void)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);

	return n < 1 ? 0 : n > TUNE_CPUS ? TUNE_CPUS - 1 : (uint64_t)n - 1;
}

/* N...; the row's field is the thread's tune. */
static void read_cpus(struct build *build, const struct node *node, void *draft)
{
	struct tune *tune = (void *)((char *)draft + node->row->offset);
	uint64_t cpus[TUNE_CPUS / 64] = {0}, cpu;

	for (size_t i = 1; i < node->n_words; i++) {
		if (!value_unsigned(build, node, i, "a processor", 0, last_cpu(), &cpu))
			return;
		cpus[cpu / 64] |= UINT64_C(1) << cpu % 64;
	}
	memcpy(tune->cpus, cpus, sizeof(cpus));
	tune->some_cpus = true;
}

static void dump_cpus(struct dump *dump, const struct option *row, const void *model)
{
	const struct tune *tune = (const void *)((const char *)model + row->offset);
	char words[TUNE_CPUS * 5 + 1] = "", *at = words;

	if (!tune->some_cpus)
		return;
	for (unsigned cpu = 0; cpu < TUNE_CPUS; cpu++)
		if (tune->cpus[cpu / 64] >> cpu % 64 & 1)
			at += snprintf(at, (size_t)(words + sizeof(words) - at), " %u", cpu);
	dump_line(dump, "%s%s", row->name, words);
}

/* ---- priorities that rise by themselves ---- */

static void read_max_auto_priority(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;
	int64_t priority = 99;

	if (node->n_words > 1 &&
	    !value_signed(build, node, 1, "'max_auto_priority'", -1, 99, &priority))
		return;
	global->model.process.max_auto_priority = (int8_t)priority;
}

static void dump_max_auto_priority(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;

	if (global->process.max_auto_priority)
		dump_line(dump, "%s %d", row->name, global->process.max_auto_priority);
}

/* ---- receive buffers of VRRP ---- */

static void read_rx_policy(struct build *build, const struct node *node, void *draft)
{
	struct conf_process *process = &((struct draft_global *)draft)->model.process;
	const char *word = node->words[1].text;
	uint64_t bytes;

	if (node->n_words > 2 && !(value_parse_unsigned(word, &bytes) &&
				   value_parse_unsigned(node->words[2].text, &bytes))) {
		build_error(build, node, 2, "'%s' takes one of MTU, ADVERT or a number",
			    node->row->name);
	} else if (strcasecmp(word, "MTU") == 0) {
		process->rx_policy = CONF_RX_MTU;
	} else if (strcasecmp(word, "ADVERT") == 0) {
		process->rx_policy = CONF_RX_ADVERT;
	} else if (value_unsigned(build, node, 1, "'vrrp_rx_bufs_policy' (MTU, ADVERT or octets)",
				  0, UINT32_MAX, &bytes)) {
		process->rx_policy = CONF_RX_BYTES;
		process->rx_bytes = (uint32_t)bytes;
	}
}

static void dump_rx_policy(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_process *process = &((const struct conf_global *)model)->process;

	if (process->rx_policy == CONF_RX_BYTES)
		dump_line(dump, "%s %u", row->name, process->rx_bytes);
	else if (process->rx_policy != CONF_RX_KERNEL)
		dump_line(dump, "%s %s", row->name,
			  process->rx_policy == CONF_RX_MTU ? "MTU" : "ADVERT");
}

/* ---- umask ---- */

static const struct {
	const char *name;
	int bits;
} umask_bits[] = {
	{"IRUSR", 0400}, {"IWUSR", 0200}, {"IXUSR", 0100}, {"IRGRP", 040},
	{"IWGRP", 020},	 {"IXGRP", 010},  {"IROTH", 04},   {"IWOTH", 02},
	{"IXOTH", 01},	 {"IRWXU", 0700}, {"IRWXG", 070},  {"IRWXO", 07},
};

static int find_bits(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(umask_bits) / sizeof(*umask_bits); i++)
		if (strlen(umask_bits[i].name) == length &&
		    memcmp(umask_bits[i].name, name, length) == 0)
			return umask_bits[i].bits;
	return -1;
}

/* Names joined by |; blanks may stand around it, so that the words are joined first. */
static int parse_bits(const char *text)
{
	int mask = 0;

	for (;;) {
		size_t length = strcspn(text, "|");
		int bits = find_bits(text, length);

		if (bits < 0)
			return -1;
		mask |= bits;
		if (!text[length])
			return mask;
		text += length + 1;
	}
}

/* Decimal, octal with a leading 0, hexadecimal with 0x. */
static int parse_mask(const char *text)
{
	char *end;
	unsigned long value;

	if (*text < '0' || *text > '9')
		return -1;
	value = strtoul(text, &end, 0);
	return *end || value > 0777 ? -1 : (int)value;
}

static void read_umask(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;
	const char *text = "";
	int mask;

	/* Two names without | between them make no name. */
	for (size_t i = 1; i < node->n_words; i++)
		text = arena_printf(build->scratch, "%s%s", text, node->words[i].text);
	mask = node->n_words == 2 ? parse_mask(text) : -1;
	if (mask < 0)
		mask = parse_bits(text);
	if (mask < 0)
		build_error(build, node, 1,
			    "'umask' must be a number from 0 to 0777 or names such as "
			    "IWGRP|IRWXO, not '%.64s'",
			    text);
	else
		global->model.process.umask = mask;
}

static void dump_umask(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;

	if (global->process.umask >= 0)
		dump_line(dump, "%s 0%o", row->name, (unsigned)global->process.umask);
}

/* ---- the top level ---- */

/* It becomes part of the names of files. */
static void read_name(struct build *build, const struct node *node, void *draft)
{
	char **field = (void *)((char *)draft + node->row->offset);
	const char *name = node->n_words > 1 ? node->words[1].text : "";

	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strlen(name) > NAME_LONGEST || (!*name && node->row->min))
		build_error(build, node, 1, "'%s' must be a name without /, not '%.64s'",
			    node->row->name, name);
	else
		*field = arena_strdup(build->arena, name);
}

static void dump_name(struct dump *dump, const struct option *row, const void *model)
{
	const char *name;

	memcpy(&name, (const char *)&((const struct conf *)model)->global + row->offset,
	       sizeof name);
	if (name)
		dump_line(dump, "%s%s%s", row->name, *name ? " " : "",
			  *name ? dump_word(dump, name) : "");
}

const struct option global_process_rows[] = {
	{"process_names", OPTION_FLAG, MODEL(process.process_names), .flags = FIELD, .value = true,
	 .help = "name every thread after vipd: vipd_vrrp, vipd_check"},
	{"process_name", OPTION_STRING, MODEL(process.process_name), .flags = FIELD,
	 .max = TUNE_NAME_MAX, .help = "name of the process, and of its main thread"},
	{"vrrp_priority", OPTION_SIGNED, MODEL(vrrp.tune.nice), .flags = DEFAULT, .min = -20,
	 .max = 19, .help = "nice value of the VRRP thread"},
	{"vrrp_rt_priority", OPTION_UNSIGNED, MODEL(vrrp.tune.rt_priority), .flags = FIELD,
	 .min = 1, .max = 99, .help = "real-time priority of the VRRP thread; none by default"},
	{"vrrp_rlimit_rttime", OPTION_UNSIGNED, MODEL(vrrp.rttime_us), .flags = FIELD, .min = 1,
	 .max = UINT32_MAX, .needs = "vrrp_rt_priority",
	 .help = "most microseconds any thread may compute at a stretch at a real-time priority: "
		 "half of it is logged, then the kernel ends vipd; no limit by default; the "
		 "smallest of vrrp, checker and bfd counts for all, as the limit is one of the "
		 "process"},
	{"vrrp_rlimit_rtime", OPTION_ALIAS, .alias_of = "vrrp_rlimit_rttime",
	 .flags = OPTION_DEPRECATED},
	{"vrrp_cpu_affinity", OPTION_CUSTOM, MODEL(vrrp.tune), .flags = FIELD, .min = 1,
	 .max = TUNE_CPUS, .apply = read_cpus, .dump = dump_cpus, .argument = "CPU...",
	 .help = "processors the VRRP thread may run on; all by default"},
	{"vrrp_no_swap", OPTION_FLAG, MODEL(vrrp.no_swap), .flags = FIELD, .value = true,
	 .help = "keep the memory of the process from being swapped out"},
	{"vrrp_process_name", OPTION_STRING, MODEL(vrrp.thread_name), .flags = FIELD,
	 .max = TUNE_NAME_MAX, .help = "name of the VRRP thread"},
	{"checker_priority", OPTION_SIGNED, MODEL(checker.tune.nice), .flags = DEFAULT, .min = -20,
	 .max = 19, .help = "nice value of the check thread"},
	{"checker_rt_priority", OPTION_UNSIGNED, MODEL(checker.tune.rt_priority), .flags = FIELD,
	 .min = 1, .max = 99, .help = "real-time priority of the check thread; none by default"},
	{"checker_rlimit_rttime", OPTION_UNSIGNED, MODEL(checker.rttime_us), .flags = FIELD,
	 .min = 1, .max = UINT32_MAX, .needs = "checker_rt_priority", .help = "the same"},
	{"checker_rlimit_rtime", OPTION_ALIAS, .alias_of = "checker_rlimit_rttime",
	 .flags = OPTION_DEPRECATED},
	{"checker_cpu_affinity", OPTION_CUSTOM, MODEL(checker.tune), .flags = FIELD, .min = 1,
	 .max = TUNE_CPUS, .apply = read_cpus, .dump = dump_cpus, .argument = "CPU...",
	 .help = "processors the check thread may run on; all by default"},
	{"checker_no_swap", OPTION_FLAG, MODEL(checker.no_swap), .flags = FIELD, .value = true,
	 .help = "keep the memory of the process from being swapped out"},
	{"checker_process_name", OPTION_STRING, MODEL(checker.thread_name), .flags = FIELD,
	 .max = TUNE_NAME_MAX, .help = "name of the check thread"},
	{"lvs_process_name", OPTION_ALIAS, .alias_of = "checker_process_name",
	 .flags = OPTION_DEPRECATED},
	{"bfd_priority", OPTION_SIGNED, MODEL(bfd.tune.nice), .flags = DEFAULT, .min = -20,
	 .max = 19, .help = "nice value of the BFD thread"},
	{"bfd_rt_priority", OPTION_UNSIGNED, MODEL(bfd.tune.rt_priority), .flags = FIELD, .min = 1,
	 .max = 99, .help = "real-time priority of the BFD thread; none by default"},
	{"bfd_rlimit_rttime", OPTION_UNSIGNED, MODEL(bfd.rttime_us), .flags = FIELD, .min = 1,
	 .max = UINT32_MAX, .needs = "bfd_rt_priority", .help = "the same"},
	{"bfd_rlimit_rtime", OPTION_ALIAS, .alias_of = "bfd_rlimit_rttime",
	 .flags = OPTION_DEPRECATED},
	{"bfd_cpu_affinity", OPTION_CUSTOM, MODEL(bfd.tune), .flags = FIELD, .min = 1,
	 .max = TUNE_CPUS, .apply = read_cpus, .dump = dump_cpus, .argument = "CPU...",
	 .help = "processors the BFD thread may run on; all by default"},
	{"bfd_no_swap", OPTION_FLAG, MODEL(bfd.no_swap), .flags = FIELD, .value = true,
	 .help = "keep the memory of the process from being swapped out"},
	{"bfd_process_name", OPTION_STRING, MODEL(bfd.thread_name), .flags = FIELD,
	 .max = TUNE_NAME_MAX, .help = "name of the BFD thread"},
	{"umask", OPTION_CUSTOM, MODEL(process.umask), .flags = DEFAULT, .initial = -1, .min = 1,
	 .max = 23, .apply = read_umask, .dump = dump_umask, .argument = "NUMBER | NAME[|NAME]...",
	 .help = "file creation mask, unless the command line has one: a number, also octal or "
		 "hexadecimal, or names such as IWGRP and IRWXO"},
	{"max_auto_priority", OPTION_CUSTOM, MODEL(process.max_auto_priority), .flags = FIELD,
	 .min = 0, .max = 1, .apply = read_max_auto_priority, .dump = dump_max_auto_priority,
	 .argument = "[N]",
	 .help = "how far a thread whose timers come late may raise its real-time priority, up to "
		 "99; 99 without a number, 0: not at all, -1: nor mention it"},
	{"min_auto_priority_delay", OPTION_UNSIGNED, MODEL(process.auto_priority_delay_us),
	 .flags = DEFAULT, .min = 1, .max = 10000000, .initial = 1000000,
	 .help = "how many microseconds late a timer must come for that"},
	{"vrrp_netlink_cmd_rcv_bufs", OPTION_UNSIGNED, MODEL(vrrp_cmd.bytes), .flags = DEFAULT,
	 .min = 0, .max = UINT32_MAX,
	 .help = "receive buffer of the netlink socket that sets addresses, in octets"},
	{"vrrp_netlink_cmd_rcv_bufs_force", OPTION_BOOL, MODEL(vrrp_cmd.force), .flags = DEFAULT,
	 .help = "that size may exceed net.core.rmem_max"},
	{"vrrp_netlink_monitor_rcv_bufs", OPTION_UNSIGNED, MODEL(vrrp_monitor.bytes),
	 .flags = DEFAULT, .min = 0, .max = UINT32_MAX,
	 .help = "receive buffer of the netlink socket that hears of changes, in octets"},
	{"vrrp_netlink_monitor_rcv_bufs_force", OPTION_BOOL, MODEL(vrrp_monitor.force),
	 .flags = DEFAULT, .help = "that size may exceed net.core.rmem_max"},
	{"process_monitor_rcv_bufs", OPTION_UNSIGNED, MODEL(process.events.bytes), .flags = DEFAULT,
	 .min = 0, .max = UINT32_MAX,
	 .help = "receive buffer of the socket by which tracked processes are watched, in octets"},
	{"process_monitor_rcv_bufs_force", OPTION_BOOL, MODEL(process.events.force),
	 .flags = DEFAULT, .help = "that size may exceed net.core.rmem_max"},
	{"vrrp_rx_bufs_policy", OPTION_CUSTOM, MODEL(process.rx_policy), .flags = FIELD, .min = 1,
	 .max = 1, .apply = read_rx_policy, .dump = dump_rx_policy,
	 .argument = "MTU | ADVERT | BYTES",
	 .help = "size of receive buffers for adverts: for each instance the interface's MTU or "
		 "its advert, or a number in all"},
	{"vrrp_rx_bufs_multiplier", OPTION_UNSIGNED, MODEL(process.rx_multiplier), .flags = DEFAULT,
	 .min = 1, .max = UINT32_MAX, .initial = 3, .help = "how many of them the buffer holds"},
	{.name = NULL},
};

/* At the top level the model is the whole of it. */
static void dump_top(struct dump *dump, const struct option *row, const void *model)
{
	dump_row(dump, option_root(), row, &((const struct conf *)model)->global);
}

const struct option root_process_rows[] = {
	{"linkbeat_use_polling", OPTION_FLAG, MODEL(process.linkbeat_use_polling), .dump = dump_top,
	 .flags = FIELD, .value = true,
	 .help = "ask drivers for the state of links instead of listening to netlink"},
	{"net_namespace", OPTION_CUSTOM, REFUSED(process.net_namespace), .dump = dump_name,
	 .flags = FIELD, .min = 1, .max = 1, .apply = read_name, .argument = "NAME",
	 .help = "network namespace to run in, unless the command line has one; part of the names "
		 "of files, see FILES of vipd(8)"},
	{"net_namespace_ipvs", OPTION_CUSTOM, REFUSED(process.net_namespace_ipvs),
	 .dump = dump_name, .flags = FIELD, .min = 0, .max = 1, .apply = read_name,
	 .argument = "[NAME]",
	 .help = "network namespace of the virtual servers, while checks go out where vipd is; the "
		 "machine's first one without a name"},
	{"namespace_with_ipsets", OPTION_OBSOLETE,
	 .help = "vipd has no need of ipsets: nftables has sets in every namespace"},
	{"use_pid_dir", OPTION_FLAG, REFUSED(process.use_pid_dir), .dump = dump_top, .flags = FIELD,
	 .value = true, .help = "the pid file stands in a directory of its own"},
	{"instance", OPTION_CUSTOM, REFUSED(process.instance), .dump = dump_name, .flags = FIELD,
	 .min = 1, .max = 1, .apply = read_name, .argument = "NAME",
	 .help = "tells several vipd on one machine apart: part of the names of their files, see "
		 "FILES of vipd(8), and of the name in syslog"},
	{"child_wait_time", OPTION_TIME, MODEL(process.child_wait_us), .dump = dump_top,
	 .flags = DEFAULT | OPTION_WHOLE, .min = 0, .max = SECONDS_MAX_US, .initial = 5000000,
	 .help = "how long the engines may take to stop"},
	{.name = NULL},
};
