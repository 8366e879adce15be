# What core/base adds to the build.
noinst_LIBRARIES += core/base/libbase.a
core_base_libbase_a_SOURCES = \
	core/base/beat.h \
	core/base/buf.c core/base/buf.h \
	core/base/clock.c core/base/clock.h \
	core/base/ip.c core/base/ip.h \
	core/base/latest.c core/base/latest.h \
	core/base/log.c core/base/log.h \
	core/base/loop.c core/base/loop.h \
	core/base/mail.c core/base/mail.h \
	core/base/netns.c core/base/netns.h \
	core/base/timers.c core/base/timers.h \
	core/base/tune.c core/base/tune.h
core_base_libbase_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)

EXTRA_DIST += core/snap.h core/snap_check.h core/cmd.h core/event.h

UNIT_TESTS += tests/unit/test_base
tests_unit_test_base_LDADD = core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_timers
tests_unit_test_timers_LDADD = core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)
