# What conf adds to the build.
