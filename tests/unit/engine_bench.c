/* SPDX-License-Identifier: MIT */
#include "tests/unit/engine_bench.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFRESH_MS 20

struct svc_key bench_key(unsigned service)
{
	struct svc_key key = {.protocol = IPPROTO_TCP, .port = 80};
	char text[32];

	snprintf(text, sizeof text, "192.0.2.%u", service + 1);
	assert(ip_parse(text, &key.ip) == 0);
	return key;
}

struct dest_key bench_dest(unsigned service, unsigned server)
{
	struct dest_key key = {.port = 80};
	char text[32];

	snprintf(text, sizeof text, "10.0.%u.%u", service, server + 1);
	assert(ip_parse(text, &key.ip) == 0);
	return key;
}

static void fill_server(struct bench_conf *c, unsigned i, unsigned k)
{
	struct conf_checker *checker = &c->checkers[i][k];

	*checker = (struct conf_checker){.type = CONF_TCP_CHECK,
					 .connect_ip = bench_dest(i, k).ip,
					 .connect_port = 80,
					 .warmup_us = 10 * USEC_PER_SEC,
					 .delay_loop_us = 10 * USEC_PER_SEC};
	c->servers[i][k] = (struct conf_real_server){.key = bench_dest(i, k),
						     .weight = 10,
						     .method = {.forward = CONF_NAT},
						     .checkers = checker,
						     .n_checkers = 1};
}

struct bench_conf *bench_conf(unsigned services, unsigned servers, uint64_t generation)
{
	struct bench_conf *c = calloc(1, sizeof *c);

	c->conf.generation = generation;
	c->conf.services = c->services;
	c->conf.n_services = services;
	c->conf.references = 1;
	for (unsigned i = 0; i < services; i++) {
		snprintf(c->ids[i], sizeof c->ids[i], "192.0.2.%u:80/tcp", i + 1);
		c->keys[i][0] = bench_key(i);
		c->services[i] = (struct conf_virtual_server){.type = CONF_VS_ADDRESS,
							      .id = c->ids[i],
							      .keys = c->keys[i],
							      .n_keys = 1,
							      .protocol = IPPROTO_TCP,
							      .scheduler = "wlc",
							      .persistence_prefix = 32,
							      .quorum = 1,
							      .servers = c->servers[i],
							      .n_servers = servers};
		for (unsigned k = 0; k < servers; k++)
			fill_server(c, i, k);
	}
	return c;
}

void bench_drop_server(struct bench_conf *c, unsigned service, unsigned server)
{
	size_t last = --c->services[service].n_servers;

	for (size_t k = server; k < last; k++) {
		c->servers[service][k] = c->servers[service][k + 1];
		c->checkers[service][k] = c->checkers[service][k + 1];
		c->servers[service][k].checkers = &c->checkers[service][k];
	}
}

struct bench *bench_new(void)
{
	struct bench *bench = calloc(1, sizeof *bench);

	ipvs_double_reset();
	for (unsigned i = 0; i < THREADS; i++)
		assert(mailbox_new(&bench->wires.box[i]) == 0);
	assert(latest_new(SNAP_READERS, &bench->wires.check) == 0);
	bench->wires.ipvs = ipvs_double_ops();
	assert(engine_new(&bench->wires, &bench->engine) == 0);
	bench->engine->refresh_us = REFRESH_MS * USEC_PER_MSEC;
	bench->engine->rest = 0;
	bench->engine->refresh_rest = 0;
	return bench;
}

void bench_forget(struct bench *bench)
{
	for (unsigned i = 0; i < bench->n_main; i++)
		mail_free(bench->main[i]);
	for (unsigned i = 0; i < bench->n_agent; i++)
		mail_free(bench->agent[i]);
	bench->n_main = bench->n_agent = 0;
}

struct bench *bench_free(struct bench *bench)
{
	engine_free(bench->engine);
	latest_free(bench->wires.check);
	for (unsigned i = 0; i < THREADS; i++)
		mailbox_free(bench->wires.box[i]);
	bench_forget(bench);
	/* Every reference that was handed out has come back. */
	assert(!bench->conf || bench->conf->conf.references == 1);
	free(bench->conf);
	free(bench);
	return NULL;
}

static void collect(struct bench *bench)
{
	struct mail *mail = mailbox_drain(bench->wires.box[THREAD_MAIN]);

	for (struct mail *next; mail; mail = next) {
		next = mail->next;
		assert(bench->n_main < BENCH_MAIL);
		bench->main[bench->n_main++] = mail;
		if (mail->kind != MSG_ADMIN_SAVE || bench->hold_saves)
			continue;
		struct msg_admin_saved saved = {
			.ticket = ((const struct msg_admin_save *)mail->body)->ticket,
			.error = bench->save_error,
		};
		mail_post(bench->wires.box[THREAD_CHECK], MSG_ADMIN_SAVED, &saved, sizeof saved);
	}
	mail = mailbox_drain(bench->wires.box[THREAD_AGENT]);
	for (struct mail *next; mail; mail = next) {
		next = mail->next;
		assert(bench->n_agent < BENCH_MAIL);
		bench->agent[bench->n_agent++] = mail;
	}
}

