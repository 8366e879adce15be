/* SPDX-License-Identifier: MIT */
/*
 * Routes and rules by owner, on a kernel of letters: a route's letter is its metric, a rule's its
 * preference. What was done is a text: "+a" added, "-a" removed, a note after that.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/net/routing.h"

#define START_US (1000 * USEC_PER_SEC)

struct rig {
	struct routing routing;
	bool there[128];   /* in the kernel */
	bool refused[128]; /* the kernel does not take it */
	bool no_link[128]; /* its interface is missing */
	char done[512];
	struct conf conf[4]; /* of generation 1.. */
};

/* Letters of lower case are routes, of upper case rules. */
static char letter_of(const struct routing_entry *entry)
{
	return (char)(entry->route ? entry->route->metric : entry->rule->preference);
}

static void say(struct rig *rig, char sign, char letter)
{
	size_t used = strlen(rig->done);

	snprintf(rig->done + used, sizeof rig->done - used, "%c%c", sign, letter);
}

static int compile(void *owner, const struct routing_entry *entry, void **ret_octets,
		   size_t *ret_size)
{
	const struct rig *rig = owner;
	char *octets;

	if (rig->no_link[(int)letter_of(entry)])
		return -ENODEV;
	octets = malloc(1);
	assert_non_null(octets);
	*octets = letter_of(entry);
	*ret_octets = octets;
	*ret_size = 1;
	return 0;
}

static int add(void *owner, const struct routing_item *item)
{
	struct rig *rig = owner;
	char letter = letter_of(&item->is);

	if (rig->there[(int)letter])
		return -EEXIST;
	if (rig->refused[(int)letter])
		return -ENETUNREACH;
	rig->there[(int)letter] = true;
	say(rig, '+', letter);
	return 0;
}

static int del(void *owner, const struct routing_item *item)
{
	struct rig *rig = owner;
	char letter = *(const char *)item->octets;

	if (!rig->there[(int)letter])
		return -ESRCH;
	rig->there[(int)letter] = false;
	say(rig, '-', letter);
	return 0;
}

static void note(void *owner, enum routing_note what, const struct routing_owner *of,
		 const struct routing_item *item, int error)
{
	static const char signs[] = {
		[ROUTING_ADOPTED] = 'A',  [ROUTING_FAILED] = 'F',   [ROUTING_STUCK] = 'K',
		[ROUTING_STRAY] = 'S',	  [ROUTING_RESTORED] = 'R', [ROUTING_LOST] = 'L',
		[ROUTING_SET_LATE] = 'T',
	};

	assert_non_null(of->conf);
	assert_true((what == ROUTING_FAILED || what == ROUTING_STUCK || what == ROUTING_LOST) ==
		    (error != 0));
	say(owner, signs[what], letter_of(&item->is));
}

static const struct routing_ops ops = {compile, add, del, note};

static void rig_new(struct rig *rig)
{
	*rig = (struct rig){.routing = {.ops = &ops, .owner = rig}};
	for (unsigned i = 0; i < 4; i++) {
		rig->conf[i].generation = i + 1;
		atomic_init(&rig->conf[i].references, 1000);
	}
}

/* Nothing refers to a configuration any more. */
static void rig_end(struct rig *rig)
{
	routing_clear(&rig->routing);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(atomic_load(&rig->conf[i].references), 1000);
}

#define LINES 16

/* The lines must live as long as they are held: no more than one list for each configuration. */
struct lines {
	struct conf_route routes[LINES];
	struct conf_rule rules[LINES];
};

