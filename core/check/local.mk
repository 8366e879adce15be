# What core/check adds to the build.

# The checks themselves. checker_ssl.c is the one file that includes OpenSSL.
CHECKER_SOURCES = \
	core/check/check.h \
	core/check/check_run.c core/check/checker.h \
	core/check/body_search.c core/check/body_search.h \
	core/check/checker_dns.c core/check/dns_message.c core/check/dns_message.h \
	core/check/checker_bfd.c \
	core/check/checker_file.c \
	core/check/checker_http.c core/check/http_judge.c core/check/http_probe.h \
	core/check/checker_misc.c \
	core/check/checker_ping.c core/check/echo_message.c core/check/echo_message.h \
	core/check/checker_smtp.c core/check/smtp_reply.c core/check/smtp_reply.h \
	core/check/checker_ssl.c core/check/tls.h \
	core/check/checker_tcp.c \
	core/check/checker_udp.c core/check/udp_reply.c core/check/udp_reply.h \
	core/check/dial.c core/check/dial.h \
	core/check/http_reply.c core/check/http_reply.h \
	core/check/text.c core/check/text.h \
	core/check/twins.c core/check/twins.h \
	core/check/verdict.c core/check/verdict.h

noinst_LIBRARIES += core/check/libcheckers.a
core_check_libcheckers_a_SOURCES = $(CHECKER_SOURCES)
core_check_libcheckers_a_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS) $(PCRE2_CFLAGS)
CHECKER_LIBS = core/check/libcheckers.a core/base/libbase.a $(OPENSSL_LIBS) $(PCRE2_LIBS) $(SYSTEMD_LIBS)

UNIT_TESTS += tests/unit/test_http_reply
tests_unit_test_http_reply_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_verdict
tests_unit_test_verdict_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_check_schedule
tests_unit_test_check_schedule_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_checkers
tests_unit_test_checkers_SOURCES = tests/unit/test_checkers.c tests/unit/lying.c tests/unit/lying.h
tests_unit_test_checkers_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_twins
tests_unit_test_twins_SOURCES = tests/unit/test_twins.c tests/unit/lying.c tests/unit/lying.h
tests_unit_test_twins_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_twins_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_checker_http
tests_unit_test_checker_http_SOURCES = tests/unit/test_checker_http.c tests/unit/lying.c tests/unit/lying.h
tests_unit_test_checker_http_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_checker_datagrams
tests_unit_test_checker_datagrams_SOURCES = tests/unit/test_checker_datagrams.c tests/unit/lying.c tests/unit/lying.h
tests_unit_test_checker_datagrams_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_checker_datagrams_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_checker_smtp
tests_unit_test_checker_smtp_SOURCES = tests/unit/test_checker_smtp.c tests/unit/lying.c tests/unit/lying.h
tests_unit_test_checker_smtp_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_checker_smtp_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_checker_file
tests_unit_test_checker_file_SOURCES = tests/unit/test_checker_file.c
tests_unit_test_checker_file_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_checker_file_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_body_search
tests_unit_test_body_search_SOURCES = tests/unit/test_body_search.c
tests_unit_test_body_search_CFLAGS = $(TEST_CFLAGS) $(PCRE2_CFLAGS)
tests_unit_test_body_search_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_http_corpus
tests_unit_test_http_corpus_SOURCES = tests/unit/test_http_corpus.c tests/fuzz/fuzz_http.c
tests_unit_test_http_corpus_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

# One check of a configuration, run by itself, for tests/net/test_checkers.py.
noinst_PROGRAMS += tests/tools/checkprobe
tests_tools_checkprobe_LDADD = $(CONF_LIBS) $(CHECKER_LIBS)

# Run as: tests/fuzz/fuzz_http -max_total_time=60 NEW_CORPUS SOURCE/tests/fuzz/corpus/http
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_http
tests_fuzz_fuzz_http_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_http_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_http_LDADD = $(CHECKER_LIBS)
endif