void bench_run(struct bench *bench, unsigned ms)
{
	uint64_t end_us = clock_now_us() + ms * USEC_PER_MSEC;

	do {
		uint64_t now_us = clock_now_us();

		loop_turn(bench->engine->loop, end_us > now_us ? end_us - now_us : 0);
		collect(bench);
	} while (clock_now_us() < end_us);
	/* What the last answers set off. */
	for (unsigned i = 0; i < 4; i++) {
		loop_turn(bench->engine->loop, 0);
		collect(bench);
	}
}

void bench_refresh(struct bench *bench)
{
	unsigned before = ipvs_double()->dumps;

	while (ipvs_double()->dumps < before + 2)
		bench_run(bench, REFRESH_MS / 4);
}

void bench_adopt(struct bench *bench, struct bench_conf *conf)
{
	struct bench_conf *old = bench->conf;
	struct msg_conf message = {.conf = conf_ref(&conf->conf)};

	mail_post(bench->wires.box[THREAD_CHECK], MSG_CONF, &message, sizeof message);
	bench->conf = conf;
	bench_run(bench, 1);
	bench_snap(bench);
	/* The reader that is not the agent lets go too. */
	latest_read(bench->wires.check, SNAP_MAIN);
	assert(!old || old->conf.references == 1);
	free(old);
}

static void post_set(struct bench *bench, const struct msg_dest_set *how, uint64_t request,
		     const struct dest_change *changes, uint32_t count)
{
	size_t size = sizeof(struct msg_dest_set) + count * sizeof *changes;
	struct msg_dest_set *set = calloc(1, size);

	*set = *how;
	set->request = request;
	set->reply_to = THREAD_AGENT;
	strcpy(set->who, "test");
	set->count = count;
	memcpy(set->changes, changes, count * sizeof *changes);
	mail_post(bench->wires.box[THREAD_CHECK], MSG_DEST_SET, set, size);
	free(set);
}

void bench_post_set(struct bench *bench, uint64_t request, const struct dest_change *changes,
		    uint32_t count)
{
	post_set(bench, &(struct msg_dest_set){0}, request, changes, count);
}

const struct msg_reply *bench_reply(const struct bench *bench, uint64_t request)
{
	for (unsigned i = 0; i < bench->n_agent; i++) {
		const struct msg_reply *reply = (const struct msg_reply *)bench->agent[i]->body;

		if (bench->agent[i]->kind == MSG_REPLY && reply->request == request)
			return reply;
	}
	return NULL;
}

const struct msg_reply *bench_ask(struct bench *bench, const struct msg_dest_set *how,
				  const struct dest_change *changes, uint32_t count)
{
	uint64_t request = ++bench->request;

	post_set(bench, how, request, changes, count);
	bench_run(bench, 30);
	assert(bench_reply(bench, request));
	return bench_reply(bench, request);
}

int bench_set(struct bench *bench, unsigned service, unsigned server, enum dest_field field,
	      int32_t value)
{
	struct dest_change change = {.svc = bench_key(service),
				     .dest = bench_dest(service, server),
				     .field = field,
				     .value = value};
	uint64_t request = ++bench->request;

	bench_post_set(bench, request, &change, 1);
	bench_run(bench, 1);
	assert(bench_reply(bench, request));
	return bench_reply(bench, request)->error;
}

struct check *bench_check(const struct bench *bench, unsigned service, unsigned server)
{
	return check_double_find(&bench->conf->checkers[service][server]);
}

void bench_report(struct bench *bench, unsigned service, unsigned server, enum check_result result)
{
	check_double_report(bench_check(bench, service, server), result);
	bench_run(bench, 1);
}

const struct snap_check *bench_snap(struct bench *bench)
{
	return (const struct snap_check *)latest_read(bench->wires.check, SNAP_AGENT);
}

const struct snap_dest *bench_row(struct bench *bench, unsigned service, unsigned server)
{
	const struct snap_check *snap = bench_snap(bench);
	struct dest_key key = bench_dest(service, server);

	for (size_t i = 0; i < snap->n_dests; i++) {
		if (snap->dests[i].rs != SNAP_SORRY &&
		    dest_key_compare(&snap->dests[i].key, &key) == 0)
			return &snap->dests[i];
	}
	return NULL;
}

unsigned bench_events(const struct bench *bench, enum event_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < bench->n_agent; i++)
		count += bench->agent[i]->kind == MSG_EVENT &&
			 ((const struct msg_event *)bench->agent[i]->body)->kind == kind;
	return count;
}

const struct msg_event *bench_last_event(const struct bench *bench, enum event_kind kind)
{
	for (unsigned i = bench->n_agent; i-- > 0;) {
		const struct msg_event *event = (const struct msg_event *)bench->agent[i]->body;

		if (bench->agent[i]->kind == MSG_EVENT && event->kind == kind)
			return event;
	}
	return NULL;
}

const struct msg_admin_save *bench_last_save(const struct bench *bench)
{
	for (unsigned i = bench->n_main; i-- > 0;) {
		if (bench->main[i]->kind == MSG_ADMIN_SAVE)
			return (const struct msg_admin_save *)bench->main[i]->body;
	}
	return NULL;
}

int32_t bench_weight(unsigned service, unsigned server)
{
	struct svc_key key = bench_key(service);
	struct dest_key dest = bench_dest(service, server);
	const struct ipvs_found_dest *found = ipvs_double_dest(&key, &dest);

	return found ? found->weight : -1;
}
