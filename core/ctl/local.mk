# What core/ctl adds to the build.
bin_PROGRAMS += vipctl
vipctl_SOURCES = \
	core/ctl/commands.h core/ctl/ctl.h \
	core/ctl/ctl_check.c core/ctl/ctl_diff.c core/ctl/ctl_print.c core/ctl/vipctl.c
vipctl_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
vipctl_LDADD = $(CONF_LIBS) core/base/libbase.a $(JANSSON_LIBS)
