/* SPDX-License-Identifier: MIT */
/* Between the files of the replay test: one script, its present line, its engine. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* The script fails; says where. */
void script_complain(struct script *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *script_word(const struct script *s, size_t i); /* "": there are fewer */
bool script_is(const struct script *s, size_t i, const char *text);
uint32_t script_ifindex(struct script *s, const char *name);

void replay_in(struct script *s); /* IN */
