/* SPDX-License-Identifier: MIT */
/* The engine in virtual time: see vrrp_rig.h. */
#include "tests/unit/vrrp_rig.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/vrrp/fsm.h"
#include "core/vrrp/packet.h"

/* Doubles of conf/model.c: the tests make and own their configurations. */
const struct conf *conf_ref(const struct conf *conf)
{
	((struct conf *)conf)->references++;
	return conf;
}

const struct conf *conf_unref(const struct conf *conf)
{
	if (conf)
		((struct conf *)conf)->references--;
	return NULL;
}

void rig_note(struct rig *rig, const char *format, ...)
{
	struct rig_effect effect = {.at_us = rig->now_us, .count = 1}, *last;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(effect.text, sizeof effect.text, format, arguments);
	va_end(arguments);
	last = rig->n_effects > rig->read_effects ? &rig->effects[rig->n_effects - 1] : NULL;
	if (last && last->at_us == effect.at_us && strcmp(last->text, effect.text) == 0) {
		last->count++;
		return;
	}
	assert(rig->n_effects < RIG_EFFECTS);
	rig->effects[rig->n_effects++] = effect;
}

static int on_open(void *owner, uint32_t ifindex, const char *name, const struct ip *group)
{
	struct rig *rig = owner;

	(void)ifindex, (void)name, (void)group;
	if (rig->open_error)
		return rig->open_error;
	rig->open_sockets++;
	return 0;
}

static void on_close(void *owner, uint32_t ifindex)
{
	struct rig *rig = owner;

	(void)ifindex;
	rig->open_sockets--;
}

static int on_send(void *owner, uint32_t ifindex, const struct ip *source, const struct ip *group,
		   const void *message, size_t size)
{
	struct rig *rig = owner;
	const uint8_t *octets = message;

	(void)ifindex;
	rig_note(rig, "advert %u %u", octets[1], octets[2]);
	if (rig->on_send)
		rig->on_send(rig, source, group, message, size);
	return 0;
}

static int on_garp(void *owner, uint32_t ifindex, const uint8_t mac[6], const struct ip *address)
{
	char text[IP_TEXT_MAX];

	(void)ifindex, (void)mac;
	rig_note(owner, "garp %s", ip_format(address, text));
	return 0;
}

static void on_event(struct rig *rig, const struct msg_event *event)
{
	const char *stopping = event->instance.stopping ? " stopping" : "";

	switch (event->kind) {
	case EVENT_INSTANCE_STATE:
		rig_note(rig, "state %s %s%s", event->instance.name,
			 vrrp_state_name(event->instance.state), stopping);
		break;
	case EVENT_GROUP_STATE:
		rig_note(rig, "group %s %s%s", event->group.name,
			 vrrp_state_name(event->group.state),
			 event->group.stopping ? " stopping" : "");
		break;
	case EVENT_RX_LOWER_PRIORITY:
		rig_note(rig, "lower %s", event->instance.name);
		break;
	case EVENT_AUTH_FAILURE:
		rig_note(rig, "auth-failure %u", event->packet.error);
		break;
	case EVENT_PROTO_ERROR:
		rig_note(rig, "proto-error %u", event->packet.error);
		break;
	default:
		rig_note(rig, "event %d", (int)event->kind);
		break;
	}
}

static void on_mail(void *owner, enum snap_thread to, enum msg_kind kind, const void *body,
		    size_t size)
{
	struct rig *rig = owner;
	const struct msg_addrs *addrs = body;
	const struct msg_reply *reply = body;

	(void)size;
	if (kind == MSG_EVENT && to == THREAD_MAIN) {
		on_event(rig, body);
	} else if (kind == MSG_ADDRS) {
		rig_note(rig, "addrs %s %s",
			 rig->confs[addrs->generation - 1]->instances[addrs->instance].name,
			 addrs->set ? "set" : "unset");
		assert(rig->n_asked < 64);
		rig->asked[rig->n_asked++] = *addrs;
	} else if (kind == MSG_REPLY) {
		rig_note(rig, "reply %d", reply->error);
	}
}

static void on_publish(void *owner, struct snap_vrrp *rows)
{
	struct rig *rig = owner;

	if (rig->rows)
		rig->rows->value.free(&rig->rows->value);
	rig->rows = rows;
	rig->publications++;
}

