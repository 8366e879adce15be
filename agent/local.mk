# What agent adds to the build.

# The walker and the tables: no net-snmp, no thread.
AGENT_WALKER_SOURCES = agent/table.c agent/table.h
# The thread.
AGENT_THREAD_SOURCES = \
	agent/agent.c \
	agent/answer.c agent/answer.h \
	agent/agentx.c agent/agentx.h \
	agent/catalog.c agent/catalog.h \
	agent/events.c agent/events.h \
	agent/frame.c agent/frame.h \
	agent/library.c agent/library.h \
	agent/limit.c agent/limit.h \
	agent/manager.c agent/manager.h \
	agent/master.c agent/master.h \
	agent/own.c agent/own.h \
	agent/packed.c agent/packed.h \
	agent/probe.c agent/probe.h \
	agent/queue.c agent/queue.h \
	agent/role.c agent/role.h \
	agent/set.c agent/set.h \
	agent/stream.c agent/stream.h

noinst_LIBRARIES += agent/libagent.a
agent_libagent_a_SOURCES = $(AGENT_THREAD_SOURCES) $(AGENT_WALKER_SOURCES)
agent_libagent_a_CFLAGS = $(AM_CFLAGS) $(SNMP_CFLAGS)

# The agent thread alone with tables of its own, for tests against a real master agent.
noinst_PROGRAMS += tests/tools/agentprobe
tests_tools_agentprobe_SOURCES = tests/tools/agentprobe.c tests/tools/agentprobe.h \
	tests/tools/agentprobe_tables.c
tests_tools_agentprobe_LDADD = agent/libagent.a $(CONF_LIBS) core/base/libbase.a $(SNMP_LIBS) $(SYSTEMD_LIBS)

UNIT_TESTS += tests/unit/test_table
tests_unit_test_table_SOURCES = tests/unit/test_table.c agent/table.c
tests_unit_test_table_LDADD = core/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_queue
tests_unit_test_queue_SOURCES = tests/unit/test_queue.c agent/packed.c agent/queue.c
tests_unit_test_queue_LDADD = $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_limit
tests_unit_test_limit_SOURCES = tests/unit/test_limit.c agent/limit.c agent/packed.c agent/queue.c
tests_unit_test_limit_LDADD = core/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_frame
tests_unit_test_frame_SOURCES = tests/unit/test_frame.c agent/frame.c
tests_unit_test_frame_LDADD = core/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_stream
tests_unit_test_stream_SOURCES = tests/unit/test_stream.c agent/stream.c
tests_unit_test_stream_LDADD = core/base/libbase.a $(CMOCKA_LIBS)
