/* SPDX-License-Identifier: MIT */
/*
 * Between the files that read and print route lines. Private to conf/.
 */
#pragma once

#include "conf/dump.h"
#include "conf/line.h"

/* The attribute `encap`: its field is a struct conf_encap. */
bool read_encap(struct line *line, const struct attribute *row, void *draft);
void dump_encap(struct dump *dump, const struct conf_encap *encap);

/* Attributes that are metrics; the draft is a struct draft_route. */
bool read_metric(struct line *line, const struct attribute *row, void *draft);
bool read_metric_time(struct line *line, const struct attribute *row, void *draft);
bool read_features(struct line *line, const struct attribute *row, void *draft);
bool read_congestion(struct line *line, const struct attribute *row, void *draft);
void dump_metrics(struct dump *dump, const struct conf_route *route);

/* NULL: it has none. */
const char *route_type_name(uint8_t type);
