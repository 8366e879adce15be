# What mibs adds to the build.
