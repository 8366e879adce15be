# What doc adds to the build.
