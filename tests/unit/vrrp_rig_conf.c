/* SPDX-License-Identifier: MIT */
/* Configurations and interfaces made from words, for the engine in virtual time: see vrrp_rig.h. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "tests/unit/vrrp_rig.h"

void rig_conf_free(struct conf *conf)
{
	assert(conf->references == 0); /* nobody may keep or drop one too many */
	for (size_t i = 0; i < conf->n_instances; i++) {
		struct conf_instance *instance = &conf->instances[i];

		free(instance->name);
		free(instance->interface);
		free(instance->vrf);
		for (size_t a = 0; a < instance->n_addresses; a++)
			free(instance->addresses[a].device);
		for (size_t a = 0; a < instance->n_excluded; a++)
			free(instance->excluded[a].device);
		free(instance->excluded);
		for (size_t t = 0; t < instance->n_tracks; t++)
			free(instance->tracks[t].name);
		free(instance->addresses);
		free(instance->peers);
		free(instance->tracks);
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
	for (size_t i = 0; i < conf->n_files; i++)
		free(conf->files[i].name);
	free(conf->files);
	for (size_t i = 0; i < conf->n_processes; i++)
		free(conf->processes[i].name);
	free(conf->processes);
	for (size_t i = 0; i < conf->n_link_delays; i++)
		free(conf->link_delays[i].interface);
	free(conf->link_delays);
	for (size_t i = 0; i < conf->n_garp_groups; i++) {
		for (size_t k = 0; k < conf->garp_groups[i].n_interfaces; k++)
			free(conf->garp_groups[i].interfaces[k]);
		free(conf->garp_groups[i].interfaces);
	}
	free(conf->garp_groups);
	free(conf);
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
	conf->files = calloc(RIG_ITEMS, sizeof *conf->files);
	conf->processes = calloc(RIG_ITEMS, sizeof *conf->processes);
	conf->link_delays = calloc(RIG_ITEMS, sizeof *conf->link_delays);
	conf->garp_groups = calloc(RIG_ITEMS, sizeof *conf->garp_groups);
	(void)ip_parse("224.0.0.18", &conf->global.mcast_group4);
	(void)ip_parse("ff02::12", &conf->global.mcast_group6);
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

/* "ADDRESS" or "ADDRESS%INTERFACE" */
static void add_address(struct conf_instance *instance, struct conf_address *addresses, size_t *n,
			const char *text)
{
	struct conf_address *address = &addresses[(*n)++];
	const char *device = strchr(text, '%');
	char ip[IP_TEXT_MAX];

	assert(*n <= RIG_ITEMS);
	snprintf(ip, sizeof ip, "%.*s", (int)strcspn(text, "%"), text);
	if (ip_parse(ip, &address->ip) < 0)
		abort();
	address->prefix = 32;
	address->track_group = CONF_NONE;
	address->device = strdup(device ? device + 1 : instance->interface);
}

uint32_t rig_conf_find(const struct conf *conf, enum conf_track_kind kind, const char *name)
{
	for (size_t i = 0; i < conf_n_tracked(conf, kind); i++) {
		const char *is = kind == CONF_TRACK_SCRIPT ? conf->scripts[i].name
				 : kind == CONF_TRACK_FILE ? conf->files[i].name
							   : conf->processes[i].name;

		if (strcmp(is, name) == 0)
			return (uint32_t)i;
	}
	return CONF_NONE;
}

/* "NAME:WEIGHT" or "NAME:WEIGHT:reverse" */
static void add_track(const struct conf *conf, struct conf_instance *instance, const char *text,
		      enum conf_track_kind kind)
{
	struct conf_track *track = &instance->tracks[instance->n_tracks++];
	const char *colon = strchr(text, ':');

	assert(colon && instance->n_tracks <= RIG_ITEMS);
	track->kind = kind;
	track->name = strndup(text, (size_t)(colon - text));
	track->weight = (int16_t)atol(colon + 1);
	track->reverse = strstr(colon, ":reverse") != NULL;
	track->index = rig_conf_find(conf, kind, track->name);
	assert(kind == CONF_TRACK_INTERFACE || track->index != CONF_NONE);
}

/* "ADDRESS" or "ADDRESS,MIN,MAX" with the TTLs that are believed */
static void add_peer(struct conf_instance *instance, const char *text)
{
	struct conf_peer *peer = &instance->peers[instance->n_peers++];
	char address[IP_TEXT_MAX];
	unsigned min = 0, max = 255;

	assert(instance->n_peers <= RIG_ITEMS);
	if (sscanf(text, "%47[^,],%u,%u", address, &min, &max) < 1 ||
	    ip_parse(address, &peer->ip) < 0)
		abort();
	peer->min_ttl = (uint8_t)min;
	peer->max_ttl = (uint8_t)max;
	instance->check_unicast_src |= min > 0 || max < 255;
}

static bool set_flag(struct conf_instance *instance, const char *word)
{
	const struct {
		const char *word;
		bool *flag, value;
	} flags[] = {
		{"nopreempt", &instance->preempt, false},
		{"lower_prio_no_advert", &instance->lower_prio_no_advert, true},
		{"higher_prio_send_advert", &instance->higher_prio_send_advert, true},
		{"dont_track_primary", &instance->dont_track_primary, true},
		{"tell_priority", &instance->notify_priority_changes, true},
		{"v3_checksum_as_v2", &instance->v3_checksum_as_v2, true},
		{"skip_check_adv_addr", &instance->skip_check_adv_addr, true},
		{"owner_ignore_adverts", &instance->owner_ignore_adverts, true},
		{"track_src_ip", &instance->track_src_ip, true},
		{"check_unicast_src", &instance->check_unicast_src, true},
		{"unicast_fault_no_peer", &instance->unicast_fault_no_peer, true},
		{"strict", &instance->strict, true},
		{"garp_extra_all", &instance->garp_extra_if_all, true},
	};

	if (strncmp(word, "old_checksum", 12) == 0) {
		instance->old_checksum =
			word[12] ? CONF_OLD_CHECKSUM_NEVER : CONF_OLD_CHECKSUM_ALWAYS;
		return true;
	}
	if (strcmp(word, "master") == 0) {
		instance->state = CONF_STATE_MASTER;
		return true;
	}
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		if (strcmp(word, flags[i].word) != 0)
			continue;
		*flags[i].flag = flags[i].value;
		return true;
	}
	return false;
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
	else if ((value = value_of(word, "adverts")))
		instance->down_timer_adverts = (uint8_t)atol(value);
	else if ((value = value_of(word, "preempt_delay")))
		instance->preempt_delay_us = seconds(value);
	else if ((value = value_of(word, "garp_delay")))
		instance->garp_delay_us = seconds(value);
	else if ((value = value_of(word, "garp_interval")))
		instance->garp_interval_us = seconds(value);
	else if ((value = value_of(word, "garp_extra")))
		instance->garp_extra_if_us = seconds(value);
	else if ((value = value_of(word, "rx_buffer")))
		instance->rx_buffer = (uint32_t)atol(value);
	else if ((value = value_of(word, "gna_interval")))
		instance->gna_interval_us = seconds(value);
	else if ((value = value_of(word, "ttl")))
		instance->unicast_ttl = (uint8_t)atol(value);
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
	} else if ((value = value_of(word, "vrf"))) {
		instance->vrf = strdup(value);
	} else if (strcmp(word, "hmac") == 0) {
		instance->hmac = (struct conf_hmac){.n_keys = 1, .mode = CONF_HMAC_ENFORCE};
	} else if ((value = value_of(word, "addr"))) {
		add_address(instance, instance->addresses, &instance->n_addresses, value);
	} else if ((value = value_of(word, "excluded"))) {
		add_address(instance, instance->excluded, &instance->n_excluded, value);
	} else if ((value = value_of(word, "peer"))) {
		add_peer(instance, value);
	} else if ((value = value_of(word, "source"))) {
		(void)ip_parse(value, &instance->source);
	} else if ((value = value_of(word, "group"))) {
		(void)ip_parse(value, &instance->mcast_group);
	} else if ((value = value_of(word, "pass"))) {
		instance->auth = CONF_AUTH_PASS;
		memcpy(instance->auth_pass, value, strnlen(value, sizeof instance->auth_pass));
	} else if ((value = value_of(word, "ah"))) {
		instance->auth = CONF_AUTH_AH;
		memcpy(instance->auth_pass, value, strnlen(value, sizeof instance->auth_pass));
	} else if ((value = value_of(word, "script"))) {
		add_track(conf, instance, value, CONF_TRACK_SCRIPT);
	} else if ((value = value_of(word, "file"))) {
		add_track(conf, instance, value, CONF_TRACK_FILE);
	} else if ((value = value_of(word, "process"))) {
		add_track(conf, instance, value, CONF_TRACK_PROCESS);
	} else if ((value = value_of(word, "track"))) {
		add_track(conf, instance, value, CONF_TRACK_INTERFACE);
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
		.excluded = calloc(RIG_ITEMS, sizeof *instance->excluded),
		.tracks = calloc(RIG_ITEMS, sizeof *instance->tracks),
		.peers = calloc(RIG_ITEMS, sizeof *instance->peers),
		.unicast_ttl = 255,
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

/* "garp_group SECONDS INTERFACE ..." */
static bool add_garp_group(struct conf *conf, char **words, size_t count)
{
	struct conf_garp_group *group = &conf->garp_groups[conf->n_garp_groups++];

	group->garp_interval_us = seconds(words[1]);
	group->has_garp = true;
	group->interfaces = calloc(count, sizeof *group->interfaces);
	for (size_t i = 2; i < count; i++)
		group->interfaces[group->n_interfaces++] = strdup(words[i]);
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
	if (strcmp(words[0], "file") == 0) {
		conf->files[conf->n_files++].name = strdup(words[1]);
		return true;
	}
	if (strcmp(words[0], "process") == 0) {
		conf->processes[conf->n_processes++].name = strdup(words[1]);
		return true;
	}
	if (strcmp(words[0], "delay") == 0 && count == 4) {
		conf->link_delays[conf->n_link_delays++] = (struct conf_link_delay){
			strdup(words[1]), seconds(words[2]), seconds(words[3])};
		return true;
	}
	if (strcmp(words[0], "rx_bufs") == 0 && count == 3) {
		conf->global.process.rx_policy = words[1][0] == 'M'   ? CONF_RX_MTU
						 : words[1][0] == 'A' ? CONF_RX_ADVERT
								      : CONF_RX_BYTES;
		conf->global.process.rx_bytes = (uint32_t)atol(words[1]);
		conf->global.process.rx_multiplier = (uint32_t)atol(words[2]);
		return true;
	}
	if (strcmp(words[0], "garp_group") == 0)
		return add_garp_group(conf, words, count);
	if (strcmp(words[0], "startup_delay") == 0) {
		conf->global.startup_delay_us = seconds(words[1]);
		return true;
	}
	if (strcmp(words[0], "delay_after_boot") == 0) {
		conf->global.delay_after_boot_us = seconds(words[1]);
		return true;
	}
	if (strcmp(words[0], "log_unknown_vrids") == 0)
		return conf->global.log_unknown_vrids = true;
	if (strcmp(words[0], "instance") == 0)
		return add_instance(conf, words, count);
	return strcmp(words[0], "group") == 0 && add_group(conf, words, count);
}

static void add_own_address(struct msg_link *link, const char *text)
{
	struct ip ip;

	if (strcmp(text, "router") == 0) {
		link->router = true;
		return;
	}
	if (ip_parse(text, &ip) < 0)
		abort();
	if (ip.family == AF_INET)
		link->own4[link->n_own4++] = ip;
	else
		link->own6[link->n_own6++] = ip;
	link->primary4 = link->own4[0];
	if (ip_is_link_local(&ip) && !ip_is_set(&link->primary6))
		link->primary6 = ip;
}

void rig_link(struct rig *rig, const char *name, uint32_t ifindex, bool present, bool up,
	      const char *addresses)
{
	char text[120] = "", *rest = text, *address;

	struct msg_link link = {.ifindex = ifindex,
				.present = present,
				.up = up,
				.multicast = true,
				.mtu = 1500,
				.mac = {2, 0, 0, 0, 0, 1}};

	strncpy(link.name, name, sizeof link.name - 1);
	link.vrf = addresses && strcmp(addresses, "vrf") == 0;
	snprintf(text, sizeof text, "%s", addresses && !link.vrf ? addresses : "");
	while ((address = strsep(&rest, ",")) && *address)
		add_own_address(&link, address);
	vrrp_engine_link(rig->engine, &link, rig->now_us);
	rig_settle(rig);
}
