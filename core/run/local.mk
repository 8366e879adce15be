# What core/run adds to the build.
