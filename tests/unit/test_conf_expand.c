/* SPDX-License-Identifier: MIT */
/*
 * Conditional lines, definitions and generators: what is read in the place of a text, and what is
 * said about a wrong one. Where keepalived 2.2.7 does the same, the expected text is what it reads.
 */
#include "tests/unit/conf_text.h"

#include "conf/arena.h"
#include "conf/tree.h"

struct reading {
	struct conf_arena *arena;
	struct diags diags;
	struct diag_list list;
	char words[4096];
};

static void add_word(struct reading *reading, const char *text)
{
	size_t used = strlen(reading->words);

	snprintf(reading->words + used, sizeof(reading->words) - used, "%s", text);
}

/* Statements end in ";", words are parted by one blank, blocks stand in braces. */
static void add_nodes(struct reading *reading, const struct node *root)
{
	const struct node *node = root->first;

	while (node) {
		for (size_t i = 0; i < node->n_words; i++) {
			add_word(reading, i ? " " : "");
			add_word(reading, node->words[i].text);
		}
		add_word(reading, node->first ? "{" : node->has_block ? "{}" : ";");
		if (node->first) {
			node = node->first;
			continue;
		}
		while (!node->next && node->parent != root) {
			node = node->parent;
			add_word(reading, "}");
		}
		node = node->next;
	}
}

static struct reading read_text(const char *text)
{
	struct tree_options options = {.config_id = "foo"};
	struct reading reading = {.arena = arena_new()};
	struct node root = {0};

	assert_non_null(reading.arena);
	reading.diags.arena = reading.arena;
	tree_read_text(reading.arena, &reading.diags, &options, "t", text, strlen(text), &root);
	add_nodes(&reading, &root);
	assert_int_equal(diags_finish(&reading.diags, &reading.list), 0);
	return reading;
}

static void end_reading(struct reading *reading)
{
	diag_list_free(&reading->list);
	arena_free(reading->arena);
}

static void expect_words(const char *text, const char *words)
{
	struct reading reading = read_text(text);

	if (strcmp(reading.words, words) != 0)
		print_message("%s", text);
	assert_string_equal(reading.words, words);
	end_reading(&reading);
}

/* The first diagnostic's whole text begins so. */
static void expect_said(const char *text, const char *said)
{
	struct reading reading = read_text(text);
	char *first;

	if (!reading.list.count)
		print_message("nothing said about\n%s", text);
	assert_true(reading.list.count > 0);
	first = diag_format(&reading.list.items[0]);
	if (strncmp(first, said, strlen(said)) != 0)
		print_message("%s\n--- but wanted ---\n%s\n", first, said);
	assert_memory_equal(first, said, strlen(said));
	free(first);
	end_reading(&reading);
}

struct pair {
	const char *text, *result;
};

static void expect_all(const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_words(pairs[i].text, pairs[i].result);
}

#define EXPECT_ALL(pairs) expect_all(pairs, sizeof(pairs) / sizeof(*(pairs)))

static void test_conditions(void **state)
{
	static const struct pair pairs[] = {
		{"@foo a\n@bar b\n@^foo c\n@^bar d\n", "a;d;"},
		{" @foo  a\n@foo\ta\n", "a;a;"},
		{"@foo\n@^foo\n@ a\n@^ a\n@\n", ""},
		{"@foo,bar a\n@fo a\n@fooo a\n", ""},
		/* One condition for a line. */
		{"@foo @foo a\n", "@foo a;"},
		{"b @foo a\n", "b @foo a;"},
		{"a {\n@foo b {\n@foo }\n@bar c {\n}\n", "a{b{}}"},
		{"@foo $A=1\n@bar $A=2\na $A\n", "a 1;"},
		{"@bar $A=\\\n b\\\n c\n@foo $A=\\\n d\\\n e\n$A\n", "d;e;"},
		{"@foo ~SEQ(x, 2) a$x\n@bar ~SEQ(x, 2) b$x\n", "a1;a2;"},
		{"$AT=@foo\n$NOT=@^foo\n$AT a\n$NOT b\n", "a;"},
	};

	(void)state;
	EXPECT_ALL(pairs);
}

