/* SPDX-License-Identifier: MIT */
/*
 * Runs the scripts of tests/replay: a VRRP engine in virtual time, told what happens, asked what it
 *does.
 *
 *	CONF ... END		   a configuration, one object a line: see vrrp_rig.c for the words;
 *loads it LINK NAME INDEX up|down|gone [ADDRESS] STEP SECONDS		   time passes IN NAME
 *SOURCE PRIORITY [version=N] [sum=pseudo|old] [vrid=N] [int=N] [pass=TEXT] [ah=N [key=TEXT]
 *[bend=N]] [addr=A]... [ttl=N] [flip] an advertisement arrives; int: the number on the wire TRACK
 *NAME up|down|undecided|NUMBER [old]   of a script, process or file (old: as of the generation
 *before) ADDRS manual|auto	   who answers requests to set addresses ADDRS NAME ok|fail
 *answers the newest ADDRS NAME late		   answers the oldest, well SET NAME
 *admin|priority|preempt|auth|interval NUMBER SET NAME primary ADDRESS
 *	SET NAME key TEXT		   for primary and key, 0 means as configured
 *	WIRE			   from now on an advert is noted with what a SET may change of it
 *	SOCKET ok|fail|deaf|no-ah  what opening one returns from now on; deaf: what joining does;
 *no-ah: what opening a second one for AH does
 *	STOP
 *	EXPECT TEXT [xN] [@SECONDS]  the next effect, how many times, at which time
 *	NOTHING			   no effect is left
 *	SKIP			   forget the effects so far
 *	CHECK NAME FIELD VALUE	   of the published row
 *	CHECK node FIELD VALUE
 *
 * Time starts at 0. A line from # on is a comment. One script is one test.
 */
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/vrrp/ah.h"
#include "core/vrrp/fsm.h"
#include "core/vrrp/packet.h"
#include "tests/unit/vrrp_rig.h"

#define WORDS 32

struct script {
	const char *name;
	unsigned line;
	struct rig rig;
	struct conf *conf; /* in the making */
	char *words[WORDS];
	size_t count;
	struct {
		char name[IFNAMSIZ];
		uint32_t ifindex;
	} links[8];
	size_t n_links;
	bool failed;
};

static void complain(struct script *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct script *s, const char *format, ...)
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

static const char *word(const struct script *s, size_t i)
{
	return i < s->count ? s->words[i] : "";
}

static bool is(const struct script *s, size_t i, const char *text)
{
	return strcmp(word(s, i), text) == 0;
}

static uint32_t ifindex_of(struct script *s, const char *name)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (strcmp(s->links[i].name, name) == 0)
			return s->links[i].ifindex;
	complain(s, "no LINK %s", name);
	return 0;
}

static void do_link(struct script *s)
{
	if (s->n_links < 8) {
		snprintf(s->links[s->n_links].name, IFNAMSIZ, "%s", word(s, 1));
		s->links[s->n_links++].ifindex = (uint32_t)atol(word(s, 2));
	}
	rig_link(&s->rig, word(s, 1), (uint32_t)atol(word(s, 2)), !is(s, 3, "gone"), is(s, 3, "up"),
		 s->count > 4 ? word(s, 4) : NULL);
}

/* KEY=VALUE among the words, or fallback. */
static const char *option(const struct script *s, const char *key, const char *fallback)
{
	size_t length = strlen(key);

	for (size_t i = 1; i < s->count; i++)
		if (strncmp(s->words[i], key, length) == 0 && s->words[i][length] == '=')
			return s->words[i] + length + 1;
	return fallback;
}

static void add_addresses(const struct script *s, struct vrrp_advert *advert)
{
	const char *usual = advert->family == AF_INET6 ? "fe80::10" : "192.0.2.10";

	for (size_t i = 1; i < s->count; i++)
		if (strncmp(s->words[i], "addr=", 5) == 0)
			(void)ip_parse(s->words[i] + 5, &advert->addresses[advert->n_addresses++]);
	if (!advert->n_addresses)
		(void)ip_parse(usual, &advert->addresses[advert->n_addresses++]);
}

