# What core/track adds to the build.
noinst_LIBRARIES += core/track/libtrack.a
core_track_libtrack_a_SOURCES = \
	core/track/rise_fall.c core/track/rise_fall.h \
	core/track/script.c core/track/script.h

UNIT_TESTS += tests/unit/test_track
tests_unit_test_track_SOURCES = tests/unit/test_track.c
tests_unit_test_track_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_track_LDADD = core/track/libtrack.a $(CONF_LIBS) core/base/libbase.a \
	$(SYSTEMD_LIBS) $(CMOCKA_LIBS)