static void test_definitions(void **state)
{
	static const struct pair pairs[] = {
		{"$A=1\na $A b${A}c $A,$A)\n", "a 1 b1c 1,1);"},
		{"$A = 1 # why\na $A# b\n", "a 1;"},
		{"$A=1\na $Ab $A/24 \"$A\" \"$A \" \"${A}\" $A.\n", "a $Ab $A/24 $A 1  1 $A.;"},
		{"$A=1 2\n$B=\"3 4\"\n$C=\na $A $B $C d${C}e\n", "a 1 2 3 4 de;"},
		{"$A=1\\#2\na $A\n", "a 1#2;"},
		{"a # $A ${A}\n", "a;"},
		/* Late, recursive, redefined. */
		{"$B=x$A\n$A=1\n$B\n$A=2\n$B\n", "x1;x2;"},
		{"$B=1\n$A=$B\nb${A}x\nc$A\n", "b$Bx;c1;"},
		{"$D=$A=5\n$D\na $A\n", "a 5;"},
		{"$1A=x\n$a-b=x\n", "$1A=x;$a-b=x;"},
		{"a $NONE pa$word $\n", "a $NONE pa$word $;"},
		{"$V=v 1 {\n$V\na\n}\n", "v 1{a;}"},
	};

	(void)state;
	EXPECT_ALL(pairs);
}

static void test_bodies(void **state)
{
	static const struct pair pairs[] = {
		{"$M=\\\n a\\\n b $X \\\n c\n$X=1\n$M\n", "a;b 1;c;"},
		{"$M=a \\\n b\nx $M # y\nx${M}\n", "x a;b;xa;b;"},
		{"$M=\\\n \\\n a\\\n \\\n b\n$M\n", "a;b;"},
		/* A blank line without a backslash ends it. */
		{"$M=a\\\n\nb\n$M\n", "b;a;"},
		{"$M=\\\n a \\ # b\n c # d\n$M\n", "a;c;"},
		{"$M=\\\n a\\\n b\n$M x\n\"$M\"\n", "$M x;$M;"},
		{"$M=\\\n@bar a\\\n@foo b\\\n$X=1\\\nc$X\nd\n$M\ne$X\n", "d;b;c1;e1;"},
		{"$N=\\\n b\\\n c\n$M=\\\n a $N\\\n d $N\\\n e\n$M\n", "a b;c;d b;c;e;"},
		{"$M=\\\n@bar a\\\n b\n$M\n@foo $M\n@bar $M\n", "b;b;"},
		{"$I=\\\nv $N {\\\n a $P\\\n}\n$N=1\n$P=2\n$I\n$N=3\n$I\n", "v 1{a 2;}v 3{a 2;}"},
		{"$M=a\\", ""},
		{"$M=a\\\nb", ""},
	};

	(void)state;
	EXPECT_ALL(pairs);
}

static void test_sequences(void **state)
{
	static const struct pair pairs[] = {
		{"~SEQ(x, 3) a$x\n", "a1;a2;a3;"},
		{"~SEQ(x,-3) a$x\n", "a-1;a-2;a-3;"},
		{"~SEQ (x,5,3)a${x}\n", "a5;a4;a3;"},
		{"~SEQ( x , 1 , 2 , 6 ) a$x\n", "a1;a3;a5;"},
		{"~SEQ(x, 0, 0) a$x\n", "a0;"},
		{"~SEQ(x, 3)\n", ""},
		{"~SEQx(x, 8, 11) a$x\n~SEQx(x, 0x1f, 0x20) b$x\n", "a8;a9;aa;ab;b1f;b20;"},
		{"~SEQ(x, 2) ~SEQ(y, 8, 9) a$x $y\n", "a1 8;a1 9;a2 8;a2 9;"},
		{"~SEQ(x, 2) ~SEQ(y, $x) a$x $y\n", "a1 1;a2 1;a2 2;"},
		{"$N=2\n~SEQ(x, $N) a$x\n~SEQ(x, ${N}) b$x\n", "a1;a2;b1;b2;"},
		{"$G=~SEQ(x, 2)\n$G a$x\n$H=~SEQ(x, 2) b$x\n$H\n", "a1;a2;b1;b2;"},
		{"~SEQ(x, 2) @bar a\n~SEQ(x, 2) @foo b\n", "b;b;"},
		{"~SEQ(x, 2) $A=v$x\na $A\n", "a v2;"},
		{"~SEQ(x, 2) a$x\nb$x\n", "a1;a2;b2;"},
		{"$M=\\\nv $x {\\\n~SEQ(y, 2) a$x-$y\\\n}\n~SEQ(x, 2) $M\n",
		 "v 1{a$x-1;a$x-2;}v 2{a$x-1;a$x-2;}"},
		{"$M=\\\nv $x {\\\n~SEQ(y, 2) a${x}-$y\\\n}\n~SEQ(x, 2) $M\n",
		 "v 1{a1-1;a1-2;}v 2{a2-1;a2-2;}"},
		{"a ~SEQ(x, 2) b\n~SEQ\n~FOO(x) a\n", "a ~SEQ(x, 2) b;~SEQ;~FOO(x) a;"},
	};

	(void)state;
	EXPECT_ALL(pairs);
}

