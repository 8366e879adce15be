# What tests adds to the build: nothing but its files; unit tests and fuzz targets stand with what they test.
EXTRA_DIST += \
	tests/bare \
	tests/conftest.py \
	tests/deps \
	tests/fixtures/parity \
	tests/fixtures/real_server \
	tests/fixtures/vrrp_requirements \
	tests/lint \
	tests/net \
	tests/pytest.ini \
	tests/run \
	tests/stages.py \
	tests/vm

# The machine's own lateness, for tests and tests/bench.
noinst_PROGRAMS += tests/tools/beats
tests_tools_beats_SOURCES = tests/tools/beats.c
tests_tools_beats_LDADD = core/base/libbase.a

# For tests/bench: a manager that costs little, and the subagent that vipd is measured against.
noinst_PROGRAMS += tests/benches/bulk tests/benches/constants tests/benches/probes tests/benches/servers
tests_benches_bulk_SOURCES = tests/benches/bulk.c
tests_benches_bulk_LDADD = core/base/libbase.a
tests_benches_constants_SOURCES = tests/benches/constants.c
tests_benches_constants_CFLAGS = $(AM_CFLAGS) $(SNMP_CFLAGS)
tests_benches_constants_LDADD = $(SNMP_LIBS)
# For checks: all real servers, and what a check costs at least.
tests_benches_probes_SOURCES = tests/benches/probes.c
tests_benches_probes_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
tests_benches_probes_LDADD = $(OPENSSL_LIBS)
tests_benches_servers_SOURCES = tests/benches/servers.c
tests_benches_servers_LDADD = core/base/libbase.a

# A manager for tests of very many requests.
noinst_PROGRAMS += tests/tools/snmpask
tests_tools_snmpask_SOURCES = tests/tools/snmpask.c
tests_tools_snmpask_CFLAGS = $(AM_CFLAGS) $(SNMP_CFLAGS)
tests_tools_snmpask_LDADD = $(SNMP_LIBS)

dist-hook:
	rm -rf $(distdir)/tests/__pycache__ $(distdir)/tests/*/__pycache__
