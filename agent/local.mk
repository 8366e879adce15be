# What agent adds to the build.
