# What core/run adds to the build. Everything but main() is a library of its own, so that tests can link it.
noinst_LIBRARIES += core/run/librun.a
core_run_librun_a_SOURCES = \
	core/run/courier.c core/run/courier.h \
	core/run/exec.c core/run/exec.h \
	core/run/exec_child.h core/run/exec_open.c \
	core/run/fifo.c core/run/fifo.h \
	core/run/fifos.c core/run/fifos.h \
	core/run/filter.c core/run/filter.h \
	core/run/helper.c core/run/helper.h \
	core/run/letter.c core/run/letter.h core/run/letter_address.c \
	core/run/load.c core/run/load.h \
	core/run/log_sink.c core/run/log_sink.h \
	core/run/log_syslog.c core/run/log_syslog.h \
	core/run/mailer.c core/run/mailer.h \
	core/run/options.c core/run/options.h \
	core/run/process.c core/run/process.h \
	core/run/pidfile.c core/run/pidfile.h \
	core/run/record.c core/run/record.h \
	core/run/reload_moment.c core/run/reload_moment.h \
	core/run/scripts.c core/run/scripts.h \
	core/run/smtp_wire.c core/run/smtp_wire.h \
	core/run/state.c core/run/state.h core/run/state_text.c \
	core/run/store.c core/run/store.h
core_run_librun_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SYSTEMD_CFLAGS)

# Started before every script, so it is linked without what its own start would cost (configure.ac: SMALL_CC), and without
# sanitizers. To automake, which has one compiler for all, it is a file that is made and installed.
pkglibexec_SCRIPTS += vipd-exec
EXTRA_DIST += core/run/exec_child.c
CLEANFILES += vipd-exec
vipd-exec: core/run/exec_child.c core/run/exec_child.h
	$(AM_V_CCLD)$(SMALL_CC) -D_GNU_SOURCE -I$(top_srcdir) $(CPPFLAGS) $(SMALL_CFLAGS) $(CFLAGS) \
		$(SMALL_LDFLAGS) $(LDFLAGS) -o $@ $(top_srcdir)/core/run/exec_child.c

pkglibexec_PROGRAMS += vipd-mail
vipd_mail_SOURCES = core/run/mail_child.c core/run/smtp.c core/run/smtp.h
vipd_mail_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
vipd_mail_LDADD = core/run/librun.a core/base/libbase.a $(CURL_LIBS)

sbin_PROGRAMS += vipd
vipd_SOURCES = \
	core/run/addresses.c \
	core/run/alerts.c \
	core/run/bus.c core/run/bus_private.h \
	core/run/bus_objects.c \
	core/run/bracket.c \
	core/run/control.c core/run/control.h core/run/control_private.h \
	core/run/control_drain.c \
	core/run/control_listen.c \
	core/run/control_status.c \
	core/run/daemon.h \
	core/run/printout.c \
	core/run/printout_json.c core/run/printout_json.h \
	core/run/printout_text.c core/run/printout_text.h \
	core/run/generation.c \
	core/run/mailroom.c \
	core/run/main.c \
	core/run/notify.c \
	core/run/place.c core/run/place.h \
	core/run/reload.c \
	core/run/reload_file.c \
	core/run/reload_time.c \
	core/run/role.c \
	core/run/settings.c \
	core/run/snmp_check.c core/run/snmp_check.h \
	core/run/snmp_running.c \
	core/run/snmp_trouble.c \
	core/run/stop.c \
	core/run/supervise.c \
	core/run/threads.c \
	core/run/tracking.c
vipd_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SYSTEMD_CFLAGS)
vipd_LDADD = $(WHOLE_ARCHIVES) core/run/librun.a agent/libagent.a agent/libmibs.a core/vrrp/libvrrp.a \
	core/check/libengine.a core/check/libcheckers.a core/net/libnet.a core/libipvs.a core/track/libtrack.a core/bfd/libbfd.a \
	conf/libconf.a core/base/libbase.a $(ARCHIVES_AS_NEEDED) \
	$(PCRE2_LIBS) $(SNMP_LIBS) $(NL_LIBS) $(OPENSSL_LIBS) $(JANSSON_LIBS) $(SYSTEMD_LIBS)

dist_pkgdata_DATA += core/run/vipd.service

# Who may own the name and call its methods: root.
dbuspolicydir = $(datadir)/dbus-1/system.d
dist_dbuspolicy_DATA = core/run/vipd-dbus.conf

RUN_TESTS_LIBS = core/run/librun.a $(CONF_LIBS) core/base/libbase.a $(JANSSON_LIBS) $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

EXEC_CHILD = -DEXEC_CHILD='"$(abs_top_builddir)/vipd-exec"'

UNIT_TESTS += tests/unit/test_options
tests_unit_test_options_LDADD = $(RUN_TESTS_LIBS)

UNIT_TESTS += tests/unit/test_reload_moment
tests_unit_test_reload_moment_LDADD = $(RUN_TESTS_LIBS)

UNIT_TESTS += tests/unit/test_state
tests_unit_test_state_LDADD = $(RUN_TESTS_LIBS)

# The state file's fuzz target; its seeds are replayed by every check.
check_PROGRAMS += tests/fuzz/replay_state
tests_fuzz_replay_state_SOURCES = tests/fuzz/fuzz_state.c tests/fuzz/replay.c
tests_fuzz_replay_state_CFLAGS = $(AM_CFLAGS)
tests_fuzz_replay_state_LDADD = $(RUN_TESTS_LIBS)
TESTS += tests/fuzz/state_seeds
EXTRA_DIST += tests/fuzz/corpus/state tests/fuzz/state_seeds
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_state
tests_fuzz_fuzz_state_SOURCES = tests/fuzz/fuzz_state.c
tests_fuzz_fuzz_state_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_state_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_state_LDADD = $(RUN_TESTS_LIBS)
endif

UNIT_TESTS += tests/unit/test_log_syslog
tests_unit_test_log_syslog_LDADD = $(RUN_TESTS_LIBS)

UNIT_TESTS += tests/unit/test_fifo
tests_unit_test_fifo_CPPFLAGS = $(AM_CPPFLAGS) $(EXEC_CHILD)
tests_unit_test_fifo_LDADD = $(RUN_TESTS_LIBS)

UNIT_TESTS += tests/unit/test_letter
tests_unit_test_letter_SOURCES = tests/unit/test_letter.c
tests_unit_test_letter_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_letter_LDADD = $(RUN_TESTS_LIBS)

UNIT_TESTS += tests/unit/test_smtp_wire
tests_unit_test_smtp_wire_LDADD = $(RUN_TESTS_LIBS)

UNIT_TESTS += tests/unit/test_exec
tests_unit_test_exec_CPPFLAGS = $(AM_CPPFLAGS) $(EXEC_CHILD)
tests_unit_test_exec_LDADD = $(RUN_TESTS_LIBS)
