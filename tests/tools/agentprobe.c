/* SPDX-License-Identifier: MIT */
/*
 * agentprobe: the agent thread alone, with private tables (agentprobe_tables.c), driven by commands
 *on stdin; main plays the check engine and main itself. Every command is answered by one line on
 *stdout.
 *
 *	conf SOCKET [off] [notraps] [readonly]	adopt a configuration; answers when the agent has
 *	rows N		publish N destinations
 *	event N		post N events
 *	engine ok|mute|refuse ERRNO|slow MS	how the check engine treats a SET from now on
 *	status		what the agent publishes
 *	beat		milliseconds since its loop last turned
 *	stop		stop it; prints how long that took
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/beat.h"
#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/mail.h"
#include "core/cmd.h"

struct probe {
	struct wires wires;
	struct beat beats[THREADS];
	struct snap_dest *dests;
	char (*comments)[ADMIN_COMMENT_MAX]; /* of each */
	size_t n_dests;
	bool mute, stopped;
	int refuse; /* errno, 0: none */
	unsigned slow_ms;
	uint64_t generation, done_generation;
	unsigned sets, changes;
};

/* In the place of conf/: a configuration of the probe has nothing but its globals. */
const struct conf *conf_unref(const struct conf *conf)
{
	if (conf)
		free(conf->global.snmp_socket);
	free((void *)conf);
	return NULL;
}

static void snap_free(struct latest_value *value)
{
	free(value);
}

static void publish(struct probe *probe)
{
	size_t n = probe->n_dests, size = n * sizeof(struct snap_dest);
	struct snap_check *snap = calloc(1, sizeof(*snap) + size + n * sizeof(*probe->comments));
	char(*comments)[ADMIN_COMMENT_MAX];

	if (!snap)
		abort();
	snap->value.free = snap_free;
	snap->made_us = clock_now_us();
	snap->n_dests = probe->n_dests;
	snap->dests = (struct snap_dest *)(snap + 1);
	comments = (char(*)[ADMIN_COMMENT_MAX])(snap->dests + n);
	for (size_t i = 0; i < n; i++) {
		snap->dests[i] = probe->dests[i];
		snap->dests[i].comment = memcpy(comments[i], probe->comments[i], sizeof(*comments));
	}
	latest_publish(probe->wires.check, &snap->value);
}

static void make_rows(struct probe *probe, size_t count)
{
	free(probe->dests);
	free(probe->comments);
	probe->dests = calloc(count ? count : 1, sizeof(*probe->dests));
	probe->comments = calloc(count ? count : 1, sizeof(*probe->comments));
	if (!probe->dests || !probe->comments)
		abort();
	probe->n_dests = count;
	for (size_t i = 0; i < count; i++) {
		struct snap_dest *dest = &probe->dests[i];

		dest->key.ip.family = i % 3 ? AF_INET : AF_INET6;
		dest->key.ip.octets[0] = 10;
		dest->key.ip.octets[2] = (uint8_t)(i >> 8);
		dest->key.ip.octets[3] = (uint8_t)i;
		dest->key.port = (uint16_t)(80 + i % 5);
		dest->admin = DEST_UNLOCKED;
		dest->conf_weight = (int32_t)(i % 100);
		dest->stats.conns = (1ull << 32) + i;
		dest->changed_us = clock_now_us();
		dest->last_error = "";
		snprintf(probe->comments[i], sizeof(*probe->comments), "row %zu", i);
	}
	publish(probe);
}

static struct snap_dest *find_dest(struct probe *probe, const struct dest_key *key)
{
	for (size_t i = 0; i < probe->n_dests; i++)
		if (probe->dests[i].key.port == key->port &&
		    ip_compare(&probe->dests[i].key.ip, &key->ip) == 0)
			return &probe->dests[i];
	return NULL;
}

