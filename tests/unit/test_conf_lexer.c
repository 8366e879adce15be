/* SPDX-License-Identifier: MIT */
/*
 * The lexer and UTF-8: words, quotes, comments, braces, odd spaces, junk.
 */
#include "tests/unit/conf_text.h"

#include "conf/arena.h"
#include "conf/lexer.h"
#include "conf/utf8.h"

/* Renders the tokens of line: words in <>, braces as they are, BAD at an error. */
static void render(const char *line, enum lexer_mode mode, char *to, size_t size)
{
	struct conf_arena *arena = arena_new();
	char *room = malloc(LEXER_LINE_MAX);
	enum lexer_token token;
	struct lexer lexer;
	struct word word;
	size_t used = 0;

	assert_non_null(arena);
	assert_non_null(room);
	*to = '\0';
	lexer_start(&lexer, line, strlen(line), room);
	do {
		token = lexer_next(&lexer, mode, arena, &word);
		if (token == LEXER_WORD)
			used += (size_t)snprintf(to + used, size - used, "<%s>", word.text);
		else if (token != LEXER_END)
			used += (size_t)snprintf(to + used, size - used, "%s",
						 token == LEXER_OPEN	? "{"
						 : token == LEXER_CLOSE ? "}"
									: "BAD");
	} while (token != LEXER_END && token != LEXER_BAD);
	free(room);
	arena_free(arena);
}

static void expect(const char *line, enum lexer_mode mode, const char *tokens)
{
	char text[512];

	render(line, mode, text, sizeof(text));
	assert_string_equal(text, tokens);
}

static void test_clean(void **state)
{
	static const struct {
		const char *dirty, *clean;
	} cases[] = {
		{"plain", "plain"},
		{"\033[31mred\a\177", "?[31mred??"},
		{"caf\xc3\xa9 \xe4\xb8\xad", "caf\xc3\xa9 \xe4\xb8\xad"},
		{"cut \xe4\xb8", "cut ??"},
		{"\xc2\x9b 31m \xe2\x80\xae off \xff", "? 31m ? off ?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", cases[i].dirty);
		utf8_clean(text);
		assert_string_equal(text, cases[i].clean);
	}
}

static void test_words(void **state)
{
	(void)state;
	expect("", LEXER_ORDINARY, "");
	expect("  \t ", LEXER_ORDINARY, "");
	expect(" priority\t100 \r", LEXER_ORDINARY, "<priority><100>");
	expect("a\\b 'c d'", LEXER_ORDINARY, "<a\\b><'c><d'>");
}

static void test_comments(void **state)
{
	(void)state;
	expect("# all", LEXER_ORDINARY, "");
	expect("a 1#b", LEXER_ORDINARY, "<a><1>");
	expect("a 1!b", LEXER_ORDINARY, "<a><1>");
	expect("a \"1#2!\" # b", LEXER_ORDINARY, "<a><1#2!>");
	expect("a 1\\#2\\!3", LEXER_ORDINARY, "<a><1#2!3>");
	expect("a '1#2'", LEXER_ORDINARY, "<a><'1>");
	expect("a {\t\t#b", LEXER_ORDINARY, "<a>{");
}

static void test_quotes(void **state)
{
	(void)state;
	expect("a \"b c\"", LEXER_ORDINARY, "<a><b c>");
	expect("ab\"cd\"ef", LEXER_ORDINARY, "<ab><cd><ef>");
	expect("\"\"", LEXER_ORDINARY, "<>");
	expect("a \"b", LEXER_ORDINARY, "<a>BAD");
	expect("abcd\" ef\"'gh i'", LEXER_COMMAND, "<abcd efgh i>");
	expect("\"it's\" x", LEXER_COMMAND, "<it's><x>");
	expect("'a \"b\" c'", LEXER_COMMAND, "<a \"b\" c>");
	expect("'a", LEXER_COMMAND, "BAD");
	expect("\"{a}\"", LEXER_COMMAND, "<{a}>");
}

/* Comments and braces are looked for before single quotes are. */
static void test_single_quotes(void **state)
{
	(void)state;
	expect("'a # b'", LEXER_COMMAND, "BAD");
	expect("'a {b'", LEXER_COMMAND, "BAD");
	expect("'a \"# {b\" c'", LEXER_COMMAND, "<a \"# {b\" c>");
	expect("'a\\#b' c", LEXER_COMMAND, "<a#b><c>");
	expect("'a' # it's", LEXER_COMMAND, "<a>");
}

