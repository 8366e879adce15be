# What core/check adds to the build.

# The checks themselves. checker_ssl.c is the one file that includes OpenSSL.
CHECKER_SOURCES = \
	core/check/check.h \
	core/check/check_run.c core/check/checker.h \
	core/check/checker_http.c \
	core/check/checker_misc.c \
	core/check/checker_ssl.c core/check/tls.h \
	core/check/checker_tcp.c \
	core/check/dial.c core/check/dial.h \
	core/check/http_reply.c core/check/http_reply.h \
	core/check/text.c core/check/text.h \
	core/check/verdict.c core/check/verdict.h

noinst_LIBRARIES += core/check/libcheckers.a
core_check_libcheckers_a_SOURCES = $(CHECKER_SOURCES)
core_check_libcheckers_a_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS) -D_GNU_SOURCE
CHECKER_LIBS = core/check/libcheckers.a core/base/libbase.a $(OPENSSL_LIBS) $(SYSTEMD_LIBS)

UNIT_TESTS += tests/unit/test_http_reply
tests_unit_test_http_reply_SOURCES = tests/unit/test_http_reply.c
tests_unit_test_http_reply_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_http_reply_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_check_schedule
tests_unit_test_check_schedule_SOURCES = tests/unit/test_check_schedule.c
tests_unit_test_check_schedule_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_check_schedule_LDADD = $(CHECKER_LIBS) $(CMOCKA_LIBS)