static void on_log(void *owner, int level, const char *format, ...)
{
	struct rig *rig = owner;
	va_list arguments;

	(void)level;
	if (!rig->verbose)
		return;
	va_start(arguments, format);
	fprintf(stderr, "%12.6f ", (double)(rig->now_us - RIG_EPOCH_US) / 1e6);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

static uint64_t on_wall(void *owner)
{
	const struct rig *rig = owner;

	return rig->now_us + 1700000000 * USEC_PER_SEC;
}

static const struct vrrp_ops ops = {
	.open = on_open,
	.close = on_close,
	.send = on_send,
	.garp = on_garp,
	.mail = on_mail,
	.publish = on_publish,
	.log = on_log,
	.wall_us = on_wall,
};

void rig_start(struct rig *rig)
{
	memset(rig, 0, sizeof *rig);
	rig->now_us = RIG_EPOCH_US;
	rig->answer_addrs = true;
	if (vrrp_engine_new(&ops, rig, &rig->engine) < 0)
		abort();
}

static void free_conf(struct conf *conf)
{
	assert(conf->references == 0); /* nobody may keep or drop one too many */
	for (size_t i = 0; i < conf->n_instances; i++) {
		struct conf_instance *instance = &conf->instances[i];

		free(instance->name);
		free(instance->interface);
		for (size_t a = 0; a < instance->n_addresses; a++)
			free(instance->addresses[a].device);
		for (size_t t = 0; t < instance->n_scripts; t++)
			free(instance->scripts[t].name);
		for (size_t t = 0; t < instance->n_interfaces; t++)
			free(instance->interfaces[t].name);
		free(instance->addresses);
		free(instance->scripts);
		free(instance->interfaces);
	}
	for (size_t i = 0; i < conf->n_groups; i++) {
		free(conf->groups[i].name);
		free(conf->groups[i].members);
	}
	for (size_t i = 0; i < conf->n_scripts; i++)
		free(conf->scripts[i].name);
	free(conf->instances);
	free(conf->groups);
	free(conf->scripts);
	free(conf);
}

void rig_end(struct rig *rig)
{
	rig->engine = vrrp_engine_free(rig->engine);
	assert(rig->open_sockets == 0);
	if (rig->rows)
		rig->rows->value.free(&rig->rows->value);
	for (size_t i = 0; i < rig->n_confs; i++)
		free_conf(rig->confs[i]);
}

struct conf *rig_conf_new(struct rig *rig)
{
	struct conf *conf = calloc(1, sizeof *conf);

	assert(conf && rig->n_confs < RIG_CONFS);
	rig->confs[rig->n_confs++] = conf;
	conf->generation = rig->n_confs;
	conf->instances = calloc(RIG_ITEMS, sizeof *conf->instances);
	conf->groups = calloc(RIG_ITEMS, sizeof *conf->groups);
	conf->scripts = calloc(RIG_ITEMS, sizeof *conf->scripts);
	(void)ip_parse("224.0.0.18", &conf->global.mcast_group4);
	return conf;
}

/* "KEY=VALUE" */
static const char *value_of(const char *word, const char *key)
{
	size_t length = strlen(key);

	return strncmp(word, key, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static uint64_t seconds(const char *text)
{
	return (uint64_t)(strtod(text, NULL) * 1e6 + 0.5);
}

static void add_address(struct conf_instance *instance, const char *text)
{
	struct conf_address *address = &instance->addresses[instance->n_addresses++];

	assert(instance->n_addresses <= RIG_ITEMS);
	if (ip_parse(text, &address->ip) < 0)
		abort();
	address->prefix = 32;
	address->device = strdup(instance->interface);
}

/* "NAME:WEIGHT" or "NAME:WEIGHT:reverse" */
static void add_track(const struct conf *conf, struct conf_instance *instance, const char *text,
		      bool script)
{
	struct conf_track *track = script ? &instance->scripts[instance->n_scripts++]
					  : &instance->interfaces[instance->n_interfaces++];
	const char *colon = strchr(text, ':');

	assert(colon);
	track->name = strndup(text, (size_t)(colon - text));
	track->weight = (int16_t)atol(colon + 1);
	track->reverse = strstr(colon, ":reverse") != NULL;
	track->script = CONF_NONE;
	for (size_t i = 0; script && i < conf->n_scripts; i++)
		if (strcmp(conf->scripts[i].name, track->name) == 0)
			track->script = (uint32_t)i;
	assert(!script || track->script != CONF_NONE);
}

static bool set_flag(struct conf_instance *instance, const char *word)
{
	if (strcmp(word, "nopreempt") == 0)
		instance->preempt = false;
	else if (strcmp(word, "lower_prio_no_advert") == 0)
		instance->lower_prio_no_advert = true;
	else if (strcmp(word, "higher_prio_send_advert") == 0)
		instance->higher_prio_send_advert = true;
	else if (strcmp(word, "dont_track_primary") == 0)
		instance->dont_track_primary = true;
	else if (strcmp(word, "master") == 0)
		instance->state = CONF_STATE_MASTER;
	else
		return false;
	return true;
}

static bool set_number(struct conf_instance *instance, const char *word)
{
	const char *value;

	if ((value = value_of(word, "vrid")))
		instance->vrid = (uint8_t)atol(value);
	else if ((value = value_of(word, "prio")))
		instance->priority = (uint8_t)atol(value);
	else if ((value = value_of(word, "version")))
		instance->version = (uint8_t)atol(value);
	else if ((value = value_of(word, "int")))
		instance->advert_us = seconds(value);
	else if ((value = value_of(word, "preempt_delay")))
		instance->preempt_delay_us = seconds(value);
	else if ((value = value_of(word, "garp_delay")))
		instance->garp_delay_us = seconds(value);
	else if ((value = value_of(word, "garp_interval")))
		instance->garp_interval_us = seconds(value);
	else if ((value = value_of(word, "garp_lower")))
		instance->garp_lower_prio_repeat = (uint32_t)atol(value);
	else
		return false;
	return true;
}

static bool set_word(struct conf *conf, struct conf_instance *instance, const char *word)
{
	const char *value;

	if (set_flag(instance, word) || set_number(instance, word))
		return true;
	if ((value = value_of(word, "on"))) {
		free(instance->interface);
		instance->interface = strdup(value);
	} else if ((value = value_of(word, "addr"))) {
		add_address(instance, value);
	} else if ((value = value_of(word, "pass"))) {
		instance->auth = CONF_AUTH_PASS;
		memcpy(instance->auth_pass, value, strnlen(value, sizeof instance->auth_pass));
	} else if ((value = value_of(word, "script"))) {
		add_track(conf, instance, value, true);
	} else if ((value = value_of(word, "track"))) {
		add_track(conf, instance, value, false);
	} else {
		return false;
	}
	return true;
}

static bool add_instance(struct conf *conf, char **words, size_t count)
{
	struct conf_instance *instance = &conf->instances[conf->n_instances++];

	*instance = (struct conf_instance){
		.name = strdup(words[1]),
		.interface = strdup("eth0"),
		.state = CONF_STATE_BACKUP,
		.version = 2,
		.priority = 100,
		.advert_us = USEC_PER_SEC,
		.preempt = true,
		.down_timer_adverts = 3,
		.garp_repeat = 2,
		.garp_lower_prio_repeat = 2,
		.group = CONF_NONE,
		.addresses = calloc(RIG_ITEMS, sizeof *instance->addresses),
		.scripts = calloc(RIG_ITEMS, sizeof *instance->scripts),
		.interfaces = calloc(RIG_ITEMS, sizeof *instance->interfaces),
	};
	for (size_t i = 2; i < count; i++)
		if (!set_word(conf, instance, words[i]))
			return false;
	return true;
}

static bool add_group(struct conf *conf, char **words, size_t count)
{
	struct conf_group *group = &conf->groups[conf->n_groups];

	group->name = strdup(words[1]);
	group->members = calloc(RIG_ITEMS, sizeof *group->members);
	for (size_t w = 2; w < count; w++) {
		size_t before = group->n_members;

		if (strcmp(words[w], "tracking_weight") == 0) {
			group->tracking_weight = true;
			continue;
		}
		for (size_t i = 0; i < conf->n_instances; i++) {
			if (strcmp(conf->instances[i].name, words[w]) != 0)
				continue;
			conf->instances[i].group = (uint32_t)conf->n_groups;
			group->members[group->n_members++] = (uint32_t)i;
		}
		if (group->n_members == before)
			return false;
	}
	conf->n_groups++;
	return true;
}

bool rig_conf_add(struct conf *conf, char **words, size_t count)
{
	if (count < 2)
		return false;
	if (strcmp(words[0], "script") == 0) {
		conf->scripts[conf->n_scripts].init_fail =
			count > 2 && strcmp(words[2], "init_fail") == 0;
		conf->scripts[conf->n_scripts++].name = strdup(words[1]);
		return true;
	}
	if (strcmp(words[0], "startup_delay") == 0) {
		conf->global.startup_delay_us = seconds(words[1]);
		return true;
	}
	if (strcmp(words[0], "instance") == 0)
		return add_instance(conf, words, count);
	return strcmp(words[0], "group") == 0 && add_group(conf, words, count);
}

void rig_settle(struct rig *rig)
{
	struct msg_addrs_done done;

	vrrp_engine_flush(rig->engine, rig->now_us);
	while (rig->answer_addrs && rig->n_asked) {
		done = (struct msg_addrs_done){.generation = rig->asked[0].generation,
					       .instance = rig->asked[0].instance,
					       .set = rig->asked[0].set};
		memmove(rig->asked, rig->asked + 1, --rig->n_asked * sizeof *rig->asked);
		vrrp_engine_addrs_done(rig->engine, &done, rig->now_us);
		vrrp_engine_flush(rig->engine, rig->now_us);
	}
}

bool rig_answer(struct rig *rig, const char *name, int error)
{
	for (size_t i = rig->n_asked; i-- > 0;) {
		const struct msg_addrs *asked = &rig->asked[i];
		struct msg_addrs_done done = {.generation = asked->generation,
					      .instance = asked->instance,
					      .set = asked->set,
					      .error = error};

		if (strcmp(rig->confs[asked->generation - 1]->instances[asked->instance].name,
			   name) != 0)
			continue;
		rig->n_asked = 0;
		vrrp_engine_addrs_done(rig->engine, &done, rig->now_us);
		rig_settle(rig);
		return true;
	}
	return false;
}

void rig_load(struct rig *rig)
{
	const struct conf *conf = rig->confs[rig->n_confs - 1];

	if (vrrp_engine_conf(rig->engine, conf_ref(conf), rig->now_us) < 0)
		abort();
	rig_settle(rig);
}

void rig_link(struct rig *rig, const char *name, uint32_t ifindex, bool present, bool up,
	      const char *primary)
{
	struct msg_link link = {.ifindex = ifindex,
				.present = present,
				.up = up,
				.multicast = true,
				.mac = {2, 0, 0, 0, 0, 1}};

	strncpy(link.name, name, sizeof link.name - 1);
	if (primary && ip_parse(primary, &link.primary4) < 0)
		abort();
	vrrp_engine_link(rig->engine, &link, rig->now_us);
	rig_settle(rig);
}

void rig_run_until(struct rig *rig, uint64_t at_us)
{
	uint64_t due_us;

	while ((due_us = vrrp_engine_due_us(rig->engine)) && due_us <= at_us) {
		if (due_us > rig->now_us)
			rig->now_us = due_us;
		vrrp_engine_tick(rig->engine, rig->now_us);
		rig_settle(rig);
	}
	rig->now_us = at_us;
}

void rig_receive(struct rig *rig, uint32_t ifindex, const struct ip *source, const struct ip *group,
		 const void *message, size_t size)
{
	uint8_t datagram[VRRP_IP_HEADER + VRRP_MESSAGE_MAX];

	vrrp_packet_ip_header(source, group, size, datagram);
	memcpy(datagram + VRRP_IP_HEADER, message, size);
	vrrp_engine_receive(rig->engine, ifindex, datagram, VRRP_IP_HEADER + size, rig->now_us);
	rig_settle(rig);
}

const struct snap_instance *rig_row(const struct rig *rig, const char *name)
{
	for (size_t i = 0; rig->rows && i < rig->rows->n_instances; i++)
		if (strcmp(rig->rows->conf->instances[i].name, name) == 0)
			return &rig->rows->instances[i];
	return NULL;
}
