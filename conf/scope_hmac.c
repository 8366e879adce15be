/* SPDX-License-Identifier: MIT */
/*
 * authentication and auth_hmac of an instance. Runs in the thread that loads; key files are named
 * here, not read. Source: keepalived.conf(5), authentication.
 */
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

#define SECRET_MIN 32
#define SECRET_MAX 64

/* ---- authentication ---- */

void dump_auth(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;
	char pass[9] = "";

	if (instance->auth == CONF_AUTH_NONE)
		return;
	memcpy(pass, instance->auth_pass, 8);
	dump_open(dump, "%s", row->name);
	dump_line(dump, "auth_type %s", instance->auth == CONF_AUTH_AH ? "AH" : "PASS");
	dump_line(dump, "auth_pass %s", dump_word(dump, pass));
	dump_close(dump);
}

static const struct option_choice auth_types[] = {
	{"PASS", CONF_AUTH_PASS}, {"AH", CONF_AUTH_AH}, {NULL, 0}};

static const struct option auth_rows[] = {
	{"auth_type", OPTION_CHOICE, OPTION_FIELD(draft_instance, model.auth),
	 .reload = OPTION_IN_PLACE, .flags = FIELD, .choices = auth_types,
	 .help = "clear-text password or IPsec AH"},
	{"auth_pass", OPTION_STRING, OPTION_FIELD(draft_instance, auth_pass), .flags = FIELD,
	 .max = 255, .help = "the first 8 octets count"},
	{.name = NULL},
};

const struct option_scope scope_auth = {.name = "authentication", .tables = {auth_rows}};

/* ---- auth_hmac ---- */

static void *begin_hmac(struct build *build, const struct node *node, void *parent)
{
	struct draft_hmac *hmac = &((struct draft_instance *)parent)->hmac;

	if (!hmac->node)
		build_fill_defaults(&scope_hmac, hmac);
	(void)build;
	hmac->node = node;
	return hmac;
}

/* Why text cannot be a key, NULL when it can. */
static const char *bad_secret(const char *text)
{
	size_t length = strlen(text), digits;

	if (strncmp(text, "file:", 5) == 0)
		return text[5] == '/' ? NULL : "the path behind 'file:' must be absolute";
	if (strncmp(text, "hex:", 4) == 0) {
		digits = strspn(text + 4, "0123456789abcdefABCDEF");
		if (text[4 + digits] || digits % 2)
			return "behind 'hex:' pairs of hexadecimal digits must follow";
		length = digits / 2;
	}
	return length >= SECRET_MIN && length <= SECRET_MAX ? NULL
							    : "a key must have 32 to 64 octets";
}

/* key ID VALUE; the secret itself is never part of a message. */
static void read_key(struct build *build, const struct node *node, void *draft)
{
	struct draft_hmac *hmac = draft;
	struct conf_hmac_key *key;
	const char *why;
	uint64_t id;

	if (!value_unsigned(build, node, 1, "the number of the key", 0, 255, &id))
		return;
	why = node->n_words > 2 ? bad_secret(node->words[2].text) : "the key is missing";
	if (why) {
		build_error(build, node, 0, "%s", why);
		return;
	}
	for (struct item *item = hmac->keys.first; item; item = item->next) {
		if (ITEM(conf_hmac_key, item)->id != id)
			continue;
		build_error(build, node, 1, "there is a key %u already", (unsigned)id);
		return;
	}
	key = items_add(&hmac->keys, build->scratch, sizeof(*key));
	key->id = (uint8_t)id;
	key->text = arena_strdup(build->arena, node->words[2].text);
}

static void dump_keys(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_hmac *hmac = model;

	for (size_t i = 0; i < hmac->n_keys; i++)
		dump_line(dump, "%s %u %s", row->name, hmac->keys[i].id,
			  dump_word(dump, hmac->keys[i].text));
}

void dump_hmac(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	if (!instance->hmac.n_keys)
		return;
	dump_open(dump, "%s", row->name);
	dump_scope(dump, &scope_hmac, &instance->hmac);
	dump_close(dump);
}

#define HMAC(member) OPTION_FIELD(draft_hmac, model.member), .reload = OPTION_IN_PLACE

static const struct option_choice hmac_modes[] = {{"enforce", CONF_HMAC_ENFORCE},
						  {"permissive", CONF_HMAC_PERMISSIVE},
						  {"receive-only", CONF_HMAC_RECEIVE_ONLY},
						  {NULL, 0}};
static const struct option_choice replays[] = {
	{"time", CONF_HMAC_TIME}, {"monotonic", CONF_HMAC_MONOTONIC}, {NULL, 0}};

static const struct option hmac_rows[] = {
	{"key", OPTION_CUSTOM, HMAC(keys), .flags = FIELD | OPTION_REPEATABLE, .min = 2, .max = 2,
	 .apply = read_key, .dump = dump_keys, .argument = "ID SECRET",
	 .help = "a key with its number 0..255: hex:DIGITS, file:PATH or the secret itself, of 32 "
		 "to "
		 "64 octets"},
	{"active_key", OPTION_UNSIGNED, HMAC(active), .flags = FIELD, .min = 0, .max = 255,
	 .help = "number of the key that is sent with; the first by default"},
	{"mode", OPTION_CHOICE, HMAC(mode), .flags = DEFAULT, .choices = hmac_modes,
	 .initial = CONF_HMAC_ENFORCE,
	 .help = "drop adverts that fail, only log them, or check without sending"},
	{"anti_replay", OPTION_CHOICE, HMAC(replay), .flags = DEFAULT, .choices = replays,
	 .initial = CONF_HMAC_TIME, .help = "tell old adverts by the clock or by a counter"},
	{"time_window", OPTION_TIME, HMAC(window_us), .flags = FIELD, .min = 1000000,
	 .max = 300000000,
	 .help = "how far clocks may be apart; three adverts but at least 5 by default"},
	{.name = NULL},
};

const struct option_scope scope_hmac = {
	.name = "auth_hmac",
	.tables = {hmac_rows},
	.model_size = sizeof(struct conf_hmac),
	.begin = begin_hmac,
};