static void test_lists(void **state)
{
	static const struct pair pairs[] = {
		{"~LST(x, a, b,c) d$x\n", "da;db;dc;"},
		{"~LST({x,y},{1,2},{ 3 , 4 }) d${x}-$y\n", "d1-2;d3-4;"},
		{"~LST({x, y}, {1, 2}, {3}, 4) d$x-$y\n", "d$x-2;d$x-;d$x-;"},
		{"~LST({x, y}, {1, 2}, {3}, 4) d${x}-$y\n", "d1-2;d3-;d4-;"},
		{"~LST(x,a,) d$x\n", "da;d;"},
		{"~LST(x, a, b) ~SEQ(y, 2) d$x $y\n", "da 1;da 2;db 1;db 2;"},
		{"~SEQ(y, 2) ~LST(x, a, b) d$x $y\n", "da 1;db 1;da 2;db 2;"},
		{"$V=10.0.0.2, 10.0.0.3\n~LST(x, $V) d $x\n", "d 10.0.0.2;d 10.0.0.3;"},
	};

	(void)state;
	EXPECT_ALL(pairs);
}

static void test_predefined(void **state)
{
	static const struct pair pairs[] = {
		{"a${_INSTANCE}b $_INSTANCE\n", "afoob foo;"},
		{"a${_HASH}b \"${_HASH}\" $_BANG # c\n", "a#b # !;"},
		{"${_RANDOM 7 7} ${_RANDOM 7 7 }\n", "7 7;"},
		{"$_BANG=x\na $_BANG ${_BANG}\n", "a x x;"},
		{"a ${_ENV VIPD_TEST_SET}x\n", "a a bx;"},
	};
	char first[128];
	struct reading reading;

	(void)state;
	assert_int_equal(setenv("VIPD_TEST_SET", "a b", 1), 0);
	EXPECT_ALL(pairs);
	for (int round = 0; round < 2; round++) {
		reading = read_text("global_defs {\nrandom_seed 5\n}\n"
				    "$_RANDOM ${_RANDOM} ${_RANDOM 100000} ${_RANDOM 3 1}\n");
		if (round)
			assert_string_equal(reading.words, first);
		assert_true(strlen(reading.words) < sizeof(first));
		strcpy(first, reading.words);
		end_reading(&reading);
	}
	reading = read_text("$_RANDOM $_RANDOM $_RANDOM $_RANDOM\n");
	assert_string_not_equal(reading.words, first);
	end_reading(&reading);
}

/* Where a diagnostic points: file, line and column are the use's, the text shown is what is read.
 */
