/* SPDX-License-Identifier: MIT */
/*
 * Single values out of words. Each function reports what is wrong at the word, says what would be
 * right, and returns false leaving *ret alone. Private to conf/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/build.h"

/* Reading without a diagnostic; false when text is not wholly such a number. */
bool value_parse_unsigned(const char *text, uint64_t *ret);
bool value_parse_signed(const char *text, int64_t *ret);
/* Decimal seconds to microseconds. */
bool value_parse_time(const char *text, uint64_t *ret);
bool value_parse_bool(const char *text, bool *ret);

/* With one: word number index of node. what names it in messages: "'weight'", "the port". */
bool value_unsigned(struct build *build, const struct node *node, size_t index, const char *what,
		    uint64_t min, uint64_t max, uint64_t *ret);
bool value_signed(struct build *build, const struct node *node, size_t index, const char *what,
		  int64_t min, int64_t max, int64_t *ret);
bool value_time(struct build *build, const struct node *node, size_t index, const char *what,
		uint64_t min, uint64_t max, uint64_t *ret);
bool value_address(struct build *build, const struct node *node, size_t index, const char *what,
		   struct ip *ret);
/* ADDRESS[/LENGTH]; *ret_prefix is the family's maximum without a length. */
bool value_prefix(struct build *build, const struct node *node, size_t index, const char *what,
		  struct ip *ret, uint8_t *ret_prefix);
/* ADDRESS [PORT] at words index and index + 1; port 0 when absent. */
bool value_endpoint(struct build *build, const struct node *node, size_t index, const char *what,
		    struct ip *ret, uint16_t *ret_port);
bool value_interface(struct build *build, const struct node *node, size_t index, const char *what,
		     char **ret);
bool value_choice(struct build *build, const struct node *node, size_t index,
		  const struct option *row, int *ret);
/* USER [GROUP] from word index on into the arena of the model, NULL what is not there; warns of
 * names that the machine does not know. */
void value_account(struct build *build, const struct node *node, size_t index, char **ret_user,
		   char **ret_group);
/* "COMMAND" [USER [GROUP]] from word 1 on. */
bool value_command(struct build *build, const struct node *node, bool with_user,
		   struct conf_command *ret);

/* Text of a time in seconds without trailing zeros, "1.5", into room. */
#define VALUE_TIME_MAX 32
char *value_format_time(uint64_t us, char room[static VALUE_TIME_MAX]);

/* Writes value as an integer of size octets (1, 2, 4, 8) at field. */
void value_store(void *field, size_t size, int64_t value);
int64_t value_load(const void *field, size_t size, bool is_signed);
