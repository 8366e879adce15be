# What core/net adds to the build.
