# What mibs adds to the build: the MIB text, and what serves the MIBs.
dist_pkgdata_DATA += mibs/IPVS-DIRECTOR-MIB.txt

noinst_LIBRARIES += agent/libmibs.a
agent_libmibs_a_SOURCES = \
	agent/bind.c agent/bind.h \
	agent/cells.c agent/cells.h \
	agent/director_dest.c \
	agent/director_mib.c agent/director_mib.h \
	agent/director_name.c \
	agent/director_svc.c \
	agent/keepalived.h \
	agent/keepalived_address.c \
	agent/keepalived_check.c \
	agent/keepalived_global.c \
	agent/keepalived_lvs.c \
	agent/keepalived_rs.c \
	agent/keepalived_vrrp.c \
	agent/notify.c \
	agent/traffic.h \
	agent/vrrp_mib.c agent/vrrp_mib.h
