# What core/net adds to the build.
noinst_LIBRARIES += core/net/libnet.a
core_net_libnet_a_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS)
core_net_libnet_a_SOURCES = \
	core/net/ipvs.c core/net/ipvs.h \
	core/net/ipvs_dump.c core/net/ipvs_private.h core/net/ipvs_sync.c \
	core/net/ipvs_wire.c core/net/ipvs_wire.h \
	core/net/macvlan.c core/net/macvlan.h \
	core/net/nft.c core/net/nft.h core/net/nft_build.c \
	core/net/rtnl.c core/net/rtnl.h core/net/rtnl_private.h \
	core/net/routing.c core/net/routing.h \
	core/net/rtnl_address.c \
	core/net/rtnl_route.c core/net/rtnl_route.h \
	core/net/rtnl_routing.c \
	core/net/rtnl_rule.c \
	core/net/rtnl_base.c core/net/rtnl_macvlan.c \
	core/net/rtnl_gate.c core/net/rtnl_linkbeat.c \
	core/net/rtnl_report.c \
	core/net/rtnl_setting.c \
	core/net/rtnl_static.c \
	core/net/rtnl_take.c \
	core/net/rtnl_tell.c \
	core/net/rtnl_table.c core/net/rtnl_table.h \
	core/net/sysctl.c core/net/sysctl.h

UNIT_TESTS += tests/unit/test_rtnl_table
tests_unit_test_rtnl_table_LDADD = core/net/libnet.a core/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_macvlan
tests_unit_test_macvlan_LDADD = core/net/libnet.a core/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_nft_build
tests_unit_test_nft_build_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS)
tests_unit_test_nft_build_LDADD = core/net/libnet.a $(CONF_LIBS) core/base/libbase.a $(CMOCKA_LIBS) $(NL_LIBS)

UNIT_TESTS += tests/unit/test_routing
tests_unit_test_routing_LDADD = core/net/libnet.a $(CONF_LIBS) core/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_rtnl_route
tests_unit_test_rtnl_route_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS)
tests_unit_test_rtnl_route_LDADD = core/net/libnet.a core/base/libbase.a $(CMOCKA_LIBS) $(NL_LIBS)

# Drives core/net/ipvs.c by hand, for tests/vm/test_ipvs_netlink.py.
noinst_PROGRAMS += tests/tools/ipvsprobe
tests_tools_ipvsprobe_LDADD = core/net/libnet.a core/libipvs.a $(CONF_LIBS) core/base/libbase.a $(NL_LIBS) $(SYSTEMD_LIBS)

# Sets and removes an address as the daemon does, for tests/net/test_vrrp6.py.
noinst_PROGRAMS += tests/tools/addressprobe
tests_tools_addressprobe_LDADD = core/net/libnet.a core/libipvs.a $(CONF_LIBS) core/base/libbase.a $(NL_LIBS) $(SYSTEMD_LIBS)

# The seeds of the fuzz target, run by make check; the target itself wants --enable-fuzz.
EXTRA_DIST += tests/fuzz/corpus/netlink tests/fuzz/netlink_seeds
NETLINK_FUZZ_LIBS = core/net/libnet.a core/libipvs.a $(CONF_LIBS) core/base/libbase.a $(NL_LIBS) $(SYSTEMD_LIBS)
check_PROGRAMS += tests/fuzz/replay_netlink
tests_fuzz_replay_netlink_SOURCES = tests/fuzz/fuzz_netlink.c tests/fuzz/replay.c
tests_fuzz_replay_netlink_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS)
tests_fuzz_replay_netlink_LDADD = $(NETLINK_FUZZ_LIBS)
TESTS += tests/fuzz/netlink_seeds
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_netlink
tests_fuzz_fuzz_netlink_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_netlink_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_netlink_LDADD = $(NETLINK_FUZZ_LIBS)
endif
