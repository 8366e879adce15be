/* SPDX-License-Identifier: MIT */
/* clang-format off */
/*
 * Runs the scripts of tests/replay: a VRRP engine in virtual time, told what happens, asked what it
 * does.
 *
 *   CONF ... END       a configuration, loaded at its end; its words are in vrrp_rig_conf.c
 *   LINK NAME INDEX up|down|gone [ADDRESS|vrf]
 *   STEP SECONDS       time passes
 *   STALL SECONDS COST time passes in which the engine is not run, then it is; COST: microseconds
 *                      that each advert takes from then on
 *   IN NAME SOURCE PRIORITY [version=N] [sum=pseudo|old] [vrid=N] [int=N] [pass=TEXT] [addr=A]...
 *      [ttl=N] [type=N] [ah=N [key=TEXT] [bend=N]] [flip]
 *                      an advertisement arrives, NAME -: at no interface's socket; int: the number
 *                      on the wire; ah: sealed, with that sequence number
 *   TRACK NAME up|down|undecided|NUMBER [old]
 *                      old: as of the generation before
 *   ADDRS manual|auto  who answers requests to set addresses
 *   ADDRS NAME ok|fail answers the newest; late: the oldest, well
 *   SET NAME admin|priority|preempt|auth|interval NUMBER
 *   SET NAME primary|key TEXT, where 0 means as configured
 *   WIRE               an advert is noted with what a SET may change of it, from now on
 *   SOCKET ok|fail|deaf|no-ah
 *                      what opening one returns from now on; deaf: what joining does; no-ah: what
 *                      opening a second one for AH does
 *   CLOCK SECONDS      the machine's clock is stepped by so much
 *   STOP
 *   EXPECT TEXT [xN] [@SECONDS]
 *                      the next effect, how many times, at which time
 *   NOTHING            no effect is left
 *   SKIP               forget the effects so far
 *   CHECK NAME|node FIELD VALUE
 *                      of the published row, of the whole
 *
 * Time starts at 0. A line from # on is a comment. One script is one test.
 */
/* clang-format on */
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/vrrp/ah.h"
#include "core/vrrp/fsm.h"
#include "core/vrrp/packet.h"
#include "tests/unit/replay.h"

void script_complain(struct script *s, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "%s:%u: at %.6f: ", s->name, s->line,
		(double)(s->rig.now_us - RIG_EPOCH_US) / 1e6);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	s->failed = true;
}

static uint64_t seconds(const char *text)
{
	return (uint64_t)(strtod(text, NULL) * 1e6 + 0.5);
}

const char *script_word(const struct script *s, size_t i)
{
	return i < s->count ? s->words[i] : "";
}

bool script_is(const struct script *s, size_t i, const char *text)
{
	return strcmp(script_word(s, i), text) == 0;
}

uint32_t script_ifindex(struct script *s, const char *name)
{
	if (strcmp(name, "-") == 0)
		return VRRP_ANYWHERE;
	for (size_t i = 0; i < s->n_links; i++)
		if (strcmp(s->links[i].name, name) == 0)
			return s->links[i].ifindex;
	script_complain(s, "no LINK %s", name);
	return 0;
}

static void do_link(struct script *s)
{
	if (s->n_links < 8) {
		snprintf(s->links[s->n_links].name, IFNAMSIZ, "%s", script_word(s, 1));
		s->links[s->n_links++].ifindex = (uint32_t)atol(script_word(s, 2));
	}
	rig_link(&s->rig, script_word(s, 1), (uint32_t)atol(script_word(s, 2)),
		 !script_is(s, 3, "gone"), script_is(s, 3, "up"),
		 s->count > 4 ? script_word(s, 4) : NULL);
}

