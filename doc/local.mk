# What doc adds to the build.
EXTRA_DIST += doc/architecture.md
