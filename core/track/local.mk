# What core/track adds to the build.