/* bend: one octet of the packet is changed after it was sealed. */
static void seal(struct script *s, struct vrrp_envelope *envelope, uint8_t *packet)
{
	uint8_t key[VRRP_AUTH_OCTETS] = {0};
	const char *text = option(s, "key", RIG_KEY), *bend = option(s, "bend", NULL);
	uint32_t sequence = (uint32_t)strtoul(option(s, "ah", "0"), NULL, 10);

	memcpy(key, text, strnlen(text, sizeof key));
	if (vrrp_ah_seal(s->rig.hmac, key, sequence, &envelope->source, &envelope->destination,
			 envelope->ttl, packet, VRRP_AH_OCTETS + envelope->size) < 0)
		complain(s, "cannot seal");
	envelope->sealed = true;
	if (bend)
		packet[atol(bend)] ^= 1;
}

static void do_in(struct script *s)
{
	struct vrrp_advert advert = {
		.version = (uint8_t)atol(option(s, "version", "2")),
		.vrid = (uint8_t)atol(option(s, "vrid", "51")),
		.priority = (uint8_t)atol(word(s, 3)),
		.interval = (uint16_t)atol(option(s, "int", "1")),
	};
	const char *pass = option(s, "pass", NULL);
	struct vrrp_envelope envelope = {.ttl = (uint8_t)atol(option(s, "ttl", "255"))};
	uint8_t packet[VRRP_AH_OCTETS + 128], *message = packet + VRRP_AH_OCTETS;
	const char *group, *sum = option(s, "sum", "");
	struct ip old;
	int size;

	group = option(s, "to", strchr(word(s, 2), ':') ? "ff02::12" : "224.0.0.18");
	if (ip_parse(word(s, 2), &envelope.source) < 0 ||
	    ip_parse(group, &envelope.destination) < 0) {
		complain(s, "bad address");
		return;
	}
	advert.family = envelope.source.family;
	advert.auth_type = pass ? VRRP_AUTH_PASS : (uint8_t)atol(option(s, "auth", "0"));
	if (pass)
		memcpy(advert.auth_data, pass, strnlen(pass, sizeof advert.auth_data));
	add_addresses(s, &advert);
	(void)ip_parse("224.0.0.18", &old);
	size = vrrp_packet_encode(&advert, &envelope.source,
				  *sum == 'o' ? &old : &envelope.destination, *sum, message, 128);
	if (size < 0) {
		complain(s, "cannot encode");
		return;
	}
	if (is(s, s->count - 1, "flip"))
		message[8] ^= 1;
	envelope.message = message;
	envelope.size = (size_t)size - (size_t)atol(option(s, "cut", "0"));
	if (*option(s, "ah", ""))
		seal(s, &envelope, packet);
	rig_receive(&s->rig, ifindex_of(s, word(s, 1)), &envelope);
}

static void do_track(struct script *s)
{
	struct rig *rig = &s->rig;
	size_t back = is(s, 3, "old") ? 2 : 1;
	const struct conf *conf = rig->confs[rig->n_confs - back];
	struct msg_track track = {.generation = conf->generation,
				  .up = is(s, 2, "up"),
				  .decided = !is(s, 2, "undecided"),
				  .value = (int32_t)strtol(word(s, 2), NULL, 10),
				  .index = CONF_NONE};

	for (track.kind = CONF_TRACK_SCRIPT; track.kind <= CONF_TRACK_PROCESS; track.kind++) {
		track.index = rig_conf_find(conf, track.kind, word(s, 1));
		if (track.index != CONF_NONE)
			break;
	}
	if (track.index == CONF_NONE)
		complain(s, "no script, file or process %s", word(s, 1));
	vrrp_engine_track(rig->engine, &track, rig->now_us);
	rig_settle(rig);
}

static void do_addrs(struct script *s)
{
	if (s->count == 2)
		s->rig.answer_addrs = is(s, 1, "auto");
	else if (is(s, 2, "late") ? !rig_answer_late(&s->rig, word(s, 1))
				  : !rig_answer(&s->rig, word(s, 1), is(s, 2, "ok") ? 0 : -EPERM))
		complain(s, "nothing was asked about %s", word(s, 1));
}

