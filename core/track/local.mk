# What core/track adds to the build.
noinst_LIBRARIES += core/track/libtrack.a
core_track_libtrack_a_SOURCES = \
	core/track/file.c core/track/file.h \
	core/track/file_read.c core/track/file_read.h \
	core/track/number.c core/track/number.h \
	core/track/process.c core/track/process.h \
	core/track/process_events.c core/track/process_events.h \
	core/track/process_match.c core/track/process_match.h \
	core/track/process_read.c core/track/process_read.h \
	core/track/rise_fall.c core/track/rise_fall.h \
	core/track/script.c core/track/script.h \
	core/track/shortage.h

UNIT_TESTS += tests/unit/test_track
tests_unit_test_track_LDADD = core/track/libtrack.a $(CONF_LIBS) core/base/libbase.a \
	$(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_track_objects
tests_unit_test_track_objects_LDADD = core/track/libtrack.a $(CONF_LIBS) core/base/libbase.a \
	$(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_track_parts
tests_unit_test_track_parts_LDADD = core/track/libtrack.a $(CONF_LIBS) core/base/libbase.a \
	$(SYSTEMD_LIBS) $(CMOCKA_LIBS)