# The same for tests/fuzz/fuzz_replies; its seeds are replayed by every check.
check_PROGRAMS += tests/fuzz/replay_replies
tests_fuzz_replay_replies_SOURCES = tests/fuzz/fuzz_replies.c tests/fuzz/replay.c
tests_fuzz_replay_replies_CFLAGS = $(AM_CFLAGS) $(PCRE2_CFLAGS)
tests_fuzz_replay_replies_LDADD = $(CHECKER_LIBS)
TESTS += tests/fuzz/replies_seeds
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_replies
tests_fuzz_fuzz_replies_SOURCES = tests/fuzz/fuzz_replies.c
tests_fuzz_fuzz_replies_CFLAGS = $(AM_CFLAGS) $(PCRE2_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_replies_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_replies_LDADD = $(CHECKER_LIBS)
endif

EXTRA_DIST += tests/fuzz/corpus/replies tests/fuzz/replies_seeds \
	tests/fuzz/corpus/http/bad-length \
	tests/fuzz/corpus/http/bare-lf \
	tests/fuzz/corpus/http/chunk-cut \
	tests/fuzz/corpus/http/chunk-huge \
	tests/fuzz/corpus/http/chunked \
	tests/fuzz/corpus/http/close \
	tests/fuzz/corpus/http/empty \
	tests/fuzz/corpus/http/folded \
	tests/fuzz/corpus/http/interim \
	tests/fuzz/corpus/http/length \
	tests/fuzz/corpus/http/long-line \
	tests/fuzz/corpus/http/ssh \
	tests/fuzz/corpus/http/two-lengths

# The engine: quorum, drains, desired kernel state, the thread body. Needs libcheckers, libipvs, libconf, libbase.
noinst_LIBRARIES += core/libipvs.a core/check/libengine.a
core_libipvs_a_SOURCES = core/ipvs.c core/ipvs.h
core_check_libengine_a_SOURCES = \
	core/check/admin.c core/check/admin.h \
	core/check/command.c core/check/engine.h core/check/objects.h \
	core/check/drain.c \
	core/check/event.c \
	core/check/health.c \
	core/check/kernel.c \
	core/check/leaving.c core/check/leaving.h \
	core/check/pace.c core/check/pace.h \
	core/check/ramp.c core/check/ramp.h \
	core/check/sysctls.c \
	core/check/change.c \
	core/check/machine.c core/check/machine.h core/check/policy.c \
	core/check/publish.c \
	core/check/record.c \
	core/check/reload.c \
	core/check/services.c \
	core/check/service.c core/check/service.h \
	core/check/refresh.c \
	core/check/settle.c \
	core/check/sync.c \
	core/check/thread.c \
	core/check/view.c
ENGINE_LIBS = core/check/libengine.a core/libipvs.a

UNIT_TESTS += tests/unit/test_service tests/unit/test_admin
tests_unit_test_service_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

tests_unit_test_admin_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

# The engine with its surroundings replaced: a recorder for the kernel, checks that do as they are told.
ENGINE_BENCH = \
	tests/unit/check_double.c tests/unit/check_double.h \
	tests/unit/engine_bench.c tests/unit/engine_bench.h \
	tests/unit/ipvs_double.c tests/unit/ipvs_double.h

UNIT_TESTS += tests/unit/test_engine
tests_unit_test_engine_SOURCES = tests/unit/test_engine.c $(ENGINE_BENCH)
tests_unit_test_engine_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_pace
tests_unit_test_pace_SOURCES = tests/unit/test_pace.c $(ENGINE_BENCH)
tests_unit_test_pace_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_refresh
tests_unit_test_refresh_SOURCES = tests/unit/test_refresh.c $(ENGINE_BENCH)
tests_unit_test_refresh_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_drain
tests_unit_test_drain_SOURCES = tests/unit/test_drain.c $(ENGINE_BENCH)
tests_unit_test_drain_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_quorum_policy
tests_unit_test_quorum_policy_SOURCES = tests/unit/test_quorum_policy.c $(ENGINE_BENCH)
tests_unit_test_quorum_policy_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_machine
tests_unit_test_machine_SOURCES = tests/unit/test_machine.c $(ENGINE_BENCH)
tests_unit_test_machine_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_reload
tests_unit_test_reload_SOURCES = tests/unit/test_reload.c $(ENGINE_BENCH)
tests_unit_test_reload_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_ipvs_errors
tests_unit_test_ipvs_errors_SOURCES = tests/unit/test_ipvs_errors.c $(ENGINE_BENCH)
tests_unit_test_ipvs_errors_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_come_go
tests_unit_test_come_go_SOURCES = tests/unit/test_come_go.c $(ENGINE_BENCH)
tests_unit_test_come_go_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_drain_random
tests_unit_test_drain_random_SOURCES = tests/unit/test_drain_random.c $(ENGINE_BENCH)
tests_unit_test_drain_random_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_sync
tests_unit_test_sync_SOURCES = tests/unit/test_sync.c $(ENGINE_BENCH)
tests_unit_test_sync_LDADD = $(ENGINE_LIBS) $(CONF_LIBS) core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)
