/* SPDX-License-Identifier: MIT */
/*
 * The parts of finish_vrrp(). Private to conf/.
 */
#pragma once

#include "conf/build.h"
#include "conf/names.h"

void finish_instance(struct build *build, struct draft_instance *instance,
		     const struct names *scripts);
