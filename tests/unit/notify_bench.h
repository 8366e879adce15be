/* SPDX-License-Identifier: MIT */
/* A synthetic director whose events become notifications, and what is expected of them. */
#pragma once

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/mib_world.h"

#define K    "1.3.6.1.4.1.9586.100.5."
#define V    "1.3.6.1.2.1.68."
#define R    "1.3.6.1.2.1.207."
#define D    "1.3.6.1.4.1.8072.9999.9999.47."
#define SVC  "0.1.4.172.17.13.252.6.80"
#define DEST SVC ".1.4.172.17.13.173.80"

struct bench {
	struct world *world;
	struct msg_event event;
	uint32_t serial;
	struct notification sent[4];
	size_t count;
};

static inline int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->world = world_new();
	b->serial = 40;
	*state = b;
	return 0;
}

static inline int teardown(void **state)
{
	struct bench *b = *state;

	world_free(b->world);
	free(b);
	return 0;
}

static inline void raise_event(struct bench *b)
{
	memset(b->sent, 0xa5, sizeof(b->sent));
	b->count = notifications_of(&b->world->view, &b->event, &b->serial, b->sent);
	for (size_t n = 0; n < b->count; n++) {
		assert_int_equal(b->sent[n].wall_us, 5);
		assert_int_equal(b->sent[n].mono_us, 6);
		assert_true(b->sent[n].n_varbinds <= NOTIFICATION_VARBINDS_MAX);
		for (size_t v = 0; v < b->sent[n].n_varbinds; v++) {
			const struct varbind *varbind = &b->sent[n].varbinds[v];

			assert_int_not_equal(varbind->type, CELL_COUNTER64);
			assert_null(varbind->cell.octets); /* in its own room */
		}
	}
}

struct text {
	char octets[2048];
	size_t used;
};

static inline void text_add(struct text *text, const char *format, ...)
{
	size_t left = sizeof(text->octets) - text->used;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text->octets + text->used, left, format, arguments);
	va_end(arguments);
	assert_true(size >= 0 && (size_t)size < left);
	text->used += (size_t)size;
}

static inline void text_add_oid(struct text *text, const uint32_t *oid, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text_add(text, i ? ".%u" : "%u", oid[i]);
}

static inline void text_add_value(struct text *text, const struct varbind *varbind)
{
	const uint8_t *octets = varbind->cell.room;
	bool binary = varbind->type == CELL_IPADDRESS;

	if (varbind->type != CELL_OCTETS && varbind->type != CELL_IPADDRESS) {
		text_add(text, "%lld", (long long)varbind->cell.number);
		return;
	}
	for (size_t i = 0; i < varbind->cell.size; i++)
		binary |= octets[i] < ' ' || octets[i] > '~';
	for (size_t i = 0; i < varbind->cell.size; i++)
		text_add(text, binary ? "%02x" : "%c", octets[i]);
}

static inline void assert_name(const struct varbind *varbind, const char *name)
{
	struct text text = {0};

	text_add_oid(&text, varbind->name, varbind->name_length);
	assert_string_equal(text.octets, name);
}

/* The notification as text: its OID, then "OID=value" for each varbind. */
static inline void assert_sent(const struct notification *n, const char *trap,
			       const char *const *varbinds)
{
	struct text name = {0};
	size_t count = 0;

	text_add_oid(&name, n->trap, n->trap_length);
	assert_string_equal(name.octets, trap);
	for (; varbinds[count]; count++) {
		const struct varbind *varbind = &n->varbinds[count];
		struct text text = {0};

		assert_true(count < n->n_varbinds);
		text_add_oid(&text, varbind->name, varbind->name_length);
		text_add(&text, "=");
		text_add_value(&text, varbind);
		assert_string_equal(text.octets, varbinds[count]);
	}
	assert_int_equal(count, n->n_varbinds);
}

#define VARBINDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline void begin_event(struct bench *b, enum event_kind kind)
{
	b->event = (struct msg_event){.kind = kind, .wall_us = 5, .mono_us = 6, .generation = 7};
}

static inline void instance_event(struct bench *b, uint32_t instance, const char *name)
{
	begin_event(b, EVENT_INSTANCE_STATE);
	b->event.instance.instance = instance;
	snprintf(b->event.instance.name, sizeof(b->event.instance.name), "%s", name);
	b->event.instance.state = VRRP_MASTER;
	b->event.instance.ifindex = 10;
	b->event.instance.vrid = 62;
	b->event.instance.version = 2;
	assert_int_equal(ip_parse("172.17.13.120", &b->event.instance.master), 0);
}

static inline void dest_event(struct bench *b, uint32_t vs, uint32_t rs, enum event_kind kind)
{
	const struct conf_virtual_server *conf = &b->world->services[vs];

	begin_event(b, kind);
	b->event.dest.vs = vs;
	b->event.dest.rs = rs;
	b->event.dest.svc = conf->keys[0];
	b->event.dest.dest = rs == SNAP_SORRY ? conf->sorry : conf->servers[rs].key;
	b->event.dest.oper = DEST_DOWN;
	b->event.dest.admin = DEST_UNLOCKED;
	b->event.dest.n_up = 1;
	b->event.dest.n_total = 2;
	memcpy(b->event.dest.error, "refused", sizeof("refused"));
}