static void apply(struct probe *probe, const struct dest_change *change)
{
	struct snap_dest *dest = find_dest(probe, &change->dest);

	if (!dest)
		return;
	probe->changes++;
	dest->changed_us = clock_now_us();
	if (change->field == DEST_SET_ADMIN)
		dest->admin = (enum dest_admin)change->value;
	else if (change->field == DEST_SET_WEIGHT)
		dest->conf_weight = change->value;
	else if (change->field == DEST_SET_COMMENT)
		memcpy(probe->comments[dest - probe->dests], change->text,
		       sizeof(*probe->comments));
}

static void on_dest_set(struct probe *probe, const struct msg_dest_set *set)
{
	struct msg_reply reply = {.request = set->request, .error = -probe->refuse};

	probe->sets++;
	if (probe->slow_ms)
		usleep(probe->slow_ms * 1000);
	if (!probe->refuse) {
		for (uint32_t i = 0; i < set->count; i++)
			apply(probe, &set->changes[i]);
		publish(probe);
	} else {
		reply.index = set->count - 1;
		snprintf(reply.text, sizeof(reply.text), "refused by the probe");
	}
	if (!probe->mute)
		mail_post(probe->wires.box[THREAD_AGENT], MSG_REPLY, &reply, sizeof(reply));
}

static void drain(struct probe *probe, enum snap_thread thread)
{
	for (struct mail *mail = mailbox_drain(probe->wires.box[thread]), *next; mail;
	     mail = next) {
		next = mail->next;
		if (mail->kind == MSG_DEST_SET)
			on_dest_set(probe, (const struct msg_dest_set *)mail->body);
		else if (mail->kind == MSG_CONF_DONE)
			probe->done_generation =
				((const struct msg_conf_done *)mail->body)->generation;
		else if (mail->kind == MSG_STOPPED)
			probe->stopped = true;
		mail_free(mail);
	}
}

/* One turn of main; false when stdin has something. */
static bool turn(struct probe *probe, int timeout_ms)
{
	struct pollfd pollers[] = {
		{.fd = 0, .events = POLLIN},
		{.fd = mailbox_fd(probe->wires.box[THREAD_CHECK]), .events = POLLIN},
		{.fd = mailbox_fd(probe->wires.box[THREAD_MAIN]), .events = POLLIN},
	};

	poll(pollers, 3, timeout_ms);
	drain(probe, THREAD_CHECK);
	drain(probe, THREAD_MAIN);
	return !pollers[0].revents;
}

static void do_conf(struct probe *probe, char *words)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct msg_conf message = {conf};
	char *rest = words, *word = strsep(&rest, " ");

	if (!conf)
		abort();
	conf->generation = ++probe->generation;
	conf->global.snmp_socket = strdup(word);
	conf->global.snmp_checker = conf->global.snmp_traps = true;
	while ((word = strsep(&rest, " "))) {
		if (strcmp(word, "off") == 0)
			conf->global.snmp_checker = false;
		else if (strcmp(word, "notraps") == 0)
			conf->global.snmp_traps = false;
		else if (strcmp(word, "readonly") == 0)
			conf->global.snmp_read_only = true;
	}
	mail_post(probe->wires.box[THREAD_AGENT], MSG_CONF, &message, sizeof(message));
	while (probe->done_generation != probe->generation) {
		drain(probe, THREAD_MAIN);
		usleep(1000);
	}
	printf("ok %d\n", (int)probe->done_generation);
}

static void do_event(struct probe *probe, unsigned count)
{
	struct msg_event event = {.kind = EVENT_DEST_STATE};

	for (unsigned i = 0; i < count; i++) {
		event.mono_us = clock_now_us();
		event.wall_us = clock_wall_us();
		mail_post(probe->wires.box[THREAD_AGENT], MSG_EVENT, &event, sizeof(event));
	}
	printf("ok\n");
}