static void test_places(void **state)
{
	static const struct pair pairs[] = {
		{"vrrp_instance A {\n $V=x\n interface e {\n }\n}\n",
		 "t:3:14: error: 'interface' takes no block"},
		{"$E=e {\nvrrp_instance A {\n  interface $E\n  }\n}\n",
		 "t:3:13: error: 'interface' takes no block; everything up to the matching '}' is "
		 "ignored (in the text of '$E', line 1)\n"
		 "  interface e {\n"
		 "              ^"},
		{"$I=\\\nvrrp_instance A {\\\n  interface e {\\\n  }\\\n}\n\t@foo $I\n",
		 "t:6:7: error: 'interface' takes no block; everything up to the matching '}' is "
		 "ignored (in the text of '$I', line 3)\n"
		 "interface e {\n"
		 "            ^"},
		{"vrrp_instance A {\n ~SEQ(i, 2) interface e$i {\n}\n}\n}\n",
		 "t:2:2: error: 'interface' takes no block; everything up to the matching '}' is "
		 "ignored\n"
		 " interface e1 {\n"
		 "              ^"},
		{"@foo  a }\n", "t:1:9: error: unexpected '}'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		expect_said(pairs[i].text, pairs[i].result);
}

static void test_mistakes(void **state)
{
	static const struct pair pairs[] = {
		{"a ${B}\n", "t:1:3: error: '${B}' is not defined"},
		{"a \"${B}\"\n", "t:1:4: note: '${B}' is not defined"},
		{"a $B\n", "t:1:3: note: '$B' is not defined"},
		{"$B=1\na $B/24\n", "t:2:3: warning: '$B' is not replaced here; write '${B}'"},
		{"$B=1\\\n2\na $B b\n", "t:3:3: warning: '$B' has several lines"},
		{"@ a\n", "t:1:1: warning: no configuration id behind the '@'"},
		{"a ${_RANDOM x}\n", "t:1:3: error: '_RANDOM' takes at most two numbers"},
		{"a ${_RANDOM 1 2 3}\n", "t:1:3: error: '_RANDOM' takes at most two numbers"},
		{"a $_ENV\n", "t:1:3: error: '_ENV' takes the name"},
		{"a ${_ENV VIPD_TEST_UNSET}\n", "t:1:3: error: this environment variable is not"},
		{"$x=1\n~SEQ(x, 2) a\n", "t:2:1: warning: '$x' is defined in line 1"},
		{"~SEQ(x, 2 a\n", "t:1:5: error: the ')' of this generator is missing"},
		{"~SEQ(x) a\n", "t:1:1: error: this generator cannot be used: it needs an end"},
		{"~SEQ(1x, 2) a\n", "t:1:1: error: this generator cannot be used: its first"},
		{"~SEQ(x, a) a\n", "t:1:1: error: this generator cannot be used: its bounds"},
		{"~SEQ(x, 1, 2, 3, 4) a\n",
		 "t:1:1: error: this generator cannot be used: it takes"},
		{"~SEQ(x, 1, 0, 3) a\n", "t:1:1: error: this generator cannot be used: its step"},
		{"~SEQ(x, 1, -1, 3) a\n", "t:1:1: error: this generator cannot be used: its step"},
		{"~SEQ(x, 9999999999999) a\n",
		 "t:1:1: error: this generator cannot be used: its bounds must not"},
		{"~SEQx(x, -1) a\n", "t:1:1: error: this generator cannot be used: hexadecimal"},
		{"~LST(x) a\n", "t:1:1: error: this generator cannot be used: it needs values"},
		{"~LST(x, a b) a\n", "t:1:1: error: this generator cannot be used: a value in it"},
		{"~LST(x, {1,2}) a\n", "t:1:1: error: this generator cannot be used: a group in"},
	};

	(void)state;
	unsetenv("VIPD_TEST_UNSET");
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		expect_said(pairs[i].text, pairs[i].result);
}

static void test_bounds(void **state)
{
	static const struct pair pairs[] = {
		{"$A=$A\na${A}\n", "t:2:2: error: more than 32 definitions inside each other"},
		{"$A=1${B}\n$B=2${A}\na${A}\n", "t:3:2: error: more than 32 definitions inside"},
		{"$R=\\\n a\\\n $R\n$R\n", "t:4:1: error: more than 32 definitions or generators"},
		{"~SEQ(x, 1000001) $y=$x\n", "t:1:1: error: definitions and generators make more "
					     "than 1000000 lines"},
		{"$A=aaaaaaaaaaaaaaaaaaaa\n$B=${A}${A}${A}${A}${A}${A}${A}${A}${A}${A}\n"
		 "$C=${B}${B}${B}${B}${B}${B}${B}${B}${B}${B}\n"
		 "$D=${C}${C}${C}${C}${C}${C}${C}${C}${C}${C}\n"
		 "b ${D}${D}${D}${D}\n",
		 "t:5:3: error: with its definitions the line is longer than 65536 octets"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		expect_said(pairs[i].text, pairs[i].result);
}

static void test_names_bound(void **state)
{
	char *text = malloc(10001 * 12), *to = text;
	struct reading reading;

	(void)state;
	for (int i = 0; i <= 10000; i++)
		to += snprintf(to, 12, "$A%d=1\n", i);
	reading = read_text(text);
	assert_int_equal(reading.list.errors, 1);
	assert_int_equal(reading.list.items[0].line, 10001);
	end_reading(&reading);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_definitions),
		cmocka_unit_test(test_bodies),	   cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_lists),	   cmocka_unit_test(test_predefined),
		cmocka_unit_test(test_places),	   cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_bounds),	   cmocka_unit_test(test_names_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
