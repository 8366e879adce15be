/* SPDX-License-Identifier: MIT */
/*
 * Where log lines go: syslog, stderr, the journal, a file. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/run/options.h"
#include "core/snap.h"

struct log_ring;
struct log_sink;

int log_sink_open(const struct options *options, struct log_sink **ret);
struct log_sink *log_sink_close(struct log_sink *sink);

/* The name that lines carry in syslog from now on. */
void log_sink_set_name(struct log_sink *sink, const char *name);

/* True when lines already reach stderr: then nothing need be said there a second time. */
bool log_sink_is_stderr(const struct log_sink *sink);

/* Writes out everything the rings hold; a NULL ring is skipped. Says how many lines were dropped
 * since last time. */
void log_sink_drain(struct log_sink *sink, struct log_ring *const rings[static THREADS]);
uint64_t log_sink_dropped(const struct log_sink *sink);
