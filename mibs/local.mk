# What mibs adds to the build: the text of our module, and what serves it and the published ones.
# Where net-snmp's tools look when the prefix is /usr.
mibdir = $(datadir)/snmp/mibs
dist_mib_DATA = mibs/IPVS-DIRECTOR-MIB.txt

noinst_LIBRARIES += agent/libmibs.a
agent_libmibs_a_SOURCES = \
	agent/bind.c agent/bind.h \
	agent/cells.c agent/cells.h \
	agent/director_alarm.c \
	agent/director_check.c \
	agent/director_dest.c \
	agent/director_event.c \
	agent/director_health.c \
	agent/director_mib.c agent/director_mib.h \
	agent/director_name.c \
	agent/director_server.c \
	agent/director_svc.c \
	agent/director_vrrp.c \
	agent/keepalived.c agent/keepalived.h \
	agent/keepalived_address.c \
	agent/keepalived_check.c \
	agent/keepalived_global.c \
	agent/keepalived_group.c \
	agent/keepalived_lvs.c \
	agent/keepalived_nexthop.c \
	agent/keepalived_objects.c \
	agent/keepalived_route.c agent/keepalived_route.h \
	agent/keepalived_rs.c \
	agent/keepalived_rule.c \
	agent/keepalived_sync.c \
	agent/keepalived_track.c \
	agent/keepalived_vrrp.c \
	agent/lvs_mib.c agent/lvs_mib.h \
	agent/notify.c agent/notify.h \
	agent/notify_vrrp.c \
	agent/traffic.h \
	agent/router.c agent/router.h \
	agent/vrrp3_mib.c agent/vrrp3_mib.h \
	agent/vrrp_mib.c agent/vrrp_mib.h

MIB_BENCH_SOURCES = agent/table.c agent/events.c tests/unit/mib_bench.c tests/unit/mib_bench.h \
	tests/unit/mib_world.c tests/unit/mib_world_director.c tests/unit/mib_world_track.c tests/unit/mib_world.h
MIB_BENCH_LIBS = agent/libmibs.a $(CONF_LIBS) core/base/libbase.a

# What the judge (tests/net/test_mib_judge.py) holds against the MIB texts.
noinst_PROGRAMS += tests/tools/mibdump
tests_tools_mibdump_SOURCES = tests/tools/mibdump.c $(MIB_BENCH_SOURCES)
tests_tools_mibdump_LDADD = $(MIB_BENCH_LIBS)

# The agent thread over the same synthetic director, for tests against a real master agent.
noinst_PROGRAMS += tests/tools/mibserve
tests_tools_mibserve_SOURCES = tests/tools/mibserve.c tests/unit/mib_world.c tests/unit/mib_world_director.c tests/unit/mib_world_track.c tests/unit/mib_world.h
tests_tools_mibserve_LDADD = agent/libagent.a agent/libmibs.a $(CONF_LIBS) core/base/libbase.a $(SNMP_LIBS) $(SYSTEMD_LIBS)

MIB_WANT_SOURCES = tests/unit/mib_want.c tests/unit/mib_want.h

UNIT_TESTS += tests/unit/test_mib_tables
tests_unit_test_mib_tables_SOURCES = tests/unit/test_mib_tables.c $(MIB_BENCH_SOURCES) $(MIB_WANT_SOURCES)
tests_unit_test_mib_tables_LDADD = $(MIB_BENCH_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_mib_director
tests_unit_test_mib_director_SOURCES = tests/unit/test_mib_director.c $(MIB_BENCH_SOURCES) $(MIB_WANT_SOURCES)
tests_unit_test_mib_director_LDADD = $(MIB_BENCH_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_mib_lvs
tests_unit_test_mib_lvs_SOURCES = tests/unit/test_mib_lvs.c $(MIB_BENCH_SOURCES) $(MIB_WANT_SOURCES)
tests_unit_test_mib_lvs_LDADD = $(MIB_BENCH_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_mib_vrrp
tests_unit_test_mib_vrrp_SOURCES = tests/unit/test_mib_vrrp.c $(MIB_BENCH_SOURCES) $(MIB_WANT_SOURCES)
tests_unit_test_mib_vrrp_LDADD = $(MIB_BENCH_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_mib_set
tests_unit_test_mib_set_SOURCES = tests/unit/test_mib_set.c $(MIB_BENCH_SOURCES)
tests_unit_test_mib_set_LDADD = $(MIB_BENCH_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_notify
tests_unit_test_notify_SOURCES = tests/unit/test_notify.c tests/unit/notify_bench.h $(MIB_BENCH_SOURCES)
tests_unit_test_notify_LDADD = $(MIB_BENCH_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_notify_director
tests_unit_test_notify_director_SOURCES = tests/unit/test_notify_director.c tests/unit/notify_bench.h $(MIB_BENCH_SOURCES)
tests_unit_test_notify_director_LDADD = $(MIB_BENCH_LIBS) $(CMOCKA_LIBS)
