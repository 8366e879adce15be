# What doc adds to the build.
EXTRA_DIST += doc/architecture.md doc/conformance.md doc/operations.md doc/performance.md doc/vipd.conf.5.in

dist_man_MANS += doc/vipd.8 doc/vipctl.8 doc/vipd.conf.5

# The options of vipd.conf(5) come from the tables of conf/.
noinst_PROGRAMS += doc/confman
doc_confman_LDADD = $(CONF_LIBS) core/base/libbase.a

doc/vipd.conf.5: doc/vipd.conf.5.in doc/confman$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc && doc/confman$(EXEEXT) <$(srcdir)/doc/vipd.conf.5.in >$@.new && mv $@.new $@
CLEANFILES += doc/vipd.conf.5
