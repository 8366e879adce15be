/* SPDX-License-Identifier: MIT */
/*
 * Whether two checkers of different configurations are the same check: everything that decides how
 * it runs. Pure.
 */
#pragma once

#include <stdbool.h>

#include "conf/model.h"

bool same_checker(const struct conf_checker *a, const struct conf_checker *b);
