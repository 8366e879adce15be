/* SPDX-License-Identifier: MIT */
/*
 * The parts of finish_services(). Private to conf/.
 */
#pragma once

#include <stdbool.h>

#include "conf/build.h"

/* Values that checkers inherit, as far as they were given at a level and not defaulted. */
enum given {
	GIVEN_DELAY_LOOP = 1 << 0,
	GIVEN_RETRY = 1 << 1,
	GIVEN_DELAY_BEFORE_RETRY = 1 << 2,
	GIVEN_WARMUP = 1 << 3,
	GIVEN_CONNECT_TIMEOUT = 1 << 4,
	GIVEN_ALPHA = 1 << 5,
	GIVEN_WEIGHT = 1 << 6,
	GIVEN_METHOD = 1 << 7,
	GIVEN_INHIBIT = 1 << 8,
	GIVEN_SLOW_START = 1 << 9,
};

/* What BFD_CHECK and FILE_CHECK follow, found by name. */
void finish_objects(struct build *build);

/* Which of them the block sets; is_service: it is a virtual_server, else a real_server. */
unsigned finish_given(const struct node *block, bool is_service);

/* No more than the kernel is given; setter: what set it. */
void finish_weight(struct build *build, const struct node *setter, uint32_t *weight);

/* Keys of a service by group, protocol and family; false: the service is not usable. */
bool finish_keys(struct build *build, struct draft_virtual_server *service,
		 struct draft_address_group *group);
/* Ports, families, duplicates and inheritance of the servers, and the sorry server. */
void finish_servers(struct build *build, struct draft_virtual_server *service);