static void do_track(struct script *s)
{
	struct rig *rig = &s->rig;
	size_t back = script_is(s, 3, "old") ? 2 : 1;
	const struct conf *conf = rig->confs[rig->n_confs - back];
	struct msg_track track = {.generation = conf->generation,
				  .up = script_is(s, 2, "up"),
				  .decided = !script_is(s, 2, "undecided"),
				  .value = (int32_t)strtol(script_word(s, 2), NULL, 10),
				  .index = CONF_NONE};

	for (track.kind = CONF_TRACK_SCRIPT; track.kind <= CONF_TRACK_PROCESS; track.kind++) {
		track.index = rig_conf_find(conf, track.kind, script_word(s, 1));
		if (track.index != CONF_NONE)
			break;
	}
	if (track.index == CONF_NONE)
		script_complain(s, "no script, file or process %s", script_word(s, 1));
	vrrp_engine_track(rig->engine, &track);
	rig_settle(rig);
}

static void do_addrs(struct script *s)
{
	if (s->count == 2)
		s->rig.answer_addrs = script_is(s, 1, "auto");
	else if (script_is(s, 2, "late") ? !rig_answer_late(&s->rig, script_word(s, 1))
					 : !rig_answer(&s->rig, script_word(s, 1),
						       script_is(s, 2, "ok") ? 0 : -EPERM))
		script_complain(s, "nothing was asked about %s", script_word(s, 1));
}

static void do_set(struct script *s)
{
	static const char *const fields[VRRP_FIELDS] = {"admin", "priority", "preempt", "primary",
							"auth",	 "key",	     "interval"};
	struct msg_vrrp_set set = {
		.request = 1, .reply_to = THREAD_AGENT, .value = (int32_t)atol(script_word(s, 3))};
	size_t field = 0;

	while (field < VRRP_FIELDS && !script_is(s, 2, fields[field]))
		field++;
	snprintf(set.instance, sizeof set.instance, "%s", script_word(s, 1));
	set.field = (enum vrrp_field)field;
	if (ip_parse(script_word(s, 3), &set.address) == 0)
		set.value = 1;
	if (set.field == VRRP_SET_INTERVAL)
		set.value = (int32_t)(atof(script_word(s, 3)) * 100);
	if (set.field == VRRP_SET_AUTH_KEY && !script_is(s, 3, "0")) {
		set.value = 1;
		memcpy(set.key, script_word(s, 3), strnlen(script_word(s, 3), sizeof set.key));
	}
	vrrp_engine_set(s->rig.engine, &set, s->rig.now_us);
	rig_settle(&s->rig);
}

static void do_expect(struct script *s)
{
	struct rig *rig = &s->rig;
	const struct rig_effect *effect;
	char want[120] = "";
	unsigned count = 1;
	const char *at = NULL;

	for (size_t i = 1; i < s->count; i++) {
		const char *w = s->words[i];

		if (w[0] == '@')
			at = w + 1;
		else if (w[0] == 'x' && atol(w + 1) > 0)
			count = (unsigned)atol(w + 1);
		else
			snprintf(want + strlen(want), sizeof want - strlen(want), "%s%s",
				 *want ? " " : "", w);
	}
	if (rig->read_effects == rig->n_effects) {
		script_complain(s, "expected '%s', but nothing has happened", want);
		return;
	}
	effect = &rig->effects[rig->read_effects++];
	if (strcmp(effect->text, want) != 0 || effect->count != count)
		script_complain(s, "expected '%s' x%u, got '%s' x%u", want, count, effect->text,
				effect->count);
	if (at && effect->at_us != RIG_EPOCH_US + seconds(at))
		script_complain(s, "'%s' at %.6f, expected at %s", want,
				(double)(effect->at_us - RIG_EPOCH_US) / 1e6, at);
}

static void do_nothing(struct script *s)
{
	struct rig *rig = &s->rig;

	for (; rig->read_effects < rig->n_effects; rig->read_effects++)
		script_complain(
			s, "unexpected '%s' x%u at %.6f", rig->effects[rig->read_effects].text,
			rig->effects[rig->read_effects].count,
			(double)(rig->effects[rig->read_effects].at_us - RIG_EPOCH_US) / 1e6);
}

