# What core/vrrp adds to the build.
noinst_LIBRARIES += core/vrrp/libvrrp.a
core_vrrp_libvrrp_a_SOURCES = \
	core/vrrp/act.c \
	core/vrrp/announce.c \
	core/vrrp/ah.c core/vrrp/ah.h \
	core/vrrp/debounce.c core/vrrp/debounce.h \
	core/vrrp/engine.c core/vrrp/engine.h core/vrrp/engine_private.h \
	core/vrrp/fsm.c core/vrrp/fsm.h \
	core/vrrp/garp.c core/vrrp/garp.h \
	core/vrrp/na.c core/vrrp/na.h \
	core/vrrp/source.c \
	core/vrrp/group.c core/vrrp/group.h \
	core/vrrp/hmac.c core/vrrp/hmac.h \
	core/vrrp/limit.c core/vrrp/limit.h \
	core/vrrp/links.c \
	core/vrrp/listen.c \
	core/vrrp/macvlan.c \
	core/vrrp/names.c \
	core/vrrp/packet.c core/vrrp/packet.h \
	core/vrrp/priority.c core/vrrp/priority.h \
	core/vrrp/receive.c \
	core/vrrp/reload.c \
	core/vrrp/rows.c \
	core/vrrp/set.c \
	core/vrrp/sock.c core/vrrp/sock.h \
	core/vrrp/sock_macvlan.c core/vrrp/sock_macvlan.h \
	core/vrrp/timer.c core/vrrp/timer.h \
	core/vrrp/vrrp.c
core_vrrp_libvrrp_a_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
VRRP_LIBS = core/vrrp/libvrrp.a core/base/libbase.a $(OPENSSL_LIBS)

VRRP_RIG = tests/unit/vrrp_rig.c tests/unit/vrrp_rig.h tests/unit/vrrp_rig_conf.c
VRRP_TEST_LIBS = core/vrrp/libvrrp.a $(CONF_LIBS) core/base/libbase.a $(OPENSSL_LIBS) $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_packet
tests_unit_test_vrrp_packet_LDADD = $(VRRP_TEST_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_datagram
tests_unit_test_vrrp_datagram_LDADD = $(VRRP_TEST_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_ah
tests_unit_test_vrrp_ah_LDADD = $(VRRP_TEST_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_parts
tests_unit_test_vrrp_parts_LDADD = $(VRRP_TEST_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_fsm
tests_unit_test_vrrp_fsm_LDADD = $(VRRP_TEST_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_fsm_timers
tests_unit_test_vrrp_fsm_timers_LDADD = $(VRRP_TEST_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_replay
tests_unit_test_vrrp_replay_SOURCES = \
	tests/unit/test_vrrp_replay.c tests/unit/replay.h tests/unit/replay_in.c $(VRRP_RIG)
tests_unit_test_vrrp_replay_LDADD = $(VRRP_TEST_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_sim
tests_unit_test_vrrp_sim_SOURCES = \
	tests/unit/test_vrrp_sim.c tests/unit/sim.h tests/unit/sim_judge.c tests/unit/sim_node.c \
	tests/unit/sim_trouble.c tests/unit/sim_wire.c $(VRRP_RIG)
tests_unit_test_vrrp_sim_LDADD = $(VRRP_TEST_LIBS)

EXTRA_DIST += tests/unit/fsm_rig.h tests/unit/vrrp_message.h tests/replay tests/fuzz/corpus/vrrp tests/fuzz/vrrp_seeds

# The seeds of the fuzz target, run by make check; the target itself wants --enable-fuzz.
check_PROGRAMS += tests/fuzz/replay_vrrp
tests_fuzz_replay_vrrp_SOURCES = tests/fuzz/fuzz_vrrp.c tests/fuzz/replay.c
tests_fuzz_replay_vrrp_LDADD = $(VRRP_LIBS)
TESTS += tests/fuzz/vrrp_seeds

# Run as: tests/fuzz/fuzz_vrrp -max_total_time=60 NEW SOURCE/tests/fuzz/corpus/vrrp
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_vrrp
tests_fuzz_fuzz_vrrp_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_vrrp_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_vrrp_LDADD = $(VRRP_LIBS)
endif
