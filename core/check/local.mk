# What core/check adds to the build.
