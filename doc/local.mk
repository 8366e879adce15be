# What doc adds to the build.
EXTRA_DIST += doc/architecture.md doc/operations.md

dist_man_MANS += doc/vipd.8 doc/vipctl.8
