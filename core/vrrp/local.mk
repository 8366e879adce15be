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
