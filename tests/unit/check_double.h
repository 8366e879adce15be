/* SPDX-License-Identifier: MIT */
/* Checks that never check: a test tells them what they found. Implements core/check/check.h. */
#pragma once

#include "core/check/check.h"

unsigned check_double_count(void);
/* check_new() is out of memory from now on, or no more. */
void check_double_refuse(bool refuse); /* alive now */
unsigned check_double_made(void);      /* ever */
/* The check of that configured checker; NULL: none. */
struct check *check_double_find(const struct conf_checker *conf);
void check_double_report(struct check *check, enum check_result result);
void check_double_delta(struct check *check, int32_t delta); /* success of a FILE_CHECK */
/* What a file said last, and how often one said something. */
int32_t check_double_value(const struct check *check, unsigned *ret_count);
void check_double_weight(struct check *check, uint32_t weight); /* success with a wanted weight */
bool check_double_suspended(const struct check *check);
uint64_t check_double_first_us(const struct check *check);
/* As a MISC_CHECK would: ask for its program. */
int check_double_exec(struct check *check, uint64_t request);
uint64_t check_double_exec_done(void); /* the request last answered */