/* '!' after a letter: not tracked. */
static struct routing_list list_of(struct rig *rig, struct lines *lines, const char *name,
				   unsigned generation, const char *letters)
{
	struct routing_list list = {.name = name,
				    .conf = &rig->conf[generation - 1],
				    .routes = lines->routes,
				    .rules = lines->rules};

	for (const char *at = letters; *at; at++) {
		if (*at == '!')
			continue;
		if (*at >= 'a')
			lines->routes[list.n_routes++] = (struct conf_route){
				.metric = (uint32_t)*at,
				.to = {{AF_INET, {10, (uint8_t)*at}}, 16},
				.track = at[1] != '!',
			};
		else
			lines->rules[list.n_rules++] =
				(struct conf_rule){.family = AF_INET,
						   .preference = (uint32_t)*at,
						   .track = at[1] != '!'};
	}
	return list;
}

static void expect(struct rig *rig, const char *done)
{
	assert_string_equal(rig->done, done);
	rig->done[0] = '\0';
}

static void set(struct rig *rig, struct lines *lines, const char *name, unsigned generation,
		const char *letters, const char *done)
{
	struct routing_list list = list_of(rig, lines, name, generation, letters);

	assert_int_equal(routing_set(&rig->routing, &list, START_US), 0);
	expect(rig, done);
}

static void take(struct rig *rig, const char *name, unsigned generation, const char *letters,
		 const char *done)
{
	struct lines lines;
	struct routing_list list = list_of(rig, &lines, name, generation, letters);

	assert_int_equal(routing_remove(&rig->routing, &list), 0);
	expect(rig, done);
}

static void test_only_the_difference_is_touched(void **state)
{
	struct rig rig;
	struct lines one, two, three, four;

	(void)state;
	rig_new(&rig);
	set(&rig, &one, "v", 1, "abcAB", "+a+b+c+A+B");
	set(&rig, &two, "v", 2, "cabBA", "");
	set(&rig, &three, "v", 3, "cxbAC", "-B-a+x+C");
	set(&rig, &four, "v", 4, "", "-C-A-b-x-c");
	assert_null(routing_find(&rig.routing, "v"));
	rig_end(&rig);
}

static void test_doubles_are_one(void **state)
{
	struct rig rig;
	struct lines one, two, three;

	(void)state;
	rig_new(&rig);
	set(&rig, &one, "v", 1, "aab", "+a+b");
	set(&rig, &two, "v", 2, "ab", "");
	assert_true(rig.there['a']);
	set(&rig, &three, "w", 1, "a", "");
	take(&rig, "v", 2, "ab", "-b");
	take(&rig, "w", 1, "a", "-a");
	rig_end(&rig);
}

static void test_generations(void **state)
{
	struct rig rig;
	struct lines one, two;
	struct routing_list list;

	(void)state;
	rig_new(&rig);
	set(&rig, &one, "v", 2, "a", "+a");
	take(&rig, "v", 1, "a", "");
	/* Another configuration that says the same lets the old one go, and counts as no setting.
	 */
	list = list_of(&rig, &two, "v", 3, "a");
	assert_int_equal(routing_rebind(&rig.routing, &list), 0);
	assert_int_equal(atomic_load(&rig.conf[1].references), 1000);
	assert_int_equal(atomic_load(&rig.conf[2].references), 1001);
	list = list_of(&rig, &one, "v", 4, "b");
	assert_int_equal(routing_rebind(&rig.routing, &list), 0);
	assert_ptr_equal(routing_find(&rig.routing, "v")->conf, &rig.conf[2]);
	take(&rig, "v", 2, "a", "-a");
	rig_end(&rig);
}

static void test_what_a_crash_left_behind(void **state)
{
	struct rig rig;
	struct lines one, two;

	(void)state;
	rig_new(&rig);
	rig.there['a'] = rig.there['A'] = rig.there['z'] = true;
	take(&rig, "v", 1, "abA", "-ASA-aSa");
	rig.there['a'] = true;
	set(&rig, &one, "v", 1, "ab", "Aa+b");
	/* What another has is none of it. */
	take(&rig, "w", 1, "a", "");
	set(&rig, &two, "w", 1, "a", "");
	assert_true(rig.there['z']);
	routing_remove_all(&rig.routing);
	expect(&rig, "-b-a");
	rig_end(&rig);
}

