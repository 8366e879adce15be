# What conf adds to the build.
noinst_LIBRARIES += conf/libconf.a
# Whoever loads a configuration links this.
CONF_LIBS = conf/libconf.a $(PCRE2_LIBS)
conf_libconf_a_CFLAGS = $(AM_CFLAGS) $(PCRE2_CFLAGS)
conf_libconf_a_SOURCES = \
	conf/arena.c conf/arena.h \
	conf/build.c conf/build.h \
	conf/account.c \
	conf/command.c \
	conf/diags.c conf/diags.h \
	conf/diff.c conf/diff.h \
	conf/diff_list.c conf/diff_rows.h \
	conf/diff_summary.c \
	conf/diff_text.c conf/diff_text.h \
	conf/diff_words.c conf/diff_words.h \
	conf/dump.c conf/dump.h \
	conf/expand.c conf/expand.h conf/expand_text.h \
	conf/expand_define.c \
	conf/expand_generate.c \
	conf/expand_refer.c \
	conf/finish_check.c \
	conf/finish_global.c \
	conf/finish_instance.c \
	conf/finish_lvs.h \
	conf/finish_server.c \
	conf/finish_service.c \
	conf/finish_links.c \
	conf/finish_macvlan.c \
	conf/finish_objects.c \
	conf/finish_strict.c \
	conf/finish_track.c \
	conf/finish_unicast.c \
	conf/finish_vrrp.c conf/finish_vrrp.h \
	conf/include.c conf/include.h \
	conf/keep.c conf/keep.h \
	conf/key.c \
	conf/lexer.c conf/lexer.h \
	conf/line.c conf/line.h \
	conf/load.c conf/load.h \
	conf/model.c conf/model.h conf/model_global.h conf/model_lvs.h conf/model_route.h conf/model_vrrp.h \
	conf/names.c conf/names.h \
	conf/options.c conf/options.h \
	conf/scope_address.c \
	conf/scope_check.c conf/scope_check.h \
	conf/scope_check_http.c \
	conf/scope_check_misc.c \
	conf/scope_check_regex.c \
	conf/scope_check_smtp.c \
	conf/scope_check_udp.c \
	conf/scope_global.c conf/scope_global.h \
	conf/scope_global_file.c \
	conf/scope_global_filter.c \
	conf/scope_global_lvs.c \
	conf/scope_global_process.c \
	conf/scope_global_vrrp.c \
	conf/finish_static.c \
	conf/rtnames.c conf/rtnames.h \
	conf/scope_encap.c \
	conf/scope_route.c conf/scope_route.h \
	conf/dump_route.c \
	conf/dump_rule.c \
	conf/scope_metric.c \
	conf/scope_rule.c \
	conf/scope_static.c conf/scope_static.h \
	conf/scope_lvs.c conf/scope_lvs.h \
	conf/scope_own.c \
	conf/scope_server.c \
	conf/scope_bfd.c \
	conf/scope_group.c \
	conf/scope_hmac.c \
	conf/scope_links.c \
	conf/scope_root_vrrp.c \
	conf/scope_track.c \
	conf/scope_vmac.c \
	conf/scope_vrrp.c conf/scope_vrrp.h \
	conf/scope_vrrp_lists.c \
	conf/scopes.h \
	conf/tree.c conf/tree.h \
	conf/tree_files.c conf/tree_reader.h \
	conf/unsupported.c \
	conf/utf8.c conf/utf8.h \
	conf/value.c conf/value.h

noinst_PROGRAMS += tests/tools/confcheck
tests_tools_confcheck_LDADD = $(CONF_LIBS) core/base/libbase.a

EXTRA_DIST += tests/unit/conf_text.h
CONF_TEST_LIBS = $(CONF_LIBS) core/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_conf_lexer
tests_unit_test_conf_lexer_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_expand
tests_unit_test_conf_expand_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_tables
tests_unit_test_conf_tables_LDADD = $(CONF_TEST_LIBS)

# The seeds of the fuzz target, run by make check; the target itself wants --enable-fuzz.
check_PROGRAMS += tests/fuzz/replay_conf
tests_fuzz_replay_conf_SOURCES = tests/fuzz/fuzz_conf.c tests/fuzz/replay.c
tests_fuzz_replay_conf_LDADD = $(CONF_LIBS) core/base/libbase.a
TESTS += tests/conf/golden tests/conf/replay
EXTRA_DIST += tests/conf/documents tests/conf/golden tests/conf/replay tests/fixtures/seeds tests/fuzz/corpus/conf tests/fuzz/corpus/conf.dict

# Run as: tests/fuzz/fuzz_conf -dict=SOURCE/tests/fuzz/corpus/conf.dict -max_total_time=60 NEW SOURCE/tests/fuzz/corpus/conf
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_conf
tests_fuzz_fuzz_conf_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_conf_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_conf_LDADD = $(CONF_LIBS) core/base/libbase.a
endif

UNIT_TESTS += tests/unit/test_conf_rules
tests_unit_test_conf_rules_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_text
tests_unit_test_conf_text_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_memory
tests_unit_test_conf_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc
tests_unit_test_conf_memory_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_lvs
tests_unit_test_conf_lvs_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_vrrp
tests_unit_test_conf_vrrp_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_global
tests_unit_test_conf_global_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_routes
tests_unit_test_conf_routes_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_macvlan
tests_unit_test_conf_macvlan_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_static
tests_unit_test_conf_static_LDADD = $(CONF_TEST_LIBS)

UNIT_TESTS += tests/unit/test_conf_diff
tests_unit_test_conf_diff_LDADD = $(CONF_TEST_LIBS)