static void do_set(struct script *s)
{
	static const char *const fields[VRRP_FIELDS] = {"admin", "priority", "preempt", "primary",
							"auth",	 "key",	     "interval"};
	struct msg_vrrp_set set = {
		.request = 1, .reply_to = THREAD_AGENT, .value = (int32_t)atol(word(s, 3))};
	size_t field = 0;

	while (field < VRRP_FIELDS && !is(s, 2, fields[field]))
		field++;
	snprintf(set.instance, sizeof set.instance, "%s", word(s, 1));
	set.field = (enum vrrp_field)field;
	if (ip_parse(word(s, 3), &set.address) == 0)
		set.value = 1;
	if (set.field == VRRP_SET_INTERVAL)
		set.value = (int32_t)(atof(word(s, 3)) * 100);
	if (set.field == VRRP_SET_AUTH_KEY && !is(s, 3, "0")) {
		set.value = 1;
		memcpy(set.key, word(s, 3), strnlen(word(s, 3), sizeof set.key));
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
		complain(s, "expected '%s', but nothing has happened", want);
		return;
	}
	effect = &rig->effects[rig->read_effects++];
	if (strcmp(effect->text, want) != 0 || effect->count != count)
		complain(s, "expected '%s' x%u, got '%s' x%u", want, count, effect->text,
			 effect->count);
	if (at && effect->at_us != RIG_EPOCH_US + seconds(at))
		complain(s, "'%s' at %.6f, expected at %s", want,
			 (double)(effect->at_us - RIG_EPOCH_US) / 1e6, at);
}

static void do_nothing(struct script *s)
{
	struct rig *rig = &s->rig;

	for (; rig->read_effects < rig->n_effects; rig->read_effects++)
		complain(s, "unexpected '%s' x%u at %.6f", rig->effects[rig->read_effects].text,
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
	const struct snap_instance *row = rig_row(&s->rig, word(s, 1));
	char got[IP_TEXT_MAX] = "no such instance";

	if (is(s, 1, "node"))
		snprintf(got, sizeof got, "%" PRIu64, node_number(&s->rig, word(s, 2)));
	else if (row)
		row_text(row, word(s, 2), got);
	if (!is(s, 3, got))
		complain(s, "%s %s is %s, expected %s", word(s, 1), word(s, 2), got, word(s, 3));
}

static void do_conf(struct script *s)
{
	s->conf = rig_conf_new(&s->rig);
}

static void do_step(struct script *s)
{
	rig_run_until(&s->rig, s->rig.now_us + seconds(word(s, 1)));
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

static void do_socket(struct script *s)
{
	s->rig.open_error = is(s, 1, "fail") ? -EMFILE : 0;
	s->rig.join_error = is(s, 1, "deaf") ? -ENOBUFS : 0;
	s->rig.ah_error = is(s, 1, "no-ah") ? -EMFILE : 0;
}

static const struct {
	const char *word;
	void (*run)(struct script *s);
} commands[] = {
	{"CONF", do_conf},     {"LINK", do_link},	{"STEP", do_step},   {"IN", do_in},
	{"TRACK", do_track},   {"ADDRS", do_addrs},	{"SET", do_set},     {"STOP", do_stop},
	{"EXPECT", do_expect}, {"NOTHING", do_nothing}, {"CHECK", do_check}, {"SKIP", do_skip},
	{"SOCKET", do_socket}, {"WIRE", do_wire},
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
	if (s->conf && is(s, 0, "END")) {
		s->conf = NULL;
		rig_load(&s->rig);
		return;
	}
	if (s->conf) {
		if (!rig_conf_add(s->conf, s->words, s->count))
			complain(s, "not understood: %s", s->words[0]);
		return;
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (!is(s, 0, commands[i].word))
			continue;
		commands[i].run(s);
		return;
	}
	complain(s, "no command %s", s->words[0]);
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