static void gone(struct rig *rig, char letter)
{
	const struct conf_prefix to = {{AF_INET, {10, (uint8_t)letter}}, 16};

	rig->there[(int)letter] = false;
	if (letter >= 'a')
		routing_suspect_route(&rig->routing, &to, START_US);
	else
		routing_suspect_rules(&rig->routing, AF_INET, START_US);
}

static void test_restoring(void **state)
{
	struct rig rig;
	struct lines lines;

	(void)state;
	rig_new(&rig);
	set(&rig, &lines, "v", 1, "ab!AB!", "+a+b+A+B");
	assert_int_equal(routing_restore(&rig.routing, START_US), 0);
	for (const char *at = "abAB"; *at; at++)
		gone(&rig, *at);
	assert_int_equal(routing_restore(&rig.routing, START_US), 0);
	expect(&rig, "+aRa+ARA");
	/* Who insists is answered once a second. */
	gone(&rig, 'a');
	assert_int_equal(routing_restore(&rig.routing, START_US), START_US + USEC_PER_SEC);
	expect(&rig, "");
	assert_int_equal(routing_restore(&rig.routing, START_US + USEC_PER_SEC), 0);
	expect(&rig, "+aRa");
	routing_suspect_all(&rig.routing, START_US);
	assert_int_equal(routing_restore(&rig.routing, START_US + 9 * USEC_PER_SEC), 0);
	expect(&rig, "");
	rig_end(&rig);
}

static void test_what_cannot_be_set_is_tried_again(void **state)
{
	struct rig rig;
	struct lines lines;
	uint64_t now_us = START_US + 10 * USEC_PER_SEC;

	(void)state;
	rig_new(&rig);
	rig.refused['a'] = rig.refused['b'] = rig.no_link['c'] = true;
	set(&rig, &lines, "v", 1, "ab!c", "FaFbFc");
	assert_false(routing_find(&rig.routing, "v")->items[0].set);
	assert_int_equal(routing_restore(&rig.routing, START_US), now_us);
	assert_int_equal(routing_restore(&rig.routing, now_us), now_us + 10 * USEC_PER_SEC);
	expect(&rig, "");
	rig.refused['a'] = rig.refused['b'] = rig.no_link['c'] = false;
	now_us += 10 * USEC_PER_SEC;
	assert_int_equal(routing_restore(&rig.routing, now_us), 0);
	expect(&rig, "+aTa+cTc");
	/* It goes with its interface: said once. */
	rig.no_link['c'] = true;
	rig.there['c'] = false;
	for (int i = 0; i < 3; i++) {
		now_us += USEC_PER_SEC;
		routing_suspect_all(&rig.routing, now_us);
		assert_int_not_equal(routing_restore(&rig.routing, now_us), 0);
	}
	expect(&rig, "Lc");
	assert_false(routing_find(&rig.routing, "v")->items[2].set);
	take(&rig, "v", 1, "", "-a");
	rig_end(&rig);
}

static void test_what_expires_is_not_missed(void **state)
{
	struct rig rig;
	struct lines lines;
	struct routing_list list;

	(void)state;
	rig_new(&rig);
	list = list_of(&rig, &lines, "v", 1, "a");
	lines.routes[0].expires_s = 5;
	assert_int_equal(routing_set(&rig.routing, &list, START_US), 0);
	expect(&rig, "+a");
	gone(&rig, 'a');
	assert_int_equal(routing_restore(&rig.routing, START_US), 0);
	expect(&rig, "");
	rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_the_difference_is_touched),
		cmocka_unit_test(test_doubles_are_one),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_what_a_crash_left_behind),
		cmocka_unit_test(test_restoring),
		cmocka_unit_test(test_what_cannot_be_set_is_tried_again),
		cmocka_unit_test(test_what_expires_is_not_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
