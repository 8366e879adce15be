# What core/vrrp adds to the build.
noinst_LIBRARIES += core/vrrp/libvrrp.a
core_vrrp_libvrrp_a_SOURCES = \
	core/vrrp/act.c \
	core/vrrp/engine.c core/vrrp/engine.h core/vrrp/engine_private.h \
	core/vrrp/fsm.c core/vrrp/fsm.h \
	core/vrrp/garp.c core/vrrp/garp.h \
	core/vrrp/group.c core/vrrp/group.h \
	core/vrrp/limit.c core/vrrp/limit.h \
	core/vrrp/names.c \
	core/vrrp/packet.c core/vrrp/packet.h \
	core/vrrp/priority.c core/vrrp/priority.h \
	core/vrrp/receive.c \
	core/vrrp/reload.c \
	core/vrrp/rows.c \
	core/vrrp/sock.c core/vrrp/sock.h \
	core/vrrp/timer.c core/vrrp/timer.h \
	core/vrrp/vrrp.c

VRRP_TEST_LIBS = core/vrrp/libvrrp.a core/base/libbase.a $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_packet
tests_unit_test_vrrp_packet_SOURCES = tests/unit/test_vrrp_packet.c
tests_unit_test_vrrp_packet_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_vrrp_packet_LDADD = $(VRRP_TEST_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_fsm
tests_unit_test_vrrp_fsm_SOURCES = tests/unit/test_vrrp_fsm.c
tests_unit_test_vrrp_fsm_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_vrrp_fsm_LDADD = $(VRRP_TEST_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_replay
tests_unit_test_vrrp_replay_SOURCES = tests/unit/test_vrrp_replay.c tests/unit/vrrp_rig.c tests/unit/vrrp_rig.h
tests_unit_test_vrrp_replay_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_vrrp_replay_LDADD = $(VRRP_TEST_LIBS)

UNIT_TESTS += tests/unit/test_vrrp_sim
tests_unit_test_vrrp_sim_SOURCES = tests/unit/test_vrrp_sim.c tests/unit/vrrp_rig.c tests/unit/vrrp_rig.h
tests_unit_test_vrrp_sim_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_vrrp_sim_LDADD = $(VRRP_TEST_LIBS)

EXTRA_DIST += \
	tests/replay/discard.rpl \
	tests/replay/garp_interval.rpl \
	tests/replay/link.rpl \
	tests/replay/nopreempt.rpl \
	tests/replay/owner.rpl \
	tests/replay/preempt.rpl \
	tests/replay/preempt_delay.rpl \
	tests/replay/preempt_delay_cancelled.rpl \
	tests/replay/preempt_delay_resigned.rpl \
	tests/replay/priority_zero.rpl \
	tests/replay/reload_changes.rpl \
	tests/replay/reload_unchanged.rpl \
	tests/replay/script_fault.rpl \
	tests/replay/script_weight.rpl \
	tests/replay/set.rpl \
	tests/replay/socket.rpl \
	tests/replay/start_as_master.rpl \
	tests/replay/startup_delay.rpl \
	tests/replay/stop.rpl \
	tests/replay/sync_group.rpl \
	tests/replay/sync_group_more.rpl \
	tests/replay/takeover.rpl \
	tests/replay/tie.rpl \
	tests/replay/unconfirmed.rpl \
	tests/replay/unsupported.rpl