static void test_escapes(void **state)
{
	(void)state;
	expect("r \\a\\b\\E\\f\\n\\r\\t\\v", LEXER_ESCAPED, "<r><\a\b\033\f\n\r\t\v>");
	expect("\\101\\1012\\7z\\400", LEXER_ESCAPED, "<AA2\az 0>");
	expect("\\x41\\x414\\x4z\\xz\\x", LEXER_ESCAPED, "<AA4\004zxzx>");
	expect("\\cA\\c[\\c", LEXER_ESCAPED, "<\001\033c>");
	expect("a\\ b\\'\\\"\\#\\{\\d\\\\d", LEXER_ESCAPED, "<a b'\"#{d\\d>");
	expect("\"a\\\"b # c\" d", LEXER_ESCAPED, "<a\"b # c><d>");
	expect("'a\\'b'\" c\"", LEXER_ESCAPED, "<a'b c>");
	expect("\\xff", LEXER_ESCAPED, "<\xff>");
	expect("\"a\\", LEXER_ESCAPED, "BAD");
	expect("a\\", LEXER_ESCAPED, "<a\\>");
	expect("\\0", LEXER_ESCAPED, "BAD");
	expect("\\x00", LEXER_ESCAPED, "BAD");
	expect("\\c@", LEXER_ESCAPED, "BAD");
	expect("\\\xff", LEXER_ESCAPED, "BAD");
	expect("\"a\\tb\"", LEXER_COMMAND, "<a\\tb>");
}

static void test_braces(void **state)
{
	(void)state;
	expect("v 192.0.2.1 9999{", LEXER_ORDINARY, "<v><192.0.2.1><9999>{");
	expect("a{b}c", LEXER_ORDINARY, "<a>{<b>}<c>");
	expect("{}", LEXER_ORDINARY, "{}");
	expect("a ${B}c{", LEXER_ORDINARY, "<a><${B}c>{");
	expect("\"{\"}", LEXER_ORDINARY, "<{>}");
	expect("conf/{a,b}.conf", LEXER_INCLUDE, "<conf/{a,b}.conf>");
	expect("x.conf}", LEXER_INCLUDE, "<x.conf>}");
}

static void test_odd_spaces(void **state)
{
	static const char line[] = "retry 3\xe3\x80\x80\xc2\xa0# x";
	struct conf_arena *arena = arena_new();
	char *room = malloc(LEXER_LINE_MAX);
	struct lexer lexer;
	struct word word;

	(void)state;
	expect(line, LEXER_ORDINARY, "<retry><3>");
	expect("a\xe2\x80\x83"
	       "b\xe3\x80\x80{",
	       LEXER_ORDINARY, "<a><b>{");
	expect("\"a\xe3\x80\x80\"", LEXER_ORDINARY, "<a\xe3\x80\x80>");
	lexer_start(&lexer, line, strlen(line), room);
	while (lexer_next(&lexer, LEXER_ORDINARY, arena, &word) == LEXER_WORD)
		assert_true(word.offset < 7);
	assert_int_equal(lexer.odd_space, 0x3000);
	assert_int_equal(lexer.odd_space_at, 7);
	free(room);
	arena_free(arena);
}

static void test_junk(void **state)
{
	(void)state;
	expect("a \xff", LEXER_ORDINARY, "<a>BAD");
	expect("a \xc0\x80", LEXER_ORDINARY, "<a>BAD");
	expect("a b\x01", LEXER_ORDINARY, "<a>BAD");
	expect("# \xff\x01", LEXER_ORDINARY, "");
	expect("\xe4\xb8\xad", LEXER_ORDINARY, "<\xe4\xb8\xad>");
}

static void test_utf8(void **state)
{
	uint32_t character;

	(void)state;
	assert_int_equal(utf8_decode("\xf0\x9f\x98\x80", 4, &character), 4);
	assert_int_equal(character, 0x1f600);
	assert_int_equal(utf8_decode("\xf0\x9f\x98", 3, &character), 0);
	assert_int_equal(utf8_decode("\xed\xa0\x80", 3, &character), 0);
	assert_int_equal(utf8_decode("\xe0\x80\x80", 3, &character), 0);
	assert_int_equal(utf8_decode("\xf4\x90\x80\x80", 4, &character), 0);
	assert_int_equal(utf8_decode("", 0, &character), 0);
	assert_int_equal(utf8_count("a\xe4\xb8\xad\xff"
				    "b",
				    6),
			 4);
	assert_true(utf8_is_space(0x2009));
	assert_false(utf8_is_space(' '));
	assert_int_equal(utf8_width(0x4e2d), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),	 cmocka_unit_test(test_words),
		cmocka_unit_test(test_comments), cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_braces),	 cmocka_unit_test(test_odd_spaces),
		cmocka_unit_test(test_junk),	 cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_escapes),	 cmocka_unit_test(test_single_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
