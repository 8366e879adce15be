# What core/bfd adds to the build.
noinst_LIBRARIES += core/bfd/libbfd.a
core_bfd_libbfd_a_SOURCES = \
	core/bfd/adopt.c \
	core/bfd/engine.c core/bfd/engine.h core/bfd/engine_private.h \
	core/bfd/fsm.c core/bfd/fsm.h \
	core/bfd/packet.c core/bfd/packet.h \
	core/bfd/rows.c \
	core/bfd/sock.c core/bfd/sock.h \
	core/bfd/thread.c
BFD_LIBS = core/bfd/libbfd.a core/base/libbase.a

UNIT_TESTS += tests/unit/test_bfd_packet
tests_unit_test_bfd_packet_LDADD = $(BFD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_bfd_fsm
tests_unit_test_bfd_fsm_LDADD = $(BFD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_bfd_engine
tests_unit_test_bfd_engine_LDADD = core/bfd/libbfd.a $(CONF_LIBS) core/base/libbase.a $(CMOCKA_LIBS)

EXTRA_DIST += tests/fuzz/corpus/bfd tests/fuzz/bfd_seeds

# The seeds of the fuzz target, run by make check; the target itself wants --enable-fuzz.
check_PROGRAMS += tests/fuzz/replay_bfd
tests_fuzz_replay_bfd_SOURCES = tests/fuzz/fuzz_bfd.c tests/fuzz/replay.c
tests_fuzz_replay_bfd_LDADD = $(BFD_LIBS)
TESTS += tests/fuzz/bfd_seeds

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_bfd
tests_fuzz_fuzz_bfd_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_bfd_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_bfd_LDADD = $(BFD_LIBS)
endif
