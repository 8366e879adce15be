# What core/ctl adds to the build.