static void do_engine(struct probe *probe, const char *how)
{
	probe->mute = strcmp(how, "mute") == 0;
	probe->refuse = 0;
	probe->slow_ms = 0;
	if (sscanf(how, "refuse %d", &probe->refuse) != 1)
		(void)sscanf(how, "slow %u", &probe->slow_ms);
	printf("ok\n");
}

static void do_status(struct probe *probe)
{
	const struct snap_agent *agent =
		(const struct snap_agent *)latest_read(probe->wires.agent, SNAP_MAIN);

	printf("enabled=%d connected=%d reconnects=%u queued=%llu sent=%llu dropped=%llu sets=%u "
	       "changes=%u error=%s\n",
	       agent->enabled, agent->connected, agent->reconnects,
	       (unsigned long long)agent->notifications_queued,
	       (unsigned long long)agent->notifications_sent,
	       (unsigned long long)agent->notifications_dropped, probe->sets, probe->changes,
	       agent->last_error);
}

static void do_stop(struct probe *probe)
{
	uint64_t from = clock_now_us();

	mail_post(probe->wires.box[THREAD_AGENT], MSG_STOP, NULL, 0);
	while (!probe->stopped) {
		drain(probe, THREAD_MAIN);
		usleep(1000);
	}
	printf("ok %llu ms\n", (unsigned long long)(clock_now_us() - from) / 1000);
}

static void command(struct probe *probe, char *line)
{
	if (strncmp(line, "conf ", 5) == 0) {
		do_conf(probe, line + 5);
	} else if (strncmp(line, "rows ", 5) == 0) {
		make_rows(probe, strtoul(line + 5, NULL, 10));
		printf("ok\n");
	} else if (strncmp(line, "event ", 6) == 0) {
		do_event(probe, (unsigned)strtoul(line + 6, NULL, 10));
	} else if (strncmp(line, "engine ", 7) == 0) {
		do_engine(probe, line + 7);
	} else if (strcmp(line, "status") == 0) {
		do_status(probe);
	} else if (strcmp(line, "beat") == 0) {
		printf("%llu\n",
		       (unsigned long long)(clock_now_us() - probe->beats[THREAD_AGENT].at_us) /
			       1000);
	} else if (strcmp(line, "stop") == 0) {
		do_stop(probe);
	} else {
		printf("what?\n");
	}
}

static void set_up(struct probe *probe)
{
	struct latest **latest[] = {&probe->wires.vrrp, &probe->wires.check, &probe->wires.daemon,
				    &probe->wires.agent};

	for (int i = 0; i < THREADS; i++) {
		if (mailbox_new(&probe->wires.box[i]) < 0)
			abort();
		probe->wires.beat[i] = &probe->beats[i];
	}
	for (size_t i = 0; i < sizeof(latest) / sizeof(*latest); i++)
		if (latest_new(SNAP_READERS, latest[i]) < 0)
			abort();
	make_rows(probe, 0);
}

static void tear_down(struct probe *probe)
{
	for (int i = 0; i < THREADS; i++)
		mailbox_free(probe->wires.box[i]);
	latest_free(probe->wires.vrrp);
	latest_free(probe->wires.check);
	latest_free(probe->wires.daemon);
	latest_free(probe->wires.agent);
	free(probe->dests);
	free(probe->comments);
}

int main(void)
{
	struct probe probe = {0};
	char line[512];
	size_t used = 0;
	pthread_t thread;

	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	set_up(&probe);
	if (pthread_create(&thread, NULL, agent_thread, &probe.wires) != 0)
		return 1;
	while (!probe.stopped && used < sizeof(line) - 1) {
		if (turn(&probe, 1000))
			continue;
		if (read(0, line + used, 1) != 1)
			memcpy(line, "stop", 5);
		else if (line[used] != '\n') {
			used++;
			continue;
		} else
			line[used] = '\0';
		used = 0;
		command(&probe, line);
	}
	pthread_join(thread, NULL);
	tear_down(&probe);
	return 0;
}
