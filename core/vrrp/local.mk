# What core/vrrp adds to the build.