/* One number of a row, by name; UINT64_MAX when there is no such field. */
static uint64_t row_number(const struct snap_instance *row, const char *field)
{
	const struct {
		const char *name;
		uint64_t value;
	} table[] = {
		{"priority", row->effective_priority},
		{"base", row->base_priority},
		{"addresses_set", row->addresses_set},
		{"admin_up", row->admin_up},
		{"preempt", row->preempt},
		{"auth", row->auth},
		{"interval", row->advert_us / USEC_PER_SEC},
		{"overrides", row->set.priority || row->set.preempt || row->set.auth_type ||
				      row->set.interval_cs || row->set.keyed ||
				      ip_is_set(&row->set.primary)},
		{"ifindex", row->ifindex},
		{"reason", row->reason},
		{"proto_error", row->proto_error},
		{"master_priority", row->master_priority},
		{"become_master", row->stats.become_master},
		{"release_master", row->stats.release_master},
		{"received", row->stats.advert_received},
		{"sent", row->stats.advert_sent},
		{"zero_received", row->stats.priority_zero_received},
		{"zero_sent", row->stats.priority_zero_sent},
		{"interval_errors", row->stats.interval_errors},
		{"auth_failures", row->stats.auth_failures},
		{"invalid_auth_type", row->stats.invalid_auth_type},
		{"auth_type_mismatch", row->stats.auth_type_mismatch},
		{"ttl_errors", row->stats.ttl_errors},
		{"length_errors", row->stats.length_errors},
		{"checksum_errors", row->stats.checksum_errors},
		{"version_errors", row->stats.version_errors},
		{"invalid_type", row->stats.invalid_type},
		{"address_list_errors", row->stats.address_list_errors},
		{"errors", row->stats.interval_errors + row->stats.auth_failures +
				   row->stats.invalid_auth_type + row->stats.auth_type_mismatch +
				   row->stats.ttl_errors + row->stats.length_errors +
				   row->stats.checksum_errors + row->stats.version_errors +
				   row->stats.address_list_errors + row->stats.invalid_type},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].name, field) == 0)
			return table[i].value;
	return UINT64_MAX;
}

static void row_text(const struct snap_instance *row, const char *field,
		     char room[static IP_TEXT_MAX])
{
	if (strcmp(field, "state") == 0)
		snprintf(room, IP_TEXT_MAX, "%s", vrrp_state_name(row->state));
	else if (strcmp(field, "wanted") == 0)
		snprintf(room, IP_TEXT_MAX, "%s", vrrp_state_name(row->wanted));
	else if (strcmp(field, "master") == 0)
		ip_format(&row->master, room);
	else if (strcmp(field, "primary") == 0)
		ip_format(&row->primary, room);
	else
		snprintf(room, IP_TEXT_MAX, "%" PRIu64, row_number(row, field));
}

static uint64_t node_number(const struct rig *rig, const char *field)
{
	if (strcmp(field, "checksum_errors") == 0)
		return rig->rows->checksum_errors;
	if (strcmp(field, "version_errors") == 0)
		return rig->rows->version_errors;
	if (strcmp(field, "vrid_errors") == 0)
		return rig->rows->vrid_errors;
	if (strcmp(field, "groups") == 0)
		return rig->groups;
	return strcmp(field, "sockets") == 0 ? rig->open_sockets : UINT64_MAX;
}

static void do_check(struct script *s)
{
	const struct snap_instance *row = rig_row(&s->rig, script_word(s, 1));
	char got[IP_TEXT_MAX] = "no such instance";

	if (script_is(s, 1, "node"))
		snprintf(got, sizeof got, "%" PRIu64, node_number(&s->rig, script_word(s, 2)));
	else if (row)
		row_text(row, script_word(s, 2), got);
	if (!script_is(s, 3, got))
		script_complain(s, "%s %s is %s, expected %s", script_word(s, 1), script_word(s, 2),
				got, script_word(s, 3));
}

