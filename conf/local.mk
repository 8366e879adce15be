# What conf adds to the build.
noinst_LIBRARIES += conf/libconf.a
conf_libconf_a_SOURCES = \
	conf/arena.c conf/arena.h \
	conf/build.c conf/build.h \
	conf/command.c \
	conf/diags.c conf/diags.h \
	conf/dump.c conf/dump.h \
	conf/finish_check.c \
	conf/finish_global.c \
	conf/finish_instance.c \
	conf/finish_lvs.h \
	conf/finish_server.c \
	conf/finish_service.c \
	conf/finish_vrrp.c conf/finish_vrrp.h \
	conf/include.c conf/include.h \
	conf/key.c \
	conf/lexer.c conf/lexer.h \
	conf/load.c conf/load.h \
	conf/model.c conf/model.h \
	conf/names.c conf/names.h \
	conf/option_names.c \
	conf/options.c conf/options.h \
	conf/scope_check.c \
	conf/scope_global.c \
	conf/scope_lvs.c conf/scope_lvs.h \
	conf/scope_server.c \
	conf/scope_vrrp.c conf/scope_vrrp.h \
	conf/scope_vrrp_lists.c \
	conf/scopes.h \
	conf/tree.c conf/tree.h \
	conf/tree_files.c conf/tree_reader.h \
	conf/unsupported.c \
	conf/utf8.c conf/utf8.h \
	conf/value.c conf/value.h

noinst_PROGRAMS += tests/tools/confcheck
tests_tools_confcheck_SOURCES = tests/tools/confcheck.c
tests_tools_confcheck_LDADD = conf/libconf.a core/base/libbase.a

CONF_TEST_LIBS = conf/libconf.a core/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_conf_lexer
tests_unit_test_conf_lexer_SOURCES = tests/unit/test_conf_lexer.c tests/unit/conf_text.h
tests_unit_test_conf_lexer_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_conf_lexer_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_tables
tests_unit_test_conf_tables_SOURCES = tests/unit/test_conf_tables.c tests/unit/conf_text.h
tests_unit_test_conf_tables_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_conf_tables_LDADD = $(CONF_TEST_LIBS)

# The seeds of the fuzz target, run by make check; the target itself wants --enable-fuzz.
check_PROGRAMS += tests/fuzz/replay_conf
tests_fuzz_replay_conf_SOURCES = tests/fuzz/fuzz_conf.c tests/fuzz/replay.c
tests_fuzz_replay_conf_LDADD = conf/libconf.a core/base/libbase.a
TESTS += tests/conf/golden tests/conf/replay
EXTRA_DIST += tests/conf/documents tests/conf/golden tests/conf/replay tests/fixtures/seeds tests/fuzz/corpus/conf tests/fuzz/corpus/conf.dict

# Run as: tests/fuzz/fuzz_conf -dict=SOURCE/tests/fuzz/corpus/conf.dict -max_total_time=60 NEW SOURCE/tests/fuzz/corpus/conf
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_conf
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c
tests_fuzz_fuzz_conf_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_conf_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_conf_LDADD = conf/libconf.a core/base/libbase.a
endif

UNIT_TESTS += tests/unit/test_conf_rules
tests_unit_test_conf_rules_SOURCES = tests/unit/test_conf_rules.c tests/unit/conf_text.h
tests_unit_test_conf_rules_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_conf_rules_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_text
tests_unit_test_conf_text_SOURCES = tests/unit/test_conf_text.c tests/unit/conf_text.h
tests_unit_test_conf_text_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_conf_text_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_memory
tests_unit_test_conf_memory_SOURCES = tests/unit/test_conf_memory.c tests/unit/conf_text.h
tests_unit_test_conf_memory_CFLAGS = $(TEST_CFLAGS) -D_GNU_SOURCE
tests_unit_test_conf_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc
tests_unit_test_conf_memory_LDADD = $(CONF_TEST_LIBS)