static void do_conf(struct script *s)
{
	s->conf = rig_conf_new(&s->rig);
}

static void do_step(struct script *s)
{
	rig_run_until(&s->rig, s->rig.now_us + seconds(script_word(s, 1)));
}

static void do_stall(struct script *s)
{
	s->rig.now_us += seconds(script_word(s, 1));
	s->rig.send_us = strtoull(script_word(s, 2), NULL, 10);
	vrrp_engine_tick(s->rig.engine, s->rig.now_us);
	rig_settle(&s->rig);
}

static void do_stop(struct script *s)
{
	vrrp_engine_stop(s->rig.engine, s->rig.now_us);
	rig_settle(&s->rig);
}

static void do_skip(struct script *s)
{
	s->rig.read_effects = s->rig.n_effects;
}

static void do_wire(struct script *s)
{
	s->rig.wire = true;
}

static void do_clock(struct script *s)
{
	s->rig.wall_step_us += strtoll(script_word(s, 1), NULL, 10) * (int64_t)USEC_PER_SEC;
}

static void do_socket(struct script *s)
{
	s->rig.open_error = script_is(s, 1, "fail") ? -EMFILE : 0;
	s->rig.join_error = script_is(s, 1, "deaf") ? -ENOBUFS : 0;
	s->rig.ah_error = script_is(s, 1, "no-ah") ? -EMFILE : 0;
}

static const struct {
	const char *word;
	void (*run)(struct script *s);
} commands[] = {
	{"CONF", do_conf},     {"LINK", do_link},	{"STEP", do_step},   {"IN", replay_in},
	{"TRACK", do_track},   {"ADDRS", do_addrs},	{"SET", do_set},     {"STOP", do_stop},
	{"EXPECT", do_expect}, {"NOTHING", do_nothing}, {"CHECK", do_check}, {"SKIP", do_skip},
	{"SOCKET", do_socket}, {"WIRE", do_wire},	{"CLOCK", do_clock}, {"STALL", do_stall},
};

static void split(struct script *s, char *line)
{
	s->count = 0;
	line[strcspn(line, "#\n")] = '\0';
	while (*line && s->count < WORDS) {
		line += strspn(line, " \t");
		if (!*line)
			break;
		s->words[s->count++] = line;
		line += strcspn(line, " \t");
		if (*line)
			*line++ = '\0';
	}
}

static void run_line(struct script *s)
{
	if (s->count == 0)
		return;
	if (s->conf && script_is(s, 0, "END")) {
		s->conf = NULL;
		rig_load(&s->rig);
		return;
	}
	if (s->conf) {
		if (!rig_conf_add(s->conf, s->words, s->count))
			script_complain(s, "not understood: %s", s->words[0]);
		return;
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (!script_is(s, 0, commands[i].word))
			continue;
		commands[i].run(s);
		return;
	}
	script_complain(s, "no command %s", s->words[0]);
}

static bool run_script(const char *path)
{
	static struct script s; /* large */
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file) {
		perror(path);
		return false;
	}
	s = (struct script){.name = path};
	rig_start(&s.rig);
	s.rig.verbose = getenv("VERBOSE") != NULL;
	while (fgets(line, sizeof line, file)) {
		s.line++;
		split(&s, line);
		run_line(&s);
	}
	rig_end(&s.rig);
	fclose(file);
	return !s.failed;
}

/* The scripts are named on the command line, else all of tests/replay. */
int main(int argc, char **argv)
{
	const char *source = getenv("srcdir");
	glob_t found = {0};
	char pattern[4096];
	unsigned failed = 0, count = 0;

	for (int i = 1; i < argc; i++, count++)
		failed += !run_script(argv[i]);
	snprintf(pattern, sizeof pattern, "%s/tests/replay/*.rpl", source ? source : ".");
	if (argc == 1 && glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++, count++)
			failed += !run_script(found.gl_pathv[i]);
	globfree(&found);
	printf("%u scripts, %u failed\n", count, failed);
	return failed || !count;
}
